/// Bins of the counts.
const BINS: usize = 128;

/// The shares of the numbers that [`TwoCounts::at`] speaks of.
pub const QUANTILES: [f64; 5] = [0.0, 0.1, 0.5, 0.9, 1.0];

/// The same numbers float and quantized, counted on the same even bins.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoCounts {
    /// Where the bins begin: the least number of both.
    pub lo: f64,
    /// Where they end: the largest, or a little above where all are the same.
    pub hi: f64,
    /// Counts of the float ones.
    pub float: Vec<u64>,
    /// Counts of the quantized ones.
    pub quantized: Vec<u64>,
    /// The numbers at [`QUANTILES`] of the float and of the quantized ones: the nearest rank.
    pub at: [[f64; 5]; 2],
}

impl TwoCounts {
    /// Counts pairs of finite numbers, float and quantized; `None` where there is none.
    pub fn of(pairs: &[(f32, f32)]) -> Option<TwoCounts> {
        let sorted = |side: fn(&(f32, f32)) -> f32| {
            let mut values: Vec<f32> = pairs.iter().map(side).filter(|x| x.is_finite()).collect();
            values.sort_by(f32::total_cmp);
            values
        };
        let sides = [sorted(|pair| pair.0), sorted(|pair| pair.1)];
        let least = sides.iter().filter_map(|side| side.first()).copied().reduce(f32::min)?;
        let most = sides.iter().filter_map(|side| side.last()).copied().reduce(f32::max)?;
        let (lo, hi) = (f64::from(least), f64::from(most));
        let hi = if hi > lo { hi } else { lo + lo.abs().max(1e-6) * 1e-3 };
        let counts = |values: &[f32]| {
            let mut counts = vec![0; BINS];
            for &x in values {
                let at = (f64::from(x) - lo) / (hi - lo) * BINS as f64;
                counts[(at as usize).min(BINS - 1)] += 1;
            }
            counts
        };
        let at = |values: &[f32]| {
            QUANTILES.map(|q| match values.len() {
                0 => f64::NAN,
                n => f64::from(values[((n - 1) as f64 * q).round() as usize]),
            })
        };
        let [float, quantized] = &sides;
        Some(TwoCounts { lo, hi, float: counts(float), quantized: counts(quantized), at: [at(float), at(quantized)] })
    }
}

/// How far a classifier's best class is ahead of the next, row by row: the margin of the float network, and at the same class
/// that of the quantized one, which is negative where another class has come first.
#[derive(Clone, Debug, PartialEq)]
pub struct Margins {
    /// Both, counted.
    pub counts: TwoCounts,
    /// How many rows there are.
    pub rows: u64,
    /// In how many of them the best class is another one, the first of equal ones.
    pub flipped: u64,
    /// The median of the quantized margin over the float one, of the rows that have a float margin: below 1 where
    /// confidences are squeezed. NaN where no row has one.
    pub kept: f64,
}

/// How one output of a network lies.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputShape {
    /// The output's name.
    pub name: String,
    /// Its values, counted; `None` where none is finite.
    pub values: Option<TwoCounts>,
    /// One value of so many was counted, evenly spread; 1 where all were.
    pub every: u64,
    /// The margins, of a classifier.
    pub margins: Option<Margins>,
}

/// What was looked at of one output: its values on both sides, and its margins, some of them where there are many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looked {
    /// Values, float and quantized.
    pub values: Vec<(f32, f32)>,
    /// How many values there are.
    pub of: u64,
    /// Margins, float and quantized.
    pub margins: Vec<(f32, f32)>,
    /// Rows of classes, and those whose best class is another one.
    pub rows: u64,
    /// Those of them whose best class is another one.
    pub flipped: u64,
}

impl Looked {
    /// Adds what was looked at in another sample.
    pub fn take(&mut self, other: &Looked) {
        self.values.extend_from_slice(&other.values);
        self.margins.extend_from_slice(&other.margins);
        self.of += other.of;
        self.rows += other.rows;
        self.flipped += other.flipped;
    }

    /// What it comes to.
    pub fn shape(&self, name: &str) -> OutputShape {
        let mut kept: Vec<f32> = self.margins.iter().filter(|(a, _)| *a > 0.0).map(|(a, b)| b / a).collect();
        kept.retain(|ratio| ratio.is_finite());
        kept.sort_by(f32::total_cmp);
        let kept = kept.get(kept.len() / 2).map_or(f64::NAN, |ratio| f64::from(*ratio));
        let (rows, flipped) = (self.rows, self.flipped);
        OutputShape {
            name: name.to_owned(),
            values: TwoCounts::of(&self.values),
            every: self.of.div_ceil(self.values.len().max(1) as u64).max(1),
            margins: TwoCounts::of(&self.margins).map(|counts| Margins { counts, rows, flipped, kept }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_one_bin_of_its_side() {
        let pairs: Vec<(f32, f32)> = (0..1000).map(|i| (i as f32, i as f32 / 2.0)).collect();
        let counts = TwoCounts::of(&pairs).unwrap();
        assert_eq!((counts.lo, counts.hi), (0.0, 999.0));
        assert_eq!([counts.float.iter().sum::<u64>(), counts.quantized.iter().sum()], [1000, 1000]);
        assert!(counts.quantized[BINS / 2 + 1..].iter().all(|n| *n == 0) && counts.float[BINS - 1] > 0);
        assert_eq!(counts.at[0], [0.0, 100.0, 500.0, 899.0, 999.0]);
        assert_eq!(counts.at[1][2], 250.0);
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        assert_eq!(TwoCounts::of(&[]), None);
        assert_eq!(TwoCounts::of(&[(f32::NAN, f32::INFINITY)]), None);
        let one = TwoCounts::of(&[(0.0, f32::NAN)]).unwrap();
        assert!(one.hi > one.lo && one.float[0] == 1 && one.quantized.iter().all(|n| *n == 0));
        assert!(one.at[1][0].is_nan());
        assert!(TwoCounts::of(&[(f32::MAX, f32::MIN)]).is_some_and(|c| c.lo.is_finite() && c.hi.is_finite()));
        assert!(Looked::default().shape("y").values.is_none());
    }

    #[test]
    fn squeezed_margins_are_told() {
        let margins = vec![(2.0, 1.0), (4.0, 2.0), (0.0, 1.0), (1.0, -0.5), (2.0, 1.2)];
        let looked = Looked { margins, rows: 5, flipped: 1, ..Looked::default() };
        let margins = looked.shape("y").margins.unwrap();
        assert_eq!((margins.rows, margins.flipped, margins.kept), (5, 1, 0.5));
        assert_eq!(margins.counts.lo, -0.5);
    }
}
