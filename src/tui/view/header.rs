use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::command::Command;
use super::super::layout::{Region, Sends};
use super::super::mode::Mode;
use super::super::model::Model;
use super::super::work::{self, Piece, What};
use super::pen::{Pen, cut_middle, width};
use super::work::in_words;
use crate::report::number;
use crate::session::Layer;

/// What stands at the right end, what may be pressed with what that sends.
fn right(model: &Model) -> Vec<(String, Style, Option<Sends>)> {
    let theme = model.look.theme;
    let mut right = Vec::new();
    let unreadable = model.session.failures().count();
    if unreadable > 0 {
        right.push((format!("{unreadable} unreadable"), theme.warning, None));
    }
    // What is being read first, and of the rest what was asked for before what begins by itself.
    let pieces = work::pieces(model);
    let show = Some(Sends::Run(Command::Work));
    for piece in pieces.iter().take(2) {
        match piece.what {
            What::Reading => right.push((reading(model, piece), theme.key, show)),
            What::Long | What::Writing => right.push((in_words(piece), theme.key, show)),
            // The row of outputs says how far it is, and the footer what is read.
            What::Whole | What::Values(_) => {}
            What::Methods => {
                let (done, of) = piece.steps.unwrap_or_default();
                right.push((format!("methods {done}/{of}"), theme.dim, show));
            }
        }
        if matches!(piece.what, What::Long) {
            break;
        }
    }
    if let Some(against) = model.against.as_ref().filter(|against| !against.is_done() && model.loading.finished) {
        let (read, of) = against.read();
        right.push((format!("{} {read}/{of}", against.title), theme.dim, None));
    }
    let changed = model.session.changed();
    // A clip in the hand stands in no file either.
    let unsaved = model.session.is_dirty() || matches!(model.mode, Mode::Drag { .. });
    if changed > 0 || unsaved {
        // What another tool's file holds may be left, and is no document.
        let (saved, style) = match unsaved {
            true if model.handed_to().is_some() => (", exported", theme.dim),
            true => ("", theme.clip),
            false => (", saved", theme.dim),
        };
        right.push((format!("{changed} changed{saved}"), style, Some(Sends::Run(Command::Changes))));
    }
    if let Some(learn) = model.learn.as_ref().filter(|learn| learn.free) {
        let text = learn.say("free play, {lesson}: back", "自由试用，{lesson} 返回");
        right.push((model.keys.told(text), theme.clip, Some(Sends::Run(Command::Lesson))));
    }
    // Beside the title, where there is room for both.
    if let Some(key) =
        model.keys.hint(Command::Open).filter(|_| model.example && model.size.0 >= 116 && right.is_empty())
    {
        right.push((format!("{key} opens your own"), theme.dim, Some(Sends::Run(Command::Open))));
    }
    if !model.mouse {
        right.push(("mouse off".into(), theme.dim, None));
    }
    if let Some(key) = model.keys.hint(Command::Help) {
        right.push((format!("{key} help"), theme.dim, Some(Sends::Run(Command::Help))));
    }
    right
}

/// `run 3/16 · 8 s left`, `reading 3/12 40 %`, `counting channels 40 % · 3.0 s left`.
fn reading(model: &Model, piece: &Piece) -> String {
    let left = piece.left.map_or(String::new(), |left| format!(" · {} left", number::seconds(left)));
    let percent = |share: f64| format!(" {:3.0} %", share * 100.0);
    // Of a file how far it is; steps say the rest.
    let file = model.loading.share.filter(|_| model.loading.runs.is_none());
    let file = file.map_or(String::new(), |(_, share)| percent(share));
    match (piece.steps, model.loading.runs, piece.share) {
        (Some((done, of)), Some(_), _) => format!("run {done}/{of}{left}"),
        (Some((done, of)), None, _) => format!("{} {done}/{of}{file}", piece.title),
        (None, _, Some(share)) => format!("{}{}{left}", piece.title, percent(share)),
        (None, _, None) => format!("{}…{file}", piece.title),
    }
}

/// Where each of these stands, from the left.
fn placed(area: Rect, model: &Model) -> Vec<(Rect, String, Style, Option<Sends>)> {
    let mut x = area.right();
    let mut placed = Vec::new();
    for (text, style, sends) in right(model).into_iter().rev() {
        let columns = width(&model.look, &text);
        x = x.saturating_sub(columns + 1);
        placed.push((Rect { x, width: columns.min(area.right() - x), ..area }, text, style, sends));
        x = x.saturating_sub(2);
    }
    placed.reverse();
    placed
}

/// What can be pressed.
pub(super) fn regions(area: Rect, model: &Model) -> Vec<Region> {
    let placed = placed(area, model).into_iter();
    placed.filter_map(|(area, _, _, sends)| sends.map(|sends| Region { area, sends })).collect()
}

/// What was opened and how, how far reading is, and what is edited.
pub(super) fn draw(pen: &mut Pen, area: Rect, model: &Model) {
    let theme = pen.look.theme;
    let layers = model.session.layers().len();
    let mut x = area.right();
    for (i, (place, text, style, _)) in placed(area, model).into_iter().enumerate() {
        pen.text(place.x, area.y, place.width, &text, style);
        if i > 0 {
            pen.text(place.x.saturating_sub(2), area.y, 1, "·", theme.dim);
        } else {
            x = place.x;
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
    // What others are on is not said where they differ: then it is of the one that is looked at.
    let of = |layer: &Layer| layer.ready().map(|ready| (ready.format(), ready.axis()));
    let here = model.selected().and_then(of);
    let kind = model.selected().map(Layer::kind);
    let others = model.session.layers().iter().filter(|layer| Some(layer.kind()) == kind).filter_map(of);
    let whose = if here.is_some_and(|here| others.into_iter().any(|other| other != here)) { "this layer " } else { "" };
    let format = format!(" · {whose}{}, {per}", model.format());
    // Where something is trained it is that which is looked at, and no tensor.
    let trained = model.learn.as_ref().and_then(|learn| {
        learn.trained().map(|_| learn.say("8x8 digits, 64, 32 and 10 units", "8x8 手写数字，64、32、10 个单元"))
    });
    let (count, format) = trained.map_or((count, format), |what| (format!(" · {what}"), String::new()));
    let room = x.saturating_sub(area.x + 2);
    // Its end says what was run on what.
    let title = cut_middle(&model.title, room.saturating_sub(7), pen.look.glyphs.ellipsis);
    pen.pieces(
        area.x,
        area.y,
        room,
        &[(" qviz ", theme.title), (&format!(" {title}"), Style::new()), (&count, theme.dim), (&format, theme.dim)],
    );
}
