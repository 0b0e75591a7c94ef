use ratatui::layout::Rect;

use super::super::layout::{Areas, GUTTER};
use super::super::model::Model;
use super::super::plot::{BarStyle, bars};
use super::pen::{Pen, wrapped};
use crate::calibrate::{Divergence, kl};
use crate::figure::YScale;
use crate::report::number;
use crate::session::Ready;

/// The widest that a bin is drawn.
const WIDEST: u16 = 9;
/// From this width on a bin has its numbers under it.
const NUMBERED: u16 = 6;

/// Which bins are seen: how many columns each takes, the first one, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    cell: u16,
    first: usize,
    shown: usize,
}

impl Window {
    /// As many bins as there is room for, wider where there are few, the cursor in the middle where not all are seen.
    fn new(kept: usize, cursor: usize, columns: u16, wider: u8) -> Window {
        let natural = usize::from(columns).checked_div(kept).unwrap_or(0).clamp(1, usize::from(WIDEST)) as u16;
        let cell = (natural << wider).min(WIDEST.max(natural));
        let shown = usize::from(columns / cell).clamp(1, kept);
        Window { cell, first: cursor.saturating_sub(shown / 2).min(kept - shown), shown }
    }

    /// Where a bin begins, in columns.
    fn column(&self, bin: usize) -> u16 {
        (bin.saturating_sub(self.first) as u16).saturating_mul(self.cell)
    }
}

/// The bin of P and Q in a column of the screen.
pub(in super::super) fn bin_at(model: &Model, areas: &Areas, x: u16) -> Option<usize> {
    let parts = model.divergence()?;
    let window = Window::new(parts.bins.len(), model.bin_of(&parts), areas.lower.width, model.plot.wider);
    let bin = usize::from(x.checked_sub(areas.lower.x)? / window.cell);
    (bin < window.shown).then_some(window.first + bin)
}

/// The rows of the panel from the top: bars of P, the levels, bars of Q, numbers, where the terms are, words.
struct Rows {
    p: Rect,
    levels: u16,
    q: Rect,
    /// Under P, under Q, and the terms.
    numbers: [Option<u16>; 3],
    overview: Option<u16>,
    words: Rect,
}

impl Rows {
    fn new(area: Rect, window: &Window, kept: usize) -> Rows {
        let words = match area.height {
            0..=7 => 2,
            8..=11 => 3,
            _ => 4,
        };
        // What is left for bars once the levels and the words have their place.
        let mut left = area.height.saturating_sub(words + 1);
        let mut take = |wanted: bool| {
            let there = wanted && left >= 5;
            left -= u16::from(there);
            there
        };
        let overview = take(window.shown < kept);
        let numbered = window.cell >= NUMBERED;
        let [terms, of_p, of_q] = [take(numbered), take(numbered), take(numbered)];
        let upper = left.div_ceil(2);
        let mut y = area.y;
        let mut row = |n: u16| {
            y += n;
            y - n
        };
        let p = Rect { y: row(upper), height: upper, ..area };
        let of_p = of_p.then(|| row(1));
        let levels = row(1);
        let q = Rect { y: row(left - upper), height: left - upper, ..area };
        let of_q = of_q.then(|| row(1));
        let terms = terms.then(|| row(1));
        let overview = overview.then(|| row(1));
        let words =
            Rect { y: row(words), height: words, x: area.x.saturating_sub(GUTTER) + 1, width: area.width + GUTTER - 1 };
        Rows { p, levels, q, numbers: [of_p, of_q, terms], overview, words }
    }
}

/// Both distributions of the KL divergence at the clip in hand, on the bins and levels that the method sees.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model, ready: &Ready) {
    let theme = pen.look.theme;
    let area = Rect { height: areas.lower.height + areas.ticks.height, ..areas.lower };
    let Some(parts) = model.divergence() else {
        pen.titled_rule(areas.lower_title, &[("P and Q", theme.title)], "");
        let why = kl::undefined_on(ready.format());
        let why = why.unwrap_or("The clip keeps no bin, or lies beyond the last one: there is nothing to compare");
        for (y, line) in (area.y + 1..area.bottom()).zip(wrapped(&format!("{why}."), usize::from(area.width))) {
            pen.text(area.x, y, area.width, &line, theme.dim);
        }
        return;
    };
    let kept = parts.bins.len();
    let cursor = model.bin_of(&parts);
    let window = Window::new(kept, cursor, area.width, model.plot.wider);
    let rows = Rows::new(area, &window, kept);
    title(pen, areas.lower_title, &parts, &window, ready);
    draw_bars(pen, model, &parts, &window, &rows, cursor);
    draw_levels(pen, area, &parts, &window, rows.levels);
    draw_numbers(pen, area, &parts, &window, &rows, cursor);
    if let Some(y) = rows.overview {
        draw_overview(pen, Rect { y, height: 1, ..area }, &parts, &window);
    }
    words(pen, rows.words, ready, &parts, (cursor, model.plot.bin.is_some()));
}

fn title(pen: &mut Pen, area: Rect, parts: &Divergence, window: &Window, ready: &Ready) {
    let theme = pen.look.theme;
    let kept = parts.bins.len();
    let all = number::count(parts.of_bins as u64);
    let levels = parts.of_levels;
    let shown = if window.shown < kept {
        format!("bins {}–{} of {kept}, {levels} levels; {all} in all", window.first, window.first + window.shown - 1)
    } else {
        format!("{kept} of {all} bins kept, {levels} levels")
    };
    // Of an affine range the objective knows the larger end only.
    let of = if ready.format().symmetric() { "" } else { " of |x|" };
    let about = format!("{of}  {shown}");
    let nats = format!("KL {} nats", number::significant(parts.kl, 6));
    let style = if parts.kl.is_finite() { theme.curve } else { theme.warning };
    // The divergence goes before what the bins are.
    let width = (pen.width(&nats) + 3).min(area.width);
    pen.titled_rule(area, &[], "");
    let titled = Rect { width: area.width - width, ..area };
    pen.titled_rule(titled, &[("P and Q", theme.title), (&about, theme.dim)], "");
    pen.text(titled.right(), area.y, width.saturating_sub(1), &format!(" {nats} "), style);
}

fn draw_bars(pen: &mut Pen, model: &Model, parts: &Divergence, window: &Window, rows: &Rows, cursor: usize) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    // Q on P's scale: both are compared once they are divided by their sums.
    let q_unit = if parts.sum_q > 0.0 { parts.sum_p / parts.sum_q } else { 0.0 };
    let seen = &parts.bins[window.first..window.first + window.shown];
    let heights = [
        seen.iter().map(|bin| bin.p_count as f64).collect::<Vec<_>>(),
        seen.iter().map(|bin| bin.q_count * q_unit).collect(),
    ];
    let scale = YScale::counts(&heights.concat(), model.plot.rise, 1.0);
    let last = parts.bins.len() - 1;
    // A gap between bins that are wide enough to have one.
    let gap = u16::from(window.cell >= 3);
    let bin_of = |column: u16| (usize::from(column / window.cell) + window.first, column % window.cell);
    let sides = [(rows.p, &heights[0], "P", theme.bar), (rows.q, &heights[1], "Q", theme.quantized)];
    for (area, values, name, style) in sides {
        pen.right(area.x - GUTTER, area.y, GUTTER - 1, name, style);
        let columns: Vec<f64> = (0..area.width)
            .map(|column| {
                let (bin, within) = bin_of(column);
                let value = values.get(bin - window.first).copied().unwrap_or(0.0);
                if within + gap < window.cell || window.cell == 1 { scale.height(value).max(0.0) } else { 0.0 }
            })
            .collect();
        bars(pen.buffer, area, &columns, |column| {
            let (bin, _) = bin_of(column);
            let tail = name == "P" && bin == last && parts.tail > 0;
            let style = match (bin == cursor, tail) {
                (true, _) => theme.inspect,
                (false, true) => theme.beyond,
                (false, false) => style,
            };
            // The tail looks as it does in the histogram.
            BarStyle { eighths: if tail { glyphs.hatched } else { glyphs.eighths }, style }
        });
        // The cursor is more than a colour.
        let x = area.x + window.column(cursor);
        for y in area.y..area.bottom() {
            if pen.buffer[(x, y)].symbol() == " " {
                pen.glyph(x, y, glyphs.inspect, theme.inspect);
            }
        }
        if let (Some(bin), "Q") = (parts.gap(), name)
            && (window.first..window.first + window.shown).contains(&bin)
            && area.height > 0
        {
            pen.glyph(area.x + window.column(bin), area.bottom() - 1, glyphs.infinity, theme.warning);
        }
    }
}

/// Where each level begins, and what it holds.
fn draw_levels(pen: &mut Pen, area: Rect, parts: &Divergence, window: &Window, y: u16) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    for x in area.x..area.x + (window.shown as u16 * window.cell).min(area.width) {
        pen.glyph(x, y, glyphs.axis[0], theme.dim);
    }
    let end = window.first + window.shown;
    for level in parts.levels.iter().filter(|level| level.bins.end > window.first && level.bins.start < end) {
        let (from, to) = (window.column(level.bins.start), window.column(level.bins.end.min(end)));
        if level.bins.start >= window.first {
            pen.glyph(area.x + from, y, glyphs.axis[1], theme.dim);
        }
        let (sum, each) = (number::count(level.count), share(level.share()));
        let texts = [
            format!(" level {}: {sum} in {} not empty = {each} ", level.level, level.non_empty),
            format!(" {}: {sum}/{} = {each} ", level.level, level.non_empty),
            format!(" {sum}/{} ", level.non_empty),
            format!("{}", level.level),
        ];
        let room = to.saturating_sub(from + 1).min(area.width.saturating_sub(from + 1));
        if let Some(text) = texts.iter().find(|text| pen.width(text) <= room) {
            pen.text(area.x + from + 1, y, room, text, theme.dim);
        }
    }
}

/// The numbers of bins that are wide enough: P, expanded Q, and the terms.
fn draw_numbers(pen: &mut Pen, area: Rect, parts: &Divergence, window: &Window, rows: &Rows, cursor: usize) {
    let theme = pen.look.theme;
    let names = [("P", theme.bar), ("Q", theme.quantized), ("nats", theme.curve)];
    for ((row, (name, style)), which) in rows.numbers.iter().zip(names).zip(0..) {
        let Some(y) = *row else { continue };
        pen.right(area.x - GUTTER, y, GUTTER - 1, name, theme.dim);
        for bin in window.first..window.first + window.shown {
            let of = &parts.bins[bin];
            let text = match which {
                0 => number::short_count(of.p_count),
                1 if of.q_count.fract() == 0.0 => number::short_count(of.q_count as u64),
                1 => number::significant(of.q_count, 3),
                _ => number::significant(of.nats, 2),
            };
            let style = if bin == cursor { theme.inspect } else { style };
            pen.text(area.x + window.column(bin), y, window.cell - 1, &text, style);
        }
    }
}

/// What a bin gets: whole numbers as such.
fn share(value: f64) -> String {
    if value.fract() == 0.0 { number::count(value as u64) } else { number::significant(value, 4) }
}

/// Where in all of the range the divergence comes from, and which part of it is seen.
fn draw_overview(pen: &mut Pen, area: Rect, parts: &Divergence, window: &Window) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    let kept = parts.bins.len();
    let bins_of = |column: usize| {
        let edge = |column: usize| column * kept / usize::from(area.width);
        edge(column)..edge(column + 1).max(edge(column) + 1).min(kept)
    };
    let size = |nats: f64| if nats.is_finite() { nats.abs() } else { 0.0 };
    let sums = (0..usize::from(area.width)).map(|c| parts.bins[bins_of(c)].iter().map(|b| size(b.nats)).sum::<f64>());
    let sums: Vec<f64> = sums.collect();
    let most = sums.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let seen = |column: u16| {
        let bins = bins_of(usize::from(column));
        bins.start < window.first + window.shown && bins.end > window.first
    };
    pen.right(area.x - GUTTER, area.y, GUTTER - 1, "nats", theme.dim);
    for x in area.x..area.right() {
        pen.glyph(x, area.y, glyphs.axis[0], theme.dim);
    }
    let columns: Vec<f64> = sums.iter().map(|sum| sum / most).collect();
    bars(pen.buffer, area, &columns, |column| BarStyle {
        eighths: glyphs.eighths,
        style: if seen(column) { theme.inspect } else { theme.curve },
    });
}

/// The bin under the cursor, its level, and the terms that matter most; on a gap, why the divergence is infinite.
fn words(pen: &mut Pen, area: Rect, ready: &Ready, parts: &Divergence, (cursor, placed): (usize, bool)) {
    let theme = pen.look.theme;
    let bin = &parts.bins[cursor];
    let level = &parts.levels[bin.level];
    let count = number::count;
    let last = cursor + 1 == parts.bins.len();
    let tail = if last && parts.tail > 0 {
        format!(" ({} + {} beyond)", count(bin.count), count(parts.tail))
    } else {
        String::new()
    };
    let signed = |nats: f64| format!("{}{}", if nats > 0.0 { "+" } else { "" }, number::significant(nats, 4));
    let at_cursor = format!(
        "bin {cursor}: P {}{tail}/{} = {}, Q {}/{} = {}, p ln(p/q) {}",
        count(bin.p_count),
        count(parts.sum_p as u64),
        number::significant(bin.p, 4),
        share(bin.q_count),
        count(parts.sum_q as u64),
        number::significant(bin.q, 4),
        signed(bin.nats)
    );
    let room = area.width.saturating_sub(1);
    let of_level = {
        let (nth, first, last) = (level.level, level.bins.start, level.bins.end - 1);
        let (values, each) = (number::of(level.count, "value"), share(level.share()));
        let are = if level.non_empty == 1 { "is" } else { "are" };
        let bins = number::of(level.non_empty as u64, "bin");
        let long = format!("level {nth}, bins {first} to {last}: {values} in {bins} that {are} not empty, {each} each");
        let short = format!("level {nth}: {values} in {} not empty, {each} each", count(level.non_empty as u64));
        if pen.width(&long) <= room { long } else { short }
    };
    let third = match parts.gap() {
        Some(gap) => (
            format!(
                "Why infinite: bin {gap}, the last one kept, is empty, so Q is 0 there; P has the tail there, {}.",
                number::of(parts.tail, "value")
            ),
            theme.warning,
        ),
        None if parts.kl.is_nan() => {
            ("The bins that are kept are all empty: Q is 0 / 0, and KL is undefined.".to_owned(), theme.warning)
        }
        None => {
            let terms = parts.largest(8).into_iter().map(|at| format!("bin {at} {}", signed(parts.bins[at].nats)));
            // As many as one line holds.
            let mut text = String::new();
            for term in terms {
                let longer =
                    if text.is_empty() { format!("largest terms: {term}") } else { format!("{text} · {term}") };
                if !text.is_empty() && pen.width(&longer) > room {
                    break;
                }
                text = longer;
            }
            (text, theme.dim)
        }
    };
    // Bin 0 is not what was counted there.
    let own_first = ready.histogram().magnitude.counts().first().copied();
    let copied = own_first.filter(|own| *own != parts.bins[0].count);
    let copied =
        copied.map(|own| format!("bin 0 holds {}, and the method gives it bin 1's count", number::of(own, "value")));
    // What says why it is infinite comes first: where there is room for two lines only, it is what was asked.
    let mut said = vec![(at_cursor, theme.inspect), (of_level, theme.dim)];
    // Where somebody has placed the cursor, its bin is what was asked.
    let place = match (parts.kl.is_finite(), placed) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    };
    said.insert(place, third);
    if let Some(text) = copied {
        said.insert(if cursor == 0 { 1 } else { said.len() }, (text, theme.dim));
    }
    pen.said(area, room, &said);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_bins_are_wide_and_many_are_seen_about_the_cursor() {
        assert_eq!(Window::new(8, 7, 73, 0), Window { cell: 9, first: 0, shown: 8 });
        assert_eq!(Window::new(2048, 0, 73, 0), Window { cell: 1, first: 0, shown: 73 });
        assert_eq!(Window::new(2048, 1000, 73, 0).first, 1000 - 36);
        assert_eq!(Window::new(2048, 2047, 73, 3), Window { cell: 8, first: 2039, shown: 9 });
        assert_eq!(Window::new(1, 0, 0, 3), Window { cell: 8, first: 0, shown: 1 });
    }

    #[test]
    fn rows_lie_inside_their_panel() {
        for height in 0..40 {
            for kept in [1, 8, 2048] {
                let area = Rect::new(6, 3, 60, height);
                let window = Window::new(kept, 0, area.width, 0);
                let rows = Rows::new(area, &window, kept);
                assert!(height < 7 || rows.words.bottom() == area.bottom(), "{height} {kept}");
                assert!(height < 7 || rows.p.height > 0 && rows.q.height > 0, "{height} {kept}");
                assert!(rows.levels <= rows.q.y && rows.p.bottom() <= rows.levels);
            }
        }
    }
}
