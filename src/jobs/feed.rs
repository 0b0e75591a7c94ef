#[cfg(feature = "onnx")]
use super::NetworkLoader;
use super::{Loader, Trial};
use crate::quant::{Clip, Format};
use crate::session;

/// Who brings the layers: what the screen can wish of them, whether they come from files or from a network. Answers
/// come as [`Event`](super::Event)s.
pub trait Feed {
    /// Reads this layer next: the user is looking at it.
    fn prefer(&self, layer: usize);

    /// Counts a layer once more on `bins` bins.
    fn request_fine(&self, layer: usize, bins: usize);

    /// Measures a clip on a layer's values.
    fn request_measure(&self, layer: usize, clip: Clip, format: Format);

    /// Counts a layer by channels, and chooses for each as `start` says.
    fn request_channels(&self, layer: usize, start: session::Start);

    /// Counts some layers as one, and chooses for all their values as `start` says.
    fn request_tie(&self, of: Vec<usize>, start: session::Start);

    /// Puts the network on trial; nothing comes of it where there is none.
    fn request_trial(&self, trial: Trial);

    /// Whether there is a network that can be put on trial.
    fn has_network(&self) -> bool;

    /// Ends what is under way and keeps what was gathered.
    fn stop(&self);
}

impl Feed for Loader {
    fn prefer(&self, layer: usize) {
        Loader::prefer(self, layer);
    }

    fn request_fine(&self, layer: usize, bins: usize) {
        Loader::request_fine(self, layer, bins);
    }

    fn request_measure(&self, layer: usize, clip: Clip, format: Format) {
        Loader::request_measure(self, layer, clip, format);
    }

    fn request_channels(&self, layer: usize, start: session::Start) {
        Loader::request_channels(self, layer, start);
    }

    fn request_tie(&self, of: Vec<usize>, start: session::Start) {
        Loader::request_tie(self, of, start);
    }

    fn request_trial(&self, _: Trial) {}

    fn has_network(&self) -> bool {
        false
    }

    fn stop(&self) {
        // Every file is a layer of its own, and those that were read stay.
    }
}

#[cfg(feature = "onnx")]
impl Feed for NetworkLoader {
    fn prefer(&self, _: usize) {
        // A run makes all of them.
    }

    fn request_fine(&self, layer: usize, bins: usize) {
        NetworkLoader::request_fine(self, layer, bins);
    }

    fn request_measure(&self, layer: usize, clip: Clip, format: Format) {
        NetworkLoader::request_measure(self, layer, clip, format);
    }

    fn request_channels(&self, layer: usize, start: session::Start) {
        NetworkLoader::request_channels(self, layer, start);
    }

    fn request_tie(&self, of: Vec<usize>, start: session::Start) {
        NetworkLoader::request_tie(self, of, start);
    }

    fn request_trial(&self, trial: Trial) {
        NetworkLoader::request_trial(self, trial);
    }

    fn has_network(&self) -> bool {
        true
    }

    fn stop(&self) {
        NetworkLoader::stop(self);
    }
}

/// Starts one or the other.
pub type Start = Box<dyn FnOnce(Box<dyn Fn(super::Event) + Send + Sync>) -> Box<dyn Feed>>;
