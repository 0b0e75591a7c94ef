//! Unsigned integers that hold every sum of f32s and of their squares exactly.

use std::cmp::Ordering;

/// Words of 64 bits. The largest number is that of values times the sum of their squares, in units of 2^-298: 2^63 times
/// 2^63 times 2^256 times 2^298, which are 680 bits; a division wants 128 more.
const WORDS: usize = 14;

/// An unsigned integer of 896 bits, the low word first. What would not fit is a defect, and panics in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide([u64; WORDS]);

impl Wide {
    pub const ZERO: Wide = Wide([0; WORDS]);

    /// Adds `value * 2^shift`.
    pub fn add(&mut self, value: u128, shift: u32) {
        let (at, by) = ((shift / 64) as usize, shift % 64);
        let (low, high) = (value as u64, (value >> 64) as u64);
        let spilled = |word: u64| if by == 0 { 0 } else { word >> (64 - by) };
        let parts = [low << by, (high << by) | spilled(low), spilled(high)];
        let mut carry = false;
        for (i, word) in self.0[at..].iter_mut().enumerate() {
            let part = parts.get(i).copied().unwrap_or(0);
            if i >= parts.len() && !carry {
                return;
            }
            let (sum, first) = word.overflowing_add(part);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*word, carry) = (sum, first || second);
        }
        debug_assert!(!carry, "no sum is that wide");
    }

    /// The difference, and whether `other` was the larger one.
    pub fn distance(&self, other: &Wide) -> (Wide, bool) {
        let negative = self.compare(other) == Ordering::Less;
        let (large, small) = if negative { (other, self) } else { (self, other) };
        let (mut out, mut borrow) = (*large, false);
        for (word, less) in out.0.iter_mut().zip(small.0) {
            let (rest, first) = word.overflowing_sub(less);
            let (rest, second) = rest.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (rest, first || second);
        }
        (out, negative)
    }

    fn compare(&self, other: &Wide) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }

    pub fn times(&self, other: &Wide) -> Wide {
        let mut out = Wide::ZERO;
        for (i, &a) in self.0.iter().enumerate().filter(|(_, a)| **a != 0) {
            for (j, &b) in other.0.iter().enumerate().filter(|(_, b)| **b != 0) {
                out.add(u128::from(a) * u128::from(b), 64 * (i + j) as u32);
            }
        }
        out
    }

    pub fn of(value: u64) -> Wide {
        let mut out = Wide::ZERO;
        out.0[0] = value;
        out
    }

    /// `self / divisor * 2^exponent`, rounded once, to the nearest f64 and to even between two. The divisor is not 0, and
    /// neither result nor exponent leave f64's normal numbers.
    pub fn over(&self, divisor: u64, exponent: i32) -> f64 {
        // Two words more below, so that a quotient which is not 0 has 64 bits at least.
        let (mut quotient, mut rest) = (Wide::ZERO, 0u64);
        for at in (0..WORDS).rev() {
            let word = if at >= 2 { self.0[at - 2] } else { 0 };
            let part = u128::from(rest) << 64 | u128::from(word);
            quotient.0[at] = (part / u128::from(divisor)) as u64;
            rest = (part % u128::from(divisor)) as u64;
        }
        debug_assert!(self.0[WORDS - 2..] == [0, 0], "there is room below");
        quotient.rounded(rest != 0, exponent - 128)
    }

    /// As f64 times a power of two; `more` says that a little is missing below the last bit.
    fn rounded(&self, more: bool, exponent: i32) -> f64 {
        let Some(top) = (0..WORDS).rev().find(|&at| self.0[at] != 0) else { return 0.0 };
        let by = self.0[top].leading_zeros();
        let below = if top == 0 { 0 } else { self.0[top - 1] };
        let spilled = if by == 0 { 0 } else { below >> (64 - by) };
        let mut head = self.0[top] << by | spilled;
        let cut = if by == 0 { below } else { below << by };
        let more = more || cut != 0 || self.0[..top.saturating_sub(1)].iter().any(|word| *word != 0);
        // 11 bits are cut off by the conversion: that a little is missing only has to be more than nothing.
        head |= u64::from(more);
        let exponent = exponent + 64 * top as i32 - by as i32;
        head as f64 * power_of_two(exponent)
    }
}

/// `2^e`, for normal numbers.
fn power_of_two(e: i32) -> f64 {
    f64::from_bits(((e + 1023).clamp(1, 2046) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn small_numbers_are_those_of_u128(a in any::<u64>(), b in any::<u64>(), d in 1u64.., shift in 0u32..60) {
            let mut sum = Wide::of(a);
            sum.add(u128::from(b), shift);
            let small = u128::from(a) + (u128::from(b) << shift);
            prop_assert_eq!((sum.0[0], sum.0[1]), (small as u64, (small >> 64) as u64));
            let product = Wide::of(a).times(&Wide::of(b));
            let wide = u128::from(a) * u128::from(b);
            prop_assert_eq!((product.0[0], product.0[1]), (wide as u64, (wide >> 64) as u64));
            prop_assert_eq!(product.distance(&sum).0, sum.distance(&product).0);
            prop_assert_eq!(product.distance(&sum).1, wide < small);
            // Rounded once: of what fits into 53 bits f64 does the same.
            let (a, d) = (a >> 11, d >> 11 | 1);
            prop_assert_eq!(Wide::of(a).over(d, 0), a as f64 / d as f64);
            prop_assert_eq!(product.over(1, -7), wide as f64 / 128.0);
        }

        #[test]
        fn carries_go_all_the_way(shift in 0u32..700, n in 1u128..) {
            let mut up = Wide::ZERO;
            up.add(n, shift);
            let mut all = Wide::ZERO;
            (0..700).for_each(|bit| all.add(1, bit));
            all.add(1, 0);
            prop_assert_eq!(all.over(1, -700), 1.0);
            let (back, negative) = up.distance(&all);
            let (again, _) = back.distance(&if negative { all } else { up });
            prop_assert_eq!(again, if negative { up } else { all });
        }
    }
}
