//! From a parsed file to a plan that runs: shapes, taps, optimization.

use super::activations::{self, Activation};
use super::constants;
use super::engine;
use super::error::{ModelError, guarded, one_line, reason, shape_text};
use super::network::{Dim, Network, Port};
use super::pool::Pool;
use super::tap::{Site, Tap};
use super::variant::Variant;
use crate::error::{ErrorKind, Predicate};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tract_onnx::Onnx;
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::{DatumType, SpecialOps, Tensor, TractError};
use tract_onnx::tract_core::internal::{InletId, OutletId, TractResult, TypedModel, TypedSimplePlan, bail};
use tract_onnx::tract_core::ops::cast::cast;
use tract_onnx::tract_hir::internal::{InferenceFact, InferenceModel, InferenceModelExt, expand};

/// The shapes of inputs, by name.
pub type Shapes = BTreeMap<String, Vec<usize>>;

/// What one input is fed: its type and its dimensions.
#[derive(Clone, Debug)]
pub(super) struct Fed {
    pub dtype: DatumType,
    pub shape: Vec<usize>,
}

/// Makes a graph ready for these inputs: `proto`, that of `network` or one that was made of it, which calls some tensors
/// otherwise than the file; what is in no file is not tapped.
///
/// # Errors
///
/// tract lacks an operator, or the shapes do not fit each other somewhere inside.
pub(super) fn variant(
    network: &Network,
    proto: &ModelProto,
    fed: &[Fed],
    names: &HashMap<String, Option<String>>,
    pool: &mut Pool,
) -> Result<Variant, ModelError> {
    let graph = proto.graph.as_ref().expect("checked when the network was made");
    let mut activations = activations::candidates(graph);
    activations.retain(|activation| names.get(&activation.name) != Some(&None));
    engine::check(proto).map_err(|refusal| network.error(refusal))?;
    let own = graph.output.len();
    let plan = guarded(|| {
        let mut model = optimized(typed(network, proto, fed, &activations)?, own)?;
        pool.share(&mut model)?;
        TypedSimplePlan::new(number_anew(model, &mut activations)?)
    });
    let plan = plan.map_err(|error| network.error(unprepared(&error)))?;
    let concats = activations::concats(graph, &activations);
    for activation in &mut activations {
        if let Some(Some(name)) = names.get(&activation.name) {
            activation.name.clone_from(name);
            activation.consumers.clear();
        }
    }
    Ok(Variant {
        file: network.file().to_owned(),
        outputs: plan.model().outputs[..own].to_vec(),
        plan,
        concats,
        activations,
    })
}

/// What some conditions come to.
pub(super) enum Conditions {
    /// The same on every sample of these shapes.
    Known(Vec<bool>),
    /// That depends on the sample, on which this is to be run: its outputs are the conditions.
    Asked(Variant),
}

/// Makes the part of a network that conditions are computed by ready for these inputs: `proto`, whose outputs they are.
///
/// # Errors
///
/// As [`variant`]; or a condition is no single truth value.
pub(super) fn conditions(network: &Network, proto: &ModelProto, fed: &[Fed]) -> Result<Conditions, ModelError> {
    let graph = proto.graph.as_ref().expect("checked when the network was made");
    engine::check(proto).map_err(|refusal| network.error(refusal))?;
    let plan = guarded(|| TypedSimplePlan::new(typed(network, proto, fed, &[])?.into_optimized()?));
    let plan = plan.map_err(|error| network.error(unprepared(&error)))?;
    let outputs = plan.model().outputs.clone();
    let constant = |outlet: &OutletId| plan.model().outlet_fact(*outlet).ok()?.konst.clone();
    if let Some(constants) = outputs.iter().map(constant).collect::<Option<Vec<_>>>() {
        let names: Vec<String> = graph.output.iter().map(|output| output.name.clone()).collect();
        return Ok(Conditions::Known(truths(network, &names, constants.iter().map(|constant| &**constant))?));
    }
    let file = network.file().to_owned();
    Ok(Conditions::Asked(Variant { file, plan, outputs, activations: Vec::new(), concats: Vec::new() }))
}

/// What a graph without inputs comes to: its one output, called `name`.
///
/// # Errors
///
/// A constant cannot be read, tract lacks an operator, or a node fails.
pub(super) fn constant(network: &Network, proto: &ModelProto, name: &str) -> Result<Tensor, ModelError> {
    let graph = proto.graph.as_ref().expect("it was made with one");
    constants::check(graph, &network.folder).map_err(|why| network.error(why))?;
    engine::check(proto).map_err(|refusal| network.error(refusal))?;
    let run = || {
        let found = TypedSimplePlan::new(typed(network, proto, &[], &[])?)?.run(Default::default())?;
        Ok(found.into_iter().next().map(|value| (*value).clone()))
    };
    let found = guarded(run).map_err(|error| {
        let (name, why) = (one_line(name), reason(&error));
        network
            .error(Predicate::new(ErrorKind::Failed, format!("has a weight {name} that cannot be computed ({why}).")))
    })?;
    found.ok_or_else(|| network.error(format!("has no constant {}.", one_line(name))))
}

/// The conditions called `names`, as they were computed.
pub(super) fn truths<'a>(
    network: &Network,
    names: &[String],
    values: impl Iterator<Item = &'a Tensor>,
) -> Result<Vec<bool>, ModelError> {
    let truth = |(value, name): (&Tensor, &String)| {
        // A single one, of whatever rank.
        let whole = (value.len() == 1).then(|| value.cast_to::<bool>().ok()).flatten();
        let found = whole.and_then(|value| value.try_as_plain_ram().ok()?.as_slice::<bool>().ok()?.first().copied());
        found.ok_or_else(|| {
            let (name, shape) = (one_line(name), shape_text(value.shape()));
            network.error(format!("has an If whose condition {name} is {shape}, where it takes a single truth value."))
        })
    };
    values.zip(names).map(truth).collect()
}

/// The inputs of these shapes, or as the file fixes them.
pub(super) fn inputs(network: &Network, shapes: &Shapes) -> Result<Vec<Fed>, ModelError> {
    if let Some(name) = shapes.keys().find(|name| network.inputs().iter().all(|input| input.name != **name)) {
        let names: Vec<_> = network.inputs().iter().map(|input| input.name.as_str()).collect();
        return Err(network.error(format!("has no input {name}; its inputs are {}.", names.join(", "))));
    }
    network.inputs().iter().map(|port| input(network, port, shapes.get(&port.name))).collect()
}

fn input(network: &Network, port: &Port, given: Option<&Vec<usize>>) -> Result<Fed, ModelError> {
    let Some(dtype) = port.dtype else {
        return Err(network.error(port.unfit()));
    };
    let fixed = port.dims.as_deref().and_then(fixed);
    let shape = match (given, fixed) {
        (None, Some(fixed)) => fixed,
        (None, None) => return Err(network.error(port.ask())),
        (Some(given), _) if fits(given, port.dims.as_deref()) => given.clone(),
        (Some(given), _) => return Err(network.error(format!("takes {port}, and {} was given.", shape_text(given)))),
    };
    Ok(Fed { dtype, shape })
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
fn typed(network: &Network, proto: &ModelProto, fed: &[Fed], activations: &[Activation]) -> TractResult<TypedModel> {
    let left = constants::leave_in_files(proto, network.in_files);
    let proto = left.as_ref().unwrap_or(proto);
    let graph = proto.graph.as_ref().expect("checked when the network was made");
    let mut onnx = Onnx { provider: constants::files(graph, &network.folder), ..engine::onnx() };
    onnx.op_register.insert(constants::FROM_FILE, constants::from_file_op);
    let parsed = onnx.parse(proto, network.folder.to_str())?;
    if let Some(name) = parsed.unresolved_inputs.first() {
        bail!("no node makes the tensor {name}");
    }
    let mut model = parsed.model;
    tract_onnx::Onnx::determinize(&mut model)?;
    for (ix, fed) in fed.iter().enumerate() {
        model.set_input_fact(ix, InferenceFact::dt_shape(fed.dtype, &fed.shape))?;
    }
    let mut outputs = model.outputs.clone();
    for (activation, tensor) in activations.iter().enumerate() {
        let outlet = parsed.outlets_by_name[&tensor.name];
        let tap = tap(&mut model, outlet, activation, &tensor.name)?;
        outputs.iter_mut().filter(|output| **output == outlet).for_each(|output| *output = tap);
        outputs.push(tap);
    }
    let own = model.outputs.len();
    model.select_output_outlets(&outputs)?;
    let mut model = model.into_typed()?;
    whole_numbers(&mut model, own)?;
    Ok(model)
}

/// Makes 64 bit integers of outputs that tract holds as dimensions.
fn whole_numbers(model: &mut TypedModel, own: usize) -> TractResult<()> {
    for at in 0..own {
        let output = model.outputs[at];
        if model.outlet_fact(output)?.datum_type == DatumType::TDim {
            let name = model.unique_name(format!("output {at}")).into_owned();
            model.outputs[at] = model.wire_node(name, cast(DatumType::I64), &[output])?[0];
        }
    }
    Ok(())
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
        let again: Vec<usize> =
            leaves(&typed, &lost).into_iter().filter(|activation| !kept.contains(activation)).collect();
        if again.is_empty() {
            // All are there, or what is lost cannot be held even as an output.
            return Ok(model);
        }
        kept.extend(again);
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
        let fact = model.outlet_fact(node.into())?;
        let shape = fact.shape.as_concrete().map(<[usize]>::to_vec);
        kept.push(Activation { shape, dtype: fact.datum_type, ..activations[old].clone() });
        let tap: &mut Tap = model.nodes[node].op_as_mut().expect("it is a tap");
        tap.activation = new;
    }
    *activations = kept;
    Ok(model)
}
