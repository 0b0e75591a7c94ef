use super::axis::Axis;
use super::handle::domain;
use super::rise::Rise;
use crate::calibrate::{Shape, Tensor, ZeroBin, kl};
use crate::quant::{Clip, Format};

/// An objective over all clips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurveKind {
    /// KL divergence in nats.
    Kl,
    /// Mean squared error with its two parts.
    Mse,
    /// Signal to quantization noise in dB.
    Sqnr,
}

impl CurveKind {
    /// The curve that a step of `by` leads to.
    pub fn step(self, by: i8) -> CurveKind {
        let all = [CurveKind::Kl, CurveKind::Mse, CurveKind::Sqnr];
        let at = all.iter().position(|k| *k == self).unwrap_or(0) as i8;
        all[(at + by).rem_euclid(3) as usize]
    }
}

/// How a tensor is to be plotted. The clip does not belong here, but for an affine one: moving it costs drawing only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FigureSpec {
    /// The axis that the histogram and the curve share.
    pub axis: Axis,
    /// Whether the axis shows signed values; else magnitudes, both signs in one place.
    pub signed: bool,
    /// The objective whose curve is shown.
    pub curve: CurveKind,
    /// The scale that counts stand on.
    pub rise: Rise,
    /// The distribution that is fitted to the values.
    pub fit: Option<Shape>,
    /// What bin 0 counts in the KL divergence.
    pub zero_bin: ZeroBin,
    /// The affine range of which one end moves along the curve while the other stays; `None` for symmetric ranges.
    pub range: Option<Clip>,
}

impl FigureSpec {
    /// Whether the KL curve says most of a format at first: it is of one threshold, which an affine range has not.
    pub fn begins_with_kl(format: Format) -> bool {
        format.symmetric() && kl::undefined_on(format).is_none()
    }

    /// All values of `tensor` and the clip on `columns` columns, counts on a log scale: magnitudes and the KL curve for
    /// a symmetric range, signed values and the MSE curve for an affine one, both of whose ends that tells apart.
    pub fn whole(tensor: &Tensor, clip: Clip, columns: u16) -> FigureSpec {
        let format = tensor.format();
        let (lo, hi) = domain(tensor.histogram(), clip, format, false);
        FigureSpec {
            axis: Axis::new(lo, hi, columns),
            signed: !format.symmetric(),
            curve: if FigureSpec::begins_with_kl(format) { CurveKind::Kl } else { CurveKind::Mse },
            rise: Rise::Log,
            fit: None,
            zero_bin: ZeroBin::default(),
            range: (!format.symmetric()).then_some(clip),
        }
    }
}
