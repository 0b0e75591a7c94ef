//! Tensors out of files.

mod counted;
mod read;
mod values;

pub use read::read_layer;
pub(super) use values::{FileValues, waiting};
pub use values::{measure_layer, read_channels};
