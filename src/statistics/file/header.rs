//! The header of a page, as Thrift's compact protocol has it: only numbers are wanted of it, before the page is unpacked.

/// A field's number, and what it holds.
type Field = (i64, Value);

#[derive(Debug)]
enum Value {
    Int(i64),
    Struct(Vec<Field>),
    Other,
}

/// What a page says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: PageKind,
    pub unpacked: usize,
    pub packed: usize,
    pub values: u32,
    pub encoding: i64,
    /// How long it is itself.
    pub len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageKind {
    Data {
        definition: i64,
        repetition: i64,
    },
    Dictionary {
        sorted: bool,
    },
    DataV2 {
        nulls: u32,
        rows: u32,
        definition: u32,
        repetition: u32,
        compressed: bool,
    },
    /// Of no interest.
    Other,
}

/// Structs within structs that a header may have.
const DEEPEST: usize = 6;

impl Header {
    /// The header at the start of these bytes; `None` where that is none.
    pub fn read(bytes: &[u8]) -> Option<Header> {
        let mut reader = Reader { rest: bytes };
        let fields = reader.fields(0)?;
        let len = bytes.len() - reader.rest.len();
        let size = |id| usize::try_from(int(&fields, id)?).ok();
        let part = |id: i64| -> Option<&[Field]> {
            fields.iter().find_map(|field| match field {
                (found, Value::Struct(fields)) if *found == id => Some(fields.as_slice()),
                _ => None,
            })
        };
        let number = |fields: &[Field], id| u32::try_from(int(fields, id)?).ok();
        let (kind, values, encoding) = match int(&fields, 1)? {
            0 => {
                let data = part(5)?;
                let kind = PageKind::Data { definition: int(data, 3)?, repetition: int(data, 4)? };
                (kind, number(data, 1)?, int(data, 2)?)
            }
            2 => {
                let dictionary = part(7)?;
                let sorted = int(dictionary, 3) == Some(1);
                (PageKind::Dictionary { sorted }, number(dictionary, 1)?, int(dictionary, 2)?)
            }
            3 => {
                let data = part(8)?;
                let kind = PageKind::DataV2 {
                    nulls: number(data, 2)?,
                    rows: number(data, 3)?,
                    definition: number(data, 5)?,
                    repetition: number(data, 6)?,
                    compressed: int(data, 7) != Some(0),
                };
                (kind, number(data, 1)?, int(data, 4)?)
            }
            _ => (PageKind::Other, 0, 0),
        };
        Some(Header { kind, unpacked: size(2)?, packed: size(3)?, values, encoding, len })
    }
}

/// A number by its field; booleans are 0 and 1.
fn int(fields: &[Field], id: i64) -> Option<i64> {
    fields.iter().find_map(|field| match field {
        (found, Value::Int(n)) if *found == id => Some(*n),
        _ => None,
    })
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn skip(&mut self, n: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(n).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut out = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            out |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(out);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let n = self.varint()?;
        Some((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    fn fields(&mut self, depth: usize) -> Option<Vec<Field>> {
        let (mut fields, mut id) = (Vec::new(), 0i64);
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                return Some(fields);
            }
            let step = i64::from(byte >> 4);
            id = if step == 0 { self.zigzag()? } else { id.checked_add(step)? };
            fields.push((id, self.value(byte & 0xf, depth)?));
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Option<Value> {
        Some(match kind {
            1 => Value::Int(1),
            2 => Value::Int(0),
            3 => {
                self.byte()?;
                Value::Other
            }
            4..=6 => Value::Int(self.zigzag()?),
            7 => {
                self.skip(8)?;
                Value::Other
            }
            8 => {
                let len = self.varint()?;
                self.skip(len)?;
                Value::Other
            }
            9 | 10 => {
                let head = self.byte()?;
                let len = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                for _ in 0..len {
                    match head & 0xf {
                        // In a list a boolean is a byte.
                        1 | 2 => drop(self.byte()?),
                        kind => drop(self.deeper(kind, depth)?),
                    }
                }
                Value::Other
            }
            12 => Value::Struct(self.deeper_fields(depth)?),
            _ => return None,
        })
    }

    fn deeper(&mut self, kind: u8, depth: usize) -> Option<Value> {
        if depth < DEEPEST { self.value(kind, depth + 1) } else { None }
    }

    fn deeper_fields(&mut self, depth: usize) -> Option<Vec<Field>> {
        if depth < DEEPEST { self.fields(depth + 1) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_and_the_rest_is_passed_over() {
        // A dictionary page: kind 2, 300 bytes unpacked, 20 packed, a checksum; 5 values in plain encoding, sorted.
        let bytes = [0x15, 4, 0x15, 0xd8, 4, 0x15, 40, 0x15, 2, 0x3c, 0x15, 10, 0x15, 0, 0x11, 0, 0, 99];
        let header = Header::read(&bytes).unwrap();
        let kind = PageKind::Dictionary { sorted: true };
        assert_eq!(header, Header { kind, unpacked: 300, packed: 20, values: 5, encoding: 0, len: bytes.len() - 1 });
        for cut in 0..bytes.len() - 1 {
            assert_eq!(Header::read(&bytes[..cut]), None, "{cut}");
        }
        // Negative sizes, structs without an end, lists of lists.
        assert_eq!(Header::read(&[0x15, 4, 0x15, 1, 0x15, 40, 0]), None);
        assert_eq!(Header::read(&[0x1c; 99]), None);
        assert_eq!(Header::read(&[0x19; 99]), None);
        assert_eq!(Header::read(&[0xff; 99]), None);
    }
}
