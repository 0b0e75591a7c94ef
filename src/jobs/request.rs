//! What can be asked of whoever brings the tensors.

use super::told::Told;
use super::trial::{News, Trial};
use crate::quant::{Clip, Format};
use crate::session::{Arrival, Failure, Key, Start};

/// A request; a newer one of a kind replaces one that waits. Each is answered by a [`Told`] of its kind, with a sentence
/// where it cannot be done; [`Request::Prefer`] by none.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Read this tensor next: the user is looking at it.
    Prefer(Key),
    /// Count a tensor once more, on finer bins.
    Fine {
        /// The tensor.
        key: Key,
        /// How many bins.
        bins: usize,
    },
    /// Measure what a clip costs on a tensor's values.
    Measure {
        /// The tensor.
        key: Key,
        /// The clip.
        clip: Clip,
        /// The format of numbers.
        format: Format,
    },
    /// Count a tensor by channels, and choose for each like this.
    Channels {
        /// The tensor.
        key: Key,
        /// The axis, and how the tensor stands.
        start: Start,
    },
    /// Count some tensors as one, and choose for all their values like this.
    Tie {
        /// The tensors, in the session's order; at least two.
        of: Vec<Key>,
        /// How the one that is looked at stands.
        start: Start,
    },
    /// Run the network with trial quantization.
    Trial(Trial),
}

impl Request {
    /// The tensor that it is about, the first of several; `None` where it is about the network.
    pub fn about(&self) -> Option<&Key> {
        match self {
            Request::Prefer(key)
            | Request::Fine { key, .. }
            | Request::Measure { key, .. }
            | Request::Channels { key, .. } => Some(key),
            Request::Tie { of, .. } => of.first(),
            Request::Trial(_) => None,
        }
    }

    /// The answer where it cannot be done; `None` where nobody waits for one.
    pub(super) fn refused(self, why: Failure) -> Option<Told> {
        Some(match self {
            Request::Prefer(_) => return None,
            Request::Fine { key, .. } => Told::Fine { key, result: Err(why) },
            Request::Measure { key, .. } => Told::Arrived(Arrival::Measured { key, result: Err(why) }),
            Request::Channels { key, .. } => {
                Told::Arrived(Arrival::Channels { key, requested: true, result: Err(why) })
            }
            Request::Tie { of, .. } => Told::Arrived(Arrival::Tied { of, requested: true, result: Err(why) }),
            Request::Trial(trial) => Told::Trial(News::failed(trial, why)),
        })
    }
}
