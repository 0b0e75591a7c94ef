use super::array::{Array, Body};
use super::error::{cut_short, io_predicate};
use super::layout::Layout;
use super::{InputError, npy, npz, safetensors};
use crate::error::Predicate;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One array: a file, or an entry of an archive.
///
/// Cheap to clone, and holds nothing open.
#[derive(Clone, Debug)]
pub struct Part {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Npy { path: PathBuf, regular: bool },
    Npz { path: Arc<Path>, entry: npz::Entry },
    SafeTensors { path: Arc<Path>, tensor: Arc<safetensors::Tensor> },
    Memory { name: &'static str, bytes: &'static [u8] },
    Stdin,
}

impl Part {
    /// An `.npy` that is part of the program.
    pub fn memory(name: &'static str, bytes: &'static [u8]) -> Part {
        Part { place: Place::Memory { name, bytes } }
    }

    pub(super) fn stdin() -> Part {
        Part { place: Place::Stdin }
    }

    /// An `.npy` file. `regular` is false for pipes and devices.
    pub(super) fn npy(path: PathBuf, regular: bool) -> Part {
        Part { place: Place::Npy { path, regular } }
    }

    pub(super) fn npz(path: Arc<Path>, entry: npz::Entry) -> Part {
        Part { place: Place::Npz { path, entry } }
    }

    pub(super) fn safetensors(path: Arc<Path>, tensor: safetensors::Tensor) -> Part {
        Part { place: Place::SafeTensors { path, tensor: Arc::new(tensor) } }
    }

    /// The file for messages and for the export: the path as it was given (the archive's, for an entry of one), `-` for
    /// standard input, `conv1.npy (bundled)` for memory.
    pub fn file(&self) -> String {
        match &self.place {
            Place::Npy { path, .. } => path.display().to_string(),
            Place::Npz { path, .. } | Place::SafeTensors { path, .. } => path.display().to_string(),
            Place::Memory { name, .. } => format!("{name} (bundled)"),
            Place::Stdin => "-".into(),
        }
    }

    /// Its name in its archive; nothing where it is a file of its own.
    pub fn key(&self) -> Option<&str> {
        match &self.place {
            Place::Npz { entry, .. } => Some(entry.key()),
            Place::SafeTensors { tensor, .. } => Some(&tensor.key),
            Place::Npy { .. } | Place::Memory { .. } | Place::Stdin => None,
        }
    }

    /// Whether it can be read more than once: false for standard input and pipes.
    pub fn seekable_twice(&self) -> bool {
        !matches!(self.place, Place::Stdin | Place::Npy { regular: false, .. })
    }

    /// Opens the array anew, parses its header, and compares what that promises with what the file holds.
    pub fn open(&self) -> Result<Array, InputError> {
        self.try_open().map_err(|predicate| self.error(predicate))
    }

    fn try_open(&self) -> Result<Array, Predicate> {
        let (layout, body) = match &self.place {
            Place::Npy { path, regular } => {
                let file = File::open(path).map_err(|e| io_predicate(&e))?;
                // A pipe has no length to compare with: it shows at its end whether it was cut short.
                let len = regular.then(|| file.metadata()).transpose().map_err(|e| io_predicate(&e))?.map(|m| m.len());
                open_npy(Box::new(file), len)?
            }
            Place::Memory { bytes, .. } => open_npy(Box::new(Cursor::new(*bytes)), Some(bytes.len() as u64))?,
            Place::Stdin => open_npy(Box::new(io::stdin()), None)?,
            Place::Npz { path, entry } => {
                let (header, opened) = entry.open(path)?;
                let header_len = header.header_len;
                let layout = layout(header)?;
                check_len(&layout, entry.size().saturating_sub(header_len))?;
                (layout, Body::Zip(opened))
            }
            Place::SafeTensors { path, tensor } => {
                let (layout, file, found) = tensor.open(path)?;
                check_len(&layout, found)?;
                (layout, Body::Stream(Box::new(file)))
            }
        };
        let part = self.clone();
        Ok(Array { error: Box::new(move |predicate| part.error(predicate)), layout, body })
    }

    /// The sentence that starts with this array's name.
    fn error(&self, predicate: Predicate) -> InputError {
        let file = self.file();
        let subject = match &self.place {
            Place::Npz { entry, .. } => format!("{file} ({})", entry.key()),
            Place::SafeTensors { tensor, .. } => format!("{file} ({})", tensor.key),
            Place::Stdin => "standard input".into(),
            Place::Npy { .. } | Place::Memory { .. } => file.clone(),
        };
        InputError { file, ..InputError::new(subject, predicate) }
    }
}

/// Reads an `.npy`'s header and leaves the reader at the body. `file_len` is `None` where there is no telling.
fn open_npy(mut reader: Box<dyn Read + Send>, file_len: Option<u64>) -> Result<(Layout, Body), Predicate> {
    let header = npy::read_header(&mut reader)?;
    let header_len = header.header_len;
    let layout = layout(header)?;
    if let Some(file_len) = file_len {
        check_len(&layout, file_len.saturating_sub(header_len))?;
    }
    Ok((layout, Body::Stream(reader)))
}

fn layout(header: npy::Header) -> Result<Layout, Predicate> {
    let npy::Header { dtype, big_endian, fortran_order, shape, .. } = header;
    Ok(Layout { big_endian, fortran_order, ..Layout::new(dtype, shape)? })
}

/// More than promised is fine: `np.save` may have appended a second array.
fn check_len(layout: &Layout, found: u64) -> Result<(), Predicate> {
    if found < layout.byte_len() { Err(cut_short(layout.byte_len(), layout.dtype, found)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, f32s, read, sentence};
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn bodies_that_are_not_what_the_header_promises() {
        let directory = tempfile::tempdir().unwrap();
        let error = |bytes: &[u8]| sentence(directory.path(), "fc.npy", bytes);
        let full = f32s(&[0.5; 1024]);
        assert_eq!(
            error(&full[..full.len() - 2896]),
            "fc.npy is cut short: its header promises 4,096 bytes of float32, the file holds 1,200; dump it again."
        );
        assert_eq!(
            error(&testing::npy(">f8", false, &[1_000_000, 1_000_000], &[0; 16])),
            "fc.npy is cut short: its header promises 8,000,000,000,000 bytes of float64, the file holds 16; dump it again."
        );
        for shape in [&[1 << 32, 1 << 32][..], &[u64::MAX], &[1 << 62, 2]] {
            assert_eq!(
                error(&testing::npy("<f4", false, shape, &[])),
                "fc.npy promises more elements than any file can hold: its shape is damaged; dump it again."
            );
        }
        assert_eq!(error(b""), "fc.npy is empty (0 bytes); dump it again.");
        // Beyond what any integer holds.
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}";
        assert_eq!(
            error(&testing::npy_with_header(1, header, &[])),
            "fc.npy has a damaged .npy header: its \"shape\" is (99999999999999999999999,); dump it again with np.save."
        );
    }

    #[test]
    fn what_follows_the_body_is_ignored_and_empty_arrays_are_fine() {
        let bytes = [f32s(&[1.0, 2.0]), f32s(&[3.0])].concat();
        assert_eq!(read(&Part::memory("x.npy", bytes.leak())).unwrap(), [1.0, 2.0]);
        let scalar = testing::npy("<f4", false, &[], &testing::f32_bytes(&[7.0]));
        assert_eq!(read(&Part::memory("x.npy", scalar.leak())).unwrap(), [7.0]);
        let empty = testing::npy("<f4", false, &[0, u64::MAX], &[]);
        assert!(read(&Part::memory("x.npy", empty.leak())).unwrap().is_empty());
    }

    #[test]
    fn each_error_is_of_a_kind() {
        let kind = |bytes: Vec<u8>| read(&Part::memory("x.npy", bytes.leak())).unwrap_err().kind;
        let whole = f32s(&[0.5; 64]);
        assert_eq!(kind(whole[..whole.len() - 1].to_vec()), ErrorKind::Damaged);
        assert_eq!(kind(whole[..20].to_vec()), ErrorKind::Damaged);
        assert_eq!(kind(Vec::new()), ErrorKind::Damaged);
        assert_eq!(kind(testing::npy_with_header(1, "hello", &[])), ErrorKind::Damaged);
        assert_eq!(kind(testing::npy("<f4", false, &[u64::MAX], &[])), ErrorKind::Damaged);
        assert_eq!(kind(testing::npy("|O", false, &[1], b"x")), ErrorKind::Unfit);
        assert_eq!(kind(b"0.1,\n0.2,\n0.3".to_vec()), ErrorKind::Unfit);
    }

    #[test]
    fn memory_says_that_it_is_bundled() {
        let part = Part::memory("conv1.npy", b"");
        assert_eq!((part.file().as_str(), part.seekable_twice()), ("conv1.npy (bundled)", true));
        assert_eq!(part.open().err().unwrap().message, "conv1.npy (bundled) is empty (0 bytes); dump it again.");
    }

    #[test]
    fn files_that_cannot_be_opened() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.npy");
        let error = |path: &Path| Part::npy(path.into(), true).open().err().unwrap();
        let shown = path.display();
        assert_eq!(error(&path).message, format!("{shown} does not exist; check the path."));
        assert_eq!((error(&path).file, error(&path).kind), (shown.to_string(), ErrorKind::Missing));
        std::fs::create_dir(&path).unwrap();
        let expected = format!("{shown} is a directory where a file is needed; give the files in it.");
        #[cfg(unix)]
        assert_eq!((error(&path).message, error(&path).kind), (expected, ErrorKind::Unfit));
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_may_not_be_read() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.npy");
        std::fs::write(&path, f32s(&[1.0])).unwrap();
        let open = |path: &Path| Part::npy(path.into(), true).open().err().unwrap();
        let error = |path: &Path| open(path).message;
        // A path through a file is refused to everyone.
        let through = path.join("y.npy");
        let expected = "cannot be read: not a directory (os error 20); check the disk and try again.";
        assert_eq!(error(&through), format!("{} {expected}", through.display()));
        assert_eq!(open(&through).kind, ErrorKind::Unreadable);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        let expected = "cannot be read: permission denied; make it readable for this user.";
        match File::open(&path) {
            Err(_) => assert_eq!(error(&path), format!("{} {expected}", path.display())),
            // Root may read everything: what the system would have said stands in for it.
            Ok(_) => {
                let said = io_predicate(&io::Error::from_raw_os_error(13));
                assert_eq!((&*said.text, said.kind), (expected, ErrorKind::Unreadable));
            }
        }
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.npy");
        std::fs::write(&path, f32s(&vec![1.0; 3 * super::super::CHUNK])).unwrap();
        let array = Part::npy(path.clone(), true).open().unwrap();
        let shrunk = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let mut chunks = 0;
        let error = array
            .read(&mut |_| {
                chunks += 1;
                shrunk.set_len(300_000).unwrap();
                std::ops::ControlFlow::Continue(())
            })
            .unwrap_err();
        assert_eq!(chunks, 1);
        let expected =
            "is cut short: its header promises 786,432 bytes of float32, the file holds 299,872; dump it again.";
        assert_eq!(error.message, format!("{} {expected}", path.display()));
    }

    #[test]
    #[cfg(unix)]
    fn a_pipe_is_read_once_and_its_end_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.is_ok_and(|status| status.success()), "every Unix has mkfifo");
        let through = |bytes: Vec<u8>| {
            let found = super::super::discover(std::slice::from_ref(&path), None);
            let [source] = &found.sources[..] else { panic!("{found:?}") };
            assert!(!source.parts[0].seekable_twice());
            let to = path.clone();
            let writer = std::thread::spawn(move || std::fs::write(to, bytes));
            let values = read(&source.parts[0]);
            let _ = writer.join();
            values
        };
        let values: Vec<f32> = (0..100_000).map(|i| i as f32).collect();
        let bytes = f32s(&values);
        let cut = bytes[..bytes.len() - 100_001].to_vec();
        assert_eq!(through(bytes).unwrap(), values);
        let expected =
            "is cut short: its header promises 400,000 bytes of float32, the file holds 299,999; dump it again.";
        assert_eq!(through(cut).unwrap_err().message, format!("{} {expected}", path.display()));
    }
}
