//! Which placement the decisions of a session follow.

use super::{Kind, Layer, Session};

impl Session {
    /// The names of the placements that there are, in their order; none where tensors come from files.
    pub fn placements(&self) -> Vec<&'static str> {
        self.layers.first().map_or_else(Vec::new, |layer| layer.places.names().collect())
    }

    /// The placement that what is decided is nearest to: the one that the fewest activations depart from, of equal ones
    /// that which the session has begun with. `None` where tensors come from files.
    pub fn placement(&self) -> Option<&'static str> {
        let places = &self.layers.first()?.places;
        let departing = |name: &str| {
            let activations = self.layers.iter().filter(|layer| layer.kind() == Kind::Activation);
            let departs = |layer: &Layer| {
                let decision = layer.decision();
                decision.is_some_and(|decision| decision.quantized == layer.places.under(name).is_some())
            };
            activations.filter(|layer| departs(layer)).count()
        };
        places.names().min_by_key(|name| (departing(name), Some(*name) != places.first_name()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Arrival, Key, Names, Origin, Places, Ready, Rules, Setting, Target};
    use super::*;
    use crate::calibrate;
    use crate::histogram::Histogram;
    use crate::quant::Format;

    const ALL: [&str; 3] = ["fused", "inputs", "all"];

    /// Four tensors: `a` and `b` everywhere, `c` under `fused` and `all`, `d` under `all` only.
    fn session(rules: Rules, first: usize) -> Session {
        let mut session = Session::new(calibrate::defaults(), "max", Format::INT8).with_rules(rules);
        let why = |tensor: &str, placement: &str| match (tensor, placement) {
            ("c", "inputs") => Some("no product takes it".to_owned()),
            ("d", "inputs" | "fused") => Some("inside Conv+Relu".to_owned()),
            _ => None,
        };
        let layer = |name: &&'static str| {
            let of = ALL.map(|placement| (placement, why(name, placement)));
            Layer::waiting(Key::activation(*name), Vec::new()).with_places(Places::new(of.into(), first))
        };
        let layers: Vec<Layer> = ["a", "b", "c", "d"].iter().map(layer).collect();
        session.receive(Arrival::Found { layers, failures: Vec::new() });
        let plan = session.plan();
        for at in 0..4 {
            let layer = &session.layers()[at];
            let histogram = Arc::new(Histogram::of(&[1.0, -2.0, 0.5], 2048, &[]));
            let read = (Origin::default(), Ready::analyse(histogram, &plan, &layer.subject()));
            let key = layer.key.clone();
            session.receive(Arrival::Layer { key, result: Ok(Box::new(read)) });
        }
        session
    }

    fn quantized(session: &Session) -> String {
        let is = |layer: &&Layer| layer.decision().unwrap().quantized;
        session.layers().iter().filter(is).map(Layer::name).collect()
    }

    #[test]
    fn a_tensor_begins_as_the_placement_and_the_rules_have_it() {
        assert_eq!([0, 1, 2].map(|first| quantized(&session(Rules::new(), first))), ["abc", "ab", "abcd"]);
        let names = |text: &str| text.parse::<Names>().unwrap();
        let set = Rules::new().assign("d=quantized".parse().unwrap()).assign("a=float".parse().unwrap());
        assert_eq!(quantized(&session(set, 0)), "bcd");
        assert_eq!(quantized(&session(Rules::new().only(names("b,d")), 1)), "bd", "exactly these");
        assert_eq!(quantized(&session(Rules::new().only(names("b,d")).skip(names("b")), 0)), "d");
        let all = Rules::new().with(|subject| !subject.placed, Setting::Quantized(true));
        assert_eq!(quantized(&session(all, 0)), "abcd");
    }

    #[test]
    fn the_reason_is_that_of_the_placement_that_is_nearest() {
        let mut session = session(Rules::new(), 0);
        let why = |session: &Session, at: usize| session.layers()[at].in_float(session.placement()).map(str::to_owned);
        assert_eq!((session.placements(), session.placement()), (ALL.to_vec(), Some("fused")));
        assert_eq!((why(&session, 2), why(&session, 3)), (None, Some("inside Conv+Relu".into())));
        let decide = |session: &mut Session, at: usize, quantized: bool| {
            let decision = session.layers()[at].decision().unwrap().with_quantized(quantized);
            session.apply("on/off", vec![(Target::Tensor(session.layers()[at].key.clone()), decision)]);
        };
        // A hand has left it in float: that is no placement's reason.
        decide(&mut session, 0, false);
        assert_eq!((session.placement(), why(&session, 0)), (Some("fused"), None));
        decide(&mut session, 0, true);
        decide(&mut session, 2, false);
        assert_eq!((session.placement(), why(&session, 2)), (Some("inputs"), Some("no product takes it".into())));
        session.undo();
        assert_eq!((session.placement(), why(&session, 2)), (Some("fused"), None));
    }

    #[test]
    fn files_have_no_placement() {
        let mut session = Session::new(calibrate::defaults(), "max", Format::INT8);
        let layers = vec![Layer::waiting(Key::activation("x"), Vec::new())];
        session.receive(Arrival::Found { layers, failures: Vec::new() });
        assert_eq!((session.placements(), session.placement()), (Vec::new(), None));
        assert_eq!(session.layers()[0].in_float(None), None);
    }
}
