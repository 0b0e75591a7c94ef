//! One step of each cell.

use super::activation::{Activation, between};
use super::{State, Weights, product};
use crate::model::engine::own::formula::Wide;
use tract_onnx::tract_core::internal::tract_ndarray::{Array2, Axis, Zip, s};

/// Which cell it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Rnn,
    Gru { linear_before_reset: bool },
    Lstm { input_forget: bool },
}

/// A cell of one direction.
pub(super) struct Cell<'a, T> {
    pub kind: Kind,
    pub weights: Weights<'a, T>,
    /// As many as [`Kind::activations`] names.
    pub activations: &'a [Activation],
    /// What goes into an activation is at most so far from zero.
    pub clip: Option<T>,
}

impl Kind {
    /// How many gates lie in the weights.
    pub(super) fn gates(self) -> usize {
        match self {
            Kind::Rnn => 1,
            Kind::Gru { .. } => 3,
            Kind::Lstm { .. } => 4,
        }
    }

    /// The names of the activations, where the file gives none.
    pub(super) fn activations(self) -> &'static [&'static str] {
        match self {
            Kind::Rnn => &["Tanh"],
            Kind::Gru { .. } => &["Sigmoid", "Tanh"],
            Kind::Lstm { .. } => &["Sigmoid", "Tanh", "Tanh"],
        }
    }
}

impl<T: Wide> Cell<'_, T> {
    /// The gates' share that comes from the inputs: a row for each row of `inputs`. It holds the biases, except that which
    /// a GRU resets.
    pub(super) fn share_of_inputs(&self, inputs: &Array2<T>) -> Array2<T> {
        let mut gates = product(inputs.view(), self.weights.input);
        let mut bias = self.weights.input_bias.clone();
        let last = if self.resets_bias() { bias.len() / 3 * 2 } else { bias.len() };
        Zip::from(bias.slice_mut(s![..last]))
            .and(self.weights.recurrence_bias.slice(s![..last]))
            .for_each(|b, &r| *b += r);
        gates += &bias;
        gates
    }

    /// The next state, from the inputs' share of the gates and the state before.
    pub(super) fn step(&self, mut gates: Array2<T>, before: &State<T>) -> State<T> {
        match self.kind {
            Kind::Rnn => {
                gates += &product(before.hidden.view(), self.weights.recurrence);
                State { hidden: gates.mapv_into(|x| self.activate(0, x)), memory: before.memory.clone() }
            }
            Kind::Gru { .. } => self.gru(gates, before),
            Kind::Lstm { input_forget } => {
                gates += &product(before.hidden.view(), self.weights.recurrence);
                self.lstm(gates, before, input_forget)
            }
        }
    }

    fn resets_bias(&self) -> bool {
        self.kind == Kind::Gru { linear_before_reset: true }
    }

    fn activate(&self, function: usize, x: T) -> T {
        let x = self.clip.map_or(x, |clip| between(x, -clip, clip));
        self.activations[function].at(x)
    }

    /// Rows: the gates z, r, h.
    fn gru(&self, mut gates: Array2<T>, before: &State<T>) -> State<T> {
        let size = before.hidden.ncols();
        let hidden = before.hidden.view();
        let (first, last) = self.weights.recurrence.split_at(Axis(0), 2 * size);
        let (mut zr, mut h) = gates.multi_slice_mut((s![.., ..2 * size], s![.., 2 * size..]));
        zr += &product(hidden, first);
        zr.mapv_inplace(|x| self.activate(0, x));
        let (z, r) = zr.split_at(Axis(1), size);
        if self.resets_bias() {
            h += &((product(hidden, last) + self.weights.recurrence_bias.slice(s![2 * size..])) * &r);
        } else {
            h += &product((&r * &hidden).view(), last);
        }
        let next = Zip::from(&z).and(&h).and(hidden).map_collect(|&z, &h, &before| {
            let h = self.activate(1, h);
            (T::one() - z) * h + z * before
        });
        State { hidden: next, memory: before.memory.clone() }
    }

    /// Rows: the gates i, o, f, c, before their activations.
    fn lstm(&self, gates: Array2<T>, before: &State<T>, input_forget: bool) -> State<T> {
        let size = before.hidden.ncols();
        let mut after = before.clone();
        let rows = after.hidden.outer_iter_mut().zip(after.memory.outer_iter_mut()).zip(gates.outer_iter());
        for ((mut hidden, mut memory), gates) in rows {
            for j in 0..size {
                let gate = |gate: usize| gates[gate * size + j];
                let peephole = |gate: usize, memory: T| match self.weights.peepholes {
                    Some(peepholes) => peepholes[gate * size + j] * memory,
                    None => T::zero(),
                };
                let was = memory[j];
                let input = self.activate(0, gate(0) + peephole(0, was));
                let forget = if input_forget { T::one() - input } else { self.activate(0, gate(2) + peephole(2, was)) };
                let now = forget * was + input * self.activate(1, gate(3));
                let output = self.activate(0, gate(1) + peephole(1, now));
                memory[j] = now;
                hidden[j] = output * self.activations[2].at(now);
            }
        }
        after
    }
}
