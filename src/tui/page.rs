//! What stands in the place of the plots.

/// A page of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The histogram, and the curve of an objective under it.
    #[default]
    Curve,
    /// The histogram, and the mapping to the format's numbers under it.
    Mapping,
    /// Every method on every layer.
    Compare,
    /// Every method by what the network's outputs say.
    Methods,
    /// Every change that was made, to go back to.
    Changes,
    /// The list of layers over the whole width, with what is to be said of the selected one.
    Layers,
    /// The network's outputs, float and quantized.
    Outputs,
}

impl Page {
    /// Whether no plot is to be seen.
    pub fn covers(self) -> bool {
        !matches!(self, Page::Curve | Page::Mapping)
    }

    /// Goes to a page, or back to the curve from it.
    pub fn toggle(&mut self, page: Page) {
        *self = if *self == page { Page::Curve } else { page };
    }
}
