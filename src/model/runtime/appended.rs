//! Fields that are put behind an ONNX file in memory.
//!
//! Two protobufs behind one another are one that holds the lists of both. So a graph is given more nodes and outputs
//! without the file being understood, and nothing of it is lost.

/// What is added to a model.
#[derive(Default)]
pub(super) struct Appended {
    graph: Vec<u8>,
}

impl Appended {
    /// One more output, whose type the runtime finds out.
    pub fn output(&mut self, name: &str) {
        bytes(&mut self.graph, 12, &text(1, name));
    }

    /// One more node of ONNX's own operators, with one input and one output.
    pub fn node(&mut self, op: &str, input: &str, output: &str) {
        let node = [text(1, input), text(2, output), text(4, op)].concat();
        bytes(&mut self.graph, 1, &node);
    }

    /// The model with it.
    pub fn behind(&self, mut model: Vec<u8>) -> Vec<u8> {
        bytes(&mut model, 7, &self.graph);
        model
    }
}

/// A model that casts its input `x` from one type of elements to another, as `y`. Types are ONNX's numbers.
pub(super) fn cast(from: u8, to: u8) -> Vec<u8> {
    let port = |name: &str, dtype: u8| {
        let mut port = text(1, name);
        let mut of_tensor = Vec::new();
        bytes(&mut of_tensor, 1, &number(1, dtype));
        bytes(&mut port, 2, &of_tensor);
        port
    };
    // An attribute of type 2, INT.
    let attribute = [text(1, "to"), number(3, to), vec![0xa0, 0x01, 2]].concat();
    let mut node = [text(1, "x"), text(2, "y"), text(4, "Cast")].concat();
    bytes(&mut node, 5, &attribute);
    let mut graph = Vec::new();
    bytes(&mut graph, 1, &node);
    graph.extend(text(2, "cast"));
    bytes(&mut graph, 11, &port("x", from));
    bytes(&mut graph, 12, &port("y", to));
    // The eighth IR and operator set 13: what every runtime that is spoken to has.
    let mut model = number(1, 8);
    bytes(&mut model, 7, &graph);
    bytes(&mut model, 8, &number(2, 13));
    model
}

fn text(field: u8, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    bytes(&mut out, field, text.as_bytes());
    out
}

/// A number below 128.
fn number(field: u8, value: u8) -> Vec<u8> {
    vec![field << 3, value]
}

/// A field of bytes: its number, how many, and they themselves.
fn bytes(out: &mut Vec<u8>, field: u8, content: &[u8]) {
    out.push(field << 3 | 2);
    let mut left = content.len();
    while left >= 128 {
        out.push(left as u8 | 128);
        left >>= 7;
    }
    out.push(left as u8);
    out.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tract_onnx::pb::ModelProto;
    use tract_onnx::prelude::Framework;

    fn parsed(model: &[u8]) -> ModelProto {
        tract_onnx::onnx().proto_model_for_read(&mut std::io::Cursor::new(model)).unwrap()
    }

    #[test]
    fn what_is_appended_joins_what_is_there() {
        let model = cast(1, 10);
        let before = parsed(&model).graph.unwrap();
        assert_eq!((before.node[0].op_type.as_str(), before.node[0].attribute[0].i), ("Cast", 10));
        assert_eq!((before.input[0].name.as_str(), before.output[0].name.as_str()), ("x", "y"));
        let mut appended = Appended::default();
        let long = "a/long/name/".repeat(20);
        appended.node("Shape", "y", &long);
        appended.output(&long);
        let after = parsed(&appended.behind(model.clone()));
        assert_eq!((after.ir_version, after.opset_import.len()), (8, 1));
        let graph = after.graph.unwrap();
        assert_eq!((graph.name.as_str(), graph.input.len(), &graph.node[0]), ("cast", 1, &before.node[0]));
        assert_eq!((graph.node[1].op_type.as_str(), &graph.node[1].output), ("Shape", &vec![long.clone()]));
        assert_eq!(graph.output.iter().map(|o| o.name.as_str()).collect::<Vec<_>>(), ["y", long.as_str()]);
    }
}
