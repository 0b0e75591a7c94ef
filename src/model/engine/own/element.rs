//! Functions of each element by itself. Any that is no number stays one.

use super::number::Real;
use super::{Built, Fact, Function, Given, by_tract, own, required, take};
use crate::vector::{Kernel, Width};
use std::f32::consts::LN_2;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;

/// A function of one number.
trait Scalar: std::fmt::Debug + Send + Sync + 'static {
    fn of<R: Real>(&self, x: R) -> R;
}

/// A function of each element, computed in 32 bits, or in 64 where the tensor has them.
#[derive(Debug)]
struct Element<S>(S);

impl<S: Scalar> Function for Element<S> {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![required(inputs, 0)?.fact()])
    }

    fn eval(&self, mut inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let input = take(&mut inputs, 0)?;
        let output = match input.datum_type() {
            DatumType::F16 => {
                let wide = self.each::<f32>(input.cast_to::<f32>()?.into_owned())?;
                wide.cast_to::<f16>()?.into_owned()
            }
            DatumType::F32 => self.each::<f32>(input.into_tensor())?,
            DatumType::F64 => self.each::<f64>(input.into_tensor())?,
            other => bail!("{other:?} is no type of floats"),
        };
        Ok(vec![output])
    }
}

impl<S: Scalar> Element<S> {
    fn each<R: Real>(&self, mut values: Tensor) -> TractResult<Tensor> {
        let mut plain = values.try_as_plain_ram_mut()?;
        Width::default().run(Each { scalar: &self.0, values: plain.as_slice_mut::<R>()? });
        Ok(values)
    }
}

/// The loop over all elements, for the widest registers.
struct Each<'a, S, R> {
    scalar: &'a S,
    values: &'a mut [R],
}

impl<S: Scalar, R: Real> Kernel for Each<'_, S, R> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        for x in self.values {
            *x = self.scalar.of(*x);
        }
    }
}

/// Declares functions of one number with their attributes: `name(attributes with defaults) = |x, real numbers| value`.
macro_rules! functions {
    ($($builder:ident $name:ident($($attribute:ident: $key:literal = $default:expr),*) |$x:ident| $value:expr;)*) => {$(
        #[derive(Debug)]
        struct $name {
            $($attribute: f32,)*
        }

        impl Scalar for $name {
            #[inline(always)]
            fn of<R: Real>(&self, $x: R) -> R {
                $(let $attribute = R::of(self.$attribute);)*
                $value
            }
        }

        pub(in crate::model::engine) fn $builder(_: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
            $(let $attribute = node.get_attr_opt($key)?.unwrap_or($default);)*
            own(node, Element($name { $($attribute,)* }))
        }
    )*};
}

functions! {
    celu Celu(alpha: "alpha" = 1.0) |x| if x < R::zero() { alpha * (x / alpha).exp_m1() } else { x };
    elu Elu(alpha: "alpha" = 1.0) |x| if x < R::zero() { alpha * x.exp_m1() } else { x };
    selu Selu(alpha: "alpha" = 1.673_263_2, gamma: "gamma" = 1.050_701)
        |x| gamma * if x < R::zero() { alpha * x.exp_m1() } else { x };
    leaky_relu LeakyRelu(alpha: "alpha" = 0.01) |x| if x < R::zero() { alpha * x } else { x };
    hard_sigmoid HardSigmoid(alpha: "alpha" = 0.2, beta: "beta" = 0.5) |x| unit(alpha * x + beta);
    hard_swish HardSwish() |x| x * unit(x / R::of(6.0) + R::of(0.5));
    sigmoid Sigmoid() |x| logistic(x);
    tanh Tanh() |x| x.tangent();
    swish Swish(alpha: "alpha" = 1.0) |x| x * logistic(alpha * x);
    quick_gelu QuickGelu(alpha: "alpha" = 1.702) |x| x * logistic(alpha * x);
    asinh Asinh() |x| if x.abs() > R::of(FAR) { (x.abs().ln() + R::of(LN_2)) * x.signum() } else { x.asinh() };
    acosh Acosh() |x| if x > R::of(FAR) { x.ln() + R::of(LN_2) } else { x.acosh() };
    softplus Softplus() |x| soft(x);
    mish Mish() |x| x * soft(x).tangent();
    gelu_by_tanh GeluByTanh() |x| {
        let inner = R::of(0.797_884_6) * (x + R::of(0.044_715) * x * x * x);
        R::of(0.5) * x * (R::one() + inner.tangent())
    };
}

/// Where a number's square may be more than there are numbers for, and 1 is nothing beside it.
const FAR: f32 = 1e9;

pub(in crate::model::engine) fn gelu(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    match node.get_attr_opt::<&str>("approximate")?.unwrap_or("none") {
        "tanh" => gelu_by_tanh(context, node),
        "none" => by_tract(context, node),
        other => bail!("Gelu is approximated by none or tanh, not by {other}"),
    }
}

/// Kept between 0 and 1.
#[inline(always)]
fn unit<R: Real>(x: R) -> R {
    let x = if x < R::zero() { R::zero() } else { x };
    if x > R::one() { R::one() } else { x }
}

#[inline(always)]
fn logistic<R: Real>(x: R) -> R {
    R::one() / (R::one() + (-x).e())
}

/// ln(1 + exp(x)), where exp(x) may be more than there are numbers for.
#[inline(always)]
fn soft<R: Real>(x: R) -> R {
    (if x < R::zero() { R::zero() } else { x }) + (-x.abs()).e().ln_1p()
}
