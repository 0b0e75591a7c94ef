//! Summation in NumPy's order.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// NumPy's `sum` of a contiguous array, in the type of its elements: to a peer's last bit the order matters.
pub(super) fn pairwise_sum<T: Copy + Add<Output = T> + AddAssign + for<'a> Sum<&'a T>>(a: &[T]) -> T {
    if a.len() < 8 {
        return a.iter().sum();
    }
    if a.len() <= 128 {
        let (eights, rest) = a.as_chunks::<8>();
        let mut r = eights[0];
        for eight in &eights[1..] {
            for l in 0..8 {
                r[l] += eight[l];
            }
        }
        let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
        return rest.iter().fold(sum, |sum, &x| sum + x);
    }
    let half = a.len() / 2;
    let half = half - half % 8;
    pairwise_sum(&a[..half]) + pairwise_sum(&a[half..])
}
