//! Everything that the exported document says, as plain values.

mod exact;
mod lean;
mod of;
mod provenance;
mod read;
mod tuning;

use serde::{Deserialize, Serialize};

use super::by_method::MethodOutputs;
use super::effect::{Effect, NamedEffect};
use super::shape::ShapeScales;
use crate::session::Kind;

pub use lean::Lean;
pub(super) use of::{candidates, parts};
pub use provenance::{ModelFile, Provenance};
pub use read::ReadError;
pub use tuning::{AloneScales, MovedBias, MovedBiases, TunedSet, Tuning, Widened, figure};

/// The schema that this version writes and reads. Later versions of `/1` only add keys.
pub const SCHEMA: &str = "qviz.scales/1";

/// The exported document, `qviz.scales/1`: of each tensor its facts, every method's answer and what is chosen.
///
/// [`Scales::of`] makes it of a session, `exchange` makes files of it, and [`Scales::read`] reads
/// the JSON again. Values that are f32 by nature print as the shortest f32, others as the shortest f64, and both come back
/// bit for bit; what is infinite, undefined or absent is `None`, `null` in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Scales {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program that made it, with its version.
    #[serde(default)]
    pub tool: String,
    /// What it was made from, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// What everything that is chosen does to a network's outputs, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Outputs>,
    /// What the search was worth that has found the clips, where it is one's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Tuning>,
    /// Each tensor that was read, in the session's order.
    pub tensors: Vec<TensorScales>,
    /// What could not be read.
    #[serde(default)]
    pub errors: Vec<FileError>,
}

/// What everything that is chosen does to a network's outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outputs {
    /// On the samples that it was calibrated on.
    pub whole: Effect,
    /// On those kept to check on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Effect>,
    /// On each of them, where there are several, on the samples that it was calibrated on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<NamedEffect>,
    /// What each method for all activations would do instead, where that was asked for; the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_method: Vec<MethodOutputs>,
    /// How each output that holds floats lies, float and quantized, on the samples that it was calibrated on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<ShapeScales>,
}

/// One tensor of the document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TensorScales {
    /// Its name, which may hold any character.
    pub name: String,
    /// What it is in the network.
    #[serde(default)]
    pub kind: Kind,
    /// The files that hold it, one a batch.
    #[serde(default)]
    pub files: Vec<String>,
    /// Its shape: of files, batches are added up along the first axis; of a network, the tensor's own, in one sample.
    /// `None` where samples differ in it.
    #[serde(default)]
    pub shape: Option<Vec<u64>>,
    /// The samples of a network that it was counted on; absent of a weight, and of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    /// The element type, by its NumPy name.
    #[serde(default)]
    pub dtype: String,
    /// The constant of the network that a weight is computed from, where it is none itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initializer: Option<String>,
    /// The nodes of the file that are folded into a weight: its numbers are of the weight that is deployed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folded: Vec<String>,
    /// The tensors of the file that are none in the network as it is deployed, where this one is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absorbed: Vec<String>,
    /// The axis that lists go along, where each channel has a range of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub axis: Option<usize>,
    /// Totals, range and moments.
    #[serde(default)]
    pub stats: StatsScales,
    /// Each method's id and answer, in the session's order; a map in JSON.
    #[serde(default, with = "in_order")]
    pub candidates: Vec<(String, CandidateScales)>,
    /// What is chosen.
    pub chosen: Chosen,
    /// What is worth knowing before trusting the numbers, a sentence each.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// What was counted of a tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct StatsScales {
    /// All elements.
    pub count: u64,
    /// NaN elements.
    pub nan: u64,
    /// `+Inf` elements.
    pub pos_inf: u64,
    /// `-Inf` elements.
    pub neg_inf: u64,
    /// Elements that are exactly 0.
    pub zeros: u64,
    /// The smallest finite value.
    #[serde(deserialize_with = "exact::single")]
    pub min: Option<f32>,
    /// The largest finite value.
    #[serde(deserialize_with = "exact::single")]
    pub max: Option<f32>,
    /// Mean of the finite values.
    pub mean: Option<f64>,
    /// Population standard deviation of the finite values.
    pub std: Option<f64>,
}

/// A method's answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CandidateScales {
    /// The range that it proposes.
    #[serde(flatten)]
    pub range: RangeScales,
    /// What that costs.
    #[serde(flatten)]
    pub errors: ErrorScales,
    /// What the method says of its answer, or why it has none.
    #[serde(default)]
    pub note: Option<String>,
}

/// What is chosen for a tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Chosen {
    /// The method that gave the clip, or that a hand began from.
    pub method: String,
    /// The method that was asked for, where it has no answer for the tensor (or for one of its channels) and `method`
    /// stands in for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
    /// Each channel's method, where they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// Whether a hand has moved the clip.
    #[serde(default)]
    pub edited: bool,
    /// The channels whose clips a hand has moved, where that is some of them and not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_channels: Option<Vec<usize>>,
    /// The names of the other tensors that this range is shared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tied_with: Option<Vec<String>>,
    /// Whether it is quantized at all, or left in float.
    pub quantized: bool,
    /// How a search has found the range, where one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuned: Option<TunedScales>,
    /// Why the placement leaves it in float, where that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_float: Option<String>,
    /// Width in bits.
    pub num_bits: u8,
    /// Whether there are negative values.
    pub signed: bool,
    /// Whether the zero point is fixed at 0.
    pub symmetric: bool,
    /// `float8_e4m3fn` or `float8_e5m2`; absent for integers, which the three before describe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The range.
    #[serde(flatten)]
    pub range: RangeScales,
    /// What it costs, estimated from the bins.
    #[serde(flatten)]
    pub errors: ErrorScales,
    /// The same on the values themselves, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<MeasuredScales>,
}

/// What a search judged a range by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TunedScales {
    /// `next`, `out`, `next+out`, `among`, `16bit` or `float`.
    pub by: String,
    /// How many dB better it is there than what was before.
    #[serde(default)]
    pub gain_db: Option<f64>,
}

/// What the chosen clip costs on the values themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MeasuredScales {
    /// Mean squared error over the finite values.
    pub mse: Option<f64>,
    /// The part of `mse` from values beyond the clip.
    pub clipping_error: Option<f64>,
    /// The part of `mse` from values inside the clip.
    pub rounding_error: Option<f64>,
    /// The signal-to-noise ratio in dB.
    pub sqnr_db: Option<f64>,
    /// Share of the finite values beyond the clip.
    pub saturated: Option<f64>,
    /// Their number.
    pub saturated_count: u64,
}

/// A number of the tensor as a whole, or one of each channel in order: a number or a list in JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Per<T> {
    /// Of the tensor.
    Tensor(T),
    /// Of each channel.
    Channel(Vec<T>),
}

/// A range, and the parameters over it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RangeScales {
    /// The smallest value that is kept.
    #[serde(default, deserialize_with = "exact::singles")]
    pub clip_min: Per<Option<f32>>,
    /// The largest value that is kept.
    #[serde(default, deserialize_with = "exact::singles")]
    pub clip_max: Per<Option<f32>>,
    /// The larger of their magnitudes.
    #[serde(default, deserialize_with = "exact::singles")]
    pub amax: Per<Option<f32>>,
    /// The distance of neighbouring integers; what FP8 values are multiplied by.
    #[serde(default, deserialize_with = "exact::singles")]
    pub scale: Per<Option<f32>>,
    /// The integer that stands for 0.
    #[serde(default)]
    pub zero_point: Per<Option<i32>>,
    /// The smallest value before scaling.
    #[serde(default)]
    pub qmin: i32,
    /// The largest value before scaling.
    #[serde(default)]
    pub qmax: i32,
}

/// What a range costs, estimated from the bins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ErrorScales {
    /// The methods' divergence, in nats.
    pub kl: Per<Option<f64>>,
    /// Mean squared error.
    pub mse: Per<Option<f64>>,
    /// The part of `mse` from values beyond the clip.
    pub clipping_error: Per<Option<f64>>,
    /// The part of `mse` from values inside the clip.
    pub rounding_error: Per<Option<f64>>,
    /// The signal-to-noise ratio in dB.
    pub sqnr_db: Per<Option<f64>>,
    /// Share of the finite values beyond the clip.
    pub saturated: Per<Option<f64>>,
}

/// A file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileError {
    /// The file.
    pub file: String,
    /// Why, in a sentence.
    pub message: String,
}

impl<T> Default for Per<Option<T>> {
    fn default() -> Per<Option<T>> {
        Per::Tensor(None)
    }
}

impl<T> Per<T> {
    /// The same shape of other numbers.
    pub fn map<U>(&self, f: impl Fn(&T) -> U) -> Per<U> {
        match self {
            Per::Tensor(one) => Per::Tensor(f(one)),
            Per::Channel(each) => Per::Channel(each.iter().map(f).collect()),
        }
    }

    /// The numbers in order: one, or one a channel.
    pub fn each(&self) -> &[T] {
        match self {
            Per::Tensor(one) => std::slice::from_ref(one),
            Per::Channel(each) => each,
        }
    }

    /// How many channels there are; `None` for a number of the tensor.
    pub fn channels(&self) -> Option<usize> {
        match self {
            Per::Tensor(_) => None,
            Per::Channel(each) => Some(each.len()),
        }
    }
}

/// A map whose order is kept.
pub(super) mod in_order {
    use std::fmt;

    use serde::de::{MapAccess, Visitor};
    use serde::{Deserializer, Serializer};

    use super::CandidateScales;

    type Entries = Vec<(String, CandidateScales)>;

    pub fn serialize<S: Serializer>(entries: &Entries, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(entries.iter().map(|(id, entry)| (id, entry)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of methods")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Entries::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
