//! Values that stand for nothing: what a mask puts into places that shall not count.

use super::InputError;
use std::fmt;
use std::sync::OnceLock;

/// A mask's value is far below everything that a network computes.
const AT_MOST: f32 = -1e4;

/// A value that stands for nothing, and how often it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sentinel {
    /// The value, at most −1e4 and finite.
    pub value: f32,
    /// How many elements are it.
    pub count: u64,
}

impl Sentinel {
    /// Makes it the −∞ that it means, which is counted and left out everywhere.
    pub fn leave_out(&self, values: &mut [f32]) {
        values.iter_mut().filter(|x| **x == self.value).for_each(|x| *x = f32::NEG_INFINITY);
    }

    /// What is to be said of a tensor without it.
    pub fn note(&self) -> String {
        let Sentinel { value, count } = self;
        let s = if *count == 1 { "" } else { "s" };
        format!("{count} sentinel{s} of {value:e} left out: they count as infinities, in no range and no error.")
    }
}

/// Looks for a sentinel among all values of a tensor: finite ones of −1e4 and below that all are one value.
#[derive(Clone, Copy, Debug, Default)]
pub struct SentinelSearch {
    found: Option<Sentinel>,
    several: bool,
}

impl SentinelSearch {
    /// Looks at the next values.
    pub fn push(&mut self, values: &[f32]) {
        for &value in values.iter().filter(|x| **x <= AT_MOST && x.is_finite()) {
            let found = self.found.get_or_insert(Sentinel { value, count: 0 });
            self.several |= found.value != value;
            found.count += 1;
        }
    }

    /// The sentinel, if there is one.
    pub fn finish(self) -> Option<Sentinel> {
        self.found.filter(|_| !self.several)
    }
}

/// Of one tensor: looked for when its values are first opened.
pub(super) struct Sought {
    look: Box<dyn Fn() -> Result<SentinelSearch, InputError> + Send + Sync>,
    found: OnceLock<Option<Sentinel>>,
}

impl Sought {
    /// `look` looks at all values.
    pub fn new(look: impl Fn() -> Result<SentinelSearch, InputError> + Send + Sync + 'static) -> Sought {
        Sought { look: Box::new(look), found: OnceLock::new() }
    }

    /// # Errors
    /// Those of looking, which is tried again the next time.
    pub fn sentinel(&self) -> Result<Option<Sentinel>, InputError> {
        match self.found.get() {
            Some(found) => Ok(*found),
            None => {
                let search = (self.look)()?;
                Ok(*self.found.get_or_init(|| search.finish()))
            }
        }
    }
}

impl fmt::Debug for Sought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sought").field("found", &self.found).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, f32s};
    use super::super::{Part, Source};
    use super::*;

    fn source(batches: &[&[f32]]) -> Source {
        let parts = batches.iter().map(|values| Part::memory("x.npy", f32s(values).leak())).collect();
        Source { name: "x".into(), parts }.leaving_out_sentinels()
    }

    fn read(source: &Source) -> Vec<f32> {
        let arrays = source.arrays().unwrap();
        arrays.iter().flat_map(|array| testing::values(array.open().unwrap()).unwrap()).collect()
    }

    #[test]
    fn one_value_far_below_all_others_is_left_out_of_every_batch() {
        let masked = source(&[&[1.0, -1e9, 2.0], &[-1e9, -3.0]]);
        assert_eq!(read(&masked), [1.0, f32::NEG_INFINITY, 2.0, f32::NEG_INFINITY, -3.0]);
        let found = masked.sentinel().unwrap().unwrap();
        assert_eq!(found, Sentinel { value: -1e9, count: 2 });
        assert_eq!(found.note(), "2 sentinels of -1e9 left out: they count as infinities, in no range and no error.");
    }

    #[test]
    fn what_may_be_data_stays() {
        for values in [&[1.0, -1e9, -2e9][..], &[-9999.0, 1.0], &[1e9, 1.0], &[f32::NEG_INFINITY, 1.0], &[]] {
            let kept = source(&[values]);
            assert_eq!((read(&kept), kept.sentinel().unwrap()), (values.to_vec(), None));
        }
        // The other batch has another one.
        assert_eq!(source(&[&[-1e9, 1.0], &[-1e8]]).sentinel().unwrap(), None);
        assert_eq!(read(&source(&[&[f32::MIN, 1.0]])), [f32::NEG_INFINITY, 1.0]);
        assert_eq!(read(&source(&[&[-1e4]])), [f32::NEG_INFINITY]);
    }

    #[test]
    fn a_pipe_comes_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = Part::npy(folder.path().join("x.npy"), false);
        let source = Source { name: "x".into(), parts: vec![pipe] }.leaving_out_sentinels();
        let error = source.sentinel().unwrap_err();
        assert!(error.message.contains("can be read only once") && error.message.ends_with("give a file."), "{error}");
    }
}
