//! What stands inside nodes: the branches of an `If`, the bodies of `Loop` and `Scan`.

use super::graph::{Graph, Item};
use super::node::Node;
use super::wire::{fields, put_bytes};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Looks at each graph inside a node; what was changed, as the answer says, is written back.
pub(super) fn each(
    node: &mut Node,
    depth: usize,
    change: &mut dyn FnMut(&mut Graph) -> Result<bool, String>,
) -> Result<bool, String> {
    let mut changed = false;
    for at in 0..node.attributes.len() {
        if !node.attributes[at].is_deep {
            continue;
        }
        let mut out = Vec::new();
        let mut differs = false;
        for field in fields(&node.attributes[at].content) {
            let field = field?;
            if !matches!(field.number, 6 | 11) {
                out.extend_from_slice(field.raw);
                continue;
            }
            let mut graph = Graph::read(field.bytes()?, depth + 1)?;
            if change(&mut graph)? {
                differs = true;
                put_bytes(&mut out, field.number, &graph.write());
            } else {
                out.extend_from_slice(field.raw);
            }
        }
        if differs {
            node.edit().attributes[at].content = out.into();
            changed = true;
        }
    }
    Ok(changed)
}

/// Whether there is a graph inside a node.
pub(super) fn has_any(node: &Node) -> bool {
    let deep = node.attributes.iter().filter(|attribute| attribute.is_deep);
    deep.flat_map(|attribute| fields(&attribute.content))
        .filter_map(Result::ok)
        .any(|field| matches!(field.number, 6 | 11))
}

/// What is to be taken in the place of a tensor, by its name.
pub(super) type Instead = HashMap<String, String>;

/// Has the nodes of a graph, and of those inside them, take other tensors. A name that an inner graph gives to something
/// of its own is another tensor there.
pub(super) fn take_instead(graph: &mut Graph, instead: &Instead) -> Result<bool, String> {
    let depth = graph.depth;
    let mut changed = false;
    for node in graph.nodes_mut() {
        for at in 0..node.inputs.len() {
            if let Some(other) = instead.get(&*node.inputs[at]) {
                node.edit().inputs[at] = Cow::Owned(other.clone());
                changed = true;
            }
        }
        if has_any(node) {
            changed |= each(node, depth, &mut |inner| {
                let own: HashSet<String> =
                    inner.defined().filter(|name| instead.contains_key(*name)).map(str::to_owned).collect();
                if own.is_empty() {
                    return take_instead(inner, instead);
                }
                let rest: Instead = instead
                    .iter()
                    .filter(|(name, _)| !own.contains(*name))
                    .map(|(name, other)| (name.clone(), other.clone()))
                    .collect();
                take_instead(inner, &rest)
            })?;
        }
    }
    Ok(changed)
}

/// All names that the nodes of a graph take, those inside them too, and what comes out of inner graphs.
pub(super) fn taken(graph: &Graph, into: &mut HashSet<String>) -> Result<(), String> {
    for node in graph.nodes() {
        into.extend(node.inputs.iter().filter(|input| !input.is_empty()).map(|input| input.clone().into_owned()));
        if has_any(node) {
            each(&mut node.clone(), graph.depth, &mut |inner| {
                into.extend(inner.ports(super::graph::OUTPUT).map(|port| port.name.to_owned()));
                taken(inner, into)?;
                Ok(false)
            })?;
        }
    }
    Ok(())
}

/// What inner graphs hand on as it is, of what stands outside of them.
pub(super) fn handed_on(graph: &Graph, into: &mut HashSet<String>) -> Result<(), String> {
    for node in graph.nodes().filter(|node| has_any(node)) {
        each(&mut node.clone(), graph.depth, &mut |inner| {
            let own: HashSet<&str> = inner.defined().collect();
            let outputs = inner.ports(super::graph::OUTPUT).map(|port| port.name);
            into.extend(outputs.filter(|name| !own.contains(name)).map(str::to_owned));
            handed_on(inner, into)?;
            Ok(false)
        })?;
    }
    Ok(())
}

/// All names that inner graphs give.
pub(super) fn given_inside(graph: &Graph, into: &mut HashSet<String>) -> Result<(), String> {
    for node in graph.nodes().filter(|node| has_any(node)) {
        each(&mut node.clone(), graph.depth, &mut |inner| {
            into.extend(inner.defined().map(str::to_owned));
            given_inside(inner, into)?;
            Ok(false)
        })?;
    }
    Ok(())
}

/// Rewrites the messages of tensors, wherever they stand: `change` answers with another one, or with none.
pub(super) fn each_tensor(
    graph: &mut Graph,
    change: &mut dyn FnMut(&[u8]) -> Result<Option<Vec<u8>>, String>,
) -> Result<bool, String> {
    let depth = graph.depth;
    let mut changed = false;
    for item in &mut graph.items {
        match item {
            Item::Initializer(tensor) if tensor.is_external => {
                if let Some(content) = change(&tensor.content)? {
                    tensor.content = content.into();
                    changed = true;
                }
            }
            Item::Node(node) if node.attributes.iter().any(|attribute| attribute.is_deep) => {
                changed |= tensors_of(node, change)?;
                changed |= each(node, depth, &mut |inner| each_tensor(inner, change))?;
            }
            _ => {}
        }
    }
    Ok(changed)
}

fn tensors_of(
    node: &mut Node,
    change: &mut dyn FnMut(&[u8]) -> Result<Option<Vec<u8>>, String>,
) -> Result<bool, String> {
    let mut changed = false;
    for at in 0..node.attributes.len() {
        if !node.attributes[at].is_deep {
            continue;
        }
        let (mut out, mut differs) = (Vec::new(), false);
        for field in fields(&node.attributes[at].content) {
            let field = field?;
            let other = if matches!(field.number, 5 | 10) { change(field.bytes()?)? } else { None };
            match other {
                Some(content) => {
                    differs = true;
                    put_bytes(&mut out, field.number, &content);
                }
                None => out.extend_from_slice(field.raw),
            }
        }
        if differs {
            node.edit().attributes[at].content = out.into();
            changed = true;
        }
    }
    Ok(changed)
}
