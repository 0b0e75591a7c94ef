//! Channels: layers of their own behind the tensors, and what they come to together.

use std::ops::Range;

use super::{Layer, Ready};
use crate::calibrate::{Candidate, Metrics, Threshold};
use crate::quant::{Clip, QuantParams};

/// What a layer is in the session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// A tensor: lists, reports and exports have a row for it.
    #[default]
    Tensor,
    /// A channel of one.
    Channel {
        /// Index of the tensor's layer.
        of: usize,
        /// Which one, from 0.
        channel: usize,
    },
    /// All values of some tensors as one, by which the range that they share is chosen.
    Joint {
        /// Indices of the tensors' layers, in order.
        of: Vec<usize>,
    },
}

/// The channels of a tensor along one axis, as layers of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSet {
    /// The axis.
    pub axis: usize,
    /// Their layers, in order.
    pub layers: Range<usize>,
}

/// Channels that were read and analysed.
#[derive(Clone)]
pub struct Channels {
    /// The axis that they lie along, from the front.
    pub axis: usize,
    /// Each channel, in order.
    pub ready: Vec<Ready>,
}

/// What the channels of a tensor come to together.
#[derive(Clone, Debug)]
pub(super) struct Together {
    /// From the least `clip_min` to the largest `clip_max`.
    pub clip: Clip,
    /// The integer grid of the channel with the largest scale.
    pub params: QuantParams,
    pub metrics: Metrics,
    /// Whether a hand has moved the clip of one.
    pub edited: bool,
    /// Each method's answers, as one.
    pub candidates: Vec<Candidate>,
}

impl Together {
    /// What `channels`, of which there is at least one, come to.
    pub fn of(channels: &[Layer]) -> Option<Together> {
        let ready: Vec<&Ready> = channels.iter().filter_map(Layer::ready).collect();
        let chosen = ready.iter().map(|r| (r.choice().clip, r.params(), *r.metrics()));
        let (clip, params, metrics) = join(&ready, chosen.map(Some))?;
        let first = ready.first()?;
        let candidates = (0..first.candidates.len()).map(|method| candidate(&ready, method));
        let edited = ready.iter().any(|r| r.choice().edited);
        Some(Together { clip, params, metrics, edited, candidates: candidates.collect() })
    }
}

/// One method's answers on all channels. It has none if it has none for any of them.
fn candidate(ready: &[&Ready], method: usize) -> Candidate {
    let answer = |r: &Ready| r.candidates[method].outcome.as_ref().ok().map(|t| (t.clip, t.params, t.metrics));
    let first = &ready[0].candidates[method];
    let without = ready.iter().filter(|r| r.candidates[method].outcome.is_err()).count();
    let outcome = match join(ready, ready.iter().map(|r| answer(r))) {
        Some((clip, params, metrics)) => {
            let note = (without > 0).then(|| format!("no answer in {without} of {} channels", ready.len()));
            Ok(Threshold { clip, params, metrics, note })
        }
        None => Err(first.outcome.as_ref().err().cloned().expect("nothing was joined, so that there is no answer")),
    };
    Candidate { id: first.id.clone(), label: first.label.clone(), outcome }
}

/// A clip, the grid over it, and what it costs.
type Part = (Clip, QuantParams, Metrics);

fn join(ready: &[&Ready], parts: impl Iterator<Item = Option<Part>> + Clone) -> Option<Part> {
    let all = parts.clone().flatten();
    let clip =
        all.clone().map(|(clip, ..)| clip).reduce(|a, b| Clip::new(a.min().min(b.min()), a.max().max(b.max())))?;
    // A channel without a range has a scale of 1 for want of one.
    let scale = |(clip, params, _): &Part| if clip.amax() > 0.0 { params.scale() } else { 0.0 };
    let (_, params, _) = all.max_by(|a, b| scale(a).total_cmp(&scale(b)))?;
    let metrics = Metrics::together(ready.iter().zip(parts).filter_map(|(r, part)| Some((r.stats(), part?.2))));
    Some((clip, params, metrics))
}
