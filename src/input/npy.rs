//! The header of an `.npy`.

use super::DType;
use super::descr::dtype;
use super::error::{excerpt, io_predicate, thousands};
use super::foreign::{FOREIGN_START, foreign};
use super::literal::{self, Literal, Value};
use crate::error::Predicate;
use std::io::{self, Read};

const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header that is read, which is NumPy's own limit. A tensor needs a hundred bytes or two.
const LONGEST_HEADER: usize = 10_000;

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
    let (prefix, found) = read_prefix(reader)?;
    if found == 0 {
        return Err(Predicate::damaged("is empty (0 bytes); dump it again."));
    }
    if !is_prefix(&prefix[..found]) {
        return Err(not_npy(reader, &prefix[..found]));
    }
    read_text(reader, prefix, found)
}

/// Reads the header of an array that stands behind another, if there is one: `np.save` appends to an open file. Zeros are
/// what some writers fill a file up with.
pub(super) fn read_next_header(reader: &mut (impl Read + ?Sized)) -> Result<Option<Header>, Predicate> {
    let (prefix, found) = read_prefix(reader)?;
    let start = &prefix[..found];
    if start.iter().all(|&b| b == 0) && rest_is_zeros(reader).map_err(|e| io_predicate(&e))? {
        return Ok(None);
    }
    if !is_prefix(start) {
        let start = start[..found.min(MAGIC.len())].escape_ascii();
        return Err(Predicate::damaged(format!(
            "is no array: it starts with \"{start}\"; save arrays only into one file, and nothing behind them."
        )));
    }
    read_text(reader, prefix, found).map(Some)
}

fn rest_is_zeros(reader: &mut (impl Read + ?Sized)) -> io::Result<bool> {
    let mut buffer = [0; 4096];
    loop {
        let found = fill(reader, &mut buffer)?;
        if buffer[..found].iter().any(|&b| b != 0) {
            return Ok(false);
        }
        if found < buffer.len() {
            return Ok(true);
        }
    }
}

/// Magic, version and the length as version 1 has it: two bytes, which in later ones are the first of four.
type Prefix = [u8; 10];

fn read_prefix(reader: &mut (impl Read + ?Sized)) -> Result<(Prefix, usize), Predicate> {
    let mut prefix = [0; 10];
    let found = fill(reader, &mut prefix).map_err(|e| io_predicate(&e))?;
    Ok((prefix, found))
}

/// Whether bytes start like an `.npy`, as far as there are any.
fn is_prefix(start: &[u8]) -> bool {
    let known = start.len().min(MAGIC.len());
    start[..known] == MAGIC[..known]
}

/// Reads the header behind its prefix, of which so many bytes were found.
fn read_text(reader: &mut (impl Read + ?Sized), prefix: Prefix, found: usize) -> Result<Header, Predicate> {
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
    // Some writers pad with NUL.
    while text.last().is_some_and(|&b| b == 0 || b.is_ascii_whitespace()) {
        text.pop();
    }
    let text = match version {
        // Latin-1, of which every byte is a letter.
        1 | 2 => text.into_iter().map(char::from).collect(),
        _ => String::from_utf8(text).map_err(|_| misunderstood("it is not UTF-8"))?,
    };
    let Literal::Dict(entries) = literal::parse(&text).map_err(misunderstood)?.literal else {
        return Err(misunderstood("it is not a dictionary"));
    };
    let keys = ["descr", "fortran_order", "shape"];
    let mut found = [None, None, None];
    for (key, value) in entries {
        let known = keys.iter().position(|known| matches!(&key.literal, Literal::Text(text) if text == known));
        match known {
            // As in Python, the last one counts.
            Some(at) => found[at] = Some(value),
            None => return Err(misunderstood(&format!("it has the unknown key {}", excerpt(key.text)))),
        }
    }
    if let Some(at) = found.iter().position(Option::is_none) {
        return Err(misunderstood(&format!("it has no {:?}", keys[at])));
    }
    let [Some(descr), Some(order), Some(shape)] = found else { unreachable!("none of them is missing") };
    let illegal = |at: usize, value: &Value| misunderstood(&format!("its {:?} is {}", keys[at], excerpt(value.text)));
    let (dtype, big_endian) = match &descr.literal {
        Literal::Text(name) => dtype(name)?,
        Literal::List(_) | Literal::Tuple(_) => {
            let descr = excerpt(descr.text);
            return Err(format!(
                "holds a structured array (dtype {descr}), not one tensor; dump each field on its own."
            )
            .into());
        }
        _ => return Err(illegal(0, &descr)),
    };
    let Literal::Bool(fortran_order) = order.literal else { return Err(illegal(1, &order)) };
    let Literal::Tuple(axes) = &shape.literal else { return Err(illegal(2, &shape)) };
    let axis = |axis: &Value| match axis.literal {
        Literal::Integer(Some(n)) => u64::try_from(n).ok(),
        _ => None,
    };
    let axes = axes.iter().map(axis).collect::<Option<Vec<u64>>>().ok_or_else(|| illegal(2, &shape))?;
    Ok(Header { dtype, big_endian, fortran_order, shape: axes, header_len })
}

fn misunderstood(why: &str) -> Predicate {
    Predicate::damaged(format!("has a damaged .npy header: {why}; dump it again with np.save."))
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
    fn whatever_numpy_s_parser_reads_is_read() {
        let of = |descr: &str, order: &str, shape: &str| {
            parse_text(&format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"))
        };
        let shape = |text: &str| of("'<f4'", "False", text).unwrap().shape;
        assert_eq!(shape("(0x2, 3)"), [2, 3]);
        assert_eq!(shape("(1_0, )"), [10]);
        assert_eq!(shape("(2,3,)"), [2, 3]);
        assert_eq!(shape("(2L,\n3L)"), [2, 3]);
        assert_eq!(shape("(2, 3) # behind it\n"), [2, 3]);
        assert_eq!(shape(&format!("({}6)", "1, ".repeat(40))).len(), 41);
        for descr in ["u'<f4'", "r'<f4'", "'<' 'f4'", "'float32'", "'f'", "\"<f4\""] {
            assert_eq!(of(descr, "False", "()").unwrap().dtype, DType::F32, "{descr}");
        }
        let twice = "{'descr': '<f8', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}";
        assert_eq!(parse_text(twice).unwrap().dtype, DType::F32);
        assert_eq!(parse_text(&format!(" \t{twice}{}", " ".repeat(9000))).unwrap().shape, [2, 3]);
        // What NumPy refuses, too.
        let damaged = |found: Result<Header, Predicate>, why: &str| {
            let expected = format!("has a damaged .npy header: its {why}; dump it again with np.save.");
            assert_eq!(found.unwrap_err().text, expected);
        };
        damaged(of("'<f4'", "0", "()"), "\"fortran_order\" is 0");
        damaged(of("b'<f4'", "False", "()"), "\"descr\" is b'<f4'");
        for shape in ["6", "(6)", "[2, 3]", "(True, 6)", "(-1, 6)", "None"] {
            damaged(of("'<f4'", "False", shape), &format!("\"shape\" is {shape}"));
        }
        for descr in ["[('x', '<f4'), ('y', '<f4')]", "('<f4', (3,))", "[('x', '<f4')]"] {
            assert_eq!(
                of(descr, "False", "(3,)").unwrap_err().text,
                format!("holds a structured array (dtype {descr}), not one tensor; dump each field on its own.")
            );
        }
    }

    #[test]
    fn what_follows_an_array_is_one_or_padding_or_an_error() {
        let next = |bytes: &[u8]| read_next_header(&mut &bytes[..]);
        assert_eq!(next(b""), Ok(None));
        assert_eq!(next(&[0; 10_000]), Ok(None));
        assert_eq!(next(&testing::f32s(&[1.0])).unwrap().unwrap().shape, [1]);
        let said = |bytes: &[u8]| next(bytes).unwrap_err().text;
        let start = "is no array: it starts with ";
        assert!(said(b"junk").starts_with(&format!("{start}\"junk\"; ")), "{}", said(b"junk"));
        assert!(said(&[&[0; 5000][..], b"x"].concat()).starts_with(&format!("{start}\"\\x00")));
        assert_eq!(said(b"\x93NUM"), "is cut short: it ends inside its header, after 4 bytes; dump it again.");
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
        assert_eq!(text_error(&"{".repeat(1000)), damaged("it nests brackets too deeply"));
        assert_eq!(text_error(&"[[[[[[[[1],".repeat(900)), damaged("it nests brackets too deeply"));
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
