use super::Trial;
use crate::quant::{Clip, Format};
use crate::session::{Key, Start};

/// What can be asked of whoever brings the layers.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Reads this layer next: the user is looking at it.
    Prefer(Key),
    /// Counts a layer once more on `bins` bins.
    Fine {
        /// The layer.
        key: Key,
        /// How many bins.
        bins: usize,
    },
    /// Measures a clip on a layer's values.
    Measure {
        /// The layer.
        key: Key,
        /// The clip.
        clip: Clip,
        /// The format that it goes to.
        format: Format,
    },
    /// Counts a layer by channels, and decides for each as `start` says.
    Channels {
        /// The layer.
        key: Key,
        /// The axis, and how the layer stands.
        start: Start,
    },
    /// Counts some layers as one, and decides for all their values as `start` says.
    Tie {
        /// The layers, in the session's order.
        of: Vec<Key>,
        /// How the one that is looked at stands.
        start: Start,
    },
    /// Puts the network on trial.
    Trial(Trial),
}
