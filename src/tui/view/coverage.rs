use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::layout::{Areas, GUTTER};
use super::super::model::Model;
use super::super::plot::Dots;
use super::pen::{Pen, wrapped};
use crate::calibrate::{Coverage, CoverageTrace, Tensor};
use crate::figure::YScale;
use crate::histogram::NumpyHistogram;
use crate::quant::QuantParams;
use crate::report::number;

/// Rows of words under the bars where there is room for them, and on low screens.
const WORDS: u16 = 7;
const FEW_WORDS: u16 = 6;

/// The rule of 99 % in place of the plots: the signed histogram of 100 bins with its two ends, and what the last drop was.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    let theme = pen.look.theme;
    let panel = areas.panel();
    let rule = Rect { height: 1, ..panel };
    let Some(tensor) = model.figure().map(|figure| &figure.tensor) else {
        return pen.titled_rule(rule, &[("99 %", theme.title)], "");
    };
    let (histogram, trace) = match Coverage::trace(tensor) {
        Ok(found) => found,
        Err(none) => {
            pen.titled_rule(rule, &[("99 %", theme.title)], "");
            let lines = wrapped(&none.to_string(), usize::from(panel.width.saturating_sub(4)));
            for (y, line) in (panel.y + 2..panel.bottom()).zip(lines) {
                pen.text(panel.x + 2, y, panel.width - 2, &line, theme.warning);
            }
            return;
        }
    };
    let drops = model.plot.drops.min(trace.drops.len());
    let step = format!("drop {drops} of {}", trace.drops.len());
    let about = format!("  {}, {} signed bins", model.name_at(), histogram.counts.len());
    pen.titled_rule(rule, &[("99 %", theme.title), (&about, theme.dim)], &step);
    let words = if panel.height >= 20 { WORDS } else { FEW_WORDS };
    let body = Rect {
        x: panel.x + GUTTER,
        y: panel.y + 1,
        width: panel.width - GUTTER - 1,
        height: panel.height.saturating_sub(words + 2),
    };
    bars(pen, body, model, histogram, &trace, drops);
    pointers(pen, Rect { y: body.bottom(), height: 1, ..body }, histogram, &trace, drops);
    let area = Rect { y: body.bottom() + 1, height: words, x: panel.x + 2, width: panel.width.saturating_sub(3) };
    told(pen, area, model, tensor, &trace, drops);
}

/// The dots of a bin across: none is wider than its neighbour by more than one, and each has at least one.
fn dots_of(bin: usize, bins: usize, columns: u16) -> std::ops::Range<i32> {
    let edge = |bin: usize| (bin * 2 * usize::from(columns) / bins) as i32;
    edge(bin)..edge(bin + 1).max(edge(bin) + 1)
}

/// The column in which a bin begins.
fn column_of(bin: usize, bins: usize, columns: u16) -> u16 {
    (dots_of(bin, bins, columns).start / 2) as u16
}

/// What is kept, and dim what was dropped; the last drop as what lies beyond a clip.
fn bars(pen: &mut Pen, area: Rect, model: &Model, histogram: &NumpyHistogram, trace: &CoverageTrace, drops: usize) {
    let theme = pen.look.theme;
    let counts: Vec<f64> = histogram.counts.iter().map(|count| *count as f64).collect();
    let scale = YScale::counts(&counts, model.plot.rise, 1.0);
    super::scales::y_labels(pen, area, &scale);
    let kept = trace.at(drops);
    let last = drops.checked_sub(1).map(|last| trace.drops[last].bin);
    let mut dots = Dots::new(area.width, area.height);
    let rows = dots.rows();
    // What is kept is drawn last: where two bins share a cell it gives the colour.
    for pass in [false, true] {
        for (bin, count) in counts.iter().enumerate() {
            let stays = bin >= kept.left && bin as isize <= kept.right;
            if stays != pass || *count == 0.0 {
                continue;
            }
            let style = match (stays, last == Some(bin)) {
                (true, _) => theme.bar,
                (false, true) => theme.beyond,
                (false, false) => theme.dim,
            };
            let height = (scale.height(*count).clamp(0.0, 1.0) * f64::from(rows)).round().max(1.0) as i32;
            for x in dots_of(bin, counts.len(), area.width) {
                dots.vertical(x, rows - height, rows - 1, style);
            }
        }
    }
    dots.render(pen.buffer, area, pen.look.glyphs.marks);
}

/// The axis, and under it the two ends that the next drop is chosen from.
fn pointers(pen: &mut Pen, area: Rect, histogram: &NumpyHistogram, trace: &CoverageTrace, drops: usize) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    let bins = histogram.counts.len();
    for x in area.x..area.right() {
        pen.glyph(x, area.y, glyphs.axis[0], theme.dim);
    }
    if let Some(zero) = histogram.edges.iter().position(|edge| *edge >= 0.0).filter(|bin| *bin > 0 && *bin < bins) {
        pen.glyph(area.x + column_of(zero, bins, area.width), area.y, glyphs.axis[1], theme.dim);
    }
    let kept = trace.at(drops);
    let left = area.x + column_of(kept.left.min(bins - 1), bins, area.width);
    let right = area.x + column_of(kept.right.max(0) as usize, bins, area.width);
    pen.glyph(left, area.y, glyphs.mark, theme.clip);
    pen.glyph(right, area.y, glyphs.mark, theme.clip);
}

/// What was dropped last and why, what stays, and what clip that would be.
fn told(pen: &mut Pen, area: Rect, model: &Model, tensor: &Tensor, trace: &CoverageTrace, drops: usize) {
    let theme = pen.look.theme;
    let kept = trace.at(drops);
    let count = number::count;
    let dropped = match drops.checked_sub(1).map(|last| &trace.drops[last]) {
        None => "nothing is dropped yet: the emptier end bin goes, on a tie the right one".to_owned(),
        Some(drop) => {
            let (side, other) = if drop.from_left { ("left", "right") } else { ("right", "left") };
            let held = number::of(drop.count, "value");
            let why = if drop.count == drop.other { " too: on a tie the right one goes" } else { "" };
            format!("bin {} dropped on the {side}: {held}, the {other} end has {}{why}", drop.bin, count(drop.other))
        }
    };
    let goes_on = drops < trace.drops.len();
    let next = if goes_on { "more than 99 %, it goes on" } else { "not more than 99 %, it ends" };
    let (values, share) = (count(kept.values), number::percent(trace.share(drops)));
    let total = count(trace.total);
    let nothing = kept.right < kept.left as isize;
    let stays = match nothing {
        true => format!("no bin stays: {values} of {total}, {share}: {next}"),
        false => format!("bins {} to {} stay: {values} of {total}, {share}: {next}", kept.left, kept.right),
    };
    let clip = Coverage::clip(tensor, kept);
    let params = QuantParams::from_clip(clip, tensor.format());
    let edge = |edge: f32| number::significant(f64::from(edge), 4);
    let symmetric = tensor.format().symmetric();
    let clips = match symmetric {
        true => format!("clip {} for both sides", number::shortest(clip.amax())),
        false => format!("clip {} to {}", number::shortest(clip.min()), number::shortest(clip.max())),
    };
    let scale = number::shortest(params.scale());
    let range = format!("left edges {} and {}: {clips}, scale {scale}", edge(kept.low), edge(kept.high));
    let metrics = tensor.metrics(clip);
    let about = if metrics.prorated { "about " } else { "" };
    // What puzzles most: the window loses 1 %, and the clip less.
    let why = match () {
        () if goes_on => "",
        // The right end is then bin -1, which NumPy takes for the last one.
        () if nothing => ": index -1 is the last edge, the maximum",
        () if symmetric => ", not 1 %: the wider side decides for both",
        () => "",
    };
    let saturated = format!("at that clip {about}{} saturate{why}", number::percent(metrics.saturated));
    let keys = model.keys.told(
        "{clip-right} one drop more · {clip-left} one less · {next-minimum} to the end · {previous-minimum} back · {y-scale} log · Esc",
    );
    let end_style = if goes_on { Style::new() } else { theme.chosen };
    let said =
        [(dropped, theme.beyond), (stays, end_style), (range, theme.clip), (saturated, theme.clip), (keys, theme.dim)];
    pen.said(area, area.width, &said);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_has_its_dots() {
        for columns in [50, 53, 69, 73, 100, 103, 200] {
            let all: Vec<_> = (0..100).map(|bin| dots_of(bin, 100, columns)).collect();
            assert_eq!((all[0].start, all[99].end), (0, i32::from(columns) * 2));
            assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start && !pair[0].is_empty()), "{columns}");
        }
        for columns in [1, 46] {
            assert!((0..100).all(|bin| !dots_of(bin, 100, columns).is_empty()));
        }
    }
}
