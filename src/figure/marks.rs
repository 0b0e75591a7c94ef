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
