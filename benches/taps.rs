//! What the taps cost: the time of one run, and the most memory, with taps and without.
//!
//! `cargo bench --bench taps -- MODEL.onnx [NAME=1x3x224x224 ...]`
//!
//! `plain` is tract's optimized graph as it comes, `tapped` this crate's with nobody looking, `summed` the same with
//! every value looked at once, `threads` that on all cores.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use qviz::model::{Graph, Network, SampleOptions, SampleSource, Samples, Tensor};
use tract_onnx::prelude::*;

const RUNS: usize = 15;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let mut options = SampleOptions::default();
    let (shapes, models): (Vec<_>, Vec<_>) = args.iter().partition(|arg| arg.contains('='));
    for (name, shape) in shapes.iter().filter_map(|arg| arg.split_once('=')) {
        options.shapes.insert(name.into(), shape.split('x').map(|n| n.parse().expect("a number")).collect());
    }
    for model in models {
        let network = Network::open(Path::new(model)).unwrap();
        let samples = Samples::open(&network, &SampleSource::Random { n: 1, seed: 0 }, &options).unwrap();
        let sample = samples.get(0).unwrap();
        println!("{model} {:?}", samples.shapes());

        let plain = plain(model, &sample, samples.shapes());
        let plain_ms = median(|| drop(plain.run(sample.iter().map(|t| t.clone().into_tvalue()).collect()).unwrap()));
        let start = Instant::now();
        let mut graph = Graph::build(&network, samples.shapes()).unwrap();
        println!("  {} activations, built in {:.0} ms", graph.tensors().len(), start.elapsed().as_secs_f64() * 1e3);
        let tapped_ms = median(|| drop(graph.run(&sample, &mut |_, _, _| {}, &|| false).unwrap()));
        let mut sum = 0.0;
        let mut look = |_: usize, _: &[usize], values: &[f32]| sum += values.iter().copied().fold(0.0, f32::max);
        let summed_ms = median(|| drop(graph.run(&sample, &mut look, &|| false).unwrap()));
        graph.set_threads(std::thread::available_parallelism().map_or(1, usize::from));
        let threads_ms = median(|| drop(graph.run(&sample, &mut |_, _, _| {}, &|| false).unwrap()));
        let line = |name: &str, ms: f64| println!("  {name:8} {ms:9.2} ms {:6.2}x", ms / plain_ms);
        line("plain", plain_ms);
        line("tapped", tapped_ms);
        line("summed", summed_ms);
        line("threads", threads_ms);
    }
}

fn plain(model: &str, sample: &[Tensor], shapes: &BTreeMap<String, Vec<usize>>) -> Arc<TypedRunnableModel> {
    let onnx = onnx().with_ignore_value_info(true);
    let proto = onnx.proto_model_for_path(model).unwrap();
    let mut model = onnx.parse(&proto, None).unwrap().model;
    assert_eq!(sample.len(), shapes.len());
    for (ix, tensor) in sample.iter().enumerate() {
        model.set_input_fact(ix, InferenceFact::dt_shape(tensor.datum_type(), tensor.shape())).unwrap();
    }
    model.into_optimized().unwrap().into_runnable().unwrap()
}

/// Milliseconds.
fn median(mut run: impl FnMut()) -> f64 {
    run();
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}
