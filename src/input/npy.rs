//! The header of an `.npy`, and what else a file by that name may be.

use super::DType;
use super::error::{excerpt, io_predicate, thousands};
use super::foreign::{FOREIGN_START, foreign};
use crate::error::Predicate;
use ndarray_npy::npy::header::{Header as NpyHeader, ParseHeaderError, ReadHeaderError};
use std::io::{self, Read};

const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header that is read, which is NumPy's own limit. A tensor needs a hundred bytes or two.
const LONGEST_HEADER: usize = 10_000;

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
pub(super) fn read_header(reader: &mut (impl Read + ?Sized)) -> Result<Header, Predicate> {
    // The shortest prefix (version 1) is magic, version, and the length as u16; later ones have it as u32.
    let mut prefix = [0; 10];
    let found = fill(reader, &mut prefix).map_err(|e| io_predicate(&e))?;
    if found == 0 {
        return Err(Predicate::damaged("is empty (0 bytes); dump it again."));
    }
    if !prefix[..found.min(MAGIC.len())].eq(&MAGIC[..found.min(MAGIC.len())]) {
        return Err(not_npy(reader, &prefix[..found]));
    }
    let ends_in_header = |bytes: usize| {
        let bytes = thousands(bytes as u64);
        Predicate::damaged(format!("is cut short: it ends inside its header, after {bytes} bytes; dump it again."))
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
            )
            .into());
        }
    };
    if text_len > LONGEST_HEADER {
        let (claimed, longest) = (thousands(text_len as u64), thousands(LONGEST_HEADER as u64));
        return Err(Predicate::damaged(format!(
            "claims a header of {claimed} bytes, and no tensor needs more than {longest}; dump it again."
        )));
    }
    let mut text = vec![0; text_len];
    let more = fill(reader, &mut text).map_err(|e| io_predicate(&e))?;
    if more < text_len {
        return Err(ends_in_header(prefix_len + more));
    }
    parse(text, major, (prefix_len + text_len) as u64)
}

/// Parses the Python literal of the header.
fn parse(mut text: Vec<u8>, version: u8, header_len: u64) -> Result<Header, Predicate> {
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
            )
            .into());
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

fn misunderstood(why: &str) -> Predicate {
    Predicate::damaged(format!("has a damaged .npy header: {why}; dump it again with np.save."))
}

fn reason(error: ParseHeaderError) -> String {
    match error {
        ParseHeaderError::Utf8Parse(_) => "it is not UTF-8".into(),
        ParseHeaderError::UnknownKey(key) => format!("it has the unknown key {}", excerpt(&key.to_string())),
        // A slip of the parser.
        ParseHeaderError::MissingKey(key) if key == "shaper" => "it has no \"shape\"".into(),
        ParseHeaderError::MissingKey(key) => format!("it has no {key:?}"),
        ParseHeaderError::IllegalValue { key, value } => {
            format!("its {key:?} is {}", excerpt(&value.to_string()))
        }
        ParseHeaderError::MetaNotDict(_) => "it is not a dictionary".into(),
        _ => "it is not a Python literal".into(),
    }
}

/// NumPy's type string (`<f4`) as a type and whether it is big-endian.
fn dtype(descr: &str) -> Result<(DType, bool), Predicate> {
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
        _ => return Err(unusable(code, &excerpt(descr)).into()),
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

/// What a file is that does not start like an `.npy`. Of a stream that is none, a little more is read.
fn not_npy(reader: &mut (impl Read + ?Sized), start: &[u8]) -> Predicate {
    let mut more = vec![0; FOREIGN_START];
    more[..start.len()].copy_from_slice(start);
    // What cannot be read tells nothing.
    let found = start.len() + fill(reader, &mut more[start.len()..]).unwrap_or(0);
    match foreign(&more[..found]) {
        Some(foreign) => foreign.to_string().into(),
        None => {
            let start = start[..start.len().min(MAGIC.len())].escape_ascii();
            format!(
                "is not an .npy array: it starts with \"{start}\" in place of \"\\x93NUMPY\"; dump the tensor with np.save."
            )
            .into()
        }
    }
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

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Result<Header, Predicate> {
        read_header(&mut &bytes[..])
    }

    fn parse_text(header: &str) -> Result<Header, Predicate> {
        parse(&testing::npy_with_header(1, header, &[]))
    }

    #[test]
    fn every_version_and_the_dialects_of_other_writers_parse() {
        let text = "{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }";
        for version in [1, 2, 3] {
            let header = parse(&testing::npy_with_header(version, text, b"body")).unwrap();
            let Header { dtype, big_endian, fortran_order, shape, header_len } = header;
            assert_eq!((dtype, big_endian, fortran_order, &shape[..]), (DType::F32, true, true, &[2, 3][..]));
            assert!(header_len.is_multiple_of(64));
        }
        let shape = |text: &str| parse_text(text).unwrap().shape;
        assert_eq!(shape("{'shape': (10L, 20L), 'fortran_order': False, 'descr': '<f4'}"), [10, 20]);
        assert_eq!(shape("{\"shape\": (), \"fortran_order\": False, \"descr\": 'f8'}\0\0"), [0; 0]);
        assert_eq!(shape("{'descr':'|u1','fortran_order':False,'shape':(0,7)}"), [0, 7]);
        let mut without_newline = testing::f32s(&[]);
        *without_newline.last_mut().unwrap() = b' ';
        assert_eq!(parse(&without_newline).unwrap().shape, [0]);
    }

    #[test]
    fn types_without_numbers_say_what_they_hold() {
        let error = |descr: &str| dtype(descr).unwrap_err().text;
        assert_eq!(
            error("|O"),
            "holds pickled Python objects (dtype '|O'), not numbers; dump it as x.astype(np.float32)."
        );
        assert_eq!(
            error("<c8"),
            "holds complex numbers (dtype '<c8'); dump the real and imaginary parts on their own."
        );
        assert_eq!(error("<U5"), "holds text (dtype '<U5'), not numbers; dump the tensor itself.");
        assert_eq!(error("<M8[ns]"), "holds dates or times (dtype '<M8[ns]'); dump the tensor itself.");
        assert_eq!(
            error("|V2"),
            "holds raw bytes (dtype '|V2'), which is how NumPy saves bfloat16 and float8; dump it as x.astype(np.float32)."
        );
        assert_eq!(error("<f16"), "holds floats of an unusual width (dtype '<f16'); dump it as x.astype(np.float32).");
        assert_eq!(error("é"), "holds an unknown type (dtype 'é'); dump it as x.astype(np.float32).");
        assert_eq!(error(""), "holds an unknown type (dtype ''); dump it as x.astype(np.float32).");
        let structured = "{'descr': [('x', '<f4'), ('y', '<f4')], 'fortran_order': False, 'shape': (3,), }";
        assert_eq!(
            parse_text(structured).unwrap_err().text,
            "holds a structured array (dtype [('x', '<f4'), ('y', '<f4')]), not one tensor; dump each field on its own."
        );
    }

    #[test]
    fn damaged_headers_say_what_is_wrong() {
        let error = |bytes: &[u8]| parse(bytes).unwrap_err().text;
        let text_error = |text: &str| parse_text(text).unwrap_err().text;
        assert_eq!(error(b""), "is empty (0 bytes); dump it again.");
        let cut = "is cut short: it ends inside its header, after";
        assert_eq!(error(b"\x93NUM"), format!("{cut} 4 bytes; dump it again."));
        assert_eq!(error(b"\x93NUMPY\x02\0\x10\0\0"), format!("{cut} 11 bytes; dump it again."));
        assert_eq!(error(&testing::f32s(&[])[..100]), format!("{cut} 100 bytes; dump it again."));
        assert_eq!(
            error(b"\x93NUMPY\x07\0\x10\0\0\0"),
            "has .npy format version 7.0, and only 1.0, 2.0 and 3.0 are known; dump it again with np.save."
        );
        assert_eq!(
            error(b"\x93NUMPY\x02\0\xff\xff\xff\xff"),
            "claims a header of 4,294,967,295 bytes, and no tensor needs more than 10,000; dump it again."
        );
        let damaged = |why: &str| format!("has a damaged .npy header: {why}; dump it again with np.save.");
        assert_eq!(text_error("hello"), damaged("it is not a Python literal"));
        assert_eq!(text_error("(1, 2)"), damaged("it is not a dictionary"));
        assert_eq!(text_error("{'descr': '<f4', 'fortran_order': False}"), damaged("it has no \"shape\""));
        assert_eq!(text_error("{'fortran_order': False, 'shape': ()}"), damaged("it has no \"descr\""));
        assert_eq!(
            text_error("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"),
            damaged("its \"shape\" is (-1,)")
        );
        assert_eq!(text_error("{'descr': '<f4', 'x': 1}"), damaged("it has the unknown key 'x'"));
        // Without its limit, this takes the parser two to the power of a thousand steps.
        assert_eq!(text_error(&"{".repeat(1000)), damaged("it nests brackets too deeply"));
        assert_eq!(text_error(&"[[[[[[[[1]".repeat(900)), damaged("it nests brackets too deeply"));
    }

    #[test]
    fn other_files_are_recognised() {
        let error = |bytes: &[u8]| parse(bytes).unwrap_err().text;
        assert_eq!(error(b"PK\x03\x04\x14\0\0\0\0\0"), "is a zip archive; if np.savez wrote it, name it .npz.");
        // It is known by more bytes than a header begins with.
        assert_eq!(
            error(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"),
            "is a Git LFS pointer, not the file itself; run git lfs pull."
        );
        assert_eq!(
            error(&testing::safetensors("{}      ", &[])),
            "looks like safetensors; name it .safetensors if it is."
        );
        assert_eq!(
            error(b"hello world"),
            "is not an .npy array: it starts with \"hello \" in place of \"\\x93NUMPY\"; dump the tensor with np.save."
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
            let _ = parse(&[MAGIC, &[1, 0], &bytes].concat());
        }

        #[test]
        fn no_change_to_a_header_makes_the_parser_panic(
            version in 1_u8..4,
            changes in proptest::collection::vec((0_usize..140, any::<u8>()), 1..6),
        ) {
            let header = testing::header("<f4", false, &[3, 1_000_000_000_000]);
            let mut bytes = testing::npy_with_header(version, &header, &[0; 12]);
            for (at, byte) in changes {
                let len = bytes.len();
                bytes[at % len] = byte;
            }
            let _ = parse(&bytes);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[\\[\\](){},:'\"\\\\ b0-9a-f.+-]{0,60}") {
            let _ = parse_text(&text);
            let _ = parse_text(&format!("{{'descr': {text}, 'fortran_order': False, 'shape': ({text})}}"));
        }
    }
}
