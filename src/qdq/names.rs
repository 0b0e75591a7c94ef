//! Names that nothing has yet.

use super::graph::Graph;
use super::inner;
use std::collections::HashSet;

/// All names of tensors in a graph and in those inside it.
pub(super) struct Names(HashSet<String>);

impl Names {
    pub fn of(graph: &Graph) -> Result<Names, String> {
        let mut names: HashSet<String> = graph.defined().map(str::to_owned).collect();
        inner::given_inside(graph, &mut names)?;
        inner::taken(graph, &mut names)?;
        Ok(Names(names))
    }

    /// The name, or where that is taken one that begins so.
    pub fn fresh(&mut self, name: &str) -> String {
        let mut new = name.to_owned();
        let mut n = 1;
        while !self.0.insert(new.clone()) {
            n += 1;
            new = format!("{name}_{n}");
        }
        new
    }
}
