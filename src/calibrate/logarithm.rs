//! The natural logarithm as plain arithmetic, so that many can be worked out at once.

/// `ln v` for a normal, positive, finite `v`, within 2 units in the last place; any number for others.
///
/// `v = 2^e m` with `m` in `[sqrt(1/2), sqrt(2))`, and `ln m = 2 atanh s = 2 (s + s^3/3 + s^5/5 + ...)` with
/// `s = (m - 1) / (m + 1)`, `|s| < 0.1716`: the terms from `s^23` on are below 1e-17. The same on every machine, which the
/// system's own is not.
#[inline(always)]
pub(super) fn ln(v: f64) -> f64 {
    const SQRT_HALF: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    // ln 2 in two parts, the first with so few digits that its product with an exponent is exact.
    const LN_2: [f64; 2] = [f64::from_bits(0x3fe6_2e42_fee0_0000), f64::from_bits(0x3dea_39ef_3579_3c76)];
    let bits = v.to_bits();
    let e = (bits.wrapping_sub(SQRT_HALF) as i64) >> 52;
    let m = f64::from_bits(bits.wrapping_sub((e << 52) as u64));
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let mut series = 1.0 / 21.0;
    for odd in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        series = series * z + 1.0 / odd;
    }
    // f - s f = 2 s, without what the division has lost.
    let e = f64::from(e as i32);
    e * LN_2[0] + (f - (s * (f - 2.0 * z * series) - e * LN_2[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ones_and_powers_of_two() {
        assert_eq!(ln(1.0), 0.0);
        for k in -1000..=1000 {
            let exact = f64::from(k) * std::f64::consts::LN_2;
            assert!((ln(2f64.powi(k)) - exact).abs() <= 2.0 * f64::EPSILON * exact.abs(), "2^{k}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_system_s(bits in f64::MIN_POSITIVE.to_bits()..f64::MAX.to_bits(), near in 0.5f64..2.0) {
            for v in [f64::from_bits(bits), near, (bits >> 20) as f64 + 1.0] {
                let (ours, system) = (ln(v), v.ln());
                prop_assert!((ours - system).abs() <= 4.0 * f64::EPSILON * system.abs().max(f64::MIN_POSITIVE), "{v}: {ours} for {system}");
            }
        }
    }
}
