use super::axis::Axis;
use super::handle::Handle;
use crate::calibrate::Candidate;
use crate::quant::Format;

/// One end of a proposed range on the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The column that shows it.
    pub column: u16,
    /// Whose it is: an index into the candidates.
    pub candidate: usize,
}

/// The ends of the candidates' ranges that lie on the axis.
pub fn marks(candidates: &[Candidate], format: Format, axis: &Axis) -> Vec<Mark> {
    let thresholds = candidates.iter().enumerate().filter_map(|(i, c)| Some((i, c.outcome.as_ref().ok()?)));
    thresholds
        .flat_map(|(candidate, t)| {
            let end = |handle: Handle| handle.value(t.clip, format);
            // A lower end of zero is no mark: every range holds zero.
            let lower = Some(end(Handle::Min)).filter(|min| !format.symmetric() && *min < 0.0);
            let ends = [Some(end(Handle::Max)), lower].into_iter().flatten();
            ends.filter_map(move |x| Some(Mark { column: axis.column(f64::from(x))?, candidate }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::calibrate::{Tensor, by_id};
    use crate::histogram::Histogram;

    #[test]
    fn an_affine_range_is_marked_at_both_ends_where_they_lie_on_the_axis() {
        let histogram = Arc::new(Histogram::of(&[-1.0, 0.5, 3.0], 64, &[]));
        let marks = |format: Format, lo: f64| {
            let tensor = Tensor::new(histogram.clone(), format);
            let candidate = tensor.candidate(by_id("max").unwrap().as_ref());
            let marks = marks(&[candidate], format, &Axis::new(lo, 3.0, 4));
            marks.into_iter().map(|mark| mark.column).collect::<Vec<_>>()
        };
        let affine = Format::INT8.with_symmetric(false);
        assert_eq!(marks(Format::INT8, -1.0), [3]);
        assert_eq!(marks(affine, -1.0), [3, 0]);
        assert_eq!(marks(affine, 0.0), [3]);
    }
}
