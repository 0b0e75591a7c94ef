//! Tensors out of a network that is run over samples.

mod begin;
mod collect;
mod first;
mod run;
mod setup;
mod values;

pub(super) use begin::{Begin, begin};
pub(super) use first::first;
pub(super) use run::Run;
#[cfg(feature = "statistics")]
pub(super) use run::Runs;
pub(super) use setup::Setup;
pub use setup::{Backend, Subject};
pub(super) use values::NetworkValues;
