//! Fused blocks: what a runtime computes without writing anything in between.

use super::operator::Family;
use crate::model::activations::Activation;
use std::collections::HashMap;

/// The activations of a graph with what they are computed from.
pub(super) struct Blocks<'a> {
    activations: &'a [Activation],
    /// Of each activation, those that its node takes.
    takes: Vec<Vec<usize>>,
    /// Of each activation, the one that its block begins with: the result of a product, or what comes from outside.
    begins: Vec<usize>,
}

impl<'a> Blocks<'a> {
    pub fn of(activations: &'a [Activation]) -> Blocks<'a> {
        let mut by_node: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, activation) in activations.iter().enumerate() {
            for consumer in &activation.consumers {
                by_node.entry(&consumer.node).or_default().push(at);
            }
        }
        let takes: Vec<Vec<usize>> =
            activations.iter().map(|made| by_node.get(made.node.as_str()).cloned().unwrap_or_default()).collect();
        let mut begins: Vec<usize> = Vec::with_capacity(activations.len());
        for (at, activation) in activations.iter().enumerate() {
            // The graph is in order, so that what a node takes stands before what it makes.
            let newest = takes[at].iter().filter(|&&taken| taken < at).map(|&taken| begins[taken]).max();
            begins.push(match Family::of(&activation.op_type) {
                Family::Pointwise | Family::Move => newest.unwrap_or(at),
                Family::Integer | Family::Concat | Family::Float => at,
            });
        }
        Blocks { activations, takes, begins }
    }

    /// Of each activation, why it stays in float.
    pub fn places(&self) -> Vec<Option<String>> {
        let mut quantized = vec![false; self.activations.len()];
        // From the end, so that what a move or a Concat hands on is known when what it takes is looked at.
        for at in (0..self.activations.len()).rev() {
            let needed = quantized[at] || self.is_taken_as_integers(at);
            match Family::of(&self.activations[at].op_type) {
                Family::Move | Family::Concat if needed && !self.takes[at].is_empty() => {
                    // The values are quantized where they are made, once.
                    self.takes[at].iter().for_each(|&taken| quantized[taken] = true);
                    quantized[at] = false;
                }
                _ => quantized[at] = needed,
            }
        }
        (0..quantized.len()).map(|at| if quantized[at] { None } else { Some(self.reason(at, &quantized)) }).collect()
    }

    /// Whether an integer operator takes it, or a join as the older of its branches.
    fn is_taken_as_integers(&self, at: usize) -> bool {
        self.activations[at].consumers.iter().any(|consumer| match Family::of(&consumer.op_type) {
            Family::Integer => true,
            Family::Pointwise => self.made_by(&consumer.node).is_some_and(|made| {
                let joins = self.takes[made].iter().any(|&other| self.begins[other] != self.begins[at]);
                joins && self.begins[made] != self.begins[at] && self.is_worth_keeping(at)
            }),
            Family::Move | Family::Concat | Family::Float => false,
        })
    }

    /// What neither an integer operator nor the outside gives, as a mask, is not kept as integers for a join's sake.
    fn is_worth_keeping(&self, at: usize) -> bool {
        let begin = &self.activations[self.begins[at]].op_type;
        matches!(Family::of(begin), Family::Integer | Family::Concat) || begin == "input"
    }

    fn made_by(&self, node: &str) -> Option<usize> {
        self.activations.iter().position(|activation| activation.node == node && !node.is_empty())
    }

    fn reason(&self, at: usize, quantized: &[bool]) -> String {
        let activation = &self.activations[at];
        let (family, consumers) = (Family::of(&activation.op_type), &activation.consumers);
        if let (Family::Move, [source]) = (family, self.takes[at].as_slice()) {
            let source = self.source(*source);
            if quantized[source] {
                return format!("the values of {}, moved", self.activations[source].name);
            }
        }
        if family == Family::Concat && self.takes[at].iter().any(|&taken| quantized[self.source(taken)]) {
            return format!("put together by {} from what is quantized", activation.node);
        }
        match consumers.as_slice() {
            [] => "an output of the network, which stays in float".to_owned(),
            [consumer, ..] => match Family::of(&consumer.op_type) {
                Family::Pointwise => format!("inside {}+{}", activation.op_type, consumer.op_type),
                Family::Move | Family::Concat => format!("handed on by {}, and no integer operator takes it", consumer.node),
                Family::Integer | Family::Float => format!("taken by {}, which computes in float", consumer.op_type),
            },
        }
    }

    /// Where values were made that moves have handed on.
    fn source(&self, at: usize) -> usize {
        match (Family::of(&self.activations[at].op_type), self.takes[at].as_slice()) {
            (Family::Move, &[one]) if one < at => self.source(one),
            _ => at,
        }
    }
}
