//! Ties: tensors that share one range, because the hardware gives them one quantizer.
//!
//! The shared range is decided on the counts of all their values, which [`Target::Tie`] names. What is decided for it
//! stands in each tensor's own [`Decision`] as its image, so that whoever reads a tensor needs to know nothing of ties.

use super::history::Edit;
use super::{Decision, Key, Ready, Session, Target};
use crate::calibrate::Measured;

/// All values of some tensors as one.
pub struct Joint {
    /// The tensors, in the session's order; at least two.
    pub of: Vec<Key>,
    /// Why they are tied, if nobody asked for it: the end of a sentence.
    pub why: Option<String>,
    /// Their values together, and what is decided.
    pub ready: Ready,
    /// What that costs on the values of each tensor, in order; empty where it was not measured.
    pub measured: Vec<Measured>,
}

/// A tie that a tensor is in, or once was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// All tensors of it, in the session's order.
    pub of: Vec<Key>,
    /// Why, if nobody asked for it.
    pub why: Option<String>,
}

impl Session {
    /// The tensors that share one range with this one, itself among them; empty where it decides for itself.
    pub fn tied(&self, key: &Key) -> &[Key] {
        self.layer(key).and_then(|l| l.decision()?.tie.as_deref()).unwrap_or_default()
    }

    /// What decides for a tensor: its tie, or itself.
    pub fn target_of(&self, key: &Key) -> Target {
        match self.tied(key) {
            [] => Target::Tensor(key.clone()),
            of => Target::Tie(of.to_vec()),
        }
    }

    /// Whether the values of exactly these tensors were put together.
    pub fn knows_joint(&self, of: &[Key]) -> bool {
        self.joints.contains_key(of)
    }

    /// Keeps all values of some tensors as one. [`Session::tie`] puts them in charge. A joint of fewer than two tensors,
    /// or one that is known, changes nothing.
    pub fn add_joint(&mut self, joint: Joint) {
        let Joint { of, why, ready, .. } = joint;
        if of.len() < 2 || self.knows_joint(&of) {
            return;
        }
        for key in &of {
            if let Some(layer) = self.layer_mut(key) {
                layer.ties.push(Tie { of: of.clone(), why: why.clone() });
            }
        }
        self.joints.insert(of, ready);
    }

    /// Tensors begin tied, because it was asked for beforehand.
    pub(super) fn begin_tied(&mut self, joint: Joint) {
        let (of, measured) = (joint.of.clone(), joint.measured.clone());
        self.add_joint(joint);
        let touched = |key: &Key| {
            let target = Target::Tensor(key.clone());
            self.history.touches(&target) || self.ready(&target).is_none_or(Ready::is_changed)
        };
        // A document wants them apart.
        if of.iter().any(|key| self.wanted(key).is_some_and(|w| w.tied_with.is_empty())) {
            return;
        }
        if of.iter().any(touched) || self.why_not_tied(&of).is_some() {
            // Something was decided meanwhile: what can be undone must lead back there.
            self.tie(&of);
        } else {
            for (target, decision) in self.images(&of) {
                self.set_all([(target.clone(), decision)]);
                if let Some(ready) = self.ready_mut(&target) {
                    ready.begins_so();
                }
            }
        }
        for (key, measured) in of.into_iter().zip(measured) {
            self.set_measured(&key, measured);
        }
    }

    /// Why these tensors cannot share one range, in a few words; `None` if they can.
    pub fn why_not_tied(&self, of: &[Key]) -> Option<String> {
        of.iter().find_map(|key| match self.layer(key).and_then(|l| l.decision()) {
            None => Some(format!("{key} is not read")),
            Some(decision) if decision.axis.is_some() => {
                Some(format!("{key} has a range for each channel; make it one per tensor first"))
            }
            Some(_) => None,
        })
    }

    /// Puts the values of some tensors together in charge of them, as one step that can be undone. Ties that they were in
    /// before end, for all that were in them. Returns whether anything changed.
    pub fn tie(&mut self, of: &[Key]) -> bool {
        let decisions = self.tie_decisions(of);
        self.record("tie", decisions) > 0
    }

    pub(super) fn tie_decisions(&self, of: &[Key]) -> Vec<(Target, Decision)> {
        if !self.knows_joint(of) || self.why_not_tied(of).is_some() {
            return Vec::new();
        }
        let mut decisions = self.images(of);
        for other in of.iter().flat_map(|key| self.tied(key)).filter(|key| !of.contains(key)) {
            if decisions.iter().all(|(taken, _)| taken.tensor() != Some(other)) {
                decisions.extend(self.untied(other));
            }
        }
        decisions
    }

    /// Gives each tensor of a tie a range of its own again, as one step that can be undone: its method's answer, or the
    /// clip that a hand has set. Returns whether anything changed.
    pub fn untie(&mut self, key: &Key) -> bool {
        let decisions = self.tied(key).iter().filter_map(|key| self.untied(key)).collect();
        self.record("untie", decisions) > 0
    }

    fn untied(&self, key: &Key) -> Option<(Target, Decision)> {
        let target = Target::Tensor(key.clone());
        let ready = self.ready(&target)?;
        let decision = ready.decision();
        let own = ready.proposes(&decision.method, decision.format).filter(|_| !decision.edited);
        Some((target, Decision { clip: own.unwrap_or(decision.clip), tie: None, ..decision.clone() }))
    }

    /// Decisions as they go for all that are tied: one for a tied tensor or a tie becomes one for the tie and all of its
    /// tensors.
    pub(super) fn with_tied(&self, decisions: Vec<(Target, Decision)>) -> Vec<(Target, Decision)> {
        let mut all = Vec::with_capacity(decisions.len());
        let mut ties: Vec<Vec<Key>> = Vec::new();
        for (target, decision) in decisions {
            let of = match &target {
                Target::Tensor(key) => self.tied(key).to_vec(),
                Target::Tie(of) if of.first().is_some_and(|first| self.tied(first) == of) => of.clone(),
                Target::Tie(_) | Target::Channel { .. } => Vec::new(),
            };
            if of.is_empty() {
                all.push((target, decision));
            } else if !ties.contains(&of) {
                // Asked for by several of its tensors it is one decision all the same.
                let of_tie = self.decision_of_tie(&of, &target, decision);
                all.push((Target::Tie(of.clone()), of_tie.clone()));
                all.extend(images_of(&of, &of_tie));
                ties.push(of);
            }
        }
        all
    }

    /// What a decision made for a tie, or for one of its tensors, means for the tie. A method means its answer to all
    /// values.
    fn decision_of_tie(&self, of: &[Key], made_for: &Target, decision: Decision) -> Decision {
        let Some(ready) = self.joints.get(of) else { return decision };
        let own = ready.proposes(&decision.method, decision.format);
        let for_tensor = matches!(made_for, Target::Tensor(_));
        let by_method = for_tensor && !decision.edited && decision.method != ready.decision().method;
        let clip = own.filter(|_| by_method).unwrap_or(decision.clip);
        let edited = decision.edited && own != Some(clip);
        Decision { clip, edited, tie: None, axis: None, ..decision }
    }

    /// The present decision of a tie as its tensors have it.
    fn images(&self, of: &[Key]) -> Vec<(Target, Decision)> {
        self.joints.get(of).map_or_else(Vec::new, |ready| images_of(of, ready.decision()).collect())
    }

    /// What decisions change, as edits; those that change nothing are left out.
    pub(super) fn edits(&self, decisions: Vec<(Target, Decision)>) -> Vec<Edit> {
        let edit = |(target, after): (Target, Decision)| {
            let before = self.ready(&target)?.decision().clone();
            (before != after).then_some(Edit { target, before, after })
        };
        decisions.into_iter().filter_map(edit).collect()
    }
}

pub(super) fn images_of<'a>(of: &'a [Key], decision: &'a Decision) -> impl Iterator<Item = (Target, Decision)> + 'a {
    let image =
        |key: &Key| (Target::Tensor(key.clone()), Decision { tie: Some(of.to_vec()), axis: None, ..decision.clone() });
    of.iter().map(image)
}
