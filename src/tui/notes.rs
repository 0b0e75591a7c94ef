//! Everything that is to say of the selected layer, in sentences, the gravest first.

use ratatui::layout::Rect;

use super::model::Model;
use super::network::headline;
use super::wrap::wrapped;
use crate::calibrate::Rank;
use crate::report::{number, visible};
use crate::session::{Key, Target};

/// From this share of the outputs' noise on a layer costs them much.
const MUCH: f64 = 0.2;

/// A line of the sentences in some width.
pub struct Line {
    /// What it says, without control characters.
    pub text: String,
    /// How grave the sentence is that begins with it.
    pub begins: Option<Rank>,
}

/// All sentences in lines of at most `width` columns.
pub fn lines(model: &Model, width: usize) -> Vec<Line> {
    let line = |(at, text), rank| Line { text, begins: Some(rank).filter(|_| at == 0) };
    let of = |(said, rank): (String, Rank)| {
        wrapped(&visible(&said), width).into_iter().enumerate().map(move |of| line(of, rank)).collect::<Vec<_>>()
    };
    sentences(model).into_iter().flat_map(of).collect()
}

/// The width of the lines on a page of their own.
pub fn width(page: Rect) -> usize {
    usize::from(page.width.saturating_sub(4))
}

/// All that is to say of the selected layer.
pub fn sentences(model: &Model) -> Vec<(String, Rank)> {
    // Of the values that share a range, what is to be said stands with each tensor.
    let at = match model.at() {
        Some(Target::Tie(_)) | None => model.selected().map(|layer| Target::Tensor(layer.key.clone())),
        at => at,
    };
    let Some(at) = at else { return Vec::new() };
    let of_range = model.session.notes(&at).into_iter().map(|note| (note.text, note.rank));
    let mut sentences: Vec<(String, Rank)> = of_range.chain(of_network(model)).chain(as_deployed(model)).collect();
    // The gravest first; why it stays in float before all.
    sentences.sort_by_key(|(_, rank)| *rank);
    sentences.splice(0..0, in_float(model));
    sentences
}

/// What the network says of a layer: that it costs the outputs, where much of their noise is its.
pub fn rank_by_network(model: &Model, key: &Key) -> Option<Rank> {
    let share = model.network.as_ref()?.share_of_noise(key)?;
    (share >= MUCH).then_some(Rank::Costs)
}

/// Why the placement leaves the selected tensor in float: no warning.
fn in_float(model: &Model) -> Option<(String, Rank)> {
    let (layer, placement) = (model.selected()?, model.session.placement()?);
    let why = layer.in_float(Some(placement))?;
    let remedy = model.keys.told("{toggle} quantizes it");
    Some((format!("Stays in float ({placement}): {why}; {remedy}."), Rank::Worth))
}

/// What of the file the selected layer is there in the place of.
fn as_deployed(model: &Model) -> impl Iterator<Item = (String, Rank)> {
    let said = model.selected().map_or_else(Vec::new, |layer| layer.deployed.sentences());
    said.into_iter().map(|said| (said, Rank::Worth))
}

/// What the network had to say of the selected layer that the row of outputs has no room for.
fn of_network(model: &Model) -> Vec<(String, Rank)> {
    let Some(network) = &model.network else { return Vec::new() };
    let mut said = Vec::new();
    let old = network.sensitivity_is_old();
    let selected = model.selected();
    if let Some(found) = selected.and_then(|layer| network.sensitivity.get(&layer.key)).filter(|_| !old) {
        let whole = network.whole.answer.as_ref().and_then(|answer| answer.result.as_ref().ok());
        if let Some(share) = selected.and_then(|layer| network.share_of_noise(&layer.key)).filter(|s| *s >= MUCH) {
            let text = format!("Much of the outputs' noise is its: {}.", number::percent(share));
            said.push((text, Rank::Costs));
        }
        if let Some(of) = found.alone.cut_from() {
            let db = headline(&found.alone);
            said.push((format!("{db} alone on {} of {of} samples so far.", found.alone.samples), Rank::Worth));
        }
        // Both must be of the same samples.
        let whole = whole.filter(|whole| whole.samples == found.without.samples);
        let gain = whole.and_then(|whole| found.without.sqnr_db?.gain_over(whole.sqnr_db?).finite());
        if let Some(gain) = gain.filter(|_| network.whole_is_answered()) {
            let sign = if gain < 0.0 { "" } else { "+" };
            said.push((
                format!("Left in float, it would change the output by {sign}{} dB.", number::decibels(gain)),
                Rank::Worth,
            ));
        }
    }
    let alone = network.alone.answer.as_ref().filter(|_| network.alone.is_answered());
    let failed = alone.and_then(|answer| answer.result.as_ref().err()).cloned();
    let whole = network.whole.answer.as_ref().filter(|_| network.whole_is_answered());
    said.extend(
        failed.or(whole.and_then(|answer| answer.result.as_ref().err()).cloned()).map(|why| (why, Rank::Wrong)),
    );
    said
}
