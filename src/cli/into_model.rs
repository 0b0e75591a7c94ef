//! Arguments of a model that is written with QuantizeLinear and DequantizeLinear.

use std::path::PathBuf;

use clap::Args;

use super::data::Place;
use super::file::FileArgs;

/// How weights are written.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct WeightArgs {
    /// Of --to qdq: leaves weights the floats that they are, with QuantizeLinear and DequantizeLinear behind them, as
    /// fine-tuning wants them; without it they are stored as integers
    #[arg(long)]
    pub float_weights: bool,
}

/// Which model scales are put into, and how.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct IntoModelArgs {
    /// Of --to qdq: the model that the scales are put into
    #[arg(long, value_name = "MODEL.onnx")]
    pub model: Option<PathBuf>,
    #[command(flatten)]
    pub weights: WeightArgs,
    /// Of --to qdq: the scales are of the model as the file has it, with its batch norms; without it of the model as it is
    /// deployed, as `export` has it
    #[arg(long)]
    pub as_written: bool,
    /// Of --to qdq: where the model is quantized, of the tensors that have a scale; fused without it for files that have one
    /// for every tensor (TensorRT's cache and ranges, ONNX Runtime's cache), else everything that has one
    #[arg(long, value_name = "WHERE")]
    pub place: Option<Place>,
}

impl WeightArgs {
    /// Refuses what only a model is written with.
    pub fn only_for_models(self) -> Result<(), String> {
        match self.float_weights {
            true => Err("--float-weights is for --to qdq, which writes a model.".into()),
            false => Ok(()),
        }
    }
}

impl IntoModelArgs {
    /// Refuses what only a model is written with.
    pub fn only_for_models(&self) -> Result<(), String> {
        self.weights.only_for_models()?;
        if self.model.is_some() || self.as_written || self.place.is_some() {
            let sentence = "--model, --as-written and --place are for --to qdq, which puts scales into a model.";
            return Err(sentence.into());
        }
        Ok(())
    }

    /// Refuses a model without a place, or scales without a model.
    pub fn check(&self, file: &FileArgs) -> Result<(), String> {
        match (&self.model, &file.output) {
            (Some(_), Some(_)) => Ok(()),
            _ => Err(
                "--to qdq puts scales into a model; name both files: qviz convert FILE --to qdq --model MODEL.onnx -o \
                      OUT.onnx."
                    .into(),
            ),
        }
    }
}
