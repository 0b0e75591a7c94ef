//! What the taps cost: the time of one run with them and without.
//!
//! `cargo bench --bench taps -- MODEL.onnx [NAME=1x3x224x224 ...]`
//!
//! `plain` is tract's optimized graph as it comes, `tapped` this crate's with nobody looking, `summed` the same with
//! every value looked at once, `threads` the tapped one on two threads. Medians of runs that take turns.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use qviz::model::{Graph, Network, SampleOptions, SampleSource, Samples, Tensor};
use tract_onnx::prelude::*;

const RUNS: usize = 31;

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
        let start = Instant::now();
        let graph = Graph::of(&network, &samples).unwrap();
        println!("  {} activations, built in {:.0} ms", graph.tensors().len(), start.elapsed().as_secs_f64() * 1e3);
        let mut threaded = graph.clone();
        threaded.set_threads(2);
        let unseen = |graph: &Graph| drop(graph.run(&sample, &mut |_, _, _| {}, &|| false).unwrap());
        let mut sum = 0.0;
        let mut look = |_: usize, _: &[usize], values: &[f32]| sum += values.iter().copied().fold(0.0, f32::max);
        let mut ways: [(&str, &mut dyn FnMut()); 4] = [
            ("plain", &mut || drop(plain.run(sample.iter().map(|t| t.clone().into_tvalue()).collect()).unwrap())),
            ("tapped", &mut || unseen(&graph)),
            ("summed", &mut || drop(graph.run(&sample, &mut look, &|| false).unwrap())),
            ("threads", &mut || unseen(&threaded)),
        ];
        let medians = medians(&mut ways);
        for ((name, _), ms) in ways.iter().zip(&medians) {
            println!("  {name:8} {ms:9.2} ms {:6.2}x", ms / medians[0]);
        }
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

/// Milliseconds of each way, which take turns so that what else the machine does meets them alike.
fn medians(ways: &mut [(&str, &mut dyn FnMut())]) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(RUNS); ways.len()];
    for round in 0..=RUNS {
        for ((_, run), times) in ways.iter_mut().zip(&mut times) {
            let start = Instant::now();
            run();
            // The first round warms up.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    times.iter().map(|times| times[RUNS / 2]).collect()
}
