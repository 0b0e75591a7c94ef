//! Background work: reading layers while the screen is already there.
//!
//! [`Loader::start`] returns at once. Its threads discover the sources, read the layer that is looked at first, then
//! the others in order, and tell everything through one callback as [`Event`]s.

mod channels;
mod feed;
mod gather;
mod loader;
mod measure;
#[cfg(feature = "onnx")]
mod network;
mod read;
mod request;
mod ties;
mod trial;

pub use channels::{MAX_CHANNELS, analyse_channels, read_channels};
pub use feed::{Feed, Start};
pub use gather::Gather;
pub use loader::{Event, LayerResult, Loader, Order};
pub use measure::measure_layer;
#[cfg(feature = "onnx")]
pub use network::{NetworkLoader, NetworkOrder, Subject};
pub use read::{Recipe, read_layer};
pub use request::Request;
pub use ties::{Group, Ties};
pub use trial::{Grids, Left, News, Trial, Tried, Tune, TuneLayer, TuneStep, Tuned};
