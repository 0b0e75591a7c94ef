//! One method for all activations.

use std::collections::{BTreeMap, BTreeSet};

use super::{Decision, Key, Kind, Session, Target};
use crate::quant::{Grids, QuantParams};

/// What one method makes of every activation that is quantized, each on its own format.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uniform {
    /// What is decided for each range, as [`Session::apply`] takes it.
    pub decisions: Vec<(Target, Decision)>,
    /// How many activations another method stands in for, as it does at the start: this one has no answer there, or one
    /// at which every value would saturate.
    pub stand_ins: usize,
}

impl Session {
    /// A method for every activation that is quantized; what was chosen by hand is chosen anew.
    pub fn uniform(&self, method: &str) -> Uniform {
        let (mut all, mut ties) = (Uniform::default(), BTreeSet::new());
        let activations = self.layers().iter().filter(|layer| layer.kind() == Kind::Activation);
        for layer in activations.filter(|layer| layer.decision().is_some_and(|d| d.quantized)) {
            let targets = match self.target_of(&layer.key) {
                Target::Tie(of) if !ties.insert(of.clone()) => continue,
                Target::Tensor(key) => self.with_channels(&key),
                tie => vec![tie],
            };
            let tensors = targets.first().map_or(0, |target| if let Target::Tie(of) = target { of.len() } else { 1 });
            let answers = targets.into_iter().filter_map(|target| {
                let (decision, stands_in) = self.ready(&target)?.by_method(method)?;
                Some((target, decision, stands_in))
            });
            let answers: Vec<_> = answers.collect();
            all.stand_ins += if answers.iter().any(|(_, _, stands_in)| *stands_in) { tensors } else { 0 };
            all.decisions.extend(answers.into_iter().map(|(target, decision, _)| (target, decision)));
        }
        all
    }
}

impl Uniform {
    /// What the activations would be quantized with.
    pub fn params(&self) -> BTreeMap<Key, Grids> {
        let mut all: BTreeMap<Key, Grids> = BTreeMap::new();
        let mut channels: BTreeMap<Key, (usize, Vec<QuantParams>)> = BTreeMap::new();
        for (target, decision) in &self.decisions {
            let params = QuantParams::from_clip(decision.clip, decision.format);
            match target {
                // Its channels stand in its place.
                Target::Tensor(_) if decision.axis.is_some() => {}
                Target::Tensor(key) => drop(all.insert(key.clone(), params.into())),
                Target::Channel { of, axis, .. } => {
                    channels.entry(of.clone()).or_insert((*axis, Vec::new())).1.push(params);
                }
                Target::Tie(of) => all.extend(of.iter().map(|key| (key.clone(), params.into()))),
            }
        }
        all.extend(channels.into_iter().map(|(key, (axis, params))| (key, Grids::along(axis, params))));
        all
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Arrival, Joint, Layer, Origin, Ready, Rules};
    use super::*;
    use crate::calibrate;
    use crate::histogram::Histogram;
    use crate::quant::{Clip, Format, Fp8};

    fn session(values: &[(&'static str, Kind, &[f32])]) -> Session {
        let rules = Rules::new().skip("skipped".parse().unwrap()).assign("fp8=e4m3".parse().unwrap());
        let mut session = Session::new(calibrate::defaults(), "mse", Format::INT8).with_rules(rules);
        let layers = values.iter().map(|(name, kind, _)| Layer::waiting(Key::new(*kind, *name), Vec::new()));
        session.receive(Arrival::Found { layers: layers.collect(), failures: Vec::new() });
        let plan = session.plan();
        for (name, kind, values) in values {
            let key = Key::new(*kind, *name);
            let histogram = Arc::new(Histogram::of(values, 2048, &[]));
            let read = (Origin::default(), Ready::analyse(histogram, &plan, &session.layer(&key).unwrap().subject()));
            session.receive(Arrival::Layer { key, result: Ok(Box::new(read)) });
        }
        session
    }

    fn spread() -> Vec<f32> {
        (0..4000).map(|i| ((i as f32) * 0.618_034).fract().powi(6) * 8.0 - 1.0).collect()
    }

    #[test]
    fn every_quantized_activation_goes_by_the_method_and_nothing_else_does() {
        let values = spread();
        let (all, kind) = (values.as_slice(), Kind::Activation);
        let mut s = session(&[("a", kind, all), ("b", kind, all), ("skipped", kind, all), ("w", Kind::Weight, all)]);
        let key = |name: &str| Key::activation(name);
        let by_hand = s.layer(&key("b")).unwrap().decision().unwrap().with_clip(Clip::symmetric(0.5));
        s.apply("clip", vec![(Target::Tensor(key("b")), by_hand)]);
        let max = s.uniform("max");
        assert_eq!((max.decisions.len(), max.stand_ins), (2, 0));
        assert_eq!(max.params().keys().map(Key::name).collect::<Vec<_>>(), ["a", "b"]);
        let weight = s.params_of(&Key::new(Kind::Weight, "w"));
        // What would be tried is what stands when it is taken.
        assert_eq!(s.apply("max", max.decisions.clone()), 2);
        assert_eq!((s.params_of(&key("a")), s.params_of(&key("b"))), {
            let params = max.params();
            (params[&key("a")].clone(), params[&key("b")].clone())
        });
        assert!(!s.layer(&key("b")).unwrap().ready().unwrap().edited());
        assert_eq!(s.params_of(&Key::new(Kind::Weight, "w")), weight);
        assert!(!s.layer(&key("skipped")).unwrap().decision().unwrap().quantized);
        s.undo();
        assert_eq!(s.layer(&key("b")).unwrap().decision().unwrap().clip.amax(), 0.5, "one step");
    }

    #[test]
    fn where_a_method_has_no_answer_another_stands_in_and_is_counted() {
        let values = spread();
        let s = session(&[("a", Kind::Activation, &values), ("fp8", Kind::Activation, &values)]);
        let none = s.layer(&Key::activation("fp8")).unwrap().ready().unwrap().candidate("entropy").unwrap();
        assert!(none.outcome.is_err(), "the test needs a method without an answer");
        let entropy = s.uniform("entropy");
        assert_eq!((entropy.decisions.len(), entropy.stand_ins), (2, 1));
        assert_eq!(entropy.decisions[0].1.method, "entropy");
        let other = &entropy.decisions[1].1;
        assert!(other.method != "entropy" && other.format == Fp8::E4m3.into(), "on its own format: {other:?}");
        assert_eq!(s.uniform("not-there"), Uniform::default());
    }

    #[test]
    fn tensors_that_share_a_range_are_one_decision() {
        let values = spread();
        let mut s = session(&[("a", Kind::Activation, &values), ("b", Kind::Activation, &values[..100])]);
        let of = vec![Key::activation("a"), Key::activation("b")];
        let both = Arc::new(Histogram::of(&[values.as_slice(), &values[..100]].concat(), 2048, &[]));
        let ready = Ready::analyse(both, &s.plan(), &s.layers()[0].subject());
        s.add_joint(Joint { of: of.clone(), why: None, ready, measured: Vec::new() });
        assert!(s.tie(&of));
        let max = s.uniform("max");
        assert_eq!((max.decisions.len(), &max.decisions[0].0), (1, &Target::Tie(of.clone())));
        s.apply("max", max.decisions.clone());
        assert_eq!(max.params(), s.params());
        assert_eq!(s.params_of(&of[0]), s.params_of(&of[1]));
    }
}
