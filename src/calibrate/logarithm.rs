//! The natural logarithm as plain arithmetic, so that many can be worked out at once: within 2 units in the last place
//! of the true one in f64, and NumPy's own in f32, to the last bit.

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
pub(crate) fn ln(v: f64) -> f64 {
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

/// NumPy's `np.log` of a float32, to the last bit: the vectorized one, which NumPy has for x86-64 with AVX2 and FMA and
/// for AVX-512, with the same results. (On other processors NumPy calls the system's `logf`.)
///
/// The formula and its constants are public: `simd_log_FLOAT` in NumPy's `loops_exponent_log.dispatch.c.src`, and
/// `NPY_COEFF_P*_LOGf` and `NPY_COEFF_Q*_LOGf` in `npy_simd_data.h` (2.4). `v = 2^e m`, `sqrt(1/2) < m <= sqrt(2)`; with
/// `f = m - 1`, `ln v = e ln 2 + P(f) / Q(f)`, both of degree 5, each step one fused multiply-add. NumPy states at most
/// 3.83 units in the last place from the true logarithm: a peer's last bit needs this one and no better. The tests hold
/// every positive float against NumPy's own answers by their checksum.
///
/// Where the processor has no fused multiply-add, or the function is not inlined into code that may use it, Rust calls
/// the system's, which is slow and rounds the same.
#[expect(clippy::excessive_precision, reason = "the constants as they are published")]
#[inline(always)]
pub(super) fn numpy_ln_f32(v: f32) -> f32 {
    // From the highest power to the lowest; P has no constant term.
    const P: [f32; 5] = [
        2.589_979_117_907_922_693_523e-02,
        3.808_837_741_388_407_920_751e-01,
        1.480_000_633_576_506_585_156,
        2.112_677_543_073_053_063_722,
        9.999_999_999_999_998_702_752e-01,
    ];
    const Q: [f32; 6] = [
        5.875_095_403_124_574_342_950e-03,
        1.546_476_374_983_906_719_538e-01,
        9.864_942_958_519_418_960_339e-01,
        2.453_006_071_784_736_363_091,
        2.612_677_543_073_109_236_779,
        1.0,
    ];
    const TWO_POW_100: f32 = f32::from_bits(227 << 23);
    let subnormal = v < f32::MIN_POSITIVE;
    let bits = if subnormal { v * TWO_POW_100 } else { v }.to_bits();
    let (m, e) = (f32::from_bits(bits & 0x007f_ffff | 126 << 23), (bits >> 23) as i32 - 126);
    let e = if subnormal { e - 100 } else { e };
    let low = m <= std::f32::consts::FRAC_1_SQRT_2;
    let (f, e) = (if low { m + m } else { m } - 1.0, if low { e - 1 } else { e });
    let p = P[1..].iter().fold(P[0], |sum, &c| sum.mul_add(f, c)) * f;
    let q = Q[1..].iter().fold(Q[0], |sum, &c| sum.mul_add(f, c));
    let value = (e as f32).mul_add(std::f32::consts::LN_2, p / q);
    let value = if v == f32::INFINITY { v } else { value };
    let value = if v == 0.0 { f32::NEG_INFINITY } else { value };
    if v >= 0.0 { value } else { f32::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::{Kernel, Width};
    use proptest::prelude::*;

    #[test]
    fn ones_and_powers_of_two() {
        assert_eq!((ln(1.0), ln_ratio(7.0, 7.0)), (0.0, 0.0));
        for k in -1000..=1000 {
            let exact = f64::from(k) * std::f64::consts::LN_2;
            assert!((ln(2f64.powi(k)) - exact).abs() <= 2.0 * f64::EPSILON * exact.abs(), "2^{k}");
        }
    }

    /// NumPy 2.4's, by exponent field.
    const OCTAVES: [(u32, u64); 6] = [
        (0, 0xeb13_e904_5899_936b),
        (1, 0x6b13_e84c_2a59_7a13),
        (126, 0x45df_c0dc_c7ff_167c),
        (127, 0x00a7_1cc3_c4f8_5980),
        (128, 0xca4b_5c4c_cba5_fc23),
        (254, 0x43cc_f3b3_bd96_742e),
    ];
    const ALL: u64 = 0x4f16_3872_8fc2_1a21;

    /// The sum over an octave of the result's bits, each times an odd number of its own: `benches/ort_entropy.py
    /// --logarithm` prints NumPy's.
    struct Octave {
        exponent: u32,
    }

    impl Kernel for Octave {
        type Out = u64;

        #[inline(always)]
        fn run(self) -> u64 {
            let mut sum = 0u64;
            for mantissa in 0..1u32 << 23 {
                let bits = numpy_ln_f32(f32::from_bits(self.exponent << 23 | mantissa)).to_bits();
                sum = sum.wrapping_add(u64::from(bits) * u64::from(2 * mantissa + 1));
            }
            sum
        }
    }

    #[test]
    fn every_float_of_six_octaves_has_numpy_s_logarithm() {
        // The subnormal ones, the smallest normal ones, those around 1, the largest.
        for (exponent, theirs) in OCTAVES {
            for width in Width::all().into_iter().flatten() {
                assert_eq!(width.run(Octave { exponent }), theirs, "exponent {exponent} {width:?}");
            }
        }
    }

    #[test]
    #[ignore = "2^31 logarithms"]
    fn every_positive_float_has_numpy_s_logarithm() {
        let all = (0..255).map(|exponent| Width::default().run(Octave { exponent }));
        let checksum = all.fold(0u64, |sum, octave| sum.wrapping_mul(0x0100_0000_01b3).wrapping_add(octave));
        assert_eq!(checksum, ALL);
    }

    #[test]
    fn outside_the_positive_numbers_it_is_ieee_s() {
        assert_eq!(numpy_ln_f32(f32::INFINITY), f32::INFINITY);
        assert_eq!((numpy_ln_f32(0.0), numpy_ln_f32(-0.0)), (f32::NEG_INFINITY, f32::NEG_INFINITY));
        assert!([f32::NAN, -1.0, -f32::MIN_POSITIVE, f32::NEG_INFINITY].iter().all(|&v| numpy_ln_f32(v).is_nan()));
    }

    #[test]
    fn the_worst_float_is_as_far_off_as_numpy_says() {
        let worst = f32::from_bits(0x3f48_6945);
        let (ours, exact) = (numpy_ln_f32(worst), f64::from(worst).ln());
        let off = (f64::from(ours) - exact).abs() / f64::from(ours.next_up() - ours).abs();
        assert!((3.825..3.835).contains(&off), "{off}");
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
