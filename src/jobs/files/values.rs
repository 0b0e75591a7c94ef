//! The values of files, read once more.

use std::ops::ControlFlow;

use super::read::read_layer;
use crate::ErrorKind;
use crate::calibrate::Measured;
use crate::histogram::{Histogram, Packed};
use crate::input::{InputError, Part, Source};
use crate::jobs::channels;
use crate::jobs::measure::{Wanted, measure};
use crate::jobs::recipe::Recipe;
use crate::jobs::values::{Batch, Seen, Values, Watch};
use crate::quant::{Clip, Format};
use crate::session::{Failure, Key, Layer};

/// Tensors out of files, which can be read any number of times unless one comes through a pipe.
pub(in crate::jobs) struct FileValues<'a> {
    pub sources: &'a [Source],
    /// Threads that count one tensor.
    pub threads: usize,
}

impl Values for FileValues<'_> {
    fn batches(&self, tensor: usize) -> Result<Vec<Batch>, Failure> {
        readable_again(&self.sources[tensor])?;
        let batch = |part: &Part| -> Result<Batch, Failure> {
            let array = part.open()?;
            let (shape, fortran_order) = (array.shape().to_vec(), array.fortran_order());
            Ok(Batch { shape, fortran_order, subject: part.file(), file: part.file() })
        };
        self.sources[tensor].arrays()?.iter().map(batch).collect()
    }

    fn sweep(&self, wanted: &[usize], watch: &Watch, see: &mut dyn FnMut(usize, Seen)) -> Result<bool, Failure> {
        wanted.iter().try_for_each(|&tensor| readable_again(&self.sources[tensor]))?;
        let mut all: Vec<(usize, Part)> = Vec::new();
        for (at, &tensor) in wanted.iter().enumerate() {
            all.extend(self.sources[tensor].arrays()?.into_iter().map(|part| (at, part)));
        }
        for (done, (at, part)) in all.iter().enumerate() {
            let array = part.open()?;
            let (mut seen, len, mut stopped) = (0, array.len().max(1), false);
            see(*at, Seen::Begin);
            array.read(&mut |chunk| {
                see(*at, Seen::Values(chunk));
                seen += chunk.len();
                stopped = (watch.cancelled)();
                (watch.progress)((done as f64 + seen as f64 / len as f64) / all.len() as f64);
                if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            if stopped {
                return Ok(false);
            }
            see(*at, Seen::End);
        }
        Ok(true)
    }

    fn count(&self, of: &[usize], recipe: &Recipe, watch: &Watch) -> Result<Option<Histogram>, Failure> {
        let names: Vec<&str> = of.iter().map(|&tensor| self.sources[tensor].name.as_str()).collect();
        // Each without its own sentinel, where that is left out.
        let parts = of.iter().flat_map(|&tensor| self.sources[tensor].parts.clone()).collect();
        let all = Source { name: names.join(" + "), parts };
        readable_again(&all)?;
        let read = read_layer(&all, recipe, self.threads, watch.progress, watch.cancelled)?;
        Ok(read.map(|(_, histogram)| histogram))
    }

    fn changed(&self, tensor: usize) -> Failure {
        let file = self.sources[tensor].parts.first().map(Part::file).unwrap_or_default();
        Failure {
            kind: ErrorKind::Changed,
            message: format!("{file} changed while it was read; load it again when nothing writes to it any more."),
            file,
        }
    }
}

/// The layer that a source will be.
pub(in crate::jobs) fn waiting(source: &Source) -> Layer {
    Layer::waiting(Key::activation(source.name.as_str()), source.parts.iter().map(|p| p.file()).collect())
}

/// A pipe's data are gone.
fn readable_again(source: &Source) -> Result<(), InputError> {
    match source.parts.iter().find(|part| !part.seekable_twice()) {
        None => Ok(()),
        Some(once) => {
            let file = once.file();
            let message = format!("{file} can be read only once; give a file to look closer.");
            Err(InputError { kind: ErrorKind::Unfit, file, message })
        }
    }
}

/// Reads a layer once more and counts each channel along `axis`, which counts from the end where it is negative. All
/// batches have the same channels. Returns the axis from the front and the channels' histograms in order; `None` when
/// it was cancelled. `progress` is told the share of the work that is done, 0 to 1.
///
/// # Errors
/// No such axis, batches that differ in its size, too many channels, a source that can be read only once, a file that
/// cannot be read or that changed between the passes.
pub fn read_channels(
    source: &Source,
    recipe: &Recipe,
    axis: i64,
    progress: &dyn Fn(f64),
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Option<(usize, Vec<Packed>)>, Failure> {
    let values = FileValues { sources: std::slice::from_ref(source), threads: 1 };
    channels::count(&values, 0, axis, recipe, &Watch { progress, cancelled })
}

/// Reads a layer once more and measures what `clip` costs on its values. `None` when it was cancelled.
///
/// # Errors
/// The first file that cannot be read; a source that can be read only once.
pub fn measure_layer(
    source: &Source,
    clip: Clip,
    format: Format,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Option<Measured>, Failure> {
    let values = FileValues { sources: std::slice::from_ref(source), threads: 1 };
    let measured = measure(&values, &[Wanted { tensor: 0, clip, format }], &Watch { progress: &|_| {}, cancelled })?;
    Ok(measured.and_then(|mut all| all.pop()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate;
    use crate::histogram::Histogram;
    use crate::input::Part;

    fn part(shape: &[usize], value: impl Fn(usize) -> f32) -> Part {
        use ndarray_npy::WriteNpyExt;
        let n = shape.iter().product();
        let mut bytes = Vec::new();
        let array = ndarray::ArrayD::from_shape_vec(shape, (0..n).map(value).collect()).unwrap();
        array.write_npy(&mut bytes).unwrap();
        Part::memory("x.npy", bytes.leak())
    }

    fn source(parts: Vec<Part>) -> Source {
        Source { name: "x".into(), parts }
    }

    fn read(source: &Source, axis: i64, bins: usize) -> Result<(usize, Vec<Packed>), Failure> {
        let methods = calibrate::defaults();
        let recipe = Recipe::new(bins, methods.iter().map(AsRef::as_ref));
        Ok(read_channels(source, &recipe, axis, &|_| {}, &|| false)?.unwrap())
    }

    #[test]
    fn each_channel_is_what_its_own_values_are() {
        let value = |i: usize| (i as f32 * 0.61).sin() * (1 + i % 7) as f32;
        let x = source(vec![part(&[5, 7, 11], value), part(&[2, 7, 11], |i| -value(i))]);
        // So fine that the channels are read in several windows.
        let (axis, found) = read(&x, -2, 32_768).unwrap();
        assert_eq!((axis, found.len()), (1, 7));
        let recipe = Recipe::new(32_768, calibrate::defaults().iter().map(AsRef::as_ref));
        for (channel, packed) in found.iter().enumerate() {
            let own = |n: usize, sign: f32| -> Vec<f32> {
                let mine = (0..n * 77).filter(|i| i / 11 % 7 == channel);
                mine.map(|i| sign * value(i)).collect()
            };
            assert_eq!(packed.unpack(), Histogram::of_batches(&[&own(5, 1.0), &own(2, -1.0)], 32_768, &recipe.grids));
        }
    }

    #[test]
    fn what_cannot_be_is_said_with_the_file_and_the_shape() {
        let sentence = |parts, axis| read(&source(parts), axis, 64).unwrap_err().to_string();
        let x = || part(&[2, 3], |i| i as f32);
        for axis in [2, -3, -99, 99] {
            let why = sentence(vec![x()], axis);
            assert!(why.starts_with("x.npy (bundled) has the shape [2, 3] and no axis") && why.ends_with('.'), "{why}");
        }
        let why = sentence(vec![x(), part(&[2, 4], |i| i as f32)], 1);
        assert!(why.contains("has 4 channels along axis 1 where the batch before it has 3"), "{why}");
        assert!(sentence(vec![part(&[], |_| 1.0)], 0).contains("single number"));
        assert!(sentence(vec![part(&[0, 3], |_| 1.0)], 0).contains("no channels"));
        assert!(sentence(vec![part(&[70_000], |_| 1.0)], 0).contains("65536"));
        assert_eq!(read(&source(vec![x()]), 2, 64).unwrap_err().kind, ErrorKind::Unfit);
    }
}
