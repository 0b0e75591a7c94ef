//! A whole ONNX file: its graph, the versions of its operators, and everything else as it stands.

use super::graph::Graph;
use super::wire::{Field, Value, fields, put_bytes, put_number};

/// A file.
#[derive(Clone, Debug)]
pub(super) struct Onnx<'a> {
    pub graph: Graph<'a>,
    /// The version of ONNX's own operators.
    pub opset: i64,
    ir_version: i64,
    was: (i64, i64),
    parts: Vec<Field<'a>>,
}

const IR_VERSION: u32 = 1;
const GRAPH: u32 = 7;
const OPSET: u32 = 8;

/// The largest message that protobuf's own readers take.
const LARGEST: usize = i32::MAX as usize;

impl<'a> Onnx<'a> {
    /// Reads a file.
    pub fn read(bytes: &'a [u8]) -> Result<Onnx<'a>, String> {
        let (mut graph, mut opset, mut ir_version, mut parts) = (None, None, 0, Vec::new());
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                IR_VERSION => ir_version = field.whole()?,
                GRAPH if graph.is_some() => return Err("it holds two graphs".to_owned()),
                GRAPH => graph = Some(Graph::read(field.bytes()?, 0)?),
                OPSET => {
                    let (domain, version) = imported(field.bytes()?)?;
                    if matches!(domain, "" | "ai.onnx") {
                        opset = opset.max(Some(version));
                    }
                }
                _ => {}
            }
            parts.push(field);
        }
        let graph = graph.ok_or("it holds no graph")?;
        let opset = opset.unwrap_or(1);
        Ok(Onnx { graph, opset, ir_version, was: (opset, ir_version), parts })
    }

    /// Raises the version of ONNX's own operators, and that of the format with it.
    pub fn raise(&mut self, opset: i64) {
        if opset > self.opset {
            self.opset = opset;
            self.ir_version = self.ir_version.max(format_of(opset));
        }
    }

    /// Says that constants are given which are no inputs.
    pub fn constants_are_no_inputs(&mut self) {
        self.ir_version = self.ir_version.max(4);
    }

    /// The file.
    pub fn write(&self) -> Result<Vec<u8>, String> {
        let graph = self.graph.write();
        let mut out = Vec::with_capacity(graph.len() + 1024);
        let mut graph = Some(graph);
        for field in &self.parts {
            match field.number {
                IR_VERSION if self.ir_version != self.was.1 => put_number(&mut out, IR_VERSION, self.ir_version),
                GRAPH => match graph.take() {
                    Some(graph) if field.value != Value::Bytes(&graph) => put_bytes(&mut out, GRAPH, &graph),
                    _ => out.extend_from_slice(field.raw),
                },
                OPSET if self.opset != self.was.0 => put_bytes(&mut out, OPSET, &self.import(field)?),
                _ => out.extend_from_slice(field.raw),
            }
        }
        if out.len() > LARGEST {
            let why = "it would be larger than the 2 GB that protobuf takes; save the model with external data first";
            return Err(why.to_owned());
        }
        Ok(out)
    }

    /// An import at the version that it has now.
    fn import(&self, field: &Field) -> Result<Vec<u8>, String> {
        let bytes = field.bytes()?;
        let (domain, _) = imported(bytes)?;
        if !matches!(domain, "" | "ai.onnx") {
            return Ok(bytes.to_vec());
        }
        let mut out = Vec::with_capacity(bytes.len() + 1);
        for part in fields(bytes) {
            let part = part?;
            if part.number != 2 {
                out.extend_from_slice(part.raw);
            }
        }
        put_number(&mut out, 2, self.opset);
        Ok(out)
    }
}

/// An import's domain and version.
fn imported(bytes: &[u8]) -> Result<(&str, i64), String> {
    let (mut domain, mut version) = ("", 0);
    for part in fields(bytes) {
        let part = part?;
        match part.number {
            1 => domain = part.text()?,
            2 => version = part.whole()?,
            _ => {}
        }
    }
    Ok((domain, version))
}

/// The version of the format that came with an opset (onnx.helper's table).
fn format_of(opset: i64) -> i64 {
    match opset {
        ..=8 => 3,
        9 => 4,
        10 => 5,
        11 => 6,
        12..=14 => 7,
        15..=18 => 8,
        19 | 20 => 9,
        21 | 22 => 10,
        23 => 11,
        _ => 12,
    }
}
