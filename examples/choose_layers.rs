//! Which layers are quantized, and how, by any predicate: here whatever multiplies, but not the first layer and not the
//! last, and 16 bits where a name ends in `_gate`.
//!
//! `cargo run --example choose_layers -- MODEL.onnx x=1x3x48x192` (the bundled classifier without arguments)

use std::sync::mpsc::channel;

use qviz::calibrate;
use qviz::jobs::{Backend, NetworkLoader, NetworkOrder, Recipe, Subject, Ties, Told};
use qviz::model::{Placement, SampleOptions, SampleSource};
use qviz::quant::Format;
use qviz::report;
use qviz::session::{Rules, Session, Setting, Subject as Asked};

fn main() {
    let mut words = std::env::args().skip(1);
    let model = words.next().unwrap_or_else(|| "assets/models/ch_ppocr_mobile_v2.0_cls_infer.onnx".into());
    let shape = words.next().unwrap_or_else(|| "x=1x3x48x192".into());
    let (name, dims) = shape.split_once('=').expect("a shape is NAME=1x3x224x224");
    let dims = dims.split('x').map(|n| n.parse().expect("dimensions are whole numbers")).collect();

    let multiplies = |asked: &Asked| matches!(asked.op, "Conv" | "Gemm" | "MatMul");
    let rules = Rules::new()
        .with(move |asked: &Asked| !multiplies(asked), Setting::Quantized(false))
        .with(|asked: &Asked| asked.op == "input" || asked.name.starts_with("save_infer"), Setting::Quantized(false))
        .with(|asked: &Asked| asked.name.ends_with("_gate"), Setting::Bits(16));
    let mut session = Session::new(calibrate::defaults(), "entropy", Format::INT8).with_rules(rules);

    let order = NetworkOrder {
        subject: Subject {
            model: model.into(),
            samples: SampleSource::Random { n: 2, seed: 0 },
            options: SampleOptions { shapes: [(name.to_owned(), dims)].into(), ..SampleOptions::default() },
            check: None,
            backend: Backend::Tract,
            placement: Some(Placement::All),
            as_written: true,
        },
        recipe: Recipe::new(2048, session.methods().iter().map(AsRef::as_ref)),
        plan: session.plan(),
        ties: Ties::default(),
        one_pass: false,
        measure: false,
        ignore_sentinels: false,
        first_figure: None,
        threads: 2,
    };
    let (sender, events) = channel();
    let loader = NetworkLoader::start(order, move |told| drop(sender.send(told)));
    for told in events {
        match told {
            // What cannot be read is a row that says why, channels stand in their tensor's place: the session knows.
            Told::Arrived(arrival) => drop(session.receive(arrival)),
            Told::Done => break,
            _ => {}
        }
    }
    drop(loader);
    print!("{}", report::text(&session));
}
