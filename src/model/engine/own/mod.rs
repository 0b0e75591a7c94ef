//! Operators of our own, for what tract has not or computes otherwise than ONNX says.
//!
//! To add one:
//!
//! 1. In a file of this folder, a type that holds the node's attributes implements [`Function`]: what comes out
//!    ([`Function::outputs`]), and the numbers ([`Function::eval`]). Inputs and outputs are the node's own, in the order of
//!    ONNX's specification; those that the node leaves out are `None`.
//!    What computes in floats of any precision implements [`Formula`](formula::Formula) in its place.
//! 2. Beside it, a [`Builder`](super::row::Builder) reads the attributes and hands the function to [`own`].
//! 3. Its row in `engine/table` says so: `row("Celu", 1, 1).with(&[any("alpha")]).own(celu)`.
//! 4. A test holds it against numbers of ONNX's reference or of ONNX Runtime.
//!
//! By the time that an operator is asked, the types and shapes of its inputs are known. A dimension is still a symbol
//! where it depends on values, as behind `NonZero`; a function that only hands dimensions on need not mind.

mod along;
pub(super) mod attention;
mod axes;
mod bits;
mod conv_transpose;
pub(super) mod element;
mod formula;
mod integer;
mod interpolate;
mod limits;
mod nd;
pub(super) mod normalize;
mod number;
mod one_hot;
mod pad;
mod places;
mod pool;
mod quantize;
pub(super) mod recurrent;
mod reduce;
mod resize;
mod spectrum;
mod windows;

pub(super) use along::{arg_max, arg_min, log_softmax};
pub(super) use bits::{bit_shift, equal, is_inf, is_nan};
pub(super) use conv_transpose::conv_transpose;
pub(super) use integer::matmul_integer;
pub(super) use limits::{clip_node as clip, max, min, relu};
pub(super) use nd::{gather_nd, scatter_nd};
pub(super) use one_hot::{constant_of_shape, one_hot};
pub(super) use pad::pad;
pub(super) use places::{center_crop_pad, reverse_sequence};
pub(super) use pool::{average_pool, global_lp_pool, lp_pool, max_pool};
pub(super) use quantize::{dequantize, dynamic, quantize};
pub(super) use reduce::{reduce_l2, reduce_log_sum_exp, reduce_max, reduce_min};
pub(super) use resize::resize;
pub(super) use spectrum::{dft, mel_weight_matrix};

use std::sync::{Arc, LazyLock};
use tract_onnx::model::{OnnxOpRegister, ParsingContext, optional_inputs};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_hir::infer::{Factoid, InferenceFact, InferenceModel, InferenceNode, InferenceOp};

/// What an operator of our own computes.
pub(super) trait Function: std::fmt::Debug + Send + Sync + 'static {
    /// The types and shapes of all outputs, those included that a node may leave out.
    ///
    /// # Errors
    ///
    /// The inputs do not fit; or, from [`Given::value`] and [`Given::dims`], too little is known of them yet.
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>>;

    /// The outputs themselves, as many and of such types and shapes as [`Function::outputs`] says.
    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>>;
}

/// What is known of an input before the network runs.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub dtype: DatumType,
    pub shape: TVec<TDim>,
    constant: Option<Arc<Tensor>>,
}

/// What is known of an output before the network runs.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub dtype: DatumType,
    pub shape: TVec<TDim>,
}

/// Something about an input that is not known, and may be later.
#[derive(thiserror::Error, Debug)]
#[error("{0} has to be known before the network runs")]
struct Unknown(&'static str);

impl Given {
    /// Its value.
    ///
    /// # Errors
    ///
    /// It is not constant, as far as is known.
    pub fn value(&self) -> TractResult<&Arc<Tensor>> {
        self.constant.as_ref().ok_or_else(|| Unknown("the value of an input").into())
    }

    /// Its dimensions as numbers.
    ///
    /// # Errors
    ///
    /// One of them depends on values.
    pub fn dims(&self) -> TractResult<TVec<usize>> {
        let dim = |dim: &TDim| dim.to_usize().map_err(|_| Unknown("the shape of an input").into());
        self.shape.iter().map(dim).collect()
    }

    /// The same type and shape as an output.
    pub fn fact(&self) -> Fact {
        Fact { dtype: self.dtype, shape: self.shape.clone() }
    }
}

impl Fact {
    pub fn new(dtype: DatumType, shape: impl IntoIterator<Item = impl ToDim>) -> Fact {
        Fact { dtype, shape: shape.into_iter().map(|dim| dim.to_dim()).collect() }
    }
}

/// One of the inputs that a node must have.
///
/// # Errors
///
/// It has not.
pub(super) fn required<T>(inputs: &[Option<T>], index: usize) -> TractResult<&T> {
    inputs.get(index).and_then(Option::as_ref).with_context(|| format!("input {index} is missing"))
}

/// The value of one of the inputs that a node must have, out of them.
///
/// # Errors
///
/// It has not.
pub(super) fn take(inputs: &mut [Option<TValue>], index: usize) -> TractResult<TValue> {
    inputs.get_mut(index).and_then(Option::take).with_context(|| format!("input {index} is missing"))
}

/// What a builder makes: an operator, and the names that it takes from around the node.
pub(super) type Built = (Box<dyn InferenceOp>, Vec<String>);

/// The operator as tract computes it.
pub(super) fn by_tract(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    static TRACT: LazyLock<OnnxOpRegister> = LazyLock::new(|| tract_onnx::onnx().op_register);
    let builder = TRACT.0.get(&node.op_type).with_context(|| format!("tract has no operator {}", node.op_type))?;
    builder(context, node)
}

/// The operator of this node that computes `function`.
pub(super) fn own(node: &NodeProto, function: impl Function) -> TractResult<Built> {
    let inputs = optional_inputs(node).take(node.input.len()).collect();
    let outputs = node.output.iter().enumerate().filter(|(_, name)| !name.is_empty()).map(|(i, _)| i).collect();
    let name = node.op_type.clone();
    Ok((Box::new(Own { name, function: Arc::new(function), inputs, outputs, of_dims: None }), Vec::new()))
}

/// As [`own`]; but of dimensions, which tract keeps as such where they depend on values, tract computes it.
pub(super) fn own_but_of_dims(
    context: &ParsingContext,
    node: &NodeProto,
    function: impl Function,
) -> TractResult<Built> {
    let inputs = optional_inputs(node).take(node.input.len()).collect();
    let name = node.op_type.clone();
    let of_dims = Some(by_tract(context, node)?.0);
    Ok((Box::new(Own { name, function: Arc::new(function), inputs, outputs: vec![0], of_dims }), Vec::new()))
}

/// An operator of our own, as tract sees it.
#[derive(Clone, Debug)]
struct Own {
    name: String,
    function: Arc<dyn Function>,
    /// For each input of the node, which of tract's it is: tract knows nothing of those that are left out.
    inputs: Vec<Option<usize>>,
    /// Those outputs that the node does not leave out.
    outputs: Vec<usize>,
    /// Who computes it instead where an input holds dimensions.
    of_dims: Option<Box<dyn InferenceOp>>,
}

impl PartialEq for Own {
    fn eq(&self, other: &Own) -> bool {
        Arc::ptr_eq(&self.function, &other.function) && self.inputs == other.inputs && self.outputs == other.outputs
    }
}

impl Eq for Own {}

impl Own {
    /// tract's inputs as those of the node.
    fn of_node<T: Clone>(&self, inputs: &[T]) -> Vec<Option<T>> {
        self.inputs.iter().map(|input| input.map(|input| inputs[input].clone())).collect()
    }

    /// Of the function's outputs those that the node has.
    fn of_tract<T>(&self, outputs: Vec<T>) -> TractResult<TVec<T>> {
        let made = outputs.len();
        let mut outputs: Vec<Option<T>> = outputs.into_iter().map(Some).collect();
        let mut take = |i: &usize| outputs.get_mut(*i).and_then(Option::take);
        self.outputs.iter().map(|i| take(i).ok_or_else(|| format_err!("{made} outputs are made"))).collect()
    }

    fn facts(&self, inputs: &[Given]) -> TractResult<TVec<Fact>> {
        self.of_tract(self.function.outputs(&self.of_node(inputs))?)
    }
}

impl Op for Own {
    fn name(&self) -> StaticName {
        self.name.clone().into()
    }

    op_as_typed_op!();
}

impl EvalOp for Own {
    fn eval_out_of_plan(&self, inputs: TVec<TValue>) -> TractResult<Option<TVec<TValue>>> {
        if let Some(tract) = self.of_dims.as_ref().filter(|_| inputs.iter().any(|i| i.datum_type() == DatumType::TDim))
        {
            return tract.eval_out_of_plan(inputs);
        }
        if inputs.iter().any(|input| plain(input).is_none()) {
            return Ok(None);
        }
        self.eval(&EvalContext::out_of_plan(), inputs).map(Some)
    }

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let inputs: TractResult<Vec<TValue>> = inputs
            .into_iter()
            .map(|input| match input.datum_type() {
                DatumType::TDim => plain(&input).context("a dimension is not known"),
                _ => Ok(input),
            })
            .collect();
        let outputs = self.function.eval(self.of_node(&inputs?))?;
        Ok(self.of_tract(outputs)?.into_iter().map(Tensor::into_tvalue).collect())
    }
}

/// A value with dimensions as the numbers that ONNX has in their place; `None` where one of them is no number.
fn plain(value: &TValue) -> Option<TValue> {
    match value.datum_type() {
        DatumType::TDim => Some(value.cast_to::<i64>().ok()?.into_owned().into_tvalue()),
        _ => Some(value.clone()),
    }
}

impl InferenceOp for Own {
    fn infer_facts(
        &mut self,
        inputs: TVec<&InferenceFact>,
        outputs: TVec<&InferenceFact>,
        observed: TVec<&InferenceFact>,
    ) -> TractResult<(TVec<InferenceFact>, TVec<InferenceFact>, TVec<InferenceFact>)> {
        let of_dims = inputs.iter().any(|fact| fact.datum_type.concretize() == Some(DatumType::TDim));
        if let Some(tract) = self.of_dims.as_mut().filter(|_| of_dims) {
            return tract.infer_facts(inputs, outputs, observed);
        }
        let mut found: TVec<InferenceFact> = outputs.into_iter().cloned().collect();
        if let Some(given) = inputs.iter().map(|fact| of_inference(fact)).collect::<Option<Vec<_>>>() {
            match self.facts(&given) {
                Ok(facts) => {
                    for (old, Fact { dtype, shape }) in found.iter_mut().zip(facts) {
                        *old = old.unify(&InferenceFact::dt_shape(dtype, shape))?;
                    }
                }
                Err(error) if error.root_cause().is::<Unknown>() => (),
                Err(error) => return Err(error),
            }
        }
        Ok((inputs.into_iter().cloned().collect(), found, observed.into_iter().cloned().collect()))
    }

    fn nboutputs(&self) -> TractResult<usize> {
        Ok(self.outputs.len())
    }

    fn to_typed(
        &self,
        source: &InferenceModel,
        node: &InferenceNode,
        target: &mut TypedModel,
        mapping: &HashMap<OutletId, OutletId>,
    ) -> TractResult<TVec<OutletId>> {
        let mut inputs: TVec<OutletId> = node.inputs.iter().map(|input| mapping[input]).collect();
        if let Some(tract) = &self.of_dims {
            let types = inputs.iter().map(|input| Ok(target.outlet_fact(*input)?.datum_type));
            if types.collect::<TractResult<Vec<_>>>()?.contains(&DatumType::TDim) {
                return tract.to_typed(source, node, target, mapping);
            }
        }
        for (i, input) in inputs.iter_mut().enumerate() {
            if target.outlet_fact(*input)?.datum_type == DatumType::TDim {
                // What is a dimension to tract is a number to ONNX.
                let cast = tract_onnx::tract_core::ops::cast::cast(DatumType::I64);
                let name = target.unique_name(format!("{}.input-{i}", node.name)).into_owned();
                *input = target.wire_node(name, cast, &[*input])?[0];
            }
        }
        target.wire_node(&node.name, self.clone(), &inputs)
    }

    as_op!();
}

impl TypedOp for Own {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let given: Vec<Given> = inputs.iter().map(|fact| of_typed(fact)).collect();
        Ok(self.facts(&given)?.into_iter().map(|fact| fact.dtype.fact(fact.shape)).collect())
    }

    as_op!();
}

fn of_inference(fact: &InferenceFact) -> Option<Given> {
    let value = fact.value.concretize().map(IntoTValue::into_tvalue);
    given(fact.datum_type.concretize()?, fact.shape.concretize()?, value)
}

fn of_typed(fact: &TypedFact) -> Given {
    let value = fact.konst.clone().map(IntoTValue::into_tvalue);
    given(fact.datum_type, fact.shape.to_tvec(), value).expect("it is known")
}

fn given(dtype: DatumType, shape: TVec<TDim>, value: Option<TValue>) -> Option<Given> {
    let dtype = if dtype == DatumType::TDim { DatumType::I64 } else { dtype };
    let constant = value.and_then(|value| plain(&value)).map(TValue::into_arc_tensor);
    Some(Given { dtype, shape, constant })
}
