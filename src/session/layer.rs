use std::sync::{Arc, OnceLock};

use super::channels::Together;
use super::{ChannelSet, Choice, Key, Kind, Plan, Role, Start, Subject, Tie};
use crate::calibrate::{self, Calibrator, Candidate, FP8_METHOD, Measured, Metrics, Tensor, Warning};
use crate::histogram::{Histogram, Packed, Stats};
use crate::quant::{Clip, Format, QuantParams};

/// One tensor of the network.
pub struct Layer {
    /// What it is, and its name.
    pub key: Key,
    /// The operator that makes it (an activation) or takes it (a weight), as ONNX names it; empty where that is not
    /// known.
    pub op: String,
    /// Where it came from, as far as that is known yet.
    pub origin: Origin,
    /// How far it is.
    pub state: LayerState,
    /// Whether it is a tensor, a channel of one, or the values of several.
    pub role: Role,
    /// The axes along which its channels were read.
    pub channel_sets: Vec<ChannelSet>,
    /// Why the channels that were asked for beforehand are not there.
    pub without_channels: Option<String>,
    /// The ties that it is in, or was in.
    pub ties: Vec<Tie>,
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
    /// What else is to be known of all of its numbers, one sentence each.
    pub notes: Vec<String>,
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
    /// The counts; where they are packed, not before somebody looks closer.
    histogram: OnceLock<Arc<Histogram>>,
    packed: Option<Packed>,
    methods: Arc<[Arc<dyn Calibrator>]>,
    /// Every method's answer on the grid that is chosen, in the session's order; where each channel has a range of its
    /// own, those on all channels as one.
    pub candidates: Vec<Candidate>,
    /// What is worth knowing before trusting a number.
    pub warnings: Vec<Warning>,
    choice: Choice,
    /// The choice that it began with.
    first_choice: Choice,
    /// Why the method that was asked for is not the one that was chosen.
    stand_in: Option<String>,
    params: QuantParams,
    metrics: Metrics,
    measured: Option<Measured>,
    /// The answers and warnings on the grid that it was on before, or shall go to next.
    shelf: Option<(Format, Vec<Candidate>, Vec<Warning>)>,
    /// What the channels come to, where each has a range of its own, and the tensor's own candidates meanwhile.
    together: Option<(Box<Together>, Vec<Candidate>)>,
}

impl Ready {
    /// Tries every method of `plan` on the histogram of `subject` and chooses the answer of the one that the plan says;
    /// where that has none, the first method that has one; where none has, the largest magnitude.
    pub fn analyse(histogram: Arc<Histogram>, plan: &Plan, subject: &Subject) -> Ready {
        Ready::begin(histogram, plan, &plan.start(subject))
    }

    /// The same from a given start.
    pub fn begin(histogram: Arc<Histogram>, plan: &Plan, start: &Start) -> Ready {
        let tensor = Tensor::new(histogram.clone(), start.format);
        let candidates: Vec<Candidate> = plan.methods.iter().map(|m| tensor.candidate(m.as_ref())).collect();
        let answer = |c: &Candidate| c.outcome.as_ref().ok().map(|t| Choice::of_method(&c.id, t.clip, start.format));
        let wanted = &candidates[start.method];
        // The method that was asked for has no answer: say so, unless nothing was to be had.
        let stand_in = wanted.outcome.as_ref().err().filter(|_| histogram.stats.finite() > 0);
        let stand_in = stand_in.map(|why| format!("{} has no answer here: {why}.", wanted.id));
        let choice = answer(wanted).or_else(|| candidates.iter().find_map(answer)).unwrap_or_else(|| {
            let stats = &histogram.stats;
            let clip = Clip::new(stats.min.unwrap_or(0.0), stats.max.unwrap_or(0.0));
            let clip = if start.format.symmetric() { Clip::symmetric(clip.amax()) } else { clip };
            Choice::of_method(&wanted.id, clip, start.format)
        });
        let choice = Choice { quantized: start.quantized, ..choice };
        let threshold = tensor.threshold(choice.clip);
        let warnings = calibrate::warnings(&histogram, start.format);
        let (params, metrics) = (threshold.params, threshold.metrics);
        let first_choice = choice.clone();
        Ready {
            histogram: OnceLock::from(histogram),
            packed: None,
            methods: plan.methods.clone(),
            candidates,
            warnings,
            choice,
            first_choice,
            stand_in,
            params,
            metrics,
            measured: None,
            shelf: None,
            together: None,
        }
    }

    /// The same with its counts kept packed: one of thousands.
    pub fn packed(self, packed: Packed) -> Ready {
        Ready { histogram: OnceLock::new(), packed: Some(packed), ..self }
    }

    /// The methods that were tried, in the session's order.
    pub fn methods(&self) -> &[Arc<dyn Calibrator>] {
        &self.methods
    }

    /// The counts.
    pub fn histogram(&self) -> &Arc<Histogram> {
        self.histogram.get_or_init(|| Arc::new(self.packed.as_ref().expect("counts that are gone are packed").unpack()))
    }

    /// The counts for the moment: what is packed stays so.
    fn counts(&self) -> Arc<Histogram> {
        match (self.histogram.get(), &self.packed) {
            (None, Some(packed)) => Arc::new(packed.unpack()),
            _ => self.histogram().clone(),
        }
    }

    /// Totals, range and moments.
    pub fn stats(&self) -> &Stats {
        self.packed.as_ref().map_or_else(|| &self.histogram().stats, Packed::stats)
    }

    /// The grid of integers that it goes to.
    pub fn format(&self) -> Format {
        self.choice.format
    }

    /// What is chosen.
    pub fn choice(&self) -> &Choice {
        &self.choice
    }

    /// Whether something else is chosen than at first: another clip, another method, or to leave it in float.
    pub fn is_changed(&self) -> bool {
        self.choice != self.first_choice
    }

    /// The axis along which each channel has a range of its own; `None` for one range per tensor.
    pub fn axis(&self) -> Option<usize> {
        self.together.as_ref().and(self.choice.axis)
    }

    /// The range that is kept; of channels, from the least `clip_min` to the largest `clip_max`.
    pub fn clip(&self) -> Clip {
        self.together.as_ref().map_or(self.choice.clip, |(t, _)| t.clip)
    }

    /// Whether a hand has moved the clip, or that of a channel.
    pub fn edited(&self) -> bool {
        self.together.as_ref().map_or(self.choice.edited, |(t, _)| t.edited)
    }

    /// `scale` and `zero_point` of the present choice; of channels, those of the largest scale.
    pub fn params(&self) -> QuantParams {
        self.together.as_ref().map_or(self.params, |(t, _)| t.params)
    }

    /// The errors of the present choice; of channels, those of all together.
    pub fn metrics(&self) -> &Metrics {
        self.together.as_ref().map_or(&self.metrics, |(t, _)| &t.metrics)
    }

    /// From now on its channels stand for it, or no longer.
    pub(super) fn join(&mut self, together: Option<Together>) {
        if let Some((_, own)) = self.together.take() {
            self.candidates = own;
        }
        if let Some(mut together) = together {
            let own = std::mem::replace(&mut self.candidates, std::mem::take(&mut together.candidates));
            self.together = Some((Box::new(together), own));
        }
    }

    /// The tensor begins with its channels along `axis` in its place.
    pub(super) fn begin_along(&mut self, axis: usize) {
        (self.choice.axis, self.first_choice.axis) = (Some(axis), Some(axis));
    }

    /// What is chosen now is what it begins with.
    pub(super) fn begins_so(&mut self) {
        self.first_choice = self.choice.clone();
    }

    /// The errors of the present choice on the values themselves, if they were measured.
    pub fn measured(&self) -> Option<&Measured> {
        self.measured
            .as_ref()
            .filter(|_| self.together.is_none())
            .filter(|m| (m.clip, m.format) == (self.choice.clip, self.choice.format))
    }

    /// One method's answer, by its id.
    pub fn candidate(&self, id: &str) -> Option<&Candidate> {
        self.candidates.iter().find(|c| c.id == id)
    }

    /// A method's clip for the tensor as a whole, whether or not its channels stand in its place.
    pub fn own_clip(&self, id: &str) -> Option<Clip> {
        let own = self.together.as_ref().map_or(&self.candidates, |(_, own)| own);
        own.iter().find(|c| c.id == id)?.outcome.as_ref().ok().map(|t| t.clip)
    }

    /// The clip that the chosen method itself proposes.
    pub fn method_clip(&self) -> Option<Clip> {
        let candidate = self.candidate(&self.choice.method)?;
        candidate.outcome.as_ref().ok().map(|t| t.clip)
    }

    /// Whether more values saturate at the present choice than is usual.
    pub fn saturates_much(&self) -> bool {
        self.choice.quantized && self.metrics().saturated >= calibrate::SATURATES_MUCH
    }

    /// What the chosen method says of its number, unless a hand has moved it.
    pub fn method_note(&self) -> Option<&str> {
        let method = self.candidate(&self.choice.method).filter(|_| !self.edited())?;
        method.outcome.as_ref().ok()?.note.as_deref()
    }

    /// Whether there is a finite value other than zero.
    fn has_range(&self) -> bool {
        self.stats().amax() > 0.0
    }

    /// Works out every method's answer on a grid that it may go to, unless they are known.
    pub(super) fn prepare(&mut self, format: Format) {
        if format != self.choice.format && self.shelf.as_ref().is_none_or(|(shelved, ..)| *shelved != format) {
            let tensor = Tensor::new(self.counts(), format);
            let candidates = self.methods.iter().map(|m| tensor.candidate(m.as_ref())).collect();
            self.shelf = Some((format, candidates, calibrate::warnings(tensor.histogram(), format)));
        }
    }

    /// A method's clip on a grid, of all values; `None` where it has none.
    pub(super) fn proposes(&self, id: &str, format: Format) -> Option<Clip> {
        if format == self.choice.format { self.own_clip(id) } else { self.answer(id, format) }
    }

    /// The same where the grid is another than the present one.
    fn answer(&self, id: &str, format: Format) -> Option<Clip> {
        let method = self.methods.iter().position(|m| m.id() == id)?;
        let candidate = match &self.shelf {
            Some((shelved, candidates, _)) if *shelved == format => candidates[method].clone(),
            _ => Tensor::new(self.counts(), format).candidate(self.methods[method].as_ref()),
        };
        candidate.outcome.ok().map(|t| t.clip)
    }

    /// The present choice on another grid: the same method's answer there, or the clip that a hand has set, made to fit.
    /// A method that is not defined for that format gives way to `max`; where there is no answer at all the clip stays.
    pub fn on_grid(&self, format: Format) -> Choice {
        let choice = &self.choice;
        let unsuited = |m: &Arc<dyn Calibrator>| m.id() == choice.method && !m.suits(format);
        let unsuited = !choice.edited && self.methods.iter().any(unsuited);
        let instead = unsuited.then(|| self.answer(FP8_METHOD, format)).flatten();
        if let Some(clip) = instead {
            return Choice { format, ..choice.with_method(FP8_METHOD, clip) };
        }
        let answer = if choice.edited { None } else { self.answer(&choice.method, format) };
        let clip = answer.unwrap_or_else(|| {
            let (stats, amax) = (self.stats(), choice.clip.amax());
            match (format.symmetric(), format.signed()) {
                (true, true) => Clip::symmetric(amax),
                (true, false) => Clip::unsigned(amax),
                (false, _) => Clip::new(stats.min.unwrap_or(0.0).max(-amax), stats.max.unwrap_or(0.0).min(amax)),
            }
        });
        Choice { clip, format, ..choice.clone() }
    }

    /// Keeps what was measured, for as long as its clip is the chosen one.
    pub fn set_measured(&mut self, measured: Measured) {
        self.measured = Some(measured);
    }

    /// Makes a choice and works its numbers out. `edited` follows from the clip: a clip that equals the method's own
    /// value is not an edit, however it came about.
    pub(super) fn choose(&mut self, mut choice: Choice, tensor: Option<&Tensor>) {
        self.join(None);
        let tensor = tensor.filter(|t| t.format() == choice.format);
        let regridded = choice.format != self.choice.format;
        if regridded {
            self.prepare(choice.format);
            if let Some((shelved, candidates, warnings)) = &mut self.shelf {
                *shelved = self.choice.format;
                std::mem::swap(candidates, &mut self.candidates);
                std::mem::swap(warnings, &mut self.warnings);
            }
        }
        let known = self.candidate(&choice.method).and_then(|c| c.outcome.as_ref().ok());
        if let Some(own) = known.filter(|t| t.clip == choice.clip) {
            // What was done to a shared range is not for one of those that share it to say.
            choice.edited &= choice.tie.is_some();
            (self.params, self.metrics) = (own.params, own.metrics);
        } else if regridded || choice.clip != self.choice.clip {
            let threshold = match tensor {
                Some(tensor) => tensor.threshold(choice.clip),
                None => Tensor::new(self.counts(), choice.format).threshold(choice.clip),
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
        let mut notes = self.origin.notes.clone();
        notes.extend(ready.warnings.iter().map(Warning::sentence));
        if self.origin.overflowed > 0 {
            let n = self.origin.overflowed;
            notes.push(format!("{n} float64 values are too large for float32 and count as infinite."));
        }
        notes.extend(self.without_channels.clone());
        notes.extend(self.tie().map(Tie::sentence));
        if ready.choice.quantized && ready.has_range() && QuantParams::is_fallback(ready.clip(), ready.format()) {
            notes.push("The range is too small for a float32 scale, so 1.0 is written.".to_owned());
        }
        if ready.saturates_much() {
            notes.push("More than 1 % of the values saturate at this clip.".to_owned());
        }
        // On another format the method may well have one.
        notes.extend(ready.stand_in.clone().filter(|_| ready.choice.format == ready.first_choice.format));
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
    pub fn waiting(key: Key, files: Vec<String>) -> Layer {
        let origin = Origin { files, ..Origin::default() };
        Layer {
            key,
            op: String::new(),
            origin,
            state: LayerState::Waiting,
            role: Role::Tensor,
            channel_sets: Vec::new(),
            without_channels: None,
            ties: Vec::new(),
        }
    }

    /// A file that is no layer: its row says why.
    pub fn failed(file: String, message: String) -> Layer {
        let name = std::path::Path::new(&file).file_stem().map_or(file.clone(), |s| s.to_string_lossy().into_owned());
        Layer { state: LayerState::Failed(message), ..Layer::waiting(Key::activation(name), vec![file]) }
    }

    /// Its name as the file gave it; may hold any character.
    pub fn name(&self) -> &str {
        self.key.name()
    }

    /// What it is in the network.
    pub fn kind(&self) -> Kind {
        self.key.kind()
    }

    /// What rules see of it.
    pub fn subject(&self) -> Subject<'_> {
        Subject { name: self.name(), kind: self.kind(), op: &self.op }
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
