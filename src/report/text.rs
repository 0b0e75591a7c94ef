use super::number::{self, plain};
use super::one_word;
use super::table::{Column, table};
use crate::calibrate::{Rank, Threshold};
use crate::session::{Layer, LayerState, Ready, Session};

/// A row: a tensor, and what stands in its place.
struct Row<'a> {
    layer: &'a Layer,
    ready: Option<&'a Ready>,
    /// The channels, or the tensor itself.
    parts: Vec<&'a Ready>,
}

/// What a column says of a tensor that was read.
struct Said {
    heading: &'static str,
    left: bool,
    cell: fn(&Row, &Ready) -> String,
}

const COLUMNS: [Said; 14] = [
    Said { heading: "shape", left: true, cell: |row, _| number::shape(row.layer.origin.shape.as_deref()) },
    Said { heading: "dtype", left: true, cell: |row, _| row.layer.origin.dtype.clone() },
    Said { heading: "count", left: false, cell: |_, r| r.stats().count.to_string() },
    Said { heading: "min", left: false, cell: |_, r| shortest(r.stats().min) },
    Said { heading: "max", left: false, cell: |_, r| shortest(r.stats().max) },
    Said { heading: "method", left: true, cell: |_, r| r.decision().method.clone() },
    Said { heading: "clip_min", left: false, cell: |row, _| row.spread(|r| r.decision().clip.min(), number::shortest) },
    Said { heading: "clip_max", left: false, cell: |row, _| row.spread(|r| r.decision().clip.max(), number::shortest) },
    Said { heading: "scale", left: false, cell: |row, _| row.spread(|r| r.params().scale(), number::shortest) },
    Said {
        heading: "zero_point",
        left: false,
        cell: |row, _| row.spread(|r| r.params().zero_point(), |z| z.to_string()),
    },
    // Without a value there is no error either, not one of zero.
    Said {
        heading: "saturated_%",
        left: false,
        cell: |_, r| if has_values(r) { format!("{:.4}", r.metrics().saturated * 100.0) } else { "-".into() },
    },
    Said { heading: "mse", left: false, cell: |_, r| if has_values(r) { float(r.metrics().mse) } else { "-".into() } },
    Said { heading: "sqnr_db", left: false, cell: |_, r| plain(number::decibels(r.metrics().sqnr_db)) },
    Said { heading: "kl_nats", left: false, cell: |_, r| r.metrics().kl.map_or("-".into(), float) },
];

/// What the chosen clip costs on the values themselves.
const MEASURED: [Said; 3] = [
    Said {
        heading: "measured_saturated_%",
        left: false,
        cell: |_, r| r.measured().map_or("-".into(), |m| format!("{:.4}", m.saturated * 100.0)),
    },
    Said { heading: "measured_mse", left: false, cell: |_, r| r.measured().map_or("-".into(), |m| float(m.mse)) },
    Said {
        heading: "measured_sqnr_db",
        left: false,
        cell: |_, r| r.measured().map_or("-".into(), |m| plain(number::decibels(m.sqnr_db))),
    },
];

/// The report: one row a layer, one word a column, so that `awk '{print $1, $10}'` prints each layer's scale and a screen
/// reader reads it in order. Where each channel has a range of its own, the columns of the range say the least and the
/// largest, `0.01..0.09`, and those of the errors what they come to together. In
/// the state, what costs the outputs or is wrong comes with its rank: `costs:saturates`, `wrong:NaN`. Behind all, of
/// each file that is laid over the layers, its clip and what that costs. The columns' order and meaning do not change
/// within a major version.
pub fn text(session: &Session) -> String {
    let rows: Vec<Row> = session.layers().iter().map(Row::of).collect();
    let measured = rows.iter().any(|row| row.ready.is_some_and(|r| r.measured().is_some()));
    let mut columns = vec![Column::left("layer", |row: &Row| one_word(row.layer.name()))];
    columns.extend(COLUMNS.iter().map(Said::column));
    columns.push(Column::left("state", Row::state));
    columns.extend(MEASURED.iter().filter(|_| measured).map(Said::column));
    columns.extend(session.overlays().iter().flat_map(|overlay| of_file(&overlay.id)));
    table(&columns, &rows)
}

/// What a file that is laid over the layers says of a row.
fn of_file<'a>(id: &'a str) -> [Column<'a, Row<'a>>; 2] {
    let column = move |what: &str, word: fn(&Threshold) -> String| {
        let cell = move |row: &Row| {
            let candidate = row.ready.and_then(|ready| ready.candidate(id));
            candidate.and_then(|c| c.outcome.as_ref().ok()).map_or("-".into(), word)
        };
        Column::right(format!("{}:{what}", one_word(id)), cell)
    };
    [
        column("clip", |t| spread([t.clip.min(), t.clip.max()].into_iter(), number::shortest)),
        column("sqnr_db", |t| plain(number::decibels(t.metrics.sqnr_db))),
    ]
}

impl Said {
    fn column<'a>(&'a self) -> Column<'a, Row<'a>> {
        let cell = |row: &Row| row.ready.map_or("-".to_owned(), |ready| (self.cell)(row, ready));
        Column { heading: self.heading.into(), left: self.left, cell: Box::new(cell) }
    }
}

fn has_values(ready: &Ready) -> bool {
    ready.stats().finite() > 0
}

fn shortest(x: Option<f32>) -> String {
    x.map_or("-".into(), number::shortest)
}

fn float(x: f64) -> String {
    if x.is_finite() { format!("{x:.4e}") } else { plain(number::significant(x, 4)) }
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

impl<'a> Row<'a> {
    fn of(layer: &'a Layer) -> Row<'a> {
        let parts: Vec<&Ready> = match layer.channels() {
            [] => layer.ready().into_iter().collect(),
            channels => channels.iter().collect(),
        };
        Row { layer, ready: layer.ready(), parts }
    }

    /// A number of the tensor, or from the least of its channels' to the largest.
    fn spread<T: PartialOrd + Copy>(&self, number: impl Fn(&Ready) -> T, word: impl Fn(T) -> String) -> String {
        spread(self.parts.iter().map(|r| number(r)), word)
    }

    /// What is to be known of a row, words between commas.
    fn state(&self) -> String {
        let Some(ready) = self.ready else {
            let unreadable = matches!(self.layer.state(), LayerState::Failed(_));
            return if unreadable { "unreadable" } else { "waiting" }.into();
        };
        let along = ready.axis().map(|axis| format!("axis-{axis}"));
        let stand_in = self.parts.iter().any(|r| r.instead_of().is_some());
        // The gravest first; then what was decided, and what is merely worth knowing.
        let graded = ready.warnings().iter().map(|warning| (warning.rank(), warning.tag()));
        let others = [
            (Rank::Costs, ready.saturates_much(), "saturates"),
            (Rank::Costs, ready.crowd().is_some(), "one-step"),
            (Rank::Wrong, self.layer.origin.overflowed > 0, "overflow"),
            (Rank::Wrong, self.layer.without_channels().is_some(), "no-channels"),
            (Rank::Worth, ready.method_note().is_some(), "note"),
        ];
        let others = others.into_iter().filter(|(_, is, _)| *is).map(|(rank, _, word)| (rank, word));
        let mut graded: Vec<(Rank, &str)> = graded.chain(others).collect();
        graded.sort_by_key(|(rank, _)| *rank);
        let (marked, worth): (Vec<_>, Vec<_>) = graded.into_iter().partition(|(rank, _)| rank.is_marked());
        let words = [
            (ready.edited() && ready.decision().tuned().is_none(), "edited"),
            (ready.decision().tuned().is_some(), "tuned"),
            (!ready.decision().quantized, "float"),
            (ready.decision().tie.is_some(), "tied"),
            (stand_in, "stand-in"),
            (along.is_some(), along.as_deref().unwrap_or_default()),
        ];
        let mut state: Vec<String> = marked.iter().map(|(rank, word)| format!("{}:{word}", rank.word())).collect();
        state.extend(words.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned()));
        state.extend(worth.iter().map(|(_, word)| (*word).to_owned()));
        if state.is_empty() { "ok".into() } else { state.join(",").replace(' ', "-") }
    }
}
