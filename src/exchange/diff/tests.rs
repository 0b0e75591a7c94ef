use proptest::prelude::*;

use super::*;
use crate::exchange::{self, Names, Options, by_id};
use crate::quant::{Clip, Format, QuantParams};

fn int8(name: &str, amax: f32) -> Range {
    Range::of_clips(name, Kind::Activation, Format::INT8, None, vec![Clip::symmetric(amax)])
}

fn affine(name: &str, scale: f32, zero: i32) -> Range {
    let params = QuantParams::new(scale, zero, Format::int(8, false, false).unwrap()).unwrap();
    Range::of_params(name, Kind::Activation, None, &[params])
}

fn side(id: &'static str, ranges: Vec<Range>) -> Side {
    Side { file: id.into(), says: Says::of(id), ranges }
}

fn document(ranges: Vec<Range>) -> Side {
    side("json", ranges)
}

fn moved(a: Range, b: Range) -> (Vec<Moved>, f64) {
    let (a, b) = (document(vec![a]), document(vec![b]));
    let found = diff(&a, &b, 0.0);
    (found.rows[0].moved.clone(), found.rows[0].by)
}

#[test]
fn each_kind_of_move_has_its_word() {
    let near = |(what, by): (Vec<Moved>, f64), expected: &[Moved], share: f64| {
        assert!(what == expected && (by - share).abs() < 1e-6, "{what:?} {by}");
    };
    near(moved(int8("x", 2.0), int8("x", 2.0)), &[], 0.0);
    near(moved(int8("x", 2.0), int8("x", 3.0)), &[Moved::Scale, Moved::Clip], 0.5);
    near(moved(int8("x", 2.0), int8("x", 1.0)), &[Moved::Scale, Moved::Clip], -0.5);
    near(moved(affine("x", 0.1, 10), affine("x", 0.1, 61)), &[Moved::ZeroPoint, Moved::Clip], 0.2);
    let int16 = Range { format: Format::int(16, true, true).unwrap(), ..int8("x", 2.0) };
    near(moved(int8("x", 2.0), int16), &[Moved::Format], 0.0);
    let (what, by) = moved(int8("x", 2.0), Range::float("x", Kind::Activation, "it is"));
    assert_eq!((what, by), (vec![Moved::Float], f64::INFINITY));
    let channels = Range::of_clips("x", Kind::Activation, Format::INT8, Some(1), vec![Clip::symmetric(2.0); 3]);
    assert_eq!(moved(int8("x", 2.0), channels.clone()).0, [Moved::Axis]);
    assert_eq!(moved(Range { axis: Some(0), ..channels.clone() }, channels.clone()).0, [Moved::Axis]);
    let mut other = channels.clone();
    other.clips[2] = Clip::symmetric(4.0);
    other.scales[2] *= 2.0;
    let (a, b) = (document(vec![channels]), document(vec![other]));
    let found = diff(&a, &b, 0.0);
    assert_eq!((found.rows[0].channel, found.rows[0].by), (Some(2), 1.0));
    // The same in float on both sides is no difference.
    let float = || Range::float("x", Kind::Activation, "it is");
    assert_eq!(moved(float(), float()).0, []);
}

#[test]
fn the_worst_comes_first_and_nan_is_the_worst() {
    let mut nan = int8("nan", 1.0);
    nan.scales[0] = f32::NAN;
    let a = document(vec![int8("same", 1.0), int8("little", 1.0), int8("nan", 1.0), int8("much", 1.0), int8("f", 1.0)]);
    let float = Range::float("f", Kind::Activation, "it is");
    let b = document(vec![int8("much", 0.2), nan, int8("little", 1.01), float, int8("same", 1.0)]);
    let found = diff(&a, &b, 0.0);
    let names: Vec<&str> = found.rows.iter().map(|row| row.a.name.as_str()).collect();
    assert_eq!(names, ["nan", "f", "much", "little", "same"]);
    let strict = diff(&a, &b, 0.02);
    assert_eq!(strict.differing().count(), 3);
    assert_eq!(strict.summary(), "3 of 5 tensors differ by more than 2.00 %, the worst in what is no number (nan).");
    assert!(!strict.is_equal());
}

#[test]
fn names_are_matched_with_their_kinds_where_both_files_tell_them() {
    let weight = |amax| Range { kind: Kind::Weight, ..int8("w", amax) };
    let (a, b) = (document(vec![int8("w", 1.0), weight(2.0)]), document(vec![weight(2.0), int8("w", 1.0)]));
    assert!(diff(&a, &b, 0.0).is_equal());
    let alone = document(vec![int8("w", 2.0)]);
    let of_weight = document(vec![weight(2.0)]);
    let found = diff(&of_weight, &alone, 0.0);
    assert_eq!((found.rows.len(), found.only_a.len(), found.only_b.len()), (0, 1, 1));
    assert_eq!(found.summary(), "json and json have no tensor in common; 2 stand on one side alone.");
    // Overrides do not tell.
    let overrides = side("ort-overrides", alone.ranges.clone());
    assert!(diff(&of_weight, &overrides, 0.0).is_equal());
    // A name that stands twice is matched once each.
    let twice = document(vec![int8("w", 1.0), int8("w", 2.0)]);
    assert!(diff(&twice, &twice, 0.0).is_equal());
    assert_eq!(diff(&twice, &alone, 0.0).only_a.len(), 1);
}

#[test]
fn what_two_formats_print_is_one_range_and_what_survives_is_stated() {
    let ranges: Vec<Range> = (1..200).map(|i| int8(&format!("t{i}"), 0.013 * i as f32 * i as f32)).collect();
    let a = document(ranges.clone());
    for id in [
        "tensorrt-cache",
        "tensorrt-ranges",
        "qnn-overrides",
        "aimet-1.0.0",
        "aimet-2.0.0",
        "ort-overrides",
        "ncnn-table",
        "tpu-mlir-table",
        "torch-amax",
        "csv",
    ] {
        let format = by_id(id).unwrap();
        let written = exchange::write(format, &ranges, &Names::default(), &Options::default()).unwrap();
        let (_, read) = exchange::read("x", &written.bytes, Some(format)).unwrap();
        let b = side(id, read.ranges);
        let found = diff(&a, &b, 0.0);
        assert!(found.is_equal(), "{id}: {}", found.text(false));
        // A thousandth is no rounding.
        let other = document(ranges.iter().map(|r| int8(&r.name, r.clips[0].amax() * 1.001)).collect());
        assert_eq!(diff(&other, &b, 0.0).differing().count(), ranges.len(), "{id}");
    }
    // In one format a last digit counts.
    let next = |x: f32| f32::from_bits(x.to_bits() + 1);
    let b = document(vec![int8("t1", next(0.013))]);
    let a = document(vec![int8("t1", 0.013)]);
    assert_eq!(diff(&a, &b, 0.0).differing().count(), 1);
}

#[test]
fn both_ways_of_saying_it() {
    let a = document(vec![int8("conv 1", 2.0), int8("b", 1.0), int8("gone", 1.0)]);
    let b = document(vec![int8("conv 1", 3.0), int8("b", 1.0)]);
    let found = diff(&a, &b, 0.0);
    let text = found.text(false);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>()[..3], ["tensor", "moved", "by_%"]);
    assert_eq!(lines[1].split_whitespace().take(3).collect::<Vec<_>>(), ["conv\\x201", "scale,clip", "+50.0"]);
    assert_eq!(lines[2], "");
    assert_eq!(lines[3], "Only in json: 1 tensor (gone).");
    assert_eq!(lines[4], "1 of 2 tensors differs, the worst by +50.0 % (conv 1); 1 stands on one side alone.");
    assert_eq!(lines.len(), 5);
    assert_eq!(found.text(true).lines().count(), 6);
    let json: serde_json::Value = serde_json::from_str(&found.json(false)).unwrap();
    assert_eq!(json["schema"], "qviz.diff/1");
    assert_eq!(json["equal"], false);
    assert_eq!(json["tensors"].as_array().unwrap().len(), 1);
    assert_eq!(json["tensors"][0]["by"], 0.5);
    assert_eq!(json["tensors"][0]["b"]["clip_max"], 3.0);
    assert_eq!(json["a"]["only"][0]["name"], "gone");
    let none = diff(&b, &b, 0.0);
    assert_eq!(none.text(false), "json and json agree on 2 tensors.\n");
}

proptest! {
    /// Whatever stands in the lists: nothing panics, a list equals itself, and both ways round as many differ.
    #[test]
    fn it_goes_both_ways(
        a in proptest::collection::vec((0_u8..6, any::<f32>(), any::<bool>()), 0..12),
        b in proptest::collection::vec((0_u8..6, any::<f32>(), any::<bool>()), 0..12),
        tolerance in 0.0_f64..1.0,
    ) {
        let list = |of: Vec<(u8, f32, bool)>| document(of.into_iter().map(|(name, amax, float)| match float {
            true => Range::float(&name.to_string(), Kind::Weight, "it is"),
            false => int8(&name.to_string(), amax),
        }).collect());
        let (a, b) = (list(a), list(b));
        prop_assert!(diff(&a, &a, 0.0).is_equal());
        let (there, back) = (diff(&a, &b, 0.0), diff(&b, &a, 0.0));
        prop_assert_eq!(there.differing().count(), back.differing().count());
        prop_assert_eq!(there.only_a.len(), back.only_b.len());
        prop_assert!(diff(&a, &b, tolerance).differing().count() <= there.differing().count());
        let _ = (there.text(true), there.json(true), there.summary());
    }
}
