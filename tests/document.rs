//! The exported document of a session that has one of everything, byte for byte.

use std::sync::Arc;

use proptest::prelude::*;
use qviz::ErrorKind;
use qviz::calibrate::{self, Measured};
use qviz::histogram::Histogram;
use qviz::quant::{Clip, Decibels, Format, OutputEffect, OutputEffects};
use qviz::report::{ModelFile, Provenance, ReadError, Scales};
use qviz::session::{
    Arrival, Channels, Failure, Joint, Key, Kind, Layer, Origin, Ready, Received, Session, Start, Target,
};

/// What qviz writes of [`session`], to the byte.
const GOLDEN: &str = include_str!("golden/scales.json");

fn golden() -> String {
    GOLDEN.replace("@VERSION@", env!("CARGO_PKG_VERSION"))
}

/// 2,000 values, each the sum of four uniform ones, centred.
fn gauss(seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 16)
    };
    (0..2000).map(|_| ((uniform() + uniform() + uniform() + uniform() - 131_070.0) / 8192.0) as f32).collect()
}

fn ready(session: &Session, values: &[f32], start: &Start) -> Ready {
    let plan = session.plan();
    let grids: Vec<_> = session.methods().iter().flat_map(|m| m.grids()).collect();
    Ready::begin(Arc::new(Histogram::of(values, 512, &grids)), &plan, start)
}

/// Plain, edited, affine, FP8 and left in float; channels; tied; without a value; unreadable; with odd names.
fn session() -> Session {
    let methods = ["entropy", "percentile-99.9", "max"].map(|id| calibrate::by_id(id).unwrap());
    let mut session = Session::new(methods.to_vec(), "entropy", Format::INT8);
    let normal = gauss(1);
    let relu: Vec<f32> = normal.iter().map(|x| x.max(0.0)).collect();
    let affine = Format::int(8, false, false).unwrap();
    let fp8 = Format::INT8.changed_by("e4m3").unwrap();
    let start = |method: usize, format: Format, axis: Option<i64>| Start {
        method,
        named: true,
        known: None,
        imported: Vec::new(),
        by: None,
        format,
        quantized: true,
        axis,
    };
    let tensors: Vec<(&str, Kind, Vec<f32>, Start)> = vec![
        ("plain", Kind::Activation, normal.clone(), start(0, Format::INT8, None)),
        ("edited \u{1b}[2J \u{202e}", Kind::Activation, relu.clone(), start(1, Format::INT8, None)),
        ("affine", Kind::Activation, relu, start(2, affine, None)),
        ("fp8", Kind::Activation, normal.iter().map(|x| x * 1e-3).collect(), start(2, fp8, None)),
        ("nothing", Kind::Activation, vec![f32::NAN, f32::INFINITY], start(0, Format::INT8, None)),
        ("weight", Kind::Weight, normal[..90].to_vec(), start(0, Format::INT8, Some(0))),
        ("a", Kind::Activation, normal[..1000].to_vec(), start(0, Format::INT8, None)),
        ("b", Kind::Activation, normal[1000..].to_vec(), start(0, Format::INT8, None)),
    ];
    let waiting = |(name, kind, ..): &(&str, Kind, Vec<f32>, Start)| {
        Layer::waiting(Key::new(*kind, *name), vec![format!("dumps/{}.npy", name.len())])
    };
    let failures =
        vec![Failure { kind: ErrorKind::Damaged, file: "bad.npy".into(), message: "bad.npy is cut short.".into() }];
    session.receive(Arrival::Found { layers: tensors.iter().map(waiting).collect(), failures });
    for (name, kind, values, start) in &tensors {
        let origin = Origin {
            files: vec![format!("dumps/{}.npy", name.len())],
            // As samples give it that differ in shape.
            shape: (*name != "fp8").then(|| vec![values.len() as u64 / 10, 10]),
            samples: (*name == "fp8").then_some(3),
            initializer: (*kind == Kind::Weight).then(|| "folded".into()),
            dtype: "float32".into(),
            ..Origin::default()
        };
        let ready = ready(&session, values, start);
        let read = Arrival::Layer { key: Key::new(*kind, *name), result: Ok(Box::new((origin, ready))) };
        assert_eq!(session.receive(read), Received::Taken);
    }
    let channel = |i: usize| ready(&session, &normal[10 * i..10 * i + 10 - i % 2], &start(i % 2, Format::INT8, None));
    let channels = Channels { axis: 0, ready: (0..9).map(channel).collect() };
    let key = Key::new(Kind::Weight, "weight");
    session.receive(Arrival::Channels { key, requested: false, result: Ok(channels) });
    let together = ready(&session, &normal, &start(0, Format::INT8, None));
    let joint = Joint {
        of: ["a", "b"].map(Key::activation).to_vec(),
        why: Some("both are added".into()),
        ready: together,
        measured: Vec::new(),
    };
    session.receive(Arrival::Tied { of: Vec::new(), requested: false, result: Ok(Box::new(joint)) });

    let edited = session.layers()[1].decision().unwrap().with_clip(Clip::symmetric(1.1));
    let float = session.layers()[2].decision().unwrap().with_quantized(false);
    let at = |layer: usize| Target::Tensor(session.layers()[layer].key.clone());
    session.apply("edit", vec![(at(1), edited), (at(2), float)]);
    let measured = Measured {
        clip: Clip::symmetric(1.1),
        format: Format::INT8,
        mse: 0.125,
        clipping_error: 0.0625,
        rounding_error: 0.0625,
        sqnr_db: f64::INFINITY,
        saturated: 0.5,
        saturated_count: 1000,
    };
    let key = session.layers()[1].key.clone();
    session.receive(Arrival::Measured { key, result: Ok(measured) });
    session
}

fn effect(db: f64, cosine: f64, top1_agreement: Option<f64>, samples: usize) -> OutputEffect {
    let (sqnr_db, cosine) = (Some(Decibels::new(db)), Some(cosine));
    OutputEffect { sqnr_db, cosine, agreement: None, top1_agreement, samples, of: samples }
}

fn scales() -> Scales {
    let all = effect(31.5, 0.999, Some(0.75), 4);
    let whole = OutputEffects { all, each: vec![("y".to_owned(), all)], ..OutputEffects::default() };
    Scales::of(&session()).with_outputs(Some((&whole, Some(&effect(f64::INFINITY, f64::NAN, None, 2)))))
}

#[test]
fn each_of_several_outputs_has_its_own_figures() {
    let classes = OutputEffect { agreement: Some(0.875), samples: 4, of: 4, ..OutputEffect::default() };
    let floats = effect(f64::NAN, f64::NAN, None, 4);
    let all = OutputEffect { agreement: classes.agreement, ..floats };
    let each = vec![("scores".to_owned(), floats), ("classes".to_owned(), classes)];
    let scales =
        Scales::of(&session()).with_outputs(Some((&OutputEffects { all, each, ..OutputEffects::default() }, None)));
    let json = scales.json();
    assert_eq!(read(&json).unwrap(), scales);
    let outputs = &serde_json::from_str::<serde_json::Value>(&json).unwrap()["outputs"];
    assert_eq!((&outputs["whole"]["agreement"], &outputs["whole"]["compared"]), (&0.875.into(), &"nan".into()));
    let [scores, classes] = outputs["each"].as_array().unwrap().as_slice() else { panic!("{outputs}") };
    assert_eq!(
        (&scores["name"], &scores["compared"], scores.get("agreement")),
        (&"scores".into(), &"nan".into(), None)
    );
    assert_eq!((&classes["compared"], &classes["agreement"]), (&"nothing".into(), &0.875.into()));
}

#[test]
fn the_document_s_bytes_stay_what_they_were() {
    let json = scales().json();
    assert!(json == golden(), "the document is another:\n{json}");
}

fn read(json: &str) -> Result<Scales, ReadError> {
    Scales::read(json.as_bytes(), "scales.json")
}

#[test]
fn what_was_written_is_read_again_bit_for_bit() {
    let scales = scales();
    let again = read(&scales.json()).unwrap();
    assert_eq!(again.json(), scales.json());
    assert_eq!(again, scales);
    let wanted = again.wanted().unwrap();
    let session = session();
    for (wanted, layer) in wanted.iter().zip(session.layers()) {
        let (ready, choice) = (layer.ready().unwrap(), layer.decision().unwrap());
        let channels: Vec<_> = layer.channels().iter().map(Ready::decision).collect();
        let clips: Vec<Clip> =
            if channels.is_empty() { vec![choice.clip] } else { channels.iter().map(|c| c.clip).collect() };
        assert_eq!((&wanted.key, &wanted.clips), (&layer.key, &clips));
        assert_eq!((wanted.format, wanted.axis, wanted.quantized), (choice.format, choice.axis, choice.quantized));
        assert_eq!((&wanted.method, wanted.edited), (&choice.method, ready.edited()));
        assert_eq!(wanted.tied_with, layer.tied_with());
    }
    assert_eq!(wanted.len(), 8);
    assert!(wanted[5].methods.as_ref().is_some_and(|m| m.len() == 9 && m[1] == "percentile-99.9"));
    let stand_ins: Vec<_> = wanted.iter().map(|w| w.instead_of.as_deref()).collect();
    assert_eq!(stand_ins, [None, None, None, None, Some("entropy"), None, None, None]);
    assert_eq!(wanted[4].method, "max");
}

/// What is not made of numbers of the session.
fn provenance() -> Provenance {
    let model = ModelFile { file: "net \u{1b}.onnx".into(), bytes: 7, sha256: "0".repeat(64) };
    Provenance {
        title: "net.onnx on 4 samples".into(),
        model: Some(model),
        data: vec!["calib".into()],
        check: vec!["val".into()],
        samples: None,
        part: Some("3 of 4 samples".into()),
        assumptions: vec!["values are 0 to 1".into()],
        options: [("affine".to_owned(), Vec::new()), ("set".to_owned(), vec!["a=mse".to_owned()])].into(),
    }
}

#[test]
fn what_it_was_made_from_is_read_again_and_older_documents_have_none() {
    let made = scales().made_from(provenance());
    assert_eq!(read(&made.json()).unwrap(), made);
    assert!(!golden().contains("provenance") && read(&golden()).unwrap().provenance.is_none());
}

#[test]
fn a_lean_document_is_taken_up_like_the_whole_one() {
    let scales = scales().made_from(provenance());
    let lean = scales.lean_json();
    assert!(lean.len() * 4 < scales.json().len(), "{} bytes", lean.len());
    assert!(!lean.contains('\u{202e}') && !lean.contains('\u{1b}'), "nothing acts on a terminal");
    let again = read(&lean).unwrap();
    assert_eq!(again.wanted(), scales.wanted());
    assert_eq!(
        (&again.outputs, &again.provenance, &again.errors),
        (&scales.outputs, &scales.provenance, &scales.errors)
    );
    // To the last bit, and the same again.
    for (lean, whole) in again.tensors.iter().zip(&scales.tensors) {
        assert_eq!(lean.chosen.range, whole.chosen.range);
        assert_eq!((&lean.name, lean.kind, &lean.shape), (&whole.name, whole.kind, &whole.shape));
    }
    assert_eq!(again.lean_json(), lean);
}

#[test]
fn a_later_version_may_say_more() {
    let mut json: serde_json::Value = serde_json::from_str(&scales().json()).unwrap();
    json["further"] = serde_json::json!({ "a": [1, 2] });
    json["tensors"][0]["further"] = serde_json::json!(null);
    json["tensors"][0]["chosen"]["further"] = serde_json::json!("x");
    assert_eq!(read(&json.to_string()).unwrap().wanted(), scales().wanted());
}

#[test]
fn what_cannot_be_read_says_file_tensor_and_remedy() {
    let good: serde_json::Value = serde_json::from_str(&scales().json()).unwrap();
    assert!(read(&good.to_string()).is_ok());
    let changed = |pointer: &str, value: serde_json::Value| {
        let mut json = good.clone();
        *json.pointer_mut(pointer).unwrap() = value;
        read(&json.to_string()).unwrap_err().to_string()
    };
    use serde_json::json;
    for (pointer, value, told) in [
        ("/schema", json!("qviz.scales/2"), "its schema is \"qviz.scales/2\""),
        ("/schema", json!(1), "its schema is not named"),
        ("/tensors", json!({}), "no list of tensors"),
        ("/errors", json!(3), "is damaged"),
        ("/tensors/0/name", json!(3), "the tensor number 1 "),
        ("/tensors/0/kind", json!("bias"), "the tensor plain "),
        ("/tensors/0/chosen", json!(null), "the tensor plain "),
        ("/tensors/0/chosen/clip_max", json!(null), "clip_max is missing"),
        ("/tensors/0/chosen/clip_max", json!(1e39), "too large for a 32-bit number"),
        ("/tensors/0/chosen/clip_max", json!(-1.0), "has to hold 0"),
        ("/tensors/0/chosen/clip_min", json!(1.0), "has to hold 0"),
        ("/tensors/0/chosen/clip_min", json!([-1.0]), "no axis says along which"),
        ("/tensors/0/chosen/scale", json!(0.0), "has to be positive"),
        ("/tensors/0/chosen/zero_point", json!(7), "zero_point is 7"),
        ("/tensors/0/chosen/num_bits", json!(9), "integers of 9 bits"),
        ("/tensors/0/chosen/num_bits", json!(-1), "the tensor plain "),
        ("/tensors/3/chosen/format", json!("float4"), "\"float4\" is not known"),
        ("/tensors/5/axis", json!(null), "no axis says along which"),
        ("/tensors/5/chosen/clip_max", json!([1.0, 2.0]), "clip_max is a list of 2"),
        ("/tensors/5/chosen/methods", json!(["max"]), "methods is a list of 1"),
        ("/tensors/5/candidates/max/scale", json!(1.0), "scale is one number"),
    ] {
        let error = changed(pointer, value);
        assert!(error.starts_with("scales.json") && error.contains(told), "{pointer}: {error}");
        assert!(error.contains("xport"), "no remedy: {error}");
    }
    let error = read("{").unwrap_err().to_string();
    assert!(error.starts_with("scales.json is no JSON"), "{error}");
    assert!(matches!(Scales::read(b"\xff", "x"), Err(ReadError::NotJson { .. })));
}

proptest! {
    /// Whatever stands in a damaged file, it is refused with a sentence or can be taken up.
    #[test]
    fn a_damaged_document_never_panics(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..6, "[0-9a-z{}\\[\\],:\"e.-]{0,4}"), 1..4)
    ) {
        let mut text = golden();
        for (at, gone, with) in edits {
            let from = at.index(text.len() - 6);
            text.replace_range(from..from + gone, &with);
        }
        match read(&text) {
            Ok(scales) => prop_assert!(scales.wanted().is_ok()),
            Err(why) => prop_assert!(why.to_string().starts_with("scales.json")),
        }
    }
}
