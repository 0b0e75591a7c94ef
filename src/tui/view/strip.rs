use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::layout::Areas;
use super::super::model::Model;
use super::super::plot::{BarStyle, bars};
use super::pen::Pen;
use super::scales;
use crate::figure::{Bar, Rise, Signed, Strip, YScale};
use crate::report::number;
use crate::session::Ready;

/// The strip of channels: their ranges above, their SQNR below.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model, strip: &Strip) {
    // The blank between two channels stays blank.
    let lane = |column: u16| strip.lanes.at(column).next().is_some_and(|c| strip.lanes.of(c).contains(&column));
    let bar = |column| strip.bar(&model.session, column).filter(|_| lane(column));
    let columns: Vec<Option<Bar>> = (0..areas.histogram.width).map(bar).collect();
    titles(pen, areas, model, strip);
    ranges(pen, areas.histogram, &columns, model.plot.rise, model.strip_quantized());
    errors(pen, areas, model, strip, &columns);
    axis(pen, areas, strip, model.channel.cursor);
    if let Some(ready) = strip.ready(&model.session, model.channel.cursor) {
        cursor(pen, areas, strip, model.channel.cursor, ready);
    }
}

fn titles(pen: &mut Pen, areas: &Areas, model: &Model, strip: &Strip) {
    let theme = pen.look.theme;
    let Some(layer) = model.selected() else { return };
    let op = if layer.op.is_empty() { String::new() } else { format!("  {}", crate::report::visible(&layer.op)) };
    let shape = format!("{op}  {}", number::shape(layer.origin.shape.as_deref()));
    let many = format!("  {} along axis {}", number::of(strip.channels as u64, "channel"), strip.axis);
    pen.titled_rule(
        areas.histogram_title,
        &[(layer.name(), theme.title), (&shape, theme.dim), (&many, theme.clip)],
        &format!("range and clip of each · {} y", model.plot.rise.word()),
    );
    let worst = strip.worst(&model.session).and_then(|c| Some((c, strip.ready(&model.session, c)?)));
    let worst = worst.map_or_else(String::new, |(c, ready)| {
        format!("worst: {c} ({} dB)", number::decibels(ready.metrics().sqnr_db))
    });
    pen.titled_rule(areas.lower_title, &[("SQNR of each channel, dB", theme.title)], &worst);
}

/// All ranges, and the clips so far as they are near them. Bent beyond a quarter of what is usual for a channel.
fn scale(columns: &[Option<Bar>], rise: Rise) -> Signed {
    let ranges: Vec<(f32, f32, &Bar)> =
        columns.iter().flatten().filter_map(|bar| bar.range.map(|(min, max)| (min, max, bar))).collect();
    let lo = ranges.iter().map(|(min, _, bar)| min.min(bar.clip.min().max(1.5 * min))).fold(0.0, f32::min);
    let hi = ranges.iter().map(|(_, max, bar)| max.max(bar.clip.max().min(1.5 * max))).fold(0.0, f32::max);
    let mut amax: Vec<f32> = ranges.iter().map(|(min, max, _)| max.abs().max(min.abs())).filter(|a| *a > 0.0).collect();
    amax.sort_by(f32::total_cmp);
    let usual = amax.get(amax.len() / 2).map(|a| f64::from(*a) / 4.0);
    Signed::new(f64::from(lo), f64::from(hi), rise, usual)
}

/// A bar from the smallest value to the largest, hatched beyond the clip, whose ends are marked.
fn ranges(pen: &mut Pen, body: Rect, columns: &[Option<Bar>], rise: Rise, quantized: bool) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    let scale = scale(columns, rise);
    scales::signed_labels(pen, body, &scale);
    let rows = f64::from(body.height);
    // In rows from the top.
    let place = |value: f32| (1.0 - scale.height(f64::from(value))) * rows;
    let row = |value: f32| (place(value).floor().clamp(-1.0, rows)) as i32;
    for (x, bar) in (body.x..).zip(columns) {
        let Some(bar) = bar else { continue };
        let Some((min, max)) = bar.range else { continue };
        let (top, bottom) = (place(max), place(min).max(place(max) + 0.3));
        let (clip_top, clip_bottom) = (place(bar.clip.max()), place(bar.clip.min()));
        for y in 0..body.height {
            let (a, b) = (f64::from(y), f64::from(y + 1));
            let (from, to) = (a.max(top), b.min(bottom));
            if from >= to || (min == 0.0 && max == 0.0) {
                continue;
            }
            let middle = (from + to) / 2.0;
            let beyond = quantized && (middle < clip_top || middle > clip_bottom);
            let glyph = match (to - from, beyond) {
                // However thin, a value beyond the clip is seen.
                (_, true) => glyphs.hatched[7],
                (ink, _) if ink >= 0.75 => glyphs.eighths[7],
                (_, _) if from > a && to < b => glyphs.rule,
                (ink, _) if ink < 0.25 => continue,
                (_, _) if from > a => glyphs.halves[0],
                _ => glyphs.halves[1],
            };
            pen.glyph(x, body.y + y, glyph, if beyond { theme.beyond } else { theme.bar });
        }
        if min == 0.0 && max == 0.0 {
            let y = row(0.0);
            if (0..i32::from(body.height)).contains(&y) {
                pen.glyph(x, body.y + y as u16, glyphs.rule, theme.dim);
            }
        }
        for end in [bar.clip.max(), bar.clip.min()] {
            let y = row(end);
            if end != 0.0 && (0..i32::from(body.height)).contains(&y) {
                let cell = &mut pen.buffer[(x, body.y + y as u16)];
                // On a bar, the bar stays as the ground.
                let ground =
                    if cell.symbol().starts_with(glyphs.eighths[7]) && !glyphs.ascii { cell.fg } else { cell.bg };
                let style = if quantized { theme.clip } else { theme.dim };
                cell.set_char(glyphs.level).set_style(style).set_bg(ground);
            }
        }
    }
}

/// The SQNR as bars: a bad channel is a gap in the row.
fn errors(pen: &mut Pen, areas: &Areas, model: &Model, strip: &Strip, columns: &[Option<Bar>]) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    let sqnr = |bar: &Option<Bar>| bar.as_ref().map_or(f64::NAN, |bar| bar.sqnr_db);
    let finite: Vec<f64> = columns.iter().map(sqnr).collect();
    // At least twelve decibels, or what is all alike would look different.
    let best = finite.iter().copied().filter(|v| v.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    let scale = YScale::fit(finite.iter().copied().chain([best - 12.0]), false);
    scales::y_labels(pen, areas.lower, &scale);
    let heights: Vec<f64> = finite.iter().map(|v| if *v == f64::INFINITY { 1.0 } else { scale.height(*v) }).collect();
    let worst = strip.worst(&model.session).map_or(0..0, |c| strip.lanes.of(c));
    let here = strip.lanes.of(model.channel.cursor);
    bars(pen.buffer, areas.lower, &heights, |column| {
        let style = match (here.contains(&column), worst.contains(&column)) {
            (true, _) => theme.clip,
            (_, true) => theme.beyond,
            _ => theme.curve,
        };
        BarStyle { eighths: glyphs.eighths, style }
    });
}

/// The horizontal axis with the cursor's mark, and the channels' numbers.
fn axis(pen: &mut Pen, areas: &Areas, strip: &Strip, cursor: usize) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    pen.glyph(areas.axis.x - 1, areas.axis.y, glyphs.axis[2], theme.dim);
    for x in areas.axis.x..areas.axis.right() {
        pen.glyph(x, areas.axis.y, glyphs.axis[0], theme.dim);
    }
    for column in strip.lanes.of(cursor) {
        pen.glyph(areas.axis.x + column, areas.axis.y, glyphs.mark, theme.clip);
    }
    number_under(pen, areas.labels, strip, cursor, theme.clip);
    // Round numbers about twelve columns apart.
    let apart = (strip.channels * 12).div_ceil(usize::from(areas.ticks.width.max(1))).max(1);
    let power = 10usize.pow(apart.ilog10());
    let every = [1, 2, 5, 10].map(|k| k * power).into_iter().find(|e| *e >= apart).unwrap_or(apart);
    for channel in (0..strip.channels).step_by(every) {
        number_under(pen, areas.ticks, strip, channel, theme.dim);
    }
}

/// A channel's number under the middle of its columns.
fn number_under(pen: &mut Pen, area: Rect, strip: &Strip, channel: usize, style: Style) {
    let text = channel.to_string();
    let (own, width) = (strip.lanes.of(channel), pen.width(&text));
    let middle = own.start + (own.end - own.start) / 2;
    let x = middle.saturating_sub(width / 2).min(area.width.saturating_sub(width));
    pen.text(area.x + x, area.y, width, &text, style);
}

/// What the channel under the cursor is, above it.
fn cursor(pen: &mut Pen, areas: &Areas, strip: &Strip, channel: usize, ready: &Ready) {
    let theme = pen.look.theme;
    let short = |x: f32| number::significant(f64::from(x), 4);
    let (stats, clip) = (ready.stats(), ready.decision().clip);
    let mut text = format!("channel {channel}: ");
    text += &match stats.min.zip(stats.max) {
        None => "no finite value".to_owned(),
        Some((min, max)) if min == 0.0 && max == 0.0 => "all zero".to_owned(),
        Some((min, max)) => {
            let clip = if ready.format().symmetric() {
                short(clip.amax())
            } else {
                format!("{}..{}", short(clip.min()), short(clip.max()))
            };
            let share = number::percent(ready.metrics().saturated);
            let sqnr = number::decibels(ready.metrics().sqnr_db);
            format!("{}..{} · clip {clip} · {share} saturate · {sqnr} dB", short(min), short(max))
        }
    };
    if stats.nan + stats.pos_inf + stats.neg_inf > 0 {
        text += " · holds NaN or Inf";
    }
    if ready.decision().edited {
        text += " · by hand";
    }
    let own = strip.lanes.of(channel);
    let width = pen.width(&text);
    let area = areas.flag;
    let x = own.start.saturating_sub(width / 2).min(area.width.saturating_sub(width));
    pen.text(area.x + x, area.y, area.width - x, &text, theme.clip);
    // Through the blanks of the plot, as the inspect cursor.
    let body = areas.histogram;
    let column = body.x + own.start + (own.end - own.start) / 2;
    for y in body.y..body.bottom() {
        if pen.buffer[(column, y)].symbol() == " " {
            pen.glyph(column, y, pen.look.glyphs.inspect, theme.clip);
        }
    }
}
