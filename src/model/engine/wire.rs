//! What a file holds that tract's reader drops: the default values of functions' attributes.

use tract_onnx::pb::AttributeProto;
use tract_onnx::prelude::Framework;

// The numbers of fields in ONNX's protobuf.
const MODEL_GRAPH: u64 = 7;
const MODEL_FUNCTIONS: u64 = 25;
const GRAPH_NODE: u64 = 1;
const NODE_ATTRIBUTE: u64 = 5;
const FUNCTION_DEFAULTS: u64 = 11;

/// The bytes of each function of a model.
pub(super) fn functions(model: &[u8]) -> impl Iterator<Item = &[u8]> {
    fields(model, MODEL_FUNCTIONS)
}

/// The attributes of a function that have a default.
pub(super) fn default_attributes(function: &[u8]) -> Vec<AttributeProto> {
    let mut node = Vec::new();
    fields(function, FUNCTION_DEFAULTS).for_each(|attribute| put(NODE_ATTRIBUTE, attribute, &mut node));
    // tract reads whole models only.
    let (mut graph, mut model) = (Vec::new(), Vec::new());
    put(GRAPH_NODE, &node, &mut graph);
    put(MODEL_GRAPH, &graph, &mut model);
    let model = tract_onnx::onnx().proto_model_for_read(&mut model.as_slice()).ok();
    let node = model.and_then(|model| model.graph?.node.into_iter().next());
    node.map_or_else(Vec::new, |node| node.attribute)
}

/// The contents of one field of a message, as often as it occurs. What is torn ends it: the reader has said so before.
fn fields(mut message: &[u8], field: u64) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let (tag, content) = next(&mut message)?;
            if tag == field {
                return content.or(Some(&[]));
            }
        }
    })
}

/// The number and, where it has any, the bytes of the next field.
fn next<'a>(message: &mut &'a [u8]) -> Option<(u64, Option<&'a [u8]>)> {
    let key = varint(message)?;
    let content = match key & 7 {
        0 => varint(message).map(|_| None)?,
        1 => message.split_off(..8).map(|_| None)?,
        2 => {
            let length = usize::try_from(varint(message)?).ok()?;
            Some(message.split_off(..length)?)
        }
        5 => message.split_off(..4).map(|_| None)?,
        _ => return None,
    };
    Some((key >> 3, content))
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *message.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Writes a field of bytes.
fn put(field: u64, content: &[u8], message: &mut Vec<u8>) {
    for mut value in [field << 3 | 2, content.len() as u64] {
        while value >= 0x80 {
            message.push(value as u8 | 0x80);
            value >>= 7;
        }
        message.push(value as u8);
    }
    message.extend(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_of_a_function() {
        // An attribute: its name, a number, and that it is one.
        let attribute = [b"\x0a\x05alpha\x15".as_slice(), &3.5_f32.to_le_bytes(), b"\xa0\x01\x01"].concat();
        let (mut function, mut model) = (Vec::new(), Vec::new());
        put(1, b"Bend", &mut function);
        put(FUNCTION_DEFAULTS, &attribute, &mut function);
        put(MODEL_FUNCTIONS, &function, &mut model);
        let found: Vec<_> = functions(&model).map(default_attributes).collect();
        assert_eq!((found.len(), found[0].len()), (1, 1));
        assert_eq!((&*found[0][0].name, found[0][0].f), ("alpha", 3.5));
    }

    #[test]
    fn fields_are_found_behind_others_and_what_is_torn_ends() {
        let mut message = vec![0x08, 0x96, 0x01, 0x25, 1, 2, 3, 4];
        put(25, b"first", &mut message);
        put(3, &[7; 300], &mut message);
        put(25, b"", &mut message);
        let found: Vec<&[u8]> = functions(&message).collect();
        assert_eq!(found, [b"first".as_slice(), b""]);
        message.extend([0xca, 0x01, 200, 1]);
        assert_eq!(functions(&message).count(), 2);
    }
}
