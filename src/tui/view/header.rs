use ratatui::layout::Rect;

use super::super::command::Command;
use super::super::mode::Mode;
use super::super::model::Model;
use super::super::network::Running;
use super::pen::{Pen, cut_middle};
use crate::jobs::Left;
use crate::report::number;

/// `sensitivity 12/90 · 8 s left`.
fn progress(running: &Running) -> String {
    let title = running.work.title();
    match (running.stopping, running.left) {
        (true, _) => format!("{title}, stopping…"),
        (false, None) => format!("{title}…"),
        (false, Some(Left { steps, time })) => {
            let left = time.map_or(String::new(), |t| format!(" · {} left", number::seconds(t)));
            format!("{title} {}/{}{left}", running.done, running.done + steps)
        }
    }
}

/// What was opened and how, how far reading is, and what is edited.
pub(super) fn draw(pen: &mut Pen, area: Rect, model: &Model) {
    let theme = pen.look.theme;
    let layers = model.session.layers().len();
    let mut right: Vec<(String, _)> = Vec::new();
    let unreadable = model.session.failures().count();
    if unreadable > 0 {
        right.push((format!("{unreadable} unreadable"), theme.warning));
    }
    if !model.loading.finished {
        let mut text = match (model.loading.found, &model.network) {
            (true, None) => format!("reading {}/{}", model.loading.done, model.loading.all),
            (true, Some(_)) if model.loading.done >= model.loading.all => "counting channels…".to_owned(),
            (true, Some(_)) => format!("counting {}/{}", model.loading.done, model.loading.all),
            (false, None) => "searching…".to_owned(),
            (false, Some(_)) => "opening the network…".to_owned(),
        };
        if let Some((done, of, left)) = model.loading.runs {
            text = format!("run {done}/{of}");
            if let Some(left) = left {
                text += &format!(" · {} left", number::seconds(left));
            }
        } else if let Some((_, share)) = model.loading.share {
            text += &format!(" {:3.0} %", share * 100.0);
        }
        right.push((text, theme.key));
    }
    if let Some(running) = model.network.as_ref().and_then(|n| n.running.as_ref()) {
        right.push((progress(running), theme.key));
    }
    if let Some(network) = model.network.as_ref().filter(|n| n.methods.running && n.running.is_none()) {
        let methods = &network.methods;
        right.push((format!("methods {}/{}", methods.measured(), methods.of()), theme.dim));
    }
    if let Some(against) = model.against.as_ref().filter(|against| !against.is_done() && model.loading.finished) {
        let (read, of) = against.read();
        right.push((format!("{} {read}/{of}", against.title), theme.dim));
    }
    let changed = model.session.changed();
    // A clip in the hand stands in no file either.
    let unsaved = model.session.is_dirty() || matches!(model.mode, Mode::Drag { .. });
    if changed > 0 || unsaved {
        let saved = if unsaved { "" } else { ", saved" };
        right.push((format!("{changed} changed{saved}"), if unsaved { theme.clip } else { theme.dim }));
    }
    if !model.mouse {
        right.push(("mouse off".into(), theme.dim));
    }
    if let Some(key) = model.keys.hint(Command::Help) {
        right.push((format!("{key} help"), theme.dim));
    }

    let mut x = area.right();
    for (i, (text, style)) in right.iter().enumerate().rev() {
        let width = pen.width(text);
        x = x.saturating_sub(width + 1);
        pen.text(x, area.y, width, text, *style);
        if i > 0 {
            x = x.saturating_sub(2);
            pen.text(x, area.y, 1, "·", theme.dim);
        }
    }
    let count = if model.loading.found {
        let s = if layers == 1 { "" } else { "s" };
        format!(" · {} layer{s}", number::count(layers as u64))
    } else {
        String::new()
    };
    let axis = model.session.layers().get(model.list.selected).and_then(|l| l.ready()?.axis());
    let per = axis.map_or_else(|| "per tensor".to_owned(), |axis| format!("per channel along axis {axis}"));
    let format = format!(" · {}, {per}", model.format());
    let room = x.saturating_sub(area.x + 2);
    // Its end says what was run on what.
    let title = cut_middle(&model.title, room.saturating_sub(7), pen.look.glyphs.ellipsis);
    pen.pieces(
        area.x,
        area.y,
        room,
        &[
            (" qviz ", theme.title),
            (&format!(" {title}"), ratatui::style::Style::new()),
            (&count, theme.dim),
            (&format, theme.dim),
        ],
    );
}
