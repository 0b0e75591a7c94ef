//! ONNX models through tract: their activations seen and replaced while they run, and what that does to the outputs.
//!
//! ```text
//! file --Network--> Graph (taps) --run--> every activation, as it is made
//!                     |  ^ set: an activation on a grid
//!                     +--Effect--> what a grid does to the outputs, at the cost of what follows it
//! ```
//!
//! One graph does it all; inside, samples of other shapes and those that take another branch of an `If` have a plan of
//! their own. A tap of our own follows every float tensor of the file before tract's optimizer runs, and
//! tells the optimizer nothing about itself: whatever is fused or dropped, it is not across a tap. So the tensors are the
//! file's, under the file's names, all of them, and replacing one has the effect that it has in the file. Whoever wants
//! the network as a runtime deploys it asks for that first ([`Network::deployed`]).
//!
//! Who only counts needs less of a network than that: an [`Engine`], which an ONNX Runtime that is installed is as well
//! (`Runtime`, with the feature `onnxruntime`).
//!
//! ```no_run
//! use qviz::model::{Graph, Network, SampleOptions, SampleSource, Samples};
//!
//! let network = Network::open("model.onnx".as_ref())?;
//! let source = SampleSource::Files(vec!["pictures/".into()]);
//! let samples = Samples::open(&network, &source, &SampleOptions::default())?;
//! let graph = Graph::of(&network, &samples)?;
//! let mut amax = vec![0.0_f32; graph.tensors().len()];
//! for i in 0..samples.len() {
//!     let mut see = |tensor: usize, _: &[usize], values: &[f32]| {
//!         amax[tensor] = values.iter().fold(amax[tensor], |amax, x| amax.max(x.abs()));
//!     };
//!     graph.run(&samples.get(i)?, &mut see, &|| false)?;
//! }
//! for (tensor, amax) in graph.tensors().iter().zip(amax) {
//!     println!("{} {amax}", tensor.name);
//! }
//! # Ok::<(), qviz::model::ModelError>(())
//! ```

mod activations;
mod behind;
mod bias;
mod branches;
mod build;
mod constants;
mod deployed;
mod effect;
mod engine;
mod engines;
mod error;
mod found;
mod graph;
mod known;
mod nearby;
mod network;
mod outline;
mod placement;
mod pool;
mod quantizers;
mod reference;
mod rerun;
#[cfg(feature = "onnxruntime")]
mod runtime;
mod samples;
mod score;
mod sizes;
mod stages;
mod tap;
#[cfg(test)]
mod tests;
mod variant;
mod weights;

pub use activations::{Activation, Concat, Consumer, type_name};
pub use bias::Biased;
pub use build::Shapes;
pub use deployed::record::{Absorbed, Folding};
pub use effect::Effect;
pub use engines::Engine;
pub use error::ModelError;
pub use found::Input;
pub use graph::{Graph, Observer, Reach};
pub use known::KnownRange;
pub use nearby::Nearby;
pub use network::{Dim, Network, Port};
pub use outline::Outlined;
pub use placement::Placement;
pub use quantizers::{FileGrid, Quantizers, Surveyed};
pub use reference::{Judged, Reference};
#[cfg(feature = "onnxruntime")]
pub use runtime::{Library, Runtime};
pub use samples::{Chance, Draw, Layout, SampleOptions, SampleSource, Samples};
pub use score::{Loss, OutputEffect, OutputEffects};
pub use tract_onnx::prelude::{DatumType, Tensor};
pub use weights::{Stored, Weight, WeightUse};
