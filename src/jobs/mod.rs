//! Background work: reading tensors while the screen is already there, and putting a network on trial.
//!
//! [`Loader`] reads files, [`NetworkLoader`] runs a network. Either starts at once on threads of its own, is asked
//! through [`Request`] and tells everything through one callback as [`Told`]; what crosses is named by
//! [`Key`](crate::session::Key).
//!
//! ```text
//! request, told, trial     what is asked and what is told: plain data
//! tuning, how              the same of a search for better clips, and how it goes about it, in words
//! desk                     what was asked for and not begun
//! against                  the counts of other data, told by a feed of their own
//! values                   "read these tensors once more", of files and of a network
//! measure, channels, joint, ties, answer    each thing that needs values again, once for both
//! files, network           the first reading of each, which shares big arrays over threads, and their values
//! search                   a network on trial: the clip in hand, sensitivities, the search for better clips
//! statistics               counting in one pass, and what statistics answer in place of values
//! readers                  the threads of files, of statistics and of a network
//! verify                   a network run by both engines, tensor by tensor
//! ```

mod against;
mod answer;
mod channels;
mod desk;
mod feed;
mod files;
mod gather;
mod how;
mod joint;
mod measure;
#[cfg(feature = "onnx")]
mod network;
mod readers;
mod recipe;
mod request;
#[cfg(feature = "onnx")]
mod search;
#[cfg(feature = "statistics")]
mod statistics;
mod ties;
mod told;
mod trial;
mod tuning;
mod values;
#[cfg(feature = "onnxruntime")]
mod verify;

pub use against::Against;
pub use channels::{MAX_CHANNELS, analyse_channels};
pub use feed::{Feed, Start, Stop, Tell};
pub use files::{measure_layer, read_channels, read_layer};
pub use gather::Gather;
pub use how::{Allow, How, Objective};
#[cfg(feature = "onnx")]
pub use network::{Backend, Subject};
pub use readers::{Loader, Order};
#[cfg(feature = "onnx")]
pub use readers::{NetworkLoader, NetworkOrder};
#[cfg(feature = "statistics")]
pub use readers::{ReadTable, StatisticsLoader, StatisticsOrder};
pub use recipe::Recipe;
pub use request::Request;
#[cfg(feature = "statistics")]
pub use statistics::count_source;
#[cfg(all(feature = "statistics", feature = "onnx"))]
pub use statistics::{Counted, NetworkCount};
pub use ties::{Group, Ties};
pub use told::Told;
pub use trial::{ByMethod, Left, MethodEffect, News, OneMethod, Params, Trial};
pub use tuning::{BiasSet, BudgetPoint, Jittered, Moved, Tried, Tune, TuneLayer, TuneSet, TuneStep, Tuned, UNCHANGED};
#[cfg(feature = "onnxruntime")]
pub use verify::{Compared, Examined, Verified, Verify, Watching};
