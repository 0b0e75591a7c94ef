//! A command that is looked for by words, in the palette and in the help, and there an idea: which one Enter runs or opens.

use crossterm::event::KeyCode;
use ratatui::layout::Rect;

use super::super::command::Command;
use super::super::find::{found, ideas};
use super::super::key::Key;
use super::super::manual;
use super::super::mode::Mode;
use super::super::model::Model;
use super::super::paging;
use super::explain;

/// A key in one of the two. Returns the command that is to run.
pub(super) fn key(model: &mut Model, key: Key) -> Option<Command> {
    if key == Key::code(KeyCode::Esc) || key == Key::ctrl('c') {
        model.mode = Mode::Normal;
        return None;
    }
    let (is_help, empty, text, at) = match &model.mode {
        Mode::Help { line, at, .. } => (true, line.text().is_empty(), line.text(), *at),
        Mode::Palette { line, at } => (false, line.text().is_empty(), line.text(), *at),
        _ => return None,
    };
    let found = if is_help && empty { Vec::new() } else { found(model, &text) };
    let ideas = if is_help { ideas(model, &text) } else { Vec::new() };
    let all = found.len() + ideas.len();
    if key == Key::code(KeyCode::Enter)
        && let Some(idea) = at.min(all.saturating_sub(1)).checked_sub(found.len()).and_then(|at| ideas.get(at))
    {
        explain::open(model, &idea.id);
        return None;
    }
    if key == Key::code(KeyCode::Enter) {
        return match found.get(at.min(found.len().saturating_sub(1))).map(|entry| entry.command) {
            // It stands there with its reason.
            Some(command) if model.unavailable(command).is_some() => None,
            Some(command) => {
                model.mode = Mode::Normal;
                Some(command)
            }
            None if empty => {
                model.mode = Mode::Normal;
                None
            }
            None => None,
        };
    }
    if is_help && empty && (key == Key::char('q') || model.keys.bound(key) == Some(Command::Help)) {
        model.mode = Mode::Normal;
        return None;
    }
    let screen = Rect::new(0, 0, model.size.0, model.size.1);
    let rows = if is_help { paging::help(screen) } else { paging::found(screen) };
    let last = all.saturating_sub(1);
    if let Some(by) = explain::lines(key, rows.height) {
        match (is_help, empty) {
            (true, true) => scroll(model, rows, by),
            (true, false) if by.abs() > 1 => turn(model, rows, &text, by),
            _ => {
                if let Mode::Help { at, .. } | Mode::Palette { at, .. } = &mut model.mode {
                    *at = at.saturating_add_signed(by).min(last);
                }
            }
        }
        return None;
    }
    match &mut model.mode {
        Mode::Help { line, scroll, at } => {
            let other = line.edit(key);
            (*scroll, *at) = if other { (0, 0) } else { (*scroll, *at) };
        }
        Mode::Palette { line, at } => {
            let other = line.edit(key);
            *at = if other { 0 } else { *at };
        }
        _ => {}
    }
    None
}

/// Moves the help by so many lines, as far as it has some.
fn scroll(model: &mut Model, rows: Rect, by: isize) {
    let last = manual::lines(model, rows, "", 0).len().saturating_sub(rows.height.into());
    if let Mode::Help { scroll, .. } = &mut model.mode {
        *scroll = paging::moved(*scroll, by, last);
    }
}

/// Marks what stands about so many lines further among what was found: sentences take several.
fn turn(model: &mut Model, rows: Rect, text: &str, by: isize) {
    let Mode::Help { at: here, .. } = model.mode else { return };
    let lines = manual::lines(model, rows, text, here);
    let begins: Vec<usize> = (0..lines.len()).filter(|line| lines[*line].begins.is_some()).collect();
    let Some(from) = begins.get(here.min(begins.len().saturating_sub(1))) else { return };
    let to = from.saturating_add_signed(by);
    let there = match by > 0 {
        true => begins.iter().rposition(|line| *line <= to).map_or(here, |there| there.max(here + 1)),
        false => begins.iter().position(|line| *line >= to).map_or(here, |there| there.min(here.saturating_sub(1))),
    };
    if let Mode::Help { at, .. } = &mut model.mode {
        *at = there.min(begins.len() - 1);
    }
}
