//! Every method beside every other.

use super::{number, one_word};
use crate::calibrate::disagreement;
use crate::session::{Ready, Session};

/// Answers that lie this close together count as one.
const AGREE: f64 = 1.1;

/// One row a layer; for each method its amax, scale and SQNR; the method of the best SQNR; and in a phrase why the
/// methods differ. One word a column but for the last.
pub fn compare(session: &Session) -> String {
    let ids: Vec<&str> = session.methods().iter().map(|m| m.id()).collect();
    let mut header = vec!["layer".to_owned()];
    header.extend(ids.iter().flat_map(|id| ["amax", "scale", "sqnr_db"].map(|what| format!("{id}:{what}"))));
    header.extend(["best".to_owned(), "why".to_owned()]);
    let mut rows = vec![header];
    for (_, layer) in session.top_level() {
        let mut row = vec![one_word(layer.name())];
        match layer.ready() {
            None => row.extend(vec!["-".to_owned(); ids.len() * 3 + 1]),
            Some(ready) => {
                for candidate in &ready.candidates {
                    row.extend(match &candidate.outcome {
                        Ok(t) => [
                            number::shortest(t.clip.amax()),
                            number::shortest(t.params.scale()),
                            number::decibels(t.metrics.sqnr_db).replace('–', "-").replace('∞', "inf"),
                        ],
                        Err(_) => ["-", "-", "-"].map(str::to_owned),
                    });
                }
                row.push(best(ready).map_or("-".to_owned(), |i| ready.candidates[i].id.clone()));
            }
        }
        row.push(layer.failure().map_or_else(|| layer.ready().map_or(String::new(), why), super::visible));
        rows.push(row);
    }
    super::text::table(&rows, |column| column == 0 || column + 2 >= rows[0].len())
}

/// The candidate with the best SQNR, the first of equals.
pub fn best(ready: &Ready) -> Option<usize> {
    let sqnr = |i: usize| ready.candidates[i].outcome.as_ref().map_or(f64::NAN, |t| t.metrics.sqnr_db);
    (0..ready.candidates.len()).filter(|&i| !sqnr(i).is_nan()).rev().max_by(|&a, &b| sqnr(a).total_cmp(&sqnr(b)))
}

/// Why the methods differ on a layer, in a phrase; what is strange about the layer comes first.
pub fn why(ready: &Ready) -> String {
    if let (Some(axis), Some(best)) = (ready.axis(), best(ready)) {
        let sqnr = |i: usize| ready.candidates[i].outcome.as_ref().map_or(f64::NAN, |t| t.metrics.sqnr_db);
        let answers = (0..ready.candidates.len()).filter(|&i| !sqnr(i).is_nan());
        let worst = answers.min_by(|&a, &b| sqnr(a).total_cmp(&sqnr(b))).unwrap_or(best);
        let name = |i: usize| format!("{} {} dB", ready.candidates[i].label, number::decibels(sqnr(i)));
        return format!("all channels along axis {axis} together: from {} to {}", name(worst), name(best));
    }
    let Some(d) = disagreement(ready.histogram(), &ready.candidates) else {
        return ready.warnings.first().map_or("nothing to compare".to_owned(), |w| w.tag().to_owned());
    };
    if d.ratio < AGREE {
        return format!("all within {} of each other", number::percent(d.ratio - 1.0));
    }
    let label = |i: usize| &ready.candidates[i].label;
    format!(
        "{} clips at {} of {}: it cuts {} of the values, which carry {} of the energy",
        label(d.lowest),
        number::percent(1.0 / d.ratio),
        label(d.highest),
        number::percent(d.values),
        number::percent(d.energy),
    )
}
