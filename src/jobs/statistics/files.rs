//! Counting what files hold, in one pass.

use std::ops::ControlFlow;

use crate::ErrorKind;
use crate::input::{DType, Source};
use crate::jobs::channels::lies;
use crate::jobs::values::Batch;
use crate::session::Failure;
use crate::statistics::{ChannelCounters, Counter, Shape, Tensor};

/// Counts a tensor of files: each of its arrays is a sample. With `axis`, which counts from the end where it is negative,
/// its channels too.
///
/// `progress` is told the share that is done, 0 to 1; `cancelled` is asked between chunks. `Ok(None)` when it was
/// cancelled.
///
/// # Errors
/// A file that cannot be read; no such axis, or batches that differ in it; counts of another tool, whose values are gone.
pub fn count_source(
    source: &Source,
    bins: usize,
    axis: Option<i64>,
    progress: &dyn Fn(f64),
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<Tensor>, Failure> {
    if let Some(part) = source.parts.iter().find(|part| part.counted().is_some()) {
        let file = part.file();
        let message = format!("{file} holds counts of another tool, on bins of its own; statistics need the values.");
        return Err(Failure { kind: ErrorKind::Unfit, file, message });
    }
    let (mut counter, mut channels, mut dtype) = (Counter::new(bins), None, None);
    let (mut shape, mut samples) = (None::<Shape>, 0);
    let parts = source.arrays()?;
    for (done, part) in parts.iter().enumerate() {
        let mut next = Some(part.open()?);
        while let Some(array) = next.take() {
            samples += 1;
            let this = Shape::new(array.shape());
            shape = Some(shape.map_or(this.clone(), |before| before.joined(&this)));
            dtype = Some(dtype.map_or(Ok(array.dtype()), |before: Result<DType, ()>| {
                before.and_then(|before| if before == array.dtype() { Ok(before) } else { Err(()) })
            }));
            if let Some(axis) = axis {
                let (shape, fortran_order) = (array.shape().to_vec(), array.fortran_order());
                begin(
                    &mut channels,
                    bins,
                    axis,
                    Batch { shape, fortran_order, subject: part.file(), file: part.file() },
                )?;
            }
            let (len, mut stopped) = (array.len().max(1), false);
            let mut lead = |at: u64, chunk: &[f32]| {
                counter.push(chunk);
                channels.iter_mut().for_each(|(_, counters)| counters.push(chunk));
                stopped = cancelled();
                progress((done as f64 + (at + chunk.len() as u64) as f64 / len as f64) / parts.len() as f64);
                if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let (_, following) = array.read_on(&mut lead, Vec::new())?;
            if stopped {
                return Ok(None);
            }
            next = following;
        }
    }
    let dtype = dtype.map_or_else(String::new, |dtype| dtype.map_or_else(|()| "mixed".to_owned(), |d| d.to_string()));
    let channels = channels.into_iter().map(|(axis, counters)| (axis as u32, counters.finish())).collect();
    let shape = shape.unwrap_or_else(Shape::unknown);
    Ok(Some(Tensor { dtype, samples, shape, channels, ..Tensor::new(counter.finish()) }))
}

/// The next array begins; all have the same channels along the same axis.
fn begin(channels: &mut Option<(usize, ChannelCounters)>, bins: usize, axis: i64, batch: Batch) -> Result<(), Failure> {
    let lies = lies(std::slice::from_ref(&batch), axis)?;
    let along = lies.batches[0];
    let (first, counters) = channels.get_or_insert_with(|| (lies.axis, ChannelCounters::new(bins, along.channels)));
    if *first != lies.axis || counters.channels() != along.channels {
        let before = counters.channels();
        return Err(batch.error(format!(
            "has {} channels along axis {axis} where the batch before it has {before}; choose an axis that all batches \
             share.",
            along.channels
        )));
    }
    counters.begin(along);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Part;

    fn part(values: &[f32], shape: &[usize]) -> Part {
        use ndarray_npy::WriteNpyExt;
        let mut bytes = Vec::new();
        let array = ndarray::ArrayD::from_shape_vec(shape, values.to_vec()).unwrap();
        array.write_npy(&mut bytes).unwrap();
        Part::memory("x.npy", bytes.leak())
    }

    #[test]
    fn arrays_are_samples_and_channels_are_counted_beside() {
        let (a, b) = ([1.0, -2.0, 3.0, 0.0, 5.0, f32::NAN], [7.0, 0.5, -0.25]);
        let source = Source { name: "x".into(), parts: vec![part(&a, &[2, 3]), part(&b, &[1, 3])] };
        let counted = |values: &[f32]| {
            let mut counter = Counter::new(64);
            counter.push(values);
            counter.finish()
        };
        let count = |axis| count_source(&source, 64, axis, &|_| {}, &|| false);
        let found = count(Some(-1)).unwrap().unwrap();
        assert_eq!((found.samples, found.shape.to_string().as_str(), found.dtype.as_str()), (2, "3x3", "float32"));
        assert_eq!(found.whole, counted(&[&a[..], &b].concat()));
        let columns = [counted(&[1.0, 0.0, 7.0]), counted(&[-2.0, 5.0, 0.5]), counted(&[3.0, f32::NAN, -0.25])];
        assert_eq!(found.channels[&1], columns);
        assert!(
            count(Some(0)).unwrap_err().message.contains("has 1 channels along axis 0 where the batch before it has 2")
        );
        assert!(count(Some(2)).unwrap_err().message.contains("no axis 2"));
        assert!(count_source(&source, 64, None, &|_| {}, &|| true).unwrap().is_none());
    }
}
