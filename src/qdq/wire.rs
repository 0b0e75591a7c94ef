//! Protocol buffers by their bytes: a message is a row of fields, and each field keeps the bytes that it stood in.
//!
//! A reader that knows a schema drops what the schema does not name. Here everything that is not changed is copied as it
//! stands, whatever it is.

use std::ops::ControlFlow;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of four or eight bytes, which nothing here asks for.
    Fixed,
}

/// A field, and all of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub number: u32,
    pub value: Value<'a>,
    /// With its tag and its length.
    pub raw: &'a [u8],
}

impl<'a> Field<'a> {
    /// What it holds as bytes.
    pub fn bytes(&self) -> Result<&'a [u8], String> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(format!("field {} holds a number where a message or a text should be", self.number)),
        }
    }

    /// What it holds as a text.
    pub fn text(&self) -> Result<&'a str, String> {
        std::str::from_utf8(self.bytes()?).map_err(|_| format!("field {} holds a text that is none", self.number))
    }

    /// What it holds as a number.
    pub fn whole(&self) -> Result<i64, String> {
        match self.value {
            Value::Number(number) => Ok(number as i64),
            _ => Err(format!("field {} holds bytes where a number should be", self.number)),
        }
    }

    /// What it holds as whole numbers: one, or some that are packed.
    pub fn wholes(&self, into: &mut Vec<i64>) -> Result<(), String> {
        let mut rest = match self.value {
            Value::Number(number) => {
                into.push(number as i64);
                return Ok(());
            }
            Value::Bytes(bytes) => bytes,
            Value::Fixed => return Err(format!("field {} holds no whole numbers", self.number)),
        };
        while !rest.is_empty() {
            let (number, behind) = varint(rest)?;
            into.push(number as i64);
            rest = behind;
        }
        Ok(())
    }
}

/// The fields of a message, one after the other; an error ends them.
pub(super) fn fields(bytes: &[u8]) -> impl Iterator<Item = Result<Field<'_>, String>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        match next(rest) {
            Ok((field, behind)) => {
                rest = behind;
                Some(Ok(field))
            }
            Err(why) => {
                rest = &[];
                Some(Err(why))
            }
        }
    })
}

fn next(bytes: &[u8]) -> Result<(Field<'_>, &[u8]), String> {
    let (tag, behind) = varint(bytes)?;
    let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number));
    let number = number.ok_or_else(|| format!("a field has the number {}", tag >> 3))?;
    let take = |n: u64, behind: &'_ [u8]| -> Result<usize, String> {
        let torn = || format!("field {number} is of {n} bytes, where {} are left", behind.len());
        usize::try_from(n).ok().filter(|n| *n <= behind.len()).ok_or_else(torn)
    };
    let (value, behind) = match tag & 7 {
        0 => {
            let (value, behind) = varint(behind)?;
            (Value::Number(value), behind)
        }
        1 => (Value::Fixed, &behind[take(8, behind)?..]),
        2 => {
            let (length, behind) = varint(behind)?;
            let (content, behind) = behind.split_at(take(length, behind)?);
            (Value::Bytes(content), behind)
        }
        5 => (Value::Fixed, &behind[take(4, behind)?..]),
        other => return Err(format!("field {number} is of the kind {other}, which ONNX does not have")),
    };
    Ok((Field { number, value, raw: &bytes[..bytes.len() - behind.len()] }, behind))
}

/// A number of up to ten bytes, and what stands behind it.
fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), String> {
    let read = bytes.iter().take(10).enumerate().try_fold(0_u64, |value, (at, &byte)| {
        // What is beyond 64 bits is dropped, as protobuf's own readers do.
        let value = value | u64::from(byte & 0x7f).checked_shl(7 * at as u32).unwrap_or(0);
        if byte < 0x80 { ControlFlow::Break((value, at + 1)) } else { ControlFlow::Continue(value) }
    });
    match read {
        ControlFlow::Break((value, length)) => Ok((value, &bytes[length..])),
        ControlFlow::Continue(_) if bytes.len() < 10 => Err("it ends in the middle of a number".to_owned()),
        ControlFlow::Continue(_) => Err("a number in it has no end".to_owned()),
    }
}

/// Writes a number.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes a field that holds a number.
pub(super) fn put_number(out: &mut Vec<u8>, field: u32, value: i64) {
    put_varint(out, u64::from(field) << 3);
    put_varint(out, value as u64);
}

/// Writes a field that holds bytes.
pub(super) fn put_bytes(out: &mut Vec<u8>, field: u32, content: &[u8]) {
    put_varint(out, u64::from(field) << 3 | 2);
    put_varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

/// Writes a field that holds a text, unless that is empty.
pub(super) fn put_text(out: &mut Vec<u8>, field: u32, text: &str) {
    if !text.is_empty() {
        put_bytes(out, field, text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Result<Vec<Field<'_>>, String> {
        fields(bytes).collect()
    }

    #[test]
    fn what_is_torn_is_a_sentence() {
        for (bytes, says) in [
            (&[0x80_u8][..], "middle of a number"),
            (&[0x80; 11], "no end"),
            (&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], "field 1 is of 4294967295 bytes, where 0 are left"),
            (&[0x0a, 5, 1, 2], "field 1 is of 5 bytes, where 2 are left"),
            (&[0x09, 1, 2], "field 1 is of 8 bytes"),
            (&[0x0d, 1], "field 1 is of 4 bytes"),
            (&[0x0b], "of the kind 3"),
            (&[0x00, 1], "a field has the number 0"),
        ] {
            let why = all(bytes).unwrap_err();
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn numbers_of_every_length_come_back() {
        for value in (0..64).map(|shift| 1_u64 << shift).flat_map(|n| [n - 1, n, n + 1]).chain([u64::MAX]) {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(varint(&out), Ok((value, &[][..])));
        }
        // A longer spelling than needed is the same number, and is kept as it stands.
        let field = all(&[0x88, 0x80, 0x00, 0x85, 0x00]).unwrap()[0];
        assert_eq!((field.number, field.value, field.raw.len()), (1, Value::Number(5), 5));
    }

    proptest! {
        #[test]
        fn the_fields_are_the_whole_message(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(all) = all(&bytes) {
                let raw: Vec<u8> = all.iter().flat_map(|field| field.raw).copied().collect();
                prop_assert_eq!(raw, bytes);
            }
        }
    }
}
