//! `QuantizeLinear`, `DequantizeLinear` and `DynamicQuantizeLinear`, with all types that ONNX gives them, as ONNX Runtime
//! computes them: the quotient rounded half to even, then the zero point, then the limits of the type.

use super::{Fact, Function, Given, own, required};
use crate::model::constants::{Element, Small};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_hir::internal::InferenceOp;

/// How scales lie along a tensor.
#[derive(Debug)]
struct Scales {
    axis: i64,
    /// 0 where there are no blocks.
    block: usize,
}

/// Which scale each value has.
struct Lie {
    scales: usize,
    along: usize,
    inner: usize,
    /// Values that share one, and how many times that goes into the axis.
    block: Option<(usize, usize)>,
}

impl Scales {
    fn of(node: &NodeProto) -> TractResult<Scales> {
        let block = node.get_attr_opt::<i64>("block_size")?.unwrap_or(0);
        Ok(Scales { axis: node.get_attr_opt("axis")?.unwrap_or(1), block: usize::try_from(block)? })
    }

    fn lie(&self, shape: &[usize], scale: &[usize]) -> TractResult<Lie> {
        let scales = scale.iter().product();
        if scales == 1 && self.block == 0 {
            return Ok(Lie { scales, along: 1, inner: 1, block: None });
        }
        let rank = shape.len() as i64;
        let axis = if self.axis < 0 { self.axis + rank } else { self.axis };
        ensure!((0..rank).contains(&axis), "there is no axis {} of {rank}", self.axis);
        let axis = axis as usize;
        let (along, inner) = (shape[axis], shape[axis + 1..].iter().product());
        let block = match self.block {
            0 => {
                ensure!(scale == [along], "{scales} scales, and {along} along axis {axis}");
                None
            }
            size => {
                let mut wanted: TVec<usize> = shape.into();
                wanted[axis] = along.div_ceil(size);
                ensure!(
                    scale == &*wanted,
                    "scales of {scale:?}, where blocks of {size} along axis {axis} are {wanted:?}"
                );
                Some((size, wanted[axis]))
            }
        };
        Ok(Lie { scales, along, inner, block })
    }
}

impl Lie {
    fn at(&self, i: usize) -> usize {
        if self.scales == 1 {
            return 0;
        }
        let along = i / self.inner % self.along;
        match self.block {
            None => along,
            Some((size, blocks)) => {
                let before = i / self.inner / self.along;
                (before * blocks + along / size) * self.inner + i % self.inner
            }
        }
    }
}

/// What `QuantizeLinear` makes.
#[derive(Debug)]
struct Quantize {
    scales: Scales,
    /// The type that the node names; else it is that of the zero point, or uint8.
    to: Option<Element>,
    saturates: bool,
}

impl Quantize {
    fn element(&self, zero: Option<DatumType>) -> Element {
        self.to.unwrap_or(match zero {
            Some(DatumType::I8) => Element::INT8,
            Some(DatumType::U16) => Element::UINT16,
            Some(DatumType::I16) => Element::INT16,
            _ => Element::UINT8,
        })
    }
}

/// The type that tract holds it in.
fn held(element: Element) -> TractResult<DatumType> {
    let wider = element.wider().map(|wider| Element(wider as i32));
    wider.unwrap_or(element).datum_type().with_context(|| format!("{} is not known", element.name()))
}

/// The least and the largest integer of a type.
fn limits(element: Element) -> TractResult<(f32, f32)> {
    let bits = element.bits().context("its type has no size")? as i32;
    let signed = matches!(element, Element::INT2 | Element::INT4 | Element::INT8 | Element::INT16);
    let half = 2_f32.powi(bits - 1);
    Ok(if signed { (-half, half - 1.0) } else { (0.0, 2.0 * half - 1.0) })
}

impl Function for Quantize {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let zero = inputs.get(2).and_then(Option::as_ref).map(|zero| zero.dtype);
        let dtype = held(self.element(zero))?;
        Ok(vec![Fact { dtype, ..required(inputs, 0)?.fact() }])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let (x, scale) = (required(&inputs, 0)?, required(&inputs, 1)?);
        let zero = inputs.get(2).and_then(Option::as_ref);
        let element = self.element(zero.map(|zero| zero.datum_type()));
        let lie = self.scales.lie(x.shape(), scale.shape())?;
        let scales = floats(scale)?;
        let zeros = zeros(zero, scales.len())?;
        match Small::of(element) {
            Some(small) => each(x, held(element)?, |i, x| small.round(x / scales[lie.at(i)], self.saturates)),
            None => {
                let limits = limits(element)?;
                each(x, held(element)?, |i, x| integer(x / scales[lie.at(i)], zeros[lie.at(i)], limits))
            }
        }
    }
}

/// The integer that a quotient rounds to. Of NaN it is the least one, as in ONNX Runtime.
fn integer(quotient: f32, zero: f32, (least, largest): (f32, f32)) -> f32 {
    let x = if quotient > least - zero { quotient } else { least - zero };
    x.min(largest - zero).round_ties_even() + zero
}

/// What `DequantizeLinear` makes.
#[derive(Debug)]
struct Dequantize {
    scales: Scales,
    /// The type that the node names; else it is that of the scale.
    to: Option<Element>,
}

impl Dequantize {
    fn dtype(&self, scale: DatumType) -> TractResult<DatumType> {
        self.to.map_or(Ok(scale), held)
    }
}

impl Function for Dequantize {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let dtype = self.dtype(required(inputs, 1)?.dtype)?;
        Ok(vec![Fact { dtype, ..required(inputs, 0)?.fact() }])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let (x, scale) = (required(&inputs, 0)?, required(&inputs, 1)?);
        let lie = self.scales.lie(x.shape(), scale.shape())?;
        let scales = floats(scale)?;
        let zeros = zeros(inputs.get(2).and_then(Option::as_ref), scales.len())?;
        let dtype = self.dtype(scale.datum_type())?;
        each(x, dtype, |i, x| (x - zeros[lie.at(i)]) * scales[lie.at(i)])
    }
}

/// What `DynamicQuantizeLinear` makes: integers of 8 bits over the range of the values and 0.
#[derive(Debug)]
struct Dynamic;

impl Function for Dynamic {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let quantized = Fact { dtype: DatumType::U8, ..required(inputs, 0)?.fact() };
        let one = |dtype| Fact { dtype, shape: TVec::new() };
        Ok(vec![quantized, one(DatumType::F32), one(DatumType::U8)])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let x = required(&inputs, 0)?;
        let (least, largest) =
            floats(x)?.iter().fold((0_f32, 0_f32), |(least, largest), x| (least.min(*x), largest.max(*x)));
        let scale = if largest == least { 1.0 } else { (largest - least) / 255.0 };
        let zero = (-least / scale).clamp(0.0, 255.0).round_ties_even();
        let mut all = each(x, DatumType::U8, |_, x| integer(x / scale, zero, (0.0, 255.0)))?;
        all.extend([tensor0(scale), tensor0(zero as u8)]);
        Ok(all)
    }
}

/// A function of each value by its place, computed in 32 bits.
fn each(x: &TValue, dtype: DatumType, of: impl Fn(usize, f32) -> f32) -> TractResult<Vec<Tensor>> {
    let mut numbers = x.cast_to::<f32>()?.into_owned();
    for (i, x) in numbers.try_as_plain_ram_mut()?.as_slice_mut::<f32>()?.iter_mut().enumerate() {
        *x = of(i, *x);
    }
    Ok(vec![if dtype == DatumType::F32 { numbers } else { numbers.cast_to_dt(dtype)?.into_owned() }])
}

fn floats(value: &TValue) -> TractResult<Vec<f32>> {
    let singles = value.cast_to::<f32>()?;
    Ok(singles.try_as_plain_ram()?.as_slice::<f32>()?.to_vec())
}

/// The zero point of each scale. All are whole numbers that a float holds.
fn zeros(given: Option<&TValue>, scales: usize) -> TractResult<Vec<f32>> {
    let Some(given) = given else { return Ok(vec![0.0; scales]) };
    let zeros = floats(given)?;
    ensure!(zeros.len() == scales, "{scales} scales and {} zero points", zeros.len());
    Ok(zeros)
}

fn named_type(node: &NodeProto) -> TractResult<Option<Element>> {
    let named = node.get_attr_opt::<i64>("output_dtype")?.unwrap_or(0);
    Ok((named != 0).then_some(Element(i32::try_from(named)?)))
}

type Built = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

pub(in crate::model::engine) fn quantize(_: &ParsingContext, node: &NodeProto) -> Built {
    let saturates = node.get_attr_opt::<i64>("saturate")?.is_none_or(|saturate| saturate != 0);
    own(node, Quantize { scales: Scales::of(node)?, to: named_type(node)?, saturates })
}

pub(in crate::model::engine) fn dequantize(_: &ParsingContext, node: &NodeProto) -> Built {
    own(node, Dequantize { scales: Scales::of(node)?, to: named_type(node)? })
}

pub(in crate::model::engine) fn dynamic(_: &ParsingContext, node: &NodeProto) -> Built {
    own(node, Dynamic)
}
