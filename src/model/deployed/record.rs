//! What stands in the file and not in the network as it is deployed, and where it is looked for there.

use crate::model::error::one_line;
use std::collections::HashMap;

/// What became of the file's tensors and nodes.
#[derive(Debug, Default)]
pub(in crate::model) struct Record {
    absorbed: HashMap<String, Vec<Absorbed>>,
    folded: HashMap<String, Vec<String>>,
}

/// A tensor of the file that is none in the network as it is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absorbed {
    /// Its name in the file.
    pub name: String,
    /// What became of it: half a sentence behind its name.
    pub how: String,
}

impl Record {
    /// `name` is another name of what is called `known`.
    pub fn alias(&mut self, name: &str, known: &str) {
        let how = format!("is another name of {}", one_line(known));
        self.absorbed.entry(known.into()).or_default().push(Absorbed { name: name.into(), how });
    }

    /// These nodes are folded into a weight, and these tensors, which they took, with them; `left` is what comes out.
    pub fn fold(&mut self, weight: &str, nodes: Vec<String>, tensors: &[String], left: &str) {
        let how = format!("is folded into {}, and {} is what comes out", one_line(weight), one_line(left));
        // Their other names have the same fate.
        let others = tensors.iter().flat_map(|tensor| self.absorbed.remove(tensor).unwrap_or_default());
        let names: Vec<String> = tensors.iter().cloned().chain(others.map(|other| other.name)).collect();
        let absorbed = names.into_iter().map(|name| Absorbed { name, how: how.clone() });
        self.absorbed.entry(left.into()).or_default().extend(absorbed);
        self.folded.entry(weight.into()).or_default().extend(nodes);
    }

    /// The tensors of the file that this one is there in the place of.
    pub fn absorbed_by(&self, tensor: &str) -> &[Absorbed] {
        self.absorbed.get(tensor).map_or(&[], Vec::as_slice)
    }

    /// The nodes that are folded into this weight, by operator and name.
    pub fn folded_into(&self, weight: &str) -> &[String] {
        self.folded.get(weight).map_or(&[], Vec::as_slice)
    }

    /// How many nodes are folded, and how many tensors were other names only.
    pub fn counts(&self) -> (usize, usize) {
        let folded: usize = self.folded.values().map(Vec::len).sum();
        let aliases = |of: &Vec<Absorbed>| of.iter().filter(|absorbed| absorbed.how.starts_with("is another")).count();
        (folded, self.absorbed.values().map(aliases).sum())
    }
}
