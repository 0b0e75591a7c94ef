use super::{number, one_word};
use crate::session::{Layer, LayerState, Ready, Session};

/// The report: one row a layer, one word a column, so that `awk '{print $1, $8}'` works and a screen reader reads it in
/// order. Where each channel has a range of its own, the columns of the range say the least and the largest, `0.01..0.09`,
/// and those of the errors what they come to together. The columns' order and meaning do not change within a major version.
pub fn text(session: &Session) -> String {
    let header = [
        "layer",
        "shape",
        "dtype",
        "count",
        "min",
        "max",
        "method",
        "clip_min",
        "clip_max",
        "scale",
        "zero_point",
        "saturated_%",
        "mse",
        "sqnr_db",
        "kl_nats",
        "state",
    ];
    let mut rows: Vec<Vec<String>> = vec![header.map(String::from).to_vec()];
    rows.extend(session.top_level().map(|(at, layer)| row(session, at, layer)));
    if session.top_level().any(|(_, l)| l.ready().is_some_and(|r| r.measured().is_some())) {
        rows[0].extend(["measured_saturated_%", "measured_mse", "measured_sqnr_db"].map(String::from));
        for (row, (_, layer)) in rows[1..].iter_mut().zip(session.top_level()) {
            row.extend(measured(layer));
        }
    }
    table(&rows, |column| matches!(column, 0..=2 | 6 | 15))
}

/// Rows of words under each other, a column as wide as its widest word; those that are `left` stand to the left.
pub(super) fn table(rows: &[Vec<String>], left: impl Fn(usize) -> bool) -> String {
    let mut widths = vec![0; rows[0].len()];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if left(column) { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// What the chosen clip costs on the values themselves.
fn measured(layer: &Layer) -> [String; 3] {
    match layer.ready().and_then(|r| r.measured()) {
        None => ["-", "-", "-"].map(String::from),
        Some(m) => [format!("{:.4}", m.saturated * 100.0), float(m.mse), plain(number::decibels(m.sqnr_db))],
    }
}

fn float(x: f64) -> String {
    if x.is_finite() { format!("{x:.4e}") } else { plain(number::significant(x, 4)) }
}

/// The signs for undefined and infinite in ASCII.
fn plain(number: String) -> String {
    number.replace('–', "-").replace('∞', "inf")
}

/// The least and the largest of the numbers, as one word.
fn spread<T: PartialOrd + Copy>(numbers: impl Iterator<Item = T>, word: impl Fn(T) -> String) -> String {
    let range = numbers.fold(None, |range: Option<(T, T)>, x| {
        let (lo, hi) = range.unwrap_or((x, x));
        Some((if x < lo { x } else { lo }, if x > hi { x } else { hi }))
    });
    match range {
        None => "-".into(),
        Some((lo, hi)) if lo == hi => word(lo),
        Some((lo, hi)) => format!("{}..{}", word(lo), word(hi)),
    }
}

fn row(session: &Session, at: usize, layer: &Layer) -> Vec<String> {
    let name = one_word(layer.name());
    let Some(ready) = layer.ready() else {
        let state = match &layer.state {
            LayerState::Failed(_) => "unreadable",
            _ => "waiting",
        };
        let mut cells = vec![name];
        cells.resize(15, "-".into());
        cells.push(state.into());
        return cells;
    };
    let (stats, choice, metrics) = (ready.stats(), ready.choice(), ready.metrics());
    let parts: Vec<&Ready> = match session.channels(at) {
        channels if channels.is_empty() => vec![ready],
        channels => channels.filter_map(|c| session.layers[c].ready()).collect(),
    };
    let shortest = |x: Option<f32>| x.map_or("-".into(), number::shortest);
    // Without a value there is no error either, not one of zero.
    let measured = stats.finite() > 0;
    let mut state: Vec<&str> = Vec::new();
    if ready.edited() {
        state.push("edited");
    }
    if !choice.quantized {
        state.push("float");
    }
    if choice.tie.is_some() {
        state.push("tied");
    }
    let along = ready.axis().map(|axis| format!("axis-{axis}"));
    state.extend(along.as_deref());
    if layer.without_channels.is_some() {
        state.push("no-channels");
    }
    state.extend(ready.warnings.iter().map(|w| w.tag()));
    if layer.origin.overflowed > 0 {
        state.push("overflow");
    }
    if ready.method_note().is_some() {
        state.push("note");
    }
    if ready.saturates_much() {
        state.push("saturates");
    }
    vec![
        name,
        number::shape(&layer.origin.shape),
        layer.origin.dtype.clone(),
        stats.count.to_string(),
        shortest(stats.min),
        shortest(stats.max),
        choice.method.clone(),
        spread(parts.iter().map(|r| r.choice().clip.min()), number::shortest),
        spread(parts.iter().map(|r| r.choice().clip.max()), number::shortest),
        spread(parts.iter().map(|r| r.params().scale()), number::shortest),
        spread(parts.iter().map(|r| r.params().zero_point()), |z| z.to_string()),
        if measured { format!("{:.4}", metrics.saturated * 100.0) } else { "-".into() },
        if measured { float(metrics.mse) } else { "-".into() },
        plain(number::decibels(metrics.sqnr_db)),
        metrics.kl.map_or("-".into(), float),
        if state.is_empty() { "ok".into() } else { state.join(",").replace(' ', "-") },
    ]
}
