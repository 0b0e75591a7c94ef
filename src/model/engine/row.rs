//! What a row of the table says of an operator.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::TractResult;
use tract_onnx::tract_hir::internal::InferenceOp;

/// Makes an operator out of a node, as tract wants it.
pub(super) type Builder = fn(&ParsingContext, &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

/// A further condition: what a node has that is not honoured, as in "it has *two outputs*".
pub(super) type Condition = fn(&NodeProto, opset: i64) -> Option<String>;

/// An operator that is run: of which versions and with which attributes, and who computes it.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub op: &'static str,
    /// Empty for ONNX's own.
    pub domain: &'static str,
    /// The first version of the operator set whose meaning is computed.
    pub since: i64,
    /// How many inputs are honoured.
    pub inputs: usize,
    /// Before which version fewer are, and how many.
    pub fewer: (i64, usize),
    /// How many outputs are made.
    pub outputs: usize,
    /// What is honoured; any other attribute is refused.
    pub attributes: &'static [Attribute],
    pub by: By,
    pub unless: Option<Condition>,
}

/// Who computes an operator.
#[derive(Clone, Copy)]
pub(super) enum By {
    Tract,
    Own(Builder),
}

/// For operators that take or make any number of tensors.
pub(super) const MANY: usize = usize::MAX;

/// An operator of ONNX's own, which tract computes with no attributes, unless said otherwise.
pub(super) const fn row(op: &'static str, inputs: usize, outputs: usize) -> Row {
    Row { op, domain: "", since: 1, inputs, fewer: (1, inputs), outputs, attributes: &[], by: By::Tract, unless: None }
}

impl Row {
    pub const fn since(self, since: i64) -> Row {
        Row { since, ..self }
    }

    /// Before this version, only so many inputs are there.
    pub const fn before(self, opset: i64, inputs: usize) -> Row {
        Row { fewer: (opset, inputs), ..self }
    }

    /// An operator of another domain.
    pub const fn of(self, domain: &'static str) -> Row {
        Row { domain, ..self }
    }

    /// The attributes that are honoured.
    pub const fn with(self, attributes: &'static [Attribute]) -> Row {
        Row { attributes, ..self }
    }

    /// Computed by a function of our own.
    pub const fn own(self, builder: Builder) -> Row {
        Row { by: By::Own(builder), ..self }
    }

    /// Refused where there is more to say against it.
    pub const fn unless(self, condition: Condition) -> Row {
        Row { unless: Some(condition), ..self }
    }
}

/// An attribute that is honoured.
#[derive(Clone, Copy)]
pub(super) struct Attribute {
    pub name: &'static str,
    pub honoured: Honoured,
    /// The first and the last version of the operator set that has it.
    pub since: i64,
    pub until: i64,
}

/// Which values of an attribute are honoured.
#[derive(Clone, Copy, Debug)]
pub(super) enum Honoured {
    Any,
    Int(i64),
    Text(&'static str),
}

pub(super) const fn any(name: &'static str) -> Attribute {
    attribute(name, Honoured::Any)
}

pub(super) const fn int(name: &'static str, value: i64) -> Attribute {
    attribute(name, Honoured::Int(value))
}

pub(super) const fn text(name: &'static str, value: &'static str) -> Attribute {
    attribute(name, Honoured::Text(value))
}

const fn attribute(name: &'static str, honoured: Honoured) -> Attribute {
    Attribute { name, honoured, since: 1, until: i64::MAX }
}

impl Attribute {
    pub const fn since(self, since: i64) -> Attribute {
        Attribute { since, ..self }
    }

    pub const fn until(self, until: i64) -> Attribute {
        Attribute { until, ..self }
    }
}
