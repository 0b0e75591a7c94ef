//! Statistics in place of activations: counting them, and what they answer later.

mod files;
#[cfg(feature = "onnx")]
mod network;
mod values;

pub use files::count_source;
#[cfg(feature = "onnx")]
pub use network::{Counted, NetworkCount};
pub(super) use values::{Statistics, StatisticsValues};
