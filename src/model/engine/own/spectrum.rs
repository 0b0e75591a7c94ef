//! Spectra: `DFT` and `MelWeightMatrix`.

use super::{Fact, Function, Given, own, required};
use std::f64::consts::TAU;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_hir::internal::InferenceOp;

type Complex = (f64, f64);

#[derive(Debug)]
struct Dft {
    inverse: bool,
    onesided: bool,
    /// As an attribute, before opset 20.
    axis: Option<i64>,
}

/// What a transform is of.
struct Plan {
    axis: usize,
    /// Numbers that are transformed, and that come out.
    length: usize,
    out: usize,
}

impl Dft {
    fn plan(&self, shape: &[usize], length: Option<&Tensor>, axis: Option<&Tensor>) -> TractResult<Plan> {
        let one = |tensor: &Tensor| -> TractResult<i64> {
            let all = tensor.cast_to::<i64>()?;
            Ok(*all.try_as_plain_ram()?.as_slice::<i64>()?.first().context("an input holds no number")?)
        };
        let rank = shape.len();
        let axis = match (self.axis, axis) {
            (Some(axis), _) => axis,
            (None, Some(axis)) => one(axis)?,
            (None, None) => -2,
        };
        let place = if axis < 0 { axis + rank as i64 } else { axis };
        ensure!((0..rank as i64 - 1).contains(&place), "there is no axis {axis} to transform along");
        ensure!(matches!(shape[rank - 1], 1 | 2), "the last axis holds neither real nor complex numbers");
        let axis = place as usize;
        let length = length.map_or(Ok(shape[axis] as i64), one)?;
        let length = usize::try_from(length).ok().filter(|length| *length > 0).context("a transform has no length")?;
        ensure!(!(self.inverse && self.onesided), "an inverse of one side is not computed");
        Ok(Plan { axis, length, out: if self.onesided { length / 2 + 1 } else { length } })
    }
}

impl Function for Dft {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let x = required(inputs, 0)?;
        let value = |i: usize| inputs.get(i).and_then(Option::as_ref).map(|given| given.value().map(|v| v.as_ref()));
        let plan = self.plan(&x.dims()?, value(1).transpose()?, value(2).transpose()?)?;
        let mut fact = x.fact();
        let last = fact.shape.len() - 1;
        (fact.shape[plan.axis], fact.shape[last]) = (plan.out.to_dim(), 2.to_dim());
        Ok(vec![fact])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let value = |i: usize| inputs.get(i).and_then(Option::as_deref);
        let x = required(&inputs, 0)?;
        let plan = self.plan(x.shape(), value(1), value(2))?;
        let Plan { axis, length, out } = plan;
        let mut shape = x.shape().to_vec();
        let parts = shape.pop().context("there is no axis")?;
        let outer: usize = shape[..axis].iter().product();
        let (len, inner) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
        let values = x.cast_to::<f64>()?;
        let values = values.try_as_plain_ram()?.as_slice::<f64>()?;
        let mut result = vec![0.0; outer * out * inner * 2];
        let sign = if self.inverse { 1.0 } else { -1.0 };
        let scale = if self.inverse { (length as f64).recip() } else { 1.0 };
        for (o, i) in (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i))) {
            let number = |at: usize| {
                if at >= len {
                    return (0.0, 0.0);
                }
                let place = ((o * len + at) * inner + i) * parts;
                (values[place], if parts == 2 { values[place + 1] } else { 0.0 })
            };
            let found = transform(&(0..length).map(number).collect::<Vec<_>>(), sign);
            for (at, (re, im)) in found.into_iter().take(out).enumerate() {
                let place = ((o * out + at) * inner + i) * 2;
                (result[place], result[place + 1]) = (re * scale, im * scale);
            }
        }
        shape[axis] = out;
        shape.push(2);
        Ok(vec![Tensor::from_shape(&shape, &result)?.cast_to_dt(x.datum_type())?.into_owned()])
    }
}

/// Halved as long as it goes, and then worked out number by number.
fn transform(x: &[Complex], sign: f64) -> Vec<Complex> {
    let n = x.len();
    let turns: Vec<Complex> =
        (0..n).map(|k| (sign * TAU * k as f64 / n as f64).sin_cos()).map(|(s, c)| (c, s)).collect();
    let times = |(a, b): Complex, (c, d): Complex| (a * c - b * d, a * d + b * c);
    let plus = |a: Complex, b: Complex| (a.0 + b.0, a.1 + b.1);
    if n.is_multiple_of(2) && n > 2 {
        let half = |first: usize| transform(&x.iter().skip(first).step_by(2).copied().collect::<Vec<_>>(), sign);
        let (even, odd) = (half(0), half(1));
        return (0..n).map(|k| plus(even[k % (n / 2)], times(odd[k % (n / 2)], turns[k]))).collect();
    }
    let sum = |k: usize| (0..n).fold((0.0, 0.0), |sum, j| plus(sum, times(x[j], turns[j * k % n])));
    (0..n).map(sum).collect()
}

/// Triangles on the mel scale.
#[derive(Debug)]
struct Mel {
    dtype: DatumType,
}

impl Mel {
    /// Bins of a spectrum, and mel bins.
    fn shape(bins: &Tensor, length: &Tensor) -> TractResult<[usize; 2]> {
        Ok([length.cast_to_scalar::<i64>()? as usize / 2 + 1, bins.cast_to_scalar::<i64>()? as usize])
    }
}

impl Function for Mel {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let shape = Mel::shape(required(inputs, 0)?.value()?, required(inputs, 1)?.value()?)?;
        Ok(vec![Fact::new(self.dtype, shape)])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let number = |i: usize| -> TractResult<f64> { required(&inputs, i)?.cast_to_scalar::<f64>() };
        let shape = Mel::shape(required(&inputs, 0)?, required(&inputs, 1)?)?;
        let [rows, bins] = shape;
        let (length, rate) = (number(1)?, number(2)?);
        let mel = |hertz: f64| 2595.0 * (1.0 + hertz / 700.0).log10();
        let (low, high) = (mel(number(3)?), mel(number(4)?));
        let step = (high - low) / (bins as f64 + 2.0);
        let edge = |i: usize| {
            let hertz = 700.0 * (10_f64.powf((low + i as f64 * step) / 2595.0) - 1.0);
            ((length + 1.0) * hertz / rate).floor() as usize
        };
        let mut weights = vec![0.0_f32; rows * bins];
        for bin in 0..bins {
            let (lower, centre, upper) = (edge(bin), edge(bin + 1), edge(bin + 2));
            ensure!(upper <= rows, "the highest frequency is beyond the spectrum");
            let mut put = |row: usize, x: f64| {
                if let Some(weight) = weights.get_mut(row * bins + bin) {
                    *weight = x as f32;
                }
            };
            if lower == centre {
                put(centre, 1.0);
            } else {
                (lower..=centre).for_each(|j| put(j, (j - lower) as f64 / (centre - lower) as f64));
            }
            (centre..upper).for_each(|j| put(j, (upper - j) as f64 / (upper - centre) as f64));
        }
        Ok(vec![Tensor::from_shape(&shape, &weights)?.cast_to_dt(self.dtype)?.into_owned()])
    }
}

type Built = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

pub(in crate::model::engine) fn dft(context: &ParsingContext, node: &NodeProto) -> Built {
    let flag = |name: &str| -> TractResult<bool> { Ok(node.get_attr_opt::<i64>(name)?.unwrap_or(0) != 0) };
    let axis = match context.onnx_operator_set_version {
        ..20 => Some(node.get_attr_opt("axis")?.unwrap_or(1)),
        _ => None,
    };
    own(node, Dft { inverse: flag("inverse")?, onesided: flag("onesided")?, axis })
}

pub(in crate::model::engine) fn mel_weight_matrix(_: &ParsingContext, node: &NodeProto) -> Built {
    let dtype = node.get_attr_opt::<DatumType>("output_datatype")?.unwrap_or(DatumType::F32);
    own(node, Mel { dtype })
}
