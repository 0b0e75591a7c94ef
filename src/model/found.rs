//! What the plans of a network have in common: one list of activations, whichever way a sample takes.

use super::activations::{Activation, Concat};
use super::branches::{self, Branch, Standing};
use super::network::{Network, Port};
use super::stages::Settled;
use std::collections::{BTreeSet, HashMap};
use tract_onnx::prelude::DatumType;

/// What a graph has to be fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The tensor's name.
    pub name: String,
    /// The type of its elements.
    pub dtype: DatumType,
    /// Its dimensions; `None` where samples differ.
    pub shape: Option<Vec<usize>>,
}

/// What the plans of a graph have in common.
pub(super) struct Seen {
    pub inputs: Vec<Input>,
    pub output_names: Vec<String>,
    pub activations: Vec<Activation>,
    pub index: HashMap<String, usize>,
    pub concats: Vec<Concat>,
    pub assumptions: Vec<String>,
    pub plans: usize,
    pub output_numbers: usize,
}

/// What is known of the plans that were made.
pub(super) struct Found<'a> {
    order: HashMap<&'a str, Standing<'a>>,
    activations: Vec<Activation>,
    index: HashMap<String, usize>,
    concats: Vec<NamedConcat>,
    branches: BTreeSet<Branch>,
    /// Of each input, in the plans that were asked for.
    pub shapes: Vec<Vec<Vec<usize>>>,
    plans: usize,
    output_numbers: Option<usize>,
}

/// A `Concat` by names: places are not known before all plans are.
struct NamedConcat {
    node: String,
    inputs: Vec<String>,
    output: String,
}

impl<'a> Found<'a> {
    pub fn new(network: &'a Network) -> Found<'a> {
        Found {
            order: branches::order(network.graph()),
            activations: Vec::new(),
            index: HashMap::new(),
            concats: Vec::new(),
            branches: BTreeSet::new(),
            shapes: Vec::new(),
            plans: 0,
            output_numbers: None,
        }
    }

    pub fn take_in(&mut self, settled: &Settled) {
        self.branches.extend(settled.branches.iter().cloned());
        let variant = &settled.variant;
        let outputs = variant.activations.iter().filter(|activation| activation.is_output);
        let numbers = outputs.filter_map(|output| Some(output.shape.as_ref()?.iter().product::<usize>())).sum();
        self.output_numbers = Some(self.output_numbers.map_or(numbers, |fewest| fewest.min(numbers)));
        self.plans += 1;
        for activation in &variant.activations {
            match self.index.get(&activation.name) {
                Some(&known) => self.activations[known].agree_with(activation),
                None => {
                    self.index.insert(activation.name.clone(), self.activations.len());
                    let mut activation = activation.clone();
                    if let Some(Standing { out_of: Some((op, node)), .. }) = self.order.get(activation.name.as_str())
                        && matches!(&*activation.op_type, "Identity" | "Concat")
                    {
                        (activation.op_type, activation.node) = ((*op).to_owned(), (*node).to_owned());
                    }
                    self.activations.push(activation);
                }
            }
        }
        for concat in &variant.concats {
            let name = |&place: &usize| variant.activations[place].name.clone();
            if self.order.get(variant.activations[concat.output].name.as_str()).is_some_and(|at| at.out_of.is_some()) {
                // What a Loop or a Scan puts together is no Concat of the file's.
                continue;
            }
            let (inputs, output) = (concat.inputs.iter().map(name).collect::<Vec<_>>(), name(&concat.output));
            match self.concats.iter_mut().find(|known| known.output == output) {
                Some(known) => {
                    let new: Vec<String> = inputs.into_iter().filter(|input| !known.inputs.contains(input)).collect();
                    known.inputs.extend(new);
                }
                None => self.concats.push(NamedConcat { node: concat.node.clone(), inputs, output }),
            }
        }
    }

    pub fn seen(mut self, network: &Network) -> Seen {
        let place =
            |activation: &Activation| self.order.get(activation.name.as_str()).map_or(usize::MAX, |at| at.place);
        self.activations.sort_by_key(place);
        let activations = self.activations;
        let index: HashMap<String, usize> =
            activations.iter().enumerate().map(|(place, activation)| (activation.name.clone(), place)).collect();
        let concat = |concat: NamedConcat| Concat {
            node: concat.node,
            inputs: concat.inputs.iter().map(|name| index[name]).collect(),
            output: index[&concat.output],
        };
        let mut concats: Vec<Concat> = self.concats.into_iter().map(concat).collect();
        concats.sort_by_key(|concat| concat.output);
        let input = |(at, port): (usize, &Port)| {
            let mut shapes = self.shapes.iter().map(|shapes| &shapes[at]);
            let first = shapes.next();
            let shape = first.filter(|first| shapes.all(|shape| shape == *first)).cloned();
            Input { name: port.name.clone(), dtype: port.dtype.unwrap_or(DatumType::F32), shape }
        };
        let mut assumptions = branches::unseen(network.graph(), &self.branches);
        if self.branches.iter().any(|(name, yes)| *yes && self.branches.contains(&(name.clone(), false))) {
            assumptions
                .push("which branch of an If a sample takes is decided in float, also where others are tried".into());
        }
        Seen {
            inputs: network.inputs().iter().enumerate().map(input).collect(),
            output_names: network.outputs().iter().map(|output| output.name.clone()).collect(),
            assumptions,
            activations,
            index,
            concats,
            plans: self.plans,
            output_numbers: self.output_numbers.unwrap_or(0),
        }
    }
}
