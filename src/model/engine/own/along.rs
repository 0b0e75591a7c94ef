//! `LogSoftmax`, `ArgMax` and `ArgMin`: along one axis.

use super::axes::{Run, axis};
use super::number::{Real, is_nan, numbers};
use super::reduce::log_sum_exp;
use super::{Built, Fact, Function, Given, own, required, take};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;

/// Along one axis from opset 13 on; before, along that axis and all behind it.
#[derive(Debug)]
struct LogSoftmax {
    axis: i64,
    flat: bool,
}

impl Function for LogSoftmax {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![required(inputs, 0)?.fact()])
    }

    fn eval(&self, mut inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let input = take(&mut inputs, 0)?;
        let output = match input.datum_type() {
            DatumType::F16 => self.of::<f32>(input.cast_to::<f32>()?.into_owned())?.cast_to::<f16>()?.into_owned(),
            DatumType::F32 => self.of::<f32>(input.into_tensor())?,
            DatumType::F64 => self.of::<f64>(input.into_tensor())?,
            other => bail!("{other:?} is no type of floats"),
        };
        Ok(vec![output])
    }
}

impl LogSoftmax {
    fn of<R: Real>(&self, mut input: Tensor) -> TractResult<Tensor> {
        let rank = input.rank();
        let first = if self.flat && self.axis == rank as i64 { rank } else { axis(self.axis, rank)? };
        let run = Run::of(input.shape(), first..if self.flat { rank } else { first + 1 });
        let mut plain = input.try_as_plain_ram_mut()?;
        let values = plain.as_slice_mut::<R>()?;
        // Relative to the largest first, or what is small beside it is lost.
        let sums = log_sum_exp(values, run);
        if !sums.is_empty() {
            for (i, x) in values.iter_mut().enumerate() {
                *x = *x - sums[i / (run.along * run.inner) * run.inner + i % run.inner];
            }
        }
        Ok(input)
    }
}

pub(in crate::model::engine) fn log_softmax(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    let flat = context.onnx_operator_set_version < 13;
    own(node, LogSoftmax { axis: node.get_attr_opt("axis")?.unwrap_or(if flat { 1 } else { -1 }), flat })
}

/// Where the largest or the smallest value is; the first NaN, if there is one.
#[derive(Debug)]
struct Position {
    smallest: bool,
    axis: i64,
    keep: bool,
    last: bool,
}

impl Function for Position {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let mut shape = required(inputs, 0)?.shape.clone();
        let axis = axis(self.axis, shape.len())?;
        if self.keep {
            shape[axis] = 1.to_dim();
        } else {
            shape.remove(axis);
        }
        Ok(vec![Fact { dtype: DatumType::I64, shape }])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let input = required(&inputs, 0)?;
        let axis = axis(self.axis, input.rank())?;
        let run = Run::of(input.shape(), axis..axis + 1);
        let mut shape = input.shape().to_vec();
        shape[axis] = 1;
        let found = numbers!(input.datum_type(), positions(input, run, self))?;
        let mut output = Tensor::from_shape(&shape, &found)?;
        if !self.keep {
            output.remove_axis(axis)?;
        }
        Ok(vec![output])
    }
}

fn positions<T: Datum + Copy + PartialOrd>(input: &Tensor, run: Run, what: &Position) -> TractResult<Vec<i64>> {
    ensure!(run.along > 0 || run.outer * run.inner == 0, "nothing is the largest of no values");
    let plain = input.try_as_plain_ram()?;
    let values = plain.as_slice::<T>()?;
    let better = |new: T, old: T| {
        let ahead = if what.smallest { new < old } else { new > old };
        !is_nan(&old) && (ahead || is_nan(&new) || (what.last && new == old))
    };
    let places =
        (0..run.outer).flat_map(|outer| (0..run.inner).map(move |inner| outer * run.along * run.inner + inner));
    let found = places.map(|start| {
        let at = |i: usize| values[start + i * run.inner];
        (1..run.along).fold(0, |best, i| if better(at(i), at(best)) { i } else { best }) as i64
    });
    Ok(found.collect())
}

fn position(node: &NodeProto, smallest: bool) -> TractResult<Built> {
    let axis = node.get_attr_opt("axis")?.unwrap_or(0);
    let keep = node.get_attr_opt("keepdims")?.unwrap_or(true);
    own(node, Position { smallest, axis, keep, last: node.get_attr_opt("select_last_index")?.unwrap_or(false) })
}

pub(in crate::model::engine) fn arg_max(_: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    position(node, false)
}

pub(in crate::model::engine) fn arg_min(_: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    position(node, true)
}
