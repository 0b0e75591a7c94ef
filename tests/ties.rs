//! Tensors that share one range, as a user has them: message stories.
#![cfg(feature = "tui")]

#[path = "support/npy.rs"]
mod npy;
#[cfg(feature = "onnx")]
#[path = "support/onnx.rs"]
mod onnx;
mod support;

use crossterm::event::{KeyCode, KeyModifiers};
use qviz::ErrorKind;
use qviz::jobs::Request;
use qviz::quant::Format;
use qviz::report;
use qviz::session::{Arrival, Failure};
use qviz::tui::msg::Cmd;
use serde_json::Value;
use support::Story;

const LAYERS: [&str; 3] = ["03.conv3.relu", "06.conv11.hswish", "09.conv12.scaled"];

/// Three tensors tied, one of them looked at.
fn story() -> Story {
    let mut story = Story::bundled();
    story.select(LAYERS[1]).tie("03.conv3.relu,09*");
    story
}

fn chosen(s: &Story, name: &str) -> Value {
    let tensors = s.document()["tensors"].as_array().unwrap().clone();
    tensors.into_iter().find(|t| t["name"] == name).unwrap()["chosen"].clone()
}

/// What stands in every tensor's export, and that it is the same in all.
fn shared(s: &Story) -> (f64, f64) {
    let each = LAYERS.map(|name| chosen(s, name));
    for field in
        ["method", "edited", "quantized", "num_bits", "signed", "clip_min", "clip_max", "amax", "scale", "zero_point"]
    {
        assert!(each.iter().all(|c| c[field] == each[0][field] && !c[field].is_null()), "{field}");
    }
    assert_eq!(each[0]["tied_with"], serde_json::json!([LAYERS[1], LAYERS[2]]));
    assert_eq!(each[1]["tied_with"], serde_json::json!([LAYERS[0], LAYERS[2]]));
    (each[0]["amax"].as_f64().unwrap(), each[0]["scale"].as_f64().unwrap())
}

#[test]
fn a_tied_tensor_is_dragged_with_the_others_and_undone_at_once() {
    let mut s = story();
    assert_eq!(s.model.session.history_len(), (1, 0));
    // One decision for all of them is about one thing.
    s.keys("uU");
    assert_eq!(s.notice(), format!("redone: tie of {}", LAYERS[0]));
    s.keys("1u");
    assert_eq!(s.notice(), format!("undone: method max of {}", LAYERS[0]));
    let tied = shared(&s);
    let counts = |layer: usize| s.model.session.layers()[layer].ready().unwrap().stats().count;
    let all: u64 =
        LAYERS.iter().map(|n| s.model.session.layers().iter().position(|l| l.name() == *n).unwrap()).map(counts).sum();
    assert_eq!(s.ready().stats().count, all, "what is drawn are the values of all");
    let at = s.line();
    s.grab(at).drag_to(at + 5);
    assert_eq!(s.line(), at + 5);
    assert_eq!(shared(&s).0 as f32, s.amax());
    s.press(KeyCode::Esc);
    assert_eq!(shared(&s), tied, "put back");
    s.grab(at).drag_to(at + 9).release(at + 9);
    let dragged = shared(&s);
    assert!(dragged.0 > tied.0 && s.model.session.history_len() == (2, 0));
    // The errors are each tensor's own.
    assert_ne!(chosen(&s, LAYERS[0])["mse"], chosen(&s, LAYERS[1])["mse"]);
    s.select(LAYERS[2]);
    assert_eq!(f64::from(s.amax()).to_string(), f64::from(dragged.0 as f32).to_string(), "the same line on each");
    s.keys("u");
    assert_eq!(shared(&s), tied);
    assert_eq!(s.model.session.layers()[s.model.list.selected].name(), LAYERS[2], "what is looked at stays");
    s.keys("u");
    assert!(chosen(&s, LAYERS[0]).get("tied_with").is_none() && !s.model.session.is_dirty());
    s.keys("UU");
    assert_eq!(shared(&s), dragged);
}

#[test]
fn every_command_goes_for_all_that_are_tied() {
    let mut s = story();
    let max = LAYERS
        .map(|n| s.model.session.layers().iter().find(|l| l.name() == n).unwrap().ready().unwrap().stats().amax());
    s.keys("1");
    assert_eq!(shared(&s).0 as f32, max.into_iter().fold(0.0, f32::max), "the largest magnitude of all values");
    s.keys("hhh");
    let moved = shared(&s);
    assert_eq!(s.model.session.history_len().0, 3, "a run of keys is one step");
    s.keys("0");
    assert!(shared(&s).0 > moved.0 && chosen(&s, LAYERS[2])["edited"] == false);
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("uint4 affine").press(KeyCode::Enter);
    shared(&s);
    assert_eq!(
        (chosen(&s, LAYERS[0])["num_bits"].as_u64(), chosen(&s, LAYERS[0])["symmetric"].as_bool()),
        (Some(4), Some(false))
    );
    s.keys("u=2.5").press(KeyCode::Enter);
    assert_eq!(shared(&s).0, 2.5);
    s.keys("o");
    assert!(LAYERS.iter().all(|n| chosen(&s, n)["quantized"] == false));
    let text = report::text(&s.model.session);
    let tied: Vec<&str> = text.lines().filter(|l| l.ends_with("tied") || l.contains("tied,")).collect();
    assert_eq!(tied.len(), 3, "{text}");
}

#[test]
fn the_screen_says_who_shares_with_whom() {
    let mut s = story();
    let screen = s.screen();
    assert!(screen.contains(&format!("{}, tied", LAYERS.join(" + "))), "{screen}");
    assert_eq!(
        screen.lines().filter(|l| l.starts_with([' ', '▸']) && l.chars().nth(1) == Some('≡')).count(),
        3,
        "{screen}"
    );
    assert!(screen.contains("Shares its range with"));
    // The values of all are not one layer that could be read again, nor have they channels.
    for (keys, why) in [("x", "a range of its own"), ("A", "shares its range")] {
        s.keys(keys);
        assert!(s.notice().contains(why), "{}", s.notice());
    }
    // The names of the others stand there to be changed.
    s.keys("J").key(KeyCode::Char('u'), KeyModifiers::CONTROL).press(KeyCode::Enter);
    assert!(s.notice().contains("each of 3 layers") && chosen(&s, LAYERS[0]).get("tied_with").is_none());
    // What was read once is not read again.
    s.keys("J").keys("03.conv3.relu,09*").press(KeyCode::Enter);
    assert!(!s.cmds.iter().any(|c| matches!(c, Cmd::Request(Request::Tie { .. }))));
    shared(&s);
}

/// The prompt takes back what it shows, whatever the names hold.
#[test]
fn names_with_commas_and_brackets_are_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a,b", "a", "b", "x[0]", "op:c"];
    for (at, name) in names.into_iter().enumerate() {
        npy::write(folder.path().join(format!("{name}.npy")), &npy::normal(300, at as u32));
    }
    let mut s = Story::of_paths(&[folder.path().to_owned()], Format::INT8);
    let with = |s: &Story, name: &str| chosen(s, name).get("tied_with").cloned();
    s.select("a,b").tie("x[[]0[]],[o]p:c");
    let tied = with(&s, "a,b").expect("it is tied");
    assert_eq!(tied.as_array().unwrap().len(), 2, "{tied}");
    let steps = s.model.session.history_len();
    s.keys("J").press(KeyCode::Enter);
    assert_eq!(with(&s, "a,b"), Some(tied), "{}", s.notice());
    assert_eq!((s.model.session.history_len(), with(&s, "a"), with(&s, "b")), (steps, None, None), "{}", s.notice());
}

#[test]
fn what_cannot_be_tied_is_said() {
    let mut s = Story::bundled();
    s.select(LAYERS[0]);
    for (names, why) in [("nothing*", "would be alone"), (LAYERS[0], "would be alone"), ("[", "pattern")] {
        s.keys("J").keys(names).press(KeyCode::Enter);
        assert!(s.notice().contains(why), "{names}: {}", s.notice());
        s.press(KeyCode::Esc);
    }
    s.select(LAYERS[1]).per_channel("1").select(LAYERS[0]);
    s.keys("J").keys(LAYERS[1]).press(KeyCode::Enter);
    assert!(s.notice().contains("has a range for each channel"), "{}", s.notice());
    s.press(KeyCode::Esc);
    // The values of one of them could not be had again.
    s.keys("J").keys("05*").press(KeyCode::Enter);
    let Some(Request::Tie { of, .. }) = s.asked() else { panic!() };
    let why = Failure { kind: ErrorKind::Missing, file: "x.npy".into(), message: "x.npy is gone.".into() };
    s.arrive(Arrival::Tied { of, requested: true, result: Err(why) });
    assert!(s.notice().contains("not tied: x.npy is gone.") && s.model.session.history_len().0 == 1);
}

/// What the loaders bring when they are asked on the way.
mod loaders {
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, channel};

    use qviz::calibrate;
    use qviz::input::{Discovered, discover};
    use qviz::jobs::{Feed, Loader, Order, Recipe, Request, Ties, Told};
    use qviz::quant::Format;
    use qviz::session::{Arrival, Joint, Key, Plan, Rules, Start};

    use crate::npy;

    fn plan() -> (Recipe, Plan, Start) {
        let methods = calibrate::defaults();
        let recipe = Recipe::new(512, methods.iter().map(AsRef::as_ref));
        let plan = Plan {
            methods: methods.into(),
            default_method: 2,
            format: Format::INT8,
            rules: Rules::new(),
            overlays: [].into(),
        };
        let start = Start {
            method: 0,
            named: false,
            known: None,
            imported: Vec::new(),
            by: None,
            format: Format::INT8,
            quantized: true,
            axis: None,
        };
        (recipe, plan, start)
    }

    /// Waits for the end, and gives back the joints that came before it.
    fn beforehand(events: &Receiver<Told>) -> Vec<Joint> {
        let mut joints = Vec::new();
        for told in events {
            match told {
                Told::Arrived(Arrival::Tied { requested: false, result, of }) => {
                    let joint = *result.unwrap();
                    assert_eq!(joint.of.len(), of.len());
                    joints.push(joint);
                }
                Told::Arrived(Arrival::Tied { .. }) => panic!("nobody asked"),
                Told::Done => break,
                _ => {}
            }
        }
        joints
    }

    fn keys(names: &[&str]) -> Vec<Key> {
        names.iter().map(|name| Key::activation(*name)).collect()
    }

    fn tie(names: &[&str]) -> Request {
        Request::Tie { of: keys(names), start: plan().2 }
    }

    fn requested(events: &Receiver<Told>) -> Result<Box<Joint>, String> {
        let tied = |told| match told {
            Told::Arrived(Arrival::Tied { requested: true, result, .. }) => Some(result.map_err(|e| e.to_string())),
            _ => None,
        };
        events.iter().find_map(tied).unwrap()
    }

    #[test]
    fn files_tied_later_are_what_they_would_have_been_at_first() {
        let folder = tempfile::tempdir().unwrap();
        for (name, seed) in [("a", 1), ("b", 2), ("c", 3)] {
            npy::write(folder.path().join(format!("{name}.npy")), &npy::normal(3000, seed));
        }
        let load = |ties: &[&str]| {
            let (recipe, plan, _) = plan();
            let paths = vec![folder.path().to_owned()];
            let found: Box<dyn FnOnce() -> Discovered + Send> = Box::new(move || discover(&paths, None));
            let ties = Ties { asked: ties.iter().map(|t| t.parse().unwrap()).collect(), concats: true };
            let (sender, events) = channel();
            let order = Order { discover: found, recipe, plan, ties, measure: true, threads: 2 };
            (Loader::start(order, move |told| drop(sender.send(told))), events)
        };
        let (_at_first, events) = load(&["a,c", "b,c"]);
        let joints = beforehand(&events);
        assert_eq!((joints.len(), joints[0].of.clone(), joints[0].measured.len()), (1, keys(&["a", "b", "c"]), 3));
        let (later, events) = load(&[]);
        assert!(beforehand(&events).is_empty());
        later.request(tie(&["a", "b", "c"]));
        let joint = requested(&events).unwrap();
        assert_eq!(joint.ready.histogram(), joints[0].ready.histogram());
        assert_eq!(
            (joints[0].ready.decision().method.as_str(), joint.ready.decision().method.as_str()),
            ("entropy", "max")
        );
        std::fs::remove_file(folder.path().join("b.npy")).unwrap();
        later.request(tie(&["b", "c"]));
        assert!(requested(&events).err().unwrap().contains("b.npy"));
    }

    #[cfg(feature = "onnx")]
    #[test]
    fn activations_tied_later_are_what_they_would_have_been_at_first() {
        use qviz::jobs::{Backend, NetworkLoader, NetworkOrder, Subject};
        use qviz::model::{Placement, SampleOptions, SampleSource};

        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("net.onnx");
        let nodes = [
            crate::onnx::node("Relu", &["x"], "a", None),
            crate::onnx::node("Neg", &["x"], "b", None),
            crate::onnx::node("Concat", &["b", "a"], "y", Some(("axis", 1))),
        ];
        std::fs::write(&model, crate::onnx::model(("x", &[1, 8]), &nodes, ("y", &[1, 16]))).unwrap();
        for one_pass in [false, true] {
            let load = |concats: bool| {
                let (mut recipe, plan, _) = plan();
                if !one_pass {
                    // A sample is a batch.
                    recipe.grids.push(qviz::histogram::GridSpec::NvidiaTorch { bins: 64 });
                }
                let (samples, options) = (SampleSource::Random { n: 5, seed: 3 }, SampleOptions::default());
                let (backend, placement) = (Backend::Tract, Some(Placement::All));
                let (model, check) = (model.clone(), None);
                let subject = Subject { model, samples, options, check, backend, placement, as_written: false };
                let ties = Ties { asked: Vec::new(), concats };
                let (sender, events) = channel();
                let order = NetworkOrder {
                    subject,
                    recipe,
                    plan,
                    ties,
                    one_pass,
                    measure: true,
                    ignore_sentinels: false,
                    first_figure: None,
                    threads: 2,
                };
                (NetworkLoader::start(order, move |told| drop(sender.send(told))), events)
            };
            let (_at_first, events) = load(true);
            let joints = beforehand(&events);
            assert_eq!((joints.len(), joints[0].of.clone(), joints[0].measured.len()), (1, keys(&["a", "b"]), 2));
            assert_eq!(joints[0].why.as_deref(), Some("inputs of the Concat Concat_y"));
            assert_eq!(joints[0].ready.stats().count, 5 * 16);
            let (later, events) = load(false);
            assert!(beforehand(&events).is_empty());
            later.request(tie(&["a", "b"]));
            let joint = requested(&events).unwrap();
            assert_eq!(Arc::as_ref(joint.ready.histogram()), Arc::as_ref(joints[0].ready.histogram()), "{one_pass}");
        }
    }
}
