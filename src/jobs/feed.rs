//! Who brings the tensors, whether from files or from a network.

use super::request::Request;
use super::told::Told;

/// What the screen can ask of whoever brings the tensors. Answers come as [`Told`].
pub trait Feed {
    /// Asks for something.
    fn request(&self, request: Request);

    /// Ends what is under way and keeps what was gathered.
    fn stop(&self);

    /// Whether there is a network that can be put on trial.
    fn has_network(&self) -> bool;
}

/// Hears what is told, on any thread.
pub type Tell = Box<dyn Fn(Told) + Send + Sync>;

/// Starts whoever brings the tensors.
pub type Start = Box<dyn FnOnce(Tell) -> Box<dyn Feed>>;
