use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::measure::readable_again;
use super::read::{Pass, Recipe, Take, Watch};
use crate::histogram::{Along, ChannelBins, ChannelRanges, GridSpec, Packed};
use crate::input::{Array, BodyReport, InputError, Part, Source};
use crate::session::{Channels, Plan, Ready, Start};

/// More channels than this are refused: what is kept of each takes a few kilobytes.
pub const MAX_CHANNELS: u64 = 1 << 16;

/// What the counters of all channels that are counted at a time may take, in bytes. Where a tensor has more, it is read
/// several times, for a part of its channels each.
const COUNTERS: usize = 256 << 20;

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
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<(usize, Vec<Packed>)>, InputError> {
    readable_again(source)?;
    let (axis, lies) = channels_of(source, axis)?;
    let (channels, count) = (lies[0].channels, lies.iter().map(|a| a.run * a.runs).sum());
    let one_by_one = lies.len() == 1 && lies[0].runs == 1;
    let at_a_time = if one_by_one { channels } else { channels_at_a_time(recipe) };
    let windows: Vec<Range<usize>> =
        (0..channels).step_by(at_a_time).map(|start| start..channels.min(start + at_a_time)).collect();

    let mut pass = Pass::new(source, 1, progress, cancelled, 2 * windows.len());
    let mut all = Vec::with_capacity(channels);
    for window in windows {
        let by_batches = recipe.grids.iter().any(|grid| grid.by_batches());
        let mut ranges = Ranged { pass: ChannelRanges::new(window.clone(), count, by_batches), axis };
        if !pass.run(&mut ranges)? {
            return Ok(None);
        }
        let bins = ChannelBins::new(window, ranges.pass.finish(), recipe.bins, &recipe.grids);
        let mut bins = Binned { pass: bins, axis };
        if !pass.run(&mut bins)? {
            return Ok(None);
        }
        all.extend(bins.pass.finish().map_err(|_| changed(source))?);
    }
    Ok(Some((axis, all)))
}

/// Tries every method on each channel and chooses as `start` says, on several threads. `None` when it was cancelled.
/// `progress` is told the share of the work that is done, 0 to 1.
pub fn analyse_channels(
    (axis, channels): (usize, Vec<Packed>),
    plan: &Plan,
    start: &Start,
    threads: usize,
    progress: &dyn Fn(f64),
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Channels> {
    let next = AtomicUsize::new(0);
    let work = |tell: &dyn Fn(f64)| {
        let mut done = Vec::new();
        while !cancelled() {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(packed) = channels.get(at) else { break };
            tell(at as f64 / channels.len() as f64);
            done.push((at, Ready::begin(Arc::new(packed.unpack()), plan, start).packed(packed.clone())));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| work(&|_| {}))).collect();
        let mut done = work(progress);
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    (done.len() == channels.len()).then(|| Channels { axis, ready: done.into_iter().map(|(_, ready)| ready).collect() })
}

/// The axis from the front, and how the channels lie in each batch.
fn channels_of(source: &Source, axis: i64) -> Result<(usize, Vec<Along>), InputError> {
    let error = |part: &Part, what: String| {
        let file = part.file();
        InputError { message: format!("{file} {what}"), file }
    };
    let (mut lies, mut from_front) = (Vec::new(), 0);
    for part in &source.parts {
        let array = part.open()?;
        let (shape, axes) = (array.shape(), array.shape().len() as i64);
        if shape.is_empty() {
            return Err(error(part, "is a single number, which has no channels; leave it per tensor.".into()));
        }
        let at = if axis < 0 { axis + axes } else { axis };
        if !(0..axes).contains(&at) {
            let last = axes - 1;
            let remedy = match last {
                0 => "choose 0".to_owned(),
                _ => format!("choose one of 0 to {last}, or -1 for the last"),
            };
            let what = format!("has the shape {shape:?} and no axis {axis}; {remedy}.");
            return Err(error(part, what));
        }
        let along = Along::new(shape, at as usize, array.fortran_order());
        let size = shape[at as usize];
        match lies.first() {
            None if size == 0 => {
                return Err(error(
                    part,
                    format!("has the shape {shape:?}, so that axis {axis} has no channels; choose another."),
                ));
            }
            None if size > MAX_CHANNELS => {
                return Err(error(
                    part,
                    format!(
                        "has {size} channels along axis {axis}, and qviz takes {MAX_CHANNELS}; choose another axis."
                    ),
                ));
            }
            _ => {}
        }
        if let Some(Along { channels, .. }) = lies.first().copied()
            && (along.channels != channels || at as usize != from_front)
        {
            let what = format!(
                "has {size} channels along axis {axis} where the batch before it has {channels}; choose an axis that all batches share."
            );
            return Err(error(part, what));
        }
        from_front = at as usize;
        lies.push(along);
    }
    Ok((from_front, lies))
}

/// How many channels may be counted at a time.
pub(super) fn channels_at_a_time(recipe: &Recipe) -> usize {
    (COUNTERS / size_of_counters(recipe)).max(1)
}

/// What it takes to count one channel: magnitude bins of both signs, further grids, and what is gathered.
fn size_of_counters(recipe: &Recipe) -> usize {
    let bins = |grid: &GridSpec| match *grid {
        GridSpec::Numpy { bins }
        | GridSpec::NvidiaTorch { bins }
        | GridSpec::NvidiaNumpy { bins }
        | GridSpec::Ort { bins }
        | GridSpec::OrtMagnitude { bins }
        | GridSpec::Ncnn { bins } => bins,
    };
    let all = 2 * recipe.bins + recipe.grids.iter().map(bins).sum::<usize>();
    16 * all + (24 << 10)
}

fn changed(source: &Source) -> InputError {
    let file = source.parts.first().map(Part::file).unwrap_or_default();
    InputError {
        message: format!("{file} changed while it was read; load it again when nothing writes to it any more."),
        file,
    }
}

struct Ranged {
    pass: ChannelRanges,
    axis: usize,
}

impl Take for Ranged {
    fn read(&mut self, array: Array, _: usize, watch: Watch) -> Result<BodyReport, InputError> {
        self.pass.begin_batch(Along::new(array.shape(), self.axis, array.fortran_order()));
        let mut lead = |at, chunk: &[f32]| {
            self.pass.push(chunk);
            watch(at + chunk.len() as u64)
        };
        let report = array.read_on(&mut lead, Vec::new());
        self.pass.end_batch();
        report
    }
}

struct Binned {
    pass: ChannelBins,
    axis: usize,
}

impl Take for Binned {
    fn read(&mut self, array: Array, _: usize, watch: Watch) -> Result<BodyReport, InputError> {
        self.pass.begin_batch(Along::new(array.shape(), self.axis, array.fortran_order()));
        let mut lead = |at, chunk: &[f32]| {
            self.pass.push(chunk);
            watch(at + chunk.len() as u64)
        };
        let report = array.read_on(&mut lead, Vec::new());
        self.pass.end_batch();
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate;
    use crate::histogram::Histogram;

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

    fn read(source: &Source, axis: i64, bins: usize) -> Result<(usize, Vec<Packed>), InputError> {
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
    }
}
