//! What stands in the place of the plots.

/// A page of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The histogram, and the curve of an objective under it.
    #[default]
    Curve,
    /// The histogram, and the mapping to the format's numbers under it.
    Mapping,
    /// The histogram small, and under it both distributions of the KL divergence at the clip in hand, bin by bin.
    Divergence,
    /// The rule of 99 %, one dropped bin after the other.
    Coverage,
    /// Every method on every layer.
    Compare,
    /// Every method by what the network's outputs say.
    Methods,
    /// Every change that was made, to go back to.
    Changes,
}

impl Page {
    /// Whether no plot is to be seen.
    pub fn covers(self) -> bool {
        matches!(self, Page::Coverage | Page::Compare | Page::Methods | Page::Changes)
    }

    /// Goes to a page, or back to the curve from it.
    pub fn toggle(&mut self, page: Page) {
        *self = if *self == page { Page::Curve } else { page };
    }
}
