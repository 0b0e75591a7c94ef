//! Ties: tensors that share one range, because the hardware gives them one quantizer.
//!
//! The shared range is chosen on the histogram of all their values, a layer behind all tensors: the joint. What is
//! chosen for it stands in each tensor's own [`Choice`], so that whoever reads a tensor needs to know nothing of ties.

use super::history::Edit;
use super::{Choice, Key, Layer, LayerState, Origin, Ready, Role, Session};
use crate::calibrate::Measured;

/// All values of some tensors as one.
pub struct Joint {
    /// Indices of the tensors' layers, in order; at least two.
    pub of: Vec<usize>,
    /// Why they are tied, if nobody asked for it: the end of a sentence.
    pub why: Option<String>,
    /// Their values together, and what is chosen.
    pub ready: Ready,
    /// What that costs on the values of each tensor, in order; empty where it was not measured.
    pub measured: Vec<Measured>,
}

/// A tie that a tensor is in, or once was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// Index of the joint's layer.
    pub joint: usize,
    /// The names of the other tensors, in order.
    pub with: Vec<String>,
    /// Why, if nobody asked for it.
    pub why: Option<String>,
}

impl Tie {
    /// A sentence of it.
    pub(super) fn sentence(&self) -> String {
        let names = match self.with.as_slice() {
            [one] => one.clone(),
            [some @ .., last] => format!("{} and {last}", some.join(", ")),
            [] => String::new(),
        };
        let why = self.why.as_ref().map_or(String::new(), |why| format!(": {why}"));
        format!("Shares its range with {names}{why}.")
    }
}

impl Layer {
    /// The tie that it is in now.
    pub fn tie(&self) -> Option<&Tie> {
        let joint = self.choice()?.tie?;
        self.ties.iter().find(|tie| tie.joint == joint)
    }

    /// The layers whose values it is made of, if it is a joint.
    pub fn tied_layers(&self) -> Option<&[usize]> {
        match &self.role {
            Role::Joint { of } => Some(of),
            _ => None,
        }
    }
}

impl Session {
    /// The layer that decides for a tied tensor; `None` where it decides for itself.
    pub fn joint_of(&self, layer: usize) -> Option<usize> {
        self.layers.get(layer)?.choice()?.tie
    }

    /// The tensors that share one range with this one, itself among them, or that this joint decides for; empty where
    /// there are none.
    pub fn tied(&self, layer: usize) -> &[usize] {
        let Some(at) = self.layers.get(layer) else { return &[] };
        match (&at.role, self.joint_of(layer).map(|joint| &self.layers[joint].role)) {
            (_, Some(Role::Joint { of })) => of,
            (Role::Joint { of }, _) if self.joint_of(of[0]) == Some(layer) => of,
            _ => &[],
        }
    }

    /// The joint of exactly these tensors, if their values were ever put together.
    pub fn known_joint(&self, of: &[usize]) -> Option<usize> {
        self.layers.iter().position(|layer| matches!(&layer.role, Role::Joint { of: theirs } if theirs == of))
    }

    /// All values of some tensors become a layer behind all others. [`Session::tie`] puts it in charge. Returns its index.
    ///
    /// # Panics
    /// If there are fewer than two tensors, or one is not there.
    pub fn add_joint(&mut self, joint: Joint) -> usize {
        let Joint { of, why, ready, .. } = joint;
        assert!(of.len() > 1, "one tensor alone is not tied");
        if let Some(known) = self.known_joint(&of) {
            return known;
        }
        let index = self.layers.len();
        let names: Vec<String> = of.iter().map(|&layer| self.layers[layer].name().to_owned()).collect();
        for (place, &layer) in of.iter().enumerate() {
            let mut with = names.clone();
            with.remove(place);
            self.layers[layer].ties.push(Tie { joint: index, with, why: why.clone() });
        }
        let first = &self.layers[of[0]];
        let (kind, dtype) = (first.kind(), first.origin.dtype.clone());
        let origin = Origin { shape: vec![ready.stats().count], dtype, ..Origin::default() };
        self.layers.push(Layer {
            origin,
            state: LayerState::Ready(Box::new(ready)),
            role: Role::Joint { of },
            ..Layer::waiting(Key::new(kind, names.join(" + ")), Vec::new())
        });
        index
    }

    /// Tensors begin tied, because it was asked for beforehand.
    pub fn begin_tied(&mut self, joint: Joint) {
        let (of, measured) = (joint.of.clone(), joint.measured.clone());
        let joint = self.add_joint(joint);
        let changed =
            |&layer: &usize| self.history.touches(layer) || self.layers[layer].ready().is_none_or(Ready::is_changed);
        if of.iter().any(changed) || self.why_not_tied(&of).is_some() {
            // Something was chosen meanwhile: what can be undone must lead back there.
            self.tie(joint);
        } else {
            let choices = self.mirrored(joint, self.layers[joint].choice().cloned());
            for (layer, choice) in choices {
                self.set(layer, choice);
                if let LayerState::Ready(ready) = &mut self.layers[layer].state {
                    ready.begins_so();
                }
            }
        }
        for (layer, measured) in of.into_iter().zip(measured) {
            self.set_measured(layer, measured);
        }
    }

    /// Why these tensors cannot share one range, in a few words; `None` if they can.
    pub fn why_not_tied(&self, of: &[usize]) -> Option<String> {
        of.iter().find_map(|&layer| {
            let at = &self.layers[layer];
            match at.choice() {
                None => Some(format!("{} is not read", at.name())),
                Some(choice) if choice.axis.is_some() => {
                    Some(format!("{} has a range for each channel; make it one per tensor first", at.name()))
                }
                Some(_) => None,
            }
        })
    }

    /// Puts a joint in charge of its tensors, as one step that can be undone. Ties that they were in before end, for all
    /// that were in them. Returns whether anything changed.
    pub fn tie(&mut self, joint: usize) -> bool {
        let Role::Joint { of } = self.layers[joint].role.clone() else { return false };
        if self.why_not_tied(&of).is_some() {
            return false;
        }
        let others = of.iter().flat_map(|&layer| self.tied(layer)).copied().filter(|layer| !of.contains(layer));
        let others: Vec<usize> = others.collect();
        let mut choices = self.mirrored(joint, self.layers[joint].choice().cloned());
        for layer in others {
            if choices.iter().all(|(taken, _)| *taken != layer) {
                choices.extend(self.untied(layer));
            }
        }
        self.record("tie", choices) > 0
    }

    /// Gives each tensor of a tie a range of its own again, as one step that can be undone: its method's answer, or the
    /// clip that a hand has set. Returns whether anything changed.
    pub fn untie(&mut self, layer: usize) -> bool {
        let choices = self.tied(layer).iter().filter_map(|&layer| self.untied(layer)).collect();
        self.record("untie", choices) > 0
    }

    fn untied(&self, layer: usize) -> Option<(usize, Choice)> {
        let ready = self.layers[layer].ready()?;
        let choice = ready.choice();
        let own = ready.proposes(&choice.method, choice.format).filter(|_| !choice.edited);
        Some((layer, Choice { clip: own.unwrap_or(choice.clip), tie: None, ..choice.clone() }))
    }

    /// Choices as they go for all that are tied: one for a tied tensor or a joint becomes one for the joint and all of
    /// its tensors.
    pub(super) fn with_tied(&self, choices: Vec<(usize, Choice)>) -> Vec<(usize, Choice)> {
        let mut all = Vec::with_capacity(choices.len());
        let mut joints = Vec::new();
        for (layer, choice) in choices {
            let joint = if self.tied(layer).is_empty() { None } else { Some(self.joint_of(layer).unwrap_or(layer)) };
            match joint {
                None => all.push((layer, choice)),
                // Asked for by several of its tensors: it is one decision.
                Some(joint) if joints.contains(&joint) => {}
                Some(joint) => {
                    joints.push(joint);
                    let of_joint = self.decision(joint, layer, choice);
                    all.push((joint, of_joint.clone()));
                    all.extend(self.mirrored(joint, Some(of_joint)));
                }
            }
        }
        all
    }

    /// What a choice made for a joint, or for one of its tensors, means for the joint. A method means its answer to all
    /// values.
    fn decision(&self, joint: usize, made_for: usize, choice: Choice) -> Choice {
        let Some(ready) = self.layers[joint].ready() else { return choice };
        let own = ready.proposes(&choice.method, choice.format);
        let by_method = made_for != joint && !choice.edited && choice.method != ready.choice().method;
        let clip = own.filter(|_| by_method).unwrap_or(choice.clip);
        let edited = choice.edited && own != Some(clip);
        Choice { clip, edited, tie: None, axis: None, ..choice }
    }

    /// The choice of a joint as its tensors have it.
    fn mirrored(&self, joint: usize, choice: Option<Choice>) -> Vec<(usize, Choice)> {
        let (Role::Joint { of }, Some(choice)) = (&self.layers[joint].role, choice) else { return Vec::new() };
        of.iter().map(|&layer| (layer, Choice { tie: Some(joint), axis: None, ..choice.clone() })).collect()
    }

    /// The tensor of a step that went for all that are tied: edits of the joint come first.
    pub(super) fn edits(&self, choices: Vec<(usize, Choice)>) -> Vec<Edit> {
        let edit = |(layer, after): (usize, Choice)| {
            let before = self.layers[layer].choice()?.clone();
            (before != after).then_some(Edit { layer, before, after })
        };
        choices.into_iter().filter_map(edit).collect()
    }
}
