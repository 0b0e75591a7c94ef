//! The mean of what quantization adds, moved into the biases behind it.

use super::kept::quantized;
use super::standing::Standing;
use crate::jobs::tuning::Moved;
use crate::model::{Activation, Biased, Graph, ModelError};
use crate::quant::{Grids, QuantParams};

/// Samples whose means are taken.
const SAMPLES: usize = 16;

/// The operators that hand values on, so that what is quantized before them is behind them too.
const HAND_ON: [&str; 8] =
    ["Dropout", "Flatten", "GlobalMaxPool", "Identity", "MaxPool", "Reshape", "Squeeze", "Unsqueeze"];

/// The network with its weights on their grids and its biases moved, and by how much.
pub(super) struct Corrected {
    pub graph: Graph,
    pub moved: Vec<Moved>,
}

/// Measures the means of what goes into each product on the samples that are searched on, in float, and moves each bias by
/// what `params` and the grids of the weights do to the mean of its output. Layers are looked at one by one, so that none
/// makes up for another. `None` when it was cancelled, or where no bias can be moved.
pub(super) fn corrected(
    search: &Standing,
    weights: &[Grids],
    params: &[Option<QuantParams>],
) -> Result<Option<Corrected>, ModelError> {
    let setup = &search.run.setup;
    let products = setup.network.biased(&setup.weights);
    let graph = setup.graph()?;
    let place = |of: &Biased| graph.tensors().iter().position(|tensor| tensor.name == of.input);
    let products: Vec<(Biased, usize)> =
        products.into_iter().filter_map(|of| Some((place(&of)?, of))).map(|(at, of)| (of, at)).collect();
    if products.is_empty() {
        return Ok(None);
    }
    let mut means: Vec<Option<Means>> = vec![None; graph.tensors().len()];
    for (of, at) in &products {
        means[*at].get_or_insert_with(|| Means::new(of.inputs, grid(graph.tensors(), params, *at)));
    }
    let budget = search.budget.on_first(SAMPLES);
    for &sample in budget.samples {
        let sample = setup.samples.get(sample)?;
        let mut see = |tensor: usize, shape: &[usize], values: &[f32]| {
            if let Some(means) = &mut means[tensor] {
                means.take(shape, values);
            }
        };
        if graph.run(&sample, &mut see, budget.cancelled)?.is_none() {
            return Ok(None);
        }
    }
    let quantized = quantized(setup, weights)?;
    let mut shifts = Vec::new();
    for (of, at) in products {
        let Some((float, after)) = means[at].as_ref().and_then(Means::of) else { continue };
        let weight = &setup.weights[of.weight];
        let before = setup.network.weight_values(weight)?;
        let values = quantized.weight_values(weight)?;
        let moved = of.moved((&float, &before), (&after, &values));
        if moved.iter().all(|by| by.is_finite()) {
            shifts.push((of, moved.into_iter().map(|by| -by).collect::<Vec<f64>>()));
        }
    }
    let graph = graph.with_network(&quantized.with_biases(&shifts)?);
    let moved = shifts.into_iter().map(|(of, by)| Moved { node: of.node, by }).collect();
    Ok(Some(Corrected { graph, moved }))
}

/// The sums of each channel of an activation, as it is and on its grid.
#[derive(Clone)]
struct Means {
    grid: Option<QuantParams>,
    float: Vec<f64>,
    quantized: Vec<f64>,
    /// Values of one channel.
    count: usize,
}

impl Means {
    fn new(channels: usize, grid: Option<QuantParams>) -> Means {
        Means { grid, float: vec![0.0; channels], quantized: vec![0.0; channels], count: 0 }
    }

    /// Takes in values whose channels lie along axis 1.
    fn take(&mut self, shape: &[usize], values: &[f32]) {
        let channels = self.float.len();
        if shape.get(1) != Some(&channels) || values.is_empty() {
            return;
        }
        let inner: usize = shape[2..].iter().product();
        for (row, values) in values.chunks_exact(inner).enumerate() {
            let channel = row % channels;
            let on_grid = |x: f32| self.grid.map_or(x, |grid| grid.fake_quant(x));
            self.quantized[channel] += values.iter().map(|x| f64::from(on_grid(*x))).sum::<f64>();
            self.float[channel] += values.iter().copied().map(f64::from).sum::<f64>();
        }
        self.count += values.len() / channels;
    }

    /// The means, in float and on the grid.
    fn of(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        let mean = |sums: &[f64]| sums.iter().map(|sum| sum / self.count as f64).collect();
        (self.count > 0).then(|| (mean(&self.float), mean(&self.quantized)))
    }
}

/// The grid that the values of an activation are on: its own, or that of what only hands them on to it.
fn grid(tensors: &[Activation], params: &[Option<QuantParams>], tensor: usize) -> Option<QuantParams> {
    let mut at = tensor;
    // No more steps than there are tensors.
    for _ in 0..tensors.len() {
        if params[at].is_some() {
            return params[at];
        }
        let Activation { node, op_type, .. } = &tensors[at];
        if !HAND_ON.contains(&op_type.as_str()) {
            return None;
        }
        at = tensors.iter().position(|before| before.consumers.iter().any(|taker| taker.node == *node))?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{Clip, Format};

    #[test]
    fn means_are_of_each_channel_and_of_the_grid() {
        let ones = QuantParams::new(1.0, 0, Format::INT8).unwrap();
        let mut means = Means::new(2, Some(ones));
        means.take(&[1, 2, 2], &[0.4, 0.4, 1.4, 2.8]);
        means.take(&[2, 2, 1], &[0.1, 0.2, 0.3, 0.4]);
        means.take(&[2, 3], &[9.0; 6]);
        let (float, quantized) = means.of().unwrap();
        let near = |a: &[f64], b: [f64; 2]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near(&float, [1.2 / 4.0, 4.8 / 4.0]) && near(&quantized, [0.0, 1.0]), "{float:?} {quantized:?}");
        assert!(Means::new(2, None).of().is_none());
    }

    #[test]
    fn what_only_hands_values_on_has_the_grid_before_it() {
        let of = |op: &str, node: &str, takers: &[&str]| Activation {
            name: node.into(),
            op_type: op.into(),
            node: node.into(),
            consumers: takers
                .iter()
                .map(|node| crate::model::Consumer { node: (*node).into(), op_type: String::new() })
                .collect(),
            shape: None,
            dtype: crate::model::DatumType::F32,
            is_output: false,
        };
        let tensors = [
            of("input", "", &["relu"]),
            of("Relu", "relu", &["pool"]),
            of("MaxPool", "pool", &["conv"]),
            of("AveragePool", "mean", &[]),
        ];
        let params = QuantParams::from_clip(Clip::symmetric(1.0), Format::INT8);
        let all = [None, Some(params), None, None];
        assert_eq!([0, 1, 2, 3].map(|at| grid(&tensors, &all, at)), [None, Some(params), Some(params), None]);
    }
}
