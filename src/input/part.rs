use super::array::{Array, Body, Following};
use super::error::{cut_short, io_predicate, thousands};
use super::layout::Layout;
use super::sentinel::{Sentinel, Sought};
use super::stdin::{self, Stdin};
use super::{Counted, InputError, npy, npz, safetensors};
use crate::error::{ErrorKind, Predicate};
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arrays one behind the other in one entry of an archive: each is unpacked with all that stand before it.
const MOST_IN_AN_ENTRY: usize = 10_000;

/// One array: a file, or an entry of an archive, or one of several that stand in it one behind the other.
///
/// Cheap to clone, and holds nothing open.
#[derive(Clone, Debug)]
pub struct Part {
    place: Place,
    /// Which of the arrays there, where they were told apart.
    nth: Option<Nth>,
    /// Where its tensor's sentinel is left out.
    sought: Option<Arc<Sought>>,
}

#[derive(Clone, Debug)]
enum Place {
    Npy {
        path: Arc<Path>,
        regular: bool,
    },
    Npz {
        path: Arc<Path>,
        entry: npz::Entry,
    },
    SafeTensors {
        path: Arc<Path>,
        tensor: Arc<safetensors::Tensor>,
    },
    Counted {
        path: Arc<Path>,
        counted: Arc<Counted>,
    },
    Memory {
        name: &'static str,
        bytes: &'static [u8],
    },
    /// Made while the program runs.
    Made {
        name: Arc<str>,
        bytes: Arc<[u8]>,
    },
    /// With its position, where it is a file.
    Stdin(Option<u64>),
}

#[derive(Clone, Copy, Debug)]
struct Nth {
    /// Counts from 1.
    number: usize,
    /// Where it starts, counted from the first.
    start: u64,
    last: bool,
}

impl Part {
    /// An `.npy` that is part of the program.
    pub fn memory(name: &'static str, bytes: &'static [u8]) -> Part {
        Part::at(Place::Memory { name, bytes })
    }

    /// An `.npy` that was made while the program runs.
    pub fn made(name: &str, bytes: impl Into<Arc<[u8]>>) -> Part {
        Part::at(Place::Made { name: name.into(), bytes: bytes.into() })
    }

    fn at(place: Place) -> Part {
        Part { place, nth: None, sought: None }
    }

    pub(super) fn stdin() -> Part {
        Part::at(Place::Stdin(stdin::position()))
    }

    /// An `.npy` file. `regular` is false for pipes and devices.
    pub(super) fn npy(path: PathBuf, regular: bool) -> Part {
        Part::at(Place::Npy { path: path.into(), regular })
    }

    pub(super) fn npz(path: Arc<Path>, entry: npz::Entry) -> Part {
        Part::at(Place::Npz { path, entry })
    }

    pub(super) fn safetensors(path: Arc<Path>, tensor: safetensors::Tensor) -> Part {
        Part::at(Place::SafeTensors { path, tensor: Arc::new(tensor) })
    }

    pub(super) fn of_counts(path: Arc<Path>, counted: Counted) -> Part {
        Part::at(Place::Counted { path, counted: Arc::new(counted) })
    }

    /// What another tool has counted of it, where that is all there is: it cannot be opened.
    pub fn counted(&self) -> Option<&Counted> {
        match &self.place {
            Place::Counted { counted, .. } => Some(counted),
            _ => None,
        }
    }

    /// The file for messages and for the export: the path as it was given (the archive's, for an entry of one), `-` for
    /// standard input, `conv1.npy (bundled)` for memory.
    pub fn file(&self) -> String {
        match &self.place {
            Place::Npy { path, .. }
            | Place::Npz { path, .. }
            | Place::SafeTensors { path, .. }
            | Place::Counted { path, .. } => path.display().to_string(),
            Place::Memory { name, .. } => format!("{name} (bundled)"),
            Place::Made { name, .. } => format!("{name} (made)"),
            Place::Stdin(_) => "-".into(),
        }
    }

    /// Its name in its archive; nothing where it is a file of its own.
    pub fn key(&self) -> Option<&str> {
        match &self.place {
            Place::Npz { entry, .. } => Some(entry.key()),
            Place::SafeTensors { tensor, .. } => Some(&tensor.key),
            Place::Counted { counted, .. } => Some(&counted.name),
            Place::Npy { .. } | Place::Memory { .. } | Place::Made { .. } | Place::Stdin(_) => None,
        }
    }

    /// Whether it can be read more than once: false for pipes.
    pub fn seekable_twice(&self) -> bool {
        !matches!(self.place, Place::Stdin(None) | Place::Npy { regular: false, .. })
    }

    /// The arrays that stand here one behind the other, as `np.save` appends them to an open file; most often just this
    /// one. All headers are read, and held against what is there.
    ///
    /// A pipe cannot be looked through beforehand: [`Array::read_on`] gives one array after the other.
    pub fn arrays(&self) -> Result<Vec<Part>, InputError> {
        let number = &mut 1;
        let starts = self.starts(number).map_err(|predicate| self.nth(*number, 0, false).error(predicate))?;
        let last = starts.len();
        if last == 1 {
            return Ok(vec![self.clone()]);
        }
        Ok(starts.into_iter().zip(1..).map(|(start, number)| self.nth(number, start, number == last)).collect())
    }

    fn nth(&self, number: usize, start: u64, last: bool) -> Part {
        Part { nth: Some(Nth { number, start, last }), ..self.clone() }
    }

    /// Where the arrays start. `number` counts them, and tells at which of them an error occurred.
    fn starts(&self, number: &mut usize) -> Result<Vec<u64>, Predicate> {
        let alone = Ok(vec![0]);
        if self.nth.is_some() || !self.seekable_twice() {
            return alone;
        }
        match &self.place {
            Place::Npy { path, .. } => {
                let mut file = File::open(path).map_err(|e| io_predicate(&e))?;
                let len = file.metadata().map_err(|e| io_predicate(&e))?.len();
                starts(&mut file, len, usize::MAX, number, |file, n| file.seek_relative(n as i64))
            }
            Place::Memory { bytes, .. } => {
                starts(&mut Cursor::new(*bytes), bytes.len() as u64, usize::MAX, number, |bytes, n| {
                    bytes.seek_relative(n as i64)
                })
            }
            Place::Made { bytes, .. } => {
                starts(&mut Cursor::new(&**bytes), bytes.len() as u64, usize::MAX, number, |bytes, n| {
                    bytes.seek_relative(n as i64)
                })
            }
            Place::Stdin(from) => {
                let from = from.unwrap_or(0);
                let mut input = Stdin::open(from).map_err(|e| io_predicate(&e))?;
                let len = input.len().map_err(|e| io_predicate(&e))?.saturating_sub(from);
                starts(&mut input, len, usize::MAX, number, |input, n| {
                    input.at += n;
                    Ok(())
                })
            }
            Place::Npz { path, entry } => {
                let (header, _) = entry.open(path, 0, true)?;
                let first = header.header_len.saturating_add(layout(header)?.byte_len());
                if entry.size() <= first {
                    return alone;
                }
                let pass = |reader: &mut &mut dyn Read, n| io::copy(&mut reader.take(n), &mut io::sink()).map(drop);
                entry.scan(path, |mut reader| starts(&mut reader, entry.size(), MOST_IN_AN_ENTRY, number, pass))?
            }
            Place::SafeTensors { .. } | Place::Counted { .. } => alone,
        }
    }

    /// Opens the array anew, parses its header, and compares what that promises with what the file holds.
    pub fn open(&self) -> Result<Array, InputError> {
        let sentinel = self.sentinel()?;
        let array = self.try_open().map_err(|predicate| self.error(predicate))?;
        Ok(Array { sentinel, ..array })
    }

    /// The same without the sentinel that is found.
    pub(super) fn leaving_out(self, sought: &Arc<Sought>) -> Part {
        Part { sought: Some(sought.clone()), ..self }
    }

    /// The sentinel of its tensor, where that is left out.
    pub(super) fn sentinel(&self) -> Result<Option<Sentinel>, InputError> {
        self.sought.as_ref().map_or(Ok(None), |sought| sought.sentinel())
    }

    fn try_open(&self) -> Result<Array, Predicate> {
        let Nth { start, last, .. } = self.nth.unwrap_or(Nth { number: 1, start: 0, last: true });
        let (layout, body) = match &self.place {
            Place::Npy { path, regular } => {
                let mut file = File::open(path).map_err(|e| io_predicate(&e))?;
                if !regular {
                    return self.pipe(Box::new(file));
                }
                let len = file.metadata().map_err(|e| io_predicate(&e))?.len();
                file.seek(SeekFrom::Start(start)).map_err(|e| io_predicate(&e))?;
                open_npy(Box::new(file), len.saturating_sub(start))?
            }
            Place::Memory { bytes, .. } => {
                let bytes = bytes.get(start as usize..).unwrap_or_default();
                open_npy(Box::new(Cursor::new(bytes)), bytes.len() as u64)?
            }
            Place::Made { bytes, .. } => {
                let len = (bytes.len() as u64).saturating_sub(start);
                let mut bytes = Cursor::new(Arc::clone(bytes));
                bytes.set_position(start);
                open_npy(Box::new(bytes), len)?
            }
            Place::Stdin(None) => return self.pipe(Box::new(io::stdin())),
            Place::Stdin(Some(from)) => {
                let input = Stdin::open(from + start).map_err(|e| io_predicate(&e))?;
                let len = input.len().map_err(|e| io_predicate(&e))?;
                open_npy(Box::new(input), len.saturating_sub(from + start))?
            }
            Place::Npz { path, entry } => {
                let (header, opened) = entry.open(path, start, last)?;
                let before_body = start + header.header_len;
                let layout = layout(header)?;
                check_len(&layout, entry.size().saturating_sub(before_body))?;
                (layout, Body::Zip(opened))
            }
            Place::SafeTensors { path, tensor } => {
                let (layout, file, found) = tensor.open(path)?;
                check_len(&layout, found)?;
                (layout, Body::Stream(Box::new(file)))
            }
            Place::Counted { .. } => {
                let text = "holds counts, not values; dump the tensor itself to look closer.";
                return Err(Predicate::new(ErrorKind::Unfit, text));
            }
        };
        Ok(self.array(layout, body, None))
    }

    /// An array out of a pipe, which has no length to compare with: it shows at its end whether it was cut short.
    fn pipe(&self, mut reader: Box<dyn Read + Send>) -> Result<Array, Predicate> {
        let layout = layout(npy::read_header(&mut reader)?)?;
        Ok(self.array(layout, Body::Stream(reader), Some(self.following(2))))
    }

    /// Opens the array of this number, if there is one, on a reader that stands behind the one before it.
    fn following(&self, number: usize) -> Following {
        let part = self.nth(number, 0, false);
        Box::new(move |mut reader| {
            let error = |predicate| part.error(predicate);
            let Some(header) = npy::read_next_header(&mut reader).map_err(error)? else { return Ok(None) };
            let layout = layout(header).map_err(error)?;
            Ok(Some(part.array(layout, Body::Stream(reader), Some(part.following(number + 1)))))
        })
    }

    fn array(&self, layout: Layout, body: Body, next: Option<Following>) -> Array {
        let part = self.clone();
        Array { error: Box::new(move |predicate| part.error(predicate)), layout, body, next, sentinel: None }
    }

    /// The sentence that starts with this array's name.
    fn error(&self, predicate: Predicate) -> InputError {
        let file = self.file();
        let subject = match &self.place {
            Place::Npz { entry, .. } => format!("{file} ({})", entry.key()),
            Place::SafeTensors { tensor, .. } => format!("{file} ({})", tensor.key),
            Place::Counted { counted, .. } => format!("{file} ({})", counted.name),
            Place::Stdin(_) => "standard input".into(),
            Place::Npy { .. } | Place::Memory { .. } | Place::Made { .. } => file.clone(),
        };
        let subject = match self.nth {
            Some(Nth { number: number @ 2.., .. }) => format!("{subject} (array {number} in it)"),
            _ => subject,
        };
        InputError { file, ..InputError::new(subject, predicate) }
    }
}

/// Where in `len` bytes arrays start that stand one behind the other; at most `most` of them. `number` counts them.
fn starts<R: Read + ?Sized>(
    reader: &mut R,
    len: u64,
    most: usize,
    number: &mut usize,
    mut pass_over: impl FnMut(&mut R, u64) -> io::Result<()>,
) -> Result<Vec<u64>, Predicate> {
    let mut header = npy::read_header(reader)?;
    let (mut starts, mut at) = (Vec::new(), 0);
    loop {
        starts.push(at);
        at += header.header_len;
        let layout = layout(header)?;
        check_len(&layout, len.saturating_sub(at))?;
        at += layout.byte_len();
        if at >= len {
            return Ok(starts);
        }
        pass_over(reader, layout.byte_len()).map_err(|e| io_predicate(&e))?;
        *number = starts.len() + 1;
        header = match npy::read_next_header(reader)? {
            Some(_) if starts.len() == most => {
                let most = thousands(most as u64);
                return Err(
                    format!("is one more than the {most} that are read; save them by names of their own.").into()
                );
            }
            Some(header) => header,
            None => return Ok(starts),
        };
    }
}

/// Reads an `.npy`'s header and leaves the reader at the body.
fn open_npy(mut reader: Box<dyn Read + Send>, file_len: u64) -> Result<(Layout, Body), Predicate> {
    let header = npy::read_header(&mut reader)?;
    let header_len = header.header_len;
    let layout = layout(header)?;
    check_len(&layout, file_len.saturating_sub(header_len))?;
    Ok((layout, Body::Stream(reader)))
}

fn layout(header: npy::Header) -> Result<Layout, Predicate> {
    let npy::Header { dtype, big_endian, fortran_order, shape, .. } = header;
    Ok(Layout { big_endian, fortran_order, ..Layout::new(dtype, shape)? })
}

/// More than promised is fine here: another array may follow.
fn check_len(layout: &Layout, found: u64) -> Result<(), Predicate> {
    if found < layout.byte_len() { Err(cut_short(layout.byte_len(), layout.dtype, found)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, f32s, read, sentence};
    use super::*;

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

    fn memory(bytes: Vec<u8>) -> Part {
        Part::memory("x.npy", bytes.leak())
    }

    #[test]
    fn scalars_and_empty_arrays_are_fine() {
        let scalar = testing::npy("<f4", false, &[], &testing::f32_bytes(&[7.0]));
        assert_eq!(read(&memory(scalar)).unwrap(), [7.0]);
        let empty = testing::npy("<f4", false, &[0, u64::MAX], &[]);
        assert!(read(&memory(empty)).unwrap().is_empty());
    }

    /// Three arrays one behind the other, of other shapes and types, and their values.
    fn three() -> (Vec<u8>, [Vec<f32>; 3]) {
        let second = testing::npy(">i2", true, &[2, 2], &[0, 1, 0, 2, 0, 3, 0xff, 0xff]);
        let bytes = [f32s(&[1.0, 2.0]), second, testing::npy("<f4", false, &[0], &[]), f32s(&[3.0])].concat();
        (bytes, [vec![1.0, 2.0], vec![1.0, 2.0, 3.0, -1.0], vec![3.0]])
    }

    /// All arrays of a file, of an entry of an archive, stored and compressed, and of memory.
    fn everywhere(bytes: &[u8]) -> Vec<Result<Vec<Part>, InputError>> {
        let directory = tempfile::tempdir().unwrap().keep();
        let mut all = vec![memory(bytes.to_vec()).arrays()];
        let zip = |deflate| testing::zip(&[("x.npy", bytes)], deflate);
        for (name, bytes) in [("x.npy", bytes.to_vec()), ("stored.npz", zip(false)), ("packed.npz", zip(true))] {
            std::fs::write(directory.join(name), bytes).unwrap();
            let found = super::super::discover(&[directory.join(name)], None);
            all.push(found.sources[0].arrays());
        }
        all
    }

    #[test]
    fn arrays_one_behind_the_other_are_told_apart() {
        let (bytes, values) = three();
        for tail in [0, 3, 5000] {
            for parts in everywhere(&[&bytes[..], &vec![0; tail]].concat()) {
                let found: Vec<_> = parts.unwrap().iter().map(|part| read(part).unwrap()).collect();
                assert_eq!(found, [&values[0][..], &values[1], &[], &values[2]]);
            }
        }
        let one = memory(f32s(&[1.0])).arrays().unwrap();
        assert_eq!((one.len(), one[0].nth.is_none()), (1, true));
    }

    #[test]
    fn the_last_of_several_is_not_lost_in_silence() {
        let (bytes, _) = three();
        for cut in [1, 3] {
            for found in everywhere(&bytes[..bytes.len() - cut]) {
                let message = found.err().unwrap().message;
                let held = 4 - cut;
                let expected = format!(
                    " (array 4 in it) is cut short: its header promises 4 bytes of float32, the file holds {held}; dump it \
                     again."
                );
                assert!(message.ends_with(&expected), "{message}");
            }
        }
        for found in everywhere(&bytes[..bytes.len() - 50]) {
            let message = found.err().unwrap().message;
            assert!(message.contains(" (array 4 in it) is cut short: it ends inside its header, after "), "{message}");
        }
        for found in everywhere(&[&bytes[..], b"more"].concat()) {
            let message = found.err().unwrap().message;
            assert!(message.contains(" (array 5 in it) is no array: it starts with \"more\"; "), "{message}");
        }
        let object = [&bytes[..], &testing::npy("|O", false, &[1], b"x")].concat();
        for found in everywhere(&object) {
            let message = found.err().unwrap().message;
            assert!(message.contains(" (array 5 in it) holds pickled Python objects"), "{message}");
        }
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
        // Arrays one behind the other come one after the other.
        let all = |bytes: Vec<u8>| {
            let part = super::super::discover(std::slice::from_ref(&path), None).sources.remove(0).parts.remove(0);
            let to = path.clone();
            let writer = std::thread::spawn(move || std::fs::write(to, bytes));
            let (mut found, mut array) = (Vec::new(), Some(part.open().unwrap()));
            while let Some(next) = array {
                let mut values = Vec::new();
                let mut lead = |_, chunk: &[f32]| {
                    values.extend_from_slice(chunk);
                    std::ops::ControlFlow::Continue(())
                };
                array = next.read_on(&mut lead, Vec::new())?.1;
                found.push(values);
            }
            let _ = writer.join();
            Ok::<_, InputError>(found)
        };
        let (bytes, values) = three();
        let torn = bytes[..bytes.len() - 1].to_vec();
        assert_eq!(all(bytes).unwrap(), [&values[0][..], &values[1], &[], &values[2]]);
        let message = all(torn).unwrap_err().message;
        assert!(message.contains("pipe (array 4 in it) is cut short: its header promises 4 bytes"), "{message}");
    }
}
