//! What a model is fed for calibration: arrays, pictures, or noise; one sample at a time.

use super::build::Shapes;
use super::error::ModelError;
use super::network::{Dim, Network, Port};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tract_onnx::prelude::Tensor;

mod arrays;
mod axis;
mod cast;
mod chance;
mod draw;
mod files;
mod fit;
mod pair;
mod pictures;
mod random;
mod range;
mod recognized;
mod sets;
mod stored;

use arrays::Arrays;
pub use chance::Chance;
pub use draw::Draw;
use pictures::Pictures;
use random::Random;

/// Where samples come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SampleSource {
    /// `.npy`, `.npz`, `.safetensors`, `.pb` (a `TensorProto`), `.png` and `.jpg` files, directories of them, and glob
    /// patterns. Arrays and pictures do not mix.
    ///
    /// An archive holds an array for each input, by its name. Other arrays are for a model's only input; where it has
    /// several, a file is for the input that it is named like, or a folder that it is in, or that is said in front of it
    /// as `NAME=PATH`; `.pb` are numbered as in ONNX's test data. Entries of a directory or pattern that cannot be read
    /// or are no samples are left out, and [`Samples::assumptions`] says so.
    ///
    /// The first axis of an array is cut into samples where it is known to be a batch: by the model's number, by the
    /// name of its dimension, by other inputs that are as long, or as it is an array of pictures. Else the array is one
    /// sample. Samples need not be of one shape.
    Files(Vec<PathBuf>),
    /// Made up: standard normal floats, and integers from 0 to 9. Ranges of activations mean nothing then.
    Random {
        /// How many samples.
        n: usize,
        /// The same seed gives the same samples.
        seed: u64,
    },
}

/// What is known about the samples beyond their files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleOptions {
    /// Dimensions of inputs, by name, where those of the model do not say what is needed: numbers where neither it nor
    /// the data has one, and a name such as `batch` for a first axis that is one.
    pub shapes: BTreeMap<String, Vec<Dim>>,
    /// Subtracted from each channel of a picture whose values are 0 to 1. Of arrays, what was subtracted from them before:
    /// it tells their range.
    pub mean: Option<Vec<f32>>,
    /// Divides each channel after that. Of arrays, what they were divided by.
    pub std: Option<Vec<f32>>,
    /// The order of a picture's axes; guessed from the input's shape if not given.
    pub layout: Option<Layout>,
    /// Width and height that pictures are brought to, where the model does not fix them.
    pub resize: Option<(u32, u32)>,
    /// Only some of them, drawn at random, where not all shall be run.
    pub draw: Option<Draw>,
}

/// The order of the axes of a batch of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// (batch, channel, row, column).
    Nchw,
    /// (batch, row, column, channel).
    Nhwc,
}

/// Samples that are loaded when they are asked for.
#[derive(Debug)]
pub struct Samples {
    maker: Maker,
    /// Those that were drawn of all that there are.
    drawn: Option<Vec<usize>>,
    /// At least one.
    shapes: Vec<Shapes>,
    ranges: Vec<(String, f32, f32)>,
    assumptions: Vec<String>,
}

#[derive(Debug)]
enum Maker {
    Arrays(Arrays),
    Pictures(Pictures),
    Random(Random),
}

/// What a maker finds out when it is opened.
struct Opened<M> {
    maker: M,
    /// Of each kind of sample the shape of each input, in order; the first sample's first.
    shapes: Vec<Vec<Vec<usize>>>,
    /// The ranges that inputs do not leave, by name, as far as what is said of the samples tells.
    ranges: Vec<(String, f32, f32)>,
    assumptions: Vec<String>,
}

impl Samples {
    /// Looks at the files, as far as is needed to know how many samples there are and of which shapes.
    ///
    /// # Errors
    ///
    /// There are none, a first one cannot be read, they do not fit the model's inputs, or a dimension stays unknown.
    pub fn open(network: &Network, source: &SampleSource, options: &SampleOptions) -> Result<Samples, ModelError> {
        if let Some(name) = options.shapes.keys().find(|name| network.inputs().iter().all(|port| port.name != **name)) {
            let names: Vec<_> = network.inputs().iter().map(|port| port.name.as_str()).collect();
            return Err(network.error(format!("has no input {name}; its inputs are {}.", names.join(", "))));
        }
        let mut samples = match source {
            SampleSource::Random { n, seed } => {
                let opened = Random::open(network, options, *n, *seed)?;
                Samples::made(network, opened, Maker::Random)
            }
            SampleSource::Files(paths) => {
                let (files, left_out) = files::list(network, paths)?;
                let mut samples = match files {
                    files::Files::Arrays(paths) => {
                        Samples::made(network, Arrays::open(network, options, &paths)?, Maker::Arrays)
                    }
                    files::Files::Pictures(paths) => {
                        Samples::made(network, Pictures::open(network, options, paths)?, Maker::Pictures)
                    }
                };
                samples.assumptions.extend(left_out);
                samples
            }
        };
        if options.mean.is_none() && options.std.is_none() {
            let (ranges, said) = recognized::ranges(network, &samples);
            samples.ranges.extend(ranges);
            samples.assumptions.extend(said);
        }
        if let Some(draw) = options.draw {
            let all = samples.all();
            samples.assumptions.push(draw.said(all));
            samples.drawn = (draw.n < all).then(|| draw.of(all));
        }
        Ok(samples)
    }

    fn made<M>(network: &Network, opened: Opened<M>, wrap: impl Fn(M) -> Maker) -> Samples {
        let named =
            |shapes: Vec<Vec<usize>>| network.inputs().iter().map(|port| port.name.clone()).zip(shapes).collect();
        let Opened { maker, shapes, ranges, assumptions } = opened;
        let shapes = shapes.into_iter().map(named).collect();
        Samples { maker: wrap(maker), drawn: None, shapes, ranges, assumptions }
    }

    /// How many samples there are; at least one.
    pub fn len(&self) -> usize {
        self.drawn.as_ref().map_or_else(|| self.all(), Vec::len)
    }

    /// How many there are with those that were not drawn.
    pub fn all(&self) -> usize {
        match &self.maker {
            Maker::Arrays(arrays) => arrays.len(),
            Maker::Pictures(pictures) => pictures.len(),
            Maker::Random(random) => random.len(),
        }
    }

    /// Never: without a sample there is an error instead.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Loads one sample: a tensor for each of the network's inputs, in order.
    ///
    /// # Errors
    ///
    /// This sample cannot be read, or differs in shape from the first; the others may be fine.
    pub fn get(&self, i: usize) -> Result<Vec<Tensor>, ModelError> {
        let i = self.drawn.as_ref().map_or(i, |drawn| drawn[i]);
        match &self.maker {
            Maker::Arrays(arrays) => arrays.get(i),
            Maker::Pictures(pictures) => pictures.get(i),
            Maker::Random(random) => Ok(random.get(i)),
        }
    }

    /// The shape of every input of the first sample, for [`Graph::build`](super::Graph::build).
    pub fn shapes(&self) -> &Shapes {
        &self.shapes[0]
    }

    /// The different shapes that samples have, the first sample's first.
    pub fn all_shapes(&self) -> &[Shapes] {
        &self.shapes
    }

    /// The ranges that inputs do not leave, by name, their least value and their largest: pictures are 0 to 1 before mean
    /// and standard deviation, and arrays for which these are given were, or whose values lie on the levels of pictures.
    pub fn ranges(&self) -> &[(String, f32, f32)] {
        &self.ranges
    }

    /// What was taken for granted, a sentence without its full stop each; to be shown to the user.
    pub fn assumptions(&self) -> &[String] {
        &self.assumptions
    }

    /// `32 samples`, `8 of 32 random samples`.
    pub fn in_words(&self) -> String {
        let (n, all) = (self.len(), self.all());
        let random = if self.is_random() { "random " } else { "" };
        let of = if n < all { format!(" of {all}") } else { String::new() };
        let s = if all == 1 { "" } else { "s" };
        format!("{n}{of} {random}sample{s}")
    }

    /// Whether the samples are made up.
    pub fn is_random(&self) -> bool {
        matches!(self.maker, Maker::Random(_))
    }
}

/// The dimensions of an input, those that the user gives filled in.
fn dims(network: &Network, port: &Port, options: &SampleOptions) -> Result<Option<Vec<Dim>>, ModelError> {
    let Some(given) = options.shapes.get(&port.name) else { return Ok(port.dims.clone()) };
    let agrees = |(given, dim): (&Dim, &Dim)| match (given, dim) {
        (Dim::Fixed(given), Dim::Fixed(n)) => given == n,
        _ => true,
    };
    let own = port.dims.as_ref();
    if own.is_some_and(|own| own.len() != given.len() || !given.iter().zip(own).all(agrees)) {
        let given = given.iter().map(Dim::to_string).collect::<Vec<_>>().join("x");
        return Err(network.error(format!("takes {port}, and {given} was given.")));
    }
    let more = |(ix, given): (usize, &Dim)| match (given, own.map(|own| &own[ix])) {
        (Dim::Named(_) | Dim::Unknown, Some(fixed @ Dim::Fixed(_))) => fixed.clone(),
        _ => given.clone(),
    };
    Ok(Some(given.iter().enumerate().map(more).collect()))
}
