//! Fused blocks: what a runtime computes without writing anything in between.

use super::operator::Family;
use crate::model::activations::Activation;
use std::collections::HashMap;

/// The activations of a graph with what they are computed from.
pub(super) struct Blocks<'a> {
    activations: &'a [Activation],
    families: Vec<Family>,
    /// Of each activation, those that its node takes and that stand before it.
    takes: Vec<Vec<usize>>,
    /// Of each activation, the one that its block begins with: the result of a product, or what comes from outside.
    begins: Vec<usize>,
    /// What each node makes.
    made_by: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Blocks<'a> {
    pub fn of(activations: &'a [Activation]) -> Blocks<'a> {
        let mut taken_by: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut made_by: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, activation) in activations.iter().enumerate() {
            for consumer in &activation.consumers {
                taken_by.entry(&consumer.node).or_default().push(at);
            }
            if !activation.node.is_empty() {
                made_by.entry(&activation.node).or_default().push(at);
            }
            if activation.op_type == "If" {
                // What a branch hands on, it hands to the tensor's name: the If itself is gone.
                made_by.entry(&activation.name).or_default().push(at);
            }
        }
        let families: Vec<Family> = activations.iter().map(|activation| Family::of(&activation.op_type)).collect();
        let mut takes: Vec<Vec<usize>> = Vec::with_capacity(activations.len());
        let mut begins: Vec<usize> = Vec::with_capacity(activations.len());
        for (at, activation) in activations.iter().enumerate() {
            let node = if activation.op_type == "If" { &activation.name } else { &activation.node };
            // The file is in order, so that what a node takes stands before what it makes.
            let before = taken_by.get(node.as_str()).into_iter().flatten().copied().filter(|&taken| taken < at);
            takes.push(if activation.node.is_empty() { Vec::new() } else { before.collect() });
            let newest = takes[at].iter().map(|&taken| begins[taken]).max();
            begins.push(match families[at] {
                Family::Pointwise | Family::Move => newest.unwrap_or(at),
                Family::Integer | Family::Concat | Family::Float => at,
            });
        }
        Blocks { activations, families, takes, begins, made_by }
    }

    /// Of each activation, why it stays in float.
    pub fn places(&self) -> Vec<Option<String>> {
        let mut quantized = vec![false; self.activations.len()];
        // From the end, so that what a move or a Concat hands on is known when what it takes is looked at.
        for at in (0..self.activations.len()).rev() {
            let needed = quantized[at] || self.is_taken_as_integers(at);
            let hands_on = matches!(self.families[at], Family::Move | Family::Concat) && !self.takes[at].is_empty();
            if needed && hands_on {
                // The values are quantized where they are made, once.
                self.takes[at].iter().for_each(|&taken| quantized[taken] = true);
            }
            quantized[at] = needed && !hands_on;
        }
        (0..quantized.len()).map(|at| (!quantized[at]).then(|| self.reason(at, &quantized))).collect()
    }

    /// Whether an integer operator takes it, or a join as the older of its branches.
    fn is_taken_as_integers(&self, at: usize) -> bool {
        self.activations[at].consumers.iter().any(|consumer| match Family::of(&consumer.op_type) {
            Family::Integer => true,
            Family::Pointwise => {
                let made = self.made_by.get(consumer.node.as_str()).and_then(|made| made.first());
                made.is_some_and(|&made| self.is_older_branch(at, made))
            }
            Family::Move | Family::Concat | Family::Float => false,
        })
    }

    /// Whether `made` joins the block of `at` with a newer one, and both are products: what neither is, as a mask or the
    /// mean in a normalization, is not made integers for a join's sake.
    fn is_older_branch(&self, at: usize, made: usize) -> bool {
        let (own, newer) = (self.begins[at], self.begins[made]);
        let is_product = |begin: usize| matches!(self.families[begin], Family::Integer | Family::Concat);
        own != newer && is_product(own) && is_product(newer)
    }

    fn reason(&self, at: usize, quantized: &[bool]) -> String {
        let (activation, consumers) = (&self.activations[at], &self.activations[at].consumers);
        match (self.families[at], self.takes[at].as_slice()) {
            (Family::Move, &[_]) if quantized[self.source(at)] => {
                return format!("holds the values of {}, which are quantized there", self.name(self.source(at)));
            }
            (Family::Concat, takes)
                if !takes.is_empty() && takes.iter().all(|&taken| quantized[self.source(taken)]) =>
            {
                return "puts together what is quantized already".to_owned();
            }
            _ => {}
        }
        let pointwise = consumers.iter().find(|consumer| Family::of(&consumer.op_type) == Family::Pointwise);
        match (consumers.first(), pointwise) {
            (None, _) if activation.is_output => "an output of the network; no integer operator takes it".to_owned(),
            (None, _) => "nothing that is looked at takes it".to_owned(),
            (_, Some(consumer)) => {
                let (begin, taken_by) = (self.begins[at], &consumer.op_type);
                match self.families[begin] {
                    Family::Integer => format!("inside {}+{taken_by}", self.activations[begin].op_type),
                    _ => format!("made by no integer operator, and taken by {taken_by}"),
                }
            }
            (Some(consumer), None) => match Family::of(&consumer.op_type) {
                Family::Move | Family::Concat => {
                    format!("handed on by {}, and no integer operator takes it", consumer.op_type)
                }
                _ => format!("taken by {}, which computes in float", consumer.op_type),
            },
        }
    }

    /// Where values were made that moves have handed on.
    pub fn source(&self, at: usize) -> usize {
        match (self.families[at], self.takes[at].as_slice()) {
            (Family::Move, &[one]) => self.source(one),
            _ => at,
        }
    }

    fn name(&self, at: usize) -> &str {
        &self.activations[at].name
    }
}
