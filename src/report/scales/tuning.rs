//! What a search for better outputs was worth, as the document holds it.

use serde::{Deserialize, Serialize};

use crate::quant::Decibels;
use crate::report::effect::Effect;
use crate::report::number::finite;
use crate::session::Kind;

use super::Scales;

/// A search: what it judged, what it took, and where the loss sits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// Another seed keeps other samples aside.
    pub seed: u64,
    /// Whether it was stopped before its end.
    #[serde(default)]
    pub stopped: bool,
    /// Every set of clips that unseen samples have judged; what was chosen before is the first.
    #[serde(default)]
    pub sets: Vec<TunedSet>,
    /// The place of the one that was taken.
    #[serde(default)]
    pub taken: usize,
    /// What wider formats are worth, a layer at a time, where they were allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budget: Vec<Widened>,
    /// How many of these layers were taken.
    #[serde(default)]
    pub widened: usize,
    /// What moving the means of errors into biases is worth, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<MovedBiases>,
    /// What each layer alone does to the outputs, the worst first.
    #[serde(default)]
    pub alone: Vec<AloneScales>,
}

/// A set of clips, as unseen samples judge it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TunedSet {
    /// What made it: `-` is what was chosen before; else as [`TunedScales::by`](super::TunedScales::by).
    pub by: String,
    /// What it does to the outputs.
    #[serde(flatten)]
    pub effect: Effect,
    /// The mean size of the samples' outputs beside that of their errors, in dB.
    pub mean_db: Option<f64>,
    /// How far these move when only the last digits of the scales do, in dB; `None` where outputs then are no numbers.
    pub spread_db: Option<f64>,
}

/// So many layers in wider formats, as unseen samples judge it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Widened {
    /// The layer that was added.
    pub name: Option<String>,
    /// How many stay in float.
    pub float: usize,
    /// How many go to 16 bits.
    pub sixteen: usize,
    /// What that does to the outputs.
    #[serde(flatten)]
    pub effect: Effect,
    /// The mean size of the samples' outputs beside that of their errors, in dB.
    pub mean_db: Option<f64>,
}

/// Biases that take in the means of errors, as unseen samples judge them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MovedBiases {
    /// Whether they gain more than the noise: then the figures behind are with them.
    pub taken: bool,
    /// What they do to the outputs.
    #[serde(flatten)]
    pub effect: Effect,
    /// The mean size of the samples' outputs beside that of their errors, in dB.
    pub mean_db: Option<f64>,
    /// How far these move when only the last digits of the scales do, in dB.
    pub spread_db: Option<f64>,
    /// What is added to each, taken or not.
    pub nodes: Vec<MovedBias>,
}

/// What is added to the bias of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MovedBias {
    /// The node's name; its first output's where it has none.
    pub node: String,
    /// What is added for each output channel, in the unit of the node's output.
    pub add: Vec<f64>,
}

/// What a layer alone does to the outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AloneScales {
    /// The layer.
    pub name: String,
    /// What it is in the network.
    #[serde(default)]
    pub kind: Kind,
    /// The mean size of the samples' outputs beside that of their errors, in dB; `None` where there is no noise, or where the outputs are no numbers.
    pub mean_db: Option<f64>,
    /// The mean of its error as a share of the root of the mean square, from the bins: near ±1 it is an offset.
    #[serde(default)]
    pub mean_error: Option<f64>,
}

impl Scales {
    /// What is to be added to biases for the figures that the document promises; none where moving them was not asked for, or
    /// gained nothing.
    pub fn moved_biases(&self) -> &[MovedBias] {
        let bias = self.tuning.as_ref().and_then(|tuning| tuning.bias.as_ref()).filter(|bias| bias.taken);
        bias.map_or(&[], |bias| &bias.nodes)
    }
}

/// A figure in dB as documents hold it.
pub fn figure(db: f64) -> Option<f64> {
    finite(Decibels::new(db).get())
}
