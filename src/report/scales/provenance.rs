//! What a document was made from, so that its numbers can be had again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was calibrated on what, and what was asked for. It holds no time, no machine and no path but those that were given,
/// so that the same data and options give the same document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// What was looked at, in a few words: `net.onnx on 8 samples`.
    pub title: String,
    /// The network's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelFile>,
    /// What was read, as it was named: files, folders and globs of tensors, or a network's samples. Empty for samples that
    /// were made up (`options.random`) and for the bundled activations.
    pub data: Vec<String>,
    /// Samples that nothing was chosen by, as they were named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub check: Vec<String>,
    /// How many samples of a network ranges were counted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    /// How much of it was read, where reading was interrupted: `4 of 8 samples`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// What was taken for granted of a network's samples, preprocessing included; a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<String>,
    /// The options that were given and decide what the document holds: each by its long name, with its values as they were
    /// typed; none for a switch.
    pub options: BTreeMap<String, Vec<String>>,
}

/// A file by what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelFile {
    /// Its name, as it was given.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes, 64 hexadecimal digits. Weights that lie in other files are not in it.
    pub sha256: String,
}
