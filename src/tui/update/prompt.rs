//! Texts that are typed: what Enter does with each, and a search in the help; and the question before leaving.

use std::path::{Path, PathBuf};

use crossterm::event::KeyCode;

use super::super::behind::Writing;
use super::super::command::Command;
use super::super::handed::Handed;
use super::super::key::Key;
use super::super::line::Line;
use super::super::mode::{Ask, Mode};
use super::super::model::Model;
use super::super::msg::{Cmd, Unwritten, Written};
use super::cancel::cancel;
use super::{channels, clip, copy, learn, list, many, methods, network, pictures, ties};
use crate::report::visible;

const ENTER: Key = Key::code(KeyCode::Enter);
const ESC: Key = Key::code(KeyCode::Esc);

pub(super) fn key(model: &mut Model, key: Key, cmds: &mut Vec<Cmd>) {
    // Ctrl-C never types: it leaves the prompt; at the question whether to leave it means it.
    if key == Key::ctrl('c') && matches!(model.mode, Mode::Quit) {
        return cmds.push(Cmd::Quit);
    }
    if key == ESC || key == Key::ctrl('c') {
        return cancel(model);
    }
    if learn::asked_in_answer(model, key) {
        model.mode = Mode::Lesson;
        return;
    }
    match &mut model.mode {
        Mode::Prompt { line, .. } => {
            if key == ENTER {
                match enter(model, cmds) {
                    Ok(Entered::Done) => model.mode = Mode::Normal,
                    Ok(Entered::Waits) => {}
                    Err(why) => model.warn(why),
                }
            } else {
                let edited = line.edit(key);
                model.notice = None;
                if edited {
                    follow(model, cmds);
                }
            }
        }
        Mode::Quit => {
            if key == Key::char('q') || key == Key::char('y') {
                cmds.push(Cmd::Quit);
            } else if key == Key::char('e') || key == ENTER {
                open_export(model, true);
            } else if key == Key::char('n') {
                cancel(model);
            }
        }
        Mode::ForAll => {
            model.mode = Mode::Normal;
            match model.keys.bound(key) {
                Some(Command::Method(index)) => methods::take_offered(model, index),
                _ => model.say("no method: the digits of the table choose one for all"),
            }
        }
        Mode::Copy => copy::key(model, key, cmds),
        Mode::Lesson | Mode::Lessons { .. } => learn::key(model, key, cmds),
        // Keys of help and palette go to `palette.rs`.
        Mode::Normal | Mode::Help { .. } | Mode::Palette { .. } | Mode::Read { .. } => {}
        Mode::Offer | Mode::Drag { .. } | Mode::Pan { .. } => {}
    }
}

pub(super) fn paste(model: &mut Model, text: &str, cmds: &mut Vec<Cmd>) {
    match &mut model.mode {
        Mode::Prompt { line, .. } => {
            line.insert(text);
            follow(model, cmds);
        }
        Mode::Help { line, at, .. } | Mode::Palette { line, at } => {
            line.insert(text);
            *at = 0;
        }
        Mode::Normal
        | Mode::Read { .. }
        | Mode::ForAll
        | Mode::Copy
        | Mode::Offer
        | Mode::Drag { .. }
        | Mode::Pan { .. }
        | Mode::Quit => {}
        Mode::Lesson | Mode::Lessons { .. } => {}
    }
}

/// What Enter has led to where nothing was wrong with the text.
enum Entered {
    /// The text was taken, or there was none: the prompt closes.
    Done,
    /// What comes of it is told later: the prompt stays.
    Waits,
}

/// Takes the text that was typed. The error is a sentence; the prompt stays, so that the text can be mended.
fn enter(model: &mut Model, cmds: &mut Vec<Cmd>) -> Result<Entered, String> {
    let Mode::Prompt { ask, line } = &model.mode else { return Ok(Entered::Waits) };
    let text = line.text();
    let empty = text.trim().is_empty();
    match ask {
        Ask::Filter { .. } => {}
        Ask::Clip { .. } | Ask::Worst if empty => {}
        Ask::Clip { said } if model.many() => {
            let sure = said.as_ref() == Some(&text);
            if !many::clip(model, &text, sure)? {
                let line = Line::new(&text);
                model.mode = Mode::Prompt { ask: Ask::Clip { said: Some(text) }, line };
                return Ok(Entered::Waits);
            }
        }
        Ask::Clip { .. } => clip::typed(model, &text)?,
        Ask::Format if model.many() => many::format(model, &text)?,
        Ask::Format => clip::format(model, &text)?,
        Ask::Axis if model.many() => many::axis(model, &text, cmds)?,
        Ask::Axis => channels::typed(model, &text, cmds)?,
        Ask::Tie => ties::typed(model, &text, cmds)?,
        Ask::Open if empty => {}
        Ask::Open => {
            let opens = model.opens.as_ref().ok_or("nothing else can be opened here")?;
            cmds.push(Cmd::Open((opens.words)(&text)?));
        }
        Ask::Train => learn::train(model, &text, cmds)?,
        Ask::Answer => learn::answered(model, &text, cmds)?,
        Ask::Worst => network::worst(model, &text)?,
        Ask::Tune { all } => network::tune(model, *all, &text, cmds)?,
        Ask::Export { .. } | Ask::Screen { .. } | Ask::Plot { .. } | Ask::Script { .. } if empty => {
            return Err("type a file name, or Esc".into());
        }
        Ask::Screen { .. } | Ask::Plot { .. } | Ask::Script { .. } => {
            cmds.push(pictures::entered(model, &text)?);
            return Ok(Entered::Waits);
        }
        Ask::Export { .. } if model.writing.as_ref().is_some_and(|writing| writing.path == text) => {
            return Err(format!("{} is being written just now", visible(&text)));
        }
        Ask::Export { exists, .. } => {
            let force = exists.as_deref() == Some(text.as_str());
            cmds.push(Cmd::Export { path: PathBuf::from(text), force });
            return Ok(Entered::Waits);
        }
    }
    Ok(Entered::Done)
}

/// What follows the text while it is typed.
fn follow(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let Mode::Prompt { ask, line } = &mut model.mode else { return };
    match ask {
        Ask::Filter { .. } => {
            let text = line.text();
            list::filter(model, text);
            // Show what was found.
            if !model.list.order.contains(&model.list.selected)
                && let Some(&first) = model.list.order.first()
            {
                list::select(model, first, cmds);
            }
        }
        // Another name: whether it exists is not known.
        Ask::Export { exists, .. } | Ask::Screen { exists, .. } | Ask::Plot { exists } | Ask::Script { exists, .. } => {
            *exists = None;
        }
        Ask::Clip { .. }
        | Ask::Format
        | Ask::Axis
        | Ask::Tie
        | Ask::Worst
        | Ask::Open
        | Ask::Train
        | Ask::Answer
        | Ask::Tune { .. } => {}
    }
}

pub(super) fn open_export(model: &mut Model, then_quit: bool) {
    model.mode = Mode::prompt(Ask::Export { exists: None, then_quit }, &model.export_path);
}

/// The network is written from now on, in the background: the prompt closes.
pub(super) fn writing(model: &mut Model, path: &Path) {
    let then_quit = matches!(model.mode, Mode::Prompt { ask: Ask::Export { then_quit: true, .. }, .. });
    if matches!(model.mode, Mode::Prompt { ask: Ask::Export { .. }, .. }) {
        model.mode = Mode::Normal;
    }
    let path = path.to_string_lossy().into_owned();
    model.say(format!("writing {}{}", visible(&path), if then_quit { ", and leaving then" } else { "…" }));
    let handed = Handed::to(path.clone(), model.session.unsaved());
    model.writing = Some(Writing { path, then_quit, stopping: false, handed });
}

/// It was written, or not.
pub(super) fn network_written(model: &mut Model, result: Result<Written, Unwritten>, cmds: &mut Vec<Cmd>) {
    let writing = model.writing.take();
    let then_quit = writing.as_ref().is_some_and(|writing| writing.then_quit);
    match result {
        Ok(written) => {
            model.handed = writing.map(|writing| writing.handed);
            said(model, written);
            if then_quit {
                cmds.push(Cmd::Quit);
            }
        }
        Err(Unwritten { message, .. }) => model.warn(message),
    }
}

pub(super) fn exported(model: &mut Model, result: Result<Written, Unwritten>, cmds: &mut Vec<Cmd>) {
    let Mode::Prompt { ask: Ask::Export { exists, then_quit }, line } = &mut model.mode else { return };
    match result {
        Ok(written) => {
            let (leave, path) = (*then_quit, line.text());
            if written.keeps_all {
                model.export_path = path;
                model.session.mark_saved();
            } else {
                model.handed = Some(Handed::to(path, model.session.unsaved()));
            }
            model.mode = Mode::Normal;
            said(model, written);
            if leave {
                cmds.push(Cmd::Quit);
            }
        }
        Err(Unwritten { message, exists: there }) => {
            *exists = there.then(|| line.text());
            if there {
                model.notice = None;
            } else {
                model.warn(message);
            }
        }
    }
}

/// Says what was written, and where.
fn said(model: &mut Model, Written { path, tensors, said, .. }: Written) {
    if let Some(learn) = &mut model.learn {
        learn.exported = true;
    }
    let waiting = model.loading.all.saturating_sub(model.loading.done);
    let rest = if waiting > 0 {
        let (layers, was) = if waiting == 1 { ("layer", "was") } else { ("layers", "were") };
        format!("; {waiting} {layers} {was} not read yet and not written")
    } else {
        String::new()
    };
    let s = if tensors == 1 { "" } else { "s" };
    let path = visible(&path);
    model.say(match said.first() {
        None => format!("wrote {tensors} tensor{s} to {path}{rest}"),
        Some(first) => {
            let more = if said.len() > 1 { " (? has the rest)" } else { "" };
            format!("{path}: {}{rest}{more}", visible(first.trim_end_matches('.')))
        }
    });
    model.statement = said.iter().map(|sentence| format!("{path}: {}", visible(sentence))).collect();
}
