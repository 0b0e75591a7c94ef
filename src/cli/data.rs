//! Arguments of a run: what is fed to a model.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What a model is run on.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Running a model")]
pub(super) struct DataArgs {
    /// What MODEL.onnx is run on: .npy and .npz files, directories of PNG and JPEG pictures, globs
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub data: Vec<PathBuf>,
    /// Other samples, that nothing is chosen by: `tune` and `sensitivity` judge on them too
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub check: Vec<PathBuf>,
    /// Leaves the K tensors in float that cost the outputs most, each quantized alone
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub skip_worst: usize,
    /// Runs the model on N made-up samples where there is no data; the ranges then mean little
    #[arg(long, value_name = "N", conflicts_with = "data", value_parser = parse_count)]
    pub random: Option<usize>,
    /// Another seed makes other random samples
    #[arg(long, value_name = "SEED", default_value_t = 0, requires = "random")]
    pub seed: u64,
    /// Runs every sample once instead of twice, on power-of-two grids; for data that cannot be had twice
    #[arg(long)]
    pub one_pass: bool,
    /// Subtracted from each channel of pictures, whose values are 0 to 1: 0.485,0.456,0.406
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    pub mean: Vec<f32>,
    /// Divides each channel of pictures: 0.229,0.224,0.225
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    pub std: Vec<f32>,
    /// The order of a picture's axes, where the model's input does not show it
    #[arg(long, value_name = "ORDER")]
    pub layout: Option<Order>,
    /// The size that pictures are brought to, where the model does not fix it: 224x224 (width, height)
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    pub resize: Option<(u32, u32)>,
    /// The shape of an input that neither the model nor the data fixes: x=1x3x224x224
    #[arg(long, value_name = "NAME=SHAPE", value_parser = parse_shape)]
    pub shape: Vec<(String, Vec<usize>)>,
}

/// The order of the axes of a batch of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    /// Batch, channel, row, column.
    Nchw,
    /// Batch, row, column, channel.
    Nhwc,
}

fn parse_count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "a number of samples, 1 or more".to_owned())
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let size = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    size.filter(|(w, h)| *w > 0 && *h > 0).ok_or_else(|| "a size is width x height, such as 224x224".to_owned())
}

fn parse_shape(text: &str) -> Result<(String, Vec<usize>), String> {
    let shape = text.rsplit_once('=').and_then(|(name, dims)| {
        let dims: Option<Vec<usize>> = dims.split('x').map(|n| n.parse().ok().filter(|n| *n > 0)).collect();
        Some((name.to_owned(), dims?))
    });
    shape.ok_or_else(|| "a shape is NAME=1x3x224x224".to_owned())
}

#[cfg(feature = "onnx")]
mod network {
    use super::{DataArgs, Order};
    use crate::model::{Layout, SampleOptions, SampleSource};

    impl DataArgs {
        /// Where samples come from; `None` where nothing was said.
        pub fn source(&self) -> Option<SampleSource> {
            match (self.random, self.data.is_empty()) {
                (Some(n), _) => Some(SampleSource::Random { n, seed: self.seed }),
                (None, false) => Some(SampleSource::Files(self.data.clone())),
                (None, true) => None,
            }
        }

        /// Where the samples to judge on come from, if there are any.
        pub fn check(&self) -> Option<SampleSource> {
            (!self.check.is_empty()).then(|| SampleSource::Files(self.check.clone()))
        }

        /// What is said about them.
        pub fn options(&self) -> SampleOptions {
            let given = |values: &[f32]| (!values.is_empty()).then(|| values.to_vec());
            SampleOptions {
                shapes: self.shape.iter().cloned().collect(),
                mean: given(&self.mean),
                std: given(&self.std),
                layout: self.layout.map(|order| match order {
                    Order::Nchw => Layout::Nchw,
                    Order::Nhwc => Layout::Nhwc,
                }),
                resize: self.resize,
            }
        }
    }
}
