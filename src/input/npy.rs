//! The header of an `.npy`, and what else a file by that name may be.

use super::DType;
use super::error::{excerpt, io_predicate, thousands};
use ndarray_npy::npy::header::{Header as NpyHeader, ParseHeaderError, ReadHeaderError};
use std::io::{self, Read};

const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header that is read. Only structured types, which hold no tensor, ever need more than a few hundred bytes.
const LONGEST_HEADER: usize = 65_536;

/// The deepest nesting of brackets that is parsed. The parser recurses, and needs time exponential in the depth; a
/// nested structured type reaches 6.
const DEEPEST_HEADER: usize = 8;

/// What the header says about the body that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub dtype: DType,
    pub big_endian: bool,
    pub fortran_order: bool,
    pub shape: Vec<u64>,
    /// Bytes before the body.
    pub header_len: u64,
}

/// Reads the header, and not a byte more. The error is a predicate to the file's name.
pub(super) fn read_header(reader: &mut (impl Read + ?Sized)) -> Result<Header, String> {
    // The shortest prefix (version 1) is magic, version, and the length as u16; later ones have it as u32.
    let mut prefix = [0; 10];
    let found = fill(reader, &mut prefix).map_err(|e| io_predicate(&e))?;
    if found == 0 {
        return Err("is empty (0 bytes); dump it again.".into());
    }
    if !prefix[..found.min(MAGIC.len())].eq(&MAGIC[..found.min(MAGIC.len())]) {
        return Err(not_npy(&prefix[..found]));
    }
    let ends_in_header = |bytes: usize| {
        format!("is cut short: it ends inside its header, after {} bytes; dump it again.", thousands(bytes as u64))
    };
    if found < prefix.len() {
        return Err(ends_in_header(found));
    }
    let [.., major, minor, low, high] = prefix;
    let (prefix_len, text_len) = match (major, minor) {
        (1, 0) => (10, usize::from(u16::from_le_bytes([low, high]))),
        (2 | 3, 0) => {
            let mut rest = [0; 2];
            let more = fill(reader, &mut rest).map_err(|e| io_predicate(&e))?;
            if more < rest.len() {
                return Err(ends_in_header(found + more));
            }
            (12, u32::from_le_bytes([low, high, rest[0], rest[1]]) as usize)
        }
        _ => {
            return Err(format!(
                "has .npy format version {major}.{minor}, and only 1.0, 2.0 and 3.0 are known; dump it again with np.save."
            ));
        }
    };
    if text_len > LONGEST_HEADER {
        let (claimed, longest) = (thousands(text_len as u64), thousands(LONGEST_HEADER as u64));
        return Err(format!(
            "claims a header of {claimed} bytes, and no tensor needs more than {longest}; dump it again."
        ));
    }
    let mut text = vec![0; text_len];
    let more = fill(reader, &mut text).map_err(|e| io_predicate(&e))?;
    if more < text_len {
        return Err(ends_in_header(prefix_len + more));
    }
    parse(text, major, (prefix_len + text_len) as u64)
}

/// Parses the Python literal of the header.
fn parse(mut text: Vec<u8>, version: u8, header_len: u64) -> Result<Header, String> {
    tolerate(&mut text, version);
    if nesting(&text) > DEEPEST_HEADER {
        return Err(misunderstood("it nests brackets too deeply"));
    }
    // The length and the final newline are put in anew: some writers leave the newline out, which NumPy accepts.
    let mut bytes = [MAGIC, &[version.max(2), 0]].concat();
    bytes.extend_from_slice(&(text.len() as u32 + 1).to_le_bytes());
    bytes.append(&mut text);
    bytes.push(b'\n');
    let header = NpyHeader::from_reader(&mut &bytes[..]).map_err(|error| match error {
        ReadHeaderError::Parse(error) => misunderstood(&reason(error)),
        ReadHeaderError::Io(error) => io_predicate(&error),
    })?;
    let (dtype, big_endian) = match header.type_descriptor.as_string() {
        Some(descr) => dtype(descr)?,
        None => {
            let descr = excerpt(&header.type_descriptor.to_string());
            return Err(format!(
                "holds a structured array (dtype {descr}), not one tensor; dump each field on its own."
            ));
        }
    };
    let shape = header.shape.iter().map(|&n| n as u64).collect();
    Ok(Header { dtype, big_endian, fortran_order: header.layout.is_fortran(), shape, header_len })
}

/// Makes plain what NumPy reads and the parser does not: Python 2's long integers (`10L`), padding with NUL, and
/// Latin-1 letters, which occur in field names only.
fn tolerate(text: &mut Vec<u8>, version: u8) {
    while text.last().is_some_and(|&b| b == 0 || b.is_ascii_whitespace()) {
        text.pop();
    }
    for i in 1..text.len().saturating_sub(1) {
        if text[i] == b'L' && text[i - 1].is_ascii_digit() && matches!(text[i + 1], b',' | b')' | b' ') {
            text[i] = b' ';
        }
    }
    if version < 3 {
        text.iter_mut().filter(|b| !b.is_ascii()).for_each(|b| *b = b'?');
    }
}

/// How deep the brackets nest. Brackets in strings count as well: a number has no strings with brackets.
fn nesting(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn misunderstood(why: &str) -> String {
    format!("has a damaged .npy header: {why}; dump it again with np.save.")
}

fn reason(error: ParseHeaderError) -> String {
    match error {
        ParseHeaderError::Utf8Parse(_) => "it is not UTF-8".into(),
        ParseHeaderError::UnknownKey(key) => format!("it has the unknown key {}", excerpt(&key.to_string())),
        // The parser misspells `shape` here.
        ParseHeaderError::MissingKey(key) => format!("it has no {:?}", key.trim_end_matches('r')),
        ParseHeaderError::IllegalValue { key, value } => {
            format!("its {key:?} is {}", excerpt(&value.to_string()))
        }
        ParseHeaderError::MetaNotDict(_) => "it is not a dictionary".into(),
        _ => "it is not a Python literal".into(),
    }
}

/// NumPy's type string (`<f4`) as a type and whether it is big-endian.
fn dtype(descr: &str) -> Result<(DType, bool), String> {
    let big_endian = descr.starts_with('>');
    let code = descr.strip_prefix(['<', '>', '|', '=']).unwrap_or(descr);
    let dtype = match code {
        "b1" | "?" => DType::Bool,
        "i1" => DType::I8,
        "u1" => DType::U8,
        "i2" => DType::I16,
        "u2" => DType::U16,
        "i4" => DType::I32,
        "u4" => DType::U32,
        "i8" => DType::I64,
        "u8" => DType::U64,
        "f2" => DType::F16,
        "f4" => DType::F32,
        "f8" => DType::F64,
        _ => return Err(unusable(code, &excerpt(descr))),
    };
    Ok((dtype, big_endian))
}

/// Why an array of this type cannot be calibrated, and how to get one that can.
fn unusable(code: &str, descr: &str) -> String {
    const AS_FLOAT: &str = "dump it as x.astype(np.float32)";
    match code.as_bytes().first() {
        Some(b'O') => format!("holds pickled Python objects (dtype '{descr}'), not numbers; {AS_FLOAT}."),
        Some(b'c') => {
            format!("holds complex numbers (dtype '{descr}'); dump the real and imaginary parts on their own.")
        }
        Some(b'S' | b'U' | b'a') => format!("holds text (dtype '{descr}'), not numbers; dump the tensor itself."),
        Some(b'M' | b'm') => format!("holds dates or times (dtype '{descr}'); dump the tensor itself."),
        Some(b'V') => {
            format!("holds raw bytes (dtype '{descr}'), which is how NumPy saves bfloat16 and float8; {AS_FLOAT}.")
        }
        Some(b'f') => format!("holds floats of an unusual width (dtype '{descr}'); {AS_FLOAT}."),
        _ => format!("holds an unknown type (dtype '{descr}'); {AS_FLOAT}."),
    }
}

/// What a file is that does not start like an `.npy`.
fn not_npy(start: &[u8]) -> String {
    match start {
        [b'P', b'K', 3 | 5, ..] => {
            "is a zip archive, not an .npy array; if np.savez wrote it, name it .npz, and if torch.save did, dump the \
             tensor with np.save."
        }
        [0x80, 2..=5, ..] => "is a Python pickle, not an .npy array; dump the tensor with np.save.",
        [0x89, b'H', b'D', b'F', ..] => "is an HDF5 file, not an .npy array; dump the tensor with np.save.",
        [0x1f, 0x8b, ..] => "is compressed with gzip; unpack it first.",
        [_, _, _, _, 0, 0, 0, 0, b'{', ..] => {
            "looks like safetensors, not like an .npy array; name it .safetensors if it is."
        }
        _ => {
            let start = start[..start.len().min(MAGIC.len())].escape_ascii();
            return format!(
                "is not an .npy array: it starts with \"{start}\" in place of \"\\x93NUMPY\"; dump the tensor with np.save."
            );
        }
    }
    .into()
}

/// Whether bytes start like an `.npy`.
pub(super) fn is_npy(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// Reads until `buffer` is full or the stream ends, and says how much it got.
pub(super) fn fill(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}
