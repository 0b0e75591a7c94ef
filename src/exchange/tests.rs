//! What is written is read again, byte by byte as the other tools have it; and nothing in a file makes a panic.

use proptest::prelude::*;

use super::{FORMATS, Foreign, Names, Options, Range, Read, by_ending, by_id, read, typed, write};
use crate::quant::{Clip, Format};
use crate::session::Kind;

fn format(id: &str) -> &'static dyn Foreign {
    by_id(id).unwrap()
}

fn clips(name: &str, kind: Kind, words: &str, axis: Option<usize>, clips: &[(f32, f32)]) -> Range {
    let clips = clips.iter().map(|(low, high)| Clip::new(*low, *high)).collect();
    Range::of_clips(name, kind, Format::named(words).unwrap(), axis, clips)
}

fn int8(name: &str, amax: f32) -> Range {
    clips(name, Kind::Activation, "int8", None, &[(-amax, amax)])
}

fn text(id: &str, ranges: &[Range]) -> String {
    String::from_utf8(format(id).write(ranges, &Options::default()).unwrap().bytes).unwrap()
}

fn said(id: &str, ranges: &[Range]) -> String {
    format(id).write(ranges, &Options::default()).unwrap().said.join("\n")
}

fn refused(id: &str, ranges: &[Range]) -> String {
    format(id).write(ranges, &Options::default()).unwrap_err().to_string()
}

fn ranges(id: &str, bytes: &[u8]) -> Vec<Range> {
    format(id).read(bytes).unwrap_or_else(|why| panic!("{id}: {why}")).ranges
}

#[test]
fn every_format_has_a_word_of_its_own() {
    let mut ids: Vec<&str> = FORMATS.iter().map(|f| f.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), FORMATS.len());
    assert!(by_id("pdf").err().unwrap().contains("tensorrt-cache, "));
    let ending = |path: &str| by_ending(path.as_ref()).map(|f| f.id()).map_err(|why| why.to_string());
    assert_eq!(ending("x.CSV"), Ok("csv"));
    assert_eq!(ending("calib.cache"), Ok("tensorrt-cache"));
    assert_eq!(ending("a.table"), Ok("ncnn-table"));
    for plain in ["scales.json", "scales", "x.txt", "x.cfg"] {
        assert_eq!(ending(plain), Ok("json"), "{plain}");
    }
    assert_eq!(ending("a.safetensors").unwrap_err(), "a.safetensors may be torch-amax, modelopt-amax");
    assert!(ending("net.onnx").unwrap_err().contains("would be a model"));
    let typed = |text: &'static str| typed(text).map(|(format, path)| (format.id(), path));
    assert_eq!(typed("a/b.cache"), Ok(("tensorrt-cache", "a/b.cache")));
    assert_eq!(typed("modelopt-amax:a.safetensors"), Ok(("modelopt-amax", "a.safetensors")));
    assert_eq!(typed("tensorrt-ranges:x"), Ok(("tensorrt-ranges", "x")));
    assert_eq!(typed("c:x.json"), Ok(("json", "c:x.json")));
    assert_eq!(typed("a/b:c.json"), Ok(("json", "a/b:c.json")));
    for slip in ["nope:x.json", "tensorrt:x.cache", "tensorrt:a.onnx"] {
        let why = typed(slip).unwrap_err();
        assert!(
            why.starts_with("there is no format") && why.contains("tensorrt-cache") && why.contains("qdq"),
            "{why}"
        );
    }
    let why = typed("a.safetensors").unwrap_err();
    assert!(why.ends_with("type which in front, such as torch-amax:a.safetensors"), "{why}");
}

/// The line of a real file (NVIDIA/TensorRT#2958), and the one of calibrators' golden values.
#[test]
fn a_cache_is_the_bits_of_scales() {
    let found = ranges("tensorrt-cache", b"TRT-8205-EntropyCalibration2\ninput: 3b810a13\n(Unnamed Layer* 22) [Constant]_output: 3a4b050c\r\na:0: 3debd932\n\n");
    assert_eq!(found[0].name, "input");
    assert_eq!(found[0].scales, [f32::from_bits(0x3b81_0a13)]);
    assert_eq!(found[1].name, "(Unnamed Layer* 22) [Constant]_output");
    assert_eq!(found[2].name, "a:0");
    let old = read("x.cache", b"TRT-8601-MinMaxCalibration\na: 3debd932\n", None).unwrap().1;
    let options = Options { tensorrt: old.version };
    let again = format("tensorrt-cache").write(&old.ranges, &options).unwrap().bytes;
    assert_eq!(again, b"TRT-8601-MinMaxCalibration\na: 3debd932\n");
    assert_eq!(text("tensorrt-cache", &found[..1]), "TRT-100300-EntropyCalibration2\ninput: 3b810a13\n");
    assert!(text("tensorrt-cache", &[int8("name", 14.625_366)]).ends_with("\nname: 3debd932\n"));
}

#[test]
fn golden_lines() {
    assert_eq!(text("tensorrt-ranges", &[int8("t", 5.431_16)]), "t:5.43116\n");
    let images = ranges("tpu-mlir-table", b"# op_name    threshold    min    max\nimages 1.0000080 0.0000000 1.0000080\n122_Conv 56.4281803 -102.5830231 97.6811752\n#asym_op\nx\n");
    assert_eq!((images[0].clips[0], images[1].clips[0]), (Clip::new(0.0, 1.000_008), Clip::symmetric(56.428_18)));
    assert_eq!(text("tpu-mlir-table", &images[..1]).lines().nth(1), Some("images 1.0000080 0.0000000 1.0000080"));
    let table = [
        int8("conv0", 14.614_655),
        clips("conv0", Kind::Weight, "int8", Some(0), &[(-1.0, 1.0), (-0.5, 0.5)]),
        Range { in_float: Some("by hand".into()), ..int8("fc", 2.0) },
    ];
    assert_eq!(text("ncnn-table", &table), "conv0_param_0 127.000000 254.000000 \nconv0 8.689908 \n#fc 63.500000 \n");
    assert_eq!(
        text("hailo-alls", &[clips("conv20", Kind::Activation, "uint8 affine", None, &[(0.0, 15.0)])]),
        "pre_quantization_optimization(activation_clipping, layers=[conv20], mode=manual, clipping_values=[0, 15])\n"
    );
    let wide = clips("out1", Kind::Activation, "int16", None, &[(-2.0, 2.0)]);
    assert!(text("hailo-alls", &[wide]).starts_with("quantization_param(out1, precision_mode=a16_w16)\n"));
    assert_eq!(
        text("csv", &[int8("a, \"b\"", 127.0)]).lines().nth(1),
        Some("\"a, \"\"b\"\"\",activation,true,int8 symmetric,,-127,127,1e0,0")
    );
}

#[test]
fn golden_json() {
    let value = |id: &str, ranges: &[Range]| -> serde_json::Value { serde_json::from_str(&text(id, ranges)).unwrap() };
    let sym = int8("t1", 127.0);
    let affine = clips("t2", Kind::Activation, "uint8 affine", None, &[(-81.0, 174.0)]);
    let weight = clips("w", Kind::Weight, "int8", Some(0), &[(-127.0, 127.0), (-63.5, 63.5)]);
    let old = value("aimet-0.6.1", &[sym.clone(), affine.clone(), weight.clone()]);
    assert_eq!(old["version"], "0.6.1");
    let t1 = serde_json::json!([{"bitwidth": 8, "dtype": "int", "is_symmetric": "True", "max": 127.0, "min": -128.0, "offset": -128, "scale": 1.0}]);
    assert_eq!(old["activation_encodings"]["t1"], t1);
    assert_eq!(old["activation_encodings"]["t2"][0]["offset"], -81);
    assert_eq!(old["activation_encodings"]["t2"][0]["is_symmetric"], "False");
    assert_eq!(old["param_encodings"]["w"][1]["scale"], 0.5);
    assert!(value("qnn-overrides", std::slice::from_ref(&sym)).get("version").is_none());
    let new = value("aimet-1.0.0", &[sym.clone(), weight.clone()]);
    assert_eq!(
        new["activation_encodings"][0],
        serde_json::json!({"name": "t1", "enc_type": "PER_TENSOR", "dtype": "INT", "bw": 8, "is_sym": true, "scale": [1.0], "offset": [-128]})
    );
    assert_eq!(new["param_encodings"][0]["enc_type"], "PER_CHANNEL");
    let typed = value("aimet-2.0.0", &[sym.clone(), affine.clone(), weight]);
    assert_eq!(typed["encodings"][0], serde_json::json!({"name": "t1", "output_dtype": "int8", "y_scale": 1.0}));
    assert_eq!(
        typed["encodings"][1],
        serde_json::json!({"name": "t2", "output_dtype": "uint8", "y_scale": 1.0, "y_zero_point": 81})
    );
    assert_eq!(typed["encodings"][2]["y_scale"], serde_json::json!([1.0, 0.5]));
    let overrides = value("ort-overrides", std::slice::from_ref(&affine));
    assert_eq!(overrides["t2"], serde_json::json!([{"quant_type": "QUInt8", "scale": 1.0, "zero_point": 81}]));
    let cache = value("ort-cache", &[affine]);
    assert_eq!(cache["CLS"], "TensorsData");
    assert_eq!(
        cache["data"]["t2"]["lowest"],
        serde_json::json!({"data": -81.0, "dtype": "float32", "CLS": "numpy.array"})
    );
    assert_eq!(cache["calibration_method"]["value"], "CalibrationMethod.MinMax");
    let explorer = value("model-explorer", &[Range { sqnr_db: Some(31.2), ..sym }]);
    assert_eq!(explorer["results"]["t1"]["value"], 31.2);
}

#[test]
fn golden_safetensors() {
    let weight = Range {
        shape: Some(vec![2, 3, 1, 1]),
        ..clips("conv.weight", Kind::Weight, "int8", Some(0), &[(-1.0, 1.0), (-2.0, 2.0)])
    };
    let bytes = format("torch-amax").write(&[int8("conv", 3.0), weight.clone()], &Options::default()).unwrap().bytes;
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    assert_eq!(length % 8, 0);
    let head: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    assert_eq!(
        head["conv._input_quantizer._amax"],
        serde_json::json!({"dtype": "F32", "shape": [], "data_offsets": [0, 4]})
    );
    assert_eq!(head["conv._weight_quantizer._amax"]["shape"], serde_json::json!([2, 1, 1, 1]));
    assert_eq!(bytes[8 + length..], [3.0_f32, 1.0, 2.0].map(f32::to_le_bytes).concat());
    let back = ranges("torch-amax", &bytes);
    assert_eq!((&back[0], &back[1].name, &back[1].clips), (&int8("conv", 3.0), &weight.name, &weight.clips));
    let modelopt = format("modelopt-amax").write(&[int8("conv", 3.0)], &Options::default()).unwrap().bytes;
    assert_eq!(read("x.safetensors", &modelopt, None).unwrap().0.id(), "modelopt-amax");
    assert_eq!(read("x.safetensors", &bytes, None).unwrap().0.id(), "torch-amax");
}

const RKNN: &str = "custom_quantize_layers: {}\nquantize_parameters:\n    images:\n        qtype: asymmetric_quantized\n        qmethod: layer\n        dtype: int8\n        min:\n        - 0.0\n        max:\n        - 2.55\n        scale: [0.01]\n        zero_point: [-128]\n    'out-rs':\n        qtype: asymmetric_quantized\n        dtype: int8\n        min: [-1.0, -2.0]\n        max: [1.0, 3.0]\n";

#[test]
fn rknn_is_read_and_not_written() {
    let (known, Read { ranges, .. }) = read("m.quantization.cfg", RKNN.as_bytes(), None).unwrap();
    assert_eq!(known.id(), "rknn");
    assert_eq!((ranges[0].clips[0], ranges[0].zero_points[0]), (Clip::new(0.0, 2.55), -128));
    assert_eq!((ranges[1].name.as_str(), ranges[1].axis, ranges[1].clips.len()), ("out-rs", Some(0), 2));
    assert!(refused("rknn", &ranges).contains("read only"));
}

#[test]
fn what_a_format_cannot_hold_is_refused_by_name() {
    let affine = clips("relu", Kind::Activation, "affine", None, &[(-1.0, 3.0)]);
    for id in ["tensorrt-cache", "tensorrt-ranges", "ncnn-table", "torch-amax", "modelopt-amax"] {
        let why = refused(id, std::slice::from_ref(&affine));
        assert!(
            why.starts_with(&format!("{id} cannot hold these scales: relu: ")) && why.contains("--symmetric"),
            "{why}"
        );
    }
    let int4 = clips("a", Kind::Activation, "int4", None, &[(-1.0, 1.0)]);
    assert!(refused("tensorrt-cache", &[int4]).contains("8 bits"));
    assert!(refused("tensorrt-cache", &[int8("conv: 0", 1.0)]).contains("--names"));
    for id in ["ncnn-table", "tpu-mlir-table", "hailo-alls"] {
        assert!(refused(id, &[int8("a b", 1.0)]).contains("--names"), "{id}");
    }
    assert!(refused("ncnn-table", &[int8("huge", 1e9)]).contains("six decimals"));
    assert!(refused("tpu-mlir-table", &[int8("tiny", 1e-9)]).contains("seven decimals"));
    assert!(refused("ncnn-table", &[int8(&"n".repeat(256), 1.0)]).contains("255"));
    let fp8 = clips("f", Kind::Activation, "e4m3", None, &[(-1.0, 1.0)]);
    for id in ["qnn-overrides", "aimet-0.6.1", "aimet-1.0.0", "aimet-2.0.0", "ort-overrides", "hailo-alls"] {
        assert!(refused(id, std::slice::from_ref(&fp8)).contains(" f: "), "{id}");
    }
    assert!(refused("tensorrt-cache", &[int8("twice", 1.0), int8("twice", 2.0)]).contains("twice: two tensors"));
}

#[test]
fn what_is_left_out_or_rounded_is_said() {
    let float = Range { in_float: Some("by hand".into()), ..int8("soft", 1.0) };
    let wide = clips("wide", Kind::Activation, "int16", None, &[(-1.0, 1.0)]);
    let channels = clips("each", Kind::Activation, "int8", Some(0), &[(-1.0, 1.0), (-2.0, 2.0)]);
    let all = [int8("a", 1.0), float, wide, channels];
    let said_of = said("tensorrt-cache", &all);
    assert!(said_of.starts_with("1 tensor got a scale in tensorrt-cache."), "{said_of}");
    for phrase in [
        "(by hand): soft.",
        "16 bits are left",
        "each channel has a range",
        "DLA and ModelOpt want every tensor in the cache: 3 are missing.",
    ] {
        assert!(said_of.contains(phrase), "{phrase}\n{said_of}");
    }
    assert!(said("ncnn-table", &[int8("far", 1.1e6)]).contains("by more than 1e-4: far."));
    assert!(said("tpu-mlir-table", &all[1..3]).contains("soft F16; wide F16"));
    let encodings = text("aimet-0.6.1", &all[1..2]);
    assert!(encodings.contains("\"dtype\": \"float\"") && encodings.contains("\"bitwidth\": 16"));
    assert!(text("aimet-1.0.0", &all[1..2]).contains("\"FLOAT\""));
    assert!(text("ort-overrides", &all[2..3]).contains("QInt16"));
}

#[test]
fn names_are_mapped_and_unmatched_ones_said() {
    for map in [
        "{\"conv:0\": \"conv\", \"gone\": \"x\"}",
        "conv:0,conv\ngone,x\n",
        "\u{feff}\"conv:0\",\"conv\"\r\n\r\ngone,x",
    ] {
        let written =
            write(format("tensorrt-cache"), &[int8("conv:0", 1.0)], &Names::read(map).unwrap(), &Options::default())
                .unwrap();
        assert!(String::from_utf8(written.bytes).unwrap().contains("\nconv: "));
        assert!(written.said.contains(&"Names that no tensor has: gone.".to_owned()));
    }
    for (wrong, why) in
        [("a", "1 columns"), ("a,b,c", "3 columns"), ("a,b\na,c", "twice"), ("{\"a\": 1}", "a text"), ("{", "JSON")]
    {
        let error = Names::read(wrong).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

/// Files that are wrong, and what is said of them.
#[test]
fn hostile_files_get_a_sentence() {
    let zero = "the scale of a is 0";
    for (id, bytes, why) in [
        ("tensorrt-cache", "", "should begin with TRT-"),
        ("tensorrt-cache", "TRT-1-E\nname 3b810a13", "line 2 is not NAME: HEX"),
        ("tensorrt-cache", "TRT-1-E\na: 3b81", "8 hex digits"),
        ("tensorrt-cache", "TRT-1-E\na: +b810a13", "8 hex digits"),
        ("tensorrt-cache", "TRT-1-E\na: 00000000", zero),
        ("tensorrt-cache", "TRT-1-E\na: 7f800000", "scale of a is inf"),
        ("tensorrt-cache", "TRT-1-E\na: 7fc00000", "scale of a is NaN"),
        ("tensorrt-cache", "TRT-1-E\na: 00000001", "denormal"),
        ("tensorrt-cache", "TRT-1-E\na: bb810a13", "has to be positive"),
        ("tensorrt-ranges", "a", "line 1 is not NAME:RANGE"),
        ("tensorrt-ranges", "a:x", "no number"),
        ("tensorrt-ranges", "a:-1", "a largest value was written"),
        ("tensorrt-ranges", "a:nan", "is NaN"),
        ("tensorrt-ranges", "a:0", zero),
        ("csv", "x", "its first line"),
        ("csv", "name,kind,quantized,format,axis,low,high,scale,zero_point\na,b", "2 cells"),
        ("csv", "name,kind,quantized,format,axis,low,high,scale,zero_point\n\"a", "does not end"),
        ("csv", "name,kind,quantized,format,axis,low,high,scale,zero_point\na,activation,true,int8,,-1,1,0,0", zero),
        (
            "csv",
            "name,kind,quantized,format,axis,low,high,scale,zero_point\na,activation,true,int8,,-1;1,1,1,0",
            "lengths",
        ),
        (
            "csv",
            "name,kind,quantized,format,axis,low,high,scale,zero_point\na,activation,true,int8,,-1,1,1,3",
            "zero point",
        ),
        (
            "hailo-alls",
            "pre_quantization_optimization(activation_clipping, layers=[a], mode=manual, clipping_values=[1])",
            "two ends",
        ),
        (
            "hailo-alls",
            "pre_quantization_optimization(activation_clipping, layers=[a], mode=manual, clipping_values=[0, inf])",
            "is inf",
        ),
        ("hailo-alls", "quantization_param(a, force_range_out=[2, 1])", "before it begins"),
        ("qnn-overrides", "[]", "no JSON of this format"),
        ("qnn-overrides", "{\"activation_encodings\": {\"a\": []}}", "no list of encodings"),
        (
            "qnn-overrides",
            "{\"activation_encodings\": {\"a\": [{\"bitwidth\": 99, \"scale\": 1, \"offset\": 0}]}}",
            "99 bits",
        ),
        (
            "qnn-overrides",
            "{\"activation_encodings\": {\"a\": [{\"bitwidth\": 8, \"scale\": 0, \"offset\": 0}]}}",
            zero,
        ),
        (
            "qnn-overrides",
            "{\"activation_encodings\": {\"a\": [{\"bitwidth\": 8, \"min\": 0, \"max\": 0}]}}",
            "scale of a is 0",
        ),
        (
            "qnn-overrides",
            "{\"activation_encodings\": {\"a\": [{\"bitwidth\": -2147483648, \"min\": 0, \"max\": 1}]}}",
            "no bitwidth",
        ),
        (
            "aimet-0.6.1",
            "{\"activation_encodings\": {\"a\": [{\"bitwidth\": 8, \"scale\": 1, \"offset\": 7}]}}",
            "zero point",
        ),
        (
            "aimet-0.6.1",
            "{\"activation_encodings\": {\"a\": [{\"bitwidth\": 8, \"is_symmetric\": \"True\", \"scale\": 1, \"offset\": -3}]}}",
            "around zero",
        ),
        ("aimet-0.6.1", "{\"activation_encodings\": {\"a\": 1, \"a\": 2}}", "twice"),
        ("aimet-1.0.0", "{\"activation_encodings\": [{}]}", "no name"),
        ("aimet-1.0.0", "{\"activation_encodings\": [{\"name\": \"a\", \"enc_type\": \"LPBQ\"}]}", "LPBQ"),
        (
            "aimet-1.0.0",
            "{\"activation_encodings\": [{\"name\": \"a\", \"enc_type\": \"PER_TENSOR\", \"bw\": 8, \"scale\": [1, 2], \"offset\": [0]}]}",
            "2 scales",
        ),
        ("aimet-2.0.0", "{}", "no list of encodings"),
        (
            "aimet-2.0.0",
            "{\"encodings\": [{\"name\": \"a\", \"output_dtype\": \"float8\", \"y_scale\": 1}]}",
            "not read here",
        ),
        (
            "aimet-2.0.0",
            "{\"encodings\": [{\"name\": \"a\", \"output_dtype\": \"int8\", \"y_scale\": []}]}",
            "0 scales",
        ),
        (
            "aimet-2.0.0",
            "{\"encodings\": [{\"name\": \"a\", \"output_dtype\": \"int8\", \"y_scale\": 1, \"axis\": -1}]}",
            "axis of a is -1",
        ),
        ("ort-overrides", "{\"a\": [{\"quant_type\": \"QInt3\", \"scale\": 1}]}", "QInt3"),
        ("ort-overrides", "{\"a\": [{\"scale\": 1}, {\"scale\": 1}]}", "no axis"),
        ("ort-overrides", "{\"a\": [{\"scale\": \"nan\"}]}", "is NaN"),
        ("ort-overrides", "{\"a\": [{\"rmin\": 0}]}", "no rmax"),
        ("ort-cache", "{\"data\": {\"a\": {\"lowest\": 2, \"highest\": 1}}}", "lowest at 2"),
        ("ort-cache", "{\"data\": {\"a\": {\"lowest\": NaN, \"highest\": 1}}}", "no JSON"),
        ("ort-cache", "{\"data\": {\"a\": {\"lowest\": [1, 2], \"highest\": 1}}}", "no number"),
        ("ncnn-table", "a", "no scale"),
        ("ncnn-table", "a inf ", "is inf"),
        ("ncnn-table", "a 0.000000 ", zero),
        ("ncnn-table", "a x ", "no number"),
        ("tpu-mlir-table", "a b 1 1 1", "5 fields"),
        ("tpu-mlir-table", "a 1 2 1", "above its max"),
        ("tpu-mlir-table", "a 0 0 0", zero),
        ("torch-amax", "x", "cut short"),
        ("torch-amax", "\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}{}", "cut short"),
        ("model-explorer", "{}", "written only"),
        ("rknn", "quantize_parameters:\n  a:\n    dtype: int8\n    min: [1]\n", "1 min and 0 max"),
        ("rknn", "quantize_parameters:\n  a:\n    dtype: blob\n", "0 bits"),
        ("json", "{}", "holds no scales"),
    ] {
        let error = format(id).read(bytes.as_bytes()).expect_err(bytes);
        assert!(error.contains(why), "{id}: {bytes}\n{error}");
    }
    assert!(read("x.bin", b"\xff\xfe", None).err().unwrap().to_string().contains("--from: json, csv, "));
}

/// Any bytes for any reader: an answer or a sentence.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "TRT-1-E\n",
        "a: ",
        "3b810a13",
        "\n",
        "{",
        "}",
        "\"a\":",
        "[",
        "]",
        ",",
        "1e-40",
        "nan",
        "\"encodings\":",
        "#",
        "a ",
        "-1 ",
        "quantize_parameters:\n",
        "  ",
        "min: ",
        "\"",
        "_param_0 ",
        "pre_quantization_optimization(activation_clipping, ",
        "layers=[",
        "clipping_values=[",
        "\"activation_encodings\":",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(words, 0..40).prop_map(|words| words.concat().into_bytes()),
    ]
}

/// Ranges of any tensors that every format holds: int8 around zero, of sizes that a table prints.
fn symmetric() -> impl Strategy<Value = Vec<Range>> {
    prop::collection::vec(1e-3_f32..1e3, 1..9)
        .prop_map(|all| all.into_iter().enumerate().map(|(at, amax)| int8(&format!("t{at}"), amax)).collect())
}

/// Words of a format, whether it is a weight, the ends of each range.
type Drawn = (&'static str, bool, Vec<(f32, f32)>);

/// Any tensors with one range or several, of any integers.
fn any_ranges() -> impl Strategy<Value = Vec<Range>> {
    let words = prop::sample::select(vec!["int8", "uint8", "uint8 affine", "affine", "int16", "uint16 affine", "int4"]);
    let range = (words, any::<bool>(), prop::collection::vec((-1e4_f32..0.0, 1e-3_f32..1e4), 1..4));
    prop::collection::vec(range, 0..9).prop_map(|all| {
        let range = |(at, (words, weight, ends)): (usize, Drawn)| {
            let format = Format::named(words).unwrap();
            let kind = if weight { Kind::Weight } else { Kind::Activation };
            let axis = (ends.len() > 1).then_some(0);
            let clips = ends.into_iter().map(|(low, high)| format.clip_for(low, high)).collect();
            Range::of_clips(&format!("t{at}.weight"), kind, format, axis, clips)
        };
        all.into_iter().enumerate().map(range).collect()
    })
}

proptest! {
    #[test]
    fn no_bytes_are_a_panic(bytes in anything(), at in 0..FORMATS.len()) {
        let _ = FORMATS[at].read(&bytes);
        let _ = read("x.table", &bytes, None);
    }

    #[test]
    fn a_cut_file_is_no_panic(ranges in symmetric(), at in 0..FORMATS.len(), cut in 0.0..1.0) {
        if let Ok(written) = FORMATS[at].write(&ranges, &Options::default()) {
            let _ = FORMATS[at].read(&written.bytes[..(written.bytes.len() as f64 * cut) as usize]);
        }
    }

    #[test]
    fn what_is_written_is_recognized_and_read_again(ranges in symmetric()) {
        for format in FORMATS.iter().filter(|f| !["model-explorer", "rknn"].contains(&f.id())) {
            let written = format.write(&ranges, &Options::default()).unwrap();
            let name = format!("x.{}", format.extension());
            let (known, back) = read(&name, &written.bytes, None).unwrap();
            prop_assert_eq!(known.id(), format.id());
            prop_assert_eq!(back.ranges.len(), ranges.len());
            for (back, range) in back.ranges.iter().zip(&ranges) {
                prop_assert_eq!(&back.name, &range.name);
                let (found, wanted) = (back.clips[0], range.clips[0]);
                // Tables print decimals, and Hailo and ONNX Runtime's cache have a zero point of their own.
                let off = (found.amax() / wanted.amax() - 1.0).abs();
                prop_assert!(off < 1e-4, "{}: {} {}", format.id(), found.amax(), wanted.amax());
                let exact = ["json", "csv", "tensorrt-cache", "tensorrt-ranges", "qnn-overrides", "aimet-0.6.1",
                    "aimet-1.0.0", "aimet-2.0.0", "ort-overrides", "torch-amax", "modelopt-amax"];
                if exact.contains(&format.id()) {
                    prop_assert_eq!(back.scales[0].to_bits(), range.scales[0].to_bits(), "{}", format.id());
                }
                if ["hailo-alls", "ort-cache"].contains(&format.id()) {
                    prop_assert_eq!(found, wanted);
                }
            }
        }
    }

    #[test]
    fn scales_and_zero_points_come_back(ranges in any_ranges()) {
        for id in ["json", "csv", "qnn-overrides", "aimet-0.6.1", "aimet-1.0.0", "aimet-2.0.0"] {
            let written = format(id).write(&ranges, &Options::default()).unwrap();
            let back = super::by_id(id).unwrap().read(&written.bytes).unwrap().ranges;
            prop_assert_eq!(back.len(), ranges.len());
            for range in &ranges {
                let back = back.iter().find(|b| b.name == range.name).unwrap();
                prop_assert_eq!(&back.scales, &range.scales, "{}", id);
                prop_assert_eq!(back.axis, range.axis);
                // An offset counts from the lowest code, whatever the sign.
                let from_the_lowest = |r: &Range| -> Vec<i32> { r.zero_points.iter().map(|z| z - r.format.qmin()).collect() };
                if !range.format.symmetric() {
                    prop_assert_eq!(from_the_lowest(back), from_the_lowest(range), "{}", id);
                }
                if ["json", "csv"].contains(&id) {
                    prop_assert_eq!(back, range);
                }
            }
        }
    }
}
