use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::command::Command;
use super::super::layout::Areas;
use super::super::list::{Row, Sort};
use super::super::model::Model;
use super::super::notes;
use super::names::shortened;
use super::pen::{Pen, cut};
use crate::calibrate::Rank;
use crate::report::{number, visible};
use crate::session::{LayerState, Ready};

/// Columns of a sparkline.
const SPARK: usize = 8;
/// Columns of a method's badge.
const BADGE: u16 = 6;
/// Columns of an SQNR.
const SQNR: u16 = 5;
/// Columns of a shape.
const SHAPE: u16 = 12;
/// Columns of an operator.
const OP: u16 = 10;

/// The list, and under it what is to say of the selected layer.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    if areas.list.is_empty() {
        return;
    }
    let theme = pen.look.theme;
    let title = Rect { height: 1, ..areas.list };
    let (shown, all) = (model.list.order.len(), model.session.layers().len());
    let at = model.list.order.iter().position(|l| *l == model.list.selected).map_or(0, |at| at + 1);
    let what = match model.list.filter.as_str() {
        "" => model.list.sort.title().to_owned(),
        filter => format!("/{filter} {shown} of {all}"),
    };
    let hidden = match model.list.hidden {
        0 => String::new(),
        n => format!(" +{n} float{}", model.keys.hint(Command::Float).map_or(String::new(), |key| format!(" ({key})"))),
    };
    let position = if shown > 0 { format!("  {at}/{shown}{hidden}") } else { hidden };
    // Heads of the columns, where the title leaves room for them.
    let db = if model.list.sort == Sort::Sensitive { " out dB" } else { " dB" };
    let heads = [(2 + BADGE + 1 + db.len() as u16, db), (2 + BADGE + 1, " by ")];
    let room = title.width.saturating_sub(heads[0].0 + 3);
    let fits = |pieces: &[(&str, Style)]| pieces.iter().map(|(text, _)| pen.width(text)).sum::<u16>() <= room;
    // How many are marked is never pushed out: commands go for all of them.
    let marked = match model.list.marked.len() {
        0 => String::new(),
        n => format!("{}{n} marked ", pen.look.glyphs.marked),
    };
    let marked = (marked.as_str(), theme.clip);
    let (head, what, position) = (("layers ", theme.title), (what.as_str(), theme.dim), (position.as_str(), theme.dim));
    let choices = [vec![head, marked, what, position], vec![head, marked, what], vec![marked, what], vec![marked]];
    let shown = choices.iter().find(|pieces| fits(pieces)).unwrap_or(if marked.0.is_empty() {
        &choices[2]
    } else {
        &choices[3]
    });
    pen.titled_rule(Rect { width: room + 3, ..title }, shown, "");
    let rest = Rect { x: title.x + room + 3, width: title.width.saturating_sub(room + 3), ..title };
    pen.titled_rule(rest, &[], "");
    for (from_right, head) in heads {
        let x = title.right().saturating_sub(from_right);
        pen.text(x, title.y, pen.width(head), head, theme.dim);
    }
    let rows = areas.list_rows(model.list.rows());
    let names = model.session.layers().iter().take(1000).map(|l| l.name().chars().count());
    let longest = names.max().unwrap_or(0).min(usize::from(u16::MAX)) as u16;
    let ops = model.session.layers().iter().any(|l| !l.op.is_empty());
    let widths = columns(rows.width, longest, ops);
    let lines = || (rows.y..rows.bottom()).zip(model.list.top..);
    let listed = lines().filter_map(|(_, at)| model.list.layer(at));
    let names: Vec<String> = listed.map(|layer| visible(model.session.layers()[layer].name())).collect();
    let mut names = shortened(&names, widths.name(rows.width), pen.look.glyphs.ellipsis).into_iter();
    for (y, at) in lines() {
        let place = Rect { y, height: 1, ..rows };
        match model.list.row(at) {
            Some(Row::Layer(layer)) => row(pen, place, model, (layer, &names.next().unwrap_or_default()), &widths),
            Some(Row::Heading) => pen.titled_rule(place, &[("weights", theme.dim)], ""),
            None => {}
        }
    }
    if model.list.order.is_empty() && model.loading.found {
        let text =
            if model.list.filter.is_empty() { "no layers" } else { "no layer has this in its name; Esc shows all" };
        pen.text(rows.x + 1, rows.y, rows.width - 1, text, theme.dim);
    }
    below(pen, areas.list_notes(model.list.rows()), model);
}

/// Which columns a list of this width has beside the name.
struct Columns {
    spark: bool,
    op: bool,
    shape: bool,
}

impl Columns {
    /// What a list of this width leaves for the name.
    fn name(&self, width: u16) -> u16 {
        let of = |shown: bool, width: u16| if shown { width + 1 } else { 0 };
        let beside = [of(self.spark, SPARK as u16), of(self.shape, SHAPE), of(self.op, OP)];
        width.saturating_sub(2 + BADGE + 1 + SQNR + 1 + beside.iter().sum::<u16>() + 3)
    }
}

/// Names come first, then the sparkline; operators (where there are `ops`) and shapes are shown where the `longest` name
/// leaves room for them.
fn columns(width: u16, longest: u16, ops: bool) -> Columns {
    // Marker, gap and flags; badge and SQNR with a gap each.
    let fixed = 5 + BADGE + SQNR + 2;
    let left = width.saturating_sub(fixed);
    let spark = left > 8 + SPARK as u16;
    let left = left.saturating_sub(SPARK as u16 + 1);
    let name = longest.clamp(8, 40);
    let op = ops && spark && left > name + OP;
    let left = left.saturating_sub(if op { OP + 1 } else { 0 });
    let shape = spark && left > name + SHAPE;
    Columns { spark, op, shape }
}

/// A layer by its index, under the name that there is room for.
fn row(pen: &mut Pen, area: Rect, model: &Model, (index, name): (usize, &str), widths: &Columns) {
    let theme = pen.look.theme;
    let layer = &model.session.layers()[index];
    let selected = index == model.list.selected;
    let ready = layer.ready();
    let quantized = ready.is_none_or(|r| r.decision().quantized);
    let name_style = match (selected, quantized) {
        (true, _) => theme.selected,
        (false, true) => Style::new(),
        (false, false) => theme.dim,
    };
    let marked = model.list.marked.contains(&layer.key);
    let marker = match (selected, quantized) {
        _ if marked => pen.look.glyphs.marked,
        (_, false) => pen.look.glyphs.float,
        (true, true) => pen.look.glyphs.select,
        (false, true) => ' ',
    };
    pen.glyph(area.x, area.y, marker, if quantized || marked { theme.clip } else { theme.dim });
    if layer.tie().is_some() {
        pen.glyph(area.x + 1, area.y, pen.look.glyphs.tied, theme.dim);
    }

    let mut end = area.right();
    let mut take = |width: u16| {
        end -= width.min(end - area.x);
        end
    };
    let flags = take(2);
    let badge = take(BADGE + 1);
    let sqnr = take(SQNR + 1);
    let spark = widths.spark.then(|| take(SPARK as u16 + 1));
    let shape = widths.shape.then(|| take(SHAPE + 1));
    let op = widths.op.then(|| take(OP + 1));
    let name_width = widths.name(area.width);
    let name = if selected { format!("{name:<width$}", width = usize::from(name_width)) } else { name.to_owned() };
    pen.text(area.x + 2, area.y, name_width, &name, name_style);

    if let Some(x) = op {
        let text = cut(&visible(&layer.op), OP, pen.look.glyphs.ellipsis);
        pen.text(x, area.y, OP, &text, theme.dim);
    }
    let Some(ready) = ready else {
        let (text, style) = match layer.state() {
            LayerState::Failed(_) => ("unreadable".to_owned(), theme.warning),
            _ => match model.loading.share {
                Some((l, share)) if l == index => (format!("{:.0} %", share * 100.0), theme.dim),
                _ => ("…".to_owned(), theme.dim),
            },
        };
        pen.right(sqnr, area.y, area.right() - sqnr, &text, style);
        return;
    };
    if let Some(x) = shape {
        pen.right(x, area.y, SHAPE, &number::shape(layer.origin.shape.as_deref()), theme.dim);
    }
    if let Some(x) = spark {
        sparkline(pen, x, area.y, ready);
    }
    let network = model.network.as_ref();
    if model.list.sort == Sort::Sensitive {
        // What it does to the outputs; of other decisions than the present ones it is dim.
        if let Some((network, found)) = network.and_then(|n| Some((n, n.sensitivity.get(&layer.key)?))) {
            let style = if network.sensitivity_is_old() || !quantized { theme.dim } else { Style::new() };
            let text = match (found.alone.sqnr_db, found.alone.agreement) {
                (None, Some(share)) => format!("{:.1}%", share * 100.0),
                (db, _) => db.map_or("–".into(), |db| number::decibels(db.get())),
            };
            // On fewer samples than there are.
            let about = if found.alone.cut_from().is_some() { "~" } else { "" };
            pen.right(sqnr.saturating_sub(1), area.y, SQNR + 1, &format!("{about}{text}"), style);
        }
    } else if quantized {
        pen.right(sqnr, area.y, SQNR, &number::decibels(ready.metrics().sqnr_db), Style::new());
    }
    let label = ready.candidate(&ready.decision().method).map_or("", |c| c.label.as_str());
    let badge_text = match (quantized, ready.edited()) {
        (false, _) => "float",
        (true, _) if ready.decision().tuned().is_some() => "tuned",
        (true, true) => "hand",
        (true, false) => label,
    };
    pen.text(badge, area.y, BADGE, badge_text, theme.dim);
    if ready.edited() {
        pen.glyph(flags, area.y, '*', theme.clip);
    }
    if let Some((sign, style)) =
        notes::rank_by_network(model, &layer.key).or(layer.rank()).and_then(|rank| sign(pen, rank))
    {
        pen.glyph(flags + 1, area.y, sign, style);
    }
}

/// What marks a rank, in the list and before its sentence; nothing what is merely worth knowing.
fn sign(pen: &Pen, rank: Rank) -> Option<(char, Style)> {
    let (theme, [costs, wrong]) = (pen.look.theme, pen.look.glyphs.ranks);
    match rank {
        Rank::Costs => Some((costs, theme.beyond)),
        Rank::Wrong => Some((wrong, theme.warning)),
        Rank::Worth => None,
    }
}

/// The layer's magnitudes in eight columns, on a log scale. The top eighth stays free, so that the lines of one layer
/// do not run into those of the next.
fn sparkline(pen: &mut Pen, x: u16, y: u16, ready: &Ready) {
    let magnitude = &ready.histogram().magnitude;
    let bins = magnitude.bins();
    let mut columns = [0u64; SPARK];
    for (bin, (p, n)) in magnitude.pos.iter().zip(&magnitude.neg).enumerate() {
        columns[bin * SPARK / bins] += p + n;
    }
    columns[0] -= ready.stats().zeros.min(columns[0]);
    let most = columns.iter().copied().max().unwrap_or(0).max(1) as f64;
    for (i, &count) in columns.iter().enumerate() {
        if count > 0 {
            let level = ((count as f64).ln_1p() / most.ln_1p() * 7.0).round().clamp(1.0, 7.0) as usize;
            let glyph = pen.look.glyphs.eighths[level - 1];
            pen.glyph(x + i as u16, y, glyph, pen.look.theme.bar);
        }
    }
}

/// As much of what is to say of the selected layer as there is room for; where there is more, how to read it.
fn below(pen: &mut Pen, area: Rect, model: &Model) {
    let theme = pen.look.theme;
    let lines = notes::lines(model, usize::from(area.width.saturating_sub(3)));
    let room = usize::from(area.height.saturating_sub(1));
    let shown = if lines.len() > room { room.saturating_sub(1) } else { room };
    let mut y = area.y + 1;
    for line in lines.iter().take(shown) {
        note(pen, Rect { y, height: 1, ..area }, line);
        y += 1;
    }
    if y < area.bottom() && lines.len() > shown {
        let more = number::of((lines.len() - shown) as u64, "more line");
        let key = model.keys.hint(Command::Notes).map_or(String::new(), |key| format!(": {key} reads all"));
        pen.text(area.x + 2, y, area.width - 2, &format!("{} {more}{key}", pen.look.glyphs.ellipsis), theme.title);
    }
}

/// A line of what is to say, with the sign of its sentence.
pub(super) fn note(pen: &mut Pen, area: Rect, line: &notes::Line) {
    if let Some((sign, style)) = line.begins.and_then(|rank| sign(pen, rank)) {
        pen.glyph(area.x, area.y, sign, style);
    }
    pen.text(area.x + 2, area.y, area.width.saturating_sub(2), &line.text, pen.look.theme.dim);
}
