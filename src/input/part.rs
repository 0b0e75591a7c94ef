use super::array::{Array, Body, Layout};
use super::error::{cut_short, io_predicate};
use super::{InputError, npy, npz, safetensors};
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

    /// Whether it can be read more than once: false for standard input and pipes.
    pub fn seekable_twice(&self) -> bool {
        !matches!(self.place, Place::Stdin | Place::Npy { regular: false, .. })
    }

    /// Opens the array anew, parses its header, and compares what that promises with what the file holds.
    pub fn open(&self) -> Result<Array, InputError> {
        self.try_open().map_err(|predicate| self.error(predicate))
    }

    fn try_open(&self) -> Result<Array, String> {
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
        Ok(Array { part: self.clone(), layout, body })
    }

    /// The sentence that starts with this array's name.
    pub(super) fn error(&self, predicate: String) -> InputError {
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
fn open_npy(mut reader: Box<dyn Read + Send>, file_len: Option<u64>) -> Result<(Layout, Body), String> {
    let header = npy::read_header(&mut reader)?;
    let header_len = header.header_len;
    let layout = layout(header)?;
    if let Some(file_len) = file_len {
        check_len(&layout, file_len.saturating_sub(header_len))?;
    }
    Ok((layout, Body::Stream(reader)))
}

fn layout(header: npy::Header) -> Result<Layout, String> {
    let npy::Header { dtype, big_endian, fortran_order, shape, .. } = header;
    Ok(Layout { big_endian, fortran_order, ..Layout::new(dtype, shape)? })
}

/// More than promised is fine: `np.save` may have appended a second array.
fn check_len(layout: &Layout, found: u64) -> Result<(), String> {
    if found < layout.byte_len() { Err(cut_short(layout.byte_len(), layout.dtype, found)) } else { Ok(()) }
}
