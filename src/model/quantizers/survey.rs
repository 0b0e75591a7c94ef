//! Every quantizer of a file as it stands there, the wrong ones too: nothing here is checked.

use super::grid::numbers;
use super::pairs::element_of;
use crate::model::constants::Element;
use crate::model::network::Network;
use crate::model::weights::Constants;
use std::collections::HashMap;
use tract_onnx::pb::NodeProto;

/// What a `QuantizeLinear`, or the `DequantizeLinear` of a constant, says.
#[derive(Clone, Debug, PartialEq)]
pub struct Surveyed {
    /// What is quantized; of a constant that is integers in the file, what stands for it.
    pub tensor: String,
    /// Whether it is a constant.
    pub is_weight: bool,
    /// Its scales.
    pub scales: Vec<f32>,
    /// Its zero points; empty where it has none.
    pub zeros: Vec<f32>,
    /// The integers' type by its NumPy name.
    pub dtype: String,
    /// The axis of its channels, from the front; `None` where there is one scale.
    pub axis: Option<usize>,
    /// How many channels a constant has along it.
    pub channels: Option<usize>,
    /// The lowest and the highest integer of a constant.
    pub codes: Option<(f32, f32)>,
    /// What its `DequantizeLinear` has otherwise: a clause.
    pub behind: Option<String>,
}

impl Network {
    /// What all quantizers outside of branches say whose scales are constants, in the order of the file. Scales in blocks
    /// are left out.
    pub fn quantizer_survey(&self) -> Vec<Surveyed> {
        let (graph, constants) = (self.graph(), Constants::of(self.graph()));
        let of = |name: &str| numbers(name, &constants, &self.folder);
        let mut behind: HashMap<&str, Vec<&NodeProto>> = HashMap::new();
        for node in graph.node.iter().filter(|node| node.op_type == "DequantizeLinear") {
            behind.entry(node.input.first().map_or("", String::as_str)).or_default().push(node);
        }
        let says = |node: &NodeProto| -> Option<(Vec<f32>, Vec<f32>)> {
            let blocks = node.attribute.iter().any(|attribute| attribute.name == "block_size" && attribute.i != 0);
            let zero = node.input.get(2).filter(|name| !name.is_empty());
            let scales = Some(node.input.get(1)?).filter(|_| !blocks).and_then(|name| of(name))?;
            Some((scales, zero.map_or(Some(Vec::new()), |name| of(name))?))
        };
        let axis = |node: &NodeProto, rank: Option<usize>| {
            let axis = node.attribute.iter().find(|attribute| attribute.name == "axis").map_or(1, |a| a.i);
            let from_the_front = if axis < 0 { axis + rank? as i64 } else { axis };
            usize::try_from(from_the_front).ok()
        };
        let dims = |name: &str| constants.tensor(name).map(|tensor| tensor.dims.clone());
        let mut all = Vec::new();
        for node in &graph.node {
            let (Some(first), Some(output)) = (node.input.first(), node.output.first()) else { continue };
            let integers = match node.op_type.as_str() {
                "QuantizeLinear" => None,
                "DequantizeLinear" => match constants.tensor(first) {
                    Some(tensor) => Some(tensor),
                    None => continue,
                },
                _ => continue,
            };
            let Some((scales, zeros)) = says(node) else { continue };
            let element = integers.map_or_else(|| element_of(node, &constants), Element::of);
            let shape = dims(first);
            let axis = axis(node, shape.as_ref().map(Vec::len)).filter(|_| scales.len() > 1);
            let channels = axis.and_then(|axis| shape.as_ref()?.get(axis).copied());
            let values =
                integers.filter(|_| element == Element::INT8 || element == Element::UINT8).and_then(|_| of(first));
            let codes = values.filter(|values| values.len() > 1).map(|values| {
                values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)))
            });
            let apart = behind.get(output.as_str()).into_iter().flatten().find_map(|other| {
                let (other_scales, other_zeros) = says(other)?;
                let zero = |zeros: &[f32]| zeros.first().copied().unwrap_or(0.0);
                if bits(&other_scales) != bits(&scales) {
                    Some(format!(
                        "it is quantized with {:?}, and back with {:?}",
                        first_of(&scales),
                        first_of(&other_scales)
                    ))
                } else if zero(&zeros) != zero(&other_zeros) {
                    Some(format!("it is quantized around {}, and back around {}", zero(&zeros), zero(&other_zeros)))
                } else {
                    None
                }
            });
            all.push(Surveyed {
                tensor: if integers.is_some() { output.clone() } else { first.clone() },
                is_weight: integers.is_some() || constants.contains(first),
                scales,
                zeros,
                dtype: element.name(),
                axis,
                channels: channels.and_then(|n| usize::try_from(n).ok()),
                codes,
                behind: apart.filter(|_| integers.is_none()),
            });
        }
        all
    }
}

fn bits(scales: &[f32]) -> Vec<u32> {
    scales.iter().map(|scale| scale.to_bits()).collect()
}

fn first_of(scales: &[f32]) -> f32 {
    scales.first().copied().unwrap_or(f32::NAN)
}
