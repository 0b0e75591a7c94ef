//! How the plots are looked at.

use super::page::Page;
use crate::calibrate::Shape;
use crate::figure::{CurveKind, FigureSpec, Handle, Rise};
use crate::quant::Format;

/// How the plots are looked at.
#[derive(Clone)]
pub struct Plot {
    /// The scale that counts stand on.
    pub rise: Rise,
    /// Whether the axis shows signed values; affine ranges always do.
    pub signed: bool,
    /// The objective whose curve is shown.
    pub curve: CurveKind,
    /// What stands in the plots' place.
    pub page: Page,
    /// The first line of the page that is shown.
    pub scroll: u16,
    /// Whether the fake-quantized distribution lies over the original.
    pub fake_quant: bool,
    /// The distribution that is fitted to the histogram and drawn over it.
    pub fit: Option<Shape>,
    /// The bin under the cursor of P and Q; `None` for the one that adds most.
    pub bin: Option<usize>,
    /// How often the bins of P and Q were made wider.
    pub wider: u8,
    /// How many bins the rule of 99 % has dropped.
    pub drops: usize,
    /// The part of the axis that is shown; `None` for all of it.
    pub zoom: Option<(f64, f64)>,
    /// The end of the range that keys move.
    pub handle: Handle,
    /// The value under the inspect cursor.
    pub inspect: Option<f64>,
    /// The value whose neighbourhood the mapping shows while the mouse goes along it, which must not move below it.
    pub around: Option<f32>,
}

impl Plot {
    /// As they are looked at first, where tensors go to this format.
    pub fn of(format: Format) -> Plot {
        Plot {
            rise: Rise::Log,
            signed: false,
            // KL tells the two ends of an affine range not apart, and knows no FP8.
            curve: if FigureSpec::begins_with_kl(format) { CurveKind::Kl } else { CurveKind::Mse },
            page: Page::default(),
            scroll: 0,
            fake_quant: false,
            fit: None,
            bin: None,
            wider: 0,
            drops: 0,
            zoom: None,
            handle: Handle::Max,
            inspect: None,
            around: None,
        }
    }
}
