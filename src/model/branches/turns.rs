//! The turns of a `Loop` or `Scan`, one after the other in the graph.
//!
//! Before each turn there is a question, as before an `If`: whether there is a next one. What a turn makes is called as in
//! the body, with the turn's number behind it from the second on.

use super::identity;
use super::names::each_name;
use super::nodes::{constant, gather, node, unsqueeze};
use std::collections::HashMap;
use tract_onnx::pb::{GraphProto, NodeProto};

/// Longer ones are not written out.
pub(super) const MOST: usize = 32;

/// What a turn gives a name: that in the body, or none, if it is there for the sake of the turns only.
pub(super) type Names = HashMap<String, Option<String>>;

/// A `Loop` or `Scan` by its parts.
struct Parts {
    body: GraphProto,
    /// Tensors that each turn hands to the next.
    states: usize,
    /// Of a `Scan`, what is fed slice by slice: input, axis, and whether backwards.
    slices: Vec<(String, i64, bool)>,
    /// Of each output that is put together from all turns, the axis, and whether backwards.
    gathered: Vec<(i64, bool)>,
}

fn parts(of: &NodeProto) -> Option<Parts> {
    let find = |name: &str| of.attribute.iter().find(|attribute| attribute.name == name);
    let body = find("body")?.g.clone()?;
    let list = |name: &str, at: usize| find(name).and_then(|list| list.ints.get(at).copied()).unwrap_or(0);
    if of.op_type == "Loop" {
        let states = of.input.len().checked_sub(2)?;
        let gathered = vec![(0, false); of.output.len().saturating_sub(states)];
        return Some(Parts { body, states, slices: Vec::new(), gathered });
    }
    let fed = usize::try_from(find("num_scan_inputs")?.i).ok()?;
    let states = of.input.len().checked_sub(fed)?;
    let slice = |at: usize| {
        let backwards = list("scan_input_directions", at) == 1;
        (of.input[states + at].clone(), list("scan_input_axes", at), backwards)
    };
    let gather = |at: usize| (list("scan_output_axes", at), list("scan_output_directions", at) == 1);
    let gathered = (0..of.output.len().saturating_sub(states)).map(gather).collect();
    Some(Parts { body, states, slices: (0..fed).map(slice).collect(), gathered })
}

/// Whether there is a turn after the first `turn`; of a `Scan`, before it is begun, whether it is to be written out at
/// all. The nodes that compute it, and what it is called.
pub(super) fn question(of: &NodeProto, turn: Option<usize>) -> (Vec<NodeProto>, String) {
    let name = |what: &str| format!("{} ({what})", identity(of));
    let mut nodes = Vec::new();
    let whether = name("whether");
    if of.op_type == "Loop" {
        let (most, going_on) = (of.input.first().cloned(), of.input.get(1).cloned());
        let mut all: Vec<String> = going_on.filter(|name| !name.is_empty()).into_iter().collect();
        if let Some(most) = most.filter(|name| !name.is_empty()) {
            nodes.push(constant(name("turn"), &[], &[turn.unwrap_or(0) as i64]));
            nodes.push(node("Less", &[&name("turn"), &most], &name("counted")));
            all.push(name("counted"));
        }
        match all.as_slice() {
            [] => nodes.push(super::nodes::truth(whether.clone(), true)),
            [one] => return (nodes, one.clone()),
            [first, second, ..] => nodes.push(node("And", &[first, second], &whether)),
        }
        return (nodes, whether);
    }
    let Some((input, axis, _)) = parts(of).and_then(|parts| parts.slices.first().cloned()) else {
        return (vec![super::nodes::truth(whether.clone(), false)], whether);
    };
    nodes.push(node("Shape", &[&input], &name("shape")));
    nodes.push(constant(name("axis"), &[], &[axis]));
    nodes.push(gather(&name("shape"), &name("axis"), 0, &name("turns")));
    nodes.push(constant(name("turn"), &[], &[turn.unwrap_or(0) as i64]));
    match turn {
        Some(_) => nodes.push(node("Less", &[&name("turn"), &name("turns")], &whether)),
        None => {
            nodes.push(constant(name("most"), &[], &[MOST as i64 + 1]));
            nodes.push(node("Less", &[&name("turn"), &name("turns")], &name("any")));
            nodes.push(node("Less", &[&name("turns"), &name("most")], &name("few")));
            nodes.push(node("And", &[&name("any"), &name("few")], &whether));
        }
    }
    (nodes, whether)
}

/// Writes a turn of a node out: into `graph`, and into the node what the next turn begins with.
pub(super) fn write(of: &mut NodeProto, turn: usize, opset: i64, graph: &mut GraphProto, names: &mut Names) {
    let Some(Parts { mut body, states, slices, gathered }) = parts(of) else { return };
    let numbered = |name: &str| if turn == 0 { name.to_owned() } else { format!("{name} (turn {})", turn + 1) };
    let mut new: HashMap<String, String> = HashMap::new();
    let mut inputs = body.input.iter().map(|input| input.name.clone());
    let is_loop = of.op_type == "Loop";
    if is_loop {
        let (count, going_on) = (inputs.next().unwrap_or_default(), inputs.next().unwrap_or_default());
        graph.node.push(constant(numbered(&count), &[], &[turn as i64]));
        new.insert(count.clone(), numbered(&count));
        if of.input[1].is_empty() {
            of.input[1] = numbered(&going_on);
            graph.node.push(super::nodes::truth(numbered(&going_on), true));
        }
        new.insert(going_on, of.input[1].clone());
    }
    let first = if is_loop { 2 } else { 0 };
    new.extend(inputs.by_ref().take(states).zip(of.input[first..].iter().cloned()));
    for (slice, (input, axis, backwards)) in inputs.zip(slices) {
        let (at, index) = (format!("{} (at)", numbered(&slice)), turn as i64);
        graph.node.push(constant(at.clone(), &[], &[if backwards { -1 - index } else { index }]));
        graph.node.push(gather(&input, &at, axis, &numbered(&slice)));
        new.insert(slice.clone(), numbered(&slice));
    }
    // Constants are the same in each turn.
    let initializers = std::mem::take(&mut body.initializer);
    let (constants, nodes): (Vec<_>, Vec<_>) =
        std::mem::take(&mut body.node).into_iter().partition(|node| node.op_type == "Constant");
    body.node = nodes;
    if turn == 0 {
        graph.initializer.extend(initializers);
        graph.node.extend(constants);
    }
    for name in super::all(&body).into_iter().flat_map(made) {
        new.insert(name.to_owned(), numbered(name));
    }
    if turn > 0 {
        names.extend(
            new.iter().filter(|(old, new)| **new == numbered(old)).map(|(old, new)| (new.clone(), Some(old.clone()))),
        );
        rename_nodes(&mut body, &numbered);
    }
    rename(&mut body, &new);
    graph.node.append(&mut body.node);

    let mut results = body.output.iter().map(|output| output.name.clone());
    if is_loop {
        of.input[1] = results.next().unwrap_or_default();
    }
    for (place, state) in results.by_ref().take(states).enumerate() {
        of.input[first + place] = state;
    }
    for ((result, output), (axis, _)) in results.zip(&of.output[states.min(of.output.len())..]).zip(gathered) {
        let part = part(output, turn);
        graph.node.extend(unsqueeze(&result, axis, opset, &part));
        names.insert(part, None);
    }
}

/// What comes out after all turns.
pub(super) fn end(of: &NodeProto, turns: usize, graph: &mut GraphProto) {
    let Some(Parts { states, gathered, .. }) = parts(of) else { return };
    let first = if of.op_type == "Loop" { 2 } else { 0 };
    let (handed_on, put_together) = of.output.split_at(states.min(of.output.len()));
    for (state, output) in of.input[first..].iter().zip(handed_on).filter(|(_, output)| !output.is_empty()) {
        graph.node.push(node("Identity", &[state], output));
    }
    for (output, (axis, backwards)) in put_together.iter().zip(gathered).filter(|(output, _)| !output.is_empty()) {
        let mut parts: Vec<String> = (0..turns).map(|turn| part(output, turn)).collect();
        if backwards {
            parts.reverse();
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        graph.node.push(super::nodes::with(node("Concat", &parts, output), "axis", axis));
    }
}

/// Whether all that comes out can be said after no turn at all.
pub(super) fn needs_a_turn(of: &NodeProto) -> bool {
    parts(of).is_some_and(|parts| !parts.gathered.is_empty())
}

fn part(output: &str, turn: usize) -> String {
    format!("{output} (of turn {})", turn + 1)
}

fn made(graph: &GraphProto) -> impl Iterator<Item = &str> {
    let outputs = graph.node.iter().flat_map(|node| &node.output);
    let constants = graph.initializer.iter().map(|tensor| &tensor.name);
    outputs.chain(constants).map(String::as_str).filter(|name| !name.is_empty())
}

/// Brings all names up to date, inside as well.
fn rename(graph: &mut GraphProto, new: &HashMap<String, String>) {
    let mut change = |name: &mut String| {
        if let Some(new) = new.get(name.as_str()) {
            name.clone_from(new);
        }
    };
    each_name(graph, &mut change);
    for node in &mut graph.node {
        for attribute in &mut node.attribute {
            attribute.g.iter_mut().chain(&mut attribute.graphs).for_each(|graph| rename(graph, new));
        }
    }
}

fn rename_nodes(graph: &mut GraphProto, new: &dyn Fn(&str) -> String) {
    for node in &mut graph.node {
        if !node.name.is_empty() {
            node.name = new(&node.name);
        }
        for attribute in &mut node.attribute {
            attribute.g.iter_mut().chain(&mut attribute.graphs).for_each(|graph| rename_nodes(graph, new));
        }
    }
}
