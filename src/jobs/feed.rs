//! Who brings the tensors, whether from files or from a network.

use super::request::Request;
use super::told::Told;

/// What the screen can ask of whoever brings the tensors. Answers come as [`Told`].
pub trait Feed {
    /// Asks for something.
    fn request(&self, request: Request);

    /// Ends some of what is under way or waits, and keeps what was gathered.
    fn stop(&self, what: Stop);

    /// Whether there is a network that can be put on trial.
    fn has_network(&self) -> bool;
}

/// What is to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Whatever is under way.
    All,
    /// The first reading of all tensors; what was read is told.
    Reading,
    /// What needs a tensor's values once more; answered as something that cannot be done.
    Values,
    /// A network's outputs with everything as it is chosen; what the samples so far have said stands.
    Whole,
    /// What each layer does to them, or a search; what was found is told.
    Long,
    /// The methods by the outputs; those that were measured stand.
    Methods,
}

/// Hears what is told, on any thread.
pub type Tell = Box<dyn Fn(Told) + Send + Sync>;

/// Starts whoever brings the tensors.
pub type Start = Box<dyn FnOnce(Tell) -> Box<dyn Feed>>;
