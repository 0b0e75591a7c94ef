//! BatchNormalization, InstanceNormalization and GroupNormalization: the second axis are channels.

use super::{each, moments};
use crate::model::engine::own::formula::{Computed, Formula, Wide};
use crate::model::engine::own::{Fact, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::{IntoTensor, Tensor, TractResult, ensure};
use tract_onnx::tract_hir::internal::InferenceOp;

#[derive(Debug)]
struct Channels {
    statistics: Statistics,
    epsilon: f64,
}

/// What a channel is normalized by.
#[derive(Debug)]
enum Statistics {
    /// By means and variances that the node is given.
    Given,
    /// By those of the channel itself.
    Own,
    /// By those of so many groups of channels.
    Groups {
        count: usize,
        /// Scale and bias are one for each group, not for each channel.
        shared: bool,
    },
}

impl Formula for Channels {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![required(inputs, 0)?.fact()])
    }

    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let mut y = required(inputs, 0)?.to_plain_array_view::<T>()?.as_standard_layout().into_owned();
        ensure!(y.ndim() > 0, "the input has no axes");
        // A single axis is that of the batch, and there is one channel.
        let channels = y.shape().get(1).copied().unwrap_or(1);
        let plane: usize = y.shape().iter().skip(2).product();
        let groups = match self.statistics {
            Statistics::Groups { count, .. } => count,
            _ => channels,
        };
        ensure!(groups > 0 && channels % groups == 0, "{channels} channels are not {groups} equal groups");
        let members = channels / groups;
        let parameters = match self.statistics {
            Statistics::Groups { shared: true, .. } => groups,
            _ => channels,
        };
        let parameter = |input: usize| {
            let given = required(inputs, input)?.to_plain_array_view::<T>()?;
            ensure!(given.len() == parameters, "input {input} has {} values, where it has {parameters}", given.len());
            TractResult::Ok(given.iter().map(|x| x.wide()).collect::<Vec<f64>>())
        };
        let (scale, bias) = (parameter(1)?, parameter(2)?);
        let given = match self.statistics {
            Statistics::Given => Some((parameter(3)?, parameter(4)?)),
            _ => None,
        };
        let values = y.as_slice_mut().expect("it is in standard layout");
        for (i, group) in values.chunks_exact_mut((members * plane).max(1)).enumerate() {
            let group_index = i % groups;
            let (mean, variance) = match &given {
                Some((means, variances)) => (means[group_index], variances[group_index]),
                None => moments(group),
            };
            let inverse = 1.0 / (variance + self.epsilon).sqrt();
            for (j, channel) in group.chunks_exact_mut(plane.max(1)).enumerate() {
                let own = if parameters == groups { group_index } else { group_index * members + j };
                let (factor, bias) = (inverse * scale[own], bias[own]);
                each(channel, |x| (x - mean) * factor + bias);
            }
        }
        Ok(vec![y.into_tensor()])
    }
}

fn channels(node: &NodeProto, statistics: Statistics) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let epsilon: f32 = node.get_attr_opt("epsilon")?.unwrap_or(1e-5);
    own(node, Computed(Channels { statistics, epsilon: epsilon.into() }))
}

pub(in crate::model::engine) fn batch(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    channels(node, Statistics::Given)
}

pub(in crate::model::engine) fn instance(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    channels(node, Statistics::Own)
}

pub(in crate::model::engine) fn group(
    context: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let shared = context.onnx_operator_set_version < 21;
    channels(node, Statistics::Groups { count: node.get_attr("num_groups")?, shared })
}
