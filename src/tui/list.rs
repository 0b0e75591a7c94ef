//! The list of layers as it is looked at: its order, its rows, its window.

use std::collections::BTreeSet;

use super::formats::Formats;
use super::listed::Listed;
use crate::session::Key;

/// The list of layers as it is looked at.
#[derive(Default)]
pub struct List {
    /// Indices of the layers that are shown, in their order on the screen.
    pub order: Vec<usize>,
    /// The row of the heading over the weights, where they stand behind the activations.
    pub heading: Option<usize>,
    /// Index of the selected layer in the session.
    pub selected: usize,
    /// The first row that is shown.
    pub top: usize,
    /// The order that the layers are listed in.
    pub sort: Sort,
    /// The text that a layer's name must hold to be listed, in any case of letters, or patterns; empty for all layers.
    pub filter: String,
    /// The layers that are marked, which commands go for together: by name, so that no order and no filter loses one.
    pub marked: BTreeSet<Key>,
    /// Whether what the placement leaves in float is listed as well.
    pub float: bool,
    /// Whether there is a placement that could leave some in float.
    pub placed: bool,
    /// How many tensors are not listed because the placement leaves them in float.
    pub hidden: usize,
    /// Whether the order does not fit the layers any more.
    pub stale: bool,
    /// Whether the window follows the selection; the wheel lets go.
    pub follow: bool,
    /// The name of the layer to begin with, until the layers are known.
    pub wanted: Option<String>,
    /// The selection that the window was last moved to.
    pub seen: Option<usize>,
    /// Whether its rows are on more than one format.
    pub(super) formats: Formats,
    /// What its rows have to know of each other.
    pub(super) listed: Listed,
}

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A layer, by its index in the session.
    Layer(usize),
    /// The heading over the weights.
    Heading,
}

impl List {
    /// How many rows there are, the heading included.
    pub fn rows(&self) -> usize {
        self.order.len() + usize::from(self.heading.is_some())
    }

    /// What stands in a row, counted from the first one whether or not it is shown.
    pub fn row(&self, row: usize) -> Option<Row> {
        match self.heading {
            Some(heading) if row == heading => Some(Row::Heading),
            _ => self.order.get(self.place(row)?).copied().map(Row::Layer),
        }
    }

    /// The place in the order of the layer in a row, if one could stand there.
    pub(super) fn place(&self, row: usize) -> Option<usize> {
        match self.heading {
            Some(heading) if row == heading => None,
            Some(heading) if row > heading => Some(row - 1),
            _ => Some(row),
        }
    }

    /// The name in a row, as it is shown.
    pub(super) fn name(&self, row: usize) -> Option<&str> {
        self.listed.names.get(self.place(row)?).map(String::as_str)
    }

    /// The layer in a row, if one stands there.
    pub fn layer(&self, row: usize) -> Option<usize> {
        match self.row(row)? {
            Row::Layer(layer) => Some(layer),
            Row::Heading => None,
        }
    }

    /// The row of a layer.
    pub fn row_of(&self, layer: usize) -> Option<usize> {
        let at = self.order.iter().position(|l| *l == layer)?;
        Some(at + usize::from(self.heading.is_some_and(|heading| at >= heading)))
    }

    /// After a decision changed: the order by SQNR depends on it, what is hidden because it stays in float, and what a filter
    /// by a warning finds.
    pub(super) fn resort(&mut self) {
        self.stale |= self.sort == Sort::Worst || (self.placed && !self.float) || self.filter.contains('!');
    }
}

/// An order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// As the files are ordered.
    #[default]
    Files,
    /// By name, numbers in names by their value.
    Name,
    /// The worst SQNR first; layers without one last.
    Worst,
    /// What costs a network's outputs most first; layers of which that is not known last.
    Sensitive,
}

impl Sort {
    /// The next order that `s` goes to.
    pub fn next(self, sensitivity_known: bool) -> Sort {
        match self {
            Sort::Files => Sort::Worst,
            Sort::Worst if sensitivity_known => Sort::Sensitive,
            Sort::Worst | Sort::Sensitive => Sort::Name,
            Sort::Name => Sort::Files,
        }
    }

    /// The order in a few words, for the list's title and the footer.
    pub fn title(self) -> &'static str {
        match self {
            Sort::Files => "in order",
            Sort::Name => "by name",
            Sort::Worst => "worst SQNR first",
            Sort::Sensitive => "most sensitive first",
        }
    }
}
