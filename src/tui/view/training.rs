use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::learn::Learn;
use super::super::plot::{BarStyle, Dots, bars};
use super::super::training::{Spread, Trace, Training};
use super::pen::Pen;
use crate::lessons::Lang;
use crate::lessons::qat::Way;
use crate::report::number;

/// Rows of the weights' histogram, with the row of its codes.
const WEIGHTS: u16 = 5;
/// Rows from which on there is room for it.
const LOW: u16 = 17;
/// Columns of what a way is called.
const NAME: u16 = 36;

/// Training in place of the plots: the accuracy of every run over its epochs, and the weights of the newest.
pub(super) fn draw(pen: &mut Pen, area: Rect, learn: &Learn, training: &Training) {
    let theme = pen.look.theme;
    let what = training.order.as_ref().map_or(String::new(), |order| {
        let c = &order.controls;
        format!("{} bits, {}, rate {}, {}", c.bits, c.method, c.rate, number::of(u64::from(c.epochs), "epoch"))
    });
    let title = learn.say("accuracy on pictures kept aside", "在留出的图片上的准确率");
    pen.titled_rule(Rect { height: 1, ..area }, &[(title, theme.title)], &what);
    let legend = Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(3), height: 5 };
    for (y, way) in (legend.y..).zip([None].into_iter().chain(Way::ALL.map(Some))) {
        let style = style(pen, way);
        pen.text(legend.x, y, legend.width.min(NAME), name(learn, way), style);
        let x = (legend.x + NAME).min(legend.right());
        let percent = |x: f64| format!("{:.1}", 100.0 * x);
        let figure = match training.spread(way) {
            None => "-".to_owned(),
            Some(Spread { mean, runs: 1, .. }) => number::percent(mean),
            Some(Spread { low, mean, high, runs }) => {
                let (mean, low, high) = (number::percent(mean), percent(low), percent(high));
                match learn.lang {
                    Lang::En => format!("{mean}  ({low} to {high}, {runs} seeds)"),
                    Lang::Zh => format!("{mean}  （{low} 到 {high}，{runs} 个种子）"),
                }
            }
        };
        pen.text(x, y, legend.right().saturating_sub(x), &figure, style);
    }
    let top = legend.bottom();
    // On a low screen the curves have all of the room.
    let below = if area.height >= LOW { WEIGHTS + 2 } else { 0 };
    let height = area.bottom().saturating_sub(top + below);
    let plot = Rect { x: area.x + 6, y: top, width: area.width.saturating_sub(7), height };
    curves(pen, plot, training);
    let under = Rect { x: plot.x, y: plot.bottom() + 1, width: plot.width, height: WEIGHTS };
    if area.height >= LOW {
        weights(pen, under, learn, training);
    }
}

/// What a way is called.
fn name(learn: &Learn, way: Option<Way>) -> &'static str {
    match way {
        None => say(learn, "float, 32 bits", "浮点，32 位"),
        Some(Way::PostTraining) => say(learn, "ptq: quantized, nothing learned", "ptq：量化，不再学习"),
        Some(Way::Longer) => say(learn, "longer: float trained on, then ptq", "longer：继续浮点训练再量化"),
        Some(Way::NoGradient) => say(learn, "frozen: rounding has gradient 0", "frozen：取整的梯度是 0"),
        Some(Way::StraightThrough) => say(learn, "ste: straight-through estimator", "ste：直通估计器"),
    }
}

fn say(learn: &Learn, en: &'static str, zh: &'static str) -> &'static str {
    match learn.lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

fn style(pen: &Pen, way: Option<Way>) -> Style {
    let theme = pen.look.theme;
    match way {
        None => theme.dim,
        Some(Way::PostTraining) => theme.bar,
        Some(Way::Longer) => theme.rounding,
        Some(Way::NoGradient) => theme.beyond,
        Some(Way::StraightThrough) => theme.clip,
    }
}

/// Strokes from the worst seed to the best over a curve's width.
const STROKES: usize = 8;

/// Accuracy from 0 to 1 over the epochs, of several seeds the mean, with strokes from the worst to the best; what does not
/// train as a line across: float, which ends where the others begin, and what is quantized after that.
fn curves(pen: &mut Pen, area: Rect, training: &Training) {
    let theme = pen.look.theme;
    if area.is_empty() {
        return;
    }
    for (share, y) in [("1", area.y), ("0", area.bottom() - 1)] {
        pen.right(area.x - 3, y, 2, share, theme.dim);
    }
    let mut dots = Dots::new(area.width, area.height);
    let (last_x, last_y) = (f64::from(dots.columns() - 1), f64::from(dots.rows() - 1));
    let y = |accuracy: f64| (1.0 - accuracy) * last_y;
    let ways = [None].into_iter().chain(Way::ALL.map(Some));
    for (nth, way) in ways.enumerate() {
        let style = style(pen, way);
        let level = matches!(way, None | Some(Way::PostTraining));
        if let (true, Some(ended)) = (level, training.spread(way)) {
            dots.line((0.0, y(ended.mean)), (last_x, y(ended.mean)), 3, style);
            continue;
        }
        let course = training.course(way);
        for pair in course.windows(2) {
            let at = |(x, spread): &(f64, Spread)| (x * last_x, y(spread.mean));
            dots.line(at(&pair[0]), at(&pair[1]), 0, style);
        }
        // Each way has them at columns of its own.
        let apart = course.len().div_ceil(STROKES).max(1);
        for (x, spread) in course.iter().skip(nth).step_by(apart).filter(|(_, spread)| spread.runs > 1) {
            let x = (x * last_x).round();
            dots.line((x, y(spread.high)), (x, y(spread.low)), 1, style);
        }
    }
    dots.render(pen.buffer, area, pen.look.glyphs.marks);
}

/// The hidden units' weights of the run that was told of last, with its codes under them.
fn weights(pen: &mut Pen, area: Rect, learn: &Learn, training: &Training) {
    let theme = pen.look.theme;
    let newest = training.runs.iter().rev().find(|run| run.way.is_some()).or(training.runs.last());
    let Some((run, epoch)) = newest.and_then(|run: &Trace| Some((run, run.epochs.last()?))) else { return };
    let weights = &epoch.weights[0];
    let moved =
        format!("{} {}", number::count(weights.moved), learn.say("on another code than at first", "个换了编码"));
    let title = format!("{} · {}", learn.say("weights", "权重"), name(learn, run.way));
    let rule = Rect { x: area.x.saturating_sub(6), y: area.y.saturating_sub(1), width: area.width + 6, height: 1 };
    pen.titled_rule(rule, &[(&title, theme.title)], &moved);
    let most = weights.bins.iter().copied().max().unwrap_or(0).max(1) as f64;
    let columns = usize::from(area.width).max(1);
    let bin = |column: usize| weights.bins.get(column * weights.bins.len() / columns).copied().unwrap_or(0);
    let heights: Vec<f64> = (0..columns).map(|column| bin(column) as f64 / most).collect();
    let body = Rect { height: area.height.saturating_sub(1), ..area };
    let eighths = pen.look.glyphs.eighths;
    bars(pen.buffer, body, &heights, |_| BarStyle { eighths, style: theme.bar });
    let Some(scale) = weights.scale else { return };
    let codes = weights.codes.len() as i32;
    for (nth, held) in weights.codes.iter().enumerate() {
        let code = nth as i32 - codes / 2;
        let at = (f64::from(code) * f64::from(scale) / f64::from(weights.reach) + 1.0) / 2.0;
        let x = area.x + (at.clamp(0.0, 1.0) * f64::from(area.width.saturating_sub(1))) as u16;
        let text = format!("{code}:{held}");
        let x = x.saturating_sub(text.len() as u16 / 2).max(area.x);
        pen.text(x, body.bottom(), area.right().saturating_sub(x), &text, theme.quantized);
    }
}
