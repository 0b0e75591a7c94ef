use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::command::Command;
use super::super::layout::Areas;
use super::super::methods::MethodLine;
use super::super::model::Model;
use super::super::network::headline;
use super::output::cosine;
use super::pen::{Pen, wrapped};
use crate::report::{self, AS_CHOSEN, MethodRow, number};

/// A column: heading, width with the gap before it, importance (the least important go first where room is short), cell.
struct Column {
    heading: &'static str,
    width: u16,
    rank: u8,
    cell: fn(&MethodRow) -> String,
}

const SHARE: &str = "top-1";
const CHECK: &str = "check";
const STAND_INS: &str = "stand-ins";

const COLUMNS: [Column; 6] = [
    Column { heading: "outputs", width: 11, rank: 0, cell: |row| headline(&row.effect) },
    Column { heading: "cosine", width: 10, rank: 3, cell: |row| row.effect.cosine.map_or("–".into(), cosine) },
    Column {
        heading: SHARE,
        width: 9,
        rank: 1,
        cell: |row| row.effect.top1_agreement.map_or("–".into(), number::percent),
    },
    Column { heading: CHECK, width: 11, rank: 2, cell: |row| row.check.as_ref().map_or("–".into(), headline) },
    Column {
        heading: "samples",
        width: 10,
        rank: 5,
        cell: |row| match row.effect.cut_from() {
            Some(of) => format!("{}/{of}", row.effect.samples),
            None => row.effect.samples.to_string(),
        },
    },
    Column { heading: STAND_INS, width: 11, rank: 4, cell: |row| row.stand_ins.to_string() },
];

/// Columns of a method's key and name.
const NAME: u16 = 24;

/// What stands behind the name of one whose figures are of other decisions than the present ones.
const OLD: &str = " old";

/// Every method for all activations by what the outputs say, the best first, in place of the plots.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    let theme = pen.look.theme;
    let panel = areas.panel();
    let Some(network) = &model.network else { return };
    let methods = &network.methods;
    let progress = match (methods.running, methods.of()) {
        (true, of) => format!("{} of {of} measured", methods.measured()),
        (false, of) if methods.measured() < of => format!("{} of {of} measured, stopped", methods.measured()),
        (false, _) => String::new(),
    };
    pen.titled_rule(Rect { height: 1, ..panel }, &[(model.plot.page.title(), theme.title)], &progress);

    let lines = network.method_lines();
    let any = |of: fn(&MethodRow) -> bool| lines.iter().any(|line| of(&line.row));
    let there = |column: &&Column| match column.heading {
        SHARE => any(|row| row.effect.top1_agreement.is_some()),
        CHECK => any(|row| row.check.is_some()),
        STAND_INS => any(|row| row.stand_ins > 0),
        _ => true,
    };
    let mut columns: Vec<&Column> = COLUMNS.iter().filter(there).collect();
    while columns.iter().map(|column| column.width).sum::<u16>() + NAME > panel.width && columns.len() > 1 {
        let least = columns.iter().enumerate().max_by_key(|(_, column)| column.rank).map_or(0, |(at, _)| at);
        columns.remove(least);
    }
    let mut y = panel.y + 1;
    let mut x = panel.x + NAME;
    if !lines.is_empty() {
        pen.text(panel.x, y, NAME, &format!("{} the best", pen.look.glyphs.best), theme.dim);
        for column in &columns {
            pen.right(x, y, column.width, column.heading, theme.dim);
            x += column.width;
        }
        y += 1;
    }

    let best = MethodRow::best(&lines.iter().filter(|l| !l.old).map(|l| l.row.clone()).collect::<Vec<_>>());
    let missing: Vec<&str> = methods.asked.iter().flat_map(|asked| &asked.methods).map(|m| m.id.as_str()).collect();
    let missing = missing.into_iter().filter(|id| methods.found.iter().all(|effect| effect.method != *id));
    for line in &lines {
        if y >= panel.bottom() {
            return;
        }
        row(pen, Rect { y, height: 1, ..panel }, model, line, &columns, line.row.is_best(best) && !line.old);
        y += 1;
    }
    for id in missing {
        if y >= panel.bottom() {
            return;
        }
        name(pen, panel.x, y, model, id, (false, theme.dim));
        pen.right(panel.x + NAME, y, COLUMNS[0].width, "…", theme.dim);
        y += 1;
    }
    let stand_ins = columns.iter().any(|column| column.heading == STAND_INS);
    words(pen, Rect { y, height: panel.bottom() - y, ..panel }, model, stand_ins);
}

/// The key that takes a method for one layer, its name, and whether its figures are of other decisions than the present
/// ones.
fn name(pen: &mut Pen, x: u16, y: u16, model: &Model, id: &str, (old, style): (bool, Style)) {
    let at = report::offers(&model.session).iter().position(|(of, _)| *of == id);
    let key = at.and_then(|at| model.keys.digit(at)).map_or("  ".to_owned(), |key| format!("{key} "));
    let (id, style) = if id == AS_CHOSEN { ("as it is chosen", style) } else { (id, style) };
    let dim = pen.look.theme.dim;
    let room = if old { NAME - 2 - OLD.len() as u16 } else { NAME - 2 };
    let end = pen.pieces(x + 2, y, room, &[(&key, dim), (id, style)]);
    if old {
        pen.text(end, y, OLD.len() as u16, OLD, dim);
    }
}

fn row(pen: &mut Pen, area: Rect, model: &Model, line: &MethodLine, columns: &[&Column], best: bool) {
    let theme = pen.look.theme;
    let style = match (line.old, best) {
        (true, _) => theme.dim,
        (false, true) => theme.chosen,
        (false, false) => Style::new(),
    };
    if best {
        pen.glyph(area.x, area.y, pen.look.glyphs.best, theme.chosen);
    }
    name(pen, area.x, area.y, model, &line.row.name, (line.old, style));
    let mut x = area.x + NAME;
    for column in columns {
        pen.right(x, area.y, column.width, &(column.cell)(&line.row), style);
        x += column.width;
    }
}

/// What a row is, what can be done, and what the column of stand-ins is where it is shown.
fn words(pen: &mut Pen, area: Rect, model: &Model, stand_ins: bool) {
    let theme = pen.look.theme;
    let Some(network) = &model.network else { return };
    let methods = &network.methods;
    let key = |command| model.keys.hint(command).unwrap_or_else(|| "–".into());
    let of = number::of(methods.activations() as u64, "quantized activation");
    let mut sentences = Vec::new();
    match &methods.failed {
        Some(why) => sentences.push((why.clone(), theme.warning)),
        None if methods.asked.is_none() => {
            let text = "The table begins when the first figure of the outputs is there.";
            sentences.push((text.to_owned(), theme.dim));
        }
        None => sentences.push((
            format!(
                "Each method for all: {of}, on the formats that are chosen; weights as they are. {} takes the best for \
                 all, {} the selected layer's method; one step, u takes it back.",
                key(Command::BestForAll),
                key(Command::MethodForAll)
            ),
            theme.dim,
        )),
    }
    if network.method_lines().iter().any(|line| line.old) {
        let text = "Old: found before the last changes.";
        sentences.push((text.to_owned(), theme.dim));
    }
    if stand_ins {
        let text = "Stand-ins: activations where the method has no usable answer, and another one's stands.";
        sentences.push((text.to_owned(), theme.dim));
    }
    let width = usize::from(area.width.saturating_sub(4));
    let lines = sentences.iter().flat_map(|(s, style)| wrapped(s, width).into_iter().map(move |line| (line, *style)));
    for (y, (line, style)) in (area.y + 1..area.bottom()).zip(lines) {
        pen.text(area.x + 2, y, area.width - 2, &line, style);
    }
}
