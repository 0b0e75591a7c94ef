//! Work that is taken up again: decisions by name from a document, and steps that were written down.
//!
//! A document's decisions are known before the tensors are read. Each is taken up when everything that it rests on is
//! there: the tensor, its channels, the values that it shares a range with. Together they are one step, the first one, so
//! that undo leads back over it to what the methods choose; the document holds it, so that nothing is unsaved.

use std::collections::{BTreeMap, BTreeSet};

use super::ties::images_of;
use super::{Decision, Key, Ready, Search, Session, Step, Subject, Target, Wanted};
use crate::quant::Clip;

/// Decisions that wait for their tensors.
pub(super) struct TakeUp {
    label: String,
    frozen: bool,
    wanted: BTreeMap<Key, Wanted>,
    met: BTreeSet<Key>,
    problems: Vec<String>,
}

/// What became of a document's decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenUp {
    /// How many tensors were decided for as the document says.
    pub taken: usize,
    /// Tensors of the document that are not here, or could not be read.
    pub missing: Vec<Key>,
    /// Tensors that are here and not in the document.
    pub new: Vec<Key>,
    /// What could not be taken up as it stands there, a sentence each.
    pub problems: Vec<String>,
}

/// What has to be read before a step can be taken again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// A tensor.
    Layer(Key),
    /// A tensor's channels along an axis.
    Channels(Key, usize),
    /// The values of some tensors together.
    Tie(Vec<Key>),
}

impl Session {
    /// Takes these decisions up as their tensors come; to be called before they do. Clips made by hand are taken as they
    /// are, methods' clips are worked out anew on the counts at hand, or kept as well if they are `frozen`.
    pub fn expect(&mut self, label: &str, wanted: Vec<Wanted>, frozen: bool) {
        let wanted = wanted.into_iter().map(|w| (w.key.clone(), w)).collect();
        let (label, met, problems) = (label.to_owned(), BTreeSet::new(), Vec::new());
        self.take_up = Some(TakeUp { label, frozen, wanted, met, problems });
    }

    /// Everything was read: what became of the decisions that were expected. `None` where there were none.
    pub fn taken_up(&mut self) -> Option<TakenUp> {
        let waiting: Vec<Key> = {
            let take_up = self.take_up.as_ref()?;
            take_up.wanted.keys().filter(|key| !take_up.met.contains(*key)).cloned().collect()
        };
        // What they wait for will not come.
        for key in waiting {
            self.meet(&key, true);
        }
        let take_up = self.take_up.as_ref()?;
        let read = |key: &&Key| self.layer(key).is_some_and(|l| l.ready().is_some());
        let keys = self.layers.iter().filter(|l| l.failure().is_none()).map(|l| &l.key);
        Some(TakenUp {
            taken: take_up.met.len(),
            missing: take_up.wanted.keys().filter(|key| !read(key)).cloned().collect(),
            new: keys.filter(|key| !take_up.wanted.contains_key(*key)).cloned().collect(),
            problems: take_up.problems.clone(),
        })
    }

    /// What a document wants for a tensor.
    pub(super) fn wanted(&self, key: &Key) -> Option<&Wanted> {
        self.take_up.as_ref()?.wanted.get(key)
    }

    /// A tensor, its channels or its tie came: takes up what is wanted for it, if all that it rests on is there now.
    pub(super) fn met(&mut self, key: &Key) {
        self.meet(key, false);
    }

    fn meet(&mut self, key: &Key, last_call: bool) {
        let Some(take_up) = self.take_up.as_ref().filter(|t| !t.met.contains(key)) else { return };
        let Some(mut wanted) = take_up.wanted.get(key).cloned() else { return };
        let Some(layer) = self.layer(key).filter(|l| l.ready().is_some()) else { return };
        // Who leaves it in float now means it.
        // Rules still leave it in float; where the document has it, the placement is not asked.
        let subject = Subject { placed: true, ..layer.subject() };
        wanted.quantized &= self.plan.start(&subject).quantized;
        let (of, mut problems) = (self.tie_wanted(&wanted), Vec::new());
        let split = wanted.axis.is_none_or(|axis| self.layer(key).is_some_and(|l| l.is_split_along(axis)));
        let tied = of.is_empty() || self.knows_joint(&of);
        let there = split && tied;
        if !there && !last_call {
            return;
        }
        if !split || (!tied && !wanted.tied_with.is_empty()) {
            let what = if split { "the tie" } else { "the ranges per channel" };
            problems
                .push(format!("{key}: {what} of the document could not be taken up; its own range is decided anew."));
        }
        let decisions = match (split, tied && !of.is_empty()) {
            (_, true) => self.decisions_of_tie(&of, &wanted, &mut problems),
            (true, false) => self.decisions_of_tensor(key, &wanted, &mut problems),
            (false, false) => {
                let whole = Wanted { axis: None, clips: vec![widest(&wanted.clips)], methods: None, ..wanted };
                self.decisions_of_tensor(key, &whole, &mut problems)
            }
        };
        let edits = self.edits(decisions);
        self.do_edits(&edits);
        let Some(take_up) = self.take_up.as_mut() else { return };
        take_up.met.insert(key.clone());
        take_up.met.extend(of.into_iter().filter(|_| tied));
        take_up.problems.extend(problems);
        self.history.record_first(&take_up.label, edits);
    }

    /// The tensors that are to share one range with this one, itself among them, in the session's order; empty where it
    /// is to decide for itself, or one of them is not here.
    fn tie_wanted(&self, wanted: &Wanted) -> Vec<Key> {
        if wanted.tied_with.is_empty() {
            return Vec::new();
        }
        let is_one = |key: &Key| *key == wanted.key || wanted.tied_with.iter().any(|name| name == key.name());
        let of_kind = self.layers.iter().map(|l| &l.key).filter(|key| key.kind() == wanted.key.kind());
        let of: Vec<Key> = of_kind.filter(|key| is_one(key)).cloned().collect();
        if of.len() == wanted.tied_with.len() + 1 { of } else { Vec::new() }
    }

    fn decisions_of_tie(&self, of: &[Key], wanted: &Wanted, problems: &mut Vec<String>) -> Vec<(Target, Decision)> {
        let Some(ready) = self.joints.get(of) else { return Vec::new() };
        let one = Range { method: &wanted.method, clip: wanted.clips[0], by_hand: wanted.edited };
        let decision = self.taken(ready, wanted, one, problems);
        let tie = (Target::Tie(of.to_vec()), decision.clone());
        std::iter::once(tie).chain(images_of(of, &decision)).collect()
    }

    fn decisions_of_tensor(&self, key: &Key, wanted: &Wanted, problems: &mut Vec<String>) -> Vec<(Target, Decision)> {
        let Some((layer, ready)) = self.layer(key).and_then(|l| Some((l, l.ready()?))) else { return Vec::new() };
        let Some(axis) = wanted.axis else {
            let one = Range { method: &wanted.method, clip: wanted.clips[0], by_hand: wanted.edited };
            return vec![(Target::Tensor(key.clone()), self.taken(ready, wanted, one, problems))];
        };
        let channels = layer.splits.get(&axis).map_or(&[][..], Vec::as_slice);
        if channels.len() != wanted.clips.len() {
            let (here, there) = (channels.len(), wanted.clips.len());
            problems.push(format!(
                "{key} has {here} channels along axis {axis}, and the document has {there}; its clips were left."
            ));
            return Vec::new();
        }
        // As a whole it goes by its method: its own clip is not kept while its channels stand in its place.
        let whole = Range { method: &wanted.method, clip: widest(&wanted.clips), by_hand: false };
        let whole = Decision { axis: Some(axis), ..self.taken(ready, wanted, whole, &mut Vec::new()) };
        let known = !wanted.edited_channels.is_empty();
        let of_channel = |(channel, ready): (usize, &Ready)| {
            let method = wanted.methods.as_ref().map_or(wanted.method.as_str(), |each| each[channel].as_str());
            let by_hand = wanted.edited && (!known || wanted.edited_channels.contains(&channel));
            let range = Range { method, clip: wanted.clips[channel], by_hand };
            let decision = self.taken(ready, wanted, range, problems);
            (Target::Channel { of: key.clone(), axis, channel }, decision)
        };
        let of_channels: Vec<_> = channels.iter().enumerate().map(of_channel).collect();
        std::iter::once((Target::Tensor(key.clone()), whole)).chain(of_channels).collect()
    }

    /// The decision for one range.
    fn taken(&self, ready: &Ready, wanted: &Wanted, range: Range, problems: &mut Vec<String>) -> Decision {
        let format = wanted.format;
        let theirs = format.clip_for(range.clip.min(), range.clip.max());
        let frozen = self.take_up.as_ref().is_some_and(|t| t.frozen);
        let own = ready.proposes(range.method, format);
        let (clip, edited) = match own {
            _ if range.by_hand => (theirs, own != Some(theirs)),
            _ if frozen => (theirs, false),
            Some(own) => (own, false),
            None => {
                if ready.stats().finite() > 0 {
                    problems.push(format!(
                        "{}: {} has no answer here; the document's clip is kept as it is.",
                        wanted.key, range.method
                    ));
                }
                (theirs, true)
            }
        };
        let method = range.method.to_owned();
        let search = wanted.tuned.as_ref().filter(|_| clip == theirs).map(|(by, gain_db)| Search {
            by: by.clone(),
            gain_db: *gain_db,
            clip,
            format,
            quantized: wanted.quantized,
        });
        Decision { method, clip, edited, quantized: wanted.quantized, format, axis: None, tie: None, search }
    }

    /// What has to be read before a step that was written down can be taken again; nothing where it can. What is about
    /// tensors that are not here is left out of it.
    pub fn needs(&self, step: &Step) -> Vec<Need> {
        let mut needs: Vec<Need> = Vec::new();
        for edit in &step.edits {
            let need = match &edit.target {
                Target::Channel { of, axis, .. } => self.needs_channels(of, *axis),
                Target::Tie(of) if !self.knows_joint(of) => Some(Need::Tie(of.clone())),
                Target::Tie(_) => None,
                Target::Tensor(key) => match (self.layer(key), edit.after.axis, &edit.after.tie) {
                    (Some(layer), ..) if layer.ready().is_none() => Some(Need::Layer(key.clone())),
                    (Some(_), Some(axis), _) => self.needs_channels(key, axis),
                    (Some(_), _, Some(of)) if !self.knows_joint(of) => Some(Need::Tie(of.clone())),
                    _ => None,
                },
            };
            needs.extend(need.filter(|need| self.can_come(need)));
        }
        needs.dedup();
        needs
    }

    fn needs_channels(&self, key: &Key, axis: usize) -> Option<Need> {
        let there = self.layer(key).is_some_and(|l| l.is_split_along(axis));
        (!there).then(|| Need::Channels(key.clone(), axis))
    }

    /// Whether somebody could still read it.
    fn can_come(&self, need: &Need) -> bool {
        let readable = |key: &Key| self.layer(key).is_some_and(|l| l.failure().is_none());
        match need {
            Need::Layer(key) | Need::Channels(key, _) => readable(key),
            Need::Tie(of) => of.iter().all(readable),
        }
    }

    /// Takes a step again that was written down, in this run or another one, as a step that can be undone. What is about
    /// ranges that are not here is left out; returns how many ranges changed.
    pub fn replay(&mut self, step: &Step) -> usize {
        let here = |target: &Target| self.ready(target).is_some();
        let edits = step.edits.iter().filter(|edit| here(&edit.target));
        let decisions = edits.map(|edit| (edit.target.clone(), edit.after.clone())).collect();
        self.record(&step.label, decisions)
    }
}

/// One range as a document has it.
struct Range<'a> {
    method: &'a str,
    clip: Clip,
    by_hand: bool,
}

fn widest(clips: &[Clip]) -> Clip {
    clips.iter().copied().fold(Clip::new(0.0, 0.0), Clip::around)
}
