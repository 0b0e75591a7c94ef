//! Elements put elsewhere: `ReverseSequence`, `CenterCropPad`.

use super::pad::picked;
use super::{Fact, Function, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_hir::internal::InferenceOp;

type Built = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

fn numbers(tensor: &Tensor) -> TractResult<Vec<i64>> {
    Ok(tensor.cast_to::<i64>()?.try_as_plain_ram()?.as_slice::<i64>()?.to_vec())
}

/// An axis counted from the front.
fn axis_of(axis: i64, rank: usize) -> TractResult<usize> {
    let place = if axis < 0 { axis + rank as i64 } else { axis };
    ensure!((0..rank as i64).contains(&place), "there is no axis {axis} of {rank}");
    Ok(place as usize)
}

#[derive(Debug)]
struct ReverseSequence {
    batch: usize,
    time: usize,
}

impl Function for ReverseSequence {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![required(inputs, 0)?.fact()])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let (x, lengths) = (required(&inputs, 0)?, numbers(required(&inputs, 1)?)?);
        let shape = x.shape();
        ensure!(x.rank() > 1 && self.batch + self.time == 1, "batch and time are the first two axes");
        ensure!(lengths.len() == shape[self.batch], "there are {} lengths for {}", lengths.len(), shape[self.batch]);
        let time = shape[self.time] as i64;
        ensure!(lengths.iter().all(|n| (0..=time).contains(n)), "a sequence is longer than the {time} that are there");
        // The first two axes as one, whose rows change places.
        let place = |row: usize| {
            let (first, second) = (row / shape[1], row % shape[1]);
            let (batch, at) = if self.batch == 0 { (first, second) } else { (second, first) };
            let length = lengths[batch] as usize;
            let from = if at < length { length - 1 - at } else { at };
            Some(if self.batch == 0 { first * shape[1] + from } else { from * shape[1] + second })
        };
        let places: Vec<Option<usize>> = (0..shape[0] * shape[1]).map(place).collect();
        let inner: usize = shape[2..].iter().product();
        let rows = (**x).clone().into_shape(&[shape[0] * shape[1], inner])?;
        let all = (0..inner).map(Some).collect();
        let fill = Tensor::zero_scalar_dt(x.datum_type())?;
        let moved = dispatch_datum!(picked(x.datum_type())(&rows, &[places, all], &fill))?;
        Ok(vec![moved.into_shape(shape)?])
    }
}

pub(in crate::model::engine) fn reverse_sequence(_: &ParsingContext, node: &NodeProto) -> Built {
    let batch = node.get_attr_opt("batch_axis")?.unwrap_or(1);
    own(node, ReverseSequence { batch, time: node.get_attr_opt("time_axis")?.unwrap_or(0) })
}

#[derive(Debug)]
struct CenterCropPad {
    axes: Option<Vec<i64>>,
}

impl CenterCropPad {
    /// Which axes become how long.
    fn wanted(&self, rank: usize, sizes: &Tensor) -> TractResult<Vec<(usize, usize)>> {
        let sizes = numbers(sizes)?;
        let axes = self.axes.clone().unwrap_or_else(|| (0..rank as i64).collect());
        ensure!(axes.len() == sizes.len(), "there are {} sizes for {} axes", sizes.len(), axes.len());
        axes.iter().zip(sizes).map(|(&axis, size)| Ok((axis_of(axis, rank)?, usize::try_from(size)?))).collect()
    }
}

impl Function for CenterCropPad {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let mut fact = required(inputs, 0)?.fact();
        for (axis, size) in self.wanted(fact.shape.len(), required(inputs, 1)?.value()?)? {
            fact.shape[axis] = size.to_dim();
        }
        Ok(vec![fact])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let x = required(&inputs, 0)?;
        let mut places: Vec<Vec<Option<usize>>> = x.shape().iter().map(|&len| (0..len).map(Some).collect()).collect();
        for (axis, size) in self.wanted(x.rank(), required(&inputs, 1)?)? {
            let len = x.shape()[axis];
            let place = |at: usize| match size > len {
                true => at.checked_sub((size - len) / 2).filter(|at| *at < len),
                false => Some(at + (len - size) / 2),
            };
            places[axis] = (0..size).map(place).collect();
        }
        let fill = Tensor::zero_scalar_dt(x.datum_type())?;
        Ok(vec![dispatch_datum!(picked(x.datum_type())(x, &places, &fill))?])
    }
}

pub(in crate::model::engine) fn center_crop_pad(_: &ParsingContext, node: &NodeProto) -> Built {
    own(node, CenterCropPad { axes: node.get_attr_opt_vec("axes")? })
}
