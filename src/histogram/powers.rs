//! The bins of a power-of-two grid by themselves, as they are written down and read again.

use super::{GridKind, Histogram, MAX_BINS, Magnitude, Stats};

/// The width of all bins of such a grid, of which at most as many are kept as `kept`, is 2 to this power: for the largest
/// finite magnitude of all values. That is -149, the smallest float, where all are zeros.
pub fn bin_exponent(amax: f32, kept: usize) -> i32 {
    let bits = kept.trailing_zeros() as i32;
    if amax > 0.0 { top_exponent(amax).max(bits - 149) - bits } else { -149 }
}

/// How many bins of a side are kept where `bins` were asked for.
pub fn kept_bins(bins: usize) -> usize {
    2 * bins.clamp(1, MAX_BINS).next_power_of_two()
}

/// The smallest k with `x < 2^k`, for a positive finite x.
pub(super) fn top_exponent(x: f32) -> i32 {
    let bits = x.to_bits();
    match bits >> 23 {
        0 => 32 - bits.leading_zeros() as i32 - 149,
        biased => biased as i32 - 126,
    }
}

impl Histogram {
    /// The histogram that a [`GrowingHistogram`](super::GrowingHistogram) for `bins` bins makes of values that have these
    /// totals, and of which so many lie in each bin: whether negative, which bin, how many.
    ///
    /// `None` where the counts are not those of the totals.
    pub fn on_powers_of_two(
        stats: Stats,
        bins: usize,
        counts: impl IntoIterator<Item = (bool, usize, u64)>,
    ) -> Option<Histogram> {
        let (kept, amax) = (kept_bins(bins), stats.amax());
        let (mut pos, mut neg, mut top, mut all) = (vec![0u64; kept], vec![0u64; kept], 0, 0u64);
        for (negative, bin, n) in counts {
            let slot = if negative { &mut neg } else { &mut pos }.get_mut(bin)?;
            *slot = slot.checked_add(n)?;
            all = all.checked_add(n)?;
            top = if n > 0 { top.max(bin) } else { top };
        }
        if all != stats.finite() {
            return None;
        }
        let (len, edge) = match amax > 0.0 {
            false => (kept / 2, 0.0),
            true => {
                let width = 2f64.powi(bin_exponent(amax, kept));
                // 2^128 is no f32; every other edge is.
                (top + 1, ((top + 1) as f64 * width).min(f64::from(f32::MAX)) as f32)
            }
        };
        pos.truncate(len);
        neg.truncate(len);
        let magnitude = Magnitude { amax: edge, pos, neg };
        let holds_all = amax == 0.0 || edge > amax || edge == f32::MAX;
        (holds_all && top < len).then_some(Histogram {
            stats,
            magnitude,
            kind: GridKind::PowerOfTwo,
            kept,
            numpy: Vec::new(),
            peers: Vec::new(),
        })
    }

    /// The counts of the bins that are not empty: whether negative, which bin, how many; the negative ones first. `None`
    /// where the grid is of another kind.
    pub fn power_of_two_bins(&self) -> Option<impl Iterator<Item = (bool, usize, u64)>> {
        let side = |negative, counts: &'_ [u64]| -> Vec<(bool, usize, u64)> {
            let filled = counts.iter().enumerate().filter(|(_, n)| **n > 0);
            filled.map(|(bin, n)| (negative, bin, *n)).collect()
        };
        let sides = [(true, &self.magnitude.neg), (false, &self.magnitude.pos)];
        (self.kind == GridKind::PowerOfTwo)
            .then(|| sides.into_iter().flat_map(move |(negative, counts)| side(negative, counts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::GrowingHistogram;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_taken_apart_is_put_together_again(
            values in prop::collection::vec(prop_oneof![any::<f32>(), -2.0f32..2.0, Just(0.0f32), -1e-40f32..1e-40], 0..600),
            bins in 1usize..3000
        ) {
            let mut growing = GrowingHistogram::new(bins);
            growing.push(&values);
            let whole = growing.finish();
            let counts: Vec<_> = whole.power_of_two_bins().unwrap().collect();
            let width = 2f64.powi(bin_exponent(whole.stats.amax(), kept_bins(bins)));
            for &(negative, bin, n) in &counts {
                let of = |x: &&f32| x.is_finite() && (f64::from(x.abs()) / width).floor() == bin as f64;
                let here = values.iter().filter(of).filter(|x| (**x < 0.0) == negative).count();
                prop_assert_eq!(here as u64, n);
            }
            prop_assert_eq!(Histogram::on_powers_of_two(whole.stats.clone(), bins, counts), Some(whole));
        }
    }

    #[test]
    fn counts_of_other_values_are_refused() {
        let stats = Histogram::of(&[1.0, -0.5, 0.0], 64, &[]).stats;
        let of = |counts: &[(bool, usize, u64)]| Histogram::on_powers_of_two(stats.clone(), 64, counts.to_vec());
        assert!(of(&[(true, 32, 1), (false, 0, 1), (false, 64, 1)]).is_some());
        assert!(of(&[(true, 32, 1), (false, 0, 1)]).is_none(), "too few");
        assert!(of(&[(true, 32, 1), (false, 0, 1), (false, 128, 1)]).is_none(), "beyond the grid");
        assert!(of(&[(true, 32, 1), (false, 0, 1), (false, 63, 1)]).is_none(), "amax lies in no bin");
        assert!(of(&[(true, 32, u64::MAX), (false, 0, 2), (false, 64, 1)]).is_none());
    }
}
