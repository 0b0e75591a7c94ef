//! From a parsed file to a graph that runs: shapes, taps, optimization.

use super::activations::{self, Activation};
use super::error::{ModelError, guarded, one_line, reason, shape_text};
use super::graph::{Graph, Input};
use super::network::{Dim, Network, Port};
use super::tap::{Site, Tap};
use crate::error::{ErrorKind, Predicate};
use std::collections::{BTreeMap, BTreeSet};
use tract_onnx::pb::{GraphProto, NodeProto};
use tract_onnx::prelude::TractError;
use tract_onnx::prelude::multithread::Executor;
use tract_onnx::tract_core::internal::{InletId, OutletId, TractResult, TypedModel, TypedSimplePlan, bail};
use tract_onnx::tract_hir::internal::{InferenceFact, InferenceModel, InferenceModelExt, expand};

/// The shapes of inputs, by name.
pub type Shapes = BTreeMap<String, Vec<usize>>;

impl Graph {
    /// Makes `network` ready for inputs of these `shapes`; inputs whose dimensions the file fixes need none.
    ///
    /// # Errors
    ///
    /// A shape is missing, names no input, or contradicts the file; tract lacks an operator; or the shapes do not fit
    /// each other somewhere inside.
    pub fn build(network: &Network, shapes: &Shapes) -> Result<Graph, ModelError> {
        let inputs = inputs(network, shapes)?;
        let mut activations = activations::candidates(network.graph());
        unknown_operator(network)?;
        let own = network.outputs().len();
        let plan = guarded(|| {
            let model = optimized(typed(network, &inputs, &activations)?, own)?;
            TypedSimplePlan::new(number_anew(model, &mut activations)?)
        });
        let plan = plan.map_err(|error| network.error(unprepared(&error)))?;
        Ok(Graph {
            file: network.file().to_owned(),
            outputs: plan.model().outputs[..own].to_vec(),
            plan,
            output_names: network.outputs().iter().map(|output| output.name.clone()).collect(),
            inputs,
            concats: activations::concats(network.graph(), &activations),
            grids: vec![None; activations.len()],
            activations,
            executor: Executor::SingleThread,
        })
    }
}

/// The shapes as given, or as the file fixes them.
fn inputs(network: &Network, shapes: &Shapes) -> Result<Vec<Input>, ModelError> {
    if let Some(name) = shapes.keys().find(|name| network.inputs().iter().all(|input| input.name != **name)) {
        let names: Vec<_> = network.inputs().iter().map(|input| input.name.as_str()).collect();
        return Err(network.error(format!("has no input {name}; its inputs are {}.", names.join(", "))));
    }
    network.inputs().iter().map(|port| input(network, port, shapes.get(&port.name))).collect()
}

fn input(network: &Network, port: &Port, given: Option<&Vec<usize>>) -> Result<Input, ModelError> {
    let name = port.name.clone();
    let Some(dtype) = port.dtype else {
        return Err(network.error(format!("has an input {name} that is no tensor of a known type.")));
    };
    let fixed = port.dims.as_deref().and_then(fixed);
    let shape = match (given, fixed) {
        (None, Some(fixed)) => fixed,
        (None, None) => return Err(network.error(port.ask())),
        (Some(given), _) if fits(given, port.dims.as_deref()) => given.clone(),
        (Some(given), _) => return Err(network.error(format!("takes {port}, and {} was given.", shape_text(given)))),
    };
    Ok(Input { name, dtype, shape })
}

/// The shape, if every dimension is a number.
pub(super) fn fixed(dims: &[Dim]) -> Option<Vec<usize>> {
    dims.iter().map(|dim| if let Dim::Fixed(n) = dim { Some(*n) } else { None }).collect()
}

/// Whether `shape` agrees with the dimensions that are numbers.
pub(super) fn fits(shape: &[usize], dims: Option<&[Dim]>) -> bool {
    dims.is_none_or(|dims| {
        shape.len() == dims.len() && shape.iter().zip(dims).all(|(n, dim)| !matches!(dim, Dim::Fixed(m) if m != n))
    })
}

/// tract parses an operator that it does not have, and fails later with less to say.
fn unknown_operator(network: &Network) -> Result<(), ModelError> {
    let known = tract_onnx::onnx().op_register.0;
    match unknown_node(network.graph(), &|op| known.contains_key(op)) {
        Some(node) => {
            let (op, node) = (one_line(&node.op_type), one_line(activations::node_name(node)));
            Err(network.error(format!("cannot be run: tract has no operator {op} (node {node}).")))
        }
        None => Ok(()),
    }
}

/// The first node whose operator is not `known`, in the graph or in those inside its nodes.
fn unknown_node<'a>(graph: &'a GraphProto, known: &dyn Fn(&str) -> bool) -> Option<&'a NodeProto> {
    graph.node.iter().find_map(|node| {
        let mut inner = node.attribute.iter().filter_map(|attribute| attribute.g.as_ref());
        if known(&node.op_type) { inner.find_map(|graph| unknown_node(graph, known)) } else { Some(node) }
    })
}

/// The whole predicate for a network that cannot be prepared.
fn unprepared(error: &TractError) -> Predicate {
    let why = reason(error);
    // tract settles the shapes inside both branches, also where only one of them is ever taken.
    let text = match error.chain().map(ToString::to_string).find(|cause| cause.ends_with("\" If")) {
        Some(place) => {
            let place = one_line(place.trim_start_matches("Failed analyse for "));
            format!(
                "cannot be prepared: a branch of {place} does not fit ({why}); tract wants both branches to fit, so fold \
                 the If away with a simplifier such as onnxsim."
            )
        }
        None => format!("cannot be prepared ({why})."),
    };
    Predicate::new(ErrorKind::Failed, text)
}

/// The graph with every tap as an output behind its own.
fn typed(network: &Network, inputs: &[Input], activations: &[Activation]) -> TractResult<TypedModel> {
    // What the file notes about the shapes inside was true for other inputs.
    let onnx = tract_onnx::onnx().with_ignore_value_info(true);
    let parsed = onnx.parse(&network.proto, network.folder.to_str())?;
    if let Some(name) = parsed.unresolved_inputs.first() {
        bail!("no node makes the tensor {name}");
    }
    let mut model = parsed.model;
    tract_onnx::Onnx::determinize(&mut model)?;
    for (ix, input) in inputs.iter().enumerate() {
        model.set_input_fact(ix, InferenceFact::dt_shape(input.dtype, &input.shape))?;
    }
    let mut outputs = model.outputs.clone();
    for (activation, tensor) in activations.iter().enumerate() {
        let outlet = parsed.outlets_by_name[&tensor.name];
        let tap = tap(&mut model, outlet, activation, &tensor.name)?;
        outputs.iter_mut().filter(|output| **output == outlet).for_each(|output| *output = tap);
        outputs.push(tap);
    }
    model.select_output_outlets(&outputs)?;
    model.into_typed()
}

/// Puts a tap between an outlet and all who take it.
fn tap(model: &mut InferenceModel, outlet: OutletId, activation: usize, name: &str) -> TractResult<OutletId> {
    let successors = model.node(outlet.node).outputs[outlet.slot].successors.clone();
    let name = model.unique_name(format!("{name} (tap)")).into_owned();
    let id = model.add_node(name, expand(Site { activation }), [InferenceFact::default()].into_iter().collect())?;
    model.add_edge(outlet, InletId::new(id, 0))?;
    for inlet in successors {
        model.add_edge(id.into(), inlet)?;
    }
    Ok(id.into())
}

/// The optimizer's work, with only the network's `own` outputs and those taps that none of them depends on.
///
/// All taps as outputs would hold everything to the end of a run. Which of them lead nowhere is known for sure only
/// after the optimizer has dropped what it finds to be constant, so that it may take another round.
fn optimized(typed: TypedModel, own: usize) -> TractResult<TypedModel> {
    let all = taps(&typed);
    let mut kept = leaves(&typed, &missing(&all, &reachable(&typed, &typed.outputs[..own])));
    loop {
        let mut model = typed.clone();
        model.outputs.truncate(own);
        model.outputs.extend(kept.iter().map(|activation| OutletId::from(all[activation])));
        let model = model.into_optimized()?;
        let left = taps(&model);
        let lost: BTreeSet<usize> = all.keys().filter(|activation| !left.contains_key(activation)).copied().collect();
        if lost.is_empty() {
            return Ok(model);
        }
        kept.extend(leaves(&typed, &lost));
    }
}

/// The node of each tap.
fn taps(model: &TypedModel) -> BTreeMap<usize, usize> {
    model.nodes.iter().filter_map(|node| Some((node.op_as::<Tap>()?.activation, node.id))).collect()
}

/// The taps that are not among these nodes.
fn missing(taps: &BTreeMap<usize, usize>, nodes: &BTreeSet<usize>) -> BTreeSet<usize> {
    taps.iter().filter(|(_, node)| !nodes.contains(node)).map(|(&activation, _)| activation).collect()
}

/// The nodes that these outlets depend on, and their own.
fn reachable(model: &TypedModel, from: &[OutletId]) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut todo: Vec<usize> = from.iter().map(|outlet| outlet.node).collect();
    while let Some(node) = todo.pop() {
        if seen.insert(node) {
            todo.extend(model.node(node).inputs.iter().map(|input| input.node));
        }
    }
    seen
}

/// Those of these taps that no other of them depends on.
fn leaves(model: &TypedModel, some: &BTreeSet<usize>) -> BTreeSet<usize> {
    let taps = taps(model);
    let before = |activation: &usize| model.node(taps[activation]).inputs.clone();
    let inner = reachable(model, &some.iter().flat_map(before).collect::<Vec<_>>());
    some.iter().filter(|activation| !inner.contains(&taps[activation])).copied().collect()
}

/// Leaves only what is tapped in `activations`, with its shape, and numbers the taps by it.
fn number_anew(mut model: TypedModel, activations: &mut Vec<Activation>) -> TractResult<TypedModel> {
    let taps = taps(&model);
    let mut kept = Vec::with_capacity(taps.len());
    for (new, (old, node)) in taps.into_iter().enumerate() {
        let shape = model.outlet_fact(node.into())?.shape.as_concrete().map(<[usize]>::to_vec);
        kept.push(Activation { shape, ..activations[old].clone() });
        let tap: &mut Tap = model.nodes[node].op_as_mut().expect("it is a tap");
        tap.activation = new;
    }
    *activations = kept;
    Ok(model)
}
