//! Arithmetic of intervals: what holds of every value holds of what is computed from it.

/// All real numbers from `lo` to `hi`, which may be infinite. Values that are not finite are nobody's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub lo: f64,
    pub hi: f64,
}

impl Interval {
    /// Of what nothing is known.
    pub const ALL: Interval = Interval { lo: f64::NEG_INFINITY, hi: f64::INFINITY };
    /// What is 0 to 1 whatever it is made of.
    pub const UNIT: Interval = Interval { lo: 0.0, hi: 1.0 };
    /// What is -1 to 1.
    pub const SIGNED_UNIT: Interval = Interval { lo: -1.0, hi: 1.0 };

    /// An end that is no number is not known.
    pub fn new(lo: f64, hi: f64) -> Interval {
        Interval {
            lo: if lo.is_nan() { f64::NEG_INFINITY } else { lo },
            hi: if hi.is_nan() { f64::INFINITY } else { hi },
        }
    }

    pub fn point(x: f64) -> Interval {
        Interval::new(x, x)
    }

    /// The least one that holds both.
    pub fn hull(self, other: Interval) -> Interval {
        Interval { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    pub fn holds(self, x: f64) -> bool {
        self.lo <= x && x <= self.hi
    }

    /// What a function makes of it that never falls.
    pub fn rising(self, f: impl Fn(f64) -> f64) -> Interval {
        Interval::new(f(self.lo), f(self.hi))
    }

    /// What is above zero and what is below it, each where there is some.
    fn parts(self) -> (Option<Interval>, Option<Interval>) {
        let above = (self.hi >= 0.0).then(|| Interval { lo: self.lo.max(0.0), hi: self.hi });
        let below = (self.lo <= 0.0).then(|| Interval { lo: self.lo, hi: self.hi.min(0.0) });
        (above, below)
    }

    /// What is above zero as it is, what is below it through `f`.
    pub fn bent(self, f: impl Fn(Interval) -> Interval) -> Interval {
        match self.parts() {
            (Some(above), Some(below)) => above.hull(f(below)),
            (None, Some(below)) => f(below),
            (above, None) => above.unwrap_or(Interval::ALL),
        }
    }

    pub fn neg(self) -> Interval {
        Interval { lo: -self.hi, hi: -self.lo }
    }

    pub fn abs(self) -> Interval {
        self.bent(Interval::neg)
    }

    pub fn add(self, other: Interval) -> Interval {
        Interval::new(self.lo + other.lo, self.hi + other.hi)
    }

    pub fn sub(self, other: Interval) -> Interval {
        self.add(other.neg())
    }

    pub fn mul(self, other: Interval) -> Interval {
        // Nothing times an end that is never reached is nothing.
        let product = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
        let (Interval { lo: a, hi: b }, Interval { lo: c, hi: d }) = (self, other);
        let all = [product(a, c), product(a, d), product(b, c), product(b, d)];
        Interval::new(
            all.iter().copied().fold(f64::INFINITY, f64::min),
            all.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        )
    }

    /// One over it. What is divided by zero is not finite.
    pub fn reciprocal(self) -> Interval {
        if self.lo < 0.0 && self.hi > 0.0 {
            return Interval::ALL;
        }
        // The sign of a zero is that of what stands beside it.
        let (lo, hi) = if self.hi > 0.0 { (self.lo.abs(), self.hi) } else { (self.lo, -self.hi.abs()) };
        Interval::new(1.0 / hi, 1.0 / lo)
    }

    /// Each greater of two.
    pub fn max(self, other: Interval) -> Interval {
        Interval { lo: self.lo.max(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Each lesser of two.
    pub fn min(self, other: Interval) -> Interval {
        Interval { lo: self.lo.min(other.lo), hi: self.hi.min(other.hi) }
    }

    /// To a power that is one number.
    pub fn power(self, exponent: f64) -> Interval {
        let whole = exponent.fract() == 0.0 && exponent.is_finite();
        match exponent {
            _ if exponent.is_nan() => Interval::ALL,
            // Also of 0.
            0.0 => Interval::point(1.0),
            p if p < 0.0 => self.power(-p).reciprocal(),
            p if whole && p % 2.0 == 0.0 => self.abs().rising(|x| x.powf(p)),
            p if whole => self.rising(|x| x.abs().powf(p).copysign(x)),
            // Of what is below zero there is none.
            p if self.hi >= 0.0 => self.max(Interval::point(0.0)).rising(|x| x.powf(p)),
            _ => Interval::ALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(lo: f64, hi: f64) -> Interval {
        Interval::new(lo, hi)
    }

    #[test]
    fn one_side_may_be_open() {
        let inf = f64::INFINITY;
        let risen = of(0.0, inf);
        assert_eq!(risen.add(Interval::point(1.0)).reciprocal(), Interval::UNIT, "a sigmoid in three steps");
        assert_eq!(risen.min(Interval::point(6.0)), of(0.0, 6.0), "a ReLU6 in two");
        assert_eq!(Interval::point(0.0).mul(Interval::ALL), Interval::point(0.0));
        assert_eq!(of(-2.0, 0.0).reciprocal(), of(-inf, -0.5));
        assert_eq!(of(0.0, 4.0).reciprocal(), of(0.25, inf));
        assert_eq!(of(-1.0, 4.0).reciprocal(), Interval::ALL);
        assert_eq!(Interval::ALL.sub(Interval::ALL), Interval::ALL);
        assert_eq!(of(inf, inf).add(of(-inf, -inf)), Interval::ALL);
    }

    fn interval() -> impl Strategy<Value = (Interval, f64)> {
        (-4.0..4.0_f64, 0.0..4.0_f64, 0.0..=1.0_f64).prop_map(|(lo, width, at)| (of(lo, lo + width), lo + width * at))
    }

    proptest! {
        #[test]
        fn what_is_computed_from_values_inside_lies_inside((a, x) in interval(), (b, y) in interval(), p in -3..4_i32) {
            let near = |interval: Interval, value: f64| {
                let room = 1e-9 * value.abs().max(1.0);
                !value.is_finite() || Interval { lo: interval.lo - room, hi: interval.hi + room }.holds(value)
            };
            prop_assert!(near(a.add(b), x + y) && near(a.sub(b), x - y) && near(a.mul(b), x * y));
            prop_assert!(near(a.mul(b.reciprocal()), x / y) && near(a.abs(), x.abs()) && near(a.neg(), -x));
            prop_assert!(near(a.max(b), x.max(y)) && near(a.min(b), x.min(y)) && near(a.hull(b), x));
            prop_assert!(near(a.power(f64::from(p)), x.powi(p)), "{a:?} {x} {p}");
            prop_assert!(near(a.power(0.5), x.powf(0.5)));
            let bent = if x < 0.0 { x * y } else { x };
            prop_assert!(near(a.bent(|below| below.mul(b)), bent));
        }
    }
}
