//! The sum of values and of their squares, exactly: whoever adds, in whatever order, on however many machines, comes to
//! the same integers, of which mean and deviation are worked out once.

use std::collections::BTreeMap;

use super::wide::Wide;
use super::{MergeError, Stats};

/// What there is of the values of one sign and one binade: each is `m * 2^e` with a whole m below 2^24.
///
/// Pieces and not sums stand here, because each piece of 2^39 values and more fits into 64 bits, in any engine that
/// adds integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many values.
    pub n: u64,
    /// Sums of the low and the high 12 bits of each m.
    pub s: [u64; 2],
    /// Sums of the three pieces of 16 bits of each m², the lowest first.
    pub q: [u64; 3],
}

impl Sum {
    fn add(&mut self, other: &Sum) -> Option<()> {
        self.n = self.n.checked_add(other.n)?;
        for (mine, theirs) in self.s.iter_mut().chain(&mut self.q).zip(other.s.iter().chain(&other.q)) {
            *mine = mine.checked_add(*theirs)?;
        }
        Some(())
    }

    /// Whether `n` values could have these sums, as far as each sum alone tells.
    pub fn is_possible(&self) -> bool {
        let most = |piece: u64, largest: u64| u128::from(piece) <= u128::from(self.n) * u128::from(largest);
        self.n > 0 && self.s.iter().all(|s| most(*s, 0xfff)) && self.q.iter().all(|q| most(*q, 0xffff))
    }
}

/// The exact sums of finite values, by sign (-1 or 1) and exponent. Zeros are in none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<(i8, i32), Sum>);

impl Sums {
    /// Takes in those of one sign and exponent.
    ///
    /// # Errors
    /// A piece that comes to more than 64 bits hold; something may have been added then.
    pub fn add(&mut self, sign: i8, exponent: i32, sum: &Sum) -> Result<(), MergeError> {
        self.0.entry((sign, exponent)).or_default().add(sum).ok_or(MergeError::TooMany)
    }

    /// Takes in those of other values.
    ///
    /// # Errors
    /// As [`Sums::add`].
    pub fn merge(&mut self, other: &Sums) -> Result<(), MergeError> {
        other.iter().try_for_each(|((sign, exponent), sum)| self.add(sign, exponent, sum))
    }

    /// All of them, by sign and exponent, -1 first.
    pub fn iter(&self) -> impl Iterator<Item = ((i8, i32), &Sum)> {
        self.0.iter().map(|(at, sum)| (*at, sum))
    }

    /// Whether there are sums of this sign and exponent.
    pub fn contains(&self, sign: i8, exponent: i32) -> bool {
        self.0.contains_key(&(sign, exponent))
    }

    /// How many values these are; `None` where they are more than 2^64.
    pub fn count(&self) -> Option<u64> {
        self.0.values().try_fold(0u64, |all, sum| all.checked_add(sum.n))
    }

    /// Mean and sum of squared deviations of `n` values: these, and zeros besides. Each is rounded once.
    pub(super) fn moments(&self, n: u64) -> (f64, f64) {
        if n == 0 {
            return (0.0, 0.0);
        }
        // In units of the smallest float, and of its square.
        let (mut above, mut below, mut squares) = (Wide::ZERO, Wide::ZERO, Wide::ZERO);
        for ((sign, exponent), sum) in self.iter() {
            let shift = (exponent + 149).clamp(0, 253) as u32;
            let total = (u128::from(sum.s[1]) << 12) + u128::from(sum.s[0]);
            (if sign < 0 { &mut below } else { &mut above }).add(total, shift);
            let [low, middle, high] = sum.q.map(u128::from);
            squares.add((high << 32) + (middle << 16) + low, 2 * shift);
        }
        let (total, negative) = above.distance(&below);
        let mean = total.over(n, -149);
        // n * squares >= total², by Cauchy and Schwarz; a table that says otherwise is no sum of values.
        let (deviations, impossible) = Wide::of(n).times(&squares).distance(&total.times(&total));
        let deviations = if impossible { 0.0 } else { deviations.over(n, -298) };
        (if negative { -mean } else { mean }, deviations)
    }
}

impl Stats {
    /// The same with the moments that follow from exact sums of its finite values.
    pub fn with_sums(self, sums: &Sums) -> Stats {
        let n = self.finite();
        let (mean, deviations) = sums.moments(n);
        self.with_moments(n as f64, mean, deviations)
    }
}

/// Values that a slot may take before it overflows: 16 bits of count beside 16 bits of each piece.
const FULL: u32 = 1 << 16;

/// Two pieces side by side in each word.
#[derive(Clone, Copy, Default)]
struct Slot([u64; 3]);

/// Adds up values as they come.
#[derive(Clone)]
pub struct SumPass {
    /// By the upper nine bits of the float: sign and exponent. Two take turns, so that a run of values of one binade does
    /// not wait for the store of the one before.
    slots: Box<[[Slot; 2]; 512]>,
    held: u32,
    wide: Box<[Sum; 512]>,
}

impl Default for SumPass {
    fn default() -> SumPass {
        SumPass { slots: Box::new([[Slot::default(); 2]; 512]), held: 0, wide: Box::new([Sum::default(); 512]) }
    }
}

impl SumPass {
    /// Takes in the next values; those that are not finite, and zeros, leave no trace.
    pub fn push(&mut self, mut values: &[f32]) {
        while !values.is_empty() {
            let (some, rest) = values.split_at(values.len().min((FULL - self.held) as usize));
            for (i, x) in some.iter().enumerate() {
                let bits = x.to_bits();
                let at = (bits >> 23) as usize;
                let m = u64::from(bits & 0x7f_ffff | if at & 0xff == 0 { 0 } else { 0x80_0000 });
                let square = m * m;
                let [s, low, high] = &mut self.slots[at][i & 1].0;
                *s += m & 0xfff | m >> 12 << 32;
                *low += square & 0xffff | (square >> 16 & 0xffff) << 32;
                *high += square >> 32 | u64::from(m != 0) << 32;
            }
            self.held += some.len() as u32;
            if self.held == FULL {
                self.flush();
            }
            values = rest;
        }
    }

    fn flush(&mut self) {
        for (slots, wide) in self.slots.iter_mut().zip(self.wide.iter_mut()) {
            for slot in slots.iter_mut() {
                let [s, low, high] = std::mem::take(slot).0;
                let (lower, upper) = (|word: u64| word & 0xffff_ffff, |word: u64| word >> 32);
                wide.n += upper(high);
                wide.s[0] += lower(s);
                wide.s[1] += upper(s);
                wide.q[0] += lower(low);
                wide.q[1] += upper(low);
                wide.q[2] += lower(high);
            }
        }
        self.held = 0;
    }

    /// The sums of everything that was pushed.
    pub fn finish(mut self) -> Sums {
        self.flush();
        let mut sums = Sums::default();
        for (at, sum) in self.wide.iter().enumerate().filter(|(_, sum)| sum.n > 0) {
            let (sign, biased) = (if at >> 8 == 0 { 1 } else { -1 }, (at & 0xff) as i32);
            if biased != 0xff {
                sums.add(sign, biased.max(1) - 150, sum).expect("no machine counts to 2^39");
            }
        }
        sums
    }
}

impl std::fmt::Debug for SumPass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SumPass").field("held", &self.held).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::RangePass;
    use proptest::prelude::*;

    fn sums(values: &[f32]) -> Sums {
        let mut pass = SumPass::default();
        pass.push(values);
        pass.finish()
    }

    /// As the words say it, one value at a time.
    fn by_hand(values: &[f32]) -> Sums {
        let mut sums = Sums::default();
        for x in values.iter().filter(|x| x.is_finite() && **x != 0.0) {
            let (biased, fraction) = ((x.to_bits() >> 23 & 0xff) as i32, u64::from(x.to_bits() & 0x7f_ffff));
            let m = fraction + if biased > 0 { 1 << 23 } else { 0 };
            let exponent = biased.max(1) - 150;
            assert_eq!(f64::from(x.abs()), m as f64 * 2f64.powi(exponent));
            let q = [(m * m) & 0xffff, ((m * m) >> 16) & 0xffff, (m * m) >> 32];
            let sum = Sum { n: 1, s: [m & 0xfff, m >> 12], q };
            assert!(sum.is_possible());
            sums.add(if *x < 0.0 { -1 } else { 1 }, exponent, &sum).unwrap();
        }
        sums
    }

    fn value() -> impl Strategy<Value = f32> {
        prop_oneof![
            any::<f32>(),
            -2.0f32..2.0,
            Just(0.0),
            Just(-0.0),
            Just(f32::MAX),
            Just(f32::from_bits(1)),
            Just(f32::NAN)
        ]
    }

    proptest! {
        #[test]
        fn any_order_and_split_gives_the_same_integers(
            values in prop::collection::vec(value(), 0..800), at in any::<prop::sample::Index>()
        ) {
            let whole = sums(&values);
            prop_assert_eq!(&whole, &by_hand(&values));
            let (head, tail) = values.split_at(at.index(values.len() + 1));
            let mut merged = sums(&tail.iter().rev().copied().collect::<Vec<_>>());
            merged.merge(&sums(head)).unwrap();
            prop_assert_eq!(merged, whole);
        }

        #[test]
        fn moments_are_those_of_the_values(values in prop::collection::vec(-100.0f32..100.0, 1..500)) {
            let mut range = RangePass::new();
            range.push(&values);
            let stats = range.finish();
            let exact = stats.clone().with_sums(&sums(&values));
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * (b.abs() + 1.0);
            prop_assert!(near(exact.mean().unwrap(), stats.mean().unwrap()));
            prop_assert!(near(exact.std().unwrap(), stats.std().unwrap()));
        }
    }

    #[test]
    fn moments_are_exact_where_they_are_floats() {
        let of = |values: &[f32]| sums(values).moments(values.len() as u64);
        assert_eq!(of(&[1.0, 2.0, 3.0, 6.0]), (3.0, 14.0));
        assert_eq!(of(&[-4.0, 0.0, 1.0]), (-1.0, 14.0));
        // A far offset, and values that a float sum would swallow.
        assert_eq!(of(&[1e30, 1.0, -1e30, 1.0]).0, 0.5);
        assert_eq!(of(&[f32::MAX, f32::MIN]), (0.0, 2.0 * f64::from(f32::MAX) * f64::from(f32::MAX)));
        let tiny = f32::from_bits(1);
        assert_eq!(of(&[tiny, -tiny]), (0.0, 2.0 * f64::from(tiny) * f64::from(tiny)));
        assert_eq!((of(&[]), of(&[0.0; 3])), ((0.0, 0.0), (0.0, 0.0)));
    }

    #[test]
    fn more_values_than_a_slot_takes_are_flushed_in_time() {
        let values = vec![f32::from_bits(0x3fff_ffff); 3 * FULL as usize + 17];
        let found = sums(&values);
        let (_, sum) = found.iter().next().unwrap();
        let (n, m) = (values.len() as u64, 0xff_ffffu64);
        assert_eq!((sum.n, sum.s), (n, [n * 0xfff, n * 0xfff]));
        assert_eq!(sum.q, [n * ((m * m) & 0xffff), n * (((m * m) >> 16) & 0xffff), n * ((m * m) >> 32)]);
    }
}
