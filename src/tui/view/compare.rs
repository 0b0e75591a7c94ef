use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::layout::Areas;
use super::super::model::Model;
use super::names::shortened;
use super::pen::Pen;
use crate::report::{self, number, visible};
use crate::session::Ready;

/// Columns of one method: its amax and its SQNR, and two blanks.
const METHOD: u16 = 16;

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
    let names = listed.iter().map(|(_, layer)| visible(model.session.layers()[*layer].name()));
    let names = shortened(&names.collect::<Vec<_>>(), name.saturating_sub(1), pen.look.glyphs.ellipsis);
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
        let place = Rect { y: panel.bottom() - 2, height: 1, ..panel };
        pen.titled_rule(place, &[("why they differ", theme.title)], "amax and SQNR; bold: the best");
        pen.text(panel.x + 2, panel.bottom() - 1, panel.width - 2, &report::why(ready), theme.clip);
    }
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
        let mark = if ready.edited() { '*' } else { pen.look.glyphs.select };
        pen.glyph(x, y, mark, theme.clip);
    }
    pen.right(x + 1, y, 7, &number::significant(f64::from(t.clip.amax()), 4), theme.dim);
    pen.right(x + 8, y, METHOD - 10, &number::decibels(t.metrics.sqnr_db), style);
}

/// The rows of the table, along with those of the list.
pub(in super::super) fn rows(areas: &Areas, model: &Model) -> Rect {
    let panel = areas.panel();
    let room = panel.height.saturating_sub(3);
    let height = if areas.list.is_empty() { room } else { areas.list_rows(model.list.rows()).height.min(room) };
    Rect { y: panel.y + 1, height, ..panel }
}
