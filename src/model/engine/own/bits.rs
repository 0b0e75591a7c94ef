//! `BitShift`, and what is true of elements: `Equal`, `IsNaN`, `IsInf`.

use super::number::numbers;
use super::{Built, Fact, Function, Given, own, own_but_of_dims, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::broadcast::multi_broadcast;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::num_traits::AsPrimitive;

/// The values of two tensors at each place, as `f` combines them.
fn pairs<A: Datum + Copy, B: Datum>(a: &Tensor, b: &Tensor, f: impl Fn(A, A) -> B) -> TractResult<Tensor> {
    let shape = multi_broadcast(&[a.shape(), b.shape()])?;
    let (a, b) = (a.to_plain_array_view::<A>()?, b.to_plain_array_view::<A>()?);
    let a = a.broadcast(&*shape).context("the shapes do not fit")?;
    let b = b.broadcast(&*shape).context("the shapes do not fit")?;
    Ok(tract_ndarray::Zip::from(a).and(b).map_collect(|a, b| f(*a, *b)).into_tensor())
}

fn broadcast(inputs: &[Option<Given>]) -> TractResult<TVec<TDim>> {
    multi_broadcast(&[&*required(inputs, 0)?.shape, &*required(inputs, 1)?.shape])
}

/// Bits that are shifted out are lost, all of them where a shift is as wide as the type or wider.
#[derive(Debug)]
struct BitShift {
    right: bool,
}

impl Function for BitShift {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![Fact { dtype: required(inputs, 0)?.dtype, shape: broadcast(inputs)? }])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let (a, b) = (required(&inputs, 0)?, required(&inputs, 1)?);
        let output = match a.datum_type() {
            DatumType::U8 => self.of::<u8>(a, b),
            DatumType::U16 => self.of::<u16>(a, b),
            DatumType::U32 => self.of::<u32>(a, b),
            DatumType::U64 => self.of::<u64>(a, b),
            DatumType::I8 => self.signed::<i8>(a, b),
            DatumType::I16 => self.signed::<i16>(a, b),
            DatumType::I32 => self.signed::<i32>(a, b),
            DatumType::I64 => self.signed::<i64>(a, b),
            other => bail!("{other:?} is no type of whole numbers"),
        };
        Ok(vec![output?])
    }
}

impl BitShift {
    fn of<T: Datum + Copy + AsPrimitive<u64>>(&self, a: &Tensor, b: &Tensor) -> TractResult<Tensor>
    where
        u64: AsPrimitive<T>,
    {
        pairs::<T, T>(a, b, |x, by| {
            let (x, by): (u64, u64) = (x.as_(), by.as_());
            let by = u32::try_from(by).unwrap_or(u32::MAX);
            let shifted = if self.right { x.checked_shr(by) } else { x.checked_shl(by) };
            shifted.unwrap_or(0).as_()
        })
    }

    /// The sign comes in from the left. A shift below 0 is one by more than all bits.
    fn signed<T: Datum + Copy + AsPrimitive<i64>>(&self, a: &Tensor, b: &Tensor) -> TractResult<Tensor>
    where
        i64: AsPrimitive<T>,
    {
        pairs::<T, T>(a, b, |x, by| {
            let (x, by): (i64, i64) = (x.as_(), by.as_());
            let by = u32::try_from(by).unwrap_or(u32::MAX);
            let shifted = if self.right { x >> by.min(63) } else { x.checked_shl(by).unwrap_or(0) };
            shifted.as_()
        })
    }
}

pub(in crate::model::engine) fn bit_shift(_: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    match node.get_attr::<&str>("direction")? {
        "RIGHT" => own(node, BitShift { right: true }),
        "LEFT" => own(node, BitShift { right: false }),
        other => bail!("a direction is LEFT or RIGHT, not {other}"),
    }
}

#[derive(Debug)]
struct Equal;

impl Function for Equal {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![Fact { dtype: DatumType::Bool, shape: broadcast(inputs)? }])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let (a, b) = (required(&inputs, 0)?, required(&inputs, 1)?);
        ensure!(a.datum_type() == b.datum_type(), "{:?} is compared with {:?}", a.datum_type(), b.datum_type());
        Ok(vec![match a.datum_type() {
            DatumType::Bool => pairs::<bool, bool>(a, b, |a, b| a == b)?,
            dtype => numbers!(dtype, same(a, b))?,
        }])
    }
}

fn same<T: Datum + Copy + PartialEq>(a: &Tensor, b: &Tensor) -> TractResult<Tensor> {
    pairs::<T, bool>(a, b, |a, b| a == b)
}

pub(in crate::model::engine) fn equal(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    own_but_of_dims(context, node, Equal)
}

/// Whether floats are what is asked for.
#[derive(Debug)]
struct Is {
    nan: bool,
    positive: bool,
    negative: bool,
}

impl Function for Is {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![Fact { dtype: DatumType::Bool, shape: required(inputs, 0)?.shape.clone() }])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        // Neither is lost or made in a wider type.
        let wide = required(&inputs, 0)?.cast_to::<f64>()?;
        let infinite = |x: f64| x.is_infinite() && if x > 0.0 { self.positive } else { self.negative };
        let is = wide.to_plain_array_view::<f64>()?.mapv(|x| if self.nan { x.is_nan() } else { infinite(x) });
        Ok(vec![is.into_tensor()])
    }
}

pub(in crate::model::engine) fn is_nan(_: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    own(node, Is { nan: true, positive: false, negative: false })
}

pub(in crate::model::engine) fn is_inf(_: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    let asked = |name: &str| TractResult::Ok(node.get_attr_opt(name)?.unwrap_or(true));
    own(node, Is { nan: false, positive: asked("detect_positive")?, negative: asked("detect_negative")? })
}
