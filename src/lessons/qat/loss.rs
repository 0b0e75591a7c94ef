//! Cross-entropy behind a softmax, the same to the last bit on every machine: the system's own `exp` is not.

use super::network::CLASSES;
use crate::calibrate::logarithm::ln;

/// `e^x` for `x <= 0`, within 2 units in the last place; 0 below -700, NaN for NaN.
///
/// `x = k ln 2 + r` with `|r| <= ln 2 / 2`, and Taylor's series of `e^r` up to `r^13`, whose rest is below 5e-18.
fn exp(x: f64) -> f64 {
    const LN_2: [f64; 2] = [f64::from_bits(0x3fe6_2e42_fee0_0000), f64::from_bits(0x3dea_39ef_3579_3c76)];
    if x < -700.0 {
        return 0.0;
    }
    let k = (x * std::f64::consts::LOG2_E).round_ties_even();
    let r = (x - k * LN_2[0]) - k * LN_2[1];
    let series = (1..=13).rev().fold(1.0, |sum, n| 1.0 + sum * r / f64::from(n));
    // NaN casts to 0, and the series is NaN already.
    series * f64::from_bits(((1023 + k as i64) << 52) as u64)
}

/// `-ln softmax(z)[shown]` in nats, and its gradient by `z`: `softmax(z)` less 1 at `shown`. NaN where `z` holds a NaN or
/// an infinity.
pub(super) fn cross_entropy(z: &[f64; CLASSES], shown: usize) -> (f64, [f64; CLASSES]) {
    let top = z.iter().fold(f64::NEG_INFINITY, |top, &z| if z > top { z } else { top });
    let powers = z.map(|z| exp(z - top));
    let sum: f64 = powers.iter().sum();
    if !sum.is_finite() {
        return (f64::NAN, [f64::NAN; CLASSES]);
    }
    let mut gradient = powers.map(|power| power / sum);
    gradient[shown] -= 1.0;
    (ln(sum) - (z[shown] - top), gradient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exp_is_the_system_s_but_for_the_last_bits(x in -699.0..=0.0) {
            let is = f64::exp(x);
            prop_assert!((exp(x) - is).abs() <= 4.0 * f64::EPSILON * is, "{x}: {} and {is}", exp(x));
        }
    }

    #[test]
    fn it_is_plain_at_the_ends() {
        assert_eq!((exp(0.0), exp(-0.0), exp(-1e9), exp(f64::NEG_INFINITY)), (1.0, 1.0, 0.0, 0.0));
        assert!(exp(f64::NAN).is_nan());
        let (loss, gradient) = cross_entropy(&[3.0; CLASSES], 4);
        assert!((loss - f64::ln(10.0)).abs() < 1e-15 && (gradient[4] + 0.9).abs() < 1e-15, "{loss} {gradient:?}");
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut z = [0.0; CLASSES];
            z[7] = wrong;
            let (loss, gradient) = cross_entropy(&z, 7);
            // An answer of minus infinity where it should be the largest is infinitely wrong.
            assert!(loss.is_nan() || loss == f64::INFINITY && gradient[7] == -1.0, "{wrong}: {loss}");
        }
    }
}
