//! The largest, the smallest, and sums that a plain way of computing them overflows.

use super::axes::{Over, Run};
use super::number::{Real, larger, numbers, smaller};
use super::{Built, Fact, Function, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::num_traits::Bounded;

#[derive(Debug)]
struct Reduce {
    kind: Kind,
    over: Over,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Max,
    Min,
    L2,
    LogSumExp,
}

impl Function for Reduce {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![Fact { dtype: required(inputs, 0)?.dtype, shape: self.over.shape(inputs)? }])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let input = required(&inputs, 0)?;
        let axes = inputs.get(1).and_then(Option::as_ref).map(|axes| &**axes);
        let dtype = input.datum_type();
        let output = match (self.kind, dtype) {
            (Kind::Max | Kind::Min, DatumType::Bool) => {
                self.extreme::<u8>(&*input.cast_to::<u8>()?, axes)?.cast_to::<bool>()?.into_owned()
            }
            (Kind::Max | Kind::Min, _) => return Ok(vec![numbers!(dtype, extreme_of(self, input, axes))?]),
            (_, DatumType::F32) => self.sum::<f32>(input, axes)?,
            (_, DatumType::F16) => self.sum::<f32>(&*input.cast_to::<f32>()?, axes)?.cast_to::<f16>()?.into_owned(),
            _ => self.sum::<f64>(&*input.cast_to::<f64>()?, axes)?.cast_to_dt(dtype)?.into_owned(),
        };
        Ok(vec![output])
    }
}

fn extreme_of<T: Datum + Copy + PartialOrd + Least>(
    reduce: &Reduce,
    input: &Tensor,
    axes: Option<&Tensor>,
) -> TractResult<Tensor> {
    reduce.extreme::<T>(input, axes)
}

impl Reduce {
    fn extreme<T: Datum + Copy + PartialOrd + Least>(
        &self,
        input: &Tensor,
        axes: Option<&Tensor>,
    ) -> TractResult<Tensor> {
        self.over.reduce::<T>(input, axes, |values, run| match self.kind {
            Kind::Min => fold(values, run, T::most(), smaller),
            _ => fold(values, run, T::least(), larger),
        })
    }

    fn sum<R: Real>(&self, input: &Tensor, axes: Option<&Tensor>) -> TractResult<Tensor> {
        self.over.reduce::<R>(input, axes, |values, run| match self.kind {
            Kind::L2 => {
                let squares: Vec<R> = values.iter().map(|x| *x * *x).collect();
                fold(&squares, run, R::zero(), |a, b| a + b).into_iter().map(R::sqrt).collect()
            }
            _ => log_sum_exp(values, run),
        })
    }
}

/// Combines the values along a run, beginning with `first`.
pub(super) fn fold<T: Copy>(values: &[T], run: Run, first: T, combine: impl Fn(T, T) -> T) -> Vec<T> {
    let mut result = vec![first; run.outer * run.inner];
    if run.inner == 1 && run.along > 0 {
        for (out, row) in result.iter_mut().zip(values.chunks_exact(run.along)) {
            *out = row.iter().fold(first, |a, b| combine(a, *b));
        }
    } else if run.along * run.inner > 0 {
        for (out, block) in result.chunks_exact_mut(run.inner).zip(values.chunks_exact(run.along * run.inner)) {
            for row in block.chunks_exact(run.inner) {
                out.iter_mut().zip(row).for_each(|(a, b)| *a = combine(*a, *b));
            }
        }
    }
    result
}

/// Relative to the largest, whose exponential may be more than there are numbers for.
pub(super) fn log_sum_exp<R: Real>(values: &[R], run: Run) -> Vec<R> {
    let largest = fold(values, run, R::neg_infinity(), larger);
    // Where that is no finite number, it is the result: the difference to itself would be none.
    let base = |place: usize| if largest[place].is_infinite() { R::zero() } else { largest[place] };
    let mut sums = vec![R::zero(); largest.len()];
    for (i, x) in values.iter().enumerate() {
        let place = i / (run.along * run.inner) * run.inner + i % run.inner;
        sums[place] = sums[place] + (*x - base(place)).e();
    }
    let logs = sums.into_iter().enumerate().map(|(place, sum)| base(place) + sum.ln());
    logs.zip(&largest).map(|(log, largest)| if largest.is_infinite() { *largest } else { log }).collect()
}

/// What the largest and smallest of no values are.
trait Least {
    fn least() -> Self;
    fn most() -> Self;
}

macro_rules! least {
    ($($type:ty: $least:expr, $most:expr;)*) => {$(
        impl Least for $type {
            fn least() -> $type {
                $least
            }
            fn most() -> $type {
                $most
            }
        }
    )*};
}

least! {
    f16: f16::NEG_INFINITY, f16::INFINITY;
    f32: f32::NEG_INFINITY, f32::INFINITY;
    f64: f64::NEG_INFINITY, f64::INFINITY;
    i8: Bounded::min_value(), Bounded::max_value();
    i16: Bounded::min_value(), Bounded::max_value();
    i32: Bounded::min_value(), Bounded::max_value();
    i64: Bounded::min_value(), Bounded::max_value();
    u8: 0, Bounded::max_value();
    u16: 0, Bounded::max_value();
    u32: 0, Bounded::max_value();
    u64: 0, Bounded::max_value();
}

fn reduce(context: &ParsingContext, node: &NodeProto, kind: Kind) -> TractResult<Built> {
    own(node, Reduce { kind, over: Over::of(node, context.onnx_operator_set_version, 18)? })
}

pub(in crate::model::engine) fn reduce_max(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    reduce(context, node, Kind::Max)
}

pub(in crate::model::engine) fn reduce_min(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    reduce(context, node, Kind::Min)
}

pub(in crate::model::engine) fn reduce_l2(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    reduce(context, node, Kind::L2)
}

pub(in crate::model::engine) fn reduce_log_sum_exp(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    reduce(context, node, Kind::LogSumExp)
}
