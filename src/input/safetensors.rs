//! Tensors in a `.safetensors` file: a length, a header in JSON, and the bodies behind it.
//!
//! The header is parsed here because the format's own crate wants the whole file in memory.

use super::array::Layout;
use super::error::{excerpt, io_predicate, thousands};
use super::npy::{self, fill};
use super::{DType, InputError};
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

fn try_list(path: &Path) -> Result<Vec<Tensor>, String> {
    let mut file = File::open(path).map_err(|e| io_predicate(&e))?;
    let file_len = file.metadata().map_err(|e| io_predicate(&e))?.len();
    let mut prefix = [0; 8];
    match fill(&mut file, &mut prefix).map_err(|e| io_predicate(&e))? {
        0 => return Err("is empty (0 bytes); dump it again.".into()),
        8 => {}
        n => return Err(format!("is cut short: it holds {n} bytes, not even a header; dump it again.")),
    }
    if npy::is_npy(&prefix) {
        return Err("is an .npy array, not safetensors; name it .npy.".into());
    }
    let header_len = u64::from_le_bytes(prefix);
    if header_len > LONGEST_HEADER {
        let (claimed, longest) = (thousands(header_len), thousands(LONGEST_HEADER));
        return Err(format!("is not safetensors: it claims a header of {claimed} bytes, and {longest} is the most."));
    }
    if header_len > file_len.saturating_sub(8) {
        let (claimed, found) = (thousands(header_len), thousands(file_len.saturating_sub(8)));
        return Err(format!(
            "is cut short: it promises a header of {claimed} bytes, the file holds {found}; dump it again."
        ));
    }
    let mut text = vec![0; header_len as usize];
    if fill(&mut file, &mut text).map_err(|e| io_predicate(&e))? < text.len() {
        return Err("is cut short: it ends inside its header; dump it again.".into());
    }
    let Header(infos) = serde_json::from_slice(&text).map_err(|e| {
        let why = excerpt(&e.to_string());
        format!("has a damaged safetensors header ({why}); dump it again.")
    })?;
    check(infos, 8 + header_len, file_len)
}

/// Holds every tensor's offsets against its shape, the other tensors and the file.
fn check(mut infos: Vec<(String, Info)>, data_start: u64, file_len: u64) -> Result<Vec<Tensor>, String> {
    infos.sort_by_key(|(_, info)| info.data_offsets);
    let (mut tensors, mut previous_end) = (Vec::with_capacity(infos.len()), 0);
    for (key, Info { dtype, shape, data_offsets: (begin, end) }) in infos {
        let damaged = |why: &str| {
            let key = excerpt(&key);
            format!("has a damaged safetensors header: the tensor {key} {why}; dump it again.")
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
        return Err(format!(
            "is cut short: its header promises {promised} bytes of tensors, the file holds {found}; dump it again."
        ));
    }
    Ok(tensors)
}

impl Tensor {
    /// Opens the file at the tensor's body. Says also how many bytes the file has there.
    pub fn open(&self, path: &Path) -> Result<(Layout, File, u64), String> {
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
