//! Going through lessons: a step begins, a question is answered, a goal is reached.

use std::sync::Arc;

use crossterm::event::KeyCode;

use crate::lessons::{Act, Expr, Play, Seen, Stage, Start, Value};
use crate::quant::Format;
use crate::session::{Decision, Target};

use super::super::command::{Command, by_id};
use super::super::key::Key;
use super::super::learn::{Best, Kept};
use super::super::line::Line;
use super::super::mode::{Ask, Mode};
use super::super::model::Model;
use super::super::msg::{Cmd, Opened};
use super::super::network::Network;
use super::super::page::Page;
use super::super::seen::{self, CURVES, PAGES};
use super::super::training::{Order, Trained};
use super::{clip, list, placement, run, settle, typed};
use crate::figure::{Handle, Rise};

const ENTER: Key = Key::code(KeyCode::Enter);

/// Whether Enter goes on in the lesson: not where it opens something on the screen. A channel it opens while there is
/// something to do; else the lesson says that Enter goes on.
pub(super) fn goes_on(model: &Model) -> bool {
    let Some(play) = model.learn.as_ref().and_then(|learn| learn.playing()) else { return false };
    let opens = model.on_strip() && play.stage() == Stage::Do;
    !opens && !matches!(model.plot.page, Page::Changes | Page::Work | Page::Layers)
}

/// Asks what to do in the lesson; out of free play it goes back.
pub(super) fn ask(model: &mut Model) {
    let Some(learn) = &mut model.learn else { return };
    if std::mem::take(&mut learn.free) {
        put_back(model);
        return;
    }
    let at = learn.at;
    model.mode = if learn.play.is_some() { Mode::Lesson } else { Mode::Lessons { at } };
}

/// Whether a key in an answer that is still empty asks what to do in the lesson: one that no answer begins with.
pub(super) fn asked_in_answer(model: &Model, key: Key) -> bool {
    let Mode::Prompt { ask: Ask::Answer, line } = &model.mode else { return false };
    let begins = |c: char| c.is_alphanumeric() || c.is_whitespace() || "+-.".contains(c);
    line.text().is_empty() && model.keys.bound(key) == Some(Command::Lesson) && !key.typed().is_some_and(begins)
}

/// A key of the lesson's own, or in the list of lessons.
pub(super) fn key(model: &mut Model, key: Key, cmds: &mut Vec<Cmd>) {
    match model.mode {
        Mode::Lessons { at } => choose(model, key, at, cmds),
        _ => {
            model.mode = Mode::Normal;
            model.notice = None;
            if key == ENTER {
                go_on(model, cmds);
                return;
            }
            match key.typed() {
                Some('h') => hint(model),
                Some('s') => show(model, cmds),
                Some('b') => back(model, cmds),
                Some('r') => reset(model),
                Some('f') => free(model),
                Some('l') => model.mode = Mode::Lessons { at: model.learn.as_ref().map_or(0, |learn| learn.at) },
                Some('q') => cmds.push(Cmd::Quit),
                _ => {}
            }
        }
    }
}

/// A key in the list of lessons.
fn choose(model: &mut Model, key: Key, at: usize, cmds: &mut Vec<Cmd>) {
    let Some(learn) = &mut model.learn else { return };
    let last = learn.course.len().saturating_sub(1);
    let bound = model.keys.bound(key);
    let to = match bound {
        Some(Command::Select(by)) => at.saturating_add_signed(isize::from(by)).min(last),
        Some(Command::First) => 0,
        Some(Command::Last) => last,
        Some(Command::Quit) => return cmds.push(Cmd::Quit),
        _ => at,
    };
    let digit = key.typed().and_then(|c| c.to_digit(10)).map(|n| if n == 0 { 9 } else { n as usize - 1 });
    let chosen = digit.filter(|at| *at <= last).or((key == ENTER).then_some(at));
    let Some(chosen) = chosen else {
        model.mode = Mode::Lessons { at: to };
        return;
    };
    match &learn.course[chosen].lesson {
        // It is behind the list.
        Ok(_) if chosen == learn.at && learn.play.as_ref().is_some_and(|play| !play.ended()) => {
            model.mode = Mode::Normal;
            ask_again(model);
        }
        Ok(_) => open(model, chosen, cmds),
        Err(why) => {
            let why = why.clone();
            model.mode = Mode::Lessons { at: chosen };
            model.warn(why);
        }
    }
}

/// Opens a lesson: its data are to be brought.
pub(super) fn open(model: &mut Model, lesson: usize, cmds: &mut Vec<Cmd>) {
    if let Some(learn) = &mut model.learn {
        (learn.at, learn.play) = (lesson, None);
        model.mode = Mode::Normal;
        cmds.push(Cmd::Lesson { at: lesson, own: false });
    }
}

/// A lesson's data are on their way: the screen begins anew.
pub(super) fn opened(model: &mut Model, opened: Opened) {
    let Opened { lesson, own, session, title, network, into_network } = opened;
    let fresh = Model::new(session, title, model.look, model.size);
    let old = std::mem::replace(model, fresh);
    let Model { keys, mouse, learn, mode, notice, lang, .. } = old;
    (model.keys, model.mouse, model.learn, model.notice, model.lang) = (keys, mouse, learn, notice, lang);
    model.into_network = into_network;
    model.network = network.then(Network::default);
    // Where the list of lessons stands over it, it stays.
    model.mode = if matches!(mode, Mode::Lessons { .. }) { mode } else { Mode::Normal };
    match &mut model.learn {
        Some(learn) if learn.at == lesson && learn.play.is_some() => learn.go_over(own),
        Some(learn) => learn.begin(lesson),
        None => {}
    }
}

pub(super) fn not_opened(model: &mut Model, why: String) {
    // The step before is about the network that still stands.
    if let Some(learn) = &mut model.learn
        && let Some(play) = learn.play.as_mut().filter(|_| learn.opening)
    {
        learn.opening = false;
        if play.go(false) {
            return model.warn(why);
        }
    }
    model.mode = Mode::Lessons { at: model.learn.as_ref().map_or(0, |learn| learn.at) };
    model.warn(why);
}

/// After whatever has happened: a step that waits for its layer begins, and its goal is looked at.
pub(super) fn follow(model: &mut Model, cmds: &mut Vec<Cmd>) {
    if model.learn.as_ref().is_none_or(|learn| learn.playing().is_none()) {
        return;
    }
    begin(model, cmds);
    measure_best(model);
    // What is seen is worked out only where there is a goal: it waits for it, or remembers where it last held.
    let waits = |play: &Play| play.begun() && play.stage() != Stage::Ask && play.step().goal.is_some();
    if !model.learn.as_ref().and_then(|learn| learn.playing()).is_some_and(waits) {
        return;
    }
    let seen = seen::seen(model);
    let Some(learn) = &mut model.learn else { return };
    let reached = learn.play.as_mut().is_some_and(|play| play.look(&seen));
    if reached {
        learn.scroll = None;
        arrive(model, cmds);
    }
}

/// The step is done: that is kept, and a lesson's last one ends it.
fn arrive(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let Some(learn) = &mut model.learn else { return };
    let Some(play) = learn.play.as_ref().filter(|play| play.stage() == Stage::Done) else { return };
    let (at, of) = play.place();
    let id = play.lesson().id.clone();
    if at + 1 == of {
        learn.progress.finish(&id);
        cmds.push(Cmd::Keep(learn.progress.text()));
    } else if learn.progress.reach(&id, at + 1) {
        cmds.push(Cmd::Keep(learn.progress.text()));
    }
}

/// The least error of the layer at hand, once for each layer and format.
fn measure_best(model: &mut Model) {
    let of = model.selected_ready().map(|ready| (Arc::as_ptr(ready.histogram()) as usize, ready.format()));
    let known: Option<Best> = model.learn.as_ref().and_then(|learn| learn.best);
    if known.map(|best| best.of) == of {
        return;
    }
    let best = of.zip(model.figure()).and_then(|(of, figure)| seen::best(&figure.tensor, of));
    if let Some(learn) = &mut model.learn {
        learn.best = best;
    }
}

/// Whether the network that a step is about is looked at; else it is asked for.
fn on_its_network(model: &mut Model, cmds: &mut Vec<Cmd>) -> bool {
    let Some(learn) = &mut model.learn else { return false };
    let own = learn.wants_own();
    if own == learn.on_own {
        return true;
    }
    if !std::mem::replace(&mut learn.opening, true) {
        cmds.push(Cmd::Lesson { at: learn.at, own });
    }
    false
}

/// A step begins, once the layer that it is about is read.
fn begin(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let Some(play) = model.learn.as_ref().and_then(|learn| learn.playing()).filter(|play| !play.begun()) else {
        return;
    };
    let step = play.step();
    let (start, own) = (step.start.clone(), step.own.is_some());
    if !on_its_network(model, cmds) {
        return;
    }
    let Some(play) = model.learn.as_ref().and_then(|learn| learn.playing()) else { return };
    let made: Vec<String> = play.lesson().data.iter().map(|made| made.name.clone()).collect();
    let layers = model.session.layers();
    let wanted = match &start.layer {
        Some(name) => layers.iter().position(|layer| layer.name() == name),
        None if own => layers.iter().position(|layer| !made.iter().any(|name| name == layer.name())),
        None => Some(model.list.selected),
    };
    // Everything of a network must be there: its steps speak of all of it.
    let all = model.network.is_none() || model.loading.finished;
    let Some(layer) = wanted.filter(|_| all) else { return };
    if layer != model.list.selected {
        list::select(model, layer, cmds);
    }
    if model.selected_ready().is_none() {
        return;
    }
    stand(model, &start);
    settle(model);
    if let Some(learn) = &mut model.learn {
        learn.showing = true;
    }
    start.run.iter().for_each(|act| do_it(model, act, cmds));
    settle(model);
    let kept = keep(model);
    model.notice = None;
    let Some(learn) = &mut model.learn else { return };
    learn.showing = false;
    learn.kept = Some(kept);
    learn.scroll = None;
    if let Some(play) = &mut learn.play {
        play.begin();
    }
    // A step that only tells something is done as soon as it is read: not behind the list of lessons.
    if !matches!(model.mode, Mode::Lessons { .. }) {
        arrive(model, cmds);
    }
    if matches!(model.mode, Mode::Normal) {
        ask_again(model);
    }
}

/// Opens the prompt for an answer, where one is waited for.
fn ask_again(model: &mut Model) {
    let play = model.learn.as_ref().and_then(|learn| learn.playing()).filter(|play| play.begun());
    if let Some(play) = play.filter(|play| play.stage() == Stage::Ask) {
        model.mode = Mode::Prompt { ask: Ask::Answer, line: Line::new(play.draft()) };
    }
}

/// Keeps what was typed of an answer: who has looked around finds it again.
pub(super) fn keep_draft(model: &mut Model) {
    if let Mode::Prompt { ask: Ask::Answer, line } = &model.mode
        && let Some(play) = model.learn.as_mut().and_then(|learn| learn.play.as_mut())
    {
        play.keep_draft(line.text());
    }
}

/// The instrument stands as a step wants it.
fn stand(model: &mut Model, start: &Start) {
    // What a hand has chosen beside it stays.
    if let Some(placement) = start.placement.as_deref().filter(|wanted| model.session.placement() != Some(*wanted)) {
        let decisions = placement::decisions(model, placement);
        model.session.apply("lesson", decisions);
    }
    let Some(at) = model.at() else { return };
    if let Some(format) = start.format.as_deref().and_then(|words| Format::named(words).ok())
        && let Some(key) = at.tensor()
    {
        let decisions = model.session.in_format(&key.clone(), format);
        model.session.apply("lesson", decisions);
    }
    let wanted = |model: &Model| -> Option<Decision> {
        let ready = model.selected_ready()?;
        let decision = match &start.method {
            Some(method) => clip::of_method(ready, method)?,
            None => ready.decision().clone(),
        };
        Some(match start.clip {
            Some(amax) => decision.with_clip(seen::clip_of(ready, amax as f32)),
            None => decision,
        })
    };
    if let Some(decision) = wanted(model) {
        model.session.apply("lesson", vec![(at, decision)]);
    }
    let plot = &mut model.plot;
    let named = |name: &Option<String>| PAGES.iter().find(|(page, _)| Some(*page) == name.as_deref());
    if let Some((_, page)) = named(&start.page) {
        plot.page = *page;
    }
    if let Some((_, curve)) = CURVES.iter().find(|(curve, _)| Some(*curve) == start.curve.as_deref()) {
        plot.curve = *curve;
    }
    if let Some(log) = start.log {
        plot.rise = if log { Rise::Log } else { Rise::Linear };
    }
    plot.signed = start.signed.unwrap_or(plot.signed);
    plot.fake_quant = start.fake_quant.unwrap_or(plot.fake_quant);
    (plot.inspect, plot.drops, plot.bin) = (start.inspect, 0, None);
    (plot.zoom, plot.handle) = (None, Handle::Max);
    model.list.resort();
}

fn keep(model: &Model) -> Kept {
    let decided = |target: Target| {
        let decision = model.session.ready(&target)?.decision().clone();
        Some((target, decision))
    };
    let targets = model.session.layers().iter().map(|layer| model.session.target_of(&layer.key));
    Kept { decisions: targets.filter_map(decided).collect(), selected: model.list.selected, plot: model.plot.clone() }
}

/// The instrument stands as it stood when the step began.
fn put_back(model: &mut Model) {
    let Some(kept) = model.learn.as_mut().and_then(|learn| learn.kept.take()) else { return };
    model.mode = Mode::Normal;
    model.session.apply("lesson", kept.decisions.clone());
    model.list.selected = kept.selected;
    model.channel = Default::default();
    model.plot = kept.plot.clone();
    model.list.resort();
    if let Some(learn) = &mut model.learn {
        learn.kept = Some(kept);
    }
    ask_again(model);
}

/// On with the lesson: the question, the next step, or why not yet.
pub(super) fn go_on(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let Some(learn) = &mut model.learn else { return };
    let Some(play) = learn.play.as_mut().filter(|play| play.begun()) else { return };
    match play.stage() {
        Stage::Ask => ask_again(model),
        Stage::Do => {
            let text = learn.say(
                "not there yet: press {lesson} and then h for a hint, s to be shown",
                "还没到：按 {lesson} 再按 h 给提示，按 s 看演示",
            );
            let text = model.keys.told(text);
            model.say(text);
        }
        Stage::Done if play.go(true) => turn_to(model, cmds),
        Stage::Done => {
            let at = learn.at;
            // What comes next is under the cursor.
            let next = (at + 1).min(learn.course.len().saturating_sub(1));
            model.mode = Mode::Lessons { at: next };
        }
    }
}

fn turn_to(model: &mut Model, cmds: &mut Vec<Cmd>) {
    model.mode = Mode::Normal;
    model.notice = None;
    if let Some(learn) = &mut model.learn {
        learn.scroll = None;
    }
    begin(model, cmds);
}

fn back(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let went = model.learn.as_mut().and_then(|learn| learn.play.as_mut()).is_some_and(|play| play.go(false));
    if went {
        turn_to(model, cmds);
    } else if let Some(learn) = &model.learn {
        let text = learn.say("this is the first step", "这是第一步").to_owned();
        model.say(text);
    }
}

/// The step begins anew.
fn reset(model: &mut Model) {
    if let Some(play) = model.learn.as_mut().and_then(|learn| learn.play.as_mut()) {
        play.reset();
        play.begin();
    }
    put_back(model);
}

fn free(model: &mut Model) {
    let Some(learn) = &mut model.learn else { return };
    learn.free = true;
    let text = learn.say(
        "free play: everything may be tried; {lesson} goes back to the lesson",
        "自由试用：什么都可以试；{lesson} 回到课程",
    );
    let text = model.keys.told(text);
    model.say(text);
}

fn hint(model: &mut Model) {
    let Some(learn) = &mut model.learn else { return };
    let Some(play) = &mut learn.play else { return };
    if play.hint() {
        learn.scroll = None;
    } else {
        let text = learn.say("no hint is needed here", "这一步不需要提示").to_owned();
        model.say(text);
    }
    ask_again(model);
}

/// Does what the step asks for.
fn show(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let Some(learn) = &mut model.learn else { return };
    let Some(stage) = learn.play.as_ref().map(Play::stage) else { return };
    // What must be right and is not found is typed; Enter is left to the learner.
    if let Some(play) = learn.play.as_mut().filter(|play| play.tells()) {
        play.show();
        let seen = seen::seen(model);
        let truth = model.learn.as_ref().and_then(|learn| learn.play.as_ref()?.truth(&seen)).unwrap_or_default();
        model.mode = Mode::prompt(Ask::Answer, &truth);
        return;
    }
    let must = learn.play.as_ref().and_then(|play| play.step().ask.as_ref()).is_some_and(|ask| ask.must);
    let text = match stage {
        Stage::Ask if must => {
            Some(learn.say("try it first: after two tries it is shown", "先自己试试：试过两次就可以看答案"))
        }
        Stage::Ask => Some(learn.say("say what you expect first: any answer counts", "先说说你的预测：答什么都算")),
        Stage::Done => Some(learn.say("it is done already", "已经做到了")),
        Stage::Do => None,
    };
    if let Some(text) = text.map(str::to_owned) {
        model.say(text);
        return ask_again(model);
    }
    let Some(play) = &mut learn.play else { return };
    let acts = play.step().show.clone();
    play.show();
    learn.showing = true;
    for act in &acts {
        do_it(model, act, cmds);
    }
    // A file that is being written is told of in its prompt.
    if !matches!(model.mode, Mode::Prompt { ask: Ask::Export { .. }, .. }) {
        model.mode = Mode::Normal;
    }
    if let Some(learn) = &mut model.learn {
        learn.showing = false;
    }
}

/// Does what a hand would do.
pub(super) fn do_it(model: &mut Model, act: &Act, cmds: &mut Vec<Cmd>) {
    match act {
        Act::Command(id, times) => {
            if let Some(entry) = by_id(id) {
                for _ in 0..*times {
                    run(model, entry.command, cmds);
                    settle(model);
                }
            }
        }
        Act::Type(text) => {
            let seen = seen::seen(model);
            let text = exactly(text, &seen);
            if matches!(model.mode, Mode::Prompt { .. }) {
                // In place of what is proposed.
                typed(model, Key::ctrl('u'), cmds);
            }
            text.chars().for_each(|c| typed(model, Key::char(c), cmds));
            typed(model, ENTER, cmds);
            settle(model);
        }
    }
}

/// A text with `{=...}` worked out to the digits that a prompt reads.
fn exactly(text: &str, seen: &Seen) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{=") {
        let Some((expr, behind)) = behind.split_once('}') else { break };
        out.push_str(before);
        let value = Expr::read(expr).map(|expr| expr.value(seen));
        out += &match value {
            Ok(Value::Number(number)) => (number as f32).to_string(),
            Ok(Value::Text(text)) => text,
            _ => String::new(),
        };
        rest = behind;
    }
    out + rest
}

/// Takes an answer. The error is a sentence; the prompt stays.
pub(super) fn answered(model: &mut Model, text: &str, cmds: &mut Vec<Cmd>) -> Result<(), String> {
    let seen = seen::seen(model);
    let Some(learn) = &mut model.learn else { return Ok(()) };
    let lang = learn.lang;
    let Some(play) = &mut learn.play else { return Ok(()) };
    play.answer(text, &seen, lang).map_err(|why| model.keys.told(&why))?;
    learn.scroll = None;
    arrive(model, cmds);
    Ok(())
}

/// Trains what was typed. The error is a sentence; the prompt stays.
pub(super) fn train(model: &mut Model, text: &str, cmds: &mut Vec<Cmd>) -> Result<(), String> {
    let order = Order::of(text)?;
    if let Some(training) = model.learn.as_mut().and_then(|learn| learn.training.as_mut()) {
        let nth = training.begin(order.clone());
        cmds.push(Cmd::Train(order, nth));
    }
    Ok(())
}

pub(super) fn trained(model: &mut Model, nth: usize, told: Trained) {
    let Some(training) = model.learn.as_mut().and_then(|learn| learn.training.as_mut()) else { return };
    if training.nth != nth {
        return;
    }
    let refused = if let Trained::Refused(why) = &told { Some(why.clone()) } else { None };
    training.hear(told);
    if let Some(why) = refused {
        model.warn(why);
    }
}

/// Whether page keys turn the lesson's text.
pub(super) fn turns(model: &Model) -> bool {
    model.learn.as_ref().is_some_and(|learn| learn.playing().is_some())
        && !matches!(model.plot.page, Page::Changes | Page::Work | Page::Layers | Page::Compare)
}

pub(super) fn turn(model: &mut Model, by: i16) {
    if let Some(learn) = &mut model.learn {
        let at = learn.scroll.unwrap_or(0);
        learn.scroll = Some(at.saturating_add_signed(4 * isize::from(by)));
    }
}
