//! Commands for all layers that are marked: each layer's own answer, and one step for all of them.

use std::collections::VecDeque;

use crate::calibrate::kl;
use crate::figure::{CurveKind, moved};
use crate::jobs::Request;
use crate::report::{self, number, visible};
use crate::session::{Channels, Decision, Failure, Key, Ready, Start, Step, Target};

use super::super::model::{Gathering, Model, name_of};
use super::super::msg::Cmd;
use super::clip::{Typed, next_mark, no_mark, of_method};
use super::{channels, zoom};

/// Names that a sentence lists before it counts the rest.
const NAMED: usize = 3;

/// What is decided for a range, and for the channels that stand in its place.
type Decided = Vec<(Target, Decision)>;

/// What a command makes of the marked layers.
#[derive(Default)]
struct All {
    decided: Decided,
    /// For how many ranges; those of a tie are one.
    ranges: usize,
    /// Which ones cannot take it, and why.
    refused: Vec<(String, String)>,
}

impl All {
    /// Asks for each marked layer, those that share a range once.
    fn of(model: &mut Model, mut decide: impl FnMut(&mut Model, &Target) -> Result<Decided, String>) -> All {
        let mut all = All::default();
        for target in targets(model) {
            let decided = match model.session.ready(&target) {
                Some(_) => decide(model, &target),
                None => Err("it is not read".into()),
            };
            match decided {
                Ok(decided) => {
                    all.ranges += 1;
                    all.decided.extend(decided);
                }
                Err(why) => all.refused.push((name_of(&target), why)),
            }
        }
        all
    }

    /// Decides as one step. The error says why no layer can take it.
    fn take(self, model: &mut Model, label: &str) -> Result<(), String> {
        let refusals = refusals(&self.refused);
        if self.ranges == 0 {
            return Err(refusals);
        }
        model.session.end_run();
        let any = model.session.apply(label, self.decided) > 0;
        let changed = if any { model.session.next_steps().0.map_or(0, Step::decided) } else { 0 };
        zoom::follow_clip(model);
        model.list.resort();
        let layers = |n: usize| number::of(n as u64, "layer");
        let already = self.ranges.saturating_sub(changed);
        let mut text = match (changed, already) {
            (0, n) => format!("{}: {label} already", layers(n)),
            (n, 0) => format!("{}: {label}", layers(n)),
            (n, already) => format!("{}: {label}, {already} already", layers(n)),
        };
        if !refusals.is_empty() {
            text = format!("{text}; not {refusals}");
        }
        if self.refused.is_empty() {
            model.say(text)
        } else {
            model.warn(text)
        }
        Ok(())
    }

    /// The same for a key: why no layer can take it is said.
    fn take_or_warn(self, model: &mut Model, label: &str) {
        if let Err(why) = self.take(model, label) {
            model.warn(format!("{label}: no marked layer can take it: {why}"));
        }
    }
}

/// What decides for the marked layers, in the session's order: each once.
fn targets(model: &Model) -> Vec<Target> {
    let marked = model.session.layers().iter().filter(|layer| model.list.marked.contains(&layer.key));
    let mut targets: Vec<Target> = Vec::new();
    for target in marked.map(|layer| model.session.target_of(&layer.key)) {
        // Those that share a range need not stand side by side.
        if matches!(target, Target::Tensor(_)) || !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets
}

/// Which layers and why, those with the same reason together: `a, b and 7 more: the values are all zero; c: …`.
fn refusals(refused: &[(String, String)]) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, why) in refused {
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    let sentence = |(why, names): (&str, Vec<&str>)| {
        let more = names.len().saturating_sub(NAMED);
        let named = names[..names.len().min(NAMED)].join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{named}{more}: {}", why.trim_end_matches('.'))
    };
    reasons.into_iter().map(sentence).collect::<Vec<_>>().join("; ")
}

fn ready<'a>(model: &'a Model, target: &Target) -> Result<&'a Ready, String> {
    model.session.ready(target).ok_or_else(|| "it is not read".into())
}

/// The method of a digit, for each layer its own answer.
pub(super) fn method(model: &mut Model, index: usize) {
    let offers = report::offers(&model.session);
    let Some((id, label)) = offers.get(index).map(|(id, label)| ((*id).to_owned(), (*label).to_owned())) else {
        return;
    };
    let all = All::of(model, |model, target| {
        let offered = ready(model, target)?.candidate(&id).ok_or("it is not offered there")?;
        offered.outcome.as_ref().map_err(ToString::to_string)?;
        Ok(channels::decisions(model, target, |ready| of_method(ready, &id)))
    });
    all.take_or_warn(model, &format!("method {label}"));
}

/// Each clip to the next method's value on its own axis.
pub(super) fn mark(model: &mut Model, by: i8) {
    let all = All::of(model, |model, target| {
        let ready = one_range(ready(model, target)?)?;
        let handle = model.plot.handle;
        let (_, value) = next_mark(ready, handle, by).ok_or(no_mark(by))?;
        let clip = moved(ready.decision().clip, handle, value, ready.format());
        Ok(vec![(target.clone(), ready.decision().with_clip(clip))])
    });
    all.take_or_warn(model, if by > 0 { "next method's clip" } else { "previous method's clip" });
}

fn one_range(ready: &Ready) -> Result<&Ready, String> {
    match ready.axis() {
        None => Ok(ready),
        Some(_) => Err("each of its channels has a range of its own".into()),
    }
}

/// Each clip back to what its own method proposes.
pub(super) fn method_value(model: &mut Model) {
    let all = All::of(model, |model, target| {
        let method = ready(model, target)?.decision().method.clone();
        let decided = channels::decisions(model, target, |ready| of_method(ready, &method));
        if decided.is_empty() { Err(format!("{method} has no value there")) } else { Ok(decided) }
    });
    all.take_or_warn(model, "back to the method");
}

/// Leaves all in float where one of them is quantized, else quantizes them.
pub(super) fn toggle(model: &mut Model) {
    let on = |target: &Target| model.session.ready(target).is_some_and(|ready| ready.decision().quantized);
    let quantized = !targets(model).iter().any(on);
    let all = All::of(model, |model, target| {
        Ok(channels::decisions(model, target, |ready| Some(ready.decision().with_quantized(quantized))))
    });
    all.take_or_warn(model, if quantized { "quantize" } else { "leave in float" });
}

/// A typed clip: a share of each layer's own amax at once; one number only where it was said that it is for all of them.
/// Returns whether it was taken.
pub(super) fn clip(model: &mut Model, text: &str, sure: bool) -> Result<bool, String> {
    let typed = Typed::parse(text)?;
    let label = match typed {
        // As it was typed: 50 %, not 50.0 %.
        Typed::Share(share) => format!("clip {} % of amax", (share * 1e6).round() / 1e4),
        Typed::Value(value) => format!("clip {value}"),
    };
    let handle = model.plot.handle;
    let all = All::of(model, |model, target| {
        let ready = one_range(ready(model, target)?)?;
        Ok(vec![(target.clone(), ready.decision().with_clip(typed.clip(ready, handle)?))])
    });
    if let (Typed::Value(value), false) = (typed, sure || all.ranges < 2) {
        let amax =
            targets(model).iter().filter_map(|t| Some(model.session.ready(t)?.stats().amax())).collect::<Vec<_>>();
        let (least, most) = amax.iter().fold((f32::INFINITY, 0.0f32), |(a, b), x| (a.min(*x), b.max(*x)));
        let [least, most] = [least, most].map(|x| number::significant(f64::from(x), 3));
        model.say(format!(
            "{value} for {} whose amax is {least} to {most}? Enter again sets it; 50% is a share of each",
            number::of(all.ranges as u64, "layer")
        ));
        return Ok(false);
    }
    all.take(model, &label).map(|()| true)
}

/// Another format: words that change each layer's own.
pub(super) fn format(model: &mut Model, words: &str) -> Result<(), String> {
    // What is no format at all is none for any of them.
    model.format().changed_by(words)?;
    let (mut replaced, mut formats) = (0, Vec::new());
    let all = All::of(model, |model, target| {
        let before = ready(model, target)?;
        let (format, method) = (before.format().changed_by(words)?, before.decision().method.clone());
        let key = match target {
            Target::Tensor(key) | Target::Channel { of: key, .. } => key.clone(),
            Target::Tie(of) => of.first().ok_or("it is not read")?.clone(),
        };
        let decided = model.session.in_format(&key, format);
        replaced += usize::from(decided.first().is_some_and(|(_, decision)| decision.method != method));
        if !formats.contains(&format) {
            formats.push(format);
        }
        Ok(decided)
    });
    let label = match formats.as_slice() {
        [one] => one.to_string(),
        _ => format!("format {}", words.trim()),
    };
    all.take(model, &label)?;
    if kl::undefined_on(model.format()).is_some() && model.plot.curve == CurveKind::Kl {
        model.plot.curve = CurveKind::Mse;
    }
    model.plot.zoom = None;
    if replaced > 0
        && let Some(notice) = &mut model.notice
    {
        notice.text += &format!("; of {replaced} the method is not defined there, and another chooses");
    }
    Ok(())
}

/// A typed axis: at once where all channels are there, else as one step when the last of them are read.
pub(super) fn axis(model: &mut Model, text: &str, cmds: &mut Vec<Cmd>) -> Result<(), String> {
    let text = text.trim();
    if matches!(text, "" | "none") {
        let all = All::of(model, |model, target| match target {
            Target::Tensor(key) => Ok(model.session.split_decisions(key, None)),
            _ => Err("it shares its range".into()),
        });
        return all.take(model, "per tensor");
    }
    let axis: i64 = text.parse().map_err(|_| format!("\"{text}\" is no axis; one is a whole number such as 1"))?;
    let mut gathering = Gathering { axis, there: Vec::new(), waiting: VecDeque::new(), refused: Vec::new() };
    for target in targets(model) {
        let why = match (&target, model.session.ready(&target)) {
            (_, None) => "it is not read",
            (Target::Tensor(key), Some(_)) => match along(model, key, axis) {
                Ok(Some(at)) if is_there(model, key, at) => {
                    gathering.there.push((key.clone(), at));
                    continue;
                }
                Ok(_) => {
                    gathering.waiting.push_back(key.clone());
                    continue;
                }
                Err(why) => {
                    gathering.refused.push((name_of(&target), why));
                    continue;
                }
            },
            (Target::Tie(_) | Target::Channel { .. }, Some(_)) => "it shares its range",
        };
        gathering.refused.push((name_of(&target), why.to_owned()));
    }
    if gathering.there.is_empty() && gathering.waiting.is_empty() {
        return Err(refusals(&gathering.refused));
    }
    model.channel.gathering = Some(gathering);
    gather(model, cmds);
    Ok(())
}

/// The axis from the front, where the shape is known.
fn along(model: &Model, key: &Key, axis: i64) -> Result<Option<usize>, String> {
    let shape = model.session.layer(key).and_then(|layer| layer.origin.shape.as_ref());
    let Some(axes) = shape.map(|shape| shape.len() as i64) else { return Ok(usize::try_from(axis).ok()) };
    let from_front = if axis < 0 { axis + axes } else { axis };
    if (0..axes).contains(&from_front) { Ok(Some(from_front as usize)) } else { Err(format!("it has {axes} axes")) }
}

fn is_there(model: &Model, key: &Key, axis: usize) -> bool {
    model.session.layer(key).is_some_and(|layer| layer.is_split_along(axis))
}

/// Asks for the next layer's channels; once all are there, puts them in their tensors' places as one step.
fn gather(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let Some(gathering) = &model.channel.gathering else { return };
    let (axis, waiting) = (gathering.axis, gathering.waiting.len());
    if let Some(key) = gathering.waiting.front().cloned() {
        let decision = model.session.layer(&key).and_then(|layer| layer.decision());
        let start: Option<Start> = decision.map(|decision| channels::begins_as(model, decision, Some(axis)));
        if let Some(start) = start {
            model.say(format!("reading the channels of {} along axis {axis}…", number::of(waiting as u64, "layer")));
            cmds.push(Cmd::Request(Request::Channels { key, start }));
        }
        return;
    }
    let Some(gathering) = model.channel.gathering.take() else { return };
    let mut all = All { refused: gathering.refused, ..All::default() };
    for (key, axis) in gathering.there {
        let decided = model.session.split_decisions(&key, Some(axis));
        // Something may have been decided for it since it was asked for.
        if decided.is_empty() {
            all.refused.push((visible(key.name()), "it shares its range".into()));
        } else {
            all.ranges += 1;
            all.decided.extend(decided);
        }
    }
    all.take_or_warn(model, &format!("per channel along axis {axis}"));
    channels::show(model);
}

/// Whether a tensor's channels are awaited for several layers together.
pub(super) fn gathers(model: &Model, key: &Key) -> bool {
    model.channel.gathering.as_ref().is_some_and(|gathering| gathering.waiting.front() == Some(key))
}

/// Channels came that were asked for along with those of others.
pub(super) fn gathered(model: &mut Model, key: Key, result: Result<Channels, Failure>, cmds: &mut Vec<Cmd>) {
    let layer = model.session.position(&key);
    model.loading.share.take_if(|(of, _)| Some(*of) == layer);
    let Some(gathering) = &mut model.channel.gathering else { return };
    gathering.waiting.pop_front();
    match result {
        Ok(channels) => {
            gathering.there.push((key.clone(), channels.axis));
            model.session.add_channels(&key, channels);
        }
        Err(why) => gathering.refused.push((visible(key.name()), visible(&why.message))),
    }
    gather(model, cmds);
}
