//! Dumps a model's activations: one `.npy` for each, of one sample, for other tools or for `qviz` itself.
//!
//! `cargo run --example capture MODEL.onnx FOLDER [NAME=1x3x224x224 ...] [SAMPLES ...]`
//!
//! Samples are pictures, `.npy` or `.npz`; without them the model is fed noise. Besides the activations the folder gets
//! `inputs/` with what was fed, and `names.txt` with the activations' names in the order of the files.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{ArrayViewD, IxDyn};
use ndarray_npy::write_npy;
use qviz::model::{Graph, Network, SampleOptions, SampleSource, Samples};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(model), Some(folder)) = (args.next(), args.next()) else {
        return Err("usage: capture MODEL.onnx FOLDER [NAME=1x3x224x224 ...] [SAMPLES ...]".into());
    };
    let (mut options, mut files) = (SampleOptions::default(), Vec::new());
    for arg in args {
        match arg.split_once('=') {
            Some((name, shape)) => {
                let shape = shape.split('x').map(str::parse).collect::<Result<Vec<_>, _>>()?;
                options.shapes.insert(name.to_owned(), shape);
            }
            None => files.push(PathBuf::from(arg)),
        }
    }
    let source = if files.is_empty() { SampleSource::Random { n: 1, seed: 0 } } else { SampleSource::Files(files) };

    let network = Network::open(Path::new(&model))?;
    let samples = Samples::open(&network, &source, &options)?;
    samples.assumptions().iter().for_each(|assumption| eprintln!("{assumption}"));
    let graph = Graph::of(&network, &samples)?;

    let folder = PathBuf::from(folder);
    fs::create_dir_all(folder.join("inputs"))?;
    let sample = samples.get(0)?;
    for (input, tensor) in graph.inputs().iter().zip(&sample) {
        let path = folder.join("inputs").join(format!("{}.npy", input.name.replace('/', "_")));
        let tensor = tensor.cast_to::<f32>()?;
        write_npy(path, &tensor.to_plain_array_view::<f32>()?)?;
    }
    let mut failed = BTreeMap::new();
    let mut write = |ix: usize, shape: &[usize], values: &[f32]| {
        let array = ArrayViewD::from_shape(IxDyn(shape), values).expect("as many values as the shape has");
        if let Err(error) = write_npy(folder.join(format!("{ix:04}.npy")), &array) {
            failed.insert(ix, error.to_string());
        }
    };
    graph.run(&sample, &mut write, &|| false)?;
    let names: String = graph.tensors().iter().map(|tensor| format!("{}\n", tensor.name)).collect();
    fs::write(folder.join("names.txt"), names)?;
    match failed.first_key_value() {
        Some((ix, error)) => Err(format!("activation {ix} was not written: {error}").into()),
        None => Ok(()),
    }
}
