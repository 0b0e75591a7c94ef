//! A file of scales laid over the tensors: one more offer beside the methods, under the file's label.

use std::sync::Arc;

use super::{Imported, Kind};
use crate::quant::{Clip, Format};

/// The ranges of a file under one label.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlay {
    /// Its label: the id of its offers, and of the method in decisions that they chose for. No method has it.
    pub id: String,
    /// The same on an axis mark, at most 6 columns wide.
    pub label: String,
    /// The file, as sentences name it.
    pub file: String,
    /// The ranges, in the file's order.
    pub ranges: Vec<OverlayRange>,
}

/// What a file says of one tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct OverlayRange {
    /// Its name there.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The format of numbers.
    pub format: Format,
    /// The axis along which each channel has a range of its own.
    pub axis: Option<usize>,
    /// One clip, or each channel's.
    pub clips: Arc<[Clip]>,
    /// Why it is left in float, where it is.
    pub in_float: Option<String>,
}

impl Overlay {
    /// What it offers a tensor.
    pub(super) fn offer(&self, range: &OverlayRange) -> Imported {
        let (format, clips) = (Some(range.format), range.clips.clone());
        let offer = Imported { format, axis: range.axis, clips, ..self.nothing() };
        let offer = Imported { without: None, ..offer };
        match &range.in_float {
            None => offer,
            Some(why) => offer.none(&format!("float in {} ({why})", self.file)),
        }
    }

    /// What stands in the place of an offer for a tensor of which it says nothing.
    pub(super) fn nothing(&self) -> Imported {
        let offer = Imported::new(&self.id, &self.label, Clip::symmetric(0.0));
        let offer = Imported { file: self.file.clone(), everywhere: true, ..offer };
        offer.none(&format!("{} holds nothing of it", self.file))
    }
}
