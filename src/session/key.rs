use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a tensor is in the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What flows through it.
    #[default]
    Activation,
    /// What it has learnt.
    Weight,
}

impl Kind {
    /// `activation` or `weight`: the word in documents and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Activation => "activation",
            Kind::Weight => "weight",
        }
    }
}

/// The identity of a tensor: what it is, and its name. The same tensor has the same key in every run, in every file and
/// on every machine; where it stands in a list is nobody's identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Plain", into = "Plain")]
pub struct Key {
    kind: Kind,
    name: Arc<str>,
}

/// A key as it is written down.
#[derive(Serialize, Deserialize)]
struct Plain {
    kind: Kind,
    name: String,
}

impl From<Plain> for Key {
    fn from(Plain { kind, name }: Plain) -> Key {
        Key { kind, name: name.into() }
    }
}

impl From<Key> for Plain {
    fn from(key: Key) -> Plain {
        Plain { kind: key.kind, name: key.name.to_string() }
    }
}

impl Key {
    /// The key of a tensor.
    pub fn new(kind: Kind, name: impl Into<Arc<str>>) -> Key {
        Key { kind, name: name.into() }
    }

    /// The key of an activation, as files of dumps hold them.
    pub fn activation(name: impl Into<Arc<str>>) -> Key {
        Key::new(Kind::Activation, name)
    }

    /// What the tensor is in the network.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The tensor's name as the file gave it; may hold any character.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

/// What a decision is about: everything that can have a range of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A tensor as a whole.
    Tensor(Key),
    /// One channel of a tensor.
    Channel {
        /// The tensor.
        of: Key,
        /// The axis that its channels lie along, from the front.
        axis: usize,
        /// Which one, from 0.
        channel: usize,
    },
    /// Tensors that share one range, in the session's order.
    Tie(Vec<Key>),
}

impl Target {
    /// The tensor that it is about; of a tie the first one.
    pub fn tensor(&self) -> Option<&Key> {
        match self {
            Target::Tensor(key) | Target::Channel { of: key, .. } => Some(key),
            Target::Tie(of) => of.first(),
        }
    }
}

impl From<Key> for Target {
    fn from(key: Key) -> Target {
        Target::Tensor(key)
    }
}
