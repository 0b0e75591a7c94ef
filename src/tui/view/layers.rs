use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::command::Command;
use super::super::formats;
use super::super::layout::Areas;
use super::super::list::{Row, Sort};
use super::super::model::Model;
use super::super::names::shortened;
use super::super::notes;
use super::super::page::Page;
use super::columns::{Columns, SPARK, badge};
use super::pen::{Pen, cut};
use crate::calibrate::Rank;
use crate::report::{number, visible};
use crate::session::{Layer, LayerState, Ready};

/// The list, and under it what is to say of the selected layer.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    if areas.list.is_empty() {
        // Of a layer that is alone; there is no blank line above.
        let area = areas.list_notes(0);
        return below(
            pen,
            Rect { y: area.y.saturating_sub(1), height: area.height + u16::from(area.height > 0), ..area },
            model,
        );
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
    let rows = areas.list_rows(model.list.rows());
    let columns = Columns::fitting(rows.width, model);
    // Heads of the columns: from the first of the numbers on, the rest belongs to the title.
    let old = model.network.as_ref().is_some_and(|network| network.sensitivity_is_old());
    let db = match (model.list.sort, old) {
        (Sort::Sensitive, true) => "old dB",
        (Sort::Sensitive, false) => "out dB",
        _ => "dB",
    };
    let heads = [(columns.clip, "clip"), (columns.saturated, "saturated"), (columns.sqnr, db)];
    let words = [(columns.badge, "by "), (columns.format, "fmt ")];
    let words = words.into_iter().filter_map(|(place, head)| place.map(|place| (place, head)));
    let starts = heads.iter().filter_map(|(place, head)| Some(place.as_ref()?.right_of(head)));
    let first = starts.chain(words.clone().map(|(place, _)| place.x)).min().unwrap_or(title.width);
    let room = first.saturating_sub(4);
    let fits = |pieces: &[(&str, Style)]| pieces.iter().map(|(text, _)| pen.width(text)).sum::<u16>() <= room;
    // How many are marked is never pushed out: commands go for all of them.
    let marked = match model.list.marked.len() {
        0 => String::new(),
        n => format!("{}{n} marked ", pen.look.glyphs.marked),
    };
    let marked = (marked.as_str(), theme.clip);
    let (head, what, position) = (("layers ", theme.title), (what.as_str(), theme.dim), (position.as_str(), theme.dim));
    let mut choices = vec![vec![head, marked, what, position], vec![head, marked, what], vec![marked, what]];
    if !marked.0.is_empty() {
        choices.push(vec![marked]);
    }
    // Where nothing fits the last one is cut.
    let shown = choices.iter().find(|pieces| fits(pieces)).unwrap_or(&choices[choices.len() - 1]);
    pen.titled_rule(Rect { width: room + 3, ..title }, shown, "");
    let rest = Rect { x: title.x + room + 3, width: title.width.saturating_sub(room + 3), ..title };
    pen.titled_rule(rest, &[], "");
    for (place, head) in heads {
        if let Some(x) = place.map(|place| title.x + place.right_of(head)) {
            pen.text(x - 1, title.y, pen.width(head) + 2, &format!(" {head} "), theme.dim);
        }
    }
    for (place, head) in words {
        pen.pieces(title.x + place.x - 1, title.y, pen.width(head) + 1, &[(" ", theme.dim), (head, theme.dim)]);
    }
    let lines = || (rows.y..rows.bottom()).zip(model.list.top..);
    let names: Vec<&str> = lines().filter_map(|(_, at)| model.list.name(at)).collect();
    let mut names = shortened(&model.list.listed.common, &names, columns.name, pen.look.glyphs.ellipsis).into_iter();
    for (y, at) in lines() {
        let place = Rect { y, height: 1, ..rows };
        match model.list.row(at) {
            Some(Row::Layer(layer)) => row(pen, place, model, (layer, &names.next().unwrap_or_default()), &columns),
            Some(Row::Heading) => {
                let format = model.list.formats.weights.map_or(String::new(), |format| format!(", {format}"));
                pen.titled_rule(place, &[("weights", theme.dim), (&format, theme.dim)], "");
            }
            None => {}
        }
    }
    if model.list.order.is_empty() && model.loading.found {
        let text =
            if model.list.filter.is_empty() { "no layers" } else { "no layer has this in its name; Esc shows all" };
        pen.text(rows.x + 1, rows.y, rows.width - 1, text, theme.dim);
    }
    // While methods are compared, why they differ stands there.
    if model.plot.page != Page::Compare {
        below(pen, areas.list_notes(model.list.rows()), model);
    }
}

/// A layer by its index, under the name that there is room for.
fn row(pen: &mut Pen, area: Rect, model: &Model, (index, name): (usize, &str), columns: &Columns) {
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

    // As wide as its column in cells, whatever its characters take.
    let blank = usize::from(columns.name.saturating_sub(pen.width(name)));
    let name = if selected { format!("{name}{}", " ".repeat(blank)) } else { name.to_owned() };
    pen.text(area.x + 2, area.y, columns.name, &name, name_style);

    let ellipsis = pen.look.glyphs.ellipsis;
    if let Some(at) = columns.op {
        pen.text(area.x + at.x, area.y, at.width, &cut(&visible(&layer.op), at.width, ellipsis), theme.dim);
    }
    // Out of the way of the name, where there are no numbers yet.
    let sqnr = columns.sqnr.unwrap_or_default();
    let Some(ready) = ready else {
        let (text, style) = match layer.state() {
            LayerState::Failed(_) => ("unreadable".to_owned(), theme.warning),
            _ => match model.loading.share {
                Some((l, share)) if l == index => (format!("{:.0} %", share * 100.0), theme.dim),
                _ => ("…".to_owned(), theme.dim),
            },
        };
        let x = area.x + sqnr.x;
        pen.right(x, area.y, area.right().saturating_sub(x), &text, style);
        return;
    };
    if let Some(at) = columns.shape {
        let shape = cut(&number::shape(layer.origin.shape.as_deref()), at.width, ellipsis);
        pen.right(area.x + at.x, area.y, at.width, &shape, theme.dim);
    }
    if let Some(at) = columns.spark {
        sparkline(pen, area.x + at.x, area.y, ready);
    }
    let plain = if quantized { Style::new() } else { theme.dim };
    if let Some(at) = columns.clip {
        let short = |x: f32| number::significant(f64::from(x), 4);
        let clip = ready.clip();
        let text = match ready.format().symmetric() {
            true => short(clip.amax()),
            false => format!("{} to {}", short(clip.min()), short(clip.max())),
        };
        pen.right(area.x + at.x, area.y, at.width, &text, plain);
    }
    if let Some(at) = columns.saturated.filter(|_| quantized) {
        pen.right(area.x + at.x, area.y, at.width, &number::percent(ready.metrics().saturated), plain);
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
            let x = (area.x + sqnr.x).saturating_sub(1);
            pen.right(x, area.y, sqnr.width + 1, &format!("{about}{text}"), style);
        }
    } else if quantized {
        pen.right(area.x + sqnr.x, area.y, sqnr.width, &number::decibels(ready.metrics().sqnr_db), Style::new());
    }
    if let Some(at) = columns.badge {
        pen.text(area.x + at.x, area.y, at.width, badge(ready), theme.dim);
    }
    if let Some(at) = columns.format {
        let (word, style) = match quantized {
            true => (formats::short(ready.format()), Style::new()),
            false => ("float".to_owned(), theme.dim),
        };
        pen.text(area.x + at.x, area.y, at.width, &word, style);
    }
    let flags = area.x + columns.flags;
    if ready.edited() {
        pen.glyph(flags, area.y, '*', theme.clip);
    }
    if let Some((sign, style)) = sign_of(pen, model, layer) {
        pen.glyph(flags + 1, area.y, sign, style);
    }
}

/// What the list marks a layer with.
pub(super) fn sign_of(pen: &Pen, model: &Model, layer: &Layer) -> Option<(char, Style)> {
    notes::rank_by_network(model, &layer.key).or(layer.rank()).and_then(|rank| sign(pen, rank))
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
    let edge = |column: usize| (column * bins).div_ceil(usize::from(SPARK));
    let mut columns: [u64; SPARK as usize] = std::array::from_fn(|column| {
        let bins = edge(column)..edge(column + 1);
        magnitude.pos[bins.clone()].iter().sum::<u64>() + magnitude.neg[bins].iter().sum::<u64>()
    });
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
