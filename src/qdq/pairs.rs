//! A file that is quantized already: its pairs taken out, before new ones are put in.

use super::graph::{Graph, INPUT, Item, OUTPUT};
use super::inner::{self, Instead};
use super::node::Node;
use super::unused::drop_unused;
use std::collections::{HashMap, HashSet};

/// Takes out the nodes behind integers that stand for weights, which are to be made anew under the same names. Returns those.
pub(super) fn take_out_stored<'w>(
    graph: &mut Graph,
    weights: impl Iterator<Item = &'w str>,
) -> Result<HashSet<String>, String> {
    let weights: HashSet<&str> = weights.collect();
    let (mut freed, mut gone) = (HashSet::new(), HashSet::new());
    graph.items.retain(|item| match item {
        Item::Node(node) if node.op == "DequantizeLinear" => {
            let made = node.outputs.first().map_or("", |made| made);
            let goes = weights.contains(made);
            if goes {
                freed.extend(node.inputs.iter().map(|input| input.clone().into_owned()));
                gone.insert(made.to_owned());
            }
            !goes
        }
        _ => true,
    });
    drop_unused(graph, freed)?;
    Ok(gone)
}

/// Takes out pairs of `QuantizeLinear` and `DequantizeLinear`, each given by what it takes and what it makes.
pub(super) fn take_out(graph: &mut Graph, pairs: &[(String, String)]) -> Result<(), String> {
    let before: HashMap<&str, &str> = pairs.iter().map(|(of, behind)| (behind.as_str(), of.as_str())).collect();
    let source = |name: &str| -> String {
        let mut name = name;
        // No more steps than there are pairs, whatever the file says.
        for _ in 0..before.len() {
            match before.get(name) {
                Some(earlier) => name = earlier,
                None => break,
            }
        }
        name.to_owned()
    };
    let inputs = graph.ports(INPUT).map(|port| port.name.to_owned());
    let constants = graph.initializers().map(|tensor| tensor.name.clone().into_owned());
    let outputs: Vec<String> = graph.ports(OUTPUT).map(|port| port.name.to_owned()).collect();
    let mut ends: HashSet<String> = inputs.chain(constants).chain(outputs.iter().cloned()).collect();
    // An output keeps its name: what makes its values is called so, or, where that has a name to keep too, hands them on.
    let (mut renamed, mut handed_on) = (Instead::new(), Vec::new());
    for output in outputs.into_iter().filter(|output| before.contains_key(output.as_str())) {
        let of = source(&output);
        if ends.insert(of.clone()) {
            renamed.insert(of, output);
        } else {
            handed_on.push((of, output));
        }
    }
    let called = |name: &str| {
        let of = source(name);
        renamed.get(&of).cloned().unwrap_or(of)
    };
    let mut instead: Instead = pairs.iter().map(|(_, behind)| (behind.clone(), called(behind))).collect();
    instead.extend(renamed.clone());
    let mut freed = HashSet::new();
    graph.items.retain(|item| match item {
        Item::Node(node)
            if node.op == "DequantizeLinear" && node.outputs.first().is_some_and(|o| before.contains_key(&**o)) =>
        {
            freed.extend(node.inputs.iter().map(|input| input.clone().into_owned()));
            false
        }
        _ => true,
    });
    inner::take_instead(graph, &instead)?;
    for node in graph.nodes_mut() {
        for at in 0..node.outputs.len() {
            if let Some(output) = renamed.get(&*node.outputs[at]) {
                node.edit().outputs[at] = output.clone().into();
            }
        }
    }
    graph.items.extend(handed_on.into_iter().map(|(of, output)| {
        let of = renamed.get(&of).unwrap_or(&of).clone();
        Item::Node(Node::new("Identity", &format!("{output}_handed_on"), &[&of], &output))
    }));
    drop_unused(graph, freed)
}
