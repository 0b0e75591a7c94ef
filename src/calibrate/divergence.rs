//! One point of the KL curve, taken apart: what P and Q are in each bin, what each level holds, and what each bin adds.

use std::ops::Range;

use super::pairwise::pairwise_sum;

/// The KL divergence of one clip with everything that it is made of.
///
/// P is the histogram up to the clip with the whole tail added to its last bin; Q spreads what each level holds over its
/// bins that are not empty. Both are divided by their sums, and `KL = sum p ln(p / q)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence {
    /// The bins that are kept, from 0 on.
    pub bins: Vec<Term>,
    /// The levels that have a bin, in their order.
    pub levels: Vec<LevelSum>,
    /// How many levels there are, those without a bin included.
    pub of_levels: usize,
    /// How many bins the histogram has.
    pub of_bins: usize,
    /// What lies beyond the clip and is added to the last bin of P.
    pub tail: u64,
    /// The sum of P: everything that was counted.
    pub sum_p: f64,
    /// The sum of Q: what lies below the clip.
    pub sum_q: f64,
    /// The divergence in nats: the sum of the terms, in the order in which NumPy adds.
    pub kl: f64,
}

/// One bin of both distributions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// What the bin holds.
    pub count: u64,
    /// What it holds in P: in the last bin the tail as well.
    pub p_count: u64,
    /// Its level, as a place in [`Divergence::levels`].
    pub level: usize,
    /// What it holds in Q, expanded: the level's share, or 0 where the bin is empty.
    pub q_count: f64,
    /// Its part of P.
    pub p: f64,
    /// Its part of Q.
    pub q: f64,
    /// What it adds: `p ln(p / q)` in nats, 0 where P is empty, infinite where only Q is.
    pub nats: f64,
}

/// What one level holds.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelSum {
    /// Which level it is, from 0 on.
    pub level: usize,
    /// Its bins.
    pub bins: Range<usize>,
    /// How many values they hold together.
    pub count: u64,
    /// How many of them are not empty.
    pub non_empty: usize,
}

impl LevelSum {
    /// What each bin that is not empty gets in Q; 0 where there is none.
    pub fn share(&self) -> f64 {
        self.count as f64 / self.non_empty.max(1) as f64
    }
}

impl Divergence {
    /// The clip at the upper end of bin `kept - 1`: `scipy.stats.entropy(p, q)` of scipy 1.17 in f64, as
    /// pytorch-quantization calls it. Bin `j` belongs to level `floor(j * levels / kept)`. `None` where `kept` is 0, more than
    /// there are bins, or `levels` is 0.
    pub fn of(counts: &[u64], levels: usize, kept: usize) -> Option<Divergence> {
        if kept == 0 || kept > counts.len() || levels == 0 {
            return None;
        }
        let (inside, beyond) = counts.split_at(kept);
        let tail = beyond.iter().sum::<u64>();
        let level_of = |bin: usize| bin * levels / kept;
        let mut sums: Vec<LevelSum> = Vec::new();
        let mut bins: Vec<Term> = Vec::with_capacity(kept);
        let mut from = 0;
        while from < kept {
            let to = (from..kept).find(|&bin| level_of(bin) != level_of(from)).unwrap_or(kept);
            let members = &inside[from..to];
            let non_empty = members.iter().filter(|&&count| count > 0).count();
            let sum = LevelSum { level: level_of(from), bins: from..to, count: members.iter().sum(), non_empty };
            let share = sum.share();
            bins.extend(members.iter().map(|&count| Term {
                count,
                p_count: count,
                level: sums.len(),
                q_count: if count > 0 { share } else { 0.0 },
                p: 0.0,
                q: 0.0,
                nats: 0.0,
            }));
            sums.push(sum);
            from = to;
        }
        bins[kept - 1].p_count += tail;
        let p: Vec<f64> = bins.iter().map(|bin| bin.p_count as f64).collect();
        let q: Vec<f64> = bins.iter().map(|bin| bin.q_count).collect();
        let (sum_p, sum_q) = (pairwise_sum(&p), pairwise_sum(&q));
        for bin in &mut bins {
            (bin.p, bin.q) = (bin.p_count as f64 / sum_p, bin.q_count / sum_q);
            bin.nats = rel_entr(bin.p, bin.q);
        }
        let terms: Vec<f64> = bins.iter().map(|bin| bin.nats).collect();
        let kl = pairwise_sum(&terms);
        Some(Divergence { bins, levels: sums, of_levels: levels, of_bins: counts.len(), tail, sum_p, sum_q, kl })
    }

    /// The bin that makes the divergence infinite: the last one, where it is empty and something lies beyond it. P has the
    /// tail there, and Q nothing.
    pub fn gap(&self) -> Option<usize> {
        self.bins.iter().position(|bin| bin.nats == f64::INFINITY)
    }

    /// The bins that add or take most, the largest terms first, at most `n`.
    pub fn largest(&self, n: usize) -> Vec<usize> {
        let size = |bin: &usize| self.bins[*bin].nats.abs();
        let mut order: Vec<usize> = (0..self.bins.len()).filter(|bin| size(bin) > 0.0).collect();
        order.sort_by(|a, b| size(b).total_cmp(&size(a)).then(a.cmp(b)));
        order.truncate(n);
        order
    }
}

/// `scipy.special.rel_entr`: `p ln(p / q)`.
fn rel_entr(p: f64, q: f64) -> f64 {
    if p.is_nan() || q.is_nan() {
        return f64::NAN;
    }
    if p <= 0.0 || q <= 0.0 {
        return if p == 0.0 && q >= 0.0 { 0.0 } else { f64::INFINITY };
    }
    let ratio = p / q;
    if 0.5 < ratio && ratio < 2.0 {
        p * ((p - q) / q).ln_1p()
    } else if f64::MIN_POSITIVE < ratio && ratio < f64::INFINITY {
        p * ratio.ln()
    } else {
        p * (p.ln() - q.ln())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ARTICLE: [u64; 8] = [1, 0, 2, 3, 5, 3, 1, 7];

    fn expanded(divergence: &Divergence) -> Vec<f64> {
        divergence.bins.iter().map(|bin| bin.q_count).collect()
    }

    #[test]
    fn the_case_that_is_worked_by_hand() {
        // Two levels: GTC 2017's Q, 6 over three bins and 16 over four.
        let two = Divergence::of(&ARTICLE, 2, 8).unwrap();
        assert_eq!(expanded(&two), [2.0, 0.0, 2.0, 2.0, 4.0, 4.0, 4.0, 4.0]);
        assert_eq!(two.levels.iter().map(|l| (l.count, l.non_empty)).collect::<Vec<_>>(), [(6, 3), (16, 4)]);
        assert!((two.kl - 0.150_315).abs() < 5e-7, "{}", two.kl);
        let four = Divergence::of(&ARTICLE, 4, 8).unwrap();
        assert_eq!(four.levels.iter().map(|l| l.count).collect::<Vec<_>>(), [1, 5, 8, 8]);
        assert_eq!(expanded(&four), [1.0, 0.0, 2.5, 2.5, 4.0, 4.0, 4.0, 4.0]);
        assert!((four.kl - 0.131_108).abs() < 5e-7, "{}", four.kl);
        assert_eq!((four.tail, four.sum_p, four.sum_q), (0, 22.0, 22.0));
    }

    #[test]
    fn a_gap_is_the_last_bin_with_the_tail_in_p_and_nothing_in_q() {
        let d = Divergence::of(&[9, 4, 0, 5], 2, 3).unwrap();
        let last = d.bins[2];
        assert_eq!((last.count, last.p_count, last.q_count), (0, 5, 0.0));
        assert_eq!((d.gap(), d.kl), (Some(2), f64::INFINITY));
        assert_eq!(d.largest(1), [2]);
        assert_eq!(Divergence::of(&[9, 4, 1, 5], 2, 3).unwrap().gap(), None);
        // Nothing is kept: 0 / 0.
        let none = Divergence::of(&[0, 0, 7], 2, 2).unwrap();
        assert!(none.kl.is_nan() && none.gap().is_none());
    }

    #[test]
    fn what_is_no_clip_has_none() {
        assert!(Divergence::of(&[1, 2], 4, 0).is_none() && Divergence::of(&[1, 2], 4, 3).is_none());
        assert!(Divergence::of(&[], 4, 1).is_none() && Divergence::of(&[1], 0, 1).is_none());
    }

    proptest! {
        /// The parts are parts of one whole, whatever is counted.
        #[test]
        fn the_parts_add_up(
            counts in prop::collection::vec(prop_oneof![2 => Just(0u64), 3 => 1u64..9, 3 => 0u64..100_000], 1..300),
            bits in 0u32..9,
            kept in 1usize..300,
        ) {
            let kept = 1 + (kept - 1) % counts.len();
            let d = Divergence::of(&counts, 1 << bits, kept).unwrap();
            prop_assert_eq!(d.bins.len(), kept);
            prop_assert_eq!(d.bins.iter().map(|b| b.p_count).sum::<u64>(), counts.iter().sum::<u64>());
            prop_assert_eq!(d.levels.iter().map(|l| l.count).sum::<u64>() + d.tail, counts.iter().sum::<u64>());
            prop_assert_eq!(d.levels.iter().map(|l| l.bins.len()).sum::<usize>(), kept);
            for (i, bin) in d.bins.iter().enumerate() {
                let level = &d.levels[bin.level];
                prop_assert!(level.bins.contains(&i) && level.level == i * (1 << bits) / kept);
                prop_assert_eq!(bin.q_count > 0.0, bin.count > 0);
            }
            let terms: Vec<f64> = d.bins.iter().map(|b| b.nats).collect();
            prop_assert_eq!(pairwise_sum(&terms).to_bits(), d.kl.to_bits());
            prop_assert_eq!(d.gap().is_some(), d.kl == f64::INFINITY);
        }
    }
}
