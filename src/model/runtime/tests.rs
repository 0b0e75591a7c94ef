//! Against an ONNX Runtime that is installed: `ORT_DYLIB_PATH=... cargo test -- --ignored runtime`.

use super::*;
use crate::model::{Dim, Graph, SampleOptions, SampleSource};
use std::collections::BTreeMap;

const WHY: &str = "needs an ONNX Runtime, named by ORT_DYLIB_PATH";

fn library() -> Library {
    Library::open(None).expect(WHY)
}

fn random(network: &Network, shape: &[usize], n: usize) -> Samples {
    let dims = shape.iter().copied().map(Dim::Fixed).collect();
    let options = SampleOptions { shapes: [("x".to_owned(), dims)].into(), ..SampleOptions::default() };
    Samples::open(network, &SampleSource::Random { n, seed: 1 }, &options).unwrap()
}

type Shown = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn shown(engine: &dyn Engine, sample: &[Tensor]) -> Shown {
    let mut shown = Shown::new();
    let mut see = |tensor: usize, shape: &[usize], values: &[f32]| {
        let before = shown.insert(engine.tensors()[tensor].name.clone(), (shape.to_vec(), values.to_vec()));
        assert!(before.is_none(), "shown once");
    };
    assert!(engine.show(sample, &mut see, &|| false).unwrap());
    shown
}

#[test]
#[ignore = "needs an ONNX Runtime, named by ORT_DYLIB_PATH"]
fn every_activation_is_shown_as_tract_shows_it_in_one_run_or_in_many() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models/ch_ppocr_mobile_v2.0_cls_infer.onnx");
    let network = Network::open(&path).unwrap();
    let samples = random(&network, &[1, 3, 48, 64], 2);
    let graph = Graph::of(&network, &samples).unwrap();
    let names = |engine: &dyn Engine| engine.tensors().iter().map(|a| a.name.clone()).collect::<Vec<_>>();
    for budget in [parts::BUDGET, 100_000] {
        let runtime = Runtime::of(&library(), &network, &path, &samples, budget).unwrap();
        assert_eq!(names(&runtime), names(&graph));
        assert_eq!(runtime.concats(), graph.concats());
        assert!(runtime.is_one());
        for sample in 0..2 {
            let sample = samples.get(sample).unwrap();
            assert_eq!(runtime.parts(&sample).unwrap() > 1, budget < parts::BUDGET);
            let (own, other) = (shown(&runtime, &sample), shown(&graph, &sample));
            assert_eq!((own.len(), other.len()), (runtime.tensors().len(), graph.tensors().len()));
            for (place, (name, (shape, values))) in own.iter().enumerate() {
                let (shape_there, there) = &other[name];
                assert_eq!(shape, shape_there, "{name}");
                let amax = there.iter().fold(0.0_f32, |amax, x| amax.max(x.abs()));
                let apart = values.iter().zip(there).fold(0.0_f32, |apart, (a, b)| apart.max((a - b).abs()));
                assert!(apart <= amax * 1e-4, "{place} {name}: {apart} of {amax}");
            }
        }
        let sample = samples.get(0).unwrap();
        let shapes: Vec<_> = runtime.reach(&sample).unwrap().into_iter().map(|reach| reach[0].clone()).collect();
        let own: Vec<_> = runtime.tensors().iter().map(|a| a.shape.clone()).collect();
        assert_eq!(shapes, own);
    }
}

#[test]
#[ignore = "needs an ONNX Runtime, named by ORT_DYLIB_PATH"]
fn halves_come_in_and_out() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to, types) in
        [(1, 10, ["float32", "float16"]), (10, 1, ["float16", "float32"]), (1, 16, ["float32", "bfloat16"])]
    {
        let path = folder.path().join("cast.onnx");
        std::fs::write(&path, appended::cast(from, to)).unwrap();
        let network = Network::open(&path).unwrap();
        let samples = random(&network, &[2, 3], 1);
        let runtime = Runtime::open(&library(), &network, &path, &samples).unwrap();
        assert_eq!([runtime.dtype(0), runtime.dtype(1)], types);
        let shown = shown(&runtime, &samples.get(0).unwrap());
        assert_eq!((&shown["x"].0, &shown["y"].0), (&vec![2, 3], &vec![2, 3]));
        for (x, y) in shown["x"].1.iter().zip(&shown["y"].1) {
            let step = if to == 16 { 1e-2 } else { 1e-3 };
            assert!((x - y).abs() <= x.abs() * step && *x != 0.0, "{x} {y}");
        }
    }
}

#[test]
#[ignore = "needs an ONNX Runtime, named by ORT_DYLIB_PATH"]
fn what_cannot_be_loaded_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cast.onnx");
    // No type of elements has this number.
    std::fs::write(&path, appended::cast(1, 99)).unwrap();
    let network = Network::open(&path).unwrap();
    let samples = random(&network, &[2, 3], 1);
    let error = Runtime::open(&library(), &network, &path, &samples).err().unwrap();
    assert!(error.message.contains("cast.onnx cannot be loaded by ONNX Runtime ("), "{error}");
}
