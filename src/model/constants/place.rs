//! Where in another file the bytes of a tensor lie.

use super::element::{Element, values};
use crate::error::{ErrorKind, Predicate};
use crate::input::Foreign;
use crate::model::error::{io_predicate, one_line};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::DataLocation;

/// A part of a file.
pub(super) struct Place {
    pub path: PathBuf,
    pub offset: u64,
    pub length: u64,
}

impl Place {
    /// Where the bytes of a tensor lie, if that is another file, held against the file that is there. The error is a
    /// predicate to the model's name.
    pub fn of(tensor: &TensorProto, folder: &Path) -> Result<Option<Place>, Predicate> {
        // What tract does as well: bytes in the file itself go before others.
        if tensor.data_location != Some(DataLocation::External as i32) || !tensor.raw_data.is_empty() {
            return Ok(None);
        }
        let name = one_line(&tensor.name);
        let entry = |key: &str| tensor.external_data.iter().find(|entry| entry.key == key).map(|e| e.value.as_str());
        let location = entry("location").unwrap_or_default();
        let file = one_line(location);
        let number = |key: &str| match entry(key) {
            None | Some("") => Ok(None),
            Some(text) => text.parse::<u64>().map(Some).map_err(|_| {
                let text = one_line(text);
                let said =
                    format!("keeps tensor {name} in {file}, with the {key} {text:?}, which is none; export it again.");
                Predicate::damaged(said)
            }),
        };
        let (offset, given) = (number("offset")?.unwrap_or(0), number("length")?);
        let Some(wanted) = values(&tensor.dims).and_then(|values| Element::of(tensor).bytes(values)) else {
            let text =
                format!("keeps tensor {name} in {file}, and says no shape that bytes can have; export it again.");
            return Err(Predicate::damaged(text));
        };
        if let Some(given) = given.filter(|given| *given != wanted) {
            let text = format!(
                "keeps tensor {name} in {given} bytes of {file}, where its shape takes {wanted}; export it again."
            );
            return Err(Predicate::damaged(text));
        }
        let path = inside(folder, location, &name)?;
        let there = std::fs::metadata(&path).map_err(|error| not_there(&error, &name, &file))?.len();
        if let Ok(Some(pointer @ Foreign::LfsPointer)) = Foreign::of(&path) {
            return Err(format!("keeps tensor {name} in {file}, which {pointer}").into());
        }
        if offset.checked_add(wanted).is_none_or(|end| end > there) {
            let text = format!(
                "keeps tensor {name} in {file}, in {wanted} bytes from byte {offset} on, and the file ends at byte \
                 {there}; copy it again, or export the model again."
            );
            return Err(Predicate::damaged(text));
        }
        Ok(Some(Place { path, offset, length: wanted }))
    }

    /// The bytes.
    pub fn read(&self, tensor: &TensorProto) -> Result<Vec<u8>, Predicate> {
        let file = self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let read = || {
            let mut reader = File::open(&self.path)?;
            reader.seek(SeekFrom::Start(self.offset))?;
            let mut bytes = vec![0; self.length as usize];
            reader.read_exact(&mut bytes).map(|()| bytes)
        };
        read().map_err(|error| not_there(&error, &one_line(&tensor.name), &file))
    }
}

/// The file, which no link may lead out of the model's folder.
fn inside(folder: &Path, location: &str, name: &str) -> Result<PathBuf, Predicate> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let file = one_line(location);
    let real = |path: &Path| path.canonicalize().map_err(|error| not_there(&error, name, &file));
    let path = real(&folder.join(location))?;
    if path.starts_with(real(folder)?) {
        return Ok(path);
    }
    Err(format!("keeps tensor {name} in {file:?}, outside its own folder; that is not read.").into())
}

fn not_there(error: &std::io::Error, name: &str, file: &str) -> Predicate {
    let kind = ErrorKind::of_system(error);
    let text = match kind {
        ErrorKind::Missing => {
            format!("keeps tensor {name} in {file}, which is not there; put that file beside the model.")
        }
        _ => format!("keeps tensor {name} in {file}, which {}", io_predicate(error)),
    };
    Predicate::new(kind, text)
}
