//! Arguments of a run: what is fed to a model.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What a model is run on, by whom, and how.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Running a model")]
pub(super) struct DataArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    /// Other samples, that nothing is chosen by: `tune` and `sensitivity` judge on them too
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub check: Vec<PathBuf>,
    /// Which tensors are quantized unless --set, --skip or --only say otherwise
    #[arg(long, value_name = "WHERE")]
    pub place: Option<Place>,
    /// Looks at the model as the file has it, with its batch norms and every name of a tensor; without it as it is deployed:
    /// batch norms folded into the weights before them, Identity and Dropout left out
    #[arg(long)]
    pub as_written: bool,
    /// Leaves the K tensors in float that cost the outputs most, each quantized alone
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub skip_worst: usize,
    /// Runs every sample once instead of twice, on power-of-two grids; for data that cannot be had twice
    #[arg(long)]
    pub one_pass: bool,
    #[cfg(feature = "onnxruntime")]
    #[command(flatten)]
    pub engine: EngineArgs,
}

impl DataArgs {
    /// Whether a network can be put on trial: an engine that only counts replaces no tensors.
    pub fn can_try(&self) -> bool {
        #[cfg(feature = "onnxruntime")]
        return self.engine.engine == EngineName::Tract;
        #[cfg(not(feature = "onnxruntime"))]
        true
    }
}

/// Who runs a model.
#[cfg(feature = "onnxruntime")]
#[derive(Args, Clone, Debug, Default)]
pub(super) struct EngineArgs {
    /// Who runs MODEL.onnx: tract, which is built in, or onnxruntime, which you have installed; that one counts what
    /// tract cannot run, and puts nothing on trial
    #[arg(long, value_name = "ENGINE", value_enum, default_value_t)]
    pub engine: EngineName,
    #[command(flatten)]
    pub library: LibraryArg,
}

/// Which ONNX Runtime.
#[cfg(feature = "onnxruntime")]
#[derive(Args, Clone, Debug, Default)]
pub(super) struct LibraryArg {
    /// The ONNX Runtime to use: its library, or the folder or Python environment that it is in. Without it,
    /// ORT_DYLIB_PATH, then the active Python environment and the one of python3
    #[arg(long, value_name = "PATH")]
    pub onnxruntime: Option<PathBuf>,
}

/// An engine by its name.
#[cfg(feature = "onnxruntime")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum EngineName {
    /// Built in
    #[default]
    Tract,
    /// The library that is installed
    Onnxruntime,
}

/// The samples that a model is run on.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Running a model")]
pub(super) struct SampleArgs {
    /// What MODEL.onnx is run on: .npy, .npz and .safetensors files, directories of PNG and JPEG pictures, globs. Of
    /// several inputs an archive has an array each by its name; other files are named like their input, lie in a folder
    /// of that name, or are given as NAME=PATH
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub data: Vec<PathBuf>,
    /// Runs the model on N made-up samples where there is no data; the ranges then mean little
    #[arg(long, value_name = "N", conflicts_with = "data", value_parser = parse_count)]
    pub random: Option<usize>,
    /// Runs the model on N of the samples only, drawn at random, for a quick first pass; of --check as well
    #[arg(long = "samples", value_name = "N", value_parser = parse_count)]
    pub draw: Option<usize>,
    /// Another seed draws other samples, makes other random ones, and keeps others of `tune` aside; 0 without it
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// Subtracted from each channel of pictures, whose values are 0 to 1: 0.485,0.456,0.406. Of arrays, what was subtracted
    /// before they were written; nothing is done to them, and their range is known
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    pub mean: Vec<f32>,
    /// Divides each channel of pictures: 0.229,0.224,0.225. Of arrays, what they were divided by
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    pub std: Vec<f32>,
    /// The order of a picture's axes, where the model's input does not show it
    #[arg(long, value_name = "ORDER")]
    pub layout: Option<Order>,
    /// The size that pictures are brought to, where the model does not fix it: 224x224 (width, height)
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    pub resize: Option<(u32, u32)>,
    /// The shape of an input that neither the model nor the data fixes: x=1x3x224x224. A letter stands for any size:
    /// x=1xnx4 says that the first axis of the data is cut into samples of one row, x=nx4 that it is a batch of any
    #[arg(long, value_name = "NAME=SHAPE", value_parser = parse_shape)]
    pub shape: Vec<(String, Vec<Size>)>,
}

/// The order of the axes of a batch of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    /// Batch, channel, row, column.
    Nchw,
    /// Batch, row, column, channel.
    Nhwc,
}

/// Where a network is quantized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Place {
    /// One quantizer where a fused block ends and an integer operator takes it, and one branch of a residual sum (the
    /// default).
    Fused,
    /// What Conv, ConvTranspose, MatMul, Gemm, average pooling and recurrent layers take.
    Inputs,
    /// What ONNX Runtime's quantize_static quantizes with its default list of operators.
    Ort,
    /// Every float tensor that the file names.
    All,
}

/// One dimension of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Size {
    Fixed(usize),
    /// Any, with a name.
    Any(String),
}

impl DataArgs {
    /// Whether the installed ONNX Runtime runs the model.
    pub fn on_runtime(&self) -> bool {
        #[cfg(feature = "onnxruntime")]
        return self.engine.engine == EngineName::Onnxruntime;
        #[cfg(not(feature = "onnxruntime"))]
        false
    }
}

impl SampleArgs {
    /// The seed that draws and makes samples.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(0)
    }
}

fn parse_count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "a number of samples, 1 or more".to_owned())
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let size = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    size.filter(|(w, h)| *w > 0 && *h > 0).ok_or_else(|| "a size is width x height, such as 224x224".to_owned())
}

fn parse_shape(text: &str) -> Result<(String, Vec<Size>), String> {
    let shape = text.rsplit_once('=').and_then(|(name, dims)| {
        let dims: Option<Vec<Size>> = dims.split('x').map(parse_dim).collect();
        Some((name.to_owned(), dims?))
    });
    shape.ok_or_else(|| "a shape is NAME=1x3x224x224, with a letter for a size that is not fixed".to_owned())
}

fn parse_dim(text: &str) -> Option<Size> {
    let is_name = |name: &str| name.starts_with(char::is_alphabetic) && !name.contains(char::is_whitespace);
    text.parse().map(Size::Fixed).ok().or_else(|| is_name(text).then(|| Size::Any(text.to_owned())))
}

#[cfg(feature = "onnx")]
mod network {
    use super::{DataArgs, Order, Place, SampleArgs, Size};
    use crate::jobs::Backend;
    use crate::model::{Dim, Draw, Layout, Placement, SampleOptions, SampleSource};

    impl DataArgs {
        /// Where the samples to judge on come from, if there are any.
        pub fn check(&self) -> Option<SampleSource> {
            (!self.check.is_empty()).then(|| SampleSource::Files(self.check.clone()))
        }

        /// Where the network is quantized, if that was said.
        pub fn placement(&self) -> Option<Placement> {
            self.place.map(Placement::from)
        }

        /// Who runs the model.
        pub fn backend(&self) -> Backend {
            #[cfg(feature = "onnxruntime")]
            if self.engine.engine == super::EngineName::Onnxruntime {
                return Backend::OnnxRuntime(self.engine.library.onnxruntime.clone());
            }
            Backend::Tract
        }
    }

    impl From<Place> for Placement {
        fn from(place: Place) -> Placement {
            match place {
                Place::Fused => Placement::Fused,
                Place::Inputs => Placement::Inputs,
                Place::Ort => Placement::Ort,
                Place::All => Placement::All,
            }
        }
    }

    impl SampleArgs {
        /// Where samples come from; `None` where nothing was said.
        pub fn source(&self) -> Option<SampleSource> {
            match (self.random, self.data.is_empty()) {
                (Some(n), _) => Some(SampleSource::Random { n, seed: self.seed() }),
                (None, false) => Some(SampleSource::Files(self.data.clone())),
                (None, true) => None,
            }
        }

        /// What is said about them.
        pub fn options(&self) -> SampleOptions {
            let given = |values: &[f32]| (!values.is_empty()).then(|| values.to_vec());
            let dim = |size: &Size| match size {
                Size::Fixed(n) => Dim::Fixed(*n),
                Size::Any(name) => Dim::Named(name.clone()),
            };
            let dims = |(name, shape): &(String, Vec<Size>)| (name.clone(), shape.iter().map(dim).collect());
            SampleOptions {
                shapes: self.shape.iter().map(dims).collect(),
                mean: given(&self.mean),
                std: given(&self.std),
                layout: self.layout.map(|order| match order {
                    Order::Nchw => Layout::Nchw,
                    Order::Nhwc => Layout::Nhwc,
                }),
                resize: self.resize,
                draw: self.draw.map(|n| Draw { n, seed: self.seed() }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_or_any() {
        let any = |name: &str| Size::Any(name.into());
        assert_eq!(parse_shape("x=1xnx4"), Ok(("x".into(), vec![Size::Fixed(1), any("n"), Size::Fixed(4)])));
        assert_eq!(parse_shape("a=b=batchx0"), Ok(("a=b".into(), vec![any("batch"), Size::Fixed(0)])));
        for wrong in ["x", "x=", "x=1xx2", "x=-1x3", "x=1 x2", "x=?x2"] {
            assert!(parse_shape(wrong).is_err(), "{wrong}");
        }
    }
}
