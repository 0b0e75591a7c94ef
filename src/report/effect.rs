use serde::{Deserialize, Serialize};

use super::number::{self, finite, plain_decibels};
use crate::quant::{Decibels, OutputEffect};

/// What quantization does to a network's outputs, as documents hold it: what is infinite or undefined is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Effect {
    /// Signal to noise of the float outputs in dB; [`Effect::compared`] says why it is `None`.
    pub sqnr_db: Option<f64>,
    /// The cosine of the angle between the float outputs, those of all samples taken as one vector.
    pub cosine: Option<f64>,
    /// The share of the integers and booleans that are the same; `None` where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f64>,
    /// The share of samples whose best class is the same; `None` for a network that is no classifier.
    pub top1_agreement: Option<f64>,
    /// What came of comparing the float outputs, where `sqnr_db` is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
    /// How many samples it is over.
    pub samples: usize,
    /// How many samples there were, where not all were used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_samples: Option<usize>,
}

/// Why there is no finite signal-to-noise ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Compared {
    /// The outputs are the same.
    Equal,
    /// The outputs are not numbers: NaN, the worst.
    Nan,
    /// Nothing is left of the signal beside the noise.
    Lost,
    /// No float output had an element, or no sample could be run.
    Nothing,
}

/// The effect on one of several outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NamedEffect {
    /// The output's name.
    pub name: String,
    /// What is done to it.
    #[serde(flatten)]
    pub effect: Effect,
}

impl From<&OutputEffect> for Effect {
    fn from(effect: &OutputEffect) -> Effect {
        Effect {
            sqnr_db: effect.sqnr_db.and_then(Decibels::finite),
            cosine: effect.cosine.and_then(finite),
            agreement: effect.agreement,
            top1_agreement: effect.top1_agreement,
            compared: match effect.sqnr_db.map(Decibels::get) {
                None => Some(Compared::Nothing),
                Some(db) if db.is_nan() => Some(Compared::Nan),
                Some(f64::INFINITY) => Some(Compared::Equal),
                Some(f64::NEG_INFINITY) => Some(Compared::Lost),
                Some(_) => None,
            },
            samples: effect.samples,
            of_samples: effect.cut_from(),
        }
    }
}

/// Each of these outputs.
pub(super) fn named(each: &[(String, OutputEffect)]) -> Vec<NamedEffect> {
    each.iter().map(|(name, effect)| NamedEffect { name: name.clone(), effect: effect.into() }).collect()
}

/// `31.24 dB, cosine 0.999812, top-1 98.0 % (8 samples)`.
pub(super) fn in_words(effect: &Effect) -> String {
    let ratio = match (effect.sqnr_db, effect.compared) {
        (Some(db), _) => Some(format!("{} dB", plain_decibels(db))),
        (None, Some(Compared::Equal)) => Some("equal to float".to_owned()),
        (None, Some(Compared::Nan)) => Some("not a number".to_owned()),
        (None, Some(Compared::Lost)) => Some("no signal left".to_owned()),
        (None, Some(Compared::Nothing) | None) => None,
    };
    let cosine = effect.cosine.map(|cosine| format!("cosine {cosine:.6}"));
    let agreement = effect.agreement.map(|share| format!("agreement {}", number::percent(share)));
    let top1 = effect.top1_agreement.map(|share| format!("top-1 {}", number::percent(share)));
    let said: Vec<String> = ratio.into_iter().chain(cosine).chain(agreement).chain(top1).collect();
    let said = if said.is_empty() { "nothing to compare".to_owned() } else { said.join(", ") };
    let samples = match effect.of_samples {
        Some(of) => format!("{} of {}", number::count(effect.samples as u64), number::of(of as u64, "sample")),
        None => number::of(effect.samples as u64, "sample"),
    };
    format!("{said} ({samples})")
}

/// `31.24`, `inf` where outputs are equal, `nan` where they are no numbers, `-` where nothing was compared.
pub fn ratio(db: Option<Decibels>) -> String {
    match db.map(Decibels::get) {
        None => "-".into(),
        Some(db) if db.is_nan() => "nan".into(),
        Some(db) => plain_decibels(db),
    }
}

/// A cosine or a share, with six digits behind the point; `nan` and `-` as before.
pub fn fraction(x: Option<f64>) -> String {
    match x {
        None => "-".into(),
        Some(x) if x.is_nan() => "nan".into(),
        Some(x) => format!("{x:.6}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_nan_and_no_effect_are_three_things() {
        let of = |db: Option<f64>| OutputEffect { sqnr_db: db.map(Decibels::new), cosine: db, ..Default::default() };
        let all = [None, Some(f64::NAN), Some(f64::INFINITY), Some(f64::NEG_INFINITY), Some(31.239)].map(of);
        assert_eq!(all.map(|e| ratio(e.sqnr_db)), ["-", "nan", "inf", "-inf", "31.24"]);
        assert_eq!([all[0], all[1], all[4]].map(|e| fraction(e.cosine)), ["-", "nan", "31.239000"]);
        use Compared::{Equal, Lost, Nan, Nothing};
        let compared = all.map(|e| Effect::from(&e).compared);
        assert_eq!(compared, [Some(Nothing), Some(Nan), Some(Equal), Some(Lost), None]);
        assert_eq!(all.map(|e| Effect::from(&e).sqnr_db), [None, None, None, None, Some(31.239)]);
        let json = serde_json::to_value(Effect::from(&all[1])).unwrap();
        assert_eq!((&json["compared"], &json["sqnr_db"]), (&"nan".into(), &serde_json::Value::Null));
    }
}
