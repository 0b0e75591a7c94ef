//! What is inside nodes, put in their place from the outside in.

use super::super::activations::{node_name, taken_by};
use super::nodes::node;
use super::turns::{self, Names};
use super::{identity, inside};
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, ValueInfoProto};

/// A branch of an `If`: the name of the `If`'s first output, and which of the two. Of a `Loop` or `Scan`, that its turns
/// are written out.
pub(in crate::model) type Branch = (String, bool);

/// A graph on the way to one without branches, as far as it has come.
///
/// At each step there are some nodes that are [`ready`](Settling::ready); each has a question, which the
/// [`conditions`](Settling::conditions) compute; with the answers [`settle`](Settling::settle) goes one step on.
pub(in crate::model) struct Settling {
    /// What was taken.
    pub taken: Vec<Branch>,
    /// What tensors of later turns are called in the file, and which are in no file.
    pub names: Names,
    /// Turns that are written out; none where a node is left as it is.
    turns: HashMap<String, Option<usize>>,
    opset: i64,
}

impl Settling {
    pub fn new(proto: &ModelProto) -> Settling {
        let own = proto.opset_import.iter().find(|set| matches!(&*set.domain, "" | "ai.onnx"));
        let opset = own.map_or(1, |set| set.version);
        Settling { taken: Vec::new(), names: Names::new(), turns: HashMap::new(), opset }
    }

    fn is_open(&self, node: &NodeProto) -> bool {
        match &*node.op_type {
            "If" | "Loop" => true,
            // Before, a Scan had a batch.
            "Scan" => self.opset >= 9 && self.turns.get(identity(node)) != Some(&None),
            _ => false,
        }
    }

    /// The nodes whose questions depend on no other such node: their places in the graph.
    pub fn ready(&self, graph: &GraphProto) -> Vec<usize> {
        let mut behind: HashSet<&str> = HashSet::new();
        let mut ready = Vec::new();
        for (place, node) in graph.node.iter().enumerate() {
            let mut taken = Vec::new();
            taken_by(node, &mut taken);
            let open = self.is_open(node);
            let asks = match &*node.op_type {
                "If" => &node.input[..node.input.len().min(1)],
                "Loop" => &node.input[..node.input.len().min(2)],
                _ => &node.input[..],
            };
            if open && asks.iter().all(|name| !behind.contains(name.as_str())) {
                ready.push(place);
            }
            if open || taken.iter().any(|name| behind.contains(name)) {
                behind.extend(node.output.iter().map(String::as_str));
            }
        }
        ready
    }

    /// What the questions of these nodes are computed by: a graph whose outputs are the answers, each once; and for each
    /// of the nodes the output that it takes.
    pub fn conditions(&self, graph: &GraphProto, ready: &[usize]) -> (GraphProto, Vec<usize>) {
        let mut outputs: Vec<String> = Vec::new();
        let mut asking: Vec<NodeProto> = Vec::new();
        let mut places = Vec::with_capacity(ready.len());
        for &place in ready {
            let node = &graph.node[place];
            let (nodes, name) = match &*node.op_type {
                "If" => (Vec::new(), node.input.first().cloned().unwrap_or_default()),
                _ => turns::question(node, self.turns.get(identity(node)).copied().flatten()),
            };
            asking.extend(nodes);
            places.push(outputs.iter().position(|known| *known == name).unwrap_or_else(|| {
                outputs.push(name);
                outputs.len() - 1
            }));
        }
        let mut wanted: HashSet<&str> = outputs.iter().map(String::as_str).collect();
        wanted.extend(asking.iter().flat_map(|node| &node.input).map(String::as_str));
        let mut kept = vec![false; graph.node.len()];
        for (place, node) in graph.node.iter().enumerate().rev() {
            if node.output.iter().any(|output| wanted.contains(output.as_str())) {
                kept[place] = true;
                let mut taken = Vec::new();
                taken_by(node, &mut taken);
                wanted.extend(taken);
            }
        }
        let fixed: HashSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
        let nodes = graph.node.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(node, _)| node.clone());
        // An input with a value of its own is none that a sample feeds.
        let is_fed = |name: &str| !fixed.contains(name) || wanted.contains(name);
        let conditions = GraphProto {
            name: graph.name.clone(),
            node: nodes.chain(asking.iter().cloned()).collect(),
            initializer: graph.initializer.iter().filter(|t| wanted.contains(t.name.as_str())).cloned().collect(),
            sparse_initializer: graph.sparse_initializer.clone(),
            input: graph.input.iter().filter(|input| is_fed(&input.name)).cloned().collect(),
            output: outputs.iter().map(|name| ValueInfoProto { name: name.clone(), ..Default::default() }).collect(),
            ..GraphProto::default()
        };
        (conditions, places)
    }

    /// Goes on with the answers for these nodes. The error is a predicate to the model's name.
    pub fn settle(&mut self, graph: &mut GraphProto, ready: &[usize], answers: &[bool]) -> Result<(), String> {
        let mut answers = ready.iter().copied().zip(answers.iter().copied()).peekable();
        for (place, node) in std::mem::take(&mut graph.node).into_iter().enumerate() {
            match answers.next_if(|(at, _)| *at == place) {
                None => graph.node.push(node),
                Some((_, yes)) if node.op_type == "If" => self.branch(graph, node, yes),
                Some((_, yes)) => self.turn(graph, node, yes)?,
            }
        }
        Ok(())
    }

    /// Puts a branch in the place of its `If`. Names are unique in all branches.
    fn branch(&mut self, graph: &mut GraphProto, mut of: NodeProto, yes: bool) {
        self.taken.push((identity(&of).to_owned(), yes));
        let wanted = if yes { "then_branch" } else { "else_branch" };
        let Some(branch) = of.attribute.iter_mut().find(|a| a.name == wanted).and_then(|a| a.g.take()) else {
            // Without a branch it is no If: what is missing is said where its outputs are.
            return;
        };
        graph.node.extend(branch.node);
        graph.initializer.extend(branch.initializer);
        graph.sparse_initializer.extend(branch.sparse_initializer);
        let handed_on = branch.output.into_iter().zip(of.output);
        for (inner, outer) in handed_on.filter(|(inner, outer)| !outer.is_empty() && inner.name != *outer) {
            graph.node.push(node("Identity", &[&inner.name], &outer));
        }
    }

    fn turn(&mut self, graph: &mut GraphProto, mut of: NodeProto, yes: bool) -> Result<(), String> {
        let name = identity(&of).to_owned();
        match (self.turns.get(&name).copied().flatten(), yes) {
            (None, _) if of.op_type == "Scan" => {
                self.turns.insert(name, yes.then_some(0));
                graph.node.push(of);
            }
            (Some(turns::MOST), true) => {
                let (node, most) = (node_name(&of), turns::MOST);
                return Err(format!(
                    "cannot be run: the Loop {node} takes more than {most} turns, and tract has no Loop; export it \
                     with fewer turns, or without the loop."
                ));
            }
            (done, true) => {
                let done = done.unwrap_or(0);
                if done == 0 {
                    self.taken.push((name.clone(), true));
                }
                turns::write(&mut of, done, self.opset, graph, &mut self.names);
                self.turns.insert(name, Some(done + 1));
                graph.node.push(of);
            }
            (None | Some(0), false) if turns::needs_a_turn(&of) => {
                let node = node_name(&of);
                return Err(format!(
                    "cannot be run: the {} {node} takes no turn, so that the shapes of what it puts together are not \
                     known; feed samples on which it takes one.",
                    of.op_type
                ));
            }
            (done, false) => turns::end(&of, done.unwrap_or(0), graph),
        }
        Ok(())
    }
}

/// Where a tensor of a file stands.
pub(in crate::model) struct Standing<'a> {
    /// In the order of the file, with what is inside a node before the node's own outputs.
    pub place: usize,
    /// Where it comes out of a node with graphs inside: the node's operator and name.
    pub out_of: Option<(&'a str, &'a str)>,
}

/// Where all tensors stand.
pub(in crate::model) fn order(graph: &GraphProto) -> HashMap<&str, Standing<'_>> {
    fn walk<'a>(graph: &'a GraphProto, order: &mut HashMap<&'a str, Standing<'a>>) {
        let add = |order: &mut HashMap<&'a str, Standing<'a>>, name: &'a str, out_of| {
            let place = order.len();
            order.insert(name, Standing { place, out_of });
        };
        graph.input.iter().for_each(|input| add(order, &input.name, None));
        for node in &graph.node {
            let out_of = inside(node).next().is_some().then(|| (node.op_type.as_str(), node_name(node)));
            inside(node).for_each(|(_, graph)| walk(graph, order));
            node.output.iter().for_each(|output| add(order, output, out_of));
        }
    }
    let mut order = HashMap::new();
    walk(graph, &mut order);
    order
}
