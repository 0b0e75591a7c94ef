//! Scales beside the model that they are for.

use std::collections::{HashMap, HashSet};

use super::super::fact::Fact;
use super::super::finding::Findings;
use super::super::graph::{Graph, GraphWeight, Node};
use super::super::read::Read;
use super::super::rule;
use super::each::shown;
use crate::report::number;
use crate::session::Kind;

/// Operators that integer kernels compute, with how many of their inputs are activations or weights.
const INTEGER: [(&str, usize); 4] = [("Conv", 2), ("ConvTranspose", 2), ("MatMul", 2), ("Gemm", 2)];
/// Operators that only move values, or take one of them.
const MOVES: [&str; 9] =
    ["Flatten", "Identity", "MaxPool", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"];
/// So far apart two scales are not one in other digits.
const APART: f64 = 1e-4;
/// A weight may reach so far beyond its clip.
const BEYOND: f64 = 1.1;
/// And a clip so far beyond its weight.
const TOO_WIDE: f64 = 10.0;

pub(super) fn judge(read: &Read, graph: &Graph, own: bool, findings: &mut Findings) {
    let facts: Vec<&Fact> = read.facts.iter().filter(|fact| !fact.float).collect();
    let by_name: HashMap<&str, &Fact> = facts.iter().map(|fact| (fact.name.as_str(), *fact)).collect();
    if !own {
        unknown(read, graph, findings);
        // Of what these have for constants nobody makes a weight's scale.
        let of_activations =
            ["tensorrt-cache", "tensorrt-ranges", "ort-cache", "ort-calibration-cache", "tpu-mlir-table"];
        if !of_activations.contains(&read.format.as_str()) {
            weights(&facts, graph, findings);
        }
    } else {
        bias(&by_name, graph, findings);
    }
    // A file about layers, or of a checkpoint, names no tensors of the graph.
    let makers = graph.makers();
    let of_graph = |fact: &&Fact| makers.contains_key(fact.name.as_str()) || graph.inputs.contains(&fact.name);
    if own || facts.iter().any(of_graph) {
        without(read, &by_name, graph, findings);
        shared(&by_name, graph, findings);
    }
}

fn unknown(read: &Read, graph: &Graph, findings: &mut Findings) {
    let nodes = graph.nodes.iter().flat_map(|node| node.outputs.iter().chain([&node.name]));
    let known: HashSet<&str> = nodes.chain(&graph.inputs).chain(&graph.constants).map(String::as_str).collect();
    let constants: HashSet<&str> = graph.constants.iter().map(String::as_str).collect();
    for fact in &read.facts {
        if !known.contains(fact.name.as_str()) {
            findings.tensor(&rule::NAME_UNKNOWN, &fact.key, format!("{} has no tensor of this name", graph.file));
        } else if fact.kind == Kind::Activation
            && constants.contains(fact.name.as_str())
            && matches!(read.format.as_str(), "qnn-overrides" | "aimet-0.6.1" | "aimet-1.0.0")
        {
            findings.tensor(&rule::WEIGHT_AS_ACTIVATION, &fact.key, format!("it is a constant of {}", graph.file));
        }
    }
}

fn weights(facts: &[&Fact], graph: &Graph, findings: &mut Findings) {
    let by_name: HashMap<&str, &GraphWeight> = graph.weights.iter().map(|w| (w.name.as_str(), w)).collect();
    for fact in facts {
        let Some(weight) = by_name.get(fact.name.as_str()) else { continue };
        let (clips, channels) = (fact.clips(), weight.amax.len());
        let axis = fact.axis.or(weight.axis).and_then(|axis| weight.shape.get(axis).copied());
        if clips.len() > 1 && (clips.len() != channels || axis.is_some_and(|n| n != clips.len())) {
            let shape: Vec<u64> = weight.shape.iter().map(|n| *n as u64).collect();
            let found = format!(
                "it has {}, and the weight of {} has {} output channels",
                number::of(clips.len() as u64, "scale"),
                number::shape(Some(&shape)),
                channels
            );
            findings.tensor(&rule::CHANNELS_DIFFER, &fact.key, found);
            continue;
        }
        let reach = |(low, high): (f64, f64)| high.max(-low);
        let whole = [weight.amax.iter().copied().fold(0.0, f32::max)];
        let amax = if clips.len() == 1 { &whole[..] } else { &weight.amax };
        let pairs = || clips.iter().zip(amax).map(|(clip, amax)| (reach(*clip), f64::from(*amax))).enumerate();
        let sound = |(_, (clip, amax)): &(usize, (f64, f64))| clip.is_finite() && *clip > 0.0 && *amax > 0.0;
        let of =
            |at: usize| if clips.len() > 1 { format!("channel {at} is clipped at") } else { "its clip is".to_owned() };
        let worst = |of: fn(f64, f64) -> f64| {
            pairs().filter(sound).max_by(|(_, (a, x)), (_, (b, y))| of(*a, *x).total_cmp(&of(*b, *y)))
        };
        if let Some((at, (clip, amax))) = worst(|clip, amax| amax / clip).filter(|(_, (c, a))| a / c > BEYOND) {
            let found = format!("{} {}, and its largest value {}", of(at), shown(clip), shown(amax));
            findings.tensor(&rule::WEIGHT_CLIPPED, &fact.key, found);
        }
        if let Some((at, (clip, amax))) = worst(|clip, amax| clip / amax).filter(|(_, (c, a))| c / a >= TOO_WIDE) {
            let found = format!("{} {}, and its largest value {}", of(at), shown(clip), shown(amax));
            findings.tensor(&rule::WEIGHT_TOO_WIDE, &fact.key, found);
        }
    }
}

/// What integer operators take and nobody has a scale for. Where a value is only moved, the scale before will do.
fn without(read: &Read, by_name: &HashMap<&str, &Fact>, graph: &Graph, findings: &mut Findings) {
    let makers = graph.makers();
    let floats: HashSet<&str> = read.facts.iter().filter(|fact| fact.float).map(|fact| fact.name.as_str()).collect();
    let constants: HashSet<&str> = graph.constants.iter().map(String::as_str).collect();
    let about_weights = read.facts.iter().any(|fact| fact.kind == Kind::Weight);
    let has = |name: &str| {
        let mut at = name;
        // No more steps than there are nodes, whatever the file says.
        for _ in 0..=graph.nodes.len() {
            if by_name.contains_key(at) || floats.contains(at) {
                return true;
            }
            match makers.get(at).filter(|node| MOVES.contains(&node.op.as_str())).and_then(|node| node.inputs.first()) {
                Some(before) => at = before,
                None => return false,
            }
        }
        false
    };
    let mut said = HashSet::new();
    for node in &graph.nodes {
        let Some((_, takes)) = INTEGER.iter().find(|(op, _)| *op == node.op) else { continue };
        for name in node.inputs.iter().take(*takes).filter(|name| !name.is_empty()) {
            let constant = constants.contains(name.as_str());
            if (!constant || about_weights) && !has(name) && said.insert(name.as_str()) {
                let found = format!("{} {} takes it", node.op, node.name);
                findings.tensor(&rule::TENSOR_WITHOUT_SCALE, name, found);
            }
        }
    }
}

/// Tensors that should share a scale: what a Concat joins, what a move has before it and behind.
fn shared(by_name: &HashMap<&str, &Fact>, graph: &Graph, findings: &mut Findings) {
    for node in &graph.nodes {
        let concat = node.op == "Concat";
        if !concat && !MOVES.contains(&node.op.as_str()) {
            continue;
        }
        let inputs = if concat { node.inputs.len() } else { 1 };
        let names = node.inputs.iter().take(inputs).chain(&node.outputs);
        // Of values that were seen a maximum is not what it is of, and whoever chooses ranges gives both one.
        let facts = names.filter_map(|name| by_name.get(name.as_str())).filter(|fact| concat || !fact.seen);
        let all: Vec<(&str, f64, f64)> = facts.filter_map(grid).collect();
        let Some((_, scale, zero)) = all.first().copied() else { continue };
        if let Some(other) = all.iter().find(|(_, s, z)| (s / scale - 1.0).abs() > APART || *z != zero) {
            let found = format!("{} has {}, {} {}", all[0].0, shown(scale), other.0, shown(other.1));
            let rule = if concat { &rule::CONCAT_DIFFERS } else { &rule::MOVE_DIFFERS };
            findings.tensor(rule, &named(node), found);
        }
    }
}

fn named(node: &Node) -> String {
    format!("{} {}", node.op, node.name)
}

/// A tensor's scale and zero point; of a file of ends what they stand for.
fn grid<'a>(fact: &&'a Fact) -> Option<(&'a str, f64, f64)> {
    let scale = match (fact.scale(), fact.ends.as_slice()) {
        (Some(scale), _) => scale,
        (None, [(low, high)]) if fact.numbers.count == 0 => {
            return Some((&fact.name, high.max(-low) / 127.0, low / high));
        }
        _ => return None,
    };
    (scale.is_finite() && scale > 0.0).then_some((&fact.name, scale, fact.zeros.first().copied().unwrap_or(0.0)))
}

/// A bias in int32 is added to products: its scale is the product of theirs.
fn bias(by_name: &HashMap<&str, &Fact>, graph: &Graph, findings: &mut Findings) {
    let of: HashMap<&str, &[f32]> =
        graph.quantizers.iter().filter(|q| q.dtype == "int32").map(|q| (q.tensor.as_str(), &q.scales[..])).collect();
    for node in graph.nodes.iter().filter(|node| INTEGER.iter().any(|(op, _)| *op == node.op)) {
        let [x, w, b, ..] = &node.inputs[..] else { continue };
        let Some(bias) = of.get(b.as_str()) else { continue };
        let (Some(x), Some(w)) = (by_name.get(x.as_str()).and_then(|x| x.scale()), by_name.get(w.as_str())) else {
            continue;
        };
        for (at, found) in bias.iter().enumerate() {
            let scales = &w.numbers.each;
            let Some(w) = scales.get(if scales.len() == 1 { 0 } else { at }) else { continue };
            let expected = x * f64::from(*w);
            if (f64::from(*found) / expected - 1.0).abs() > 1e-3 {
                let channel = if bias.len() > 1 { format!(" of channel {at}") } else { String::new() };
                let found = format!("its scale{channel} is {found:e}, and input times weight {expected:e}");
                findings.tensor(&rule::BIAS_SCALE, b, found);
                break;
            }
        }
    }
}
