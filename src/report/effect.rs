use serde::{Deserialize, Serialize};

use crate::quant::OutputEffect;

/// What quantization does to a network's outputs, as documents hold it: what is infinite or undefined is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Effect {
    /// Signal to noise in dB; `None` where the outputs are equal, or no numbers.
    pub sqnr_db: Option<f64>,
    /// The cosine of the angle between the outputs.
    pub cosine: Option<f64>,
    /// The share of samples whose best class is the same; `None` for a network that is no classifier.
    pub top1_agreement: Option<f64>,
    /// How many samples it is over.
    pub samples: usize,
    /// How many samples there were, where not all were used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_samples: Option<usize>,
}

impl From<&OutputEffect> for Effect {
    fn from(effect: &OutputEffect) -> Effect {
        Effect {
            sqnr_db: effect.sqnr_db.finite(),
            cosine: super::number::finite(effect.cosine),
            top1_agreement: effect.top1_agreement,
            samples: effect.samples,
            of_samples: effect.cut_from(),
        }
    }
}
