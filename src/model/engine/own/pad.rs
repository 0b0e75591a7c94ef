//! Pads on both sides of any axis, negative ones as well.

use super::{Fact, Function, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_hir::internal::InferenceOp;

#[derive(Clone, Copy, Debug)]
enum Mode {
    Constant,
    Edge,
    Reflect,
    Wrap,
}

#[derive(Debug)]
struct Pad {
    mode: Mode,
    /// As attributes, before opset 11: the pads and the value.
    given: Option<(Vec<i64>, f32)>,
}

impl Function for Pad {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let x = required(inputs, 0)?;
        let value = |i: usize| inputs.get(i).and_then(Option::as_ref).map(|given| given.value().map(|v| v.as_ref()));
        let pads = self.pads(x.shape.len(), value(1).transpose()?, value(3).transpose()?)?;
        let mut fact = x.fact();
        for (dim, (before, after)) in fact.shape.iter_mut().zip(pads) {
            *dim = dim.clone() + (before + after);
            ensure!(dim.to_i64().is_ok_and(|n| n >= 0) || dim.to_i64().is_err(), "the pads leave less than nothing");
        }
        Ok(vec![fact])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let value = |i: usize| inputs.get(i).and_then(Option::as_deref);
        let x = required(&inputs, 0)?;
        let pads = self.pads(x.rank(), value(1), value(3))?;
        let places: Vec<Vec<Option<usize>>> = x
            .shape()
            .iter()
            .zip(pads)
            .map(|(&len, (before, after))| places(self.mode, len, before, after))
            .collect::<TractResult<_>>()?;
        let fill = match (&self.given, value(2)) {
            (Some((_, value)), _) => tensor0(*value).cast_to_dt(x.datum_type())?.into_owned(),
            (_, Some(value)) => value.cast_to_dt(x.datum_type())?.into_owned(),
            _ => Tensor::zero_scalar_dt(x.datum_type())?,
        };
        Ok(vec![dispatch_datum!(picked(x.datum_type())(x, &places, &fill))?])
    }
}

impl Pad {
    /// Of each axis, before and behind.
    fn pads(&self, rank: usize, pads: Option<&Tensor>, axes: Option<&Tensor>) -> TractResult<Vec<(i64, i64)>> {
        let numbers = |tensor: &Tensor| -> TractResult<Vec<i64>> {
            Ok(tensor.cast_to::<i64>()?.try_as_plain_ram()?.as_slice::<i64>()?.to_vec())
        };
        let given = match &self.given {
            Some((pads, _)) => pads.clone(),
            None => numbers(pads.context("the pads are missing")?)?,
        };
        let axes = axes.map_or_else(|| Ok((0..rank as i64).collect()), numbers)?;
        ensure!(given.len() == 2 * axes.len(), "there are {} pads for {} axes", given.len(), axes.len());
        let mut found = vec![(0, 0); rank];
        for (i, axis) in axes.iter().enumerate() {
            let axis = if *axis < 0 { axis + rank as i64 } else { *axis };
            let pads = usize::try_from(axis).ok().and_then(|axis| found.get_mut(axis));
            *pads.with_context(|| format!("there is no axis {axis}"))? = (given[i], given[i + axes.len()]);
        }
        Ok(found)
    }
}

/// For each place of an axis where it comes from; nowhere if it is filled.
fn places(mode: Mode, len: usize, before: i64, after: i64) -> TractResult<Vec<Option<usize>>> {
    // What negative pads leave, which positive ones then go around.
    let first = (-before).max(0);
    let left = len as i64 - first - (-after).max(0);
    ensure!(left >= 0, "the pads leave less than nothing");
    let inside = |at: i64| match mode {
        _ if (0..left).contains(&at) => Ok(Some(at)),
        Mode::Constant => Ok(None),
        _ if left == 0 => bail!("there is nothing to pad with"),
        Mode::Edge => Ok(Some(at.clamp(0, left - 1))),
        Mode::Wrap => Ok(Some(at.rem_euclid(left))),
        Mode::Reflect => {
            ensure!(left > 1 || at == 0, "a single value is not reflected");
            let round = at.rem_euclid(2 * (left - 1));
            Ok(Some(round.min(2 * (left - 1) - round)))
        }
    };
    let place = |at: i64| Ok(inside(at)?.map(|at| (at + first) as usize));
    (-before.max(0)..left + after.max(0)).map(place).collect()
}

/// The tensor of the elements at these places of each axis.
pub(super) fn picked<T: Datum>(x: &Tensor, places: &[Vec<Option<usize>>], fill: &Tensor) -> TractResult<Tensor> {
    let shape: Vec<usize> = places.iter().map(Vec::len).collect();
    let values = x.try_as_plain_ram()?.as_slice::<T>()?;
    let fill = fill.try_as_plain_ram()?.as_slice::<T>()?.first().context("there is no value to pad with")?.clone();
    let mut result = Vec::with_capacity(shape.iter().product());
    pick(values, x.shape(), places, &fill, &mut result);
    Ok(tract_ndarray::ArrayD::from_shape_vec(shape, result)?.into_tensor())
}

fn pick<T: Clone>(values: &[T], shape: &[usize], places: &[Vec<Option<usize>>], fill: &T, result: &mut Vec<T>) {
    let (Some((_, shape)), Some((places, inner))) = (shape.split_first(), places.split_first()) else {
        return result.extend_from_slice(values);
    };
    let step: usize = shape.iter().product();
    let size: usize = inner.iter().map(Vec::len).product();
    for place in places {
        match place {
            Some(place) => pick(&values[place * step..][..step], shape, inner, fill, result),
            None => result.resize(result.len() + size, fill.clone()),
        }
    }
}

pub(in crate::model::engine) fn pad(
    context: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let mode = match node.get_attr_opt::<&str>("mode")? {
        None | Some("constant") => Mode::Constant,
        Some("edge") => Mode::Edge,
        Some("reflect") => Mode::Reflect,
        Some("wrap") => Mode::Wrap,
        Some(other) => bail!("its mode is {other}"),
    };
    let given = match context.onnx_operator_set_version {
        ..11 => Some((node.get_attr_vec("pads")?, node.get_attr_opt("value")?.unwrap_or(0.0))),
        _ => None,
    };
    own(node, Pad { mode, given })
}
