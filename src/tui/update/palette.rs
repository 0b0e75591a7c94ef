//! A command that is looked for by words, in the palette and in the help, and there an idea: which one Enter runs or opens.

use crossterm::event::KeyCode;

use super::super::command::Command;
use super::super::find::{found, ideas};
use super::super::key::Key;
use super::super::mode::Mode;
use super::super::model::Model;
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
    let by = [(KeyCode::Down, 1), (KeyCode::Up, -1), (KeyCode::PageDown, 10), (KeyCode::PageUp, -10)];
    let by = by.into_iter().find(|(code, _)| key == Key::code(*code)).map(|(_, by)| by);
    let last = all.saturating_sub(1);
    match &mut model.mode {
        Mode::Help { scroll, .. } if by.is_some() && empty => *scroll = scroll.saturating_add_signed(by.unwrap_or(0)),
        Mode::Help { at, .. } | Mode::Palette { at, .. } if by.is_some() => {
            *at = at.saturating_add_signed(isize::from(by.unwrap_or(0))).min(last);
        }
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
