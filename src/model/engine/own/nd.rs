//! Slices at places that are given by their coordinates: `GatherND` and `ScatterND`.

use super::{Fact, Function, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_hir::internal::InferenceOp;

#[derive(Debug)]
struct Gather {
    batch: usize,
}

impl Function for Gather {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let (x, places) = (required(inputs, 0)?, required(inputs, 1)?);
        let (depth, outer) = places.shape.split_last().context("the indices are a single number")?;
        let taken = self.batch + depth.to_usize()?;
        ensure!(
            taken <= x.shape.len() && self.batch <= outer.len(),
            "the indices have more coordinates than axes are there"
        );
        Ok(vec![Fact { dtype: x.dtype, shape: outer.iter().chain(&x.shape[taken..]).cloned().collect() }])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let (x, places) = (required(&inputs, 0)?, required(&inputs, 1)?);
        Ok(vec![dispatch_datum!(gathered(x.datum_type())(x, places, self.batch))?])
    }
}

fn gathered<T: Datum>(x: &Tensor, places: &Tensor, batch: usize) -> TractResult<Tensor> {
    let (&depth, outer) = places.shape().split_last().context("the indices are a single number")?;
    let (axes, slice) = x.shape()[batch..].split_at(depth);
    let shape: Vec<usize> = outer.iter().chain(slice).copied().collect();
    let step: usize = slice.iter().product();
    let values = x.try_as_plain_ram()?.as_slice::<T>()?;
    let batches: usize = outer[..batch].iter().product();
    let of_batch = values.len() / batches.max(1);
    let starts = starts(places, axes)?;
    let each = (starts.len() / batches.max(1)).max(1);
    let mut result = Vec::with_capacity(starts.len() * step);
    for (i, start) in starts.into_iter().enumerate() {
        result.extend_from_slice(&values[i / each * of_batch + start * step..][..step]);
    }
    Ok(tract_ndarray::ArrayD::from_shape_vec(shape, result)?.into_tensor())
}

/// Which slice each coordinate is; negative ones count from the end.
fn starts(places: &Tensor, axes: &[usize]) -> TractResult<Vec<usize>> {
    let places = places.cast_to::<i64>()?;
    let all = places.try_as_plain_ram()?.as_slice::<i64>()?;
    let start = |coordinates: &[i64]| {
        coordinates.iter().zip(axes).try_fold(0, |start, (&at, &len)| {
            let place = if at < 0 { at + len as i64 } else { at };
            ensure!((0..len as i64).contains(&place), "the index {at} is outside of the {len} that are there");
            Ok(start * len + place as usize)
        })
    };
    match axes.len() {
        // No coordinate at all is the whole.
        0 => Ok(vec![0; places.shape().iter().rev().skip(1).product()]),
        depth => all.chunks_exact(depth).map(start).collect(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Reduction {
    None,
    Add,
    Mul,
    Min,
    Max,
}

#[derive(Debug)]
struct Scatter {
    reduction: Reduction,
}

impl Function for Scatter {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![required(inputs, 0)?.fact()])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let (x, places, updates) = (required(&inputs, 0)?, required(&inputs, 1)?, required(&inputs, 2)?);
        let dtype = x.datum_type();
        if self.reduction == Reduction::None {
            return Ok(vec![dispatch_datum!(scattered(dtype)(x, places, updates, |_, new| Clone::clone(new)))?]);
        }
        let reduction = self.reduction;
        Ok(vec![match dtype {
            // Bytes are counted round, as ONNX Runtime does.
            DatumType::F16 => {
                let (x, updates) = (x.cast_to::<f32>()?, updates.cast_to::<f32>()?);
                let sum =
                    scattered(&x, places, &updates, |a, b| float(reduction, f64::from(*a), f64::from(*b)) as f32)?;
                sum.cast_to_dt(dtype)?.into_owned()
            }
            DatumType::F32 => scattered(x, places, updates, |a: &f32, b: &f32| match reduction {
                Reduction::Add => a + b,
                Reduction::Mul => a * b,
                _ => float(reduction, f64::from(*a), f64::from(*b)) as f32,
            })?,
            DatumType::F64 => scattered(x, places, updates, |a: &f64, b: &f64| float(reduction, *a, *b))?,
            DatumType::I32 => scattered(x, places, updates, |a: &i32, b: &i32| match reduction {
                Reduction::Add => a.wrapping_add(*b),
                Reduction::Mul => a.wrapping_mul(*b),
                Reduction::Min => *a.min(b),
                _ => *a.max(b),
            })?,
            DatumType::I64 => scattered(x, places, updates, |a: &i64, b: &i64| match reduction {
                Reduction::Add => a.wrapping_add(*b),
                Reduction::Mul => a.wrapping_mul(*b),
                Reduction::Min => *a.min(b),
                _ => *a.max(b),
            })?,
            other => bail!("{reduction:?} of {other:?} is not computed"),
        }])
    }
}

fn float(reduction: Reduction, a: f64, b: f64) -> f64 {
    match reduction {
        Reduction::Add => a + b,
        Reduction::Mul => a * b,
        _ if a.is_nan() || b.is_nan() => f64::NAN,
        Reduction::Min => a.min(b),
        _ => a.max(b),
    }
}

fn scattered<T: Datum>(
    x: &Tensor,
    places: &Tensor,
    updates: &Tensor,
    put: impl Fn(&T, &T) -> T,
) -> TractResult<Tensor> {
    let &depth = places.shape().last().context("the indices are a single number")?;
    ensure!(depth <= x.rank(), "the indices have more coordinates than axes are there");
    let (axes, slice) = x.shape().split_at(depth);
    let step: usize = slice.iter().product();
    let mut result = x.clone();
    let starts = starts(places, axes)?;
    let updates = updates.try_as_plain_ram()?.as_slice::<T>()?;
    ensure!(
        updates.len() == starts.len() * step,
        "there are {} updates for {} places",
        updates.len(),
        starts.len() * step
    );
    let mut plain = result.try_as_plain_ram_mut()?;
    let values = plain.as_slice_mut::<T>()?;
    for (start, updates) in starts.into_iter().zip(updates.chunks(step.max(1))) {
        for (value, update) in values[start * step..].iter_mut().zip(updates) {
            *value = put(value, update);
        }
    }
    Ok(result)
}

type Built = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

pub(in crate::model::engine) fn gather_nd(_: &ParsingContext, node: &NodeProto) -> Built {
    own(node, Gather { batch: node.get_attr_opt("batch_dims")?.unwrap_or(0) })
}

pub(in crate::model::engine) fn scatter_nd(_: &ParsingContext, node: &NodeProto) -> Built {
    let reduction = match node.get_attr_opt::<&str>("reduction")? {
        None | Some("none") => Reduction::None,
        Some("add") => Reduction::Add,
        Some("mul") => Reduction::Mul,
        Some("min") => Reduction::Min,
        Some("max") => Reduction::Max,
        Some(other) => bail!("its reduction is {other}"),
    };
    own(node, Scatter { reduction })
}
