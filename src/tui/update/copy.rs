//! What is copied: the clip, the layer's row, what it does in NumPy, the document.

use crossterm::event::KeyCode;

use super::super::key::Key;
use super::super::mode::Mode;
use super::super::model::Model;
use super::super::msg::Cmd;
use super::script;
use crate::quant::{Clip, Format};
use crate::report::{self, number, visible};
use crate::session::{Ready, Target};

/// The key that names what is copied.
pub(super) fn key(model: &mut Model, key: Key, cmds: &mut Vec<Cmd>) {
    model.mode = Mode::Normal;
    let Some((ready, at)) = model.selected_ready().zip(model.at()) else { return };
    let name = model.name_at();
    let (what, text) = match key.typed() {
        Some('n') => (format!("clip {}", number(ready)), Some(number(ready))),
        Some('r') => (format!("the row of {name}"), Some(row(&name, ready))),
        Some('p') => (format!("the NumPy of {name}"), Some(numpy(model, &at, ready))),
        Some('s') => ("the NumPy of the screen".to_owned(), script::of(model)),
        Some('d') => ("the document".to_owned(), None),
        _ if key == Key::code(KeyCode::Enter) => (format!("the row of {name}"), Some(row(&name, ready))),
        _ => return model.say("nothing copied: n the clip, r the row, p NumPy, s the screen's, d the document"),
    };
    cmds.push(Cmd::Copy { what, text });
}

/// The clip to the last digit: its magnitude, or both ends of an affine one.
fn number(ready: &Ready) -> String {
    clip(ready.clip(), ready.format())
}

fn clip(clip: Clip, format: Format) -> String {
    if format.symmetric() { clip.amax().to_string() } else { format!("{} {}", clip.min(), clip.max()) }
}

/// Heads and cells with tabs between them, as a table program takes them.
fn row(name: &str, ready: &Ready) -> String {
    let (decision, params) = (ready.decision(), ready.params());
    let db = number::decibels(ready.metrics().sqnr_db);
    let cells = [
        ("layer", name.to_owned()),
        ("method", decision.method.clone()),
        ("format", ready.format().to_string()),
        ("quantized", decision.quantized.to_string()),
        ("clip_min", ready.clip().min().to_string()),
        ("clip_max", ready.clip().max().to_string()),
        ("scale", params.scale().to_string()),
        ("zero_point", params.zero_point().to_string()),
        ("sqnr_db", db),
    ];
    let line = |of: fn(&(&'static str, String)) -> String| cells.iter().map(of).collect::<Vec<_>>().join("\t");
    format!("{}\n{}\n", line(|(head, _)| (*head).to_owned()), line(|(_, cell)| visible(cell)))
}

fn numpy(model: &Model, at: &Target, ready: &Ready) -> String {
    let layer = model.selected();
    let channels = layer.filter(|_| ready.axis().is_some()).map_or(&[][..], |layer| layer.channels());
    let params: Vec<_> = channels.iter().map(Ready::params).collect();
    let axes = layer.and_then(|layer| Some(layer.origin.shape.as_ref()?.len()));
    let along =
        ready.axis().filter(|_| !params.is_empty()).map(|axis| (axis, axes.unwrap_or(axis + 1), params.as_slice()));
    report::numpy(&super::super::model::name_of(at), &ready.decision().method, ready.params(), along)
}
