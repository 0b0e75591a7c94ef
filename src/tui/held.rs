//! What is kept in view to be compared with what is looked at: a layer that was held, or the same layer of other data.

use std::sync::Arc;

use crate::calibrate::Metrics;
use crate::histogram::Histogram;
use crate::quant::{Clip, Format, QuantParams};
use crate::session::{Ready, Target};

/// A range as it was when it was held: what is decided later does not change it.
pub struct Held {
    /// Whose it is.
    pub of: Target,
    /// Its name, control characters made visible.
    pub name: String,
    /// Who has chosen its clip: a method's label, or the hand.
    pub by: String,
    /// Its values.
    pub histogram: Arc<Histogram>,
    /// The format that it goes to.
    pub format: Format,
    /// Its clip.
    pub clip: Clip,
    /// The scale that follows.
    pub params: QuantParams,
    /// What it costs.
    pub metrics: Metrics,
}

impl Held {
    /// A range as it is now.
    pub fn of(of: Target, name: String, ready: &Ready) -> Held {
        let label = ready.candidate(&ready.decision().method).map_or("", |c| c.label.as_str());
        let by = match (ready.decision().tuned(), ready.edited()) {
            (Some(_), _) => "tuned",
            (None, true) => "hand",
            (None, false) => label,
        };
        Held {
            of,
            name,
            by: by.to_owned(),
            histogram: ready.histogram().clone(),
            format: ready.format(),
            clip: ready.clip(),
            params: ready.params(),
            metrics: *ready.metrics(),
        }
    }
}

/// Values that are drawn over those that are looked at.
pub struct Other<'a> {
    /// The values.
    pub histogram: &'a Arc<Histogram>,
    /// Whose they are, in a few words.
    pub name: String,
}
