//! What the options say of how tensors are quantized: formats, methods, rules, ties.

use std::sync::Arc;

use super::overlay;
use super::patterns::Asked;
use super::shared::SharedArgs;
use super::words::{Chooser, KnownRange, Method, PerChannel};
use crate::calibrate::{self, Calibrator, DEFAULT_METHOD};
use crate::jobs::Ties;
use crate::quant::Format;
use crate::session::{Kind, Rules, Session, Setting, Subject};

impl SharedArgs {
    pub fn format(&self) -> Format {
        let integers = || Format::int(self.bits, !self.unsigned, self.is_symmetric());
        self.format.or_else(integers).unwrap_or(Format::INT8)
    }

    /// Whether integers have a zero point of 0. A network's activations are given one of their own unless something else
    /// is said: most runtimes have it, and it keeps 3 to 5 dB of the outputs.
    fn is_symmetric(&self) -> bool {
        self.symmetric || !(self.affine || self.runs_model())
    }

    pub fn methods(&self) -> Vec<Arc<dyn Calibrator>> {
        let mut methods: Vec<Arc<dyn Calibrator>> = Vec::new();
        calibrate::add_missing(&mut methods, self.named().cloned());
        if methods.is_empty() {
            methods = calibrate::defaults();
        }
        if self.runs_model() {
            // Last, so that it changes no number key.
            calibrate::add_missing(&mut methods, [self.weights_by()]);
        }
        // What one layer is set to is computed for all, so that they can be compared.
        let set = self.set.iter().flat_map(|a| &a.settings).filter_map(|setting| match setting {
            Setting::Method(id) => calibrate::by_id(id).ok(),
            _ => None,
        });
        calibrate::add_missing(&mut methods, set);
        calibrate::add_missing(&mut methods, self.taking.methods().filter_map(|id| calibrate::by_id(id).ok()));
        methods
    }

    /// The methods that were named.
    fn named(&self) -> impl Iterator<Item = &Arc<dyn Calibrator>> {
        self.method.iter().filter_map(|named| match named {
            Chooser::Method(method) => Some(method),
            Chooser::Known | Chooser::Overlay(_) => None,
        })
    }

    /// The id of the method that chooses where nothing else does: the first that was named.
    pub fn chosen_method(&self) -> String {
        self.named().next().map_or_else(|| DEFAULT_METHOD.to_owned(), |method| method.id().to_owned())
    }

    /// The method that chooses for weights: the largest magnitude, as runtimes have it, unless one is named for them.
    fn weights_by(&self) -> Arc<dyn Calibrator> {
        let max = || calibrate::by_id("max").expect("there is such a method");
        self.weights_method.as_ref().map_or_else(max, |Method(named)| named.clone())
    }

    /// A session that knows no layer yet.
    pub fn session(&self) -> Session {
        let session = Session::new(self.methods(), &self.chosen_method(), self.format());
        let mut session = session.with_rules(self.rules()).with_overlays(overlay::labelled(&self.overlay));
        self.taking.expect(&mut session);
        session
    }

    /// What is said of all tensors, which a file's own scales do not prevail over; and what runtimes do with weights: signed
    /// and symmetric, by a method of their own.
    fn of_all(&self) -> Rules {
        let is_weight = |s: &Subject| s.kind == Kind::Weight;
        let mut rules = Rules::new();
        let format = Setting::Format(self.format());
        if self.format.is_some() || self.bits != 8 {
            rules = rules.with(|_| true, format);
        } else if self.unsigned || self.affine || self.symmetric {
            rules = rules.with(move |s: &Subject| !is_weight(s), format);
        }
        let rules = rules.by_default(is_weight, Setting::Signed(true)).by_default(is_weight, Setting::Symmetric(true));
        let by = Setting::Method(self.weights_by().id().into());
        let said = self.weights_method.is_some();
        let rules = if said { rules.with(is_weight, by) } else { rules.by_default(is_weight, by) };
        match self.method.first() {
            None => rules,
            // Named, so that it is not passed over where it has no answer.
            Some(named) => rules.with(move |s: &Subject| !is_weight(s), Setting::Method(named.id().into())),
        }
    }

    /// What some layers want otherwise.
    pub fn rules(&self) -> Rules {
        let along = |rules: Rules, PerChannel { names, axis }: PerChannel| {
            rules.with(move |s| names.as_ref().is_none_or(|names| names.fit(s)), Setting::Axis(axis))
        };
        let rules = self.per_channel.iter().cloned().fold(self.of_all(), along);
        let rules = self.taking.rules(rules);
        let rules = self.only.iter().cloned().fold(rules, Rules::only);
        let known = |rules: Rules, KnownRange { names, range }: KnownRange| {
            rules.with(move |s| names.fit(s), Setting::Known(range))
        };
        let rules = self.range.iter().cloned().fold(rules, known);
        let rules = self.set.iter().cloned().fold(rules, Rules::assign);
        self.skip.iter().cloned().fold(rules, Rules::skip)
    }

    /// The patterns that have to fit a layer.
    pub fn patterns(&self) -> Asked {
        let per_channel = self.per_channel.iter().filter_map(|p| Some(("--per-channel", p.names.clone()?)));
        let set = self.set.iter().map(|assignment| ("--set", assignment.names.clone()));
        let range = self.range.iter().map(|range| ("--range", range.names.clone()));
        let skip = self.skip.iter().map(|names| ("--skip", names.clone()));
        let only = self.only.iter().map(|names| ("--only", names.clone()));
        let tie = self.tie.iter().map(|names| ("--tie", names.clone()));
        skip.chain(only).chain(set).chain(range).chain(tie).chain(per_channel).collect()
    }

    /// Which tensors share one range.
    pub fn ties(&self) -> Ties {
        let asked = self.taking.ties().into_iter().chain(self.tie.iter().cloned()).collect();
        Ties { asked, concats: !self.no_tie }
    }
}
