//! NumPy's random numbers: the values that `np.random.seed(s); np.random.randn(n)` gives, so that whoever follows a
//! lesson in Python has the same.

const N: usize = 624;
const M: usize = 397;

/// The Mersenne Twister MT19937, seeded and read as NumPy's `RandomState` does.
pub(super) struct RandomState {
    state: [u32; N],
    at: usize,
    /// The second of the two normal numbers that are made together.
    second: Option<f64>,
}

impl RandomState {
    /// `np.random.seed(seed)`.
    pub fn new(seed: u32) -> RandomState {
        let mut state = [seed; N];
        for i in 1..N {
            let before = state[i - 1];
            state[i] = 1_812_433_253_u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as u32);
        }
        RandomState { state, at: N, second: None }
    }

    fn word(&mut self) -> u32 {
        if self.at == N {
            for i in 0..N {
                let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
                let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + M) % N] ^ (y >> 1) ^ odd;
            }
            self.at = 0;
        }
        let mut y = self.state[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// `np.random.rand()`: 0 to 1, with 53 bits.
    pub fn uniform(&mut self) -> f64 {
        let (high, low) = (f64::from(self.word() >> 5), f64::from(self.word() >> 6));
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// `np.random.randn()`: two at a time, by Marsaglia's polar method.
    pub fn normal(&mut self) -> f64 {
        if let Some(second) = self.second.take() {
            return second;
        }
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let r2 = x * x + y * y;
            if r2 < 1.0 && r2 != 0.0 {
                let f = (-2.0 * r2.ln() / r2).sqrt();
                self.second = Some(f * x);
                return f * y;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From NumPy: `np.random.seed(1); np.random.randn(4)`, and `np.random.seed(7); np.random.rand(3)`.
    #[test]
    fn numbers_are_numpy_s() {
        let mut chance = RandomState::new(1);
        let normal = [(); 4].map(|()| chance.normal());
        let wanted =
            [1.624_345_363_663_241_7, -0.611_756_413_650_075_4, -0.528_171_752_263_455_7, -1.072_968_622_156_170_5];
        for (got, wanted) in normal.into_iter().zip(wanted) {
            assert!((got - wanted).abs() <= 4.0 * f64::EPSILON * wanted.abs(), "{got} {wanted}");
        }
        let mut chance = RandomState::new(7);
        let uniform = [(); 3].map(|()| chance.uniform());
        assert_eq!(uniform, [0.076_308_289_373_957_17, 0.779_918_792_240_114_6, 0.438_409_231_440_893_5]);
    }
}
