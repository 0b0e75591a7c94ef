//! Files behind their loader: the order in which they come, and what a defect does.

use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::calibrate::{Calibration, Calibrator, Max, NoThreshold, Tensor};
use crate::input::Part;
use crate::jobs::readers::testing::Panics;
use crate::jobs::trial::{News, Trial};
use crate::quant::Format;
use crate::session::Rules;
use crate::session::Start;

/// 1, 2, 3 as an .npy file.
const NPY: &[u8] = b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }            \n\x00\x00\x80?\x00\x00\x00@\x00\x00@@";

fn sources(n: usize) -> Discovered {
    let source = |i| Source { name: format!("layer{i}"), parts: vec![Part::memory("layer", NPY)] };
    Discovered { sources: (0..n).map(source).collect(), errors: Vec::new() }
}

fn key(name: &str) -> Key {
    Key::activation(name)
}

fn start(n: usize, method: impl Calibrator + 'static, threads: usize) -> (Loader, Receiver<Told>) {
    let method: Arc<dyn Calibrator> = Arc::new(method);
    let plan = Plan {
        methods: vec![method].into(),
        default_method: 0,
        format: Format::INT8,
        rules: Rules::new(),
        overlays: [].into(),
    };
    let recipe = Recipe { bins: 128, grids: Vec::new() };
    let (sender, events) = channel();
    let ties = Ties::default();
    let order = Order { discover: Box::new(move || sources(n)), recipe, plan, ties, measure: false, threads };
    (Loader::start(order, move |told| drop(sender.send(told))), events)
}

#[test]
fn names_come_first_then_every_layer_then_the_end() {
    let (_loader, events) = start(20, Max, 3);
    let mut told = Vec::new();
    for event in events {
        match event {
            Told::Arrived(Arrival::Found { layers, .. }) => assert!(told.is_empty() && layers.len() == 20),
            Told::Arrived(Arrival::Layer { key, result }) => {
                assert_eq!(result.unwrap().1.stats().count, 3);
                told.push(key.name().to_owned());
            }
            Told::Done => break,
            _ => {}
        }
    }
    told.sort_unstable();
    let mut names: Vec<String> = (0..20).map(|i| format!("layer{i}")).collect();
    names.sort_unstable();
    assert_eq!(told, names);
    let (_loader, events) = start(0, Max, 1);
    assert!(events.iter().any(|e| matches!(e, Told::Done)), "nothing to read is an end too");
}

/// Waits at its first tensor until it is let go.
struct Gate(Mutex<Receiver<()>>);

impl Calibrator for Gate {
    fn id(&self) -> &str {
        "gate"
    }
    fn label(&self) -> &str {
        "gate"
    }
    fn summary(&self) -> &str {
        "Waits."
    }
    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        let _ = self.0.lock().unwrap().recv();
        Max.calibrate(tensor)
    }
}

#[test]
fn the_layer_looked_at_is_read_next_and_finer_bins_before_it() {
    let (open, gate) = channel();
    let (loader, events) = start(9, Gate(Mutex::new(gate)), 1);
    assert!(matches!(events.recv().unwrap(), Told::Arrived(Arrival::Found { .. })));
    // The first layer is in the gate, or will be: what is wished for now comes second at the earliest.
    open.send(()).unwrap();
    let layer = |told| match told {
        Told::Arrived(Arrival::Layer { key, .. }) => Some(key.name().to_owned()),
        _ => None,
    };
    let first = events.iter().find_map(layer);
    loader.request(Request::Prefer(key("layer7")));
    loader.request(Request::Fine { key: key("layer3"), bins: 256 });
    drop(open);
    let mut order = vec![first.unwrap()];
    for event in &events {
        match event {
            Told::Arrived(Arrival::Layer { key, .. }) => order.push(key.name().to_owned()),
            Told::Fine { key, result } => order.push(format!("fine {key} {}", result.unwrap().bins())),
            Told::Done => break,
            _ => {}
        }
    }
    let at = |what: &str| order.iter().position(|o| o == what).unwrap();
    // One layer may have been under way when the wishes came.
    assert!(at("layer7") <= 3 && at("fine layer3 256") <= 2 && at("fine layer3 256") < at("layer7"), "{order:?}");
}

#[test]
fn a_panic_is_an_error_of_its_layer() {
    let (_loader, events) = start(4, Panics, 2);
    let mut failed = 0;
    for event in events {
        match event {
            Told::Arrived(Arrival::Layer { result, .. }) => {
                assert!(result.err().unwrap().to_string().contains("please report"));
                failed += 1;
            }
            Told::Done => break,
            _ => {}
        }
    }
    assert_eq!(failed, 4);
}

fn order(discover: impl FnOnce() -> Discovered + Send + 'static) -> Order {
    let methods: Vec<Arc<dyn Calibrator>> = vec![Arc::new(Max)];
    let plan = Plan {
        methods: methods.into(),
        default_method: 0,
        format: Format::INT8,
        rules: Rules::new(),
        overlays: [].into(),
    };
    let (recipe, ties) = (Recipe::magnitudes(128), Ties::default());
    Order { discover: Box::new(discover), recipe, plan, ties, measure: false, threads: 2 }
}

/// What comes until the end; that there is one is what a defect must not change.
fn all(events: &Receiver<Told>) -> Vec<Told> {
    let next = || events.recv_timeout(std::time::Duration::from_secs(20)).expect("it goes on");
    let mut told = Vec::new();
    while !matches!(told.last(), Some(Told::Done)) {
        told.push(next());
    }
    told
}

#[test]
fn a_panic_while_files_are_listed_is_a_failure_and_an_end() {
    let (sender, events) = channel();
    let order = order(|| panic!("a defect"));
    let _loader = Loader::start(order, move |told| drop(sender.send(told)));
    let told = all(&events);
    let Told::Arrived(Arrival::Found { layers, failures }) = &told[0] else { panic!("nothing was found") };
    assert!(layers.is_empty() && failures[0].message.contains("please report"), "{failures:?}");
    assert_eq!(failures[0].kind, ErrorKind::Defect);
}

#[test]
fn a_panic_is_the_answer_to_its_request_and_the_next_one_is_answered() {
    let (sender, events) = channel();
    let loader = Loader::start(order(|| sources(2)), move |told| drop(sender.send(told)));
    all(&events);
    // There is no such method, which nobody but a defect of the program's would ask for.
    let start = Start {
        method: 99,
        named: false,
        known: None,
        imported: Vec::new(),
        by: None,
        format: Format::INT8,
        quantized: true,
        axis: Some(0),
    };
    loader.request(Request::Channels { key: key("layer0"), start });
    let told = events.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    let Told::Arrived(Arrival::Channels { result: Err(why), requested: true, .. }) = told else { panic!() };
    assert!(why.message.contains("please report"), "{why}");
    loader.request(Request::Fine { key: key("layer1"), bins: 256 });
    let told = events.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    assert!(matches!(told, Told::Fine { result: Ok(_), .. }));
    // What is not there, and what files cannot do, is said too.
    loader.request(Request::Fine { key: key("gone"), bins: 256 });
    let told = events.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    assert!(matches!(told, Told::Fine { result: Err(Failure { kind: ErrorKind::Missing, .. }), .. }));
    loader.request(Request::Trial(Trial::Whole(Default::default())));
    let told = events.recv().unwrap();
    assert!(matches!(told, Told::Trial(News::Whole { result: Err(Failure { kind: ErrorKind::Unfit, .. }), .. })));
}

#[test]
fn a_stop_leaves_what_was_not_begun() {
    let (open, gate) = channel();
    let (loader, events) = start(9, Gate(Mutex::new(gate)), 1);
    assert!(matches!(events.recv().unwrap(), Told::Arrived(Arrival::Found { .. })));
    open.send(()).unwrap();
    let layer = |told: &Told| matches!(told, Told::Arrived(Arrival::Layer { .. }));
    assert!(events.iter().any(|told| layer(&told)));
    loader.stop(Stop::All);
    drop(open);
    let told = all(&events);
    let Some(Told::Stopped { seen, of: 9 }) = told.iter().find(|t| matches!(t, Told::Stopped { .. })) else {
        panic!("it is not said")
    };
    assert!((1..=3).contains(seen), "{seen}");
    assert_eq!(told.iter().filter(|told| layer(told)).count(), seen - 1, "what was begun is told");
}
