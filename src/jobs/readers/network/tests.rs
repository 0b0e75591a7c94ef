//! A network behind its loader: what comes, how often it is run for it, and what a defect does.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::calibrate::{Calibrator, Max};
use crate::histogram::Histogram;
use crate::jobs::readers::testing::Panics;
use crate::jobs::trial::Params;
use crate::jobs::tuning::{Tried, Tune, TuneLayer};
use crate::model::{Placement, SampleOptions, SampleSource};
use crate::quant::{Clip, Decibels, Format, Grids, QuantParams};
use crate::session::{Key, Rules, Session, Start};

mod tuning;

#[path = "../../../../tests/support/onnx.rs"]
mod onnx;

struct Net {
    _folder: TempDir,
    loader: NetworkLoader,
    events: Receiver<Told>,
    session: Session,
}

/// The network of these nodes from `x` to `y`, both 1 x 4, on these samples, with rules such as `a=axis:1`.
fn net(nodes: &[Vec<u8>], rows: &[[f32; 4]], rules: &[&str], change: impl FnOnce(&mut NetworkOrder)) -> Net {
    use ndarray_npy::WriteNpyExt;
    let folder = tempfile::tempdir().unwrap();
    let (model, data) = (folder.path().join("net.onnx"), folder.path().join("x.npy"));
    std::fs::write(&model, onnx::model(("x", &[1, 4]), nodes, ("y", &[1, 4]))).unwrap();
    let array = ndarray::Array2::from_shape_vec((rows.len(), 4), rows.concat()).unwrap();
    array.write_npy(std::fs::File::create(&data).unwrap()).unwrap();

    let rules = rules.iter().fold(Rules::new(), |rules, set| rules.assign(set.parse().unwrap()));
    let session = Session::new(vec![Arc::new(Max)], "max", Format::INT8).with_rules(rules);
    let mut order = order(&model, SampleSource::Files(vec![data]), &session);
    change(&mut order);
    let (sender, events) = channel();
    let loader = NetworkLoader::start(order, move |told| drop(sender.send(told)));
    Net { _folder: folder, loader, events, session }
}

fn order(model: &Path, samples: SampleSource, session: &Session) -> NetworkOrder {
    NetworkOrder {
        subject: Subject {
            model: model.into(),
            samples,
            options: SampleOptions::default(),
            check: None,
            backend: Backend::Tract,
            placement: Some(Placement::All),
            as_written: false,
        },
        recipe: Recipe::magnitudes(128),
        plan: session.plan(),
        ties: Ties::default(),
        one_pass: false,
        ignore_sentinels: false,
        first_figure: None,
        measure: false,
        threads: 2,
    }
}

impl Net {
    /// The next news; that something comes is what a defect must not change.
    fn next(&self) -> Told {
        self.events.recv_timeout(Duration::from_secs(30)).expect("something comes")
    }

    /// Takes in what comes until the end.
    fn read(mut self) -> Net {
        loop {
            match self.next() {
                Told::Arrived(arrival) => drop(self.session.receive(arrival)),
                Told::Done => return self,
                _ => {}
            }
        }
    }

    fn runs(&self) -> usize {
        self.loader.shared.runs.load(Ordering::Relaxed)
    }

    fn ready(&self, name: &str) -> &crate::session::Ready {
        let layer = self.session.position(&Key::activation(name)).unwrap();
        self.session.layers()[layer].ready().unwrap()
    }
}

fn chain(ops: &[&str]) -> Vec<Vec<u8>> {
    let name = |i: usize| if i == ops.len() { "y".to_owned() } else { ["x", "a", "b", "c", "d"][i].to_owned() };
    let node = |(i, op): (usize, &&str)| onnx::node(op, &[&name(i)], &name(i + 1), None);
    ops.iter().enumerate().map(node).collect()
}

const ROWS: [[f32; 4]; 3] = [[1.0, -2.0, 3.0, 4.0], [0.5, 0.25, -8.0, 1.0], [2.0, 2.5, 1.0, -1.0]];

#[test]
fn channels_and_measures_come_out_of_the_same_runs() {
    let nodes = chain(&["Neg", "Abs", "Neg", "Relu"]);
    let plain = net(&nodes, &ROWS, &[], |_| {}).read();
    assert_eq!(plain.runs(), 6);
    // Each of five activations by channels: it took 2 more passes for each.
    let channels = net(&nodes, &ROWS, &["*=axis:1"], |_| {}).read();
    assert_eq!(channels.runs(), 6);
    for tensor in channels.session.layers() {
        let all = tensor.channels();
        assert_eq!(all.len(), 4, "{}", tensor.name());
        for (channel, ready) in all.iter().enumerate() {
            let own = ROWS.map(|row| row[channel]);
            let values: Vec<f32> = match tensor.name() {
                "x" => own.to_vec(),
                "a" => own.iter().map(|x| -x).collect(),
                "b" => own.iter().map(|x| x.abs()).collect(),
                "c" => own.iter().map(|x| -x.abs()).collect(),
                _ => vec![0.0; 3],
            };
            assert_eq!(**ready.histogram(), Histogram::of(&values, 128, &[]), "{} {channel}", tensor.name());
        }
    }
    // Measured, and tied: one more run for both.
    let measured = net(&nodes, &ROWS, &["x=axis:1"], |order| {
        order.measure = true;
        order.ties.asked.push("a,b".parse().unwrap());
    });
    let measured = measured.read();
    assert_eq!(measured.runs(), 9);
    assert!(!measured.session.tied(&Key::activation("a")).is_empty() && measured.ready("a").measured().is_some());
    assert!(measured.ready("c").measured().is_some());
    // In one pass they take two of their own.
    assert_eq!(net(&nodes, &ROWS, &["*=axis:1"], |order| order.one_pass = true).read().runs(), 3 + 6);
}

#[test]
fn a_method_s_panic_is_the_failure_of_its_layer() {
    let broken = net(&chain(&["Neg", "Abs"]), &ROWS, &[], |order| {
        order.plan.methods = vec![Arc::new(Panics) as Arc<dyn Calibrator>].into();
    });
    let broken = broken.read();
    let failures: Vec<&str> = broken.session.failures().map(|(_, why)| why).collect();
    assert_eq!(failures.len(), 3);
    assert!(failures.iter().all(|why| why.contains("please report")), "{failures:?}");
}

fn tune_layer(net: &Net, name: &str, clip: f32, method: Arc<dyn Calibrator>) -> TuneLayer {
    TuneLayer {
        key: Key::activation(name),
        present: Tried { clip: Clip::symmetric(clip), format: Format::INT8 },
        histogram: net.ready(name).histogram().clone(),
        methods: vec![method],
        proposed: Vec::new(),
        surely: None,
        tied: Vec::new(),
    }
}

fn on(clip: f32) -> Grids {
    QuantParams::from_clip(Clip::symmetric(clip), Format::INT8).into()
}

#[test]
fn a_panic_in_a_trial_or_a_request_is_its_answer_and_the_next_one_is_answered() {
    let net = net(&chain(&["Neg", "Abs"]), &ROWS, &[], |_| {}).read();
    let params: Params = [(Key::activation("a"), on(8.0))].into();
    let layers = vec![tune_layer(&net, "a", 8.0, Arc::new(Panics))];
    net.loader.request(Request::Trial(Trial::Tune(Tune::new(params.clone(), layers))));
    let Told::Trial(News::Tuned(Err(why))) = net.next() else { panic!("the search ends") };
    assert!(why.message.contains("please report"), "{why}");
    net.loader.request(Request::Trial(Trial::Whole(params)));
    let Told::Trial(News::Whole { result: Ok(effects), .. }) = net.next() else { panic!("it goes on") };
    let effect = effects.all;
    assert_eq!((effect.samples, effect.of), (3, 3));
    // Nobody but a defect asks for a method that is not there.
    let start = Start {
        method: 99,
        named: false,
        known: None,
        imported: Vec::new(),
        by: None,
        format: Format::INT8,
        quantized: true,
        axis: Some(1),
    };
    net.loader.request(Request::Channels { key: Key::activation("a"), start });
    let channels = loop {
        match net.next() {
            Told::Progress { .. } => {}
            told => break told,
        }
    };
    let Told::Arrived(Arrival::Channels { result: Err(why), .. }) = channels else { panic!("it is answered") };
    assert!(why.message.contains("please report"), "{why}");
    net.loader.request(Request::Fine { key: Key::activation("a"), bins: 256 });
    assert!(matches!(net.next(), Told::Fine { result: Ok(_), .. }));
    net.loader.request(Request::Trial(Trial::Alone { key: Key::activation("a"), params: on(8.0) }));
    assert!(matches!(net.next(), Told::Trial(News::Alone { result: Ok(_), .. })));
}

#[test]
fn what_cannot_be_opened_refuses_what_is_asked_of_it() {
    let net = net(&chain(&["NoSuchOperator"]), &ROWS, &[], |_| {}).read();
    assert!(net.session.failures().next().is_some());
    net.loader.request(Request::Trial(Trial::Whole(Params::default())));
    let refused = net.next();
    assert!(matches!(refused, Told::Trial(News::Whole { result: Err(Failure { kind: ErrorKind::Failed, .. }), .. })));
}

#[test]
fn a_clip_that_makes_the_outputs_nan_is_never_taken() {
    // b / b is 1, and 0 / 0 where a small b goes to zero on a coarse params.
    let mut nodes = chain(&["Neg", "Neg", "Abs"]);
    nodes[2] = onnx::node("Div", &["b", "b"], "y", None);
    let rows: Vec<[f32; 4]> = (0..8).map(|i| [0.02 + 0.001 * i as f32, 0.3, 0.5, 100.0]).collect();
    let net = net(&nodes, &rows, &[], |_| {}).read();
    let key = Key::activation("b");
    let whole = |clip: f32| {
        net.loader.request(Request::Trial(Trial::Whole([(key.clone(), on(clip))].into())));
        let Told::Trial(News::Whole { result: Ok(effects), .. }) = net.next() else { panic!("it runs") };
        let effect = effects.all;
        effect.quality()
    };
    let good = Decibels::new(100.0);
    assert!(whole(0.5) > good && whole(100.0).get().is_nan(), "the trap is one");
    for (present, rounds) in [(0.5, 1), (0.5, 3), (100.0, 2)] {
        let layers = vec![tune_layer(&net, "b", present, Arc::new(Max))];
        let params: Params = [(key.clone(), on(present))].into();
        net.loader.request(Request::Trial(Trial::Tune(Tune { rounds, ..Tune::new(params, layers) })));
        let tuned = loop {
            if let Told::Trial(News::Tuned(result)) = net.next() {
                break result.unwrap().unwrap();
            }
        };
        let unseen = tuned.unseen.unwrap().1.effect.quality();
        assert!(tuned.after.effect.quality() > good && unseen > good, "{present} {rounds}: {tuned:?}");
    }
}

/// Positive samples go one way, negative ones the other.
fn two_ways(rows: &[[f32; 4]], rules: &[&str]) -> Net {
    let sum = |of: &str, to: &str| onnx::node("ReduceSum", &[of], to, Some(("keepdims", 0)));
    let yes = [onnx::node("Neg", &["x"], "a", None), onnx::node("Abs", &["a"], "b", None)];
    let no = [onnx::node("Exp", &["x"], "c", None)];
    let nodes = [
        onnx::node("Neg", &["x"], "n", None),
        sum("x", "s"),
        sum("n", "t"),
        onnx::node("Greater", &["s", "t"], "positive", None),
        onnx::if_node("positive", "y", (&yes, "b"), (&no, "c")),
    ];
    net(&nodes, rows, rules, |_| {}).read()
}

#[test]
fn what_only_some_samples_reach_is_counted_on_those_and_said() {
    let rows = [[1.0, 2.0, 3.0, 4.0], [-1.0, -2.0, -3.0, -4.0], [5.0, 6.0, 7.0, 8.0]];
    let net = two_ways(&rows, &["a=axis:1"]);
    let layer = |name: &str| &net.session.layers()[net.session.position(&Key::activation(name)).unwrap()];
    let notes = |name: &str| layer(name).origin.notes.clone();
    assert_eq!(notes("a"), ["Counted on 2 of 3 samples: the others take another branch."]);
    assert_eq!(notes("c"), ["Counted on 1 of 3 samples: the others take another branch."]);
    assert!(notes("x").is_empty() && notes("y").is_empty());
    let count = |name: &str| net.ready(name).histogram().stats.count;
    assert_eq!([count("x"), count("a"), count("b"), count("c"), count("y")], [12, 8, 8, 4, 12]);
    // Its channels are those of the samples that reach it.
    let channels = layer("a").channels();
    let of = |channel: usize| channels[channel].histogram().stats.clone();
    assert_eq!((of(3).count, of(3).min, of(3).max), (2, Some(-8.0), Some(-4.0)));
}

#[test]
fn trials_of_a_network_whose_samples_go_different_ways() {
    let rows: Vec<[f32; 4]> = (0..6).map(|i| [0.3, -0.7, 1.1, 2.0].map(|x| if i % 2 == 0 { x } else { -x })).collect();
    let net = two_ways(&rows, &[]);
    for name in ["x", "n", "a", "b", "c", "y"] {
        net.loader.request(Request::Trial(Trial::Alone { key: Key::activation(name), params: on(1.0) }));
        let Told::Trial(News::Alone { result, .. }) = net.next() else { panic!("it is answered") };
        let found = result.unwrap();
        assert_eq!(found.samples, 6, "{name}");
        assert_eq!(found.sqnr_db.unwrap() < Decibels::PERFECT, name != "n", "{name}: {found:?}");
    }
    net.loader.request(Request::Trial(Trial::Whole([(Key::activation("c"), on(1.0))].into())));
    assert!(matches!(net.next(), Told::Trial(News::Whole { result: Ok(_), .. })));
    net.loader.request(Request::Trial(Trial::Sensitivity(Params::default())));
    loop {
        match net.next() {
            Told::Trial(News::SensitivityEnd(result)) => break result.unwrap(),
            Told::Trial(News::Begun(_) | News::Sensitivity(..)) => {}
            _ => panic!("it ends"),
        }
    }
    let layers = vec![tune_layer(&net, "c", 0.5, Arc::new(Max))];
    let params: Params = [(Key::activation("c"), on(0.5))].into();
    net.loader.request(Request::Trial(Trial::Tune(Tune::new(params, layers))));
    loop {
        if let Told::Trial(News::Tuned(result)) = net.next() {
            break drop(result.unwrap().unwrap());
        }
    }
}

/// Runs of eight samples, and what is asked of them.
fn eight() -> Vec<[f32; 4]> {
    (0..8).map(|i| [1.0 + i as f32, -2.0, 0.5 * i as f32, 4.0]).collect()
}

#[test]
fn methods_are_told_one_by_one_and_give_way() {
    use crate::jobs::trial::{ByMethod, OneMethod};
    let net = net(&chain(&["Neg", "Abs"]), &eight(), &[], |_| {}).read();
    let a = || Key::activation("a");
    let method = |id: &str, clip: f32| OneMethod { id: id.into(), params: [(a(), on(clip))].into(), stand_ins: 0 };
    let of = |question, methods: Vec<OneMethod>| {
        Request::Trial(Trial::ByMethod(ByMethod { question, weights: Params::new(), methods }))
    };
    net.loader.request(of(1, vec![method("good", 8.0), method("bad", 1.0), method("same", 8.0)]));
    let mut told = Vec::new();
    loop {
        match net.next() {
            Told::Trial(News::Method(effect, left)) => told.push((effect, left)),
            Told::Trial(News::MethodsEnd { question: 1, result: Ok(()) }) => break,
            _ => panic!("nothing else was asked"),
        }
    }
    assert_eq!(
        told.iter().map(|(e, left)| (e.method.as_str(), *left)).collect::<Vec<_>>(),
        [("good", 2), ("bad", 1), ("same", 0)]
    );
    assert!(told[0].0.effects.all.quality() > told[1].0.effects.all.quality());
    assert_eq!((&told[0].0.effects, told[0].0.effects.all.samples), (&told[2].0.effects, 8));
    // It is the same as everything chosen so.
    net.loader.request(Request::Trial(Trial::Whole([(a(), on(1.0))].into())));
    let whole = loop {
        if let Told::Trial(News::Whole { result, .. }) = net.next() {
            break result.unwrap();
        }
    };
    assert_eq!(whole, told[1].0.effects);
    // What is asked for comes in between, and all is told in the end.
    let many: Vec<OneMethod> = (0..200).map(|i| method(&format!("m{i}"), 1.0 + i as f32)).collect();
    net.loader.request(of(2, many));
    assert!(matches!(net.next(), Told::Trial(News::Method(..))));
    net.loader.request(Request::Trial(Trial::Whole([(a(), on(2.0))].into())));
    let (mut seen, mut before) = (1, None);
    loop {
        match net.next() {
            Told::Trial(News::Method(effect, left)) => {
                assert_eq!((effect.method, left), (format!("m{seen}"), 199 - seen));
                seen += 1;
            }
            Told::Trial(News::Whole { .. }) => before = Some(seen),
            Told::Trial(News::MethodsEnd { question: 2, result: Ok(()) }) => break,
            _ => panic!("nothing else was asked"),
        }
    }
    assert_eq!(seen, 200);
    assert!(before.is_some_and(|before| before < 200), "{before:?}");
}

#[test]
fn a_stop_ends_the_comparison_of_methods() {
    use crate::jobs::trial::{ByMethod, OneMethod};
    let net = net(&chain(&["Neg", "Abs"]), &eight(), &[], |_| {}).read();
    let method = |i: usize| OneMethod {
        id: format!("m{i}"),
        params: [(Key::activation("a"), on(1.0 + i as f32))].into(),
        stand_ins: 0,
    };
    let methods = (0..5000).map(method).collect();
    net.loader.request(Request::Trial(Trial::ByMethod(ByMethod { question: 7, weights: Params::new(), methods })));
    assert!(matches!(net.next(), Told::Trial(News::Method(..))));
    net.loader.stop(Stop::All);
    let mut seen = 1;
    loop {
        match net.next() {
            Told::Trial(News::Method(..)) => seen += 1,
            Told::Trial(News::MethodsEnd { question: 7, result: Ok(()) }) => break,
            _ => panic!("nothing else was asked"),
        }
    }
    assert!(seen < 5000, "{seen}");
}

#[test]
fn an_order_of_sensitivity_comes_on_one_sample_first() {
    let net = net(&chain(&["Neg", "Abs", "Neg"]), &eight(), &[], |_| {}).read();
    let names = ["x", "a", "b"];
    let params: Params = names.iter().map(|name| (Key::activation(*name), on(2.0))).collect();
    net.loader.request(Request::Trial(Trial::Sensitivity(params)));
    let mut told = Vec::new();
    loop {
        match net.next() {
            Told::Trial(News::Sensitivity(found, left)) => told.push((found, left.steps)),
            Told::Trial(News::SensitivityEnd(result)) => break result.unwrap(),
            _ => panic!("nothing else was asked"),
        }
    }
    assert_eq!(told.iter().map(|(_, left)| *left).collect::<Vec<_>>(), [5, 4, 3, 2, 1, 0]);
    for (found, _) in &told[..3] {
        assert_eq!((found.alone.samples, found.alone.of, found.without.samples), (1, 8, 0));
        assert!(found.alone.quality() < Decibels::PERFECT);
    }
    for (found, _) in &told[3..] {
        assert_eq!((found.alone.samples, found.alone.of, found.without.samples), (8, 8, 8));
    }
    for some in [&told[..3], &told[3..]] {
        let mut keys: Vec<&str> = some.iter().map(|(found, _)| found.key.name()).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["a", "b", "x"]);
    }
}

#[test]
fn one_sample_answers_before_all_of_them_are_counted() {
    let nodes = chain(&["Neg", "Abs"]);
    let net_of = |rows: &[[f32; 4]], worth| net(&nodes, rows, &[], |order| order.first_figure = worth);
    let first = net_of(&ROWS, Some(Duration::ZERO));
    let effects = loop {
        match first.next() {
            Told::Trial(News::First { effects, .. }) => break effects,
            Told::Arrived(Arrival::Layer { .. }) => panic!("it comes first"),
            _ => {}
        }
    };
    assert_eq!((effects.all.samples, effects.all.of), (1, 3));
    // Two more runs, and nothing is counted otherwise; the session has not heard what was told before.
    while !matches!(first.next(), Told::Done) {}
    let plain = net_of(&ROWS, None).read();
    assert_eq!((first.runs(), plain.runs()), (8, 6));

    // It is what that sample says where there is no other.
    let alone = net_of(&[ROWS[crate::model::Draw::shuffled(3, 0)[0]]], None).read();
    alone.loader.request(Request::Trial(Trial::Whole(alone.session.params())));
    let Told::Trial(News::Whole { result: Ok(whole), .. }) = alone.next() else { panic!("it runs") };
    assert_eq!(whole.all.sqnr_db, effects.all.sqnr_db);

    // Who has all of them soon is not kept waiting, and of one sample there is no first.
    for (rows, worth) in [(&ROWS[..], Duration::from_secs(3600)), (&ROWS[..1], Duration::ZERO)] {
        let net = net_of(rows, Some(worth));
        loop {
            match net.next() {
                Told::Trial(_) => panic!("nobody waits for it"),
                Told::Done => break,
                _ => {}
            }
        }
    }
}
