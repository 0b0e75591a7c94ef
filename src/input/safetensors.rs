//! Tensors in a `.safetensors` file: a length, a header in JSON, and the bodies behind it.
//!
//! The header is parsed here because the format's own crate wants the whole file in memory.

use super::error::{excerpt, io_predicate, thousands};
use super::foreign::{FOREIGN_START, Foreign, foreign};
use super::layout::Layout;
use super::npy::fill;
use super::{DType, InputError};
use crate::error::{ErrorKind, Predicate};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path;

/// Headers grow with the number of tensors: this is room for some 200,000.
const LONGEST_HEADER: u64 = 32 << 20;

/// One tensor of a file.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub key: String,
    dtype: String,
    shape: Vec<u64>,
    /// Where the body starts in the file.
    start: u64,
    len: u64,
}

/// The header's words about one tensor.
#[derive(serde::Deserialize)]
struct Info {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// Lists the tensors of a file.
pub(super) fn list(path: &Path) -> Result<Vec<Tensor>, InputError> {
    try_list(path).map_err(|predicate| InputError::new(path.display().to_string(), predicate))
}

fn try_list(path: &Path) -> Result<Vec<Tensor>, Predicate> {
    let mut file = File::open(path).map_err(|e| io_predicate(&e))?;
    let file_len = file.metadata().map_err(|e| io_predicate(&e))?.len();
    let mut start = [0; FOREIGN_START];
    let found = fill(&mut file, &mut start).map_err(|e| io_predicate(&e))?;
    let Some(prefix) = start[..found].first_chunk() else {
        return Err(match found {
            0 => Predicate::damaged("is empty (0 bytes); dump it again."),
            n => Predicate::damaged(format!("is cut short: it holds {n} bytes, not even a header; dump it again.")),
        });
    };
    match foreign(&start[..found]) {
        None | Some(Foreign::SafeTensors) => {}
        Some(foreign) => return Err(foreign.to_string().into()),
    }
    let header_len = u64::from_le_bytes(*prefix);
    if header_len > LONGEST_HEADER {
        let (claimed, longest) = (thousands(header_len), thousands(LONGEST_HEADER));
        let text = format!("is not safetensors: it claims a header of {claimed} bytes, and {longest} is the most.");
        return Err(text.into());
    }
    if header_len > file_len.saturating_sub(8) {
        let (claimed, found) = (thousands(header_len), thousands(file_len.saturating_sub(8)));
        return Err(Predicate::damaged(format!(
            "is cut short: it promises a header of {claimed} bytes, the file holds {found}; dump it again."
        )));
    }
    file.seek(SeekFrom::Start(8)).map_err(|e| io_predicate(&e))?;
    let mut text = vec![0; header_len as usize];
    if fill(&mut file, &mut text).map_err(|e| io_predicate(&e))? < text.len() {
        return Err(Predicate::damaged("is cut short: it ends inside its header; dump it again."));
    }
    let Header(infos) = serde_json::from_slice(&text).map_err(|e| {
        let why = e.to_string();
        // The header is one line, so that its line and column tell nothing.
        let why = excerpt(why.split(" at line ").next().unwrap_or_default());
        Predicate::damaged(format!("has a damaged safetensors header ({why}); dump it again."))
    })?;
    if infos.is_empty() {
        return Err(Predicate::new(ErrorKind::Missing, "holds no tensors; save them by name."));
    }
    check(infos, 8 + header_len, file_len)
}

/// Holds every tensor's offsets against its shape, the other tensors and the file.
fn check(mut infos: Vec<(String, Info)>, data_start: u64, file_len: u64) -> Result<Vec<Tensor>, Predicate> {
    infos.sort_by_key(|(_, info)| info.data_offsets);
    let (mut tensors, mut previous_end) = (Vec::with_capacity(infos.len()), 0);
    for (key, Info { dtype, shape, data_offsets: (begin, end) }) in infos {
        let damaged = |why: &str| {
            let key = excerpt(&key);
            Predicate::damaged(format!("has a damaged safetensors header: the tensor {key} {why}; dump it again."))
        };
        let len = end.checked_sub(begin).ok_or_else(|| damaged("ends before it begins"))?;
        if begin < previous_end {
            return Err(damaged("overlaps another"));
        }
        if let Some(known) = known(&dtype)
            && Layout::new(known, shape.clone()).map(|layout| layout.byte_len()) != Ok(len)
        {
            return Err(damaged(&format!("has {} bytes, which is not its shape in {known}", thousands(len))));
        }
        previous_end = end;
        let start = data_start.checked_add(begin).ok_or_else(|| damaged("lies beyond any file"))?;
        tensors.push(Tensor { key, dtype, shape, start, len });
    }
    let found = file_len.saturating_sub(data_start);
    if previous_end > found {
        let (promised, found) = (thousands(previous_end), thousands(found));
        return Err(Predicate::damaged(format!(
            "is cut short: its header promises {promised} bytes of tensors, the file holds {found}; dump it again."
        )));
    }
    Ok(tensors)
}

impl Tensor {
    /// Opens the file at the tensor's body. Says also how many bytes the file has there.
    pub fn open(&self, path: &Path) -> Result<(Layout, File, u64), Predicate> {
        let dtype = known(&self.dtype).ok_or_else(|| {
            let dtype = excerpt(&self.dtype);
            format!("is of type {dtype}, which has no plain f32 values to calibrate; save it as float32.")
        })?;
        let layout = Layout::new(dtype, self.shape.clone())?;
        let mut file = File::open(path).map_err(|e| io_predicate(&e))?;
        let file_len = file.metadata().map_err(|e| io_predicate(&e))?.len();
        file.seek(SeekFrom::Start(self.start)).map_err(|e| io_predicate(&e))?;
        Ok((layout, file, file_len.saturating_sub(self.start).min(self.len)))
    }
}

fn known(dtype: &str) -> Option<DType> {
    Some(match dtype {
        "BOOL" => DType::Bool,
        "I8" => DType::I8,
        "U8" => DType::U8,
        "I16" => DType::I16,
        "U16" => DType::U16,
        "I32" => DType::I32,
        "U32" => DType::U32,
        "I64" => DType::I64,
        "U64" => DType::U64,
        "F8_E4M3" => DType::F8E4M3,
        "F8_E5M2" => DType::F8E5M2,
        "F16" => DType::F16,
        "BF16" => DType::BF16,
        "F32" => DType::F32,
        "F64" => DType::F64,
        _ => return None,
    })
}

/// The tensors in the order of the header. A `HashMap` would hide keys that occur twice.
struct Header(Vec<(String, Info)>);

impl<'de> serde::Deserialize<'de> for Header {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Header, D::Error> {
        struct Infos;
        impl<'de> Visitor<'de> for Infos {
            type Value = Header;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let (mut infos, mut keys) = (Vec::new(), std::collections::HashSet::new());
                while let Some(key) = map.next_key::<String>()? {
                    if key == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                    } else if keys.insert(key.clone()) {
                        infos.push((key, map.next_value()?));
                    } else {
                        return Err(serde::de::Error::custom(format_args!("{} occurs twice", excerpt(&key))));
                    }
                }
                Ok(Header(infos))
            }
        }
        deserializer.deserialize_map(Infos)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, f32_bytes, f32s, read, sentence};
    use super::super::{Discovered, Source, discover};
    use crate::ErrorKind;
    use proptest::prelude::*;

    const TWO: &str = r#"{"__metadata__":{"format":"pt"},
        "w10":{"dtype":"F32","shape":[2,1],"data_offsets":[2,10]},"w2":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}}"#;

    fn found(bytes: &[u8]) -> (tempfile::TempDir, Discovered) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.safetensors");
        std::fs::write(&path, bytes).unwrap();
        let found = discover(&[path], None);
        (directory, found)
    }

    #[test]
    fn tensors_read_back() {
        let body = [half::bf16::from_f32(-3.0).to_le_bytes().to_vec(), f32_bytes(&[1.0, 2.0])].concat();
        let (_directory, found) = found(&testing::safetensors(TWO, &body));
        assert!(found.errors.is_empty(), "{:?}", found.errors);
        let names: Vec<&str> = found.sources.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["w2", "w10"]);
        assert_eq!(read(&found.sources[0].parts[0]).unwrap(), [-3.0]);
        assert_eq!(read(&found.sources[1].parts[0]).unwrap(), [1.0, 2.0]);
        assert_eq!(found.sources[1].parts[0].open().unwrap().shape(), [2, 1]);
        assert!(found.sources[1].parts[0].file().ends_with("m.safetensors"));
    }

    #[test]
    fn damaged_files_say_what_is_wrong() {
        let directory = tempfile::tempdir().unwrap();
        let error = |bytes: &[u8]| sentence(directory.path(), "m.safetensors", bytes);
        let header = |text: &str| error(&testing::safetensors(text, &[0; 16]));
        assert_eq!(error(b""), "m.safetensors is empty (0 bytes); dump it again.");
        assert_eq!(error(b"abc"), "m.safetensors is cut short: it holds 3 bytes, not even a header; dump it again.");
        assert_eq!(
            error(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"),
            "m.safetensors is a Git LFS pointer, not the file itself; run git lfs pull."
        );
        assert_eq!(header("{}"), "m.safetensors holds no tensors; save them by name.");
        assert_eq!(error(&f32s(&[1.0])), "m.safetensors is an .npy array; name it .npy.");
        assert_eq!(
            error(b"hello world"),
            "m.safetensors is not safetensors: it claims a header of 8,031,924,123,371,070,824 bytes, and 33,554,432 is \
             the most."
        );
        assert_eq!(
            error(b"\x00\x10\0\0\0\0\0\0{}"),
            "m.safetensors is cut short: it promises a header of 4,096 bytes, the file holds 2; dump it again."
        );
        assert_eq!(
            error(&testing::safetensors(TWO, &[0; 9])),
            "m.safetensors is cut short: its header promises 10 bytes of tensors, the file holds 9; dump it again."
        );
        let damaged = |why: &str| format!("m.safetensors has a damaged safetensors header{why}; dump it again.");
        assert_eq!(header("{"), damaged(" (EOF while parsing an object)"));
        assert_eq!(header(&"[".repeat(100_000)), damaged(" (invalid type: sequence, expected an object of tensors)"));
        let tensor = |dtype: &str, shape: &str, offsets: &str| {
            format!(
                r#"{{"x":{{"dtype":"F32","shape":[2],"data_offsets":[0,8]}},"y":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#
            )
        };
        assert_eq!(header(&tensor("F32", "[1]", "[4,8]")), damaged(": the tensor y overlaps another"));
        assert_eq!(header(&tensor("F32", "[1]", "[12,8]")), damaged(": the tensor y ends before it begins"));
        assert_eq!(
            header(&tensor("F16", "[3]", "[8,12]")),
            damaged(": the tensor y has 4 bytes, which is not its shape in float16")
        );
        assert_eq!(
            header(&tensor("F16", "[4294967296,4294967296]", "[8,12]")),
            damaged(": the tensor y has 4 bytes, which is not its shape in float16")
        );
        assert!(header(&tensor("F32", "[1]", "[-8,8]")).contains("invalid value"));
        assert!(header(&tensor("F32", "[1]", "[8,12]").replace("\"x\"", "\"y\"")).contains("(y occurs twice"));
    }

    #[test]
    fn a_type_that_is_no_number_spoils_its_tensor_only() {
        let text = r#"{"a":{"dtype":"F8_E8M0","shape":[4],"data_offsets":[0,4]},
            "b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
        let (_directory, found) = found(&testing::safetensors(text, &[0; 8]));
        let error = read(&found.sources[0].parts[0]).unwrap_err();
        let expected =
            "m.safetensors (a) is of type F8_E8M0, which has no plain f32 values to calibrate; save it as float32.";
        assert!(error.message.ends_with(expected) && error.kind == ErrorKind::Unfit, "{error:?}");
        assert_eq!(read(&found.sources[1].parts[0]).unwrap(), [0.0]);
    }

    #[test]
    fn a_file_that_is_cut_after_it_was_listed() {
        let (directory, found) = found(&testing::safetensors(TWO, &[0; 10]));
        let file = std::fs::OpenOptions::new().write(true).open(directory.path().join("m.safetensors")).unwrap();
        file.set_len(8 + TWO.len() as u64 + 5).unwrap();
        let error = found.sources[1].parts[0].open().err().unwrap();
        assert!(error.message.ends_with("promises 8 bytes of float32, the file holds 3; dump it again."), "{error}");
        assert_eq!(error.kind, ErrorKind::Damaged);
    }

    proptest! {
        #[test]
        fn no_change_to_a_file_makes_it_panic(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        ) {
            let mut bytes = testing::safetensors(TWO, &[0; 10]);
            let len = bytes.len();
            for (at, byte) in changes {
                bytes[at.index(len)] = byte;
            }
            let (_directory, found) = found(&bytes);
            for Source { parts, .. } in found.sources {
                let _ = read(&parts[0]);
            }
        }
    }
}
