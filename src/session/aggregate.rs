//! What the channels of a tensor come to together.

use super::decision::Decision;
use crate::calibrate::{Candidate, Metrics, OwnKl, Threshold};
use crate::histogram::Stats;
use crate::quant::{Clip, QuantParams};

/// What is known of a channel.
#[derive(Clone, Copy)]
pub(super) struct Channel<'a> {
    pub stats: &'a Stats,
    pub decision: &'a Decision,
    pub params: QuantParams,
    pub metrics: Metrics,
    /// Each offer's answer.
    pub candidates: &'a [Candidate],
}

/// Channels as one: what is chosen for them, and what each method says of all of them.
#[derive(Clone, Debug)]
pub(super) struct Aggregate {
    /// The axis that the channels lie along.
    pub axis: usize,
    /// From the least `clip_min` to the largest `clip_max`.
    pub clip: Clip,
    /// The parameters of the channel with the largest scale.
    pub params: QuantParams,
    pub metrics: Metrics,
    /// Whether a hand has moved the clip of one.
    pub edited: bool,
    /// Each offer's answers, as one. They depend on the format and not on what is chosen, so that a drag leaves them.
    pub candidates: Vec<Candidate>,
}

impl Aggregate {
    /// What `channels` come to; `None` where there is none.
    pub fn of(axis: usize, channels: &[Channel]) -> Option<Aggregate> {
        let first = channels.first()?;
        let candidates = (0..first.candidates.len()).map(|at| candidate(channels, at)).collect();
        let (clip, params, metrics, edited) = chosen(channels)?;
        Some(Aggregate { axis, clip, params, metrics, edited, candidates })
    }

    /// Follows a change of what is chosen; the format is the same.
    pub fn follow(&mut self, channels: &[Channel]) {
        if let Some(now) = chosen(channels) {
            (self.clip, self.params, self.metrics, self.edited) = now;
        }
    }
}

fn chosen(channels: &[Channel]) -> Option<(Clip, QuantParams, Metrics, bool)> {
    let parts = channels.iter().map(|r| (r.decision.clip, r.params, r.metrics));
    let (clip, params, metrics) = together(channels, parts.map(Some))?;
    Some((clip, params, metrics, channels.iter().any(|r| r.decision.edited)))
}

/// One offer's answers on all channels. It has none if it has none for any of them.
fn candidate(channels: &[Channel], at: usize) -> Candidate {
    let answer = |r: &Channel| r.candidates[at].outcome.as_ref().ok().map(|t| (t.clip, t.params, t.metrics));
    let first = &channels[0].candidates[at];
    let without = channels.iter().filter(|r| r.candidates[at].outcome.is_err()).count();
    let outcome = match (together(channels, channels.iter().map(answer)), &first.outcome) {
        (Some((clip, params, metrics)), _) => {
            let note = (without > 0).then(|| format!("no answer in {without} of {} channels", channels.len()));
            Ok(Threshold { clip, params, metrics, note, own_kl: OwnKl::None })
        }
        // Where nothing came together no channel has an answer, the first one neither.
        (None, first) => first.clone(),
    };
    Candidate { id: first.id.clone(), label: first.label.clone(), outcome }
}

/// A clip, the parameters that follow from it, and what it costs.
type Part = (Clip, QuantParams, Metrics);

fn together(channels: &[Channel], parts: impl Iterator<Item = Option<Part>> + Clone) -> Option<Part> {
    let all = parts.clone().flatten();
    let clip = all.clone().map(|(clip, ..)| clip).reduce(Clip::around)?;
    // A channel without a range has a scale of 1 for want of one.
    let scale = |(clip, params, _): &Part| if clip.amax() > 0.0 { params.scale() } else { 0.0 };
    let (_, params, _) = all.max_by(|a, b| scale(a).total_cmp(&scale(b)))?;
    let metrics = Metrics::together(channels.iter().zip(parts).filter_map(|(r, part)| Some((r.stats, part?.2))));
    Some((clip, params, metrics))
}
