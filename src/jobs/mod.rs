//! Background work: reading layers while the screen is already there.
//!
//! [`Loader::start`] returns at once. Its threads discover the sources, read the layer that is looked at first, then
//! the others in order, and tell everything through one callback as [`Event`]s.

mod channels;
mod gather;
mod loader;
mod measure;
mod read;

pub use channels::{MAX_CHANNELS, analyse_channels, read_channels};
pub use gather::Gather;
pub use loader::{Event, Loader, Order};
pub use measure::measure_layer;
pub use read::{Recipe, read_layer};
