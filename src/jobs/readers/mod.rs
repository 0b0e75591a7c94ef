//! The threads that read files, or run a network, and answer what is asked of them.

mod files;
#[cfg(feature = "onnx")]
mod network;
#[cfg(test)]
mod testing;

pub use files::{Loader, Order};
#[cfg(feature = "onnx")]
pub use network::{NetworkLoader, NetworkOrder};
