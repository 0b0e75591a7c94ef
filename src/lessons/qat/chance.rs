//! Numbers drawn by a seed.

/// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"), with the constants of
/// Vigna's public-domain `splitmix64.c`.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// One seed has many streams, which have nothing to do with each other.
    pub(super) fn new(seed: u64, stream: u64) -> Chance {
        let mut chance = Chance(seed);
        Chance(chance.next() ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly spread over `-1.0..1.0`, in steps of `2^-52`.
    pub(super) fn even(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    /// The places `0..len` in an order drawn by chance (Fisher and Yates).
    pub(super) fn shuffled(&mut self, len: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..len).collect();
        for at in 0..len {
            let other = at + (self.next() % (len - at) as u64) as usize;
            places.swap(at, other);
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_splitmix64() {
        // The first numbers that `splitmix64.c` gives for the seed 1234567.
        let mut chance = Chance(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| chance.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn it_spreads_evenly_and_repeats_nothing() {
        let mut chance = Chance::new(3, 1);
        let mean = (0..10_000).map(|_| chance.even()).sum::<f64>() / 1e4;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((0..10_000).all(|_| (-1.0..1.0).contains(&chance.even())));
        let mut places = chance.shuffled(100);
        assert!(!places.is_sorted());
        places.sort_unstable();
        assert_eq!(places, (0..100).collect::<Vec<_>>());
        assert_ne!(Chance::new(3, 1).next(), Chance::new(3, 2).next());
        assert_ne!(Chance::new(3, 1).next(), Chance::new(4, 1).next());
    }
}
