//! The element types of a graph's tensors, as far as ONNX's shape inference knows them.

use crate::model::constants::Element;
use std::collections::HashMap;
use tract_onnx::pb::type_proto::Value as TypeValue;
use tract_onnx::pb::{GraphProto, NodeProto, ValueInfoProto};

const FLOAT: i32 = 1;
const INT64: i32 = 7;
const BOOL: i32 = 9;

/// Types by name. What ONNX knows no rule for has none, and neither has what is computed from that.
pub(super) struct Types<'a>(HashMap<&'a str, i32>);

impl<'a> Types<'a> {
    pub fn of(graph: &'a GraphProto) -> Types<'a> {
        let mut types = Types(HashMap::new());
        types.walk(graph);
        types
    }

    /// Whether it holds floats of 16 or 32 bits, which is what `quantize_static` quantizes; `None` where nobody knows.
    pub fn is_quantizable(&self, name: &str) -> Option<bool> {
        self.0.get(name).map(|of| matches!(of, 1 | 10))
    }

    /// Of each tensor whose type is known, its number in ONNX.
    pub fn all(&self) -> impl Iterator<Item = (&'a str, i32)> {
        self.0.iter().map(|(name, of)| (*name, *of))
    }

    fn walk(&mut self, graph: &'a GraphProto) {
        for info in graph.value_info.iter().chain(&graph.input).chain(&graph.output) {
            self.0.extend(declared(info).map(|of| (info.name.as_str(), of)));
        }
        self.0.extend(graph.initializer.iter().map(|tensor| (tensor.name.as_str(), Element::of(tensor).0)));
        for node in &graph.node {
            for inner in node.attribute.iter().filter_map(|attribute| attribute.g.as_ref()) {
                self.walk(inner);
            }
            for (at, output) in node.output.iter().enumerate().filter(|(_, output)| !output.is_empty()) {
                if !self.0.contains_key(output.as_str())
                    && let Some(of) = self.made(node, at)
                {
                    self.0.insert(output, of);
                }
            }
        }
    }

    /// The type of what a node makes.
    fn made(&self, node: &NodeProto, at: usize) -> Option<i32> {
        if !matches!(&*node.domain, "" | "ai.onnx") {
            return None;
        }
        let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name);
        let chosen = |name: &str| attribute(name).map(|a| a.i as i32).filter(|of| *of != 0);
        let input = |at: usize| node.input.get(at).and_then(|name| self.0.get(name.as_str())).copied();
        let inner = |at: usize| {
            let graph = node.attribute.iter().find_map(|attribute| attribute.g.as_ref())?;
            self.0.get(graph.output.get(at)?.name.as_str()).copied()
        };
        match &*node.op_type {
            "And" | "Equal" | "Greater" | "GreaterOrEqual" | "IsInf" | "IsNaN" | "Less" | "LessOrEqual" | "Not"
            | "Or" | "Xor" => Some(BOOL),
            "ArgMax" | "ArgMin" | "NonMaxSuppression" | "NonZero" | "Shape" | "Size" => Some(INT64),
            "MaxPool" | "TopK" if at > 0 => Some(INT64),
            "Unique" if at > 0 => Some(INT64),
            "Dropout" if at > 0 => Some(BOOL),
            "Cast" => chosen("to"),
            "Constant" => {
                let tensor = attribute("value").and_then(|value| value.t.as_ref());
                tensor.map(|tensor| Element::of(tensor).0)
            }
            "ConstantOfShape" => {
                let tensor = attribute("value").and_then(|value| value.t.as_ref());
                Some(tensor.map_or(FLOAT, |tensor| Element::of(tensor).0))
            }
            "RandomNormal" | "RandomUniform" => Some(chosen("dtype").unwrap_or(FLOAT)),
            "EyeLike" | "RandomNormalLike" | "RandomUniformLike" | "Bernoulli" => chosen("dtype").or(input(0)),
            "Multinomial" => Some(chosen("dtype").unwrap_or(6)),
            "BlackmanWindow" | "HannWindow" | "HammingWindow" => Some(chosen("output_datatype").unwrap_or(FLOAT)),
            "QuantizeLinear" => chosen("output_dtype").or(input(2)).or(Some(Element::UINT8.0)),
            "DequantizeLinear" => chosen("output_dtype").or(input(1)),
            "ConvInteger" | "MatMulInteger" => Some(6),
            "Where" | "CastLike" => input(1),
            "OneHot" => input(2),
            // The first output of a turn is whether there is another.
            "Loop" => inner(at + 1),
            "If" | "Scan" => inner(at),
            _ => input(0),
        }
    }
}

fn declared(info: &ValueInfoProto) -> Option<i32> {
    let TypeValue::TensorType(tensor) = info.r#type.as_ref()?.value.as_ref()?;
    Some(tensor.elem_type).filter(|of| *of != 0)
}
