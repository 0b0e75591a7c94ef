//! The options of `qviz tune`.

use clap::{Args, ValueEnum};

use crate::jobs::{Allow, Objective};

/// How `tune` searches.
#[derive(Args)]
pub(super) struct TuneArgs {
    /// How often to go over all layers; from the second time on each is looked at among the others as they stand
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub rounds: usize,
    /// What a clip is judged by, its tensor alone quantized: the error at the quantized tensors next behind it, or at the
    /// outputs; of both the answer that samples kept aside favour
    #[arg(long, value_name = "WHERE", value_enum, default_value_t)]
    pub objective: ObjectiveName,
    /// What may be tried besides each layer's own format, between commas: affine, unsigned (where nothing is negative),
    /// 16bit, float; 16bit:K and float:K are the budgets
    #[arg(long, value_name = "FORMATS", default_value = "", hide_default_value = true)]
    pub allow: Allow,
    /// Lets at most K layers go to 16 bits, those that cost the outputs most, and shows what each is worth
    #[arg(long, value_name = "K")]
    pub max_16bit: Option<usize>,
    /// Leaves at most K layers in float, those that cost the outputs most, and shows what each is worth
    #[arg(long, value_name = "K")]
    pub max_float: Option<usize>,
    /// Moves the mean of each layer's error into the bias behind it at last, where unseen samples gain by that, and says by
    /// how much; no clip can hold that: the document has it (tuning.bias), and `convert --to qdq` writes it into the model
    #[arg(long)]
    pub correct_bias: bool,
}

/// What clips are judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ObjectiveName {
    /// The quantized tensors next behind a tensor
    #[value(alias = "next-tensors")]
    Next,
    /// The network's outputs
    #[value(alias = "outputs")]
    Out,
    /// Either, as unseen samples favour it
    #[default]
    Both,
}

impl TuneArgs {
    pub fn objective(&self) -> Objective {
        match self.objective {
            ObjectiveName::Next => Objective::Next,
            ObjectiveName::Out => Objective::Out,
            ObjectiveName::Both => Objective::Both,
        }
    }

    /// What may be tried, within the budgets that are given.
    pub fn allow(&self) -> Allow {
        let Allow { max_16bit, max_float, .. } = self.allow;
        let (max_16bit, max_float) = (self.max_16bit.unwrap_or(max_16bit), self.max_float.unwrap_or(max_float));
        Allow { max_16bit, max_float, ..self.allow }
    }
}
