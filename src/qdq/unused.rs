//! What nothing takes any longer.

use super::graph::{Graph, Item, OUTPUT};
use super::inner;
use std::collections::HashSet;

/// Takes out what was of use before and is not now: constants of these names, the nodes that make them, and what those
/// alone took.
pub(super) fn drop_unused(graph: &mut Graph, mut freed: HashSet<String>) -> Result<(), String> {
    loop {
        let mut taken = HashSet::new();
        inner::taken(graph, &mut taken)?;
        taken.extend(graph.ports(OUTPUT).map(|port| port.name.to_owned()));
        let is_unused = |name: &str| freed.contains(name) && !taken.contains(name);
        let (mut gone, mut freed_now) = (HashSet::new(), Vec::new());
        graph.items.retain(|item| match item {
            Item::Initializer(tensor) if is_unused(&tensor.name) => {
                gone.insert(tensor.name.clone().into_owned());
                false
            }
            Item::Node(node)
                if node.outputs.iter().all(|output| output.is_empty() || is_unused(output))
                    && node.outputs.iter().any(|output| !output.is_empty()) =>
            {
                gone.extend(node.outputs.iter().map(|output| output.clone().into_owned()));
                freed_now.extend(node.inputs.iter().map(|input| input.clone().into_owned()));
                false
            }
            _ => true,
        });
        if gone.is_empty() {
            return Ok(());
        }
        // A constant that may be fed in its place is an input too; and nothing is said of what is not there.
        graph
            .items
            .retain(|item| !matches!(item, Item::Port(port) if port.field != OUTPUT && gone.contains(port.name)));
        freed.extend(freed_now);
    }
}
