//! Ranges that are known before anything is run: by what is fed, and by operators that give nothing beyond.
//!
//! Every tensor begins as any number at all. A walk over the nodes in their order makes intervals of intervals, so that
//! what a Sigmoid or a Clip bounds, and what constants are, is followed as far as operators are pointwise or move values.
//! Only what is bounded on both sides is told.

mod interval;
mod operators;

use super::activations::is_computed_from;
use super::constants;
use super::network::Network;
use interval::Interval;
use operators::{Made, made};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};
use tract_onnx::prelude::DatumType;

/// Constants that hold more values are not read for the sake of their range.
const LARGEST: i64 = 1 << 20;

/// A range that an activation does not leave, both ends finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownRange {
    /// The least value that there can be.
    pub min: f32,
    /// The largest.
    pub max: f32,
    /// Whether it is the range of what is fed, as constants and pointwise operators have changed it, and reached where that
    /// is.
    pub of_input: bool,
}

/// What makes a tensor, as far as its range is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Constant,
    Input,
    Graph,
}

#[derive(Clone, Copy, Debug)]
struct Range {
    interval: Interval,
    source: Source,
}

const UNKNOWN: Range = Range { interval: Interval::ALL, source: Source::Graph };

impl Network {
    /// The ranges that activations do not leave, by name, where these inputs hold values from `min` to `max`. What stands
    /// inside `If`, `Loop` and `Scan` is not among them.
    pub fn known_ranges(&self, fed: &[(String, f32, f32)]) -> HashMap<String, KnownRange> {
        let mut walk = Walk::over(self.graph(), &self.folder);
        for port in self.inputs() {
            let given = fed.iter().find(|(name, ..)| *name == port.name);
            let range = match (given, port.dtype) {
                (Some((_, min, max)), _) => {
                    Range { interval: Interval::new((*min).into(), (*max).into()), source: Source::Input }
                }
                // Whatever a byte means.
                (None, Some(DatumType::U8)) => Range { interval: Interval::new(0.0, 255.0), ..UNKNOWN },
                (None, Some(DatumType::I8)) => Range { interval: Interval::new(-128.0, 127.0), ..UNKNOWN },
                (None, Some(DatumType::Bool)) => Range { interval: Interval::UNIT, ..UNKNOWN },
                _ => continue,
            };
            walk.ranges.insert(&port.name, range);
        }
        walk.nodes();
        walk.told()
    }
}

struct Walk<'a> {
    graph: &'a GraphProto,
    folder: &'a Path,
    tensors: HashMap<&'a str, &'a TensorProto>,
    ranges: HashMap<&'a str, Range>,
}

impl<'a> Walk<'a> {
    fn over(graph: &'a GraphProto, folder: &'a Path) -> Walk<'a> {
        let named = graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor));
        let made = graph.node.iter().filter(|node| node.op_type == "Constant").filter_map(|node| {
            let value = node.attribute.first().filter(|attribute| attribute.name == "value")?;
            Some((node.output.first()?.as_str(), value.t.as_ref()?))
        });
        let tensors = named.chain(made).collect();
        Walk { graph, folder, tensors, ranges: HashMap::new() }
    }

    fn nodes(&mut self) {
        let mut constant: HashSet<&str> = self.tensors.keys().copied().collect();
        for node in &self.graph.node {
            if is_computed_from(node, &constant) {
                constant.extend(node.output.iter().map(String::as_str));
            }
            if let Some(range) = self.node(node) {
                let source = if node.output.iter().all(|name| constant.contains(name.as_str())) {
                    Source::Constant
                } else {
                    range.source
                };
                // Behind the first come places and masks, of all but Split.
                let told = if node.op_type == "Split" { node.output.len() } else { 1 };
                let outputs = node.output.iter().take(told).filter(|name| !name.is_empty());
                self.ranges.extend(outputs.map(|name| (name.as_str(), Range { source, ..range })));
            }
        }
    }

    /// What comes out of a node, where something is known of it.
    fn node(&mut self, node: &'a NodeProto) -> Option<Range> {
        if node.op_type == "Constant" {
            return constant_of(node).map(|interval| Range { interval, source: Source::Constant });
        }
        // Tensors are read only where somebody asks: those of a Conv are never.
        made(node, &vec![Interval::ALL; node.input.len()])?;
        let takes: Vec<Range> = node.input.iter().map(|name| self.range(name)).collect();
        let intervals: Vec<Interval> = takes.iter().map(|range| range.interval).collect();
        let Made { interval, tight } = made(node, &intervals)?;
        let fed = takes.iter().filter(|range| range.source == Source::Input).count();
        let others = node.input.iter().zip(&takes).filter(|(name, _)| !name.is_empty());
        let only = others.into_iter().all(|(_, range)| range.source != Source::Graph);
        let source =
            if tight && only && (fed == 1 || node.op_type == "Concat") { Source::Input } else { Source::Graph };
        Some(Range { interval, source })
    }

    fn range(&mut self, name: &'a str) -> Range {
        if let Some(known) = self.ranges.get(name) {
            return *known;
        }
        let Some(tensor) = self.tensors.get(name) else { return UNKNOWN };
        let interval = interval_of(tensor, self.folder).unwrap_or(Interval::ALL);
        let range = Range { interval, source: Source::Constant };
        self.ranges.insert(name, range);
        range
    }

    /// What is bounded on both sides, and no constant.
    fn told(self) -> HashMap<String, KnownRange> {
        let known = |(name, range): (&str, Range)| {
            let (min, max) = (range.interval.lo as f32, range.interval.hi as f32);
            let told = min.is_finite() && max.is_finite() && min < max && range.source != Source::Constant;
            let known = KnownRange { min, max, of_input: range.source == Source::Input };
            told.then(|| (name.to_owned(), known))
        };
        self.ranges.into_iter().filter_map(known).collect()
    }
}

/// The values of a `Constant` node that holds no tensor.
fn constant_of(node: &NodeProto) -> Option<Interval> {
    let attribute = node.attribute.first()?;
    let all = |values: &mut dyn Iterator<Item = f64>| values.map(Interval::point).reduce(Interval::hull);
    match &*attribute.name {
        "value_float" => Some(Interval::point(attribute.f.into())),
        "value_int" => Some(Interval::point(attribute.i as f64)),
        "value_floats" => all(&mut attribute.floats.iter().map(|&x| f64::from(x))),
        "value_ints" => all(&mut attribute.ints.iter().map(|&n| n as f64)),
        _ => None,
    }
}

/// From the least to the largest value of a constant, those that are no numbers left out.
fn interval_of(tensor: &TensorProto, folder: &Path) -> Option<Interval> {
    let size = tensor.dims.iter().try_fold(1_i64, |all, n| all.checked_mul(*n))?;
    if size > LARGEST {
        return None;
    }
    let loaded = constants::load(tensor, folder).ok()?;
    let doubles = loaded.cast_to_dt(DatumType::F64).ok()?;
    let values = doubles.try_as_plain_ram().ok()?.as_slice::<f64>().ok()?.iter().copied();
    values.filter(|x| !x.is_nan()).map(Interval::point).reduce(Interval::hull)
}
