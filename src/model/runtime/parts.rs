//! Which activations are looked at in one run: ONNX Runtime holds all that it is asked for until the run is over.

use std::ops::Range;

/// Memory that the activations of one run may take, a single one that takes more aside.
pub(super) const BUDGET: usize = 256 << 20;

/// The activations of each run, as ranges of places: `bytes` are what each takes.
pub(super) fn cut(bytes: &[usize], budget: usize) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut held = 0;
    for (place, &bytes) in bytes.iter().enumerate() {
        match parts.last_mut() {
            Some(part) if held + bytes <= budget => {
                part.end = place + 1;
                held += bytes;
            }
            _ => {
                parts.push(place..place + 1);
                held = bytes;
            }
        }
    }
    parts
}

/// Whether the parts suffice for activations of these sizes.
pub(super) fn suffice(parts: &[Range<usize>], bytes: &[usize], budget: usize) -> bool {
    parts.iter().all(|part| part.len() == 1 || bytes[part.clone()].iter().sum::<usize>() <= budget)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_run_holds_more_than_the_budget() {
        let bytes = [3, 3, 3, 20, 1, 9, 1];
        let parts = cut(&bytes, 10);
        assert_eq!(parts, [0..3, 3..4, 4..6, 6..7]);
        assert!(suffice(&parts, &bytes, 10));
        assert!(suffice(&parts, &[1; 7], 10) && suffice(&parts, &[3, 3, 4, 99, 9, 1, 10], 10));
        assert!(!suffice(&parts, &[3, 3, 5, 20, 1, 9, 1], 10));
        assert_eq!(cut(&[], 10), []);
        assert_eq!(cut(&[0, 0], 0).as_slice(), std::slice::from_ref(&(0..2)));
    }
}
