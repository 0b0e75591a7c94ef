//! The threads that read files or statistics, or run a network, and answer what is asked of them.

mod files;
#[cfg(feature = "onnx")]
mod network;
#[cfg(feature = "statistics")]
mod statistics;
#[cfg(test)]
mod testing;

pub use files::{Loader, Order};
#[cfg(feature = "onnx")]
pub use network::{NetworkLoader, NetworkOrder};
#[cfg(feature = "statistics")]
pub use statistics::{ReadTable, StatisticsLoader, StatisticsOrder};
