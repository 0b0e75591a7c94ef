use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::super::command::Command;
use super::super::layout::{Areas, Region, Sends};
use super::super::look::Glyphs;
use super::super::model::{Model, Part, name_of};
use super::super::network::headline;
use super::super::page::Page;
use super::super::plot::{BarStyle, Dots, Placed, bars, edges, place};
use super::pen::{Pen, wrapped};
use super::{inspect, layers, over, scales};
use crate::calibrate::Shape;
use crate::figure::{Axis, Figure, FitCurve, Handle, LevelColumn, Mark, YScale, level_counts};
use crate::report::number;
use crate::session::{LayerState, Ready, Target};

/// The histogram with its flag, axis and marks.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    title(pen, areas.histogram_title, model);
    let (Some(figure), Some(ready)) = (model.figure(), model.selected_ready()) else {
        return without_layer(pen, areas, model);
    };
    let levels = model.plot.fake_quant.then(|| level_counts(&figure.tensor, ready.params(), &figure.axis));
    // Many values may share a level: what it holds must not be cut.
    let most = levels.iter().flatten().map(|level| level.mass).fold(0.0, f64::max);
    let scale = figure.scale_to(most);
    match figure.other {
        Some(_) => scales::share_labels(pen, areas.histogram, &scale),
        None => scales::y_labels(pen, areas.histogram, &scale),
    }
    // Stems need the ground that bars would take; heads alone stand on top of bars.
    let outlined = levels.as_deref().is_some_and(have_stems);
    draw_bars(pen, areas.histogram, model, (figure, ready), &scale, outlined);
    draw_axis(pen, areas, model, figure, ready);
    over::draw(pen, areas, model, figure);
    if model.shows(Part::Clip) {
        draw_lines(pen, areas, model, &figure.axis, ready);
    }
    if let Some(levels) = &levels {
        draw_levels(pen, areas.histogram, figure, ready, levels, &scale);
    }
    if let Some(fit) = &figure.fit {
        draw_fit(pen, areas.histogram, model, figure, fit, ready, &scale);
    }
    // On the lowest plots the clip's line needs the row.
    if let Some(levels) = levels.as_ref().filter(|_| areas.histogram.height > 4) {
        legend(pen, areas.histogram, levels, model.plot.inspect.is_some());
    }
    if model.plot.fit.is_some() && areas.histogram.height > 1 {
        let area = Rect { y: areas.histogram.y + 1, height: 1, ..areas.histogram };
        let words = fit_in_words(figure.fit.as_ref());
        let width = pen.width(&words).min(area.width);
        pen.blank(Rect { x: area.right() - width, width, ..area });
        pen.right(area.x, area.y, area.width, &words, pen.look.theme.fit);
    }
    over::legend(pen, areas, model, figure);
    inspect::draw(pen, areas, model, figure, ready);
}

fn title(pen: &mut Pen, area: Rect, model: &Model) {
    let theme = pen.look.theme;
    let (Some(layer), Some(target)) = (model.selected(), model.at()) else {
        return pen.titled_rule(area, &[("qviz", theme.title)], "");
    };
    let mut about = String::new();
    let mut note = String::new();
    if let Some(ready) = model.session.ready(&target) {
        let stats = ready.stats();
        let tied = matches!(target, Target::Tie(_));
        if !layer.op.is_empty() && !tied {
            about = format!("  {}", crate::report::visible(&layer.op));
        }
        let mut shape = layer.origin.shape.clone();
        if let Target::Channel { axis, .. } = target
            && let Some(shape) = shape.as_mut().filter(|shape| axis < shape.len())
        {
            shape.remove(axis);
        }
        about += &match tied {
            true => format!(", tied  {}", number::of(stats.count, "value")),
            false => format!("  {}  {}", number::shape(shape.as_deref()), number::of(stats.count, "value")),
        };
        if layer.origin.files.len() > 1 && !tied {
            about += &format!(" in {} batches", layer.origin.files.len());
        }
        if let Some(samples) = layer.origin.samples.filter(|samples| *samples > 1 && !tied) {
            about += &format!(" in {samples} samples");
        }
        if stats.zeros > 0 {
            let share = number::percent(stats.zeros as f64 / stats.finite() as f64);
            note = format!("zeros {share}, not drawn · ");
        }
        let of = if model.figure().is_some_and(|figure| figure.other.is_some()) { "share of the values, " } else { "" };
        note += &format!("{of}{} y", model.plot.rise.word());
        if model.figure().is_some_and(|s| s.fine) {
            note += " · fine bins";
        }
    }
    let position = model.list.order.iter().position(|l| *l == model.list.selected);
    let position = match position {
        // Where there is no list, its signs are one key away.
        Some(at) if area.x == 0 && model.list.order.len() > 1 => {
            let sign = layers::sign_of(pen, model, layer).map_or(String::new(), |(sign, _)| format!("  {sign}"));
            let key = model.keys.hint(Command::Layers).map_or(String::new(), |key| format!(" ({key} lists)"));
            let short = format!("  {}/{}{sign}", at + 1, model.list.order.len());
            let long = format!("{short}{key}");
            // The key goes before it would be cut.
            let taken = pen.width(&name_of(&target)) + pen.width(&about) + pen.width(&long);
            if taken + 4 < area.width { long } else { short }
        }
        _ => String::new(),
    };
    pen.titled_rule(area, &[(&name_of(&target), theme.title), (&about, theme.dim), (&position, theme.dim)], &note);
}

/// Nothing to draw yet, or never: say so where the picture would be.
fn without_layer(pen: &mut Pen, areas: &Areas, model: &Model) {
    let theme = pen.look.theme;
    let area = areas.histogram;
    let state = model.selected().map(|l| l.state());
    let (text, style) = match state {
        Some(LayerState::Failed(message)) => (message.clone(), theme.warning),
        Some(_) => match model.loading.share {
            Some((layer, share)) if layer == model.list.selected => {
                (format!("reading… {:.0} %", share * 100.0), theme.dim)
            }
            _ if model.network.is_some() => {
                ("the network is run over its samples; what this layer holds comes at the end…".into(), theme.dim)
            }
            _ => ("waiting to be read…".into(), theme.dim),
        },
        None if !model.loading.found && model.network.is_some() => ("opening the network…".into(), theme.dim),
        None if !model.loading.found => ("searching for activations…".into(), theme.dim),
        None => ("there is nothing to show".into(), theme.warning),
    };
    let lines = wrapped(&crate::report::visible(&text), usize::from(area.width));
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        pen.text(area.x, y, area.width, &line, style);
    }
}

/// The bars; `outlined` only where they end, so that no stem stands on their colour.
fn draw_bars(
    pen: &mut Pen,
    body: Rect,
    model: &Model,
    (figure, ready): (&Figure, &Ready),
    scale: &YScale,
    outlined: bool,
) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    // What a log scale has no room for is the smaller part of one value that lies across two columns.
    let heights: Vec<f64> = figure.counts.iter().map(|c| figure.height_on(scale, *c)).collect();
    let clip = ready.decision().clip;
    let quantized = ready.decision().quantized && model.shows(Part::Saturated);
    // Unsigned magnitudes: what is negative saturates too, but a magnitude axis cannot show which.
    let (lo, hi) = if model.shows_signed() {
        (f64::from(clip.min()), f64::from(clip.max()))
    } else {
        (f64::NEG_INFINITY, f64::from(clip.amax()))
    };
    let style = |column: u16| {
        let (a, b) = figure.axis.span(column);
        match quantized && (a >= hi || b <= lo) {
            // A hatched edge would be a dot or a block.
            true if outlined => BarStyle { eighths: glyphs.eighths, style: theme.beyond },
            true => BarStyle { eighths: glyphs.hatched, style: theme.beyond },
            false => BarStyle { eighths: glyphs.eighths, style: theme.bar },
        }
    };
    if outlined { edges(pen.buffer, body, &heights, style) } else { bars(pen.buffer, body, &heights, style) }
}

/// The fake-quantized distribution: what each level holds, as a head on a stem; where levels are too close for stems the
/// heads alone.
fn draw_levels(pen: &mut Pen, body: Rect, figure: &Figure, ready: &Ready, levels: &[LevelColumn], scale: &YScale) {
    // An outline below may have taken a bar's colour for its ground.
    let style = pen.look.theme.quantized.add_modifier(Modifier::BOLD).bg(Color::Reset);
    let glyphs = pen.look.glyphs;
    let clip = ready.decision().clip;
    let lines = [clip.min(), clip.max()].map(|end| figure.axis.column(f64::from(end)));
    for (c, level) in (0..body.width).zip(levels) {
        let height = figure.height_on(scale, level.mass);
        if level.mass <= 0.0 || height.is_nan() || height <= 0.0 {
            continue;
        }
        let up = ((height.min(1.0) * f64::from(body.height)) as u16).min(body.height - 1);
        let (x, top) = (body.x + c, body.bottom() - 1 - up);
        // The clip's own line is its stem there.
        if level.apart && !lines.contains(&Some(c)) {
            for y in top + 1..body.bottom() {
                if pen.buffer[(x, y)].symbol() == " " {
                    pen.glyph(x, y, glyphs.stem, style);
                }
            }
        }
        pen.glyph(x, top, head(&glyphs, level.apart), style);
    }
}

fn head(glyphs: &Glyphs, apart: bool) -> char {
    if apart { glyphs.dot } else { glyphs.level }
}

/// Whether levels are far enough apart for stems. Both ends stand apart, whatever is between.
fn have_stems(levels: &[LevelColumn]) -> bool {
    levels.iter().filter(|level| level.apart).count() > 2
}

/// What edges and heads are, at the right end; below what is inspected.
fn legend(pen: &mut Pen, body: Rect, levels: &[LevelColumn], inspected: bool) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    let stems = have_stems(levels);
    let heads = format!("{} fake-quantized ", head(&glyphs, stems));
    let edges = format!(" {} as it is  ", glyphs.eighths[1]);
    let y = body.y + if inspected { 2.min(body.height - 1) } else { 0 };
    let x = body.right().saturating_sub(pen.width(&edges) + pen.width(&heads));
    let width = body.right() - x;
    pen.blank(Rect { x, y, width, height: 1 });
    pen.pieces(x, y, width, &[(&edges, theme.bar), (&heads, theme.quantized)]);
}

fn fit_in_words(curve: Option<&FitCurve>) -> String {
    let Some(FitCurve { fit, distance, .. }) = curve else {
        return "nothing fits equal values".into();
    };
    let (name, spread) = match fit.shape() {
        Shape::Laplace => ("Laplace", "b"),
        Shape::Gauss => ("normal", "std"),
    };
    format!("{name} fit, {spread} {}, KS {}", number::significant(fit.spread(), 4), number::significant(*distance, 2))
}

/// The fitted distribution: what it expects in each column, as a line over the bars.
fn draw_fit(
    pen: &mut Pen,
    body: Rect,
    model: &Model,
    figure: &Figure,
    curve: &FitCurve,
    ready: &Ready,
    scale: &YScale,
) {
    let (style, glyphs) = (pen.look.theme.fit, pen.look.glyphs);
    let mut dots = Dots::new(body.width, body.height);
    let rows = f64::from(dots.rows());
    // What expects nothing lies infinitely far below a log scale: a line needs an end.
    let point = |(column, count): (usize, &f64)| {
        let height = figure.height_on(scale, *count).clamp(-1.0, 4.0);
        (column as f64 * 2.0 + 1.0, rows - height * rows)
    };
    let points: Vec<(f64, f64)> = curve.counts.iter().enumerate().map(point).collect();
    for pair in points.windows(2).filter(|p| p[0].1 < rows - 1.0 || p[1].1 < rows - 1.0) {
        dots.line(pair[0], pair[1], 0, style);
    }
    let clip = model.lines(ready.decision().clip);
    let clip: Vec<u16> = clip.iter().filter_map(|(_, value)| figure.axis.column(*value)).collect();
    dots.render_where(pen.buffer, body, glyphs.marks, |column, cell| {
        if cell.symbol().starts_with(glyphs.eighths[7]) && !glyphs.ascii {
            // Inside a bar, the bar stays as the ground.
            cell.bg = cell.fg;
        }
        !clip.contains(&column)
    });
}

fn draw_axis(pen: &mut Pen, areas: &Areas, model: &Model, figure: &Figure, ready: &Ready) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    let area = areas.axis;
    pen.glyph(area.x - 1, area.y, glyphs.axis[2], theme.dim);
    for x in area.x..area.right() {
        pen.glyph(x, area.y, glyphs.axis[0], theme.dim);
    }
    if !model.shows(Part::Marks) {
        return;
    }
    let chosen = |candidate: usize| ready.candidates()[candidate].id == ready.decision().method;
    // Where several methods share a column the chosen one gives the colour.
    for pass in [false, true] {
        for mark in figure.marks.iter().filter(|m| chosen(m.candidate) == pass) {
            let style = if pass { theme.chosen } else { theme.mark };
            pen.glyph(area.x + mark.column, area.y, glyphs.mark, style);
        }
    }
    for label in labels(areas, figure, ready) {
        let style =
            if label.marks.iter().any(|&m| chosen(figure.marks[m].candidate)) { theme.chosen } else { theme.mark };
        let (x, y) = (areas.labels.x + label.column, areas.labels.y + label.row);
        pen.text(x, y, areas.labels.right() - x, &label.text, style);
    }
}

/// The methods' names below their marks.
fn labels(areas: &Areas, figure: &Figure, ready: &Ready) -> Vec<Placed> {
    let label = |mark: &Mark| (mark.column, ready.candidates()[mark.candidate].label.as_str());
    let names: Vec<(u16, &str)> = figure.marks.iter().map(label).collect();
    let is_chosen = |mark: &usize| ready.candidates()[figure.marks[*mark].candidate].id == ready.decision().method;
    let chosen: Vec<usize> = (0..names.len()).filter(is_chosen).collect();
    place(&names, &chosen, areas.labels.width, areas.labels.height)
}

/// The methods' names and marks, each to take its method; a mark that the clip's line covers belongs to the line.
pub(super) fn regions(model: &Model, areas: &Areas) -> Vec<Region> {
    let (Some(figure), Some(ready)) = (model.figure(), model.selected_ready()) else { return Vec::new() };
    let lines = model.lines(ready.decision().clip);
    let lines: Vec<u16> = lines.iter().filter_map(|(_, value)| figure.axis.column(*value)).collect();
    let region = |x: u16, y: u16, width: u16, mark: &Mark| Region {
        area: Rect::new(x, y, width, 1),
        sends: Sends::Run(Command::Method(mark.candidate)),
    };
    let free = figure.marks.iter().filter(|mark| !lines.contains(&mark.column));
    let mut regions: Vec<Region> = free.map(|mark| region(areas.axis.x + mark.column, areas.axis.y, 1, mark)).collect();
    for label in labels(areas, figure, ready) {
        let (mut x, y) = (areas.labels.x + label.column, areas.labels.y + label.row);
        // Names that share a label stand behind each other with a dot between.
        for mark in label.marks.iter().take(label.named).map(|&mark| &figure.marks[mark]) {
            let width = ready.candidates()[mark.candidate].label.chars().count() as u16;
            regions.push(region(x, y, width.min(areas.labels.right().saturating_sub(x)), mark));
            x += width + 1;
        }
    }
    regions
}

/// The clip: a line through both plots, and its flag above.
fn draw_lines(pen: &mut Pen, areas: &Areas, model: &Model, axis: &Axis, ready: &Ready) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    let style = if ready.decision().quantized { theme.clip } else { theme.dim };
    for (handle, value) in model.lines(ready.decision().clip) {
        let Some(column) = axis.column(value) else {
            beside(pen, areas.flag, axis, value, style);
            continue;
        };
        let x = areas.histogram.x + column;
        // The top of the bar that the line covers stays, or a spike would hide behind it.
        let rows = areas.histogram.y..areas.histogram.bottom();
        let bar_top = rows.clone().find(|y| pen.buffer[(x, *y)].symbol() != " ");
        for y in rows {
            if Some(y) == bar_top {
                pen.buffer[(x, y)].set_style(style);
            } else {
                pen.glyph(x, y, glyphs.clip, style);
            }
        }
        if model.plot.page == Page::Curve && model.shows(Part::Curve) {
            for y in areas.lower.y..areas.lower.bottom() {
                pen.glyph(x, y, glyphs.clip, style);
            }
        }
        pen.glyph(x, areas.flag.y, glyphs.clip, style);
        if ready.format().symmetric() && handle == Handle::Min {
            continue;
        }
        flag(pen, areas.flag, column, handle, model, ready, style);
    }
}

/// Columns of the share that saturates, and of the output's SQNR behind it: where there is room for both, neither moves.
const SHARE: u16 = 19;
const OUTPUT: u16 = 19;

/// `· output 41.2 dB` for the flag, where a network has answered for this layer; dim while that is of another clip.
fn output(pen: &Pen, model: &Model, style: Style) -> (String, Style) {
    let network = model.network.as_ref().filter(|_| model.channel.open.is_none());
    let answer = network
        .and_then(|n| n.alone.answer.as_ref())
        .filter(|answer| model.at() == Some(Target::Tensor(answer.of.0.clone())));
    let asked = network.and_then(|n| n.alone.asked.as_ref()).is_some_and(|(_, grids)| !grids.is_empty());
    let effect = answer.filter(|_| asked).and_then(|answer| answer.result.as_ref().ok());
    let fresh = network.is_some_and(|n| n.alone.is_answered());
    let text = effect.map_or(String::new(), |e| format!("· output {}", headline(e)));
    (text, if fresh { style } else { pen.look.theme.dim })
}

/// A clip outside of the zoomed window: where to look for it.
fn beside(pen: &mut Pen, area: Rect, axis: &Axis, value: f64, style: Style) {
    let [left, right] = pen.look.glyphs.grips;
    let value_text = number::significant(value, 4);
    if value < axis.lo {
        pen.text(area.x, area.y, area.width, &format!("{left} clip {value_text}"), style);
    } else {
        pen.right(area.x, area.y, area.width, &format!("clip {value_text} {right}"), style);
    }
}

/// `clip 2.813 ◂┃▸ 1.9 % saturate`, on whichever side there is room.
fn flag(pen: &mut Pen, area: Rect, column: u16, handle: Handle, model: &Model, ready: &Ready, style: Style) {
    let glyphs = pen.look.glyphs;
    let (clip, metrics) = (ready.decision().clip, ready.metrics());
    let x = area.x + column;
    if ready.format().symmetric() || model.plot.handle == handle {
        if column > 0 {
            pen.glyph(x - 1, area.y, glyphs.grips[0], style);
        }
        if column + 1 < area.width {
            pen.glyph(x + 1, area.y, glyphs.grips[1], style);
        }
    }
    let (name, value) = match (ready.format().symmetric(), handle) {
        (true, _) => ("clip", clip.amax()),
        (false, Handle::Min) => ("min", clip.min()),
        (false, Handle::Max) => ("max", clip.max()),
    };
    let number = format!("{name} {}", number::significant(f64::from(value), 4));
    let share = if !ready.decision().quantized {
        "left in float".to_owned()
    } else if !model.shows(Part::Saturated) {
        String::new()
    } else {
        let about = if metrics.prorated { "~" } else { "" };
        format!("{about}{} saturate", number::percent(metrics.saturated))
    };
    let left_room = column.saturating_sub(2);
    let right_room = area.width.saturating_sub(column + 3);
    let (number_width, share_width) = (pen.width(&number), pen.width(&share));
    if !ready.format().symmetric() {
        // Two flags: each on the outer side of its line if it fits there, without the share.
        match handle {
            Handle::Max if right_room >= number_width => {
                pen.text(x + 3, area.y, right_room, &number, style);
            }
            Handle::Min if left_room < number_width => {
                pen.text(x + 3, area.y, right_room, &number, style);
            }
            _ => pen.right(area.x, area.y, left_room, &number, style),
        }
    } else if left_room >= number_width && right_room >= share_width {
        pen.right(area.x, area.y, left_room, &number, style);
        pen.text(x + 3, area.y, right_room, &share, style);
        if right_room >= SHARE + OUTPUT {
            let (text, style) = output(pen, model, style);
            pen.text(x + 3 + SHARE, area.y, OUTPUT, &text, style);
        }
    } else {
        let both = format!("{number} · {share}");
        if right_room >= pen.width(&both) {
            pen.text(x + 3, area.y, right_room, &both, style);
        } else {
            pen.right(area.x, area.y, left_room, &both, style);
        }
    }
}
