//! Inputs on which a peer raises, warns or returns nonsense: every method answers with a finite clip and a scale that can
//! be divided by, or says in a sentence why there is none. What each of them says stands in `docs/peers.md`.

use std::path::Path;
use std::sync::Arc;

use qviz::calibrate::{self, Tensor};
use qviz::histogram::{GridSpec, GrowingHistogram, Histogram};
use qviz::quant::{Format, QuantParams};
use qviz::report::number;

const BEGIN: &str = "<!-- answers: written by `QVIZ_BLESS=1 cargo test --test degenerate` -->\n";
const END: &str = "<!-- end of answers -->";

/// Inputs by name, each with its batches.
fn inputs() -> Vec<(&'static str, Vec<Vec<f32>>)> {
    let ramp: Vec<f32> = (1..=100).map(|i| i as f32).collect();
    let scaled = |by: f32| ramp.iter().flat_map(|x| [x * by, -x * by]).collect::<Vec<f32>>();
    let with = |mut more: Vec<f32>| {
        more.extend(&ramp);
        more
    };
    vec![
        ("empty", vec![vec![]]),
        ("all NaN", vec![vec![f32::NAN; 300]]),
        ("1 to 100, NaN", vec![with(vec![f32::NAN])]),
        ("1 to 100, +Inf", vec![with(vec![f32::INFINITY])]),
        ("zeros", vec![vec![0.0; 300]]),
        ("threes", vec![vec![3.0; 300]]),
        ("-1 to -100", vec![ramp.iter().map(|x| -x).collect()]),
        ("one value, 5", vec![vec![5.0]]),
        ("subnormal", vec![scaled(1e-42)]),
        ("up to 3e38", vec![scaled(3e36)]),
        ("zeros, then 0.1 to 10", vec![vec![0.0; 100], ramp.iter().map(|x| x / 10.0).collect()]),
        ("±0.1, then ±1e6", vec![scaled(1e-3), scaled(1e4)]),
    ]
}

fn tensors(batches: &[Vec<f32>], format: Format) -> Tensor {
    let mut grids: Vec<_> = calibrate::catalogue().iter().flat_map(|(_, method)| method.grids()).collect();
    grids.push(GridSpec::Ort { bins: 256 });
    let batches: Vec<&[f32]> = batches.iter().map(Vec::as_slice).collect();
    Tensor::new(Arc::new(Histogram::of_batches(&batches, 2048, &grids)), format)
}

/// What a method says: the threshold, or why there is none; and a note.
fn answer(tensor: &Tensor, method: &dyn calibrate::Calibrator) -> (Option<f32>, Option<String>) {
    let what = method.id();
    match tensor.candidate(method).outcome {
        Ok(t) => {
            assert!(
                t.clip.min().is_finite() && t.clip.max().is_finite() && t.clip.min() <= t.clip.max(),
                "{what}: {:?}",
                t.clip
            );
            assert!(t.params.scale().is_finite() && t.params.scale() > 0.0, "{what}: {:?}", t.params);
            assert!(t.params.dequantize(t.params.qmax()).is_finite(), "{what}: {:?}", t.params);
            assert!(!t.metrics.mse.is_infinite() && t.metrics.saturated >= 0.0, "{what}: {:?}", t.metrics);
            (Some(t.clip.amax()), t.note)
        }
        Err(why) => {
            let why = why.to_string();
            assert!(why.len() > 20 && !why.contains('\n'), "{what}: {why}");
            (None, Some(why))
        }
    }
}

#[test]
fn every_method_answers_or_says_why_not() {
    let mut answers = 0;
    // The search is quadratic in the bins: the table below has the usual number.
    let fewer = calibrate::by_id("ort-entropy-256-128").unwrap();
    let methods: Vec<_> = calibrate::catalogue()
        .into_iter()
        .map(|(name, method)| if name.starts_with("ort-entropy") { fewer.clone() } else { method })
        .collect();
    for (num_bits, signed, symmetric) in [(8, true, true), (8, false, false), (16, true, true)] {
        for (name, batches) in inputs() {
            let tensor = tensors(&batches, Format::int(num_bits, signed, symmetric).unwrap());
            for method in &methods {
                println!("{name}"); // shown when it fails
                answer(&tensor, method.as_ref());
                answers += 1;
            }
            // What can only be read once.
            let mut growing = GrowingHistogram::new(2048);
            batches.iter().for_each(|batch| growing.push(batch));
            let tensor = Tensor::new(Arc::new(growing.finish()), tensor.format());
            for method in &methods {
                answer(&tensor, method.as_ref());
            }
        }
    }
    assert_eq!(answers, 3 * 12 * calibrate::NAMES.len());
}

/// Where a method has no answer, the clip is that of the values: also where there are none.
#[test]
fn a_clip_of_nothing_has_a_scale() {
    for format in [Format::INT8, Format::INT8.with_symmetric(false)] {
        let params = QuantParams::from_clip(qviz::quant::Clip::symmetric(0.0), format);
        assert_eq!((params.scale(), params.zero_point()), (1.0, 0));
    }
}

/// A clip below every value: of threes alone NVIDIA's searches end below 3, of zeros with a few others a percentile ends at
/// 0, and a divergence of nothing over nothing is taken for the least. Asked for, such a clip is chosen; by itself never.
#[test]
fn no_default_ever_chooses_a_clip_that_saturates_everything() {
    use qviz::quant::Fp8;
    use qviz::session::{Key, Layer, Plan, Ready, Rules, Setting};

    let mut inputs: Vec<(&str, Vec<f32>)> =
        inputs().into_iter().map(|(name, batches)| (name, batches.concat())).collect();
    let few = |n: usize, x: f32| (0..n).map(|i| if i % 1000 == 0 { x } else { 0.0 }).collect::<Vec<f32>>();
    inputs.extend([
        ("nearly one", (0..5000).map(|i| 1.0 - i as f32 * 1e-8).collect()),
        ("one in a thousand", few(50_000, 7.0)),
        ("one in fifty thousand", few(1000, 7.0).into_iter().chain(vec![0.0; 49_000]).collect()),
        ("two masks", [vec![-3.4e38; 90], vec![-1e9; 10]].concat()),
        ("a mask and scores", (0..5000).map(|i| if i % 9 == 0 { -3.4e38 } else { (i as f32).sin() }).collect()),
    ]);
    let integers = [(8, true, true), (4, true, true), (8, false, true), (8, true, false)];
    let integers = integers.map(|(bits, signed, symmetric)| Format::int(bits, signed, symmetric).unwrap());
    let formats = [&integers[..], &[Format::Fp8(Fp8::E4m3)]].concat();
    // Searches that are quadratic in the bins show no more on more of them.
    let fast = |id: &&str| !id.starts_with("ort-entropy") && !id.starts_with("nvidia-np");
    let methods: Vec<_> = calibrate::catalogue().into_iter().filter(|(id, _)| fast(id)).map(|(_, m)| m).collect();
    let grids: Vec<_> = methods.iter().flat_map(|method| method.grids()).collect();
    let layer = Layer::waiting(Key::activation("x"), Vec::new());
    let (mut instead, mut as_asked) = (0, 0);
    for (name, values) in &inputs {
        let histogram = Arc::new(Histogram::of(values, 256, &grids));
        let least = values.iter().filter(|x| x.is_finite() && **x != 0.0).map(|x| x.abs()).min_by(f32::total_cmp);
        for (&format, method) in formats.iter().flat_map(|format| (0..methods.len()).map(move |m| (format, m))) {
            // The others would only be computed in vain.
            let two = [methods[method].clone(), calibrate::by_id("max").unwrap()];
            let plan =
                |rules| Plan { methods: two.clone().into(), default_method: 0, format, rules, overlays: [].into() };
            let chosen = Ready::analyse(histogram.clone(), &plan(Rules::new()), &layer.subject());
            let (clip, id) = (chosen.decision().clip, methods[method].id());
            assert!(least.is_none_or(|least| clip.amax() >= least), "{name}, {format}, {id}: {clip:?}");
            instead += usize::from(chosen.instead_of().is_some());
            let named = Rules::new().with(|_| true, Setting::Method(id.to_owned()));
            let named = Ready::analyse(histogram.clone(), &plan(named), &layer.subject());
            as_asked += usize::from(least.is_some_and(|least| named.decision().clip.amax() < least));
        }
    }
    assert!(instead > 100 && as_asked > 10, "{instead} {as_asked}: the inputs are no test");
}

/// The answers as a table: thresholds on int8, with the notes below.
fn table() -> String {
    let mut notes: Vec<String> = Vec::new();
    let mut out = String::from("| |");
    let inputs = inputs();
    inputs.iter().for_each(|(name, _)| out += &format!(" {name} |"));
    out += &format!("\n|---|{}\n", "---:|".repeat(inputs.len()));
    let tensors: Vec<Tensor> = inputs.iter().map(|(_, batches)| tensors(batches, Format::INT8)).collect();
    for (_, method) in calibrate::catalogue() {
        out += &format!("| `{}` |", method.id());
        for tensor in &tensors {
            let (threshold, note) = answer(tensor, method.as_ref());
            let number = threshold.map_or("no".into(), |t| number::significant(f64::from(t), 4));
            let note = note.map_or(String::new(), |note| {
                let known = notes.iter().position(|n| *n == note);
                let at = known.unwrap_or_else(|| {
                    notes.push(note);
                    notes.len() - 1
                });
                format!(" ({})", at + 1)
            });
            out += &format!(" {number}{note} |");
        }
        out += "\n";
    }
    out += "\n";
    notes.iter().enumerate().for_each(|(i, note)| out += &format!("{}. {note}\n", i + 1));
    out
}

#[test]
fn the_documented_answers_are_the_program_s() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/peers.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let begin = text.find(BEGIN).expect("the page has the mark") + BEGIN.len();
    let end = text.find(END).expect("the page has the end mark");
    if std::env::var_os("QVIZ_BLESS").is_some() {
        std::fs::write(&path, format!("{}{}{}", &text[..begin], table(), &text[end..])).unwrap();
        return;
    }
    assert_eq!(text[begin..end], table(), "run with QVIZ_BLESS=1 to write the page's table anew");
}

/// Which profiles depend on where a batch ends: the page says so, and this is how it knows.
#[test]
fn the_order_of_batches_matters_to_these_alone() {
    let first: Vec<f32> = (0..4000).map(|i| ((i as f32 * 0.37).sin() * 3.0).powi(3) / 9.0).collect();
    let second: Vec<f32> = (0..4000).map(|i| (i as f32 * 0.71).sin() * 5.3 + 0.1).collect();
    let one = tensors(&[first.clone(), second.clone()], Format::INT8);
    let other = tensors(&[second, first], Format::INT8);
    let depends: Vec<String> = calibrate::catalogue()
        .iter()
        .filter(|(_, m)| answer(&one, m.as_ref()).0 != answer(&other, m.as_ref()).0)
        .map(|(_, m)| m.id().to_owned())
        .collect();
    let grown = [
        "nvidia-entropy",
        "nvidia-mse",
        "nvidia-percentile-99.99",
        "nvidia-np-entropy",
        "ort-entropy-2048-128",
        "ort-percentile-sym-99.99",
        "ort-percentile-asym-99.99",
    ];
    assert_eq!(depends, grown);
}
