//! Why the methods differ on a layer: each beside the best, and the clip that is chosen among them.

use super::number;
use crate::calibrate::{Answer, Beside};
use crate::session::Ready;

/// Answers this close to the best one, in dB, are as good.
const AS_GOOD: f64 = 0.05;

/// One answer beside the best of the methods'.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// Whose it is: a method's label, or the hand's.
    pub label: String,
    /// The index of the candidate; `None` for a clip that is none of theirs.
    pub candidate: Option<usize>,
    /// Its SQNR in dB; NaN where it has none.
    pub sqnr_db: f64,
    /// How many dB less than the best that is; negative where it is more.
    pub behind_db: f64,
    /// Whether it is what stands.
    pub chosen: bool,
    /// What sets it apart, in a phrase.
    pub text: String,
}

/// The candidate with the best SQNR, the first of equals.
pub fn best(ready: &Ready) -> Option<usize> {
    let sqnr = |i: usize| ready.candidates()[i].outcome.as_ref().map_or(f64::NAN, |t| t.metrics.sqnr_db);
    (0..ready.candidates().len()).filter(|&i| !sqnr(i).is_nan()).rev().max_by(|&a, &b| sqnr(a).total_cmp(&sqnr(b)))
}

/// Every method's answer beside the best one and, where it is none of theirs, the clip that is chosen; the best first. Empty
/// where no method has an answer with an SQNR.
pub fn whys(ready: &Ready) -> Vec<Why> {
    let Some(top) = best(ready) else { return Vec::new() };
    let answer = |i: usize| {
        let t = ready.candidates()[i].outcome.as_ref().ok()?;
        Some(Answer { clip: t.clip, params: t.params, metrics: &t.metrics })
    };
    let Some(best) = answer(top) else { return Vec::new() };
    let name = &ready.candidates()[top].label;
    let method = &ready.decision().method;
    let hand = ready.edited();
    let of = |own: Answer, label: String, candidate: Option<usize>, chosen: bool| {
        let beside = Beside::of(ready.histogram(), own, best);
        let text = match candidate == Some(top) {
            true => costs(&beside, ready.axis().is_some()),
            false => apart(&beside, name, ready.axis().is_some()),
        };
        let (sqnr_db, behind_db) = (own.metrics.sqnr_db, beside.behind_db);
        Why { label, candidate, sqnr_db, behind_db, chosen, text }
    };
    let mut all: Vec<Why> = (0..ready.candidates().len())
        .filter_map(|i| {
            let candidate = &ready.candidates()[i];
            Some(of(answer(i)?, candidate.label.clone(), Some(i), candidate.id == *method && !hand))
        })
        .collect();
    if hand || !all.iter().any(|why| why.chosen) {
        let own = Answer { clip: ready.clip(), params: ready.params(), metrics: ready.metrics() };
        let label = if ready.decision().tuned().is_some() { "tuned" } else { "your clip" };
        all.insert(0, of(own, label.to_owned(), None, true));
    }
    // What is undefined comes last, and of equals what is chosen first.
    let order = |why: &Why| if why.sqnr_db.is_nan() { f64::NEG_INFINITY } else { why.sqnr_db };
    all.sort_by(|a, b| order(b).total_cmp(&order(a)).then(b.chosen.cmp(&a.chosen)));
    all
}

/// What an answer's error is made of.
fn costs(beside: &Beside, of_channels: bool) -> String {
    let Beside { values, energy, clipping, .. } = *beside;
    if clipping.is_nan() {
        return "no error".to_owned();
    }
    if values == 0.0 {
        return "nothing saturates: its error is rounding".to_owned();
    }
    let energy = if of_channels { String::new() } else { format!(" ({} of the energy)", number::percent(energy)) };
    let (clipping, values) = (number::percent(clipping), number::percent(values));
    format!("{values} saturate{energy} and make {clipping} of its error")
}

/// What sets an answer apart from the best one, and where its error comes from.
fn apart(beside: &Beside, best: &str, of_channels: bool) -> String {
    let Beside { width, step, clipping, .. } = *beside;
    // Of many channels there is no one clip to compare.
    let clips = match width {
        _ if of_channels => String::new(),
        w if w.is_nan() => String::new(),
        w if (0.995..1.005).contains(&w) => format!("clips as {best}: "),
        w if w < 1.0 => format!("clips at {} of {best}: ", number::percent(w)),
        w => format!("clips at {} x {best}: ", times(w)),
    };
    let why = if beside.behind_db.abs() < AS_GOOD {
        "as good".to_owned()
    } else if clipping >= 0.5 {
        costs(beside, of_channels)
    } else if of_channels || step.is_nan() {
        format!("rounding makes {} of its error", number::percent(1.0 - clipping))
    } else {
        format!("steps of {} x make {} of its error", times(step), number::percent(1.0 - clipping))
    };
    clips + &why
}

fn times(ratio: f64) -> String {
    number::significant(ratio, if ratio < 10.0 { 3 } else { 2 })
}

/// Why the methods differ on a layer, in a phrase: the best, the worst and what sets it apart, and how far what is chosen is
/// behind. Where they cannot be compared, what is strange about the layer.
pub fn why(ready: &Ready) -> String {
    let all = whys(ready);
    let methods = || all.iter().filter(|why| why.candidate.is_some() && !why.sqnr_db.is_nan());
    let (Some(first), Some(last)) = (methods().next(), methods().next_back()) else {
        return ready.warnings().first().map_or("nothing to compare".to_owned(), |w| w.tag().to_owned());
    };
    if methods().count() < 2 {
        return ready.warnings().first().map_or("nothing to compare".to_owned(), |w| w.tag().to_owned());
    }
    let of = ready.axis().map_or_else(String::new, |axis| format!("all channels along axis {axis} together: "));
    let db = |db: f64| format!("{} dB", number::decibels(db));
    let mut said = match last.behind_db {
        behind if behind < AS_GOOD => format!("{of}all within 0.1 dB"),
        behind => format!(
            "{of}best {} {}, worst {} {} behind: {}",
            first.label,
            db(first.sqnr_db),
            last.label,
            db(behind),
            last.text
        ),
    };
    if let Some(chosen) = all.iter().find(|why| why.chosen && why.candidate != last.candidate)
        && chosen.behind_db.abs() >= AS_GOOD
    {
        let (by, how) = (db(chosen.behind_db.abs()), if chosen.behind_db > 0.0 { "behind" } else { "better" });
        said += &format!("; chosen: {}, {by} {how}", chosen.label);
    }
    said
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::calibrate;
    use crate::histogram::Histogram;
    use crate::quant::{Clip, Format};
    use crate::session::{Arrival, Key, Layer, Origin, Session, Target};

    fn ready(values: &[f32], format: Format, method: &str) -> Ready {
        let session = Session::new(calibrate::defaults(), method, format);
        let layer = Layer::waiting(Key::activation("x"), Vec::new());
        Ready::analyse(Arc::new(Histogram::of(values, 2048, &[])), &session.plan(), &layer.subject())
    }

    fn tailed() -> Vec<f32> {
        (1..50_000).map(|i| (i as f32 * 0.7).sin() * (50_000.0 / i as f32).ln()).collect()
    }

    #[test]
    fn every_method_stands_beside_the_best_one() {
        for format in [Format::INT8, Format::INT8.with_symmetric(false)] {
            let ready = ready(&tailed(), format, "max");
            let all = whys(&ready);
            assert_eq!(all.len(), ready.candidates().iter().filter(|c| c.outcome.is_ok()).count());
            assert_eq!((all[0].candidate, all[0].behind_db), (best(&ready), 0.0));
            assert!(all.windows(2).all(|pair| pair[0].sqnr_db >= pair[1].sqnr_db));
            assert_eq!(all.iter().filter(|why| why.chosen).count(), 1);
            for why in all.iter().skip(1).filter(|why| why.behind_db > 1.0) {
                assert!(why.text.contains("of its error") && why.text.starts_with("clips at"), "{why:?}");
            }
            let said = super::why(&ready);
            assert!(said.starts_with("best ") && said.contains(" dB behind: clips at "), "{said}");
        }
    }

    #[test]
    fn a_clip_by_hand_is_spoken_of() {
        let mut session = Session::new(calibrate::defaults(), "mse", Format::INT8);
        let key = Key::activation("x");
        let waiting = Layer::waiting(key.clone(), Vec::new());
        let histogram = Arc::new(Histogram::of(&tailed(), 2048, &[]));
        let ready = Ready::analyse(histogram, &session.plan(), &waiting.subject());
        let decision = ready.decision().with_clip(Clip::symmetric(0.5));
        session.receive(Arrival::Found { layers: vec![waiting], failures: Vec::new() });
        let result = Ok(Box::new((Origin::default(), ready)));
        session.receive(Arrival::Layer { key: key.clone(), result });
        let target = Target::Tensor(key);
        session.apply("clip", vec![(target.clone(), decision)]);
        let ready = session.ready(&target).expect("it is read");
        let all = whys(ready);
        let own = all.iter().find(|why| why.chosen).expect("it is chosen");
        assert_eq!((own.label.as_str(), own.candidate), ("your clip", None));
        assert!(own.behind_db > 5.0 && own.text.contains("saturate"), "{own:?}");
        assert!(super::why(ready).contains("; chosen: your clip, "), "{}", super::why(ready));
    }

    #[test]
    fn where_nothing_can_be_compared_that_is_said() {
        for values in [&[][..], &[0.0; 8], &[f32::NAN; 3]] {
            let ready = ready(values, Format::INT8, "max");
            assert!(!super::why(&ready).is_empty(), "{values:?}");
        }
    }
}
