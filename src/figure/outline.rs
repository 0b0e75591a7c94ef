use super::axis::Axis;
use super::columns;
use super::handle::{Handle, domain, lines};
use super::marks::{Mark, marks};
use super::rise::Rise;
use super::yscale::YScale;
use crate::session::Ready;

/// A range's histogram with the methods' marks and the chosen clip, without any curve: what the screen shows of it before
/// anything is zoomed. It costs a pass over the bins, so that a page can hold thousands.
pub struct Outline {
    /// The axis: all values and the clip.
    pub axis: Axis,
    /// Whether it shows signed values; else magnitudes, both signs in one place.
    pub signed: bool,
    /// How many values each column holds, exact zeros left out.
    pub counts: Vec<f64>,
    /// The vertical scale of the counts.
    pub scale: YScale,
    /// The candidates' ranges on the axis.
    pub marks: Vec<Mark>,
    /// Where the chosen clip lies.
    pub clip: Vec<(Handle, f64)>,
}

impl Outline {
    /// The outline of a range on so many columns, counts on such a scale.
    pub fn of(ready: &Ready, columns: u16, rise: Rise) -> Outline {
        let (histogram, format, clip) = (ready.histogram(), ready.format(), ready.decision().clip);
        let (lo, hi) = domain(histogram, clip, format, false);
        let (axis, signed) = (Axis::new(lo, hi, columns), !format.symmetric());
        let magnitude = &histogram.magnitude;
        let counts = columns::counts(magnitude, histogram.stats.zeros, &axis, signed);
        let bin = f64::from(magnitude.amax) / magnitude.bins() as f64;
        Outline {
            scale: YScale::counts(&counts, rise, axis.step() / bin),
            marks: marks(ready.candidates(), format, &axis),
            clip: lines(clip, format, signed),
            axis,
            signed,
            counts,
        }
    }

    /// The height of a column's bar, 0 to 1; 0 where it holds nothing.
    pub fn height(&self, column: usize) -> f64 {
        let height = self.counts.get(column).map_or(0.0, |count| self.scale.height(*count));
        if height.is_nan() { 0.0 } else { height.clamp(0.0, 1.0) }
    }

    /// Whether what lies at `x` is beyond the clip and saturates.
    pub fn is_beyond(&self, x: f64) -> bool {
        self.clip.iter().any(|(handle, end)| match handle {
            Handle::Min => x < *end,
            Handle::Max => x > *end,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::calibrate;
    use crate::figure::{Figure, FigureSpec};
    use crate::histogram::Histogram;
    use crate::quant::Format;
    use crate::session::{Key, Layer, Session};

    #[test]
    fn it_is_the_figure_that_the_screen_begins_with() {
        let values: Vec<f32> = (1..20_000).map(|i| (i as f32 * 0.7).sin() * (20_000.0 / i as f32).ln()).collect();
        for format in [Format::INT8, Format::INT8.with_symmetric(false)] {
            let session = Session::new(calibrate::defaults(), "mse", format);
            let layer = Layer::waiting(Key::activation("x"), Vec::new());
            let histogram = Arc::new(Histogram::of(&values, 2048, &[]));
            let ready = Ready::analyse(histogram.clone(), &session.plan(), &layer.subject());
            let tensor = Arc::new(crate::calibrate::Tensor::new(histogram, format));
            let spec = FigureSpec::whole(&tensor, ready.decision().clip, 90);
            let figure = Figure::new(tensor, ready.candidates(), &spec, None);
            let outline = Outline::of(&ready, 90, Rise::Log);
            assert_eq!((outline.axis, outline.signed), (spec.axis, spec.signed));
            assert_eq!((&outline.counts, outline.scale), (&figure.counts, figure.counts_scale));
            assert_eq!(outline.marks, figure.marks);
            let beyond = (0..90).filter(|c| outline.is_beyond(outline.axis.centre(*c))).count();
            assert!(beyond > 0 && beyond < 90, "{format} {beyond}");
        }
    }

    #[test]
    fn nothing_has_an_outline_too() {
        let session = Session::new(calibrate::defaults(), "mse", Format::INT8);
        let layer = Layer::waiting(Key::activation("x"), Vec::new());
        for values in [&[][..], &[f32::NAN, f32::INFINITY], &[0.0; 9], &[3.0], &[f32::MAX, f32::MIN], &[1e-45]] {
            let histogram = Arc::new(Histogram::of(values, 64, &[]));
            let outline = Outline::of(&Ready::analyse(histogram, &session.plan(), &layer.subject()), 24, Rise::Sqrt);
            assert_eq!(outline.counts.len(), 24);
            assert!((0..30).all(|c| (0.0..=1.0).contains(&outline.height(c))), "{values:?}");
            assert!(outline.axis.hi > outline.axis.lo && outline.axis.step().is_finite());
        }
    }
}
