//! Which tensor each range of a file is of: by its name, exactly, and then by names that are alike.

use std::collections::HashMap;

use super::alike::plain;
use super::{Kind, Layer, Overlay, OverlayRange, Plan};
use crate::quant::Format;

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
    /// How many are on another format there, the first, than here, the second, where both are quantized.
    pub moved: Vec<(Format, Format, usize)>,
    /// Names there that no tensor has here.
    pub not_here: Vec<String>,
    /// Tensors that would be quantized here, and are not there. Weights only where the file has some.
    pub not_there: Vec<String>,
}

impl Plan {
    /// The layers with what the plan's overlays offer them.
    pub fn laid_over(&self, mut layers: Vec<Layer>) -> Vec<Layer> {
        self.overlays.iter().for_each(|overlay| overlay.lay_over(&mut layers));
        layers
    }
}

impl Overlay {
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
    fn lay_over(&self, layers: &mut [Layer]) {
        for (place, range) in self.places(layers).into_iter().zip(&self.ranges) {
            if let Some(at) = place {
                layers[at].imported.push(self.offer(range));
            }
        }
    }

    /// What of it fits these tensors.
    pub(super) fn overlaid(&self, plan: &Plan, layers: &[Layer]) -> Overlaid {
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
        let mut moved: Vec<(Format, Format, usize)> = Vec::new();
        for (range, at) in ranges().filter(|(range, _)| range.in_float.is_none()) {
            let Some(start) = at.map(|at| plan.start(&layers[at].subject())) else { continue };
            if start.format == range.format || !start.quantized {
                continue;
            }
            match moved.iter_mut().find(|(there, here, _)| (*there, *here) == (range.format, start.format)) {
                Some((_, _, n)) => *n += 1,
                None => moved.push((range.format, start.format, 1)),
            }
        }
        let not_there = layers.iter().zip(&told).filter(|(layer, told)| !**told && wanted(layer));
        Overlaid {
            id: self.id.clone(),
            file: self.file.clone(),
            ranges: self.ranges.len(),
            matched: places.iter().flatten().count(),
            alike: alike.map(|(there, here)| (there, here.to_owned())).collect(),
            moved,
            not_here: ranges().filter(|(_, at)| at.is_none()).map(|(range, _)| range.name.clone()).collect(),
            not_there: not_there.map(|(layer, _)| layer.name().to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Rules};
    use super::*;
    use crate::calibrate;
    use crate::quant::Clip;

    fn range(name: &str, kind: Kind) -> OverlayRange {
        let (format, clips) = (Format::INT8, [Clip::symmetric(1.0)].into());
        OverlayRange { name: name.to_owned(), kind, format, axis: None, clips, in_float: None }
    }

    fn overlay(names: &[&str]) -> Overlay {
        let ranges = names.iter().map(|name| range(name, Kind::Activation)).collect();
        Overlay { id: "calib".into(), label: "calib".into(), file: "calib.cache".into(), ranges }
    }

    fn plan(format: Format) -> Plan {
        let methods = calibrate::defaults().into();
        Plan { methods, default_method: 0, format, rules: Rules::new(), overlays: [].into() }
    }

    fn layers(names: &[&str]) -> Vec<Layer> {
        names.iter().map(|name| Layer::waiting(Key::activation(*name), Vec::new())).collect()
    }

    #[test]
    fn names_match_exactly_and_then_alike_where_one_is_on_either_side() {
        let overlay = overlay(&["conv1", "/net/conv2", "x:0", "a/b", "a.b", "Conv3", "gone"]);
        let here = layers(&["conv1", "net.conv2", "x", "a_b", "./a/b", "conv3"]);
        assert_eq!(overlay.places(&here), [Some(0), Some(1), Some(2), None, None, None, None]);
        let said = overlay.overlaid(&plan(Format::INT8), &here);
        assert_eq!((said.ranges, said.matched), (7, 3));
        let alike = [("/net/conv2", "net.conv2"), ("x:0", "x")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(said.alike, alike);
        assert!(said.moved.is_empty());
        let affine = Format::INT8.with_symmetric(false);
        assert_eq!(overlay.overlaid(&plan(affine), &here).moved, [(Format::INT8, affine, 3)]);
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
        assert_eq!(both.overlaid(&plan(Format::INT8), &here).not_there, ["x"]);
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
