//! The figure of the layer at hand, kept until what it was made from changes.

use crate::figure::{Figure, FigureSpec};
use crate::quant::Scheme;

/// What a figure was made from.
#[derive(Clone, PartialEq)]
pub struct FigureKey {
    /// Index of the layer.
    pub layer: usize,
    /// Address of its histogram: another one means that it was read anew.
    pub histogram: usize,
    /// The grid of integers that its curves are of.
    pub scheme: Scheme,
    /// Whether finer bins are drawn.
    pub fine: bool,
    /// How it is plotted.
    pub spec: FigureSpec,
}

/// A figure that is made once after a change, not once a frame.
pub struct Drawn {
    /// What it was made from.
    pub key: FigureKey,
    /// The figure itself.
    pub figure: Figure,
}
