use std::sync::Arc;

use super::{Choice, Plan};
use crate::calibrate::{self, Candidate, Measured, Metrics, Tensor, Warning};
use crate::histogram::Histogram;
use crate::quant::{Clip, QuantParams, Scheme};

/// One tensor of the network.
pub struct Layer {
    /// Its name as the file gave it; may hold any character.
    pub name: String,
    /// Where it came from, as far as that is known yet.
    pub origin: Origin,
    /// How far it is.
    pub state: LayerState,
}

/// What the exported document says of a layer's source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The files that hold it, one a batch.
    pub files: Vec<String>,
    /// Its shape; several batches are added up along the first axis where the other axes agree.
    pub shape: Vec<u64>,
    /// The element type, by its numpy name; empty until a header was read.
    pub dtype: String,
    /// How many f64 values were too large for an f32 and count as infinite.
    pub overflowed: u64,
}

/// How far a layer is.
pub enum LayerState {
    /// Known by name only.
    Waiting,
    /// Its histogram and everything that follows from it is there.
    Ready(Box<Ready>),
    /// It cannot be read; one sentence says why.
    Failed(String),
}

/// A layer that was read: its histogram, what every method proposes, and what is chosen.
#[derive(Clone)]
pub struct Ready {
    /// The counts.
    pub histogram: Arc<Histogram>,
    /// Every method's answer, in the session's order.
    pub candidates: Vec<Candidate>,
    /// What is worth knowing before trusting a number.
    pub warnings: Vec<Warning>,
    /// The grid of integers.
    pub scheme: Scheme,
    choice: Choice,
    /// The choice that it began with.
    first_choice: Choice,
    /// Why the method that was asked for is not the one that was chosen.
    stand_in: Option<String>,
    params: QuantParams,
    metrics: Metrics,
    measured: Option<Measured>,
}

impl Ready {
    /// Tries every method of `plan` on a histogram and chooses the default one's answer; where that has none, the
    /// first method that has one; where none has, the largest magnitude.
    pub fn analyse(histogram: Arc<Histogram>, plan: &Plan) -> Ready {
        let tensor = Tensor::new(histogram.clone(), plan.scheme);
        let candidates: Vec<Candidate> = plan.methods.iter().map(|m| tensor.candidate(m.as_ref())).collect();
        let answer = |c: &Candidate| c.outcome.as_ref().ok().map(|t| Choice::of_method(&c.id, t.clip));
        let wanted = &candidates[plan.default_method];
        // The method that was asked for has no answer: say so, unless nothing was to be had.
        let stand_in = wanted.outcome.as_ref().err().filter(|_| histogram.stats.finite() > 0);
        let stand_in = stand_in.map(|why| format!("{} has no answer here: {why}.", wanted.id));
        let choice = answer(wanted).or_else(|| candidates.iter().find_map(answer)).unwrap_or_else(|| {
            let stats = &histogram.stats;
            let clip = Clip::new(stats.min.unwrap_or(0.0), stats.max.unwrap_or(0.0));
            let clip = if plan.scheme.symmetric { Clip::symmetric(clip.amax()) } else { clip };
            Choice::of_method(&candidates[plan.default_method].id, clip)
        });
        let threshold = tensor.threshold(choice.clip);
        let warnings = calibrate::warnings(&histogram, plan.scheme);
        let (params, metrics) = (threshold.params, threshold.metrics);
        let first_choice = choice.clone();
        Ready {
            histogram,
            candidates,
            warnings,
            scheme: plan.scheme,
            choice,
            first_choice,
            stand_in,
            params,
            metrics,
            measured: None,
        }
    }

    /// What is chosen.
    pub fn choice(&self) -> &Choice {
        &self.choice
    }

    /// Whether something else is chosen than at first: another clip, another method, or to leave it in float.
    pub fn is_changed(&self) -> bool {
        self.choice != self.first_choice
    }

    /// `scale` and `zero_point` of the present choice.
    pub fn params(&self) -> QuantParams {
        self.params
    }

    /// The errors of the present choice.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The errors of the present choice on the values themselves, if they were measured.
    pub fn measured(&self) -> Option<&Measured> {
        self.measured.as_ref().filter(|m| m.clip == self.choice.clip)
    }

    /// One method's answer, by its id.
    pub fn candidate(&self, id: &str) -> Option<&Candidate> {
        self.candidates.iter().find(|c| c.id == id)
    }

    /// The clip that the chosen method itself proposes.
    pub fn method_clip(&self) -> Option<Clip> {
        let candidate = self.candidate(&self.choice.method)?;
        candidate.outcome.as_ref().ok().map(|t| t.clip)
    }

    /// Whether more values saturate at the present choice than is usual.
    pub fn saturates_much(&self) -> bool {
        self.choice.quantized && self.metrics.saturated >= calibrate::SATURATES_MUCH
    }

    /// What the chosen method says of its number, unless a hand has moved it.
    pub fn method_note(&self) -> Option<&str> {
        let method = self.candidate(&self.choice.method).filter(|_| !self.choice.edited)?;
        method.outcome.as_ref().ok()?.note.as_deref()
    }

    /// Whether there is a finite value other than zero.
    fn has_range(&self) -> bool {
        self.histogram.stats.amax() > 0.0
    }

    /// Keeps what was measured, for as long as its clip is the chosen one.
    pub fn set_measured(&mut self, measured: Measured) {
        self.measured = Some(measured);
    }

    /// Makes a choice and works its numbers out. `edited` follows from the clip: a clip that equals the method's own
    /// value is not an edit, however it came about.
    pub(super) fn choose(&mut self, mut choice: Choice, tensor: Option<&Tensor>) {
        let known = self.candidate(&choice.method).and_then(|c| c.outcome.as_ref().ok());
        if let Some(own) = known.filter(|t| t.clip == choice.clip) {
            choice.edited = false;
            (self.params, self.metrics) = (own.params, own.metrics);
        } else if choice.clip != self.choice.clip {
            let threshold = match tensor {
                Some(tensor) => tensor.threshold(choice.clip),
                None => Tensor::new(self.histogram.clone(), self.scheme).threshold(choice.clip),
            };
            (self.params, self.metrics) = (threshold.params, threshold.metrics);
        }
        self.choice = choice;
    }
}

impl Layer {
    /// What is worth knowing before trusting the layer's numbers: of its values, and of what is chosen. One sentence
    /// each, the same on the screen and in the export.
    pub fn notes(&self) -> Vec<String> {
        let Some(ready) = self.ready() else { return Vec::new() };
        let mut notes: Vec<String> = ready.warnings.iter().map(Warning::sentence).collect();
        if self.origin.overflowed > 0 {
            let n = self.origin.overflowed;
            notes.push(format!("{n} float64 values are too large for float32 and count as infinite."));
        }
        if ready.choice.quantized && ready.has_range() && QuantParams::is_fallback(ready.choice.clip, ready.scheme) {
            notes.push("The range is too small for a float32 scale, so 1.0 is written.".to_owned());
        }
        if ready.saturates_much() {
            notes.push("More than 1 % of the values saturate at this clip.".to_owned());
        }
        notes.extend(ready.stand_in.clone());
        // Why the method's number is what it is, while it is the one that stands.
        if let Some(why) = ready.method_note() {
            notes.push(format!("{}: {why}.", ready.choice.method));
        }
        if self.origin.dtype.starts_with(['i', 'u']) || self.origin.dtype == "bool" {
            notes.push("Whole numbers: errors are estimates, as if values were spread evenly in each bin.".to_owned());
        }
        notes
    }

    /// A layer of which only the name and the files are known.
    pub fn waiting(name: String, files: Vec<String>) -> Layer {
        Layer { name, origin: Origin { files, ..Origin::default() }, state: LayerState::Waiting }
    }

    /// A file that is no layer: its row says why.
    pub fn failed(file: String, message: String) -> Layer {
        let name = std::path::Path::new(&file).file_stem().map_or(file.clone(), |s| s.to_string_lossy().into_owned());
        Layer { name, origin: Origin { files: vec![file], ..Origin::default() }, state: LayerState::Failed(message) }
    }

    /// Why it cannot be read, if it cannot.
    pub fn failure(&self) -> Option<&str> {
        match &self.state {
            LayerState::Failed(message) => Some(message),
            _ => None,
        }
    }

    /// The layer's data, once it was read.
    pub fn ready(&self) -> Option<&Ready> {
        match &self.state {
            LayerState::Ready(ready) => Some(ready),
            _ => None,
        }
    }

    /// What is chosen for it, once it was read.
    pub fn choice(&self) -> Option<&Choice> {
        self.ready().map(Ready::choice)
    }
}
