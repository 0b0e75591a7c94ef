//! The activation functions of recurrent operators: their names, and what `activation_alpha` and `activation_beta` hold.

use crate::model::engine::own::formula::Wide;
use tract_onnx::tract_core::internal::{TractResult, bail};

/// One of the functions that the attribute `activations` may name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Activation {
    Sigmoid,
    Tanh,
    Relu,
    Affine { alpha: f32, beta: f32 },
    LeakyRelu { alpha: f32 },
    ThresholdedRelu { alpha: f32 },
    ScaledTanh { alpha: f32, beta: f32 },
    HardSigmoid { alpha: f32, beta: f32 },
    Elu { alpha: f32 },
    Softsign,
    Softplus,
}

impl Activation {
    /// The functions called `names`, in any case. Each takes the numbers that it needs from the front of what is left.
    ///
    /// # Errors
    ///
    /// A name that is none; or a number is missing for which ONNX and ONNX Runtime have different defaults.
    pub(super) fn list(names: &[String], alphas: &[f32], betas: &[f32]) -> TractResult<Vec<Activation>> {
        let (mut alphas, mut betas) = (alphas.iter().copied(), betas.iter().copied());
        names.iter().map(|name| Activation::new(name, &mut alphas, &mut betas)).collect()
    }

    fn new(
        name: &str,
        alphas: &mut impl Iterator<Item = f32>,
        betas: &mut impl Iterator<Item = f32>,
    ) -> TractResult<Activation> {
        let mut alpha = |default: Option<f32>| given(name, "activation_alpha", alphas.next().or(default));
        let mut beta = |default: Option<f32>| given(name, "activation_beta", betas.next().or(default));
        Ok(match name.to_ascii_lowercase().as_str() {
            "sigmoid" => Activation::Sigmoid,
            "tanh" => Activation::Tanh,
            "relu" => Activation::Relu,
            "affine" => Activation::Affine { alpha: alpha(None)?, beta: beta(None)? },
            "leakyrelu" => Activation::LeakyRelu { alpha: alpha(Some(0.01))? },
            "thresholdedrelu" => Activation::ThresholdedRelu { alpha: alpha(None)? },
            "scaledtanh" => Activation::ScaledTanh { alpha: alpha(None)?, beta: beta(None)? },
            "hardsigmoid" => Activation::HardSigmoid { alpha: alpha(Some(0.2))?, beta: beta(Some(0.5))? },
            "elu" => Activation::Elu { alpha: alpha(Some(1.0))? },
            "softsign" => Activation::Softsign,
            "softplus" => Activation::Softplus,
            _ => bail!("{name:?} is no activation of a recurrent operator"),
        })
    }

    /// The function's value; NaN at NaN.
    pub(super) fn at<T: Wide>(self, x: T) -> T {
        let (zero, one) = (T::zero(), T::one());
        let real = |number: f32| T::nearest(number.into());
        match self {
            Activation::Sigmoid => one / (one + (-x).e()),
            Activation::Tanh => x.tangent(),
            Activation::Relu => between(x, zero, T::infinity()),
            Activation::Affine { alpha, beta } => real(alpha) * x + real(beta),
            Activation::LeakyRelu { alpha } if x < zero => real(alpha) * x,
            Activation::LeakyRelu { .. } => x,
            Activation::ThresholdedRelu { alpha } if x < real(alpha) => zero,
            Activation::ThresholdedRelu { .. } => x,
            Activation::ScaledTanh { alpha, beta } => real(alpha) * (real(beta) * x).tangent(),
            Activation::HardSigmoid { alpha, beta } => between(real(alpha) * x + real(beta), zero, one),
            Activation::Elu { alpha } if x < zero => real(alpha) * x.exp_m1(),
            Activation::Elu { .. } => x,
            Activation::Softsign => x / (one + x.abs()),
            Activation::Softplus => x.max(zero) + (-x.abs()).exp().ln_1p(),
        }
    }
}

fn given(name: &str, attribute: &str, number: Option<f32>) -> TractResult<f32> {
    match number {
        Some(number) => Ok(number),
        None => bail!("the activation {name} needs a number in {attribute}"),
    }
}

/// `x` within bounds; NaN stays NaN.
pub(super) fn between<T: Wide>(x: T, low: T, high: T) -> T {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str], alphas: &[f32], betas: &[f32]) -> TractResult<Vec<Activation>> {
        Activation::list(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), alphas, betas)
    }

    #[test]
    fn numbers_go_to_those_who_need_them() {
        let all = list(&["sigmoid", "LEAKYRELU", "ScaledTanh", "HardSigmoid"], &[0.1, 2.0], &[3.0]).unwrap();
        let expected = [
            Activation::Sigmoid,
            Activation::LeakyRelu { alpha: 0.1 },
            Activation::ScaledTanh { alpha: 2.0, beta: 3.0 },
            Activation::HardSigmoid { alpha: 0.2, beta: 0.5 },
        ];
        assert_eq!(all, expected);
        assert!(list(&["Affine"], &[1.0], &[]).unwrap_err().to_string().contains("activation_beta"));
        assert!(list(&["Gelu"], &[], &[]).unwrap_err().to_string().contains("Gelu"));
    }

    #[test]
    fn values_are_those_of_the_equations() {
        let at = |activation: Activation| [-2.0, -0.25, 0.0, 0.25, 2.0].map(|x: f64| activation.at(x));
        let near = |got: [f64; 5], want: [f64; 5]| {
            assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-6), "{got:?} {want:?}");
        };
        near(at(Activation::Sigmoid), [0.1192029, 0.4378235, 0.5, 0.5621765, 0.8807971]);
        near(at(Activation::Relu), [0.0, 0.0, 0.0, 0.25, 2.0]);
        near(at(Activation::Affine { alpha: 2.0, beta: 1.0 }), [-3.0, 0.5, 1.0, 1.5, 5.0]);
        near(at(Activation::LeakyRelu { alpha: 0.5 }), [-1.0, -0.125, 0.0, 0.25, 2.0]);
        near(at(Activation::ThresholdedRelu { alpha: 0.25 }), [0.0, 0.0, 0.0, 0.25, 2.0]);
        let tanh = 1.0_f64.tanh();
        near(at(Activation::ScaledTanh { alpha: 2.0, beta: 0.5 })[..1].repeat(5).try_into().unwrap(), [-2.0 * tanh; 5]);
        near(at(Activation::HardSigmoid { alpha: 0.2, beta: 0.5 }), [0.1, 0.45, 0.5, 0.55, 0.9]);
        near(at(Activation::Elu { alpha: 2.0 }), [-1.7293294, -0.4423984, 0.0, 0.25, 2.0]);
        near(at(Activation::Softsign), [-0.6666667, -0.2, 0.0, 0.2, 0.6666667]);
        near(at(Activation::Softplus), [0.1269280, 0.5759397, std::f64::consts::LN_2, 0.8259397, 2.1269280]);
    }

    #[test]
    fn not_a_number_stays() {
        let with_numbers = ["Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu"];
        let names = [&["Sigmoid", "Tanh", "Relu", "Softsign", "Softplus"][..], &with_numbers].concat();
        for activation in list(&names, &[1.0; 6], &[1.0; 3]).unwrap() {
            assert!(activation.at(f32::NAN).is_nan(), "{activation:?}");
        }
    }
}
