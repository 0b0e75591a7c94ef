//! The operators: their attributes, and how sequences go through a cell.

use super::activation::Activation;
use super::cells::{Cell, Kind};
use super::{State, Weights};
use crate::model::engine::own::formula::{Formula, Wide};
use crate::model::engine::own::{Fact, Given, required};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::tract_ndarray::{
    Array1, Array2, Array4, ArrayView, ArrayView3, ArrayViewMut3, Axis, Dimension, Ix2, Ix3, s, stack,
};
use tract_onnx::tract_core::internal::{IntoTensor, TVec, Tensor, TractResult, bail, ensure, tvec};

/// RNN, GRU or LSTM.
#[derive(Debug)]
pub(in crate::model::engine::own) struct Recurrent {
    kind: Kind,
    directions: Vec<Direction>,
    clip: Option<f32>,
    /// The batch stands before the time.
    batch_first: bool,
    hidden_size: Option<usize>,
}

#[derive(Debug)]
struct Direction {
    reverse: bool,
    activations: Vec<Activation>,
}

// The inputs, in the order of the node.
const X: usize = 0;
const W: usize = 1;
const R: usize = 2;
const B: usize = 3;
const LENGTHS: usize = 4;
const INITIAL_H: usize = 5;
const INITIAL_C: usize = 6;
const P: usize = 7;

impl Recurrent {
    /// Reads the attributes of a node.
    ///
    /// # Errors
    ///
    /// One of them is none of ONNX.
    pub(in crate::model::engine::own) fn new(kind: Kind, node: &NodeProto) -> TractResult<Recurrent> {
        let reverse: &[bool] = match node.get_attr_opt::<&str>("direction")?.unwrap_or("forward") {
            "forward" => &[false],
            "reverse" => &[true],
            "bidirectional" => &[false, true],
            other => bail!("{other:?} is no direction"),
        };
        let each = kind.activations().len();
        let count = each * reverse.len();
        let names: Vec<String> = match node.get_attr_opt_vec("activations")? {
            Some(names) => names,
            None => kind.activations().repeat(reverse.len()).into_iter().map(str::to_owned).collect(),
        };
        // ONNX gives the RNN two by default, for whichever direction.
        ensure!(names.len() >= count, "{} activations are given, where there are {count}", names.len());
        let numbers = |name: &str| TractResult::Ok(node.get_attr_opt_vec::<f32>(name)?.unwrap_or_default());
        let (alphas, betas) = (numbers("activation_alpha")?, numbers("activation_beta")?);
        let activations = Activation::list(&names[..count], &alphas, &betas)?;
        let directions = reverse.iter().zip(activations.chunks(each));
        let clip = node.get_attr_opt::<f32>("clip")?;
        ensure!(clip.is_none_or(|clip| clip > 0.0), "a clip of {} leaves nothing", clip.unwrap_or_default());
        Ok(Recurrent {
            kind,
            directions: directions.map(|(&reverse, own)| Direction { reverse, activations: own.to_vec() }).collect(),
            clip,
            batch_first: node.get_attr_opt::<i64>("layout")? == Some(1),
            hidden_size: node.get_attr_opt("hidden_size")?,
        })
    }

    fn is_lstm(&self) -> bool {
        matches!(self.kind, Kind::Lstm { .. })
    }
}

impl Formula for Recurrent {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let (x, r) = (required(inputs, X)?, required(inputs, R)?);
        ensure!(x.shape.len() == 3, "the input has {} axes, where there are three", x.shape.len());
        ensure!(r.shape.len() == 3, "the recurrence weights have {} axes, where there are three", r.shape.len());
        let (first, second) = (&x.shape[0], &x.shape[1]);
        let directions = self.directions.len().into();
        let hidden = &r.shape[2];
        let [all, last] = if self.batch_first {
            [tvec![first, second, &directions, hidden], tvec![first, &directions, hidden]]
        } else {
            [tvec![first, &directions, second, hidden], tvec![&directions, second, hidden]]
        };
        let fact = |shape: TVec<_>| Fact::new(x.dtype, shape.into_iter().cloned());
        let mut facts = vec![fact(all), fact(last.clone())];
        facts.extend(self.is_lstm().then(|| fact(last)));
        Ok(facts)
    }

    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let x = self.time_first(axes::<T, Ix3>(required(inputs, X)?, "the input")?);
        let (time, batch, _) = x.dim();
        let size = axes::<T, Ix3>(required(inputs, R)?, "the recurrence weights")?.dim().2;
        ensure!(self.hidden_size.is_none_or(|given| given == size), "hidden_size is not that of the weights, {size}");
        let lengths = lengths(inputs, time, batch)?;
        let count = self.directions.len();
        let mut all = Array4::<T>::zeros([time, count, batch, size]);
        let mut last = [INITIAL_H, INITIAL_C].map(|_| Vec::with_capacity(count));
        for (i, direction) in self.directions.iter().enumerate() {
            let cell = self.cell(inputs, i, [x.dim().2, size])?;
            let mut state = State { hidden: Array2::zeros([batch, size]), memory: Array2::zeros([batch, 0]) };
            self.start(inputs, INITIAL_H, i, &mut state.hidden)?;
            if self.is_lstm() {
                state.memory = Array2::zeros([batch, size]);
                self.start(inputs, INITIAL_C, i, &mut state.memory)?;
            }
            let state = run(&cell, direction.reverse, x, &lengths, state, all.index_axis_mut(Axis(1), i));
            last[0].push(state.hidden);
            last[1].push(state.memory);
        }
        let mut outputs = vec![if self.batch_first { all.permuted_axes([2, 0, 1, 3]) } else { all }.into_tensor()];
        for state in last.into_iter().take(if self.is_lstm() { 2 } else { 1 }) {
            let views: Vec<_> = state.iter().map(|state| state.view()).collect();
            let axis = Axis(usize::from(self.batch_first));
            outputs.push(stack(axis, &views)?.into_tensor());
        }
        Ok(outputs)
    }
}

impl Recurrent {
    fn time_first<'a, T>(&self, view: ArrayView3<'a, T>) -> ArrayView3<'a, T> {
        if self.batch_first { view.permuted_axes([1, 0, 2]) } else { view }
    }

    /// The state that the file lets direction `i` begin with, if any.
    fn start<T: Wide>(
        &self,
        inputs: &[Option<&Tensor>],
        input: usize,
        i: usize,
        state: &mut Array2<T>,
    ) -> TractResult<()> {
        if let Some(given) = inputs.get(input).copied().flatten() {
            // The directions are the first axis, or the second behind the batch.
            let given = axes::<T, Ix3>(given, "an initial state")?;
            let axis = Axis(usize::from(self.batch_first));
            ensure!(given.len_of(axis) > i, "an initial state has {} directions", given.len_of(axis));
            let given = given.index_axis_move(axis, i);
            ensure!(given.dim() == state.dim(), "an initial state is {:?}, where it is {:?}", given.dim(), state.dim());
            state.assign(&given);
        }
        Ok(())
    }

    /// The cell of direction `i`.
    fn cell<'a, T: Wide>(
        &'a self,
        inputs: &[Option<&'a Tensor>],
        i: usize,
        [input_size, size]: [usize; 2],
    ) -> TractResult<Cell<'a, T>> {
        let rows = self.kind.gates() * size;
        let matrix = |input: usize, columns: usize| {
            let weights = axes::<T, Ix3>(required(inputs, input)?, "a tensor of weights")?;
            let (want, got) = ((self.directions.len(), rows, columns), weights.dim());
            ensure!(got == want, "a tensor of weights is {got:?}, where it is {want:?}");
            TractResult::Ok(weights.index_axis_move(Axis(0), i))
        };
        let vector = |input: usize, length: usize| match inputs.get(input).copied().flatten() {
            None => TractResult::Ok(None),
            Some(given) => {
                let given = axes::<T, Ix2>(given, "a bias")?;
                let (want, got) = ((self.directions.len(), length), given.dim());
                ensure!(got == want, "a bias is {got:?}, where it is {want:?}");
                Ok(Some(given.index_axis_move(Axis(0), i)))
            }
        };
        let bias = vector(B, 2 * rows)?.map_or_else(|| Array1::zeros(2 * rows), |bias| bias.to_owned());
        Ok(Cell {
            kind: self.kind,
            weights: Weights {
                input: matrix(W, input_size)?,
                recurrence: matrix(R, size)?,
                input_bias: bias.slice(s![..rows]).to_owned(),
                recurrence_bias: bias.slice(s![rows..]).to_owned(),
                peepholes: if self.is_lstm() { vector(P, 3 * size)? } else { None },
            },
            activations: &self.directions[i].activations,
            clip: self.clip.map(|clip| T::nearest(clip.into())),
        })
    }
}

/// Steps a cell along all sequences, each over its own length, and writes down what is hidden after each step. Behind the
/// end of a sequence that is zero.
fn run<T: Wide>(
    cell: &Cell<T>,
    reverse: bool,
    x: ArrayView3<T>,
    lengths: &[usize],
    mut state: State<T>,
    mut all: ArrayViewMut3<T>,
) -> State<T> {
    let (time, batch, input_size) = x.dim();
    let rows = x.as_standard_layout().into_owned().into_shape_with_order([time * batch, input_size]);
    let gates = cell.share_of_inputs(&rows.expect("it is in standard layout"));
    for step in 0..lengths.iter().copied().max().unwrap_or(0) {
        // When the step takes place in each sequence that still runs.
        let times: Vec<Option<usize>> = lengths
            .iter()
            .map(|&length| (step < length).then(|| if reverse { length - 1 - step } else { step }))
            .collect();
        let mut own = Array2::zeros([batch, gates.ncols()]);
        for (i, time) in times.iter().enumerate() {
            if let Some(time) = time {
                own.row_mut(i).assign(&gates.row(time * batch + i));
            }
        }
        let next = cell.step(own, &state);
        for (i, time) in times.iter().enumerate() {
            if let Some(time) = *time {
                all.slice_mut(s![time, i, ..]).assign(&next.hidden.row(i));
                state.hidden.row_mut(i).assign(&next.hidden.row(i));
                state.memory.row_mut(i).assign(&next.memory.row(i));
            }
        }
    }
    // A sequence without a step leaves nothing, whatever it began with: so does ONNX Runtime.
    for i in (0..batch).filter(|&i| lengths[i] == 0) {
        state.hidden.row_mut(i).fill(T::zero());
        state.memory.row_mut(i).fill(T::zero());
    }
    state
}

/// How many steps each sequence has.
fn lengths(inputs: &[Option<&Tensor>], time: usize, batch: usize) -> TractResult<Vec<usize>> {
    let Some(given) = inputs.get(LENGTHS).copied().flatten() else { return Ok(vec![time; batch]) };
    let given = given.cast_to::<i64>()?;
    let given = given.try_as_plain_ram()?.as_slice::<i64>()?;
    ensure!(given.len() == batch, "there are {} lengths for {batch} sequences", given.len());
    let length = |length: &i64| usize::try_from(*length).ok().filter(|length| *length <= time);
    match given.iter().map(length).collect() {
        Some(lengths) => Ok(lengths),
        None => bail!("the sequences have {time} steps, and their lengths are said to be {given:?}"),
    }
}

/// A tensor as an array with so many axes.
fn axes<'a, T: Wide, D: Dimension>(tensor: &'a Tensor, what: &str) -> TractResult<ArrayView<'a, T, D>> {
    let view = tensor.to_plain_array_view::<T>()?;
    let rank = view.ndim();
    match view.into_dimensionality() {
        Ok(view) => Ok(view),
        Err(_) => bail!("{what} has {rank} axes, where there are {}", D::NDIM.unwrap_or(0)),
    }
}
