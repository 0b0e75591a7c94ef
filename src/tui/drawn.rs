//! The figure of the layer at hand, kept until what it was made from changes.

use crate::calibrate::Tensor;
use crate::figure::{Figure, FigureSpec};
use crate::quant::Format;
use crate::session::Target;

/// What a figure was made from.
#[derive(Clone, PartialEq)]
pub struct FigureKey {
    /// The range that is drawn.
    pub target: Target,
    /// Address of its histogram: another one means that it was read anew.
    pub histogram: usize,
    /// The format that its curves are of.
    pub format: Format,
    /// Whether finer bins are drawn.
    pub fine: bool,
    /// Address of the histogram that is drawn over it.
    pub other: Option<usize>,
    /// Address of that of the data that it is compared with.
    pub against: Option<usize>,
    /// How it is plotted.
    pub spec: FigureSpec,
}

/// A figure that is made once after a change, not once a frame.
pub struct Drawn {
    /// What it was made from.
    pub key: FigureKey,
    /// The figure itself.
    pub figure: Figure,
    /// The same range of the data that it is compared with.
    pub against: Option<Tensor>,
}
