//! Every method by what the network's outputs say: when that is asked, and what is made of it.

use crate::jobs::{MethodEffect, Request, Trial};
use crate::quant::Format;
use crate::report::{self, number, visible};
use crate::session::{Failure, Kind};

use super::super::mode::Mode;
use super::super::model::Model;
use super::super::msg::Cmd;
use super::super::page::Page;
use super::{hand, network, zoom};

/// A method that is so much better at the outputs than what is chosen is worth a word, in dB: less may be luck.
const WORTH_SAYING: f64 = 1.0;

/// Asks for the table once the first figure of everything is there, and again when formats, places or weights have
/// changed.
pub(super) fn ask(model: &mut Model, cmds: &mut Vec<Cmd>) {
    if !model.network_is_ready() || matches!(model.mode, Mode::Drag { .. }) {
        return;
    }
    let Some(network) = &mut model.network else { return };
    if network.whole.answer.as_ref().is_none_or(|answer| answer.result.is_err()) {
        return;
    }
    let new = network.methods.ask(&model.session);
    cmds.extend(new.map(|of| Cmd::Request(Request::Trial(Trial::ByMethod(of)))));
}

/// Shows the table, or the plots again.
pub(super) fn show(model: &mut Model) {
    model.plot.page.toggle(Page::Methods);
    if let (Page::Methods, Some(network)) = (model.plot.page, &mut model.network) {
        network.methods.ask_again();
    }
}

pub(super) fn found(model: &mut Model, effect: MethodEffect) {
    if let Some(network) = &mut model.network {
        network.methods.hear(effect);
    }
}

pub(super) fn ended(model: &mut Model, question: u64, result: Result<(), Failure>) {
    let Some(network) = &mut model.network else { return };
    let methods = &mut network.methods;
    if methods.asked.as_ref().is_none_or(|asked| asked.question != question) {
        return;
    }
    (methods.running, methods.stopping) = (false, false);
    methods.failed = result.err().map(|why| visible(&why.to_string()));
    let whole = network.whole.answer.as_ref().filter(|_| network.whole_is_answered());
    let Some((best, whole)) = network.methods.best().zip(whole) else { return };
    let Ok(on_all) = whole.result.as_ref() else { return };
    let judged = whole.check.as_ref().unwrap_or(on_all);
    // Both must be of the same samples.
    let same = best.check.is_some() == whole.check.is_some() && best.judged().samples == judged.samples;
    let gain = best.judged().quality().gain_over(judged.quality());
    // A lesson asks for it in its time.
    let in_a_lesson = model.learn.as_ref().is_some_and(|learn| learn.playing().is_some());
    if same && gain.get() >= WORTH_SAYING && !in_a_lesson {
        let text = format!(
            "{} for all activations is {} dB better at the outputs than what is chosen; {}",
            best.method,
            number::decibels(gain.get()),
            model.keys.told("{best-for-all} takes it, {methods} shows all")
        );
        network::mention(model, text);
    }
}

/// The best method by the outputs for all activations, as one step.
pub(super) fn take_best(model: &mut Model) {
    let best = model.network.as_ref().and_then(|network| network.methods.best());
    if let Some((id, effect)) = best.map(|best| (best.method.clone(), best.judged())) {
        take(model, &id, &format!(", {} at the outputs", network::brief(&effect)));
    }
}

/// The method of the selected layer for all activations, as one step.
pub(super) fn take_present(model: &mut Model) {
    let method = model.selected_ready().map(|ready| ready.decision().method.clone());
    method.into_iter().for_each(|id| take(model, &id, ""));
}

/// The method of a digit for all activations, as one step.
pub(super) fn take_offered(model: &mut Model, index: usize) {
    let id = report::offers(&model.session).get(index).map(|(id, _)| (*id).to_owned());
    match id {
        Some(id) => take(model, &id, ""),
        None => model.warn("there are fewer methods"),
    }
}

fn take(model: &mut Model, id: &str, by: &str) {
    hand::put_back(model);
    let uniform = model.session.uniform(id);
    let all = model.session.layers().iter().filter(|layer| layer.ready().is_some_and(|r| r.edited())).count();
    let changed = model.session.apply(&format!("{id} for all"), uniform.decisions);
    let left = model.session.layers().iter().filter(|layer| layer.ready().is_some_and(|r| r.edited())).count();
    let rest = what_stays(model);
    if changed == 0 {
        return model.say(format!("{id} chooses for all activations already{by}{rest}"));
    }
    zoom::follow_clip(model);
    model.list.resort();
    let by_hand = match all - left.min(all) {
        0 => String::new(),
        n => format!(", {n} of them by hand before"),
    };
    let stand_ins = match uniform.stand_ins {
        0 => String::new(),
        n => format!(", {n} by another method where it has no answer"),
    };
    let ranges = number::of(changed as u64, "range");
    model.say(format!("{id} for all activations{by}: {ranges} changed{by_hand}{stand_ins}{rest}; u takes it back"));
}

/// What a method for all leaves as it was: formats where they differ, and what is in float.
fn what_stays(model: &Model) -> String {
    let activations = model.session.layers().iter().filter(|layer| layer.kind() == Kind::Activation);
    let decided: Vec<_> = activations.filter_map(|layer| layer.decision()).collect();
    let mut formats: Vec<(Format, usize)> = Vec::new();
    for decision in decided.iter().filter(|decision| decision.quantized) {
        match formats.iter_mut().find(|(format, _)| *format == decision.format) {
            Some((_, n)) => *n += 1,
            None => formats.push((decision.format, 1)),
        }
    }
    formats.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let mut said = String::new();
    if formats.len() > 1 {
        let each: Vec<String> = formats.iter().map(|(format, n)| format!("{n} on {format}")).collect();
        said = format!(", each on its format still ({})", each.join(", "));
    }
    match decided.iter().filter(|decision| !decision.quantized).count() {
        0 => {}
        n => said.push_str(&format!(", {n} left in float")),
    }
    said
}
