//! Files by hand, and the bundled one.

use super::graph::{Graph, Item, OUTPUT};
use super::inner::{self, Instead};
use super::names::Names;
use super::node::{Attribute, Node};
use super::onnx::Onnx;
use super::unused::drop_unused;
use super::wire::{Field, fields, put_bytes, put_number, put_text};
use super::{opset, pairs};
use proptest::prelude::*;
use std::collections::HashSet;

fn bundled() -> Vec<u8> {
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models");
    std::fs::read(models.join("ch_ppocr_mobile_v2.0_cls_infer.onnx")).unwrap()
}

fn message(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

/// A node's message.
fn node(op: &str, inputs: &[&str], outputs: &[&str], attributes: &[Vec<u8>]) -> Vec<u8> {
    message(|out| {
        inputs.iter().for_each(|input| put_bytes(out, 1, input.as_bytes()));
        outputs.iter().for_each(|output| put_bytes(out, 2, output.as_bytes()));
        put_text(out, 4, op);
        attributes.iter().for_each(|attribute| put_bytes(out, 5, attribute));
    })
}

fn attribute(name: &str, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    message(|out| {
        put_text(out, 1, name);
        write(out);
    })
}

fn whole_numbers(name: &str, numbers: &[i64]) -> Vec<u8> {
    attribute(name, |out| numbers.iter().for_each(|n| put_number(out, 8, *n)))
}

fn inside(name: &str, graph: &[u8]) -> Vec<u8> {
    attribute(name, |out| put_bytes(out, 6, graph))
}

fn graph(nodes: &[Vec<u8>], inputs: &[&str], outputs: &[&str]) -> Vec<u8> {
    message(|out| {
        nodes.iter().for_each(|node| put_bytes(out, 1, node));
        for (field, ports) in [(11, inputs), (12, outputs)] {
            ports.iter().for_each(|port| put_bytes(out, field, &message(|out| put_text(out, 1, port))));
        }
    })
}

fn model(graph: &[u8], opset: i64) -> Vec<u8> {
    message(|out| {
        put_number(out, 1, 3);
        put_bytes(out, 7, graph);
        put_bytes(out, 8, &message(|out| put_number(out, 2, opset)));
    })
}

/// `op: inputs > outputs` of each node.
fn shown(graph: &Graph) -> Vec<String> {
    let shown = |node: &Node| format!("{}: {} > {}", node.op, node.inputs.join(" "), node.outputs.join(" "));
    graph.nodes().map(shown).collect()
}

#[test]
fn a_file_comes_back_with_its_bytes() {
    let bytes = bundled();
    let onnx = Onnx::read(&bytes).unwrap();
    assert_eq!(onnx.opset, 11);
    assert!(onnx.write().unwrap() == bytes);
}

#[test]
fn what_is_torn_or_twisted_is_a_sentence() {
    let bytes = bundled();
    for end in (0..bytes.len()).step_by(997) {
        match Onnx::read(&bytes[..end]) {
            Ok(onnx) => assert!(onnx.write().unwrap() == bytes[..end], "{end}"),
            Err(why) => assert!(why.len() < 200 && !why.is_empty(), "{end}: {why}"),
        }
    }
    // The length of the graph, as large as can be.
    let huge = message(|out| {
        put_number(out, 1, 8);
        out.extend([0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    });
    let why = Onnx::read(&huge).unwrap_err();
    assert!(why.starts_with("field 7 is of 9223372036854775807 bytes"), "{why}");
    let two = [model(&graph(&[], &[], &[]), 13), model(&graph(&[], &[], &[]), 13)].concat();
    assert_eq!(Onnx::read(&two).unwrap_err(), "it holds two graphs");
    assert_eq!(Onnx::read(&[]).unwrap_err(), "it holds no graph");
    let latin = node("Relu", &["x"], &["y"], &[]).into_iter().map(|b| if b == b'x' { 0xe4 } else { b }).collect();
    assert_eq!(Onnx::read(&model(&graph(&[latin], &[], &[]), 13)).unwrap_err(), "field 1 holds a text that is none");
}

#[test]
fn graphs_in_graphs_have_an_end() {
    let mut bytes = graph(&[node("Relu", &["x"], &["y"], &[])], &[], &["y"]);
    for _ in 0..200 {
        bytes = graph(&[node("If", &["c"], &["y"], &[inside("then_branch", &bytes)])], &[], &["y"]);
    }
    let file = model(&bytes, 13);
    let mut onnx = Onnx::read(&file).unwrap();
    let why = inner::take_instead(&mut onnx.graph, &Instead::from([("x".into(), "z".into())])).unwrap_err();
    assert_eq!(why, "more than 32 graphs stand in one another");
}

#[test]
fn an_edited_node_keeps_what_nobody_knows() {
    let unknown = message(|out| {
        put_bytes(out, 6, b"documentation");
        put_bytes(out, 9, b"\x0a\x01k\x12\x01v");
        put_bytes(out, 77, b"of tomorrow");
        put_number(out, 78, -1);
    });
    let bytes = [node("Relu", &["x", ""], &["y"], &[whole_numbers("axes", &[1])]), unknown.clone()].concat();
    let file = graph(&[bytes], &["x"], &["y"]);
    let mut read = Graph::read(&file, 0).unwrap();
    assert!(inner::take_instead(&mut read, &Instead::from([("x".into(), "x_dq".into())])).unwrap());
    let written = read.write();
    let again = Graph::read(&written, 0).unwrap();
    assert_eq!(shown(&again), ["Relu: x_dq  > y"]);
    let first: Field = fields(&written).next().unwrap().unwrap();
    assert!(first.bytes().unwrap().windows(unknown.len()).any(|w| w == unknown));
    let axes = again.nodes().next().unwrap().attribute("axes").map(Attribute::as_numbers);
    assert_eq!(axes, Some(vec![1]));
    assert_eq!(again.ports(OUTPUT).count(), 1);
}

#[test]
fn branches_take_what_is_taken_outside_unless_the_name_is_their_own() {
    let takes = graph(&[node("Relu", &["x"], &["r"], &[])], &[], &["r"]);
    let own = graph(&[node("Neg", &["q"], &["x"], &[]), node("Relu", &["x"], &["s"], &[])], &[], &["s"]);
    let branches = [inside("then_branch", &takes), inside("else_branch", &own)];
    let file = graph(&[node("If", &["c"], &["y"], &branches)], &["c", "x", "q"], &["y"]);
    let mut read = Graph::read(&file, 0).unwrap();
    let instead = Instead::from([("x".into(), "x_dq".into()), ("q".into(), "q_dq".into())]);
    assert!(inner::take_instead(&mut read, &instead).unwrap());
    let written = read.write();
    let mut again = Graph::read(&written, 0).unwrap();
    let mut seen = Vec::new();
    for node in again.nodes_mut() {
        inner::each(node, 0, &mut |inner| {
            seen.extend(shown(inner));
            Ok(false)
        })
        .unwrap();
    }
    assert_eq!(seen, ["Relu: x_dq > r", "Neg: q_dq > x", "Relu: x > s"]);
    let mut names = Names::of(&again).unwrap();
    assert_eq!(
        (names.fresh("s"), names.fresh("x_dq"), names.fresh("new")),
        ("s_2".into(), "x_dq_2".into(), "new".into())
    );
}

/// A node at an old opset as the new one has it; of its inputs' constants the numbers.
fn raised(op: &str, (from, to): (i64, i64), inputs: &[&str], attributes: &[Vec<u8>]) -> Result<Vec<String>, String> {
    let file = graph(&[node(op, inputs, &["y"], attributes)], &["x"], &["y"]);
    let mut read = Graph::read(&file, 0).unwrap();
    let mut names = Names::of(&read).unwrap();
    opset::raise(&mut read, (from, to), &mut names)?;
    let written = read.write();
    Ok(shown(&Graph::read(&written, 0).unwrap()))
}

#[test]
fn nodes_are_written_as_a_later_opset_has_them() {
    let axes = [whole_numbers("axes", &[1, -1])];
    let fine = |op: &str, versions, attributes: &[Vec<u8>]| raised(op, versions, &["x"], attributes).unwrap();
    assert_eq!(fine("Squeeze", (11, 13), &axes), ["Squeeze: x axes_1_-1 > y"]);
    assert_eq!(fine("Squeeze", (11, 12), &axes), ["Squeeze: x > y"], "the version before the change");
    assert_eq!(fine("Squeeze", (13, 21), &[]), ["Squeeze: x > y"]);
    assert_eq!(fine("ReduceMean", (13, 18), &axes), ["ReduceMean: x axes_1_-1 > y"]);
    assert_eq!(fine("ReduceMean", (13, 17), &axes), ["ReduceMean: x > y"]);
    assert_eq!(
        fine("Slice", (9, 13), &[whole_numbers("starts", &[0]), whole_numbers("ends", &[4])]),
        ["Slice: x axes_0 axes_4 > y"]
    );
    let max = attribute("max", |out| {
        out.push(0x15);
        out.extend(6_f32.to_le_bytes());
    });
    assert_eq!(fine("Clip", (10, 13), &[max]), ["Clip: x  y_2 > y"]);
    assert_eq!(fine("Scatter", (10, 13), &[]), ["ScatterElements: x > y"]);
    assert_eq!(
        raised("Upsample", (9, 13), &["x", "s"], &[]).unwrap(),
        ["Resize: x resize_roi s > y"],
        "an operator that went"
    );
    // Its axis is the first of those that are one row, and nobody knows whether there are more behind.
    assert_eq!(
        fine("Softmax", (11, 13), &[]),
        [
            "Shape: x > y_shape",
            "Flatten: x > y_rows",
            "Softmax: y_rows > y_normalized",
            "Reshape: y_normalized y_shape > y"
        ]
    );
    let last = [attribute("axis", |out| put_number(out, 3, -1))];
    assert_eq!(fine("Softmax", (11, 13), &last), ["Softmax: x > y"]);
    assert_eq!(fine("Split", (17, 18), &[]), ["Split: x > y"]);
}

#[test]
fn what_means_something_else_later_is_refused() {
    let why = raised("GroupNormalization", (18, 21), &["x"], &[]).unwrap_err();
    assert!(why.contains("from opset 18 to 21") && why.contains("GroupNormalization y"), "{why}");
    assert!(raised("Scan", (8, 13), &["x"], &[]).is_err());
    assert!(raised("Relu", (6, 13), &["x"], &[]).unwrap_err().starts_with("is of opset 6"));
    let file = graph(&[node("BatchNormalization", &["x"], &["y", "mean"], &[])], &["x"], &["y"]);
    let mut read = Graph::read(&file, 0).unwrap();
    let mut names = Names::of(&read).unwrap();
    assert!(opset::raise(&mut read.clone(), (9, 13), &mut names).is_ok());
    assert!(opset::raise(&mut read, (9, 14), &mut names).unwrap_err().contains("in training mode"));
}

#[test]
fn a_raised_file_says_its_opset_and_keeps_those_of_other_domains() {
    let other = message(|out| {
        put_text(out, 1, "com.microsoft");
        put_number(out, 2, 1);
    });
    let file = [model(&graph(&[], &[], &[]), 11), message(|out| put_bytes(out, 8, &other))].concat();
    let mut onnx = Onnx::read(&file).unwrap();
    onnx.raise(9);
    assert!(onnx.write().unwrap() == file, "never lowered");
    onnx.raise(21);
    let written = onnx.write().unwrap();
    let again = Onnx::read(&written).unwrap();
    assert_eq!(again.opset, 21);
    assert!(written.windows(other.len()).any(|w| w == other));
}

#[test]
fn pairs_go_and_outputs_keep_their_names() {
    let nodes = [
        node("QuantizeLinear", &["x", "s"], &["x_q"], &[]),
        node("DequantizeLinear", &["x_q", "s"], &["x_dq"], &[]),
        node("Relu", &["x_dq"], &["y_in"], &[]),
        node("QuantizeLinear", &["y_in", "s"], &["y_q"], &[]),
        node("DequantizeLinear", &["y_q", "s"], &["y"], &[]),
        node("Neg", &["y"], &["z"], &[]),
    ];
    let file = graph(&nodes, &["x"], &["y", "z"]);
    let mut read = Graph::read(&file, 0).unwrap();
    pairs::take_out(&mut read, &[("x".into(), "x_dq".into()), ("y_in".into(), "y".into())]).unwrap();
    assert_eq!(shown(&read), ["Relu: x > y", "Neg: y > z"]);
    // An input that is handed on under the name of an output.
    let file = graph(&nodes[..2], &["x"], &["x_dq"]);
    let mut read = Graph::read(&file, 0).unwrap();
    pairs::take_out(&mut read, &[("x".into(), "x_dq".into())]).unwrap();
    assert_eq!(shown(&read), ["Identity: x > x_dq"]);
}

#[test]
fn only_what_was_freed_is_dropped() {
    let nodes = [
        node("Mul", &["w", "two"], &["w2"], &[]),
        node("Transpose", &["w2"], &["wt"], &[]),
        node("Neg", &["x"], &["unused before"], &[]),
        node("Relu", &["x"], &["y"], &[]),
    ];
    let file = graph(&nodes, &["x"], &["y"]);
    let mut read = Graph::read(&file, 0).unwrap();
    drop_unused(&mut read, HashSet::from(["wt".to_owned()])).unwrap();
    assert_eq!(shown(&read), ["Neg: x > unused before", "Relu: x > y"]);
}

proptest! {
    #[test]
    fn bytes_that_are_changed_do_no_harm(at in 0_usize..585_532, byte: u8) {
        let mut bytes = bundled();
        bytes[at] = byte;
        if let Ok(mut onnx) = Onnx::read(&bytes) {
            prop_assert!(onnx.write().unwrap() == bytes);
            let instead = Instead::from([("x".to_owned(), "z".to_owned())]);
            let _ = inner::take_instead(&mut onnx.graph, &instead);
            let _ = Names::of(&onnx.graph).map(|mut names| opset::raise(&mut onnx.graph, (11, 21), &mut names));
            prop_assert!(onnx.graph.items.iter().any(|item| matches!(item, Item::Node(_))) || onnx.graph.items.len() < 1000);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let file = model(&bytes, 13);
        if let Ok(onnx) = Onnx::read(&file) {
            prop_assert!(onnx.write().unwrap() == file);
        }
    }
}
