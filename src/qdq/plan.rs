//! Which tensors are put on a grid, on which, and why the others are not.

use super::deployed::Applied;
use super::graph::{Graph, INPUT, Item, OUTPUT};
use super::grid::{BFLOAT16, DOUBLE, FLOAT, FLOAT16, Grid, element_of};
use super::inner;
use super::options::{BEHIND, Options, QdqError, Weights};
use crate::exchange::{Range, Statement};
use crate::model::{Network, Placement, Weight};
use crate::quant::{Clip, Format, QuantParams};
use crate::report::number;
use std::collections::{HashMap, HashSet};

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub activations: Vec<(String, Grid)>,
    pub weights: Vec<(Weight, Grid)>,
}

impl Plan {
    pub fn grids(&self) -> impl Iterator<Item = &Grid> {
        self.activations.iter().map(|(_, grid)| grid).chain(self.weights.iter().map(|(_, grid)| grid))
    }
}

/// Holds ranges against a network and its graph.
pub(super) fn decide(
    graph: &Graph,
    network: &Network,
    applied: &Applied,
    ranges: &[Range],
    options: &Options,
    statement: &mut Statement,
) -> Result<Plan, QdqError> {
    let here = Here::of(graph, network, applied).map_err(|why| QdqError::file(network, &why))?;
    let places = options.placement.map(|placement| placement.by_name(network)).unwrap_or_default();
    let weights = network.weights();
    let by_name: HashMap<&str, &Weight> = weights.iter().map(|weight| (weight.name.as_str(), weight)).collect();
    let own: HashSet<&str> = ranges.iter().map(|range| range.name.as_str()).collect();
    let mut plan = Plan::default();
    for range in ranges {
        // A name that the deployed network has not any more means the tensor that is there in its place.
        let known = network.aliases().get(&range.name).filter(|known| !own.contains(known.as_str()));
        // So does the name that a weight had before it was stored as integers.
        let behind = format!("{}{BEHIND}", range.name);
        let stored =
            (!by_name.contains_key(range.name.as_str()) && by_name.contains_key(behind.as_str())).then_some(&behind);
        let name = known.or(stored).unwrap_or(&range.name);
        if let Some(why) = &range.in_float {
            statement.omit(name, why);
        } else if let Some(weight) = by_name.get(name.as_str()) {
            match here.of_weight(weight, network) {
                Err(why) => statement.omit(name, why),
                Ok(float) => {
                    let is_stored = options.weights == Weights::Integers;
                    let Some(grid) = grid(range, name, float, is_stored, statement)? else { continue };
                    check_channels(&grid, weight, statement)?;
                    statement.wrote(name)?;
                    plan.weights.push(((*weight).clone(), grid));
                }
            }
        } else {
            match here.of_activation(name, network) {
                Err(why) => statement.omit(name, &why),
                Ok(float) => {
                    if let Some(Some(why)) = places.get(name.as_str()) {
                        statement.omit(name, why);
                        continue;
                    }
                    let Some(grid) = grid(range, name, float, false, statement)? else { continue };
                    statement.wrote(name)?;
                    plan.activations.push((name.clone(), grid));
                }
            }
        }
    }
    let is_weight = |name: &str| by_name.contains_key(name) || by_name.contains_key(format!("{name}{BEHIND}").as_str());
    if !ranges.iter().any(|range| is_weight(&range.name)) {
        own_weights(&mut plan, &here, network, weights, options, statement)?;
    }
    Ok(plan)
}

/// Weights of which nothing is said: those that are multiplied with what is quantized, each output channel by its largest
/// magnitude.
fn own_weights(
    plan: &mut Plan,
    here: &Here,
    network: &Network,
    weights: Vec<Weight>,
    options: &Options,
    statement: &mut Statement,
) -> Result<(), QdqError> {
    let mut quantized: HashSet<&str> = plan.activations.iter().map(|(name, _)| name.as_str()).collect();
    // The file is in order, so that what hands values on comes behind what makes them.
    for (from, made) in &here.handed_on {
        if from.iter().any(|name| quantized.contains(name.as_str())) {
            quantized.extend(made.iter().map(String::as_str));
        }
    }
    let meets = |weight: &Weight| {
        weight.uses.iter().any(|used| {
            let takes = here.takes.get(used.node.as_str());
            takes.is_some_and(|takes| takes.iter().any(|name| quantized.contains(name.as_str())))
        })
    };
    let chosen: Vec<Weight> = weights.into_iter().filter(meets).collect();
    let before = plan.weights.len();
    for weight in chosen {
        let float = match here.of_weight(&weight, network) {
            Ok(float) => float,
            Err(why) => {
                statement.omit(&weight.name, why);
                continue;
            }
        };
        let amax = amax(&network.weight_values(&weight)?, &weight);
        let clips: Vec<Clip> = amax.iter().map(|amax| Clip::symmetric(*amax)).collect();
        if amax.iter().any(|amax| !amax.is_finite()) {
            statement.omit(&weight.name, "it holds what is no finite number");
            continue;
        }
        let range = Range::of_clips(&weight.name, crate::session::Kind::Weight, Format::INT8, weight.axis, clips);
        let is_stored = options.weights == Weights::Integers;
        let Some(grid) = grid(&range, &weight.name, float, is_stored, statement)? else { continue };
        statement.wrote(&weight.name)?;
        plan.weights.push((weight, grid));
    }
    let made = plan.weights.len() - before;
    if made > 0 {
        statement.note(format!(
            "The ranges are of activations alone: {} that are multiplied with them went to int8 by the largest magnitude of \
             each output channel.",
            number::of(made as u64, "weight")
        ));
    }
    Ok(())
}

/// The largest magnitude of each channel, or of all.
fn amax(values: &[f32], weight: &Weight) -> Vec<f32> {
    let Some(axis) = weight.axis else {
        return vec![values.iter().fold(0.0_f32, |amax, x| if x.is_nan() { f32::NAN } else { amax.max(x.abs()) })];
    };
    let inner: usize = weight.shape[axis + 1..].iter().product();
    let mut amax = vec![0.0_f32; weight.shape[axis]];
    for (at, x) in values.iter().enumerate() {
        let channel = at / inner.max(1) % amax.len();
        // An infinity stays, and NaN is one here.
        amax[channel] = if x.is_nan() { f32::INFINITY } else { amax[channel].max(x.abs()) };
    }
    amax
}

/// The grid of a range; `None` where it cannot be, which is then said.
fn grid(
    range: &Range,
    name: &str,
    float: i32,
    is_stored: bool,
    statement: &mut Statement,
) -> Result<Option<Grid>, QdqError> {
    let element = element_of(range.format, is_stored, name).map_err(|why| statement.refuse(name, &why))?;
    let params = range.scales.iter().zip(&range.zero_points);
    let params: Option<Vec<QuantParams>> =
        params.map(|(scale, zero)| QuantParams::new(*scale, *zero, range.format)).collect();
    let Some(params) = params.filter(|params| !params.is_empty() && (range.axis.is_some() || params.len() == 1)) else {
        let why = "its scale is no positive number, or its zero point none of its format; calibrate it anew";
        return Err(statement.refuse(name, why).into());
    };
    let Some((grid, moved)) = (Grid { element, float, axis: range.axis, params }).rounded() else {
        statement.omit(name, "its scale is no positive number in the 16-bit floats that it is of");
        return Ok(None);
    };
    if moved {
        statement.round(name);
    }
    Ok(Some(grid))
}

/// A scale for each channel, of an axis that there is.
fn check_channels(grid: &Grid, weight: &Weight, statement: &Statement) -> Result<(), QdqError> {
    let Some(axis) = grid.axis else { return Ok(()) };
    match weight.shape.get(axis) {
        Some(channels) if *channels == grid.params.len() => Ok(()),
        found => {
            let there = found.map_or("none".to_owned(), usize::to_string);
            let why = format!(
                "it has {} scales along axis {axis}, where the model's has {there}; calibrate it on this model",
                grid.params.len()
            );
            Err(statement.refuse(&weight.name, &why).into())
        }
    }
}

/// What stands in the graph itself, where quantizers are put.
struct Here {
    /// What is fed, and what nodes make.
    computed: HashSet<String>,
    constants: HashSet<String>,
    inside: HashSet<String>,
    taken: HashSet<String>,
    types: HashMap<String, i32>,
    /// What each node takes, by its name and by its first output.
    takes: HashMap<String, Vec<String>>,
    /// Of each node that only hands values on, whose and as what.
    handed_on: Vec<(Vec<String>, Vec<String>)>,
    /// Weights that are not in the file as they are deployed.
    left: HashSet<String>,
}

impl Here {
    fn of(graph: &Graph, network: &Network, applied: &Applied) -> Result<Here, String> {
        let constants = graph.initializers().map(|tensor| tensor.name.clone().into_owned());
        let made_constant = graph.nodes().filter(|node| node.op == "Constant").flat_map(|node| &node.outputs);
        let constants: HashSet<String> = constants.chain(made_constant.map(|name| name.clone().into_owned())).collect();
        let made = graph.nodes().flat_map(|node| &node.outputs).map(|name| name.clone().into_owned());
        let fed = graph.ports(INPUT).map(|port| port.name.to_owned());
        let computed = made.chain(fed).filter(|name| !name.is_empty() && !constants.contains(name)).collect();
        let (mut inside, mut taken) = (HashSet::new(), HashSet::new());
        inner::given_inside(graph, &mut inside)?;
        inner::taken(graph, &mut taken)?;
        taken.extend(graph.ports(OUTPUT).map(|port| port.name.to_owned()));
        let (mut takes, mut handed_on) = (HashMap::new(), Vec::new());
        for item in &graph.items {
            let Item::Node(node) = item else { continue };
            let inputs: Vec<String> = node.inputs.iter().map(|input| input.clone().into_owned()).collect();
            if node.is_own() && Placement::hands_on(&node.op) {
                let from = if node.op == "Concat" { inputs.clone() } else { inputs.iter().take(1).cloned().collect() };
                handed_on.push((from, node.outputs.iter().map(|output| output.clone().into_owned()).collect()));
            }
            for name in node.outputs.first().into_iter().chain([&node.name]).filter(|name| !name.is_empty()) {
                takes.entry(name.clone().into_owned()).or_insert_with(|| inputs.clone());
            }
        }
        let (types, left) = (network.element_types(), applied.left.clone());
        Ok(Here { computed, constants, inside, taken, types, takes, handed_on, left })
    }

    /// The type of an activation's floats, or why it stays in float.
    fn of_activation(&self, name: &str, network: &Network) -> Result<i32, String> {
        if self.constants.contains(name) {
            return Err("a constant that no product takes".to_owned());
        }
        if !self.computed.contains(name) {
            return Err(match self.inside.contains(name) || name.contains('/') && self.is_of_branch(name) {
                true => "inside a branch or a loop, where nothing is written".to_owned(),
                false if network.foldings().iter().any(|f| f.product == name || f.made.iter().any(|m| m == name)) => {
                    "folded into the weight before it".to_owned()
                }
                false => "not in the graph of the model".to_owned(),
            });
        }
        if !self.taken.contains(name) {
            return Err("nothing takes it".to_owned());
        }
        match self.types.get(name) {
            // Where floats of several kinds are about, a guess would be no model.
            None if self.types.values().any(|of| matches!(*of, FLOAT16 | BFLOAT16 | DOUBLE)) => {
                Err("of a type that the file does not tell; onnx.shape_inference writes it down".to_owned())
            }
            None => Ok(FLOAT),
            Some(&of) if matches!(of, FLOAT | FLOAT16 | BFLOAT16) => Ok(of),
            Some(_) => Err("of a type that QuantizeLinear does not take".to_owned()),
        }
    }

    /// Whether a name says which branch it is in, as those do that stand in several.
    fn is_of_branch(&self, name: &str) -> bool {
        name.match_indices('/').any(|(at, _)| self.inside.contains(&name[at + 1..]))
    }

    /// The type of a weight's floats, or why it stays in float.
    fn of_weight(&self, weight: &Weight, network: &Network) -> Result<i32, &'static str> {
        let name = weight.name.as_str();
        if self.left.contains(name) && !network.folded_into(name).is_empty() {
            return Err("a batch norm inside a branch is folded into it, and stays there");
        }
        if !self.constants.contains(name) && !self.computed.contains(name) {
            return Err("inside a branch or a loop, where nothing is written, or kept sparse");
        }
        if weight.shape.contains(&0) {
            return Err("it has no values");
        }
        let named = match weight.dtype.as_str() {
            "float32" => FLOAT,
            "float16" => FLOAT16,
            "bfloat16" => BFLOAT16,
            _ => 0,
        };
        match self.types.get(name).copied().unwrap_or(named) {
            of if matches!(of, FLOAT | FLOAT16 | BFLOAT16) => Ok(of),
            _ => Err("of a type that QuantizeLinear does not take"),
        }
    }
}
