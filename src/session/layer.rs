use std::collections::BTreeMap;

use super::{Decision, Deployed, Imported, Key, Kind, Known, Places, Ready, Subject, Taker, Tie};
use crate::calibrate::Rank;
use crate::histogram::Stats;
use crate::quant::QuantParams;

/// One tensor of the network.
pub struct Layer {
    /// What it is, and its name.
    pub key: Key,
    /// The operator that makes it (an activation) or takes it (a weight), as ONNX names it; empty where that is not
    /// known.
    pub op: String,
    /// The node that makes it; empty where none does, or where that is not known.
    pub node: String,
    /// The nodes that take it.
    pub takers: Vec<Taker>,
    /// The range that its values do not leave, where that is known beforehand.
    pub known: Option<Known>,
    /// What each way to place the quantizers of a network makes of it.
    pub places: Places,
    /// What of the network's file it is there in the place of.
    pub deployed: Deployed,
    /// What files say of it: the one that it comes from, and those that are laid over it.
    pub imported: Vec<Imported>,
    /// Where it came from, as far as that is known yet.
    pub origin: Origin,
    pub(super) state: LayerState,
    /// Its channels along each axis that they were read along.
    pub(super) splits: BTreeMap<usize, Vec<Ready>>,
    pub(super) without_channels: Option<String>,
    /// The ties that it is in, or was in.
    pub(super) ties: Vec<Tie>,
}

/// What the exported document says of a layer's source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The files that hold it, one a batch.
    pub files: Vec<String>,
    /// Its shape: of files, several batches added up along the first axis where the other axes agree; of a network, the
    /// tensor's own, in one sample. `None` where it is not known, or not the same in all samples.
    pub shape: Option<Vec<u64>>,
    /// How many samples of a network it was counted on; `None` where it came from none.
    pub samples: Option<u64>,
    /// The constant of the network that it is computed from, where it is computed from one and is none itself.
    pub initializer: Option<String>,
    /// The element type, by its numpy name; empty until a header was read.
    pub dtype: String,
    /// What else is to be known of all of its numbers, one sentence each.
    pub notes: Vec<String>,
    /// How many f64 values were too large for an f32 and count as infinite.
    pub overflowed: u64,
}

/// A sentence on a tensor, and how grave it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How grave.
    pub rank: Rank,
    /// The sentence.
    pub text: String,
}

/// How far a layer is.
pub enum LayerState {
    /// Known by name only.
    Waiting,
    /// Its counts and everything that follows from them are there.
    Ready(Box<Ready>),
    /// It cannot be read; one sentence says why.
    Failed(String),
}

/// What is said where nearly all values fall on one step.
fn crowd_note(share: f64, stats: &Stats) -> String {
    let (min, max) = stats.range();
    let far = if -min > max { min } else { max };
    format!(
        "{} of the values between the outermost steps fall on one step, so that nothing tells them apart. If the {far:e} \
         that sets the range only stands for something left out, leave it out (--ignore-sentinels); else clip nearer.",
        if share >= 0.9995 { "All".to_owned() } else { format!("{:.1} %", 100.0 * share) },
    )
}

impl Layer {
    /// A layer of which only the name and the files are known.
    pub fn waiting(key: Key, files: Vec<String>) -> Layer {
        Layer {
            key,
            op: String::new(),
            node: String::new(),
            takers: Vec::new(),
            known: None,
            places: Places::default(),
            deployed: Deployed::default(),
            imported: Vec::new(),
            origin: Origin { files, ..Origin::default() },
            state: LayerState::Waiting,
            splits: BTreeMap::new(),
            without_channels: None,
            ties: Vec::new(),
        }
    }

    /// The same with the operator that makes it or takes it.
    pub fn with_op(self, op: impl Into<String>) -> Layer {
        Layer { op: op.into(), ..self }
    }

    /// The same with the node that makes it.
    pub fn with_node(self, node: impl Into<String>) -> Layer {
        Layer { node: node.into(), ..self }
    }

    /// The same with the nodes that take it.
    pub fn with_takers(self, takers: Vec<Taker>) -> Layer {
        Layer { takers, ..self }
    }

    /// The same with the range that its values do not leave.
    pub fn with_known(self, known: Option<Known>) -> Layer {
        Layer { known, ..self }
    }

    /// The same with what each placement makes of it.
    pub fn with_places(self, places: Places) -> Layer {
        Layer { places, ..self }
    }

    /// The same with what of the network's file it is there in the place of.
    pub fn with_deployed(self, deployed: Deployed) -> Layer {
        Layer { deployed, ..self }
    }

    /// The same with what files say of it.
    pub fn with_imported(self, imported: Vec<Imported>) -> Layer {
        Layer { imported, ..self }
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
        let placed = self.places.first().is_none();
        let (takers, known, imported) = (&self.takers, self.known, &self.imported);
        Subject { name: self.name(), kind: self.kind(), op: &self.op, takers, known, imported, placed }
    }

    /// Why `placement` leaves it in float; `None` where it is quantized, and where it was not the placement.
    pub fn in_float(&self, placement: Option<&str>) -> Option<&str> {
        match self.decision() {
            Some(decision) if decision.quantized => None,
            Some(_) => self.places.under(placement?),
            None => self.places.first(),
        }
    }

    /// How far it is.
    pub fn state(&self) -> &LayerState {
        &self.state
    }

    /// Why it cannot be read, if it cannot.
    pub fn failure(&self) -> Option<&str> {
        match &self.state {
            LayerState::Failed(message) => Some(message),
            _ => None,
        }
    }

    /// The range of the tensor as a whole, once it was read.
    pub fn ready(&self) -> Option<&Ready> {
        match &self.state {
            LayerState::Ready(ready) => Some(ready),
            _ => None,
        }
    }

    pub(super) fn ready_mut(&mut self) -> Option<&mut Ready> {
        match &mut self.state {
            LayerState::Ready(ready) => Some(ready),
            _ => None,
        }
    }

    /// What is decided for it, once it was read.
    pub fn decision(&self) -> Option<&Decision> {
        self.ready().map(Ready::decision)
    }

    /// The channels that stand in its place, in order; empty where it has one range.
    pub fn channels(&self) -> &[Ready] {
        let along = self.decision().and_then(|d| d.axis).and_then(|axis| self.splits.get(&axis));
        along.map_or(&[], Vec::as_slice)
    }

    /// Whether its channels along an axis were read.
    pub fn is_split_along(&self, axis: usize) -> bool {
        self.splits.contains_key(&axis)
    }

    /// Why the channels that were asked for beforehand are not there.
    pub fn without_channels(&self) -> Option<&str> {
        self.without_channels.as_deref()
    }

    /// The tie that it is in now.
    pub fn tie(&self) -> Option<&Tie> {
        let of = self.decision()?.tie.as_ref()?;
        self.ties.iter().find(|tie| tie.of == *of)
    }

    /// The names of the other tensors that share its range, in order.
    pub fn tied_with(&self) -> Vec<&str> {
        let of = self.tie().map_or(&[][..], |tie| &tie.of);
        of.iter().filter(|key| **key != self.key).map(Key::name).collect()
    }

    /// What is worth knowing before trusting the layer's numbers: of its values, and of what is decided. One sentence
    /// each, the same on the screen and in the export.
    pub fn notes(&self) -> Vec<String> {
        self.ranked_notes().into_iter().map(|note| note.text).collect()
    }

    /// The same with how grave each is.
    pub fn ranked_notes(&self) -> Vec<Note> {
        self.ready().map_or_else(Vec::new, |ready| self.notes_of(ready, &self.origin))
    }

    /// How grave the gravest of these is; `None` where there are none.
    pub fn rank(&self) -> Option<Rank> {
        self.ranked_notes().into_iter().map(|note| note.rank).min()
    }

    /// The same for a range of it, or for one that it shares, whose values come from `origin`.
    pub(super) fn notes_of(&self, ready: &Ready, origin: &Origin) -> Vec<Note> {
        let whole = self.ready().is_some_and(|own| std::ptr::eq(own, ready));
        let mut notes = Vec::new();
        let mut say = |rank: Rank, text: String| notes.push(Note { rank, text });
        origin.notes.iter().for_each(|note| say(Rank::Worth, note.clone()));
        ready.warnings().iter().for_each(|warning| say(warning.rank(), warning.sentence()));
        if origin.overflowed > 0 {
            let n = origin.overflowed;
            say(Rank::Wrong, format!("{n} float64 values are too large for float32 and count as infinite."));
        }
        if whole {
            self.without_channels.iter().for_each(|why| say(Rank::Wrong, why.clone()));
            self.tie_note().into_iter().for_each(|note| say(Rank::Worth, note));
        }
        let (decision, format) = (ready.decision(), ready.format());
        if decision.quantized && ready.has_range() && QuantParams::is_fallback(ready.clip(), format) {
            say(Rank::Wrong, "The range is too small for a float32 scale, so 1.0 is written.".to_owned());
        }
        if ready.saturates_much() {
            say(Rank::Costs, "More than 1 % of the values saturate at this clip.".to_owned());
        }
        if let Some(share) = ready.crowd() {
            say(Rank::Costs, crowd_note(share, ready.stats()));
        }
        ready.offset_note().into_iter().for_each(|note| say(Rank::Worth, note));
        if ready.measured_in_vain() {
            let text = "Not measured on the values: each channel has a range of its own, and errors of bins stand.";
            say(Rank::Worth, text.to_owned());
        }
        ready.stand_in_note().into_iter().for_each(|note| say(Rank::Worth, note.to_owned()));
        ready.beyond_note().into_iter().for_each(|note| say(Rank::Wrong, note));
        // Why the method's number is what it is, while it is the one that stands.
        if let Some(why) = ready.method_note() {
            say(Rank::Worth, format!("{}: {why}.", decision.method));
        }
        if origin.dtype.starts_with(['i', 'u']) || origin.dtype == "bool" {
            let text = "Whole numbers: errors are estimates, as if values were spread evenly in each bin.";
            say(Rank::Worth, text.to_owned());
        }
        notes
    }

    /// What is unusual about its values, and about what is decided, in a word or two each, as reports have them: what it is
    /// looked for by.
    pub fn tags(&self) -> Vec<&'static str> {
        let Some(ready) = self.ready() else { return Vec::new() };
        let of_values = ready.warnings().iter().map(|warning| warning.tag());
        let of_decision = [
            (ready.saturates_much(), "saturates"),
            (ready.crowd().is_some(), "one-step"),
            (self.origin.overflowed > 0, "overflow"),
            (self.without_channels().is_some(), "no-channels"),
            (ready.instead_of().is_some(), "stand-in"),
        ];
        of_values.chain(of_decision.into_iter().filter_map(|(stands, tag)| stands.then_some(tag))).collect()
    }

    fn tie_note(&self) -> Option<String> {
        let why = self.tie()?.why.as_ref().map_or(String::new(), |why| format!(": {why}"));
        let names = match self.tied_with().as_slice() {
            [one] => (*one).to_owned(),
            [some @ .., last] => format!("{} and {last}", some.join(", ")),
            [] => String::new(),
        };
        Some(format!("Shares its range with {names}{why}."))
    }
}
