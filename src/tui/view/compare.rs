use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::layout::Areas;
use super::super::model::Model;
use super::super::names::shortened;
use super::pen::{Pen, wrapped};
use crate::report::{self, Why, number};
use crate::session::Ready;

/// What marks the method that is chosen: no cursor, which the list beside it has.
const CHOSEN: char = '=';

/// Columns of one method: its amax and its SQNR, and two blanks.
const METHOD: u16 = 16;

/// Columns of how many methods there are more.
const MORE: u16 = 9;

/// Every method beside every other, in place of the plots, on the rows of the list; under it why they differ on the
/// selected layer.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    let theme = pen.look.theme;
    let panel = areas.panel();
    let rule = Rect { height: 1, ..panel };
    pen.titled_rule(rule, &[], "");
    // Where there is no list, the rows need names of their own.
    let name = if areas.list.is_empty() { 18 } else { 0 };
    let offers = report::offers(&model.session);
    let methods = usize::from(panel.width.saturating_sub(name + 2) / METHOD).min(offers.len());
    // What methods leave is for names, but for how many more there are.
    let left = panel.width.saturating_sub(name + 2 + methods as u16 * METHOD);
    let name = if name > 0 { name + left.saturating_sub(MORE) } else { 0 };
    let x = |method: usize| panel.x + name + 2 + method as u16 * METHOD;
    for (i, (_, label)) in offers.iter().enumerate().take(methods) {
        let key = model.keys.digit(i).map_or(String::new(), |key| format!("{key} "));
        let head = format!(" {key}{label} dB ");
        pen.right(x(i), rule.y, METHOD - 1, &head, theme.mark);
    }
    let left_out = offers.len() - methods;
    if left_out > 0 {
        let more = format!(" {left_out} more ");
        pen.right(x(methods), rule.y, panel.right().saturating_sub(x(methods)), &more, theme.dim);
    }

    let rows = rows(areas, model);
    let listed = (rows.y..rows.bottom()).zip(model.list.top..);
    let listed: Vec<(u16, usize)> = listed.filter_map(|(y, row)| Some((y, model.list.layer(row)?))).collect();
    let shown: Vec<&str> = (model.list.top..).take(rows.height.into()).filter_map(|at| model.list.name(at)).collect();
    let common = &model.list.listed.common;
    let names = shortened(common, &shown, name.saturating_sub(1), pen.look.glyphs.ellipsis);
    for ((y, layer), text) in listed.into_iter().zip(names) {
        let selected = layer == model.list.selected;
        let layer = &model.session.layers()[layer];
        if name > 0 {
            pen.text(panel.x, y, name, &text, if selected { theme.selected } else { Style::new() });
        }
        if let Some(ready) = layer.ready() {
            offers[..methods].iter().enumerate().for_each(|(i, (id, _))| cell(pen, x(i), y, ready, id));
        }
    }
    if let Some(ready) = model.selected_ready() {
        // Below the list as well: sentences need the width.
        let height = panel.bottom().saturating_sub(rows.bottom());
        let below = Rect { x: areas.header.x, y: rows.bottom(), width: areas.header.width, height };
        why(pen, below, ready);
    }
}

/// Why they differ on the selected layer: each beside the best, the best first, in as many rows as there are.
fn why(pen: &mut Pen, area: Rect, ready: &Ready) {
    let theme = pen.look.theme;
    let all = report::whys(ready);
    let rule = Rect { height: 1, ..area };
    let legend = ["above: amax and SQNR; = chosen, * by hand, bold the best", "= chosen, * by hand, bold the best"];
    // The longer one where there is room for both.
    let legend = if rule.width < 80 { legend[1] } else { legend[0] };
    pen.titled_rule(rule, &[("why they differ", theme.title)], legend);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if all.is_empty() {
        pen.text(body.x + 2, body.y, body.width.saturating_sub(2), &report::why(ready), theme.clip);
        return;
    }
    // Labels and numbers under each other; what is said begins behind them.
    let label = all.iter().map(|why| pen.width(&why.label)).max().unwrap_or(0);
    let said = 2 + label + 1 + 8 + 1 + 7 + 2;
    let room = usize::from(body.width.saturating_sub(said));
    let lines: Vec<Vec<String>> = all.iter().map(|why| wrapped(&why.text, room.max(1))).collect();
    // Where not everything fits, each keeps its first line.
    let whole = lines.iter().map(Vec::len).sum::<usize>() <= usize::from(body.height);
    let mut y = body.y;
    for (why, lines) in all.iter().zip(&lines).take(usize::from(body.height)) {
        let style = if why.chosen { theme.clip } else { Style::new() };
        head(pen, (body.x, y, label), why, style);
        if whole {
            for line in lines {
                pen.text(body.x + said, y, body.right().saturating_sub(body.x + said), line, style);
                y += 1;
            }
        } else {
            pen.text(body.x + said, y, body.right().saturating_sub(body.x + said), &why.text, style);
            y += 1;
        }
    }
    // Which of them is chosen must not be cut off.
    let left = all.len().saturating_sub(usize::from(body.height));
    if left > 0 && body.height > 0 && all[..all.len() - left].iter().all(|why| !why.chosen) {
        let chosen = all.iter().find(|why| why.chosen);
        let y = body.bottom() - 1;
        for x in body.x..body.right() {
            pen.glyph(x, y, ' ', Style::new());
        }
        if let Some(why) = chosen {
            head(pen, (body.x, y, label), why, theme.clip);
            pen.text(body.x + said, y, body.right().saturating_sub(body.x + said), &why.text, theme.clip);
        }
    }
}

/// Whose answer it is, its SQNR, and how far that is behind.
fn head(pen: &mut Pen, (x, y, label): (u16, u16, u16), why: &Why, style: Style) {
    let theme = pen.look.theme;
    if why.chosen {
        pen.glyph(x, y, CHOSEN, theme.clip);
    }
    pen.text(x + 2, y, label, &why.label, style);
    pen.right(x + 2 + label + 1, y, 8, &format!("{} dB", number::decibels(why.sqnr_db)), style);
    let behind = match why.behind_db {
        db if db.is_nan() || why.candidate.is_some() && db == 0.0 => String::new(),
        db if db < 0.0 => format!("+{}", number::decibels(-db)),
        db => format!("−{}", number::decibels(db)),
    };
    pen.right(x + 2 + label + 1 + 8 + 1, y, 7, &behind, theme.dim);
}

fn cell(pen: &mut Pen, x: u16, y: u16, ready: &Ready, id: &str) {
    let theme = pen.look.theme;
    let at = ready.candidates().iter().position(|candidate| candidate.id == id);
    let Some((candidate, Ok(t))) = at.map(|at| &ready.candidates()[at]).map(|found| (found, &found.outcome)) else {
        return pen.right(x, y, METHOD - 2, "–", theme.dim);
    };
    let chosen = candidate.id == ready.decision().method;
    let style = if report::best(ready) == at { theme.chosen } else { Style::new() };
    if chosen {
        let mark = if ready.edited() { '*' } else { CHOSEN };
        pen.glyph(x, y, mark, theme.clip);
    }
    pen.right(x + 1, y, 7, &number::significant(f64::from(t.clip.amax()), 4), theme.dim);
    pen.right(x + 8, y, METHOD - 10, &number::decibels(t.metrics.sqnr_db), style);
}

/// The rows of the table, along with those of the list.
pub(in super::super) fn rows(areas: &Areas, model: &Model) -> Rect {
    let panel = areas.panel();
    Rect { y: panel.y + 1, height: areas.list_rows(model.list.rows()).height, ..panel }
}
