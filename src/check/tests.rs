//! A file that each rule finds, and a near miss that it does not.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::exchange::{self, Names, Options, Range, by_id};
use crate::quant::QuantParams;

/// What is found in a file of this name, which stands in no folder.
fn beside(name: &str, text: &str, beside: &Beside) -> Report {
    let mut findings = Findings::new(name);
    let read = read::of_bytes(&name.to_lowercase(), text.as_bytes(), None, &mut findings);
    let mut check = Check::default();
    check.judge(&read, beside, None, findings);
    check.done()
}

fn file(name: &str, text: &str) -> Report {
    beside(name, text, &Beside::default())
}

fn ids(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.rule.id).collect()
}

/// A TensorRT cache of these.
fn cache(entries: &[(&str, f32)]) -> Report {
    file("c.cache", &cache_text(entries))
}

fn cache_text(entries: &[(&str, f32)]) -> String {
    let line = |(name, scale): &(&str, f32)| format!("{name}: {:08x}\n", scale.to_bits());
    format!("TRT-8205-EntropyCalibration2\n{}", entries.iter().map(line).collect::<String>())
}

/// Encodings as Qualcomm's converters take them: of one activation this entry.
fn encodings(entry: &str) -> Report {
    file("e.json", &encodings_text("activation_encodings", entry))
}

fn encodings_text(section: &str, entry: &str) -> String {
    let other = if section == "param_encodings" { "activation_encodings" } else { "param_encodings" };
    format!(r#"{{"{section}": {{"t": [{entry}]}}, "{other}": {{}}}}"#)
}

fn overrides(entry: &str) -> Report {
    file("o.json", &format!(r#"{{"t": [{entry}]}}"#))
}

fn ort_cache(low: &str, high: &str) -> Report {
    file("calibration.json", &ort_cache_text(low, high))
}

fn ort_cache_text(low: &str, high: &str) -> String {
    format!(r#"{{"CLS": "TensorsData", "data": {{"t": {{"lowest": {low}, "highest": {high}, "CLS": "TensorData"}}}}}}"#)
}

/// One tensor of a checkpoint: key, type, shape, values (one of them stands for all).
type Entry<'a> = (&'a str, &'a str, &'a [usize], &'a [f32]);

fn safetensors(tensors: &[Entry]) -> Vec<u8> {
    let (mut head, mut body) = (Vec::new(), Vec::<u8>::new());
    for (key, dtype, shape, values) in tensors {
        let from = body.len();
        let n: usize = shape.iter().product();
        for at in 0..n {
            let x = values.get(at).or(values.last()).copied().unwrap_or(0.0);
            match *dtype {
                "F32" => body.extend(x.to_le_bytes()),
                "BF16" => body.extend(half::bf16::from_f32(x).to_le_bytes()),
                "I32" => body.extend((x as i32).to_le_bytes()),
                _ => body.push(x as u8),
            }
        }
        head.push(format!(r#""{key}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{from},{}]}}"#, body.len()));
    }
    let head = format!("{{{}}}", head.join(","));
    [&(head.len() as u64).to_le_bytes()[..], head.as_bytes(), &body].concat()
}

fn checkpoint(tensors: &[Entry]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, safetensors(tensors)).unwrap();
    let mut check = Check::default();
    check.file(&path, None, &Beside::default());
    check.done()
}

const FP8: &str = "F8_E4M3";

/// Layers that are sound, of which some are changed.
fn layers(change: impl Fn(usize, &str, f32) -> Option<f32>) -> Report {
    let mut keys = Vec::new();
    for at in 0..8 {
        for (role, x) in [("input_scale", 0.02), ("weight_scale", 0.001), ("k_scale", 0.01), ("v_scale", 0.02)] {
            if let Some(x) = change(at, role, x * (1.0 + at as f32 / 8.0)) {
                keys.push((format!("model.layers.{at}.self_attn.k_proj.{role}"), "F32", vec![], vec![x]));
            }
        }
        keys.push((format!("model.layers.{at}.self_attn.k_proj.weight"), FP8, vec![4, 4], vec![1.0]));
    }
    let entries: Vec<Entry> = keys.iter().map(|(key, dtype, shape, x)| (&**key, *dtype, &**shape, &**x)).collect();
    checkpoint(&entries)
}

fn name(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// `Conv: x w b -> y` a line.
fn graph(lines: &[&str]) -> Graph {
    let node = |line: &&str| {
        let (op, rest) = line.split_once(": ").unwrap();
        let (inputs, outputs) = rest.split_once(" -> ").unwrap();
        Node { name: outputs.into(), op: op.into(), inputs: name(inputs), outputs: name(outputs) }
    };
    let constants = name("w b");
    let weight = GraphWeight { name: "w".into(), shape: vec![2, 3], axis: Some(0), amax: vec![1.0, 0.5] };
    let (nodes, inputs) = (lines.iter().map(node).collect(), name("x"));
    Graph { file: "m.onnx".into(), nodes, inputs, constants, weights: vec![weight], quantizers: Vec::new() }
}

fn with_model(entries: &[(&str, f32)], lines: &[&str]) -> Report {
    let graph = graph(lines);
    beside("c.cache", &cache_text(entries), &Beside { graph: Some(&graph), seen: None })
}

/// Overrides for the weight `w` of the graph, whose two channels reach 1 and 0.5.
fn weight_with(scales: &[f32]) -> Report {
    let entry = |x: &f32| format!(r#"{{"quant_type": "QInt8", "scale": {x}, "zero_point": 0, "axis": 0}}"#);
    let list: Vec<String> = scales.iter().map(entry).collect();
    let text = format!(r#"{{"w": [{}]}}"#, list.join(","));
    let graph = graph(&["Gemm: x w -> y"]);
    beside("o.json", &text, &Beside { graph: Some(&graph), seen: None })
}

fn as_params(section: &str, tensor: &str) -> Report {
    let entry = r#"{"bitwidth": 8, "is_symmetric": "True", "scale": 0.01, "offset": -128}"#;
    let text = encodings_text(section, entry).replace("\"t\"", &format!("\"{tensor}\""));
    beside("e.json", &text, &Beside { graph: Some(&graph(&["Gemm: x w -> y"])), seen: None })
}

fn quantizer(tensor: &str, scale: f32, dtype: &str) -> Quantizer {
    Quantizer {
        tensor: tensor.into(),
        scales: vec![scale],
        zeros: vec![0.0],
        dtype: dtype.into(),
        ..Default::default()
    }
}

fn model(quantizers: Vec<Quantizer>) -> Report {
    let mut check = Check::default();
    check.model(&Graph { quantizers, ..graph(&["Gemm: x w b -> y"]) }, &Beside::default());
    check.done()
}

fn with_bias(scale: f32) -> Report {
    let weight = Quantizer { is_weight: true, ..quantizer("w", 0.02, "int8") };
    let bias = Quantizer { is_weight: true, ..quantizer("b", scale, "int32") };
    model(vec![quantizer("x", 0.1, "uint8"), weight, bias])
}

fn span(codes: u32) -> Report {
    model(vec![Quantizer { is_weight: true, codes: Some(codes), ..quantizer("w", 0.02, "int8") }])
}

/// Values spread evenly from one end to the other, beside a cache or overrides for `t`.
fn with_data(name: &str, text: &str, low: f32, high: f32) -> Report {
    let share = move |clip: Clip| {
        let kept = (clip.max().min(high) - clip.min().max(low)).max(0.0) / (high - low);
        1.0 - f64::from(kept)
    };
    let seen = [Seen { name: "t".into(), low, high, beyond: Box::new(share) }];
    beside(name, text, &Beside { graph: None, seen: Some(&seen) })
}

fn cache_on(scale: f32, low: f32, high: f32) -> Report {
    with_data("c.cache", &cache_text(&[("t", scale)]), low, high)
}

fn unsigned_on(low: f32, high: f32) -> Report {
    with_data("o.json", r#"{"t": [{"quant_type": "QUInt8", "scale": 0.01, "zero_point": 0}]}"#, low, high)
}

fn named(prefix: &str, scales: &[f32]) -> Report {
    let names: Vec<String> = (0..scales.len()).map(|at| format!("{prefix}.{at}.out")).collect();
    let entries: Vec<(&str, f32)> = names.iter().map(String::as_str).zip(scales.iter().copied()).collect();
    cache(&entries)
}

fn experts(missing: Option<usize>) -> Report {
    let mut keys = Vec::new();
    for at in 0..4 {
        let module = format!("model.layers.0.mlp.experts.{at}.up_proj");
        keys.push((format!("{module}.weight"), FP8, vec![4, 4], 1.0));
        keys.push((format!("{module}.weight_scale"), "F32", vec![], 0.001));
        if missing != Some(at) {
            keys.push((format!("{module}.input_scale"), "F32", vec![], 0.01 + at as f32 / 100.0));
        }
    }
    let values: Vec<[f32; 1]> = keys.iter().map(|key| [key.3]).collect();
    let entries: Vec<Entry> =
        keys.iter().zip(&values).map(|((key, dtype, shape, _), x)| (&**key, *dtype, &**shape, &x[..])).collect();
    checkpoint(&entries)
}

fn scaled(key: &str, x: f32) -> Report {
    checkpoint(&[("a.weight", FP8, &[4, 4], &[1.0]), ("a.weight_scale", "F32", &[], &[0.01]), (key, "F32", &[], &[x])])
}

fn blocks(zeros: usize) -> Report {
    let mut scales = vec![56.0; 256];
    scales[..zeros].fill(0.0);
    checkpoint(&[("a.weight", "U8", &[16, 128], &[1.0]), ("a.weight_scale", FP8, &[16, 16], &scales)])
}

/// Of each rule what it finds, and a near miss.
fn cases() -> Vec<(&'static str, Report, Report)> {
    let conv = ["Conv: x w -> a", "Conv: a w -> y"];
    let joined = ["Relu: x -> a", "Concat: x a -> c", "MaxPool: c -> y"];
    let four = |a, c, y| with_model(&[("x", 0.02), ("a", a), ("c", c), ("y", y)], &joined);
    let csv = "name,kind,quantized,format,axis,low,high,scale,zero_point\nt,activation,true,int8 symmetric,,-1.27,1.27,1e-2,0\n";
    let sym = |rest: &str| encodings(&format!(r#"{{"bitwidth": 8, "is_symmetric": "True", {rest}}}"#));
    let asym = |rest: &str| encodings(&format!(r#"{{"bitwidth": 8, "is_symmetric": "False", {rest}}}"#));
    let tpu = |row: &str| file("x.cali_table", &format!("# op_name threshold min max\n{row}\n"));
    let channels = |last: f32| {
        let entry = |x: f32| format!(r#"{{"scale": {x}, "zero_point": 0, "axis": 0}}"#);
        let list: Vec<String> = (0..7).map(|_| entry(0.01)).chain([entry(last)]).collect();
        overrides(&list.join(","))
    };
    let listed = |version: &str| {
        let entry = r#"{"name": "t", "enc_type": "PER_TENSOR", "dtype": "INT", "bw": 8, "is_sym": false, "scale": [0.1], "offset": [-3]}"#;
        file(
            "e.json",
            &format!(r#"{{"version": "{version}", "activation_encodings": [{entry}], "param_encodings": []}}"#),
        )
    };
    let long = |n: usize| file("x.table", &format!("{} 12.5 \n", "a".repeat(n)));
    vec![
        ("file-unread", file("x.csv", &csv.replace("1e-2", "x")), file("x.csv", csv)),
        ("file-empty", cache(&[]), cache(&[("a", 0.1)])),
        ("line-malformed", file("c.cache", "TRT-1-X\nhello\n"), file("c.cache", "TRT-1-X\nhello: 3c23d70a\n")),
        ("cache-header", file("c.cache", "a: 3c23d70a\n"), cache(&[("a", 0.1)])),
        ("hex-digits", file("c.cache", "TRT-1-X\na: c23d70a\n"), file("c.cache", "TRT-1-X\na: 0c23d70a\n")),
        ("table-break", file("x.table", "a 12.5 \n\nb 12.5 \n"), file("x.table", "a 12.5 \nb 12.5 \n\n")),
        ("digits-lost", file("x.table", "a 0.000123 \n"), file("x.table", "a 0.001234 \n")),
        ("version-differs", listed("0.6.1"), listed("1.0.0")),
        ("name-twice", cache(&[("a", 0.1), ("a", 0.1)]), cache(&[("a", 0.1), ("A", 0.1)])),
        ("two-scales", cache(&[("a", 0.1), ("a", 0.2)]), cache(&[("a", 0.1), ("b", 0.2)])),
        ("name-mangled", cache(&[("a_scale", 0.1)]), cache(&[("a_scal", 0.1)])),
        ("name-colon", cache(&[("conv1:0", 0.1)]), cache(&[("conv1.0", 0.1)])),
        ("name-long", long(256), long(255)),
        ("scale-zero", cache(&[("a", 0.0)]), cache(&[("a", f32::MIN_POSITIVE)])),
        ("scale-infinite", file("x.table", "a inf \n"), file("x.table", "a 1000000.0 \n")),
        ("scale-nan", overrides(r#"{"scale": NaN, "zero_point": 0}"#), overrides(r#"{"scale": 0.5, "zero_point": 0}"#)),
        ("scale-negative", cache(&[("a", -0.1)]), cache(&[("a", 0.1)])),
        ("scale-denormal", cache(&[("a", 1e-39)]), cache(&[("a", 1.2e-38)])),
        ("scale-below-fp16", cache(&[("a", 1.46e-6)]), cache(&[("a", 1e-5)])),
        ("scale-above-fp16", cache(&[("a", 1e5)]), cache(&[("a", 65504.0)])),
        ("scale-one", cache(&[("a", 1.0)]), cache(&[("a", 1.0001)])),
        ("scales-identical", named("l", &[0.5; 4]), named("l", &[0.5, 0.5, 0.5, 0.25])),
        ("amax-negative", file("calibration.cache", "x 9.0\ny -1.0\n"), file("calibration.cache", "x 9.0\ny 1.0\n")),
        ("max-for-amax", tpu("a 1.0 -5.0 1.0"), tpu("a 5.0 -5.0 1.0")),
        ("range-not-finite", ort_cache("-Infinity", "1"), ort_cache("-1e30", "1")),
        ("range-inverted", ort_cache("2", "1"), ort_cache("-2", "1")),
        ("range-empty", ort_cache("0", "0"), ort_cache("3", "3")),
        ("range-without-zero", asym(r#""min": 0.1, "max": 1"#), asym(r#""min": 0, "max": 1"#)),
        ("range-collapsed", ort_cache("0.95", "1"), ort_cache("0.9", "1")),
        (
            "ends-differ",
            asym(r#""scale": 0.01, "offset": -100, "min": -1.0, "max": 9.0"#),
            asym(r#""scale": 0.01, "offset": -100, "min": -1.0, "max": 1.55"#),
        ),
        (
            "zero-point-outside",
            overrides(r#"{"quant_type": "QUInt8", "scale": 0.1, "zero_point": 256}"#),
            overrides(r#"{"quant_type": "QUInt8", "scale": 0.1, "zero_point": 255}"#),
        ),
        ("zero-point-symmetric", sym(r#""scale": 0.1, "offset": -100"#), sym(r#""scale": 0.1, "offset": -127"#)),
        (
            "zero-point-fraction",
            overrides(r#"{"quant_type": "QUInt8", "scale": 0.1, "zero_point": 2.5}"#),
            overrides(r#"{"quant_type": "QUInt8", "scale": 0.1, "zero_point": 2.0}"#),
        ),
        ("offset-positive", asym(r#""scale": 0.1, "offset": 3"#), asym(r#""scale": 0.1, "offset": -3"#)),
        (
            "uint8-middle",
            model(vec![Quantizer { is_weight: true, zeros: vec![127.0], ..quantizer("w", 0.1, "uint8") }]),
            model(vec![Quantizer { is_weight: true, zeros: vec![128.0], ..quantizer("w", 0.1, "uint8") }]),
        ),
        ("channels-differ", weight_with(&[0.01, 0.01, 0.01]), weight_with(&[0.01, 0.01])),
        ("channel-outlier", channels(11.0), channels(9.0)),
        (
            "reciprocal-scale",
            layers(|at, role, x| Some(if at == 3 && role == "input_scale" { 40.0 } else { x })),
            layers(|at, role, x| Some(if at == 3 && role == "input_scale" { 0.5 } else { x })),
        ),
        (
            "sibling-outlier",
            layers(|at, role, x| Some(if at == 3 && role == "input_scale" { 3.0 } else { x })),
            layers(|at, role, x| Some(if at == 3 && role == "input_scale" { 0.5 } else { x })),
        ),
        (
            "kv-scale-one",
            layers(|_, role, x| Some(if role == "k_scale" { 1.0 } else { x })),
            layers(|_, role, x| Some(if role == "k_scale" { 1.001 } else { x })),
        ),
        (
            "kv-missing",
            layers(|at, role, x| (at != 2 || role != "v_scale").then_some(x)),
            layers(|_, role, x| (role != "v_scale" && role != "k_scale").then_some(x)),
        ),
        ("expert-missing", experts(Some(2)), experts(None)),
        (
            "sibling-missing",
            layers(|at, role, x| (at != 2 || role != "input_scale").then_some(x)),
            layers(|_, role, x| (role != "input_scale").then_some(x)),
        ),
        (
            "weight-scale-missing",
            layers(|at, role, x| (at != 2 || role != "weight_scale").then_some(x)),
            layers(|_, _, x| Some(x)),
        ),
        ("scale-orphan", scaled("b.weight_scale", 0.01), scaled("a.input_scale", 0.01)),
        ("block-scales-zero", blocks(3), blocks(2)),
        ("name-unknown", with_model(&[("x", 0.1), ("z", 0.1)], &conv), with_model(&[("x", 0.1), ("a", 0.1)], &conv)),
        ("tensor-without-scale", with_model(&[("x", 0.1)], &conv), with_model(&[("x", 0.1), ("a", 0.1)], &conv)),
        ("weight-as-activation", as_params("activation_encodings", "w"), as_params("param_encodings", "w")),
        ("weight-clipped", weight_with(&[0.007, 0.004]), weight_with(&[0.0075, 0.004])),
        ("weight-too-wide", weight_with(&[0.008, 0.04]), weight_with(&[0.008, 0.039])),
        ("concat-differs", four(0.03, 0.02, 0.02), four(0.02, 0.02, 0.02)),
        ("move-differs", four(0.02, 0.02, 0.021), four(0.02, 0.02, 0.02)),
        (
            "pair-differs",
            model(vec![Quantizer { behind: Some("it is quantized otherwise".into()), ..quantizer("x", 0.1, "int8") }]),
            model(vec![quantizer("x", 0.1, "int8")]),
        ),
        ("bias-scale", with_bias(0.001), with_bias(0.002)),
        ("few-codes", span(15), span(16)),
        ("saturates", cache_on(0.01, -1.3, 1.3), cache_on(0.01, -1.27, 1.27)),
        ("negatives-cut", unsigned_on(-1.0, 2.0), unsigned_on(-0.01, 2.0)),
        ("clip-far", cache_on(0.1, -1.2, 1.2), cache_on(0.1, -1.3, 1.3)),
        (
            "no-data",
            with_data("c.cache", &cache_text(&[("t", 0.01), ("u", 0.01)]), -1.0, 1.0),
            with_data("c.cache", &cache_text(&[("t", 0.01)]), -1.0, 1.0),
        ),
    ]
}

#[test]
fn every_rule_finds_its_file_and_not_the_near_miss() {
    let cases = cases();
    for (id, wrong, right) in &cases {
        assert!(ids(wrong).contains(id), "{id}: {}", wrong.text(true));
        assert!(!ids(right).contains(id), "{id}: {}", right.text(true));
        assert!(wrong.fails(true) || RULES.iter().any(|r| r.id == *id && r.rank == Rank::Note), "{id}");
    }
    let covered: BTreeSet<&str> = cases.iter().map(|(id, ..)| *id).collect();
    let all: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(covered, all);
}

/// Other ways to the same rules.
#[test]
fn rules_find_other_spellings() {
    let found = |report: &Report, id: &str| assert!(ids(report).contains(&id), "{id}: {}", report.text(true));
    // A symmetric encoding by its max.
    found(
        &encodings(
            r#"{"bitwidth": 8, "is_symmetric": "True", "scale": 0.01, "offset": -128, "min": -9.0, "max": 1.27}"#,
        ),
        "max-for-amax",
    );
    // Weights above 127 in a table of 127 over them, and in a checkpoint.
    found(&file("x.table", "a_param_0 0.01 0.02 0.01 0.02 \n"), "reciprocal-scale");
    found(&layers(|_, role, x| Some(if role == "weight_scale" { 1.0 / x } else { x })), "reciprocal-scale");
    // Global scales: ModelOpt's is small, compressed-tensors' large.
    found(&scaled("a.weight_scale_2", 1000.0), "reciprocal-scale");
    assert!(!ids(&scaled("a.weight_scale_2", 0.001)).contains(&"reciprocal-scale"));
    found(&scaled("a.weight_global_scale", 0.001), "reciprocal-scale");
    assert!(!ids(&scaled("a.weight_global_scale", 1000.0)).contains(&"reciprocal-scale"));
    // A KV cache in JSON.
    let kv = |x: &str| {
        let entry = |at: usize, side: &str| format!(r#""model.layers.{at}.self_attn.{side}_cache.scale": {x}"#);
        file("kv_cache_tuned_scales.json", &format!("{{{},{},{}}}", entry(0, "k"), entry(0, "v"), entry(1, "k")))
    };
    found(&kv("1.0"), "kv-scale-one");
    found(&kv("0.01"), "kv-missing");
    // Scales and zero points, and scales that are no rows of the weight.
    let weight: Entry = ("a.weight", "I8", &[4, 8], &[1.0]);
    let scale: Entry = ("a.weight_scale", "BF16", &[4, 1], &[0.01]);
    found(&checkpoint(&[weight, scale, ("a.weight_zero_point", "I8", &[3, 1], &[0.0])]), "channels-differ");
    found(&checkpoint(&[weight, ("a.weight_scale", "F32", &[3, 1], &[0.01])]), "channels-differ");
    assert!(checkpoint(&[weight, scale, ("a.weight_zero_point", "I8", &[4, 1], &[0.0])]).findings.is_empty());
    // Experts of files that hold quantizers alone.
    let amax = |at: usize, layer: usize| format!("layers.{layer}.experts.{at}.up._input_quantizer._amax");
    let keys: Vec<String> = [(0, 0), (1, 0), (0, 1)].map(|(at, layer)| amax(at, layer)).into();
    let values = [[1.0], [1.1], [1.2]];
    let entries: Vec<Entry> = keys.iter().zip(&values).map(|(key, x)| (&**key, "F32", &[][..], &x[..])).collect();
    found(&checkpoint(&entries), "expert-missing");
    // Values that fall on few steps.
    found(
        &with_data("o.json", r#"{"t": [{"quant_type": "QUInt8", "scale": 0.1, "zero_point": 128}]}"#, 0.0, 1.3),
        "few-codes",
    );
}

/// What exports write is found sound, in every format, symmetric and affine, for activations and weights.
#[test]
fn sound_files_have_no_findings() {
    let range = |at: usize, kind: Kind, format: Format| {
        let amax = 0.7 + at as f32 * 0.37;
        let clip = |amax: f32| if format.symmetric() { Clip::symmetric(amax) } else { Clip::new(-0.4 * amax, amax) };
        let name = if kind == Kind::Weight { format!("fc{at}.weight") } else { format!("t{at}") };
        let (axis, clips) = match kind {
            Kind::Weight => (Some(0), (0..9).map(|c| clip(amax + 0.1 * c as f32)).collect()),
            Kind::Activation => (None, vec![clip(amax)]),
        };
        Range { shape: axis.map(|_| vec![9, 4]), ..Range::of_clips(&name, kind, format, axis, clips) }
    };
    let uint8 = Format::int(8, false, false).unwrap();
    for (ids, formats) in [
        (
            &[
                "json",
                "csv",
                "tensorrt-cache",
                "tensorrt-ranges",
                "hailo-alls",
                "qnn-overrides",
                "aimet-0.6.1",
                "aimet-1.0.0",
                "aimet-2.0.0",
                "ort-overrides",
                "ort-cache",
                "ncnn-table",
                "tpu-mlir-table",
                "torch-amax",
                "modelopt-amax",
            ][..],
            [Format::INT8, Format::INT8],
        ),
        (
            &[
                "json",
                "csv",
                "hailo-alls",
                "qnn-overrides",
                "aimet-0.6.1",
                "aimet-1.0.0",
                "aimet-2.0.0",
                "ort-overrides",
                "ort-cache",
                "tpu-mlir-table",
            ][..],
            [uint8, Format::INT8.with_symmetric(false)],
        ),
    ] {
        for id in ids {
            let mut ranges: Vec<Range> = (0..8).map(|at| range(at, Kind::Activation, formats[at % 2])).collect();
            ranges.extend((0..3).map(|at| range(at, Kind::Weight, Format::INT8)));
            let format = by_id(id).unwrap();
            let written = exchange::write(format, &ranges, &Names::default(), &Options::default()).unwrap();
            let report = if id.ends_with("amax") {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("x.safetensors");
                std::fs::write(&path, &written.bytes).unwrap();
                let mut check = Check::default();
                check.file(&path, None, &Beside::default());
                check.done()
            } else {
                let name = format!("x.{}", format.extension());
                file(&name, std::str::from_utf8(&written.bytes).unwrap())
            };
            assert!(report.findings.is_empty(), "{id}: {}", report.text(true));
            assert!(report.files[0].tensors > 0 && report.files[0].format != "unknown", "{id}");
        }
    }
}

#[test]
fn rknn_is_read_as_its_toolkit_writes_it() {
    let text = |max: &str, scale: &str| {
        format!(
            "custom_quantize_layers: {{}}\nquantize_parameters:\n    conv1_rs:\n        qtype: asymmetric_quantized\n        \
             qmethod: layer\n        dtype: int8\n        min:\n        - 0.0\n        max:\n        - {max}\n        \
             scale: [{scale}]\n        zero_point: [-128]\n    head:\n        dtype: float16\n"
        )
    };
    let fine = file("m.quantization.cfg", &text("2.55", "0.01"));
    assert!(fine.findings.is_empty() && fine.files[0].tensors == 2, "{}", fine.text(true));
    assert_eq!(ids(&file("m.quantization.cfg", &text(".nan", "0.01"))), ["range-not-finite"]);
    assert_eq!(ids(&file("m.quantization.cfg", &text("2.55", "0.0"))), ["scale-zero"]);
}

#[test]
fn hostile_files_get_a_sentence() {
    let deep = format!("{{\"activation_encodings\": {}", "[".repeat(50_000));
    let texts = [
        "",
        "\u{feff}",
        "{",
        "{}",
        "[]",
        "TRT-",
        "TRT-1\n: \n",
        "\0",
        &deep,
        "quantize_parameters:\n  - 1\n- x\n a:\n",
    ];
    for text in texts {
        for name in ["x.json", "x.cache", "x.table", "x.cali_table", "x.alls", "x.quantization.cfg", "x.encodings", "x"]
        {
            let report = file(name, text);
            assert!(report.fails(false), "{name} {text:?}: {}", report.text(true));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    let huge = r#"{"a.weight_scale":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#;
    let lies = r#"{"a.weight_scale":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}"#;
    let head = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes(), &[0; 4]].concat();
    for bytes in [vec![], u64::MAX.to_le_bytes().to_vec(), head(huge), head(lies), head("{}"), head("[[[[")] {
        std::fs::write(&path, bytes).unwrap();
        let mut check = Check::default();
        check.file(&path, None, &Beside::default());
        let report = check.done();
        assert!(ids(&report).contains(&"file-unread"), "{}", report.text(true));
    }
    let mut check = Check::default();
    check.file(&folder.path().join("none.cache"), None, &Beside::default());
    assert_eq!(ids(&check.done()), ["file-unread"]);
}

#[test]
fn many_findings_of_a_rule_are_counted() {
    let names: Vec<String> = (0..30).map(|at| format!("t{at}")).collect();
    let entries: Vec<(&str, f32)> = names.iter().map(|name| (name.as_str(), 0.0)).collect();
    let report = cache(&entries);
    let text = report.text(false);
    assert_eq!(text.lines().count(), 12);
    assert!(text.contains("c.cache: error[scale-zero]: and 20 more such tensors; --all prints them.\n"), "{text}");
    assert!(text.ends_with("30 errors in c.cache (tensorrt-cache, 30 scales).\n"), "{text}");
    assert_eq!(report.text(true).lines().count(), 31);
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    assert_eq!((&json["schema"], &json["errors"]), (&"qviz.check/1".into(), &30.into()));
    assert_eq!((&json["findings"][0]["rule"], &json["findings"][0]["tensor"]), (&"scale-zero".into(), &"t0".into()));
}

/// Ids are words that stay, and every clause reads on.
#[test]
fn rules_are_well_formed() {
    assert!(RULES.len() >= 40);
    for rule in RULES {
        assert!(rule.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", rule.id);
        for clause in [rule.why, rule.remedy] {
            assert!(!clause.ends_with('.') && !clause.contains('\n') && !clause.is_empty(), "{}", rule.id);
        }
    }
    let unique: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(unique.len(), RULES.len());
    let list: serde_json::Value = serde_json::from_str(&rules_json()).unwrap();
    assert_eq!(list["rules"].as_array().unwrap().len(), RULES.len());
    assert_eq!(rules().lines().count(), RULES.len() + 1);
}

/// docs/check.md holds the list.
#[test]
fn the_page_has_the_rules() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- rules: written by `QVIZ_BLESS=1 cargo test --lib check` -->\n", "<!-- end of rules -->");
    let (from, to) = (page.find(begin).unwrap() + begin.len(), page.find(end).unwrap());
    if std::env::var_os("QVIZ_BLESS").is_some() {
        std::fs::write(&path, format!("{}{}{}", &page[..from], markdown(), &page[to..])).unwrap();
        return;
    }
    assert_eq!(page[from..to], markdown(), "run with QVIZ_BLESS=1 to write the list anew");
}

#[test]
fn scales_and_clips_follow_from_the_numbers_of_a_file() {
    let affine = QuantParams::new(0.1, 100, Format::int(8, false, false).unwrap()).unwrap();
    let fact =
        Fact { zeros: vec![100.0], format: Some(affine.format()), ..Fact::new("t", Kind::Activation, Unit::Scale) };
    let [(low, high)] = fact.with([0.1]).clips()[..] else { panic!() };
    assert!((low + 10.0).abs() < 1e-6 && (high - 15.5).abs() < 1e-6);
    let amax = Fact::new("t", Kind::Activation, Unit::Amax).with([2.54]);
    assert!(
        (amax.scale().unwrap() - 0.02).abs() < 1e-8 && amax.clips() == [(-f64::from(2.54_f32), f64::from(2.54_f32))]
    );
}

proptest! {
    /// Whatever stands in a file, under whatever name: no panic, and a report.
    #[test]
    fn no_text_makes_it_panic(
        text in prop_oneof![
            ".{0,200}",
            "(TRT-1\n)?([a-z_:]{0,5}: ?[0-9a-f]{0,9}\n){0,6}",
            "(#?[a-z_.]{0,6}( -?[0-9.einfa]{0,6}){0,5} ?\n){0,6}",
            r#"\{("(CLS|data|encodings|activation_encodings|param_encodings|t|scale|tensors)": ?(\{|\[|[0-9.]{1,4}|NaN|null|"x"|\}|\]|,)*,?){0,8}\}?"#,
            "(quantize_parameters:\n)?( {0,4}(- )?[a-z]{0,5}:? ?\\[?-?[0-9.]{0,4}\\]?\n){0,9}",
        ],
        name in prop_oneof![Just("a.json"), Just("a.cache"), Just("a.table"), Just("a.cali_table"), Just("a.alls"),
            Just("a.txt"), Just("a.quantization.cfg"), Just("a.csv")],
    ) {
        let report = file(name, &text);
        let _ = (report.text(false), report.json());
        prop_assert_eq!(report.files.len(), 1);
    }

    #[test]
    fn no_change_to_a_checkpoint_makes_it_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = safetensors(&[
            ("layers.0.experts.0.weight", FP8, &[4, 4], &[1.0]),
            ("layers.0.experts.0.weight_scale", "F32", &[4, 1], &[0.5]),
            ("layers.0.k_scale", "F32", &[], &[1.0]),
        ]);
        let len = bytes.len();
        for (at, byte) in changes {
            bytes[at.index(len)] = byte;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        std::fs::write(&path, bytes).unwrap();
        let mut check = Check::default();
        check.file(&path, None, &Beside::default());
        let _ = check.done().text(true);
    }
}
