//! Ranges per channel, as a user has them: message stories, and a brute-force oracle.
#![cfg(feature = "tui")]

#[path = "support/npy.rs"]
mod npy;
mod support;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEventKind};
use qviz::calibrate::{self, Tensor};
use qviz::histogram::Histogram;
use qviz::jobs::Request;
use qviz::quant::Format;
use qviz::session::{Ready, Target};
use qviz::tui::msg::Cmd;
use support::Story;

const SHAPE: [usize; 3] = [20, 6, 50];

/// Six channels along axis 1: one all zero, one with an outlier, one with NaN.
fn values() -> Vec<f32> {
    let mut values = npy::normal(SHAPE.iter().product(), 7);
    for (i, x) in values.iter_mut().enumerate() {
        match i / 50 % 6 {
            1 => *x = 0.0,
            2 if i == 117 => *x = 80.0,
            3 if i == 171 => *x = f32::NAN,
            4 => *x = x.abs(),
            channel => *x *= 1.0 + channel as f32,
        }
    }
    values
}

fn own(channel: usize) -> Vec<f32> {
    values().into_iter().enumerate().filter(|(i, _)| i / 50 % 6 == channel).map(|(_, x)| x).collect()
}

fn story() -> (Story, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let data: Vec<u8> = values().iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(folder.path().join("act.npy"), npy::npy("<f4", &SHAPE, &data)).unwrap();
    npy::write(folder.path().join("flat.npy"), &npy::normal(500, 3));
    let story = Story::of_paths(&[folder.path().to_owned()], Format::INT8);
    (story, folder)
}

/// A channel of the first layer.
fn channel(s: &Story, n: usize) -> &Ready {
    &s.model.session.layers()[0].channels()[n]
}

/// How many readings of channels wait.
fn asked(s: &Story) -> usize {
    s.cmds.iter().filter(|c| matches!(c, Cmd::Request(Request::Channels { .. }))).count()
}

fn chosen(s: &Story) -> serde_json::Value {
    s.document()["tensors"][0]["chosen"].clone()
}

#[test]
fn each_channel_is_calibrated_as_if_it_were_alone() {
    let (mut s, _folder) = story();
    s.per_channel("1");
    let methods = calibrate::defaults();
    let grids: Vec<_> = methods.iter().flat_map(|m| m.grids()).collect();
    let (mut squares, mut finite, mut energy, mut saturated) = (0.0, 0.0, 0.0, 0.0);
    for n in 0..6 {
        // Batches are those of the files: one here.
        let tensor = Tensor::new(Arc::new(Histogram::of(&own(n), 2048, &grids)), Format::INT8);
        for (candidate, method) in channel(&s, n).candidates().iter().zip(&methods) {
            let alone = tensor.candidate(method.as_ref());
            assert_eq!(format!("{:?}", candidate.outcome), format!("{:?}", alone.outcome), "{n} {}", candidate.id);
        }
        let (stats, m) = (&tensor.histogram().stats, channel(&s, n).metrics());
        squares += m.mse * stats.finite() as f64;
        saturated += m.saturated_count;
        finite += stats.finite() as f64;
        energy += stats.sum_of_squares();
    }
    // What they come to together, by the book.
    let together = s.ready().metrics();
    assert!((together.mse - squares / finite).abs() < 1e-12 * together.mse);
    assert!((together.sqnr_db - 10.0 * (energy / squares).log10()).abs() < 1e-9);
    assert!((together.saturated - saturated / finite).abs() < 1e-12 && together.kl.is_none());
}

#[test]
fn scales_become_arrays_in_channel_order() {
    let (mut s, _folder) = story();
    s.per_channel("-2"); // from the end
    let tensor = s.document()["tensors"][0].clone();
    assert_eq!(tensor["axis"], 1);
    for numbers in [&tensor["chosen"], &tensor["candidates"]["max"]] {
        for name in ["clip_min", "clip_max", "amax", "scale", "zero_point", "kl", "mse", "sqnr_db", "saturated"] {
            assert_eq!(numbers[name].as_array().map(Vec::len), Some(6), "{name}");
        }
        assert_eq!(numbers["qmax"], 127);
    }
    let amax = tensor["candidates"]["max"]["amax"].as_array().unwrap();
    for (n, amax) in amax.iter().enumerate() {
        let brute = own(n).iter().filter(|x| x.is_finite()).fold(0f32, |a, x| a.max(x.abs()));
        assert_eq!(amax.as_f64().unwrap() as f32, brute);
    }
    // The channel that is all zero: a scale for want of a range, and no error.
    assert_eq!(chosen(&s)["scale"][1], 1.0);
    assert!(chosen(&s)["sqnr_db"][1].is_null() && chosen(&s).get("methods").is_none());
    // The other layer has one range.
    let flat = s.document()["tensors"][1].clone();
    assert!(flat.get("axis").is_none() && flat["chosen"]["scale"].is_number());
    assert_eq!(s.document()["tensors"].as_array().unwrap().len(), 2, "channels are no tensors");
}

#[test]
fn a_choice_for_the_tensor_goes_for_all_its_channels_as_one_step() {
    let (mut s, _folder) = story();
    s.per_channel("1");
    assert_eq!((s.model.session.history_len(), s.model.session.changed()), ((1, 0), 1));
    let entropy = chosen(&s);
    s.keys("1");
    assert!((0..6).all(|n| channel(&s, n).decision().method == "max"));
    assert_eq!(s.model.session.history_len(), (2, 0));
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("4").press(KeyCode::Enter).keys("o");
    assert!((0..6).all(|n| channel(&s, n).format().num_bits() == 4 && !channel(&s, n).decision().quantized));
    assert_eq!((chosen(&s)["num_bits"].as_u64(), s.model.session.history_len().0), (Some(4), 4));
    s.keys("uuu");
    assert_eq!(chosen(&s), entropy, "three steps back");
    s.keys("u");
    assert!(chosen(&s)["scale"].is_number() && !s.model.session.is_dirty() && s.model.session.changed() == 0);
    s.keys("U");
    assert_eq!(chosen(&s), entropy);
}

#[test]
fn another_grid_is_worked_out_for_every_channel_and_left_again() {
    let (mut s, folder) = story();
    s.per_channel("1");
    let before = s.document()["tensors"][0].clone();
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("int4").press(KeyCode::Enter);
    let four = Format::INT8.with_bits(4);
    let mut fresh = Story::of_paths(&[folder.path().to_owned()], four);
    fresh.per_channel("1");
    assert_eq!(s.document()["tensors"][0], fresh.document()["tensors"][0]);
    s.keys("u");
    assert_eq!(s.document()["tensors"][0], before);
    s.keys("U");
    assert_eq!(s.document()["tensors"][0], fresh.document()["tensors"][0]);
}

#[test]
fn a_channel_is_opened_dragged_and_left_again() {
    let (mut s, _folder) = story();
    s.per_channel("1");
    // The cursor begins on the worst and goes on to the next.
    let sqnr = |s: &Story, n: usize| channel(s, n).metrics().sqnr_db;
    let worst = (0..6).filter(|n| *n != 1).min_by(|a, b| sqnr(&s, *a).total_cmp(&sqnr(&s, *b))).unwrap();
    assert_eq!(s.model.channel.cursor, worst);
    assert!(s.screen().contains(&format!("worst: {worst} (")) && s.screen().contains("6 channels along axis 1"));
    s.keys("n");
    assert!(sqnr(&s, s.model.channel.cursor) >= sqnr(&s, worst) && s.model.channel.cursor != worst);
    // So does coming back from another layer.
    s.keys("jk");
    assert_eq!(s.model.channel.cursor, worst);
    s.keys("HH").keys("l").press(KeyCode::Right);
    assert_eq!(s.model.channel.cursor, 2);
    s.press(KeyCode::Enter);
    assert!(s.screen().contains("act[2]") && s.model.figure().is_some());
    let before = chosen(&s);
    let at = s.line();
    s.grab(at).drag_to(at + 10).release(at + 10);
    assert!(s.ready().decision().edited && s.model.session.history_len().0 == 2);
    let after = chosen(&s);
    assert!(after["amax"][2].as_f64() > before["amax"][2].as_f64() && after["edited"] == true);
    assert_eq!((&after["amax"][0], &after["amax"][5]), (&before["amax"][0], &before["amax"][5]));
    assert_ne!(after["mse"][2], before["mse"][2]);
    // Another method for this one only.
    s.keys("1");
    assert_eq!(chosen(&s)["methods"][2], "max");
    assert_eq!((chosen(&s)["methods"][0].clone(), chosen(&s)["method"].clone()), ("entropy".into(), "entropy".into()));
    s.press(KeyCode::Esc);
    assert!(s.model.strip.is_some() && s.model.channel.open.is_none());
    // Undo leads back to where it is seen.
    s.keys("u");
    let of = s.model.session.layers()[0].key.clone();
    assert_eq!(s.model.at(), Some(Target::Channel { of: of.clone(), axis: 1, channel: 2 }));
    s.press(KeyCode::Backspace).keys("uu");
    assert!(s.model.strip.is_none() && s.model.at() == Some(Target::Tensor(of)) && s.model.figure().is_some());
}

#[test]
fn the_strip_answers_to_the_mouse() {
    let (mut s, _folder) = story();
    s.per_channel("1");
    let down = MouseEventKind::Down(MouseButton::Left);
    let column = s.model.strip.as_ref().unwrap().lanes.of(5).start;
    s.mouse(down, column);
    assert_eq!((s.model.channel.cursor, s.model.channel.open), (5, None));
    s.mouse(down, column);
    assert_eq!(s.model.channel.open, Some(5));
}

#[test]
fn what_is_of_one_range_is_not_of_many() {
    let (mut s, _folder) = story();
    s.per_channel("1");
    for key in [",", "=", "]", "+", "f", "m"] {
        let before = chosen(&s);
        s.keys(key);
        assert!(s.notice().contains("open a channel first"), "{key}: {}", s.notice());
        assert_eq!(chosen(&s), before);
    }
    s.keys("x");
    assert!(
        s.notice().contains("one range") && !s.cmds.iter().any(|c| matches!(c, Cmd::Request(Request::Measure { .. })))
    );
    // Nor is a channel read again for finer bins.
    s.press(KeyCode::Enter).keys("++++++++++++++++++++");
    assert!(s.model.plot.zoom.is_some() && !s.cmds.iter().any(|c| matches!(c, Cmd::Request(Request::Fine { .. }))));
}

#[test]
fn switching_the_axis_loses_nothing() {
    let (mut s, _folder) = story();
    s.per_channel("1").keys("1");
    let along_1 = chosen(&s);
    s.per_channel("2");
    assert_eq!(chosen(&s)["scale"].as_array().unwrap().len(), 50);
    // There already: nothing is read.
    s.keys("A").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("1").press(KeyCode::Enter);
    assert_eq!(asked(&s), 0);
    assert_eq!(chosen(&s), along_1);
    s.keys("A").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.press(KeyCode::Enter);
    assert!(chosen(&s)["scale"].is_number() && chosen(&s)["method"] == "max");
    // A grid that changed meanwhile is taken on.
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("4").press(KeyCode::Enter).keys("A1").press(KeyCode::Enter);
    assert!((0..6).all(|n| channel(&s, n).format().num_bits() == 4));
}

#[test]
fn an_axis_that_is_none_is_said() {
    let (mut s, _folder) = story();
    for (text, word) in [("3", "3 axes"), ("-4", "3 axes"), ("x", "no axis")] {
        s.keys("A").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
        s.keys(text).press(KeyCode::Enter);
        assert!(s.notice().contains(word), "{}", s.notice());
        s.press(KeyCode::Esc);
    }
    assert!(asked(&s) == 0 && s.model.strip.is_none());
}

#[test]
fn the_strip_fits_every_screen() {
    let (mut s, _folder) = story();
    s.per_channel("2");
    for (width, height) in [(60, 18), (80, 24), (100, 30), (200, 60)] {
        s.event(crossterm::event::Event::Resize(width, height));
        assert!(s.screen().contains("50 channels"), "{width}x{height}\n{}", s.screen());
    }
    s.model.look.glyphs = qviz::tui::look::Glyphs::ASCII;
    assert!(s.screen().is_ascii(), "{}", s.screen());
}

/// What a library user has to do, as `examples/choose_layers.rs` does it.
#[cfg(feature = "onnx")]
#[test]
fn a_session_that_receives_has_weights_per_channel() {
    use qviz::calibrate;
    use qviz::jobs::{Backend, NetworkLoader, NetworkOrder, Recipe, Subject, Ties, Told};
    use qviz::model::{Dim, Placement, SampleOptions, SampleSource};
    use qviz::quant::Format;
    use qviz::session::{Kind, Session};

    let mut session = Session::new(vec![calibrate::by_id("max").unwrap()], "max", Format::INT8);
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/models/ch_ppocr_mobile_v2.0_cls_infer.onnx");
    let shapes = [("x".to_owned(), [1, 3, 32, 64].map(Dim::Fixed).to_vec())].into();
    let order = NetworkOrder {
        subject: Subject {
            model: model.into(),
            samples: SampleSource::Random { n: 1, seed: 0 },
            options: SampleOptions { shapes, ..SampleOptions::default() },
            check: None,
            backend: Backend::Tract,
            placement: Some(Placement::All),
            as_written: false,
        },
        recipe: Recipe::new(128, session.methods().iter().map(AsRef::as_ref)),
        plan: session.plan(),
        ties: Ties::default(),
        one_pass: false,
        measure: false,
        ignore_sentinels: false,
        first_figure: None,
        threads: 2,
    };
    let (sender, events) = std::sync::mpsc::channel();
    let _loader = NetworkLoader::start(order, move |told| drop(sender.send(told)));
    for told in events {
        match told {
            Told::Arrived(arrival) => drop(session.receive(arrival)),
            Told::Done => break,
            _ => {}
        }
    }
    let weights = session.layers().iter().filter(|layer| layer.kind() == Kind::Weight);
    let by_channel = weights.map(|weight| (weight.channels().len(), weight.origin.shape.as_ref().unwrap()[0] as usize));
    let by_channel: Vec<(usize, usize)> = by_channel.collect();
    assert!(by_channel.len() > 10 && by_channel.iter().all(|(channels, _)| *channels > 1), "{by_channel:?}");
}
