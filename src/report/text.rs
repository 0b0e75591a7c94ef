use super::number::{self, plain};
use super::one_word;
use super::row::{Row, spread};
use super::table::{Column, table};
use crate::calibrate::Threshold;
use crate::session::{Ready, Session};

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
