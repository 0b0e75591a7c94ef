//! The table of layers: a row and a plot each.

use std::collections::HashSet;
use std::fmt::Write;

use crate::calibrate::Rank;
use crate::figure::Outline;
use crate::report::number;
use crate::report::plot::{Frame, Svg, draw, escaped, in_words};
use crate::report::row::Row;
use crate::report::shown::Shown;
use crate::session::Ready;

/// All columns of all plots of a page.
pub(super) const MOST_COLUMNS: usize = 100_000;

/// Layers that have a plot.
pub(super) const MOST_PLOTS: usize = 2000;

/// Columns of a plot where there are few layers: one each two pixels.
const COLUMNS: usize = 156;

/// The fewest: what lies beyond a clip is still seen.
const FEWEST: usize = 32;

/// The plot in a row, in pixels.
const SIZE: (f64, f64) = (360.0, 128.0);
const FRAME: Frame = Frame { x: 34.0, y: 17.0, width: 312.0, height: 76.0, line: 11.0 };

/// A column: what it says above, and whether that are numbers.
const HEADINGS: [(&str, bool); 7] = [
    ("Layer", false),
    ("Histogram", false),
    ("Format, method", false),
    ("Clip", true),
    ("SQNR dB", true),
    ("Saturated", true),
    ("State", false),
];

/// Where the histogram stands: nothing to sort by.
const HISTOGRAM: usize = 1;

pub(super) fn table(out: &mut String, shown: &Shown, key: &str) {
    let rows = Row::all(shown.session);
    let plotted = plotted(&rows);
    let columns = (MOST_COLUMNS / plotted.len().max(1)).clamp(FEWEST, COLUMNS);
    let _ = write!(
        out,
        "<h2 id=\"layers\">Layers</h2>\n{key}<div class=\"tools\" hidden><label>Search <input type=\"search\" id=\"search\" \
         placeholder=\"name, operator, method, state\" autocomplete=\"off\" spellcheck=\"false\"></label> <label>Sort <select \
         id=\"sort\"></select></label> <label id=\"floats\" hidden><input type=\"checkbox\"> show what the placement leaves in float</label> <output id=\"shown\" for=\"search\"></output></div>\n"
    );
    if let Some(said) = bounded(rows.len(), plotted.len(), columns) {
        let _ = writeln!(out, "<p class=\"bounded\">{said}</p>");
    }
    out.push_str("<table class=\"layers\">\n<thead><tr>");
    for (at, (heading, is_number)) in HEADINGS.iter().enumerate() {
        let class = if *is_number { " class=\"n\"" } else { "" };
        let fixed = if at == HISTOGRAM { " data-fixed" } else { "" };
        let _ = write!(out, "<th scope=\"col\"{class}{fixed}>{heading}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (at, row) in rows.iter().enumerate() {
        let plot = row.ready.filter(|_| plotted.contains(&at));
        let plot = plot.map(|ready| (ready, Outline::of(ready, columns as u16, shown.rise)));
        self::row(out, at, row, plot.as_ref().map(|(ready, outline)| (*ready, outline)));
    }
    out.push_str("</tbody>\n</table>\n");
}

/// The rows that have a plot: all of them, or those that are quantized with the least SQNR.
fn plotted(rows: &[Row]) -> HashSet<usize> {
    let mut read: Vec<usize> = (0..rows.len()).filter(|&at| rows[at].ready.is_some()).collect();
    if read.len() > MOST_PLOTS {
        let worth = |at: usize| match (rows[at].is_quantized(), rows[at].sqnr_db()) {
            (false, _) => f64::INFINITY,
            (true, db) if db.is_nan() => f64::NEG_INFINITY,
            (true, db) => db,
        };
        read.sort_by(|&a, &b| worth(a).total_cmp(&worth(b)));
        read.truncate(MOST_PLOTS);
    }
    read.into_iter().collect()
}

/// What is left out so that the page stays small.
fn bounded(rows: usize, plots: usize, columns: usize) -> Option<String> {
    let coarse = (columns < COLUMNS && plots > 0)
        .then(|| format!("So that the page stays small, each plot has {columns} columns, and not {COLUMNS}"));
    let fewer = (plots == MOST_PLOTS && rows > plots).then(|| {
        format!(
            "the {} quantized layers with the least SQNR have one, of {}",
            number::count(plots as u64),
            number::count(rows as u64)
        )
    });
    let said: Vec<String> = coarse.into_iter().chain(fewer).collect();
    (!said.is_empty()).then(|| format!("{}. All numbers are there for all layers.", said.join("; ")))
}

fn row(out: &mut String, at: usize, row: &Row, plot: Option<(&Ready, &Outline)>) {
    let layer = row.layer;
    let placed = if row.in_float.is_some() { " data-float" } else { "" };
    let _ = write!(out, "<tr data-i=\"{at}\"{placed}><th scope=\"row\"><code>{}</code>", name(layer.name()));
    let shape = layer.origin.shape.as_ref().map(|shape| number::shape(Some(shape)));
    let values = row.ready.map(|ready| number::of(ready.stats().count, "value"));
    let of =
        [Some(layer.kind().word().to_owned()), Some(layer.op.clone()), Some(layer.origin.dtype.clone()), shape, values];
    let of: Vec<String> = of.into_iter().flatten().filter(|word| !word.is_empty()).map(|word| escaped(&word)).collect();
    let _ = write!(out, "<small>{}</small></th>", of.join(" · "));
    match plot {
        Some((ready, outline)) => {
            let (w, h) = SIZE;
            let _ = write!(
                out,
                "<td class=\"p\"><svg class=\"plot\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\">",
                escaped(&in_words(ready))
            );
            draw(&mut Svg(out), ready, outline, FRAME);
            out.push_str("</svg></td>");
        }
        None => out.push_str("<td class=\"p\"></td>"),
    }
    let _ = write!(out, "<td>{}<small>{}</small></td>", escaped(&row.format()), escaped(&row.method()));
    clip(out, row);
    let db = row.sqnr_db();
    let said = if db.is_nan() { "–".into() } else { number::decibels(db) };
    let _ = write!(out, "<td class=\"n\" data-v=\"{}\">{said}</td>", sortable(db));
    let share = row.saturated();
    let said = if share.is_nan() { "–".into() } else { number::percent(share) };
    let _ = write!(out, "<td class=\"n\" data-v=\"{}\">{}</td>", sortable(share), escaped(&said));
    state(out, row);
    out.push_str("</tr>\n");
}

/// The clip, and the scale that follows from it.
fn clip(out: &mut String, row: &Row) {
    let amax = row.ready.map_or(f64::NAN, |ready| f64::from(ready.decision().clip.amax()));
    let said = row.clip().replace("..", " … ");
    let of = if row.ready.is_some_and(|ready| ready.axis().is_some()) { "widest " } else { "" };
    let _ = write!(out, "<td class=\"n\" data-v=\"{}\">{of}{}", sortable(amax), escaped(&said));
    if row.is_quantized() {
        let scale = row.spread(|ready| ready.params().scale(), |scale| number::significant(f64::from(scale), 4));
        let zero = row.spread(|ready| ready.params().zero_point(), |zero| zero.to_string());
        let zero = if zero == "0" {
            String::new()
        } else {
            format!("<br>zero point {}", escaped(&zero.replace("..", " … ")))
        };
        let scale = escaped(&scale.replace("..", " … "));
        let _ = write!(out, "<small>scale {scale}{zero}</small>");
    }
    out.push_str("</td>");
}

/// What is to be known of it: words, and a sentence for each thing that costs the outputs or is wrong.
fn state(out: &mut String, row: &Row) {
    let rank = row.layer.rank().map_or(3, |rank| match rank {
        Rank::Costs => 0,
        Rank::Wrong => 1,
        Rank::Worth => 2,
    });
    let rank = if row.layer.failure().is_some() { 1 } else { rank };
    let _ = write!(out, "<td class=\"s\" data-v=\"{rank}\">");
    for word in row.state().split(',') {
        // A sign beside the colour, so that it is not colour that tells.
        let (class, sign, word) = match word.split_once(':') {
            Some(("costs", word)) => ("tag costs", "↓ costs: ", word),
            Some(("wrong", word)) => ("tag wrong", "! wrong: ", word),
            _ if word == "unreadable" => ("tag wrong", "! ", word),
            _ => ("tag", "", word),
        };
        let _ = write!(out, "<span class=\"{class}\">{sign}{}</span> ", escaped(word));
    }
    let notes = row.layer.ranked_notes();
    let marked = notes.iter().filter(|note| note.rank.is_marked()).map(|note| note.text.as_str());
    let in_float = row.in_float.into_iter();
    let said: Vec<String> = row.layer.failure().into_iter().chain(in_float).chain(marked).map(escaped).collect();
    if !said.is_empty() {
        let _ = write!(out, "<small>{}</small>", said.join(" "));
    }
    let others: Vec<String> = notes.iter().filter(|note| !note.rank.is_marked()).map(|n| escaped(&n.text)).collect();
    if !others.is_empty() {
        let _ = write!(out, "<details><summary>worth knowing</summary><small>{}</small></details>", others.join(" "));
    }
    out.push_str("</td>");
}

/// A name, with places where a long one may go to the next line.
fn name(name: &str) -> String {
    let mut out = String::new();
    let mut since = 0;
    for c in escaped(name).chars() {
        out.push(c);
        since += 1;
        if matches!(c, '/' | '.' | '_' | ':' | '-') && since > 6 {
            out.push_str("<wbr>");
            since = 0;
        }
    }
    if out.is_empty() { "(no name)".into() } else { out }
}

/// A number that scripts sort by; what is none comes last.
fn sortable(x: f64) -> String {
    if x.is_nan() { String::new() } else { format!("{x:.6e}") }
}
