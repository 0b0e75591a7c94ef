//! A file of scales laid over the tensors: one more offer beside the methods, under the file's label.

use std::collections::HashMap;
use std::sync::Arc;

use super::alike::plain;
use super::{Imported, Kind, Layer};
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

/// What of a file fits the tensors at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlaid {
    /// The label.
    pub id: String,
    /// The file.
    pub file: String,
    /// How many ranges it holds.
    pub ranges: usize,
    /// How many of them are of a tensor here.
    pub matched: usize,
    /// Those of them that are called otherwise here: their name there, and here.
    pub alike: Vec<(String, String)>,
    /// Names there that no tensor has here.
    pub not_here: Vec<String>,
    /// Tensors that would be quantized here, and are not there. Weights only where the file has some.
    pub not_there: Vec<String>,
}

impl Overlay {
    /// What it offers a tensor.
    fn offer(&self, range: &OverlayRange) -> Imported {
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

    /// The place of the tensor that each range is of, among `layers`.
    ///
    /// By the name, exactly: that of the range's kind before one of another, as few formats say what is a weight. What is
    /// left is matched by names that are alike ([`plain`]), where just one on either side is.
    fn places(&self, layers: &[Layer]) -> Vec<Option<usize>> {
        let mut places = vec![None; self.ranges.len()];
        let mut taken = vec![false; layers.len()];
        let mut named: HashMap<(&str, Kind), usize> = HashMap::new();
        for (at, layer) in layers.iter().enumerate().filter(|(_, layer)| layer.failure().is_none()) {
            named.insert((layer.name(), layer.kind()), at);
        }
        for other_kind in [false, true] {
            for (place, range) in places.iter_mut().zip(&self.ranges).filter(|(place, _)| place.is_none()) {
                let kind = match (range.kind, other_kind) {
                    (kind, false) => kind,
                    (Kind::Activation, true) => Kind::Weight,
                    (Kind::Weight, true) => Kind::Activation,
                };
                let found = named.get(&(range.name.as_str(), kind)).copied().filter(|at| !taken[*at]);
                found.iter().for_each(|at| taken[*at] = true);
                *place = found;
            }
        }
        let mut here: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, layer) in layers.iter().enumerate().filter(|(at, layer)| !taken[*at] && layer.failure().is_none()) {
            here.entry(plain(layer.name())).or_default().push(at);
        }
        let mut there: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, range) in self.ranges.iter().enumerate().filter(|(at, _)| places[*at].is_none()) {
            there.entry(plain(&range.name)).or_default().push(at);
        }
        for (name, ranges) in there {
            if let ([range], Some([layer])) = (ranges.as_slice(), here.get(&name).map(Vec::as_slice)) {
                places[*range] = Some(*layer);
            }
        }
        places
    }

    /// Gives each tensor what the file offers it.
    pub(super) fn lay_over(&self, layers: &mut [Layer]) {
        for (place, range) in self.places(layers).into_iter().zip(&self.ranges) {
            if let Some(at) = place {
                layers[at].imported.push(self.offer(range));
            }
        }
    }

    /// What of it fits these tensors.
    pub(super) fn overlaid(&self, layers: &[Layer]) -> Overlaid {
        let places = self.places(layers);
        let mut told = vec![false; layers.len()];
        places.iter().flatten().for_each(|at| told[*at] = true);
        let ranges = || self.ranges.iter().zip(&places);
        let named = |(range, at): (&OverlayRange, &Option<usize>)| Some((range.name.clone(), layers[(*at)?].name()));
        let alike = ranges().filter_map(named).filter(|(there, here)| there != here);
        let weights = self.ranges.iter().any(|range| range.kind == Kind::Weight);
        let wanted = |layer: &Layer| {
            layer.failure().is_none() && layer.subject().placed && (weights || layer.kind() == Kind::Activation)
        };
        let not_there = layers.iter().zip(&told).filter(|(layer, told)| !**told && wanted(layer));
        Overlaid {
            id: self.id.clone(),
            file: self.file.clone(),
            ranges: self.ranges.len(),
            matched: places.iter().flatten().count(),
            alike: alike.map(|(there, here)| (there, here.to_owned())).collect(),
            not_here: ranges().filter(|(_, at)| at.is_none()).map(|(range, _)| range.name.clone()).collect(),
            not_there: not_there.map(|(layer, _)| layer.name().to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Key;
    use super::*;

    fn range(name: &str, kind: Kind) -> OverlayRange {
        let (format, clips) = (Format::INT8, [Clip::symmetric(1.0)].into());
        OverlayRange { name: name.to_owned(), kind, format, axis: None, clips, in_float: None }
    }

    fn overlay(names: &[&str]) -> Overlay {
        let ranges = names.iter().map(|name| range(name, Kind::Activation)).collect();
        Overlay { id: "calib".into(), label: "calib".into(), file: "calib.cache".into(), ranges }
    }

    fn layers(names: &[&str]) -> Vec<Layer> {
        names.iter().map(|name| Layer::waiting(Key::activation(*name), Vec::new())).collect()
    }

    #[test]
    fn names_match_exactly_and_then_alike_where_one_is_on_either_side() {
        let overlay = overlay(&["conv1", "/net/conv2", "x:0", "a/b", "a.b", "Conv3", "gone"]);
        let here = layers(&["conv1", "net.conv2", "x", "a_b", "./a/b", "conv3"]);
        assert_eq!(overlay.places(&here), [Some(0), Some(1), Some(2), None, None, None, None]);
        let said = overlay.overlaid(&here);
        assert_eq!((said.ranges, said.matched), (7, 3));
        let alike = [("/net/conv2", "net.conv2"), ("x:0", "x")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(said.alike, alike);
        assert_eq!(said.not_here, ["a/b", "a.b", "Conv3", "gone"]);
        assert_eq!(said.not_there, ["a_b", "./a/b", "conv3"]);
        // An exact name goes before one that is alike, whatever stands first.
        assert_eq!(self::overlay(&["/x", "x"]).places(&layers(&["x", "y"])), [None, Some(0)]);
    }

    #[test]
    fn a_kind_goes_before_the_other() {
        let mut here = layers(&["w", "x"]);
        here.push(Layer::waiting(Key::new(Kind::Weight, "w"), Vec::new()));
        let both = Overlay { ranges: vec![range("w", Kind::Weight), range("w", Kind::Activation)], ..overlay(&[]) };
        assert_eq!(both.places(&here), [Some(2), Some(0)]);
        assert_eq!(both.overlaid(&here).not_there, ["x"]);
        // Dumps of weights are activations here, and a cache calls weights so.
        assert_eq!(overlay(&["w"]).places(&here[2..]), [Some(0)]);
        assert_eq!(overlay(&["w", "w"]).places(&here[..1]), [Some(0), None], "twice in the file: the first");
    }

    #[test]
    fn every_offer_is_of_its_file() {
        let float = OverlayRange { in_float: Some("LayerNorm".into()), ..range("x", Kind::Activation) };
        let overlay = Overlay { ranges: vec![float, range("y", Kind::Activation)], ..overlay(&[]) };
        let mut here = layers(&["x", "y", "z"]);
        overlay.lay_over(&mut here);
        assert_eq!(here[0].imported[0].without.as_deref(), Some("float in calib.cache (LayerNorm)"));
        assert_eq!(here[1].imported[0].clips.len(), 1);
        assert!(here[1].imported[0].without.is_none() && here[2].imported.is_empty());
    }
}
