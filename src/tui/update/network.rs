//! The network on trial: what is asked of it after each change, what takes long, and what is made of the answers.

use std::collections::BTreeMap;

use crate::calibrate::kl;
use crate::figure::CurveKind;
use crate::jobs::{
    BiasSet, BudgetPoint, How, Jittered, News, Params, Request, Trial, Tried, Tune, TuneLayer, TuneStep, Tuned,
    UNCHANGED,
};
use crate::quant::{Decibels, Grids, OutputEffect};
use crate::report::{self, MovedBias, MovedBiases, number, visible};
use crate::session::{Failure, Key, Target};

use super::super::command::Command;
use super::super::list::Sort;
use super::super::mode::{Ask, Mode};
use super::super::model::Model;
use super::super::msg::Cmd;
use super::super::network::{Answer, Work};
use super::{channels, hand};

/// What takes so many seconds says so before it begins.
const LONG: u64 = 10;

/// Asks what the present decisions do to the outputs, where that was not asked yet: of the layer at hand at once, also
/// while its clip is in the hand; of everything when it is let go.
pub(super) fn ask(model: &mut Model, cmds: &mut Vec<Cmd>) {
    if !model.network_is_ready() {
        return;
    }
    let Some(network) = &mut model.network else { return };
    let mut ask = |trial| cmds.push(Cmd::Request(Request::Trial(trial)));
    let selected = model.session.layers().get(model.list.selected).filter(|layer| layer.failure().is_none());
    if let Some(key) = selected.map(|layer| layer.key.clone()) {
        let params = model.session.params_of(&key);
        if network.alone.ask((key.clone(), params.clone())) && !params.is_empty() {
            ask(Trial::Alone { key, params });
        }
    }
    if !matches!(model.mode, Mode::Drag { .. }) {
        let params = model.session.params();
        if network.whole.ask(params.clone()) {
            ask(Trial::Whole(params));
        }
    }
}

fn chosen(model: &Model) -> Params {
    model.session.params()
}

fn name(model: &Model, key: &Key) -> String {
    debug_assert!(model.session.position(key).is_some(), "news is about layers that are there");
    visible(key.name())
}

pub(super) fn sensitivity(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let params = chosen(model);
    if params.values().all(Grids::is_empty) {
        return model.warn("every layer is in float: there is nothing to measure");
    }
    let Some(network) = &mut model.network else { return };
    network.begin(Work::Sensitivity(params.clone()));
    model.say(model.keys.told("measuring what each layer does to the outputs; {stop} stops, and keeps what was found"));
    cmds.push(Cmd::Request(Request::Trial(Trial::Sensitivity(params))));
}

/// Asks how to search; what was said last is proposed.
pub(super) fn ask_how(model: &mut Model, all: bool) {
    let how = model.network.as_ref().map_or("", |network| &network.how);
    model.mode = Mode::prompt(Ask::Tune { all }, how);
}

/// Searches better clips as the words say: for the selected layer, or for all of them.
pub(super) fn tune(model: &mut Model, all: bool, text: &str, cmds: &mut Vec<Cmd>) -> Result<(), String> {
    let how: How = text.parse()?;
    // What the key was pressed for may be gone by now.
    if let Some(why) = model.unavailable(if all { Command::TuneAll } else { Command::Tune }) {
        return Err(why.to_owned());
    }
    let layers: Vec<TuneLayer> = if all {
        TuneLayer::all(&model.session)
    } else {
        model.selected().and_then(|l| TuneLayer::of(&model.session, &l.key)).into_iter().collect()
    };
    let what = match layers.as_slice() {
        [one] => name(model, &one.key),
        all => format!("{} layers", all.len()),
    };
    let params = chosen(model);
    let Some(network) = &mut model.network else { return Ok(()) };
    network.how = text.trim().to_owned();
    network.begin(Work::Tune { layers: layers.clone(), steps: Vec::new() });
    let stops = model.keys.told("{stop} stops");
    let by = if how.objective.is_out() { "network's outputs" } else { "next quantized tensors" };
    model.say(format!("searching better clips for {what}, by what the {by} lose; {stops}"));
    cmds.push(Cmd::Request(Request::Trial(Trial::Tune(Tune::new(params, layers).how(how)))));
    Ok(())
}

pub(super) fn ask_worst(model: &mut Model) {
    model.mode = Mode::prompt(Ask::Worst, "");
}

/// A typed number: so many of the most sensitive layers stay in float.
pub(super) fn worst(model: &mut Model, text: &str) -> Result<(), String> {
    let text = text.trim();
    let order = model.network.as_ref().map_or_else(Vec::new, |network| network.most_sensitive());
    let order: Vec<Key> = order.into_iter().cloned().collect();
    let n: usize = text.parse().map_err(|_| format!("\"{text}\" is no number of layers; type one such as 3"))?;
    if n == 0 || n > order.len() {
        return Err(format!("the sensitivity of {} is known: type 1 to {}", layers(order.len()), order.len()));
    }
    let float = |key: &Key| {
        let target = Target::Tensor(key.clone());
        channels::decisions(model, &target, |ready| Some(ready.decision().with_quantized(false)))
    };
    let decisions = order[..n].iter().flat_map(float).collect();
    let names: Vec<String> = order[..n].iter().take(3).map(|key| visible(key.name())).collect();
    let more = if n > 3 { format!(" and {} more", n - 3) } else { String::new() };
    model.session.apply(&format!("worst {n} in float"), decisions);
    let stay = if n == 1 { "stays" } else { "stay" };
    model.say(format!("{}{more} {stay} in float; u takes it back", names.join(", ")));
    model.list.resort();
    Ok(())
}

fn layers(n: usize) -> String {
    number::of(n as u64, "layer")
}

pub(super) fn news(model: &mut Model, news: News) {
    let Some(network) = &mut model.network else { return };
    let sentence = |why: Failure| visible(&why.to_string());
    match news {
        News::Alone { key, params, result, took } => {
            let result = result.map_err(sentence);
            network.alone.answer = Some(Answer { of: (key, params), result, check: None, took });
        }
        News::Whole { params, result, check, took } => {
            if let Ok(effects) = &result {
                network.shapes.clone_from(&effects.shapes);
            }
            let result = result.map(|effects| effects.all).map_err(sentence);
            network.whole.ended(&params);
            network.whole.answer = Some(Answer { of: params, result, check, took });
        }
        News::First { effects, took } => {
            network.first = Some(Answer { of: (), result: Ok(effects.all), check: None, took });
        }
        News::WholeSoFar { params, effects, took } => {
            network.shapes = effects.shapes;
            network.whole.answer = Some(Answer { of: params, result: Ok(effects.all), check: None, took });
        }
        News::WholeStopped { params } => network.whole.ended(&params),
        News::Begun(left) => {
            network.begun(left);
            let time = left.time.filter(|time| time.as_secs() >= LONG);
            if let (Some(time), Some(running)) = (time, &network.running) {
                let keys = model.keys.told("{stop} stops, and keeps what was found; {work} shows how far it is");
                let text = format!("{}: about {}; {keys}", running.work.title(), number::seconds(time));
                tell(model, text);
            }
        }
        News::Sensitivity(found, left) => {
            network.step(left);
            // The first one takes the place of those that were found before.
            if let Some(of) = network.running.as_ref().filter(|r| r.done == 1).and_then(|r| match &r.work {
                Work::Sensitivity(of) => Some(of.clone()),
                Work::Tune { .. } => None,
            }) {
                network.sensitivity.clear();
                network.sensitivity_of = Some(of);
                // The worst is what one wants to see, as long as the selection stays in view.
                (model.list.sort, model.list.top, model.list.follow) = (Sort::Sensitive, 0, true);
            }
            network.sensitivity.insert(found.key.clone(), found);
            model.list.stale |= model.list.sort == Sort::Sensitive;
        }
        News::SensitivityEnd(result) => {
            let running = network.running.take();
            let found = running.as_ref().map_or(0, |r| r.done);
            let stopped = running.is_some_and(|r| r.stopping && r.left.is_none_or(|l| l.steps > 0));
            match (result, network.most_sensitive().first().filter(|_| found > 0)) {
                (Err(why), _) => tell(model, format!("sensitivity: {}", sentence(why))),
                (Ok(()), None) => tell(model, "stopped before the first layer was measured".into()),
                (Ok(()), Some(&first)) => {
                    let worst = network.sensitivity[first].alone;
                    let name = visible(first.name());
                    let cut =
                        worst.cut_from().map_or(String::new(), |of| format!(" on {} of {of} samples", worst.samples));
                    let how = if stopped { "stopped: sensitivity of" } else { "sensitivity of" };
                    let text = format!(
                        "{how} {}; {name} costs the outputs most ({} alone{cut}); {}",
                        layers(found),
                        brief(&worst),
                        model.keys.told("{float-worst} leaves the worst in float")
                    );
                    tell(model, text);
                }
            }
        }
        News::Step(step, left) => {
            network.step(left);
            if let Some(Work::Tune { steps, .. }) = network.running.as_mut().map(|r| &mut r.work) {
                steps.push(step.clone());
            }
            // How far it is stands in the header: only what was found is said.
            if step.after > step.before && matches!(model.mode, Mode::Normal) {
                let text = step_in_words(model, &step);
                model.say(text);
            }
        }
        // Taken in elsewhere: nobody has asked for them.
        News::Method(..) | News::MethodsEnd { .. } => {}
        News::Tuned(result) => {
            let running = network.running.take();
            let Some(Work::Tune { layers, steps }) = running.map(|r| r.work) else { return };
            // What was decided before something failed is kept too.
            let (changed, kept) = apply(model, &layers, &steps);
            let biases = result.as_ref().ok().and_then(|tuned| tuned.as_ref()?.bias.as_ref());
            let biases = biases.filter(|set| set.taken && kept == 0).map(|set| (chosen(model), moved(set)));
            if let Some(network) = &mut model.network {
                network.biases = biases;
            }
            let text = match result {
                Ok(Some(tuned)) => tuned_in_words(model, &layers, &tuned, changed, kept),
                Ok(None) => "stopped before a layer was tuned".to_owned(),
                Err(why) => format!("tuning: {}", sentence(why)),
            };
            tell(model, text);
        }
    }
}

/// Says it now, or when nothing is typed any more.
fn tell(model: &mut Model, text: String) {
    if matches!(model.mode, Mode::Normal | Mode::Drag { .. } | Mode::Pan { .. }) {
        model.say(text);
    } else if let Some(network) = &mut model.network {
        network.unsaid = Some(text);
    }
}

/// Says what nobody has asked for, when nothing else is said: it replaces no answer.
pub(super) fn mention(model: &mut Model, text: String) {
    if let Some(network) = &mut model.network {
        network.unsaid.get_or_insert(text);
    }
}

/// What could not be said before.
pub(super) fn say_late(model: &mut Model) {
    if matches!(model.mode, Mode::Normal)
        && model.notice.is_none()
        && let Some(text) = model.network.as_mut().and_then(|n| n.unsaid.take())
    {
        model.say(text);
    }
}

/// `conv1: alone 31.20 → 31.85 dB, clip 2.31, uint8 affine`, with where that is if it is not at the outputs.
fn step_in_words(model: &Model, step: &TuneStep) -> String {
    let name = name(model, &step.key);
    let four = |x: f32| number::significant(f64::from(x), 3);
    let chosen = match step.chosen {
        None => "in float".to_owned(),
        Some(Tried { clip, format }) if format.symmetric() => format!("clip {}, {format}", four(clip.amax())),
        Some(Tried { clip, format }) => format!("clip {} to {}, {format}", four(clip.min()), four(clip.max())),
    };
    let alone = match step.by {
        "next" => "alone at the next tensors ",
        "out" | "next+out" => "alone ",
        _ => "",
    };
    let on =
        if step.samples < step.of { format!(" on {} of {} samples", step.samples, step.of) } else { String::new() };
    format!("{name}: {alone}{} → {} dB{on}, {chosen}", db(step.before), db(step.after))
}

/// `31.2 dB`, or the share of what is the same where the outputs are no floats; a dash where nothing was compared.
pub(super) fn brief(effect: &OutputEffect) -> String {
    match (effect.sqnr_db, effect.agreement) {
        (Some(db), _) => format!("{} dB", number::decibels(db.get())),
        (None, Some(share)) => format!("{} the same", number::percent(share)),
        (None, None) => "–".into(),
    }
}

/// The same with one more digit.
fn exact(effect: &OutputEffect) -> String {
    effect.sqnr_db.map_or_else(|| brief(effect), |x| format!("{} dB", db(x)))
}

/// ` ± 0.4` where the last digits of the scales move a figure by so many dB.
fn spread(figure: &Jittered) -> String {
    if figure.spread_db < 0.05 { String::new() } else { format!(" ± {:.1}", figure.spread_db) }
}

/// What stands before the arrow; the unit comes behind it.
fn start(before: &OutputEffect, after: &OutputEffect) -> String {
    match (before.sqnr_db, after.sqnr_db) {
        (Some(x), Some(_)) => db(x),
        _ => exact(before),
    }
}

fn db(x: Decibels) -> String {
    let x = x.get();
    if x.is_finite() { format!("{x:.2}") } else { number::decibels(x) }
}

/// Takes over what was decided, as one step that can be undone: how many layers changed, and how many were left as they
/// are because somebody has chosen something else for them meanwhile.
fn apply<'l>(model: &mut Model, layers: &'l [TuneLayer], steps: &[TuneStep]) -> (usize, usize) {
    // A layer that is gone over twice ends with its last decision.
    let decided: BTreeMap<&Key, &TuneStep> = steps.iter().map(|s| (&s.key, s)).collect();
    let better = layers.iter().filter_map(|l| Some((l, *decided.get(&l.key)?)));
    let better: Vec<(&TuneLayer, &TuneStep)> = better.filter(|(l, step)| step.chosen != Some(l.present)).collect();
    let selected = model.selected().map(|layer| layer.key.clone());
    let is_at_hand = |layer: &TuneLayer| layer.tensors().any(|key| Some(key) == selected.as_ref());
    if better.iter().any(|(l, _)| is_at_hand(l)) {
        // What is in the hand is about to be replaced.
        hand::put_back(model);
    }
    let decision = |(layer, step): (&'l TuneLayer, &TuneStep)| {
        let decision = model.session.layer(&layer.key)?.decision()?;
        let as_it_was = (decision.clip, decision.format) == (layer.present.clip, layer.present.format);
        let stands = as_it_was && decision.quantized && decision.axis.is_none();
        stands.then(|| (layer, (Target::Tensor(layer.key.clone()), step.applied(decision))))
    };
    let (changed, decisions): (Vec<&TuneLayer>, Vec<_>) = better.iter().copied().filter_map(decision).unzip();
    model.session.apply("tune", decisions);
    if changed.iter().any(|layer| is_at_hand(layer)) {
        (model.plot.zoom, model.plot.inspect) = (None, None);
        if kl::undefined_on(model.format()).is_some() && model.plot.curve == CurveKind::Kl {
            model.plot.curve = CurveKind::Mse;
        }
    }
    model.list.resort();
    (changed.len(), better.len() - changed.len())
}

/// What the search was worth, on the samples that it has seen and on those that it has not.
fn tuned_in_words(model: &Model, tried: &[TuneLayer], tuned: &Tuned, changed: usize, kept: usize) -> String {
    let what = match tried {
        [one] => name(model, &one.key),
        all => format!("{changed} of {}", layers(all.len())),
    };
    let stopped = if tuned.stopped { "stopped: " } else { "" };
    let biases = biases_in_words(tuned.bias.as_ref().filter(|_| kept == 0));
    let moved = tuned.bias.as_ref().is_some_and(|set| set.taken);
    if changed + kept == 0 && !moved {
        let stays = exact(&tuned.before.effect) + &spread(&tuned.before);
        let any = match tried {
            [_] => what,
            all => format!("any of {}", layers(all.len())),
        };
        return format!("{stopped}no better clip for {any} on unseen samples: the output stays at {stays}{biases}");
    }
    let on = |before: &Jittered, after: &Jittered, which: &str| {
        let (n, s) = (before.effect.samples, if before.effect.samples == 1 { "" } else { "s" });
        let of = before.effect.cut_from().map_or(String::new(), |of| format!(" of {of}"));
        let (start, end) = (start(&before.effect, &after.effect), exact(&after.effect));
        format!("{start} → {end}{} on {n}{of} {which} sample{s}", spread(after))
    };
    let Tuned { before, after, unseen, check, sets, taken, budget, widened, .. } = tuned;
    let mut text = format!("{stopped}{what} tuned: {}", on(before, after, "searched"));
    for (name, pair) in [("unseen", unseen), ("check", check)] {
        if let Some((before, after)) = pair {
            text += &format!(", {}", on(before, after, name));
        }
    }
    if let Some(set) = sets.get(*taken).filter(|set| set.by != UNCHANGED) {
        text += &format!(", by {}", set.by);
    }
    text += &wider_in_words(budget, *widened);
    text += &biases;
    if kept > 0 {
        text += &format!("; {} changed meanwhile and left so", layers(kept));
    }
    text + "; u takes it back"
}

/// `, 12 biases moved, which an export to .onnx writes`: what became of biases. Nothing where they were not to be moved.
fn biases_in_words(bias: Option<&BiasSet>) -> String {
    match bias {
        None => String::new(),
        Some(set) if set.taken => {
            let moved = number::with(set.moved.len() as u64, "bias", "biases");
            format!(", {moved} moved, which .onnx and .json hold")
        }
        Some(_) => ", moving biases gains nothing".to_owned(),
    }
}

/// The same for the document.
fn moved(set: &BiasSet) -> MovedBiases {
    MovedBiases {
        taken: set.taken,
        effect: (&set.judged.effect).into(),
        mean_db: report::figure(set.judged.mean_db),
        spread_db: report::figure(set.judged.spread_db),
        nodes: set.moved.iter().map(|of| MovedBias { node: of.node.clone(), add: of.by.clone() }).collect(),
    }
}

/// `, 2 in 16 bit and 1 in float`: what was taken of a budget. Nothing where there was none.
fn wider_in_words(budget: &[BudgetPoint], taken: usize) -> String {
    let Some(BudgetPoint { float, sixteen, .. }) = budget.get(taken).filter(|_| budget.len() > 1) else {
        return String::new();
    };
    match (sixteen, float) {
        (0, 0) => ", no wider format gains more than the noise".to_owned(),
        (n, 0) => format!(", {n} in 16 bit"),
        (0, n) => format!(", {n} in float"),
        (n, m) => format!(", {n} in 16 bit and {m} in float"),
    }
}
