//! What stands in the place of the plots.

/// A page of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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
    /// Everything that is to say of the selected layer.
    Notes,
    /// What goes on in the background.
    Work,
    /// The list of layers over the whole width, with what is to be said of the selected one.
    Layers,
    /// The network's outputs, float and quantized.
    Outputs,
}

impl Page {
    /// All pages.
    pub const ALL: [Page; 11] = [
        Page::Curve,
        Page::Mapping,
        Page::Divergence,
        Page::Coverage,
        Page::Compare,
        Page::Methods,
        Page::Changes,
        Page::Notes,
        Page::Work,
        Page::Layers,
        Page::Outputs,
    ];

    /// Words that stand on it and on no other, also on the smallest usual screen.
    pub fn title(self) -> &'static str {
        match self {
            Page::Curve => "SQNR, dB",
            Page::Mapping => "float to",
            Page::Divergence => "P and Q",
            Page::Coverage => "signed bins",
            Page::Compare => "why they differ",
            Page::Methods => "methods by the outputs",
            Page::Changes => "changes",
            Page::Notes => "notes",
            Page::Work => "at work",
            Page::Layers => "layers",
            Page::Outputs => "outputs",
        }
    }

    /// Whether Esc leads back from it to the plots.
    pub fn is_looked_up(self) -> bool {
        matches!(
            self,
            Page::Divergence | Page::Coverage | Page::Changes | Page::Notes | Page::Work | Page::Layers | Page::Outputs
        )
    }

    /// Whether no plot is to be seen.
    pub fn covers(self) -> bool {
        !matches!(self, Page::Curve | Page::Mapping | Page::Divergence)
    }

    /// Goes to a page, or back to the curve from it.
    pub fn toggle(&mut self, page: Page) {
        *self = if *self == page { Page::Curve } else { page };
    }
}
