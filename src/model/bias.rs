//! Products whose bias can take in what quantization adds to their output on the average.
//!
//! The standard remedy for a biased error (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
//! Correction", 2019, section 4.2): the mean of a product's output moves by its weights times the means of what comes in,
//! quantized and not, and the bias is moved back by as much.

use super::activations::node_name;
use super::constants::{Element, load, write};
use super::error::ModelError;
use super::network::Network;
use super::weights::{Constants, Weight};
use std::collections::HashMap;
use tract_onnx::pb::{ModelProto, NodeProto, TensorProto};

/// A `Conv` or `Gemm` with a constant weight, and a bias that is constant or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Biased {
    /// The node's name; its first output's where it has none.
    pub node: String,
    /// The activation that it multiplies.
    pub input: String,
    /// Which of the network's [weights](Network::weights), by its place.
    pub weight: usize,
    /// Output channels, each with a bias.
    pub channels: usize,
    /// Channels that come in, along axis 1.
    pub inputs: usize,
    groups: usize,
    /// Whether the output channels are the weight's first axis.
    outputs_first: bool,
    /// What a `Gemm` multiplies its product by, and its bias.
    alpha: f64,
    beta: f64,
    /// The name of its output, which no other node has.
    output: String,
    /// ONNX's number of its weight's type, which a bias that is made has too.
    element: i32,
}

impl Biased {
    /// The name of its first output, which no other node has.
    pub fn output(&self) -> &str {
        &self.output
    }

    /// What [`Network::with_biases`] calls its bias.
    pub fn bias(&self) -> String {
        format!("{} (bias)", self.output)
    }

    /// How far the mean of each output channel moves where the channels that come in have these means and the weight these
    /// values, and then those: as if no window reached beyond the border.
    pub fn moved(&self, before: (&[f64], &[f32]), after: (&[f64], &[f32])) -> Vec<f64> {
        let of = |(means, weight): (&[f64], &[f32])| self.means(means, weight);
        of(after).into_iter().zip(of(before)).map(|(after, before)| after - before).collect()
    }

    /// The mean of each output channel, without its bias.
    fn means(&self, means: &[f64], weight: &[f32]) -> Vec<f64> {
        // Of a group a Conv's weight holds the channels that its outputs see.
        let (seen, inner) = (self.inputs / self.groups, weight.len() / (self.channels * self.inputs / self.groups));
        let outputs = self.channels / self.groups;
        let mean = |output: usize| {
            let first = output / outputs * seen;
            let of = |input: usize| {
                let at = if self.outputs_first { output * seen + input } else { input * self.channels + output };
                let sum: f64 = weight[at * inner..(at + 1) * inner].iter().copied().map(f64::from).sum();
                sum * means[first + input]
            };
            self.alpha * (0..seen).map(of).sum::<f64>()
        };
        (0..self.channels).map(mean).collect()
    }
}

impl Network {
    /// The products of the network, outside of branches, whose bias can be moved; `weights` are the network's own.
    pub fn biased(&self, weights: &[Weight]) -> Vec<Biased> {
        let constants = Constants::of(self.graph());
        let places: HashMap<&str, usize> = weights.iter().enumerate().map(|(at, w)| (w.name.as_str(), at)).collect();
        self.graph().node.iter().filter_map(|node| biased(node, &constants, weights, &places)).collect()
    }

    /// The network with these numbers added to the biases, one for each output channel. A bias that others take too stays
    /// theirs.
    ///
    /// # Errors
    ///
    /// A bias cannot be read.
    pub fn with_biases(&self, shifts: &[(Biased, Vec<f64>)]) -> Result<Network, ModelError> {
        let constants = Constants::of(self.graph());
        let mut made: HashMap<&str, TensorProto> = HashMap::new();
        for (of, shift) in shifts {
            let node = self.graph().node.iter().find(|node| node.output.first() == Some(&of.output));
            let Some(node) = node else { continue };
            let own = node.input.get(2).filter(|name| !name.is_empty()).and_then(|name| constants.tensor(name));
            let values = own.map(|own| load(own, &self.folder).map_err(|why| self.error(why))).transpose()?;
            let values = match &values {
                Some(values) => super::weights::singles(self, &of.node, values.clone())?,
                None => vec![0.0],
            };
            let dims = vec![of.channels as i64];
            let data_type = own.map_or(of.element, |own| own.data_type);
            let name = of.bias();
            let mut tensor = TensorProto { name, dims, data_type, ..TensorProto::default() };
            // One for all where it is one.
            let moved =
                shift.iter().enumerate().map(|(c, shift)| f64::from(values[c % values.len()]) + shift / of.beta);
            write(&mut tensor, moved);
            made.insert(&of.output, tensor);
        }
        let mut proto = ModelProto::clone(&self.proto);
        let graph = proto.graph.as_mut().expect("checked when it was made");
        for node in &mut graph.node {
            if let Some(tensor) = node.output.first().and_then(|output| made.remove(output.as_str())) {
                node.input.resize(node.input.len().max(3), String::new());
                node.input[2].clone_from(&tensor.name);
                graph.initializer.push(tensor);
            }
        }
        Ok(self.with_proto(proto))
    }
}

/// What a node is, if its bias can be moved.
fn biased(
    node: &NodeProto,
    constants: &Constants,
    weights: &[Weight],
    places: &HashMap<&str, usize>,
) -> Option<Biased> {
    let is_conv = node.op_type == "Conv";
    if !matches!(&*node.domain, "" | "ai.onnx") || !(is_conv || node.op_type == "Gemm") {
        return None;
    }
    let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name);
    let [input, name] = node.input.get(..2)? else { return None };
    let at = *places.get(name.as_str())?;
    let shape = weights[at].shape.as_slice();
    let set = |name: &str| attribute(name).is_some_and(|a| a.i != 0);
    let factor = |name: &str| attribute(name).filter(|_| !is_conv).map_or(1.0, |a| f64::from(a.f));
    let (alpha, beta) = (factor("alpha"), factor("beta"));
    let groups = attribute("group").filter(|_| is_conv).map_or(1, |a| a.i.max(1) as usize);
    let outputs_first = is_conv || set("transB");
    let (&first, &second) = (shape.first()?, shape.get(1)?);
    let (channels, inputs) = if outputs_first { (first, second * groups) } else { (second, first) };
    let fits = channels > 0 && inputs > 0 && channels.is_multiple_of(groups) && (is_conv || shape.len() == 2);
    if !fits || beta == 0.0 || (!is_conv && set("transA")) || constants.contains(input) {
        return None;
    }
    // A bias that is computed, or has more numbers than channels, stays as it is.
    if let Some(bias) = node.input.get(2).filter(|name| !name.is_empty()) {
        let tensor = constants.tensor(bias)?;
        let size: i64 = tensor.dims.iter().product();
        if !Element::of(tensor).is_float() || !(size == channels as i64 || (size == 1 && !is_conv)) {
            return None;
        }
    }
    // A weight that nodes make is of floats that are not known here.
    let element = constants.tensor(name).filter(|weight| Element::of(weight).is_float());
    let element = element.map_or(1, |weight| weight.data_type);
    let output = node.output.first()?.clone();
    let (node, input) = (node_name(node).to_owned(), input.clone());
    Some(Biased { node, input, weight: at, channels, inputs, groups, outputs_first, alpha, beta, output, element })
}
