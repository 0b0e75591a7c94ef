//! A document that holds what a consumer of scales needs, and no more.

use serde::Serialize;

use super::{Chosen, FileError, Outputs, Provenance, RangeScales, Scales, TensorScales, TunedScales, Tuning};
use crate::report::compact::compact;
use crate::session::Kind;

/// `qviz.scales/1` without candidates, statistics, warnings and errors a channel: what is chosen for each tensor, and how
/// it came about. [`Scales::read`] reads it like the whole one.
#[derive(Serialize)]
pub struct Lean<'a> {
    schema: &'a str,
    tool: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<&'a Provenance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<&'a Outputs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tuning: Option<&'a Tuning>,
    tensors: Vec<LeanTensor<'a>>,
    errors: &'a [FileError],
}

#[derive(Serialize)]
struct LeanTensor<'a> {
    name: &'a str,
    kind: Kind,
    shape: Option<&'a [u64]>,
    dtype: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    initializer: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    folded: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    absorbed: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    axis: Option<usize>,
    chosen: LeanChosen<'a>,
}

#[derive(Serialize)]
struct LeanChosen<'a> {
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead_of: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    methods: Option<&'a [String]>,
    #[serde(skip_serializing_if = "is_false")]
    edited: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_channels: Option<&'a [usize]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tied_with: Option<&'a [String]>,
    quantized: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tuned: Option<&'a TunedScales>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_float: Option<&'a str>,
    num_bits: u8,
    signed: bool,
    symmetric: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    #[serde(flatten)]
    range: &'a RangeScales,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqnr_db: Option<f64>,
}

impl Scales {
    /// The same without what only explains it.
    pub fn lean(&self) -> Lean<'_> {
        Lean {
            schema: &self.schema,
            tool: &self.tool,
            provenance: self.provenance.as_ref(),
            outputs: self.outputs.as_ref(),
            // Biases stand nowhere else, and a consumer has to add them.
            tuning: self.tuning.as_ref().filter(|tuning| tuning.bias.is_some()),
            tensors: self.tensors.iter().map(LeanTensor::of).collect(),
            errors: &self.errors,
        }
    }

    /// The lean document as JSON; lists of numbers stand on one line.
    pub fn lean_json(&self) -> String {
        compact(&self.lean())
    }
}

impl<'a> LeanTensor<'a> {
    fn of(tensor: &'a TensorScales) -> LeanTensor<'a> {
        LeanTensor {
            name: &tensor.name,
            kind: tensor.kind,
            shape: tensor.shape.as_deref(),
            dtype: &tensor.dtype,
            initializer: tensor.initializer.as_deref(),
            folded: &tensor.folded,
            absorbed: &tensor.absorbed,
            axis: tensor.axis,
            chosen: LeanChosen::of(&tensor.chosen),
        }
    }
}

impl<'a> LeanChosen<'a> {
    fn of(chosen: &'a Chosen) -> LeanChosen<'a> {
        LeanChosen {
            method: &chosen.method,
            instead_of: chosen.instead_of.as_deref(),
            methods: chosen.methods.as_deref(),
            edited: chosen.edited,
            edited_channels: chosen.edited_channels.as_deref(),
            tied_with: chosen.tied_with.as_deref(),
            quantized: chosen.quantized,
            tuned: chosen.tuned.as_ref(),
            in_float: chosen.in_float.as_deref(),
            num_bits: chosen.num_bits,
            signed: chosen.signed,
            symmetric: chosen.symmetric,
            format: chosen.format.as_deref(),
            range: &chosen.range,
            // Of channels there is a list, and the widest tensors have thousands.
            sqnr_db: match &chosen.errors.sqnr_db {
                super::Per::Tensor(db) => *db,
                super::Per::Channel(_) => None,
            },
        }
    }
}

fn is_false(it: &bool) -> bool {
    !it
}
