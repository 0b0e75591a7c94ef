//! Texts that are typed: the filter, a clip, a file name, a search in the help; and the question before leaving.

use std::path::PathBuf;

use crossterm::event::KeyCode;

use super::super::key::Key;
use super::super::model::{Mode, Model};
use super::super::msg::{Cmd, Unwritten, Written};
use super::super::prompt::Line;
use super::{cancel, channels, clip, list, network, ties};

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
    match &mut model.mode {
        Mode::Filter { line, .. } => {
            if key == ENTER {
                model.mode = Mode::Normal;
            } else if line.edit(key) {
                let text = line.text();
                list::filter(model, text);
                // Show what was found.
                if !model.list.order.contains(&model.list.selected)
                    && let Some(&first) = model.list.order.first()
                {
                    list::select(model, first, cmds);
                }
            }
        }
        Mode::Clip(line) => {
            if key == ENTER {
                let text = line.text();
                if text.trim().is_empty() {
                    return cancel(model);
                }
                match clip::typed(model, &text) {
                    Ok(()) => model.mode = Mode::Normal,
                    Err(why) => model.warn(why),
                }
            } else {
                line.edit(key);
                model.notice = None;
            }
        }
        Mode::Grid(line) => {
            if key == ENTER {
                let text = line.text();
                match clip::grid(model, &text) {
                    Ok(()) => model.mode = Mode::Normal,
                    Err(why) => model.warn(why),
                }
            } else {
                line.edit(key);
                model.notice = None;
            }
        }
        Mode::Axis(line) => {
            if key == ENTER {
                let text = line.text();
                match channels::typed(model, &text, cmds) {
                    Ok(()) => model.mode = Mode::Normal,
                    Err(why) => model.warn(why),
                }
            } else {
                line.edit(key);
                model.notice = None;
            }
        }
        Mode::Tie(line) => {
            if key == ENTER {
                let text = line.text();
                match ties::typed(model, &text, cmds) {
                    Ok(()) => model.mode = Mode::Normal,
                    Err(why) => model.warn(why),
                }
            } else {
                line.edit(key);
                model.notice = None;
            }
        }
        Mode::Worst(line) => {
            if key == ENTER {
                let text = line.text();
                if text.trim().is_empty() {
                    return cancel(model);
                }
                match network::worst(model, &text) {
                    Ok(()) => model.mode = Mode::Normal,
                    Err(why) => model.warn(why),
                }
            } else {
                line.edit(key);
                model.notice = None;
            }
        }
        Mode::Export { line, exists, .. } => {
            if key == ENTER {
                let name = line.text();
                if name.trim().is_empty() {
                    return model.warn("type a file name, or Esc");
                }
                let force = exists.as_deref() == Some(name.as_str());
                cmds.push(Cmd::Export { path: PathBuf::from(name), force });
            } else if line.edit(key) {
                *exists = None;
                model.notice = None;
            }
        }
        Mode::Help { line, scroll } => {
            if key == ENTER || (line.text().is_empty() && (key == Key::char('q') || key == Key::char('?'))) {
                model.mode = Mode::Normal;
            } else if key == Key::code(KeyCode::Down) || key == Key::code(KeyCode::PageDown) {
                *scroll = scroll.saturating_add(if key == Key::code(KeyCode::Down) { 1 } else { 10 });
            } else if key == Key::code(KeyCode::Up) || key == Key::code(KeyCode::PageUp) {
                *scroll = scroll.saturating_sub(if key == Key::code(KeyCode::Up) { 1 } else { 10 });
            } else if line.edit(key) {
                *scroll = 0;
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
        Mode::Normal | Mode::Drag { .. } | Mode::Pan { .. } => {}
    }
}

pub(super) fn paste(model: &mut Model, text: &str) {
    match &mut model.mode {
        Mode::Filter { line, .. } => {
            line.insert(text);
            let text = line.text();
            list::filter(model, text);
        }
        Mode::Clip(line)
        | Mode::Grid(line)
        | Mode::Axis(line)
        | Mode::Tie(line)
        | Mode::Worst(line)
        | Mode::Help { line, .. } => {
            line.insert(text);
        }
        Mode::Export { line, exists, .. } => {
            line.insert(text);
            *exists = None;
        }
        Mode::Normal | Mode::Drag { .. } | Mode::Pan { .. } | Mode::Quit => {}
    }
}

pub(super) fn open_export(model: &mut Model, then_quit: bool) {
    model.mode = Mode::Export { line: Line::new(&model.export_path), exists: None, then_quit };
}

pub(super) fn exported(model: &mut Model, result: Result<Written, Unwritten>, cmds: &mut Vec<Cmd>) {
    let Mode::Export { line, exists, then_quit } = &mut model.mode else { return };
    match result {
        Ok(Written { path, tensors }) => {
            model.export_path = line.text();
            let leave = *then_quit;
            model.session.mark_saved();
            model.mode = Mode::Normal;
            let waiting = model.loading.all.saturating_sub(model.loading.done);
            let rest = if waiting > 0 {
                format!("; {waiting} layers were not read yet and are not in it")
            } else {
                String::new()
            };
            let s = if tensors == 1 { "" } else { "s" };
            model.say(format!("wrote {tensors} tensor{s} to {path}{rest}"));
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
