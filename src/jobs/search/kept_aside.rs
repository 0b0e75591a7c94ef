//! Which samples a search sees, and which judge it.

use crate::model::Draw;

/// Of so many samples one is kept aside.
const ASIDE: usize = 4;

/// Samples, shared out.
#[derive(Debug, PartialEq)]
pub(super) struct Shares {
    /// What clips are chosen by, in an order of chance, so that the first few of them are like all.
    pub searched: Vec<usize>,
    /// What judges them.
    pub aside: Vec<usize>,
}

/// Shuffles the samples and keeps a quarter aside, of two or more at least one: whatever order they came in, both parts
/// are like all of them.
pub(super) fn shares(samples: &[usize], seed: u64) -> Shares {
    let order = Draw::shuffled(samples.len(), seed);
    let mut searched: Vec<usize> = order.into_iter().map(|at| samples[at]).collect();
    let n = searched.len();
    let aside = searched.split_off(n - (n / ASIDE).max(usize::from(n > 1)));
    Shares { searched, aside }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_in_the_order_of_their_classes_leave_every_class_on_both_sides() {
        // Four classes, one after the other, and four that take turns: every fourth would be one class.
        let classes: [fn(usize) -> usize; 2] = [|sample| sample / 16, |sample| sample % 4];
        for seed in 0..4 {
            let Shares { searched, aside } = shares(&(0..64).collect::<Vec<_>>(), seed);
            assert_eq!((searched.len(), aside.len()), (48, 16));
            for class in classes {
                for some in [&searched[..16], &aside[..]] {
                    let found: std::collections::BTreeSet<usize> = some.iter().map(|&s| class(s)).collect();
                    assert_eq!(found.len(), 4, "{some:?}");
                }
            }
            let mut all = [searched, aside].concat();
            all.sort_unstable();
            assert_eq!(all, (0..64).collect::<Vec<_>>(), "none is lost");
        }
    }

    #[test]
    fn a_seed_is_one_order_and_few_samples_keep_one_aside() {
        let all: Vec<usize> = (0..16).collect();
        assert_eq!(shares(&all, 0), shares(&all, 0));
        assert_ne!(shares(&all, 0), shares(&all, 1));
        let aside = |n: usize| shares(&all[..n], 0).aside.len();
        assert_eq!([0, 1, 2, 3, 7, 8].map(aside), [0, 0, 1, 1, 1, 2]);
    }
}
