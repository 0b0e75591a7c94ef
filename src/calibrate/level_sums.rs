//! What spreading a histogram over equal levels comes to, for every clip: the part of [`kl`](super::kl) that costs.

use super::logarithm::ln_ratio;
use crate::vector::{Kernel, Width};

/// Sums over the first `j` bins, for all `j`: how many values, and how many bins that are not empty. Exact up to 2^53.
pub(super) type Below = [f64; 2];

/// `C ln(C / n)` of the level of the bins between two places: C values in n bins that are not empty.
#[inline(always)]
fn level([c0, n0]: Below, [c1, n1]: Below) -> f64 {
    let count = c1 - c0;
    // Empty: ln of 0 / 0 is some number, which 0 takes the place of.
    let value = count * ln_ratio(count, n1 - n0);
    if count > 0.0 { value } else { 0.0 }
}

/// Sums are taken in so many parts, so that one addition need not wait for the one before: level `g` goes to part
/// `g % PARTS`, on every road below, so that all come to the same bits.
const PARTS: usize = 4;

fn together([a, b, c, d]: [f64; PARTS]) -> f64 {
    (a + b) + (c + d)
}

/// Clips that are worked out side by side: what is known of them stays in the first cache.
const TILE: usize = 512;

/// `sum_g C_g ln(C_g / n_g)` over `levels` equal levels of the first `i` bins. Bin `j` belongs to level
/// `floor(j * levels / i)`.
pub(super) struct LevelSums<'a> {
    below: &'a [Below],
    levels: usize,
}

impl<'a> LevelSums<'a> {
    /// `below` is one longer than the bins; `levels` is a power of two.
    pub fn new(below: &'a [Below], levels: usize) -> LevelSums<'a> {
        assert!(levels.is_power_of_two());
        LevelSums { below, levels }
    }

    /// Whether some level has more than one of the first `i` bins. Only then is there a sum.
    pub fn shared(&self, i: usize) -> bool {
        i > self.levels
    }

    /// First bin of the level that holds bin `i - 1`.
    pub fn last_start(&self, i: usize) -> usize {
        self.start((i - 1) * self.levels / i, i)
    }

    /// First bin of level `g` of the first `i` bins.
    #[inline(always)]
    fn start(&self, g: usize, i: usize) -> usize {
        (g * i + self.levels - 1) >> self.levels.trailing_zeros()
    }

    /// The sum at one `i`, the same as among [`all`](Self::all).
    pub fn at(&self, i: usize) -> f64 {
        let mut parts = [0.0; PARTS];
        let mut from = self.below[0];
        for g in 0..self.levels {
            let to = self.below[self.start(g + 1, i)];
            parts[g % PARTS] += level(from, to);
            from = to;
        }
        together(parts)
    }

    /// The sum at each `i` from 0 to the number of bins; 0 where each level has at most one bin.
    ///
    /// Narrow levels have few places to begin at, and many an `i` shares them: rows serve these. A row grows with the
    /// width, the number of those that share it does not: from some width on, found by trying, it is not worth it.
    pub fn all(&self) -> Vec<f64> {
        let bins = self.below.len() - 1;
        let mut sums = vec![0.0; bins + 1];
        let rows_end = (self.levels * self.levels * 3 / 2).max(self.levels + 1).min(bins + 1);
        self.by_rows(&mut sums[..rows_end]);
        for (k, tile) in sums[rows_end..].chunks_mut(TILE).enumerate() {
            Width::default().run(Tile { of: self, first: rows_end + k * TILE, sums: tile });
        }
        sums
    }

    /// A level is `i / levels` bins wide or one more. While that width stays the same, two rows of the values of all
    /// levels of these widths, by their first bin, serve every `i`: adding up takes the place of logarithms.
    fn by_rows(&self, sums: &mut [f64]) {
        let bins = self.below.len() - 1;
        let mut rows = [vec![0.0; bins], vec![0.0; bins]];
        let mut widest = 0;
        for (i, sum) in sums.iter_mut().enumerate().skip(self.levels + 1) {
            while widest < i / self.levels + 1 {
                widest += 1;
                let begins = (self.levels * (widest + 1)).min((bins + 1).saturating_sub(widest));
                let row = Row { below: self.below, width: widest, out: &mut rows[widest % 2][..begins.min(bins)] };
                Width::default().run(row);
            }
            let [even, odd] = &rows;
            let mut from = 0;
            let mut next = |g: usize| {
                let to = self.start(g + 1, i);
                let value = if (to - from).is_multiple_of(2) { even[from] } else { odd[from] };
                from = to;
                value
            };
            let mut parts = [0.0; PARTS];
            let whole = self.levels / PARTS * PARTS;
            for g in (0..whole).step_by(PARTS) {
                for (part, sum) in parts.iter_mut().enumerate() {
                    *sum += next(g + part);
                }
            }
            (whole..self.levels).for_each(|g| parts[g % PARTS] += next(g));
            *sum = together(parts);
        }
    }
}

/// The levels of one width, by their first bin.
struct Row<'a> {
    below: &'a [Below],
    width: usize,
    out: &'a mut [f64],
}

impl Kernel for Row<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Row { below, width, out } = self;
        for ((value, &from), &to) in out.iter_mut().zip(below).zip(&below[width..]) {
            *value = level(from, to);
        }
    }
}

/// The sums at `first, first + 1, ...`, level by level: what is beside each other goes through vector registers.
struct Tile<'a> {
    of: &'a LevelSums<'a>,
    first: usize,
    sums: &'a mut [f64],
}

impl Kernel for Tile<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Tile { of, first, sums } = self;
        let n = sums.len();
        let mut parts = [[0.0; TILE]; PARTS];
        // Where a level begins and where it ends take turns.
        let mut below = [[of.below[0]; TILE]; 2];
        for g in 0..of.levels {
            let [a, b] = &mut below;
            let (from, to) = if g % 2 == 0 { (a, b) } else { (b, a) };
            for (k, to) in to[..n].iter_mut().enumerate() {
                *to = of.below[of.start(g + 1, first + k)];
            }
            for ((sum, &from), &to) in parts[g % PARTS][..n].iter_mut().zip(&*from).zip(&*to) {
                *sum += level(from, to);
            }
        }
        for (k, sum) in sums.iter_mut().enumerate() {
            *sum = together(parts.each_ref().map(|part| part[k]));
        }
    }
}
