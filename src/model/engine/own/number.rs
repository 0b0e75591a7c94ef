//! Numbers of any type that an operator may be of.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::num_traits::Float;

/// Floats in which functions are computed: 32 bits, or 64 where the tensor has them.
pub(super) trait Real: Float + Datum {
    fn of(x: f32) -> Self;
    /// The exponential function, quick where many are needed.
    fn e(self) -> Self;
    fn tangent(self) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn of(x: f32) -> f32 {
        x
    }

    /// Cephes' polynomial, without a branch, so that a loop over it becomes one of wide registers: within 2 units in the
    /// last place, NaN at NaN, infinity and 0 beyond the ends.
    #[inline(always)]
    fn e(self) -> f32 {
        let x = if self > 89.0 { 89.0 } else { self };
        let x = if x < -104.0 { -104.0 } else { x };
        // The nearest whole number, by the bits that a large one leaves no room for.
        const ROUND: f32 = 12_582_912.0;
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
        let p = 1.987_569_1e-4;
        let p = p * r + 1.398_2e-3;
        let p = p * r + 8.333_452e-3;
        let p = p * r + 4.166_579_6e-2;
        let p = p * r + 0.166_666_66;
        let p = p * r + 0.5;
        let p = p * r * r + r + 1.0;
        // In two steps, or what is below the least normal number would be lost. Of NaN this is anything, and p is NaN.
        let n = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
        let half = n >> 1;
        let power = |n: i32| f32::from_bits((n.wrapping_add(127) << 23) as u32);
        p * power(half) * power(n.wrapping_sub(half))
    }

    #[inline(always)]
    fn tangent(self) -> f32 {
        let a = self.abs();
        let far = 1.0 - 2.0 / ((2.0 * a).e() + 1.0);
        let z = self * self;
        let p = -5.704_988_7e-3;
        let p = p * z + 2.063_909e-2;
        let p = p * z - 5.373_971_6e-2;
        let p = p * z + 0.133_314_42;
        let p = p * z - 0.333_332_8;
        let near = p * z * self + self;
        if a < 0.625 { near } else { far.copysign(self) }
    }
}

impl Real for f64 {
    fn of(x: f32) -> f64 {
        x.into()
    }

    fn e(self) -> f64 {
        self.exp()
    }

    fn tangent(self) -> f64 {
        self.tanh()
    }
}

/// Calls a function for the type of a tensor's elements: `numbers!(dtype, function(arguments))`.
macro_rules! numbers {
    ($dtype:expr, $function:ident($($argument:expr),*)) => {
        match $dtype {
            DatumType::F16 => $function::<f16>($($argument),*),
            DatumType::F32 => $function::<f32>($($argument),*),
            DatumType::F64 => $function::<f64>($($argument),*),
            DatumType::I8 => $function::<i8>($($argument),*),
            DatumType::I16 => $function::<i16>($($argument),*),
            DatumType::I32 => $function::<i32>($($argument),*),
            DatumType::I64 => $function::<i64>($($argument),*),
            DatumType::U8 => $function::<u8>($($argument),*),
            DatumType::U16 => $function::<u16>($($argument),*),
            DatumType::U32 => $function::<u32>($($argument),*),
            DatumType::U64 => $function::<u64>($($argument),*),
            other => bail!("{other:?} is no type of numbers"),
        }
    };
}
pub(super) use numbers;

/// The larger one, or NaN where one is.
pub(super) fn larger<T: PartialOrd>(a: T, b: T) -> T {
    if a >= b || is_nan(&a) { a } else { b }
}

/// The smaller one, or NaN where one is.
pub(super) fn smaller<T: PartialOrd>(a: T, b: T) -> T {
    if a <= b || is_nan(&a) { a } else { b }
}

/// Of integers as well, which never are.
pub(super) fn is_nan<T: PartialOrd>(x: &T) -> bool {
    x.partial_cmp(x).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_functions_are_the_exact_ones_but_for_the_last_places() {
        for i in -120_000..=120_000 {
            let x = i as f32 / 1000.0;
            let (e, exact) = (x.e(), f64::from(x).exp());
            let near = (f64::from(e) - exact).abs() <= exact * 3e-7 + 2e-45 || (e.is_infinite() && exact > 3.4e38);
            assert!(near, "{x} {e} {exact}");
            let (t, exact) = (x.tangent(), f64::from(x).tanh());
            assert!((f64::from(t) - exact).abs() <= exact.abs() * 3e-7, "{x} {t} {exact}");
        }
        assert!(f32::NAN.e().is_nan() && f32::NAN.tangent().is_nan());
        assert_eq!((f32::INFINITY.e(), f32::NEG_INFINITY.e()), (f32::INFINITY, 0.0));
        assert_eq!((f32::INFINITY.tangent(), f32::NEG_INFINITY.tangent()), (1.0, -1.0));
    }

    #[test]
    fn nan_is_larger_and_smaller_than_all() {
        for (a, b) in [(f32::NAN, 1.0), (1.0, f32::NAN)] {
            assert!(larger(a, b).is_nan() && smaller(a, b).is_nan());
        }
        assert_eq!((larger(2, 3), smaller(2, 3)), (3, 2));
    }
}
