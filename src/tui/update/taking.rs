//! Taking up what an earlier run has left: asked, and then step by step as what it rests on is there.

use crossterm::event::KeyCode;

use crate::jobs::Request;
use crate::report::number;
use crate::session::{Key as Id, Need, Received, Start, Step};

use super::super::key::Key;
use super::super::mode::Mode;
use super::super::model::Model;
use super::super::msg::Cmd;
use super::{channels, zoom};

/// Asks whether what an earlier run has left shall be taken up.
pub(super) fn offer(model: &mut Model) {
    if !model.taking.offered.is_empty() {
        model.mode = Mode::Offer;
    }
}

/// A key at the question.
pub(super) fn key(model: &mut Model, key: Key, cmds: &mut Vec<Cmd>) {
    if key == Key::code(KeyCode::Esc) || key == Key::ctrl('c') {
        model.mode = Mode::Normal;
        model.say(model.keys.told("kept for later; {take-up} asks again"));
    } else if key == Key::char('R') || key == Key::char('r') || key == Key::code(KeyCode::Enter) {
        model.mode = Mode::Normal;
        let offered = std::mem::take(&mut model.taking.offered);
        model.taking.taken = 0;
        model.taking.waiting.extend(offered);
        go_on(model, cmds);
        if !model.taking.waiting.is_empty() {
            model.say("taking them up as the layers are read…");
        }
    } else if key == Key::char('D') || key == Key::char('d') {
        let n = std::mem::take(&mut model.taking.offered).len();
        model.mode = Mode::Normal;
        model.say(format!("{} dropped", changes(n)));
    } else if key == Key::char('q') {
        cmds.push(Cmd::Quit);
    } else if let Some(command) = model.keys.bound(key) {
        // Whoever goes on without an answer keeps it for later.
        model.mode = Mode::Normal;
        super::run(model, command, cmds);
        if model.notice.is_none() && matches!(model.mode, Mode::Normal) {
            model.say(model.keys.told("kept for later; {take-up} asks again"));
        }
    }
}

/// `3 changes`.
pub(in super::super) fn changes(n: usize) -> String {
    number::of(n as u64, "change")
}

/// Takes the steps that can be taken by now, and asks for what the next one rests on.
pub(super) fn go_on(model: &mut Model, cmds: &mut Vec<Cmd>) {
    // Before the layers are known every step would seem to be about none of them, and be dropped.
    let known = model.loading.found || model.loading.finished;
    if model.taking.waiting.is_empty() || !known {
        return;
    }
    while let Some(step) = model.taking.waiting.front() {
        let mut needs = model.session.needs(step);
        needs.retain(|need| !model.taking.refused.contains(need));
        if model.loading.finished {
            // A layer that was not read by now will not be.
            needs.retain(|need| !matches!(need, Need::Layer(_)));
        }
        if needs.is_empty() {
            let Some(step) = model.taking.waiting.pop_front() else { break };
            model.session.end_run();
            model.taking.taken += usize::from(model.session.replay(&step) > 0);
            continue;
        }
        let Some(start) = start(model, step) else { break };
        for need in needs.into_iter().filter(|need| !matches!(need, Need::Layer(_))) {
            if !model.taking.asked.contains(&need) {
                cmds.push(Cmd::Request(request(&need, start.clone())));
                model.taking.asked.push(need);
            }
        }
        return;
    }
    let taken = std::mem::take(&mut model.taking.taken);
    model.taking.asked.clear();
    model.taking.refused.clear();
    (model.plot.zoom, model.plot.inspect) = (None, None);
    zoom::follow_clip(model);
    model.list.resort();
    model.say(format!("{} taken up; u takes the last one back", changes(taken)));
}

/// What was asked for on behalf of a step cannot come: the rest of it is taken.
pub(super) fn heard(model: &mut Model, need: &Need, received: &Received) {
    if matches!(received, Received::Refused(_)) && model.taking.asked.contains(need) {
        model.taking.refused.push(need.clone());
    }
}

/// The same for channels, whose axis is not known where they could not be read.
pub(super) fn channels_came(model: &mut Model, key: &Id, axis: Option<usize>, received: &Received) {
    let asked = model.taking.asked.iter().find(|need| match need {
        Need::Channels(of, along) => of == key && axis.is_none_or(|axis| axis == *along),
        Need::Layer(_) | Need::Tie(_) => false,
    });
    if let Some(need) = asked.cloned() {
        heard(model, &need, received);
    }
}

/// How what a step rests on begins: as the step has it.
fn start(model: &Model, step: &Step) -> Option<Start> {
    let decision = &step.edits.first()?.after;
    Some(channels::begins_as(model, decision, None))
}

fn request(need: &Need, start: Start) -> Request {
    match need {
        Need::Layer(key) => Request::Prefer(key.clone()),
        Need::Channels(key, axis) => {
            Request::Channels { key: key.clone(), start: Start { axis: Some(*axis as i64), ..start } }
        }
        Need::Tie(of) => Request::Tie { of: of.clone(), start },
    }
}
