//! The natural logarithm as plain arithmetic, so that many can be worked out at once.

/// `1/3, 1/5, 1/7, ...`, the series of `(atanh(s) / s - 1) / s^2` in `s^2`, cut off after seven and the rest spread over
/// them: the polynomial through its values at the seven Chebyshev nodes of `[0, 0.0401]`. Times `s^2`, within 6e-17.
const SERIES: [f64; 7] = [
    0.333_333_333_333_334_7,
    0.199_999_999_996_677_78,
    0.142_857_144_180_227_74,
    0.111_110_913_883_372_41,
    0.090_923_051_231_470_32,
    0.076_418_518_762_015_73,
    0.075_592_435_543_622_85,
];

/// `ln v` for a normal, positive `v` below 2^1022, within 2 units in the last place; any number for others.
#[inline(always)]
pub(super) fn ln(v: f64) -> f64 {
    ln_ratio(v, 1.0)
}

/// `ln(a / b)` for normal, positive, finite `a` and `b`, within 2 units in the last place (of 1/4 where it is smaller
/// and the two are not within a factor of 3/2 of each other); any number for others. One division does for both.
///
/// `a / b = 2^e m` with `m` in `[2/3, 3/2]`, and `ln m = 2 atanh s = 2 (s + s^3/3 + s^5/5 + ...)` with
/// `s = (m - 1) / (m + 1)`, `|s| <= 0.2`. The same on every machine, which the system's own is not.
#[inline(always)]
pub(super) fn ln_ratio(a: f64, b: f64) -> f64 {
    // ln 2 in two parts, the first with so few digits that its product with an exponent is exact.
    const LN_2: [f64; 2] = [f64::from_bits(0x3fe6_2e42_fee0_0000), f64::from_bits(0x3dea_39ef_3579_3c76)];
    // Bits grow with the logarithm to base 2, 2^52 for each power: rounded, their difference is an exponent.
    let exponent = (a.to_bits().wrapping_sub(b.to_bits()).wrapping_add(1 << 51) as i64) >> 52;
    let b = f64::from_bits(b.to_bits().wrapping_add((exponent << 52) as u64));
    // No digit is lost here: the two are close.
    let f = a - b;
    let s = f / (a + b);
    let z = s * s;
    // Three short chains rather than a long one: the processor works on them side by side.
    let [a, b, c, d, e, f, g] = SERIES;
    let (zz, ab, cd, ef) = (z * z, a + z * b, c + z * d, e + z * f);
    let series = ab + zz * (cd + zz * (ef + zz * g));
    let (e, twice) = (f64::from(exponent as i32), s + s);
    e * LN_2[0] + (twice + (twice * (z * series) + e * LN_2[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ones_and_powers_of_two() {
        assert_eq!((ln(1.0), ln_ratio(7.0, 7.0)), (0.0, 0.0));
        for k in -1000..=1000 {
            let exact = f64::from(k) * std::f64::consts::LN_2;
            assert!((ln(2f64.powi(k)) - exact).abs() <= 2.0 * f64::EPSILON * exact.abs(), "2^{k}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_system_s(bits in f64::MIN_POSITIVE.to_bits()..(f64::MAX / 4.0).to_bits(), near in 0.5f64..2.0) {
            for v in [f64::from_bits(bits), near, (bits >> 20) as f64 + 1.0] {
                let (ours, system) = (ln(v), v.ln());
                prop_assert!((ours - system).abs() <= 4.0 * f64::EPSILON * system.abs().max(f64::MIN_POSITIVE), "{v}: {ours} for {system}");
            }
        }

        #[test]
        fn that_of_a_ratio_is_too(a in 1u64..1 << 53, shift in 0u32..53, n in 1u64..40_000) {
            let (a, n) = ((a >> shift).max(1) as f64, n as f64);
            let (ours, system) = (ln_ratio(a, n), (a / n).ln());
            // The quotient is rounded before the system's logarithm sees it.
            prop_assert!((ours - system).abs() <= f64::EPSILON * (1.0 + 4.0 * system.abs()), "{a} / {n}: {ours} for {system}");
        }
    }
}
