//! What stands in the file and not in the network as it is deployed, and where it is looked for there.

use crate::model::error::one_line;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What became of the file's tensors and nodes.
#[derive(Debug, Default)]
pub(in crate::model) struct Record {
    absorbed: HashMap<String, Vec<Absorbed>>,
    folded: HashMap<String, Vec<String>>,
    aliases: BTreeMap<String, String>,
    alias_nodes: HashSet<String>,
    foldings: Vec<Folding>,
}

/// Nodes that are inside a product of the network as it is deployed. Its weight and its bias are other constants than those
/// of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folding {
    /// What the product makes in the file, where it has that name no more as it is deployed.
    pub product: String,
    /// What comes out of the last of the nodes, and of the product as it is deployed.
    pub left: String,
    /// What each of the nodes makes; `left` is the last.
    pub made: Vec<String>,
    /// The constant that is the weight.
    pub weight: String,
    /// The constant that is the bias.
    pub bias: String,
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
        self.aliases.insert(name.into(), known.into());
        let how = format!("is another name of {}", one_line(known));
        self.absorbed.entry(known.into()).or_default().push(Absorbed { name: name.into(), how });
    }

    /// The nodes that make these only gave another name, and go.
    pub fn without(&mut self, made: HashSet<String>) {
        self.alias_nodes = made;
    }

    /// Of each tensor that is another name of one, that one.
    pub fn aliases(&self) -> &BTreeMap<String, String> {
        &self.aliases
    }

    /// Whether the node that makes this only gave another name.
    pub fn is_made_by_alias(&self, tensor: &str) -> bool {
        self.alias_nodes.contains(tensor)
    }

    /// What is folded.
    pub fn foldings(&self) -> &[Folding] {
        &self.foldings
    }

    /// These nodes are folded into a weight and a bias, and these tensors, which they took, with them; `left` is what comes
    /// out.
    pub fn fold(&mut self, (weight, bias): (&str, &str), nodes: Vec<String>, tensors: &[String], left: &str) {
        self.foldings.push(Folding {
            product: tensors[0].clone(),
            left: left.into(),
            made: tensors[1..].iter().map(String::as_str).chain([left]).map(str::to_owned).collect(),
            weight: weight.into(),
            bias: bias.into(),
        });
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
