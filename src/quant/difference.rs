use std::cmp::Ordering;

/// How far the values of a tensor that two engines computed are apart, over all samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Samples in which both gave the tensor.
    pub samples: usize,
    /// Values that were compared.
    pub count: u64,
    /// The largest finite magnitude that either has.
    pub amax: f32,
    /// The largest distance where both are finite.
    pub largest: f64,
    /// Values that are NaN or infinite in one, and not the same in the other.
    pub unlike: u64,
    /// Where they are farthest apart; the first that are unlike, if any are.
    pub at: Option<Apart>,
    /// The first two shapes that differ, if any do: then nothing else can be said.
    pub shapes: Option<(Vec<usize>, Vec<usize>)>,
}

/// Two values that should be one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Apart {
    /// The sample, from 0.
    pub sample: usize,
    /// The place in the tensor, in row-major order.
    pub place: usize,
    /// The first engine's value.
    pub one: f32,
    /// The second engine's.
    pub other: f32,
}

impl Difference {
    /// Takes in what both engines gave for a sample.
    pub fn push(&mut self, sample: usize, one: (&[usize], &[f32]), other: (&[usize], &[f32])) {
        self.samples += 1;
        if one.0 != other.0 || one.1.len() != other.1.len() {
            self.shapes.get_or_insert_with(|| (one.0.to_vec(), other.0.to_vec()));
            return;
        }
        self.count += one.1.len() as u64;
        for (place, (&one, &other)) in one.1.iter().zip(other.1).enumerate() {
            let apart = Apart { sample, place, one, other };
            for x in [one, other].into_iter().filter(|x| x.is_finite()) {
                self.amax = self.amax.max(x.abs());
            }
            if one.is_finite() && other.is_finite() {
                let distance = (f64::from(one) - f64::from(other)).abs();
                if distance > self.largest {
                    self.largest = distance;
                    if self.unlike == 0 {
                        self.at = Some(apart);
                    }
                }
            } else if one != other && !(one.is_nan() && other.is_nan()) {
                if self.unlike == 0 {
                    self.at = Some(apart);
                }
                self.unlike += 1;
            }
        }
    }

    /// The largest distance as a share of the tensor's largest magnitude. NaN, the worst, where that says nothing: other
    /// shapes, or values that are unlike.
    pub fn relative(&self) -> f64 {
        match (self.shapes.is_some() || self.unlike > 0, self.largest == 0.0) {
            (true, _) => f64::NAN,
            (_, true) => 0.0,
            _ => self.largest / f64::from(self.amax),
        }
    }

    /// Whether no value is farther from the other than this share of the largest magnitude.
    pub fn is_within(&self, tolerance: f64) -> bool {
        self.relative() <= tolerance
    }

    /// The worse of two is the greater: NaN is the worst.
    pub fn cmp_worst(&self, other: &Difference) -> Ordering {
        let (one, other) = (self.relative(), other.relative());
        one.partial_cmp(&other).unwrap_or_else(|| one.is_nan().cmp(&other.is_nan()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(one: &[f32], other: &[f32]) -> Difference {
        let mut difference = Difference::default();
        difference.push(0, (&[one.len()], one), (&[other.len()], other));
        difference
    }

    #[test]
    fn the_largest_distance_is_a_share_of_the_tensor_s_largest_value() {
        let mut difference = of(&[1.0, -4.0, 0.0], &[1.0, -4.0, 0.25]);
        assert_eq!((difference.count, difference.amax, difference.relative()), (3, 4.0, 0.0625));
        assert_eq!(difference.at, Some(Apart { sample: 0, place: 2, one: 0.0, other: 0.25 }));
        // A later sample with larger values: the share is of all.
        difference.push(3, (&[1], &[8.0]), (&[1], &[8.5]));
        assert_eq!((difference.samples, difference.count, difference.relative()), (2, 4, 0.5 / 8.5));
        assert_eq!(difference.at.unwrap().sample, 3);
        assert!(difference.is_within(0.06) && !difference.is_within(0.058));
        assert_eq!((of(&[0.0], &[0.0]).relative(), of(&[], &[]).relative()), (0.0, 0.0));
        assert_eq!(of(&[0.0], &[-0.0]).relative(), 0.0);
        assert_eq!(of(&[0.0], &[1e-30]).relative(), 1.0, "nothing against something");
        assert!(of(&[f32::MAX], &[-f32::MAX]).relative() == 2.0, "no overflow");
    }

    #[test]
    fn what_is_not_finite_is_the_same_or_the_worst() {
        let (nan, inf) = (f32::NAN, f32::INFINITY);
        assert_eq!(of(&[nan, inf, -inf, 1.0], &[nan, inf, -inf, 1.0]).relative(), 0.0);
        for (one, other) in [(nan, 1.0), (inf, -inf), (inf, nan), (0.0, inf), (f32::MAX, inf)] {
            let difference = of(&[5.0, one], &[5.5, other]);
            assert!(difference.relative().is_nan() && !difference.is_within(f64::INFINITY), "{one} {other}");
            assert_eq!((difference.unlike, difference.at.unwrap().place), (1, 1));
        }
        let later = of(&[nan, 0.0], &[0.0, 9.0]);
        assert_eq!(later.at.unwrap().place, 0, "what is unlike is shown, not what is far");
    }

    #[test]
    fn other_shapes_are_the_worst_too() {
        let mut difference = Difference::default();
        difference.push(0, (&[2, 3], &[0.0; 6]), (&[3, 2], &[0.0; 6]));
        assert!(difference.relative().is_nan() && difference.count == 0);
        assert_eq!(difference.shapes, Some((vec![2, 3], vec![3, 2])));
        let (far, near) = (of(&[1.0], &[2.0]), of(&[1.0], &[1.0]));
        let all = [&near, &difference, &far];
        assert_eq!(all.iter().copied().max_by(|a, b| a.cmp_worst(b)), Some(&difference));
        assert_eq!(far.cmp_worst(&near), Ordering::Greater);
        assert_eq!(difference.cmp_worst(&difference.clone()), Ordering::Equal);
    }
}
