//! Some of many samples, for a quick first pass.

use super::random::Noise;

/// How many samples to draw, and by which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// How many, where there are more.
    pub n: usize,
    /// The same seed draws the same ones.
    pub seed: u64,
}

impl Draw {
    /// Places among `0..len`, in their own order; all where there are no more than are to be drawn.
    ///
    /// The first ones would do where samples lie at random. Where they are sorted by class or by file, those are all of one
    /// kind.
    pub fn of(self, len: usize) -> Vec<usize> {
        let mut places = Draw::shuffled(len, self.seed);
        places.truncate(self.n);
        places.sort_unstable();
        places
    }

    /// The places `0..len` in an order that the seed draws.
    pub fn shuffled(len: usize, seed: u64) -> Vec<usize> {
        let mut places: Vec<usize> = (0..len).collect();
        let mut chance = Noise::new(seed, 0);
        for at in 0..len {
            let other = at + (chance.next() % (len - at) as u64) as usize;
            places.swap(at, other);
        }
        places
    }

    /// What was done, a sentence without its full stop.
    pub(super) fn said(self, len: usize) -> String {
        let Draw { n, seed } = self;
        if n < len {
            return format!("{n} of {len} samples, drawn with seed {seed}");
        }
        let all = if len == 1 { "the only sample".to_owned() } else { format!("all {len} samples") };
        format!("{all}: there are no more than the {n} that were to be drawn")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_draws_without_repeating_in_order_and_the_same_again() {
        let of = |n, seed| Draw { n, seed }.of(32);
        for seed in 0..50 {
            let drawn = of(8, seed);
            assert!(drawn.len() == 8 && drawn.is_sorted_by(|a, b| a < b) && drawn[7] < 32, "{drawn:?}");
            assert_eq!(drawn, of(8, seed));
        }
        assert_ne!(of(8, 0), of(8, 1));
        assert_ne!(of(8, 0), (0..8).collect::<Vec<_>>());
        assert_eq!([of(32, 1).len(), of(40, 1).len()], [32, 32]);
        assert_eq!(Draw { n: 1, seed: 3 }.of(0), [0; 0]);
        // Each is drawn about as often.
        let mut often = [0; 32];
        (0..4000).flat_map(|seed| of(8, seed)).for_each(|at| often[at] += 1);
        assert!(often.iter().all(|n| (850..1150).contains(n)), "{often:?}");
    }

    #[test]
    fn it_says_of_how_many() {
        assert_eq!(Draw { n: 8, seed: 1 }.said(32), "8 of 32 samples, drawn with seed 1");
        assert_eq!(Draw { n: 8, seed: 1 }.said(5), "all 5 samples: there are no more than the 8 that were to be drawn");
    }
}
