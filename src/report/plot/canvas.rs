/// What a plot is drawn on: SVG, which is text, or pixels. Places are in the units of the picture, to the right and down.
pub trait Canvas {
    /// The bars of a plot that stand on `base`, from left to right.
    fn bars(&mut self, part: Part, base: f64, bars: &[Bar]);
    /// Straight lines.
    fn lines(&mut self, part: Part, lines: &[Line]);
    /// A mark that points at a place from below, half as wide as `half` says and somewhat higher.
    fn mark(&mut self, part: Part, tip: (f64, f64), half: f64);
    /// A text in one line, which begins, ends or has its middle at a place.
    fn text(&mut self, words: Words, at: (f64, f64), anchor: Anchor, text: &str);
}

/// What is drawn; its colour follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A faint line behind the bars, at a round count.
    Rule,
    /// The axis and its ticks.
    Axis,
    /// Bars of what is kept.
    Bar,
    /// Bars of what saturates: hatched, so that it is not colour that tells.
    Beyond,
    /// The line of the chosen clip.
    Clip,
    /// The mark of a method.
    Mark,
    /// The mark of the chosen method: filled.
    Chosen,
}

/// What is written; its colour and its size follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// A number at an axis.
    Number,
    /// The name above.
    Name,
    /// The clip's number.
    Clip,
    /// A method's number or name.
    Mark,
}

/// Which place of a text is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// A bar from its left to its right, and where it ends above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Its left edge; that of a bar which touches the one before is that one's right edge to the last bit.
    pub left: f64,
    /// Its right edge.
    pub right: f64,
    /// Its upper edge.
    pub top: f64,
}

/// A straight line from a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Line {
    /// To the right.
    Across {
        /// Its left end.
        x: f64,
        /// Its height.
        y: f64,
        /// Its length.
        length: f64,
    },
    /// Downwards.
    Down {
        /// Its place across.
        x: f64,
        /// Its upper end.
        y: f64,
        /// Its length.
        length: f64,
    },
}
