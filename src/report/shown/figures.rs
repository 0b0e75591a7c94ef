//! The figures that stand on top: what a reader wants to know before any layer.

use super::Shown;
use crate::calibrate::Rank;
use crate::report::effect::in_words;
use crate::report::number;
use crate::report::row::Row;
use crate::session::Layer;

/// A label and what is to be said; either may hold any character.
pub(in crate::report) fn figures(shown: &Shown) -> Vec<(String, String)> {
    let Shown { session, scales, .. } = shown;
    let mut figures = Vec::new();
    let mut say = |label: &str, text: String| figures.push((label.to_owned(), text));
    if let Some(outputs) = &scales.outputs {
        say("outputs", in_words(&outputs.whole));
        if let Some(check) = &outputs.check {
            say("outputs on the check samples", in_words(check));
        }
        for each in &outputs.each {
            say(&format!("output {}", each.name), in_words(&each.effect));
        }
    }
    say("tensors", tensors(session.layers()));
    let worst = session.layers().iter().map(Row::of).filter(Row::is_quantized).filter(|row| !row.sqnr_db().is_nan());
    if let Some(row) = worst.min_by(|a, b| a.sqnr_db().total_cmp(&b.sqnr_db())) {
        say("least SQNR", format!("{} dB, {}", number::plain(number::decibels(row.sqnr_db())), row.layer.name()));
    }
    let ranks: Vec<Rank> = session.layers().iter().filter_map(Layer::rank).collect();
    let of = |rank: Rank, words: &str| {
        let n = ranks.iter().filter(|found| **found == rank).count();
        (n > 0).then(|| format!("{} {words}", number::count(n as u64)))
    };
    let marked = [of(Rank::Costs, "cost the outputs"), of(Rank::Wrong, "with something wrong")];
    let marked: Vec<String> = marked.into_iter().flatten().collect();
    say("to look at", if marked.is_empty() { "nothing".into() } else { marked.join(", ") });
    figures
}

/// What it was made from, for the end: a label and what is to be said, as before.
pub(in crate::report) fn made_from(shown: &Shown) -> Vec<(&'static str, String)> {
    let mut all = vec![("program", shown.scales.tool.clone())];
    let Some(from) = &shown.scales.provenance else { return all };
    if let Some(model) = &from.model {
        let bytes = number::of(model.bytes, "byte");
        all.push(("network", format!("{}, {bytes}, SHA-256 {}", model.file, model.sha256)));
    }
    let samples = from.samples.map(|n| number::of(n, "sample"));
    let data: Vec<String> = from.data.iter().cloned().chain(samples).collect();
    let options = from.options.iter().map(|(name, values)| match values.as_slice() {
        [] => format!("--{name}"),
        values => format!("--{name} {}", values.join(" ")),
    });
    let parts = [
        ("data", data.join(", ")),
        ("check samples", from.check.join(", ")),
        ("interrupted", from.part.as_ref().map_or(String::new(), |part| format!("from {part}"))),
        ("options", options.collect::<Vec<_>>().join(", ")),
        ("taken for granted", from.assumptions.join("; ")),
    ];
    all.extend(parts.into_iter().filter(|(_, said)| !said.is_empty()));
    all
}

/// `12 quantized, 3 in float, 1 unreadable`.
fn tensors(layers: &[Layer]) -> String {
    let rows: Vec<Row> = layers.iter().map(Row::of).collect();
    let count = |is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count() as u64;
    let parts = [
        (count(&|row| row.is_quantized()), "quantized"),
        (count(&|row| row.ready.is_some() && !row.is_quantized()), "in float"),
        (count(&|row| row.layer.failure().is_some()), "unreadable"),
        (count(&|row| row.ready.is_none() && row.layer.failure().is_none()), "not read"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{} {word}", number::count(*n))).collect();
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}
