//! What is read over the screen: an idea of the glossary, the list of methods.

use crossterm::event::KeyCode;
use ratatui::layout::Rect;

use super::super::command::Command;
use super::super::key::Key;
use super::super::mode::{Mode, Reading};
use super::super::model::Model;
use super::super::page::Page;
use super::super::{paging, reading};
use crate::figure::CurveKind;
use crate::lessons::Glossary;

/// Opens an idea.
pub(super) fn open(model: &mut Model, id: &str) {
    if Glossary::own().by_id(id).is_some() {
        model.mode = Mode::Read { what: Reading::Idea(id.to_owned()), scroll: 0, at: 0 };
    }
}

/// Opens the idea behind what is looked at: the inspected column first, then the page.
pub(super) fn here(model: &mut Model) {
    let id = idea(model);
    open(model, id);
}

fn idea(model: &Model) -> &'static str {
    if model.on_strip() && !model.plot.page.covers() {
        return "per-channel";
    }
    let plots = matches!(model.plot.page, Page::Curve | Page::Divergence);
    if let (Some(x), Some(ready), true) = (model.plot.inspect, model.selected_ready(), plots) {
        return if ready.clip().saturates(x as f32) { "saturation" } else { "bin" };
    }
    let infinite = || model.divergence().is_some_and(|parts| parts.gap().is_some());
    match model.plot.page {
        Page::Mapping if model.format().symmetric() => "mapping",
        Page::Mapping => "zero-point",
        Page::Divergence if infinite() => "infinity",
        Page::Divergence => "p-and-q",
        Page::Coverage => "coverage",
        Page::Compare => "tools-disagree",
        Page::Methods => "ruler",
        Page::Changes | Page::Notes | Page::Work | Page::Layers => "clip",
        Page::Outputs => "ruler",
        Page::Curve if model.plot.fake_quant => "fake-quantization",
        Page::Curve => match model.plot.curve {
            CurveKind::Kl if infinite() => "infinity",
            CurveKind::Kl => "kl",
            CurveKind::Mse => "mse",
            CurveKind::Sqnr => "sqnr",
        },
    }
}

/// How many lines a key moves what is read, of which so many are seen at once.
pub(super) fn lines(key: Key, rows: u16) -> Option<isize> {
    let page = paging::step(rows);
    let by = [(KeyCode::Down, 1), (KeyCode::Up, -1), (KeyCode::PageDown, page), (KeyCode::PageUp, -page)];
    by.into_iter().find(|(code, _)| key == Key::code(*code)).map(|(_, by)| by)
}

/// A key while something is read.
pub(super) fn key(model: &mut Model, key: Key) {
    let leaves = [Key::code(KeyCode::Esc), Key::ctrl('c'), Key::char('q')].contains(&key);
    if leaves || matches!(model.keys.bound(key), Some(Command::Explain | Command::MethodList | Command::Help)) {
        model.mode = Mode::Normal;
        return;
    }
    let screen = Rect::new(0, 0, model.size.0, model.size.1);
    let body = paging::reading(screen);
    if let (Mode::Read { what, at, .. }, Some(by)) = (&model.mode, lines(key, body.height)) {
        let last = reading::lines(model, screen, what, *at).len().saturating_sub(body.height.into());
        if let Mode::Read { scroll, .. } = &mut model.mode {
            *scroll = paging::moved(*scroll, by, last);
        }
        return;
    }
    let Mode::Read { what, at, .. } = &mut model.mode else { return };
    let named = match what {
        Reading::Idea(id) => Glossary::own().by_id(id).map_or(&[][..], |idea| &idea.see),
        Reading::Methods => &[],
    };
    let others = [(KeyCode::Tab, 1), (KeyCode::Right, 1), (KeyCode::BackTab, -1), (KeyCode::Left, -1)];
    if let Some((_, by)) = others.iter().find(|(code, _)| key == Key::code(*code)) {
        *at = (*at as isize + by).rem_euclid(named.len().max(1) as isize) as usize;
    } else if key == Key::code(KeyCode::Enter)
        && let Some(id) = named.get(*at)
    {
        open(model, id);
    }
}
