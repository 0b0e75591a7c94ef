//! The NumPy of the screen prints the screen's digits. Needs Python with NumPy: `QVIZ_PYTHON` names one, otherwise python3
//! is tried; where there is none the test says so and ends.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use qviz::calibrate::{self, Coverage, Tensor, ZeroBin, start_bin};
use qviz::histogram::{GridSpec, Histogram};
use qviz::quant::{Clip, Format, Fp8, QuantParams};
use qviz::report::{Computed, script};

/// A Python that has NumPy.
fn python() -> Option<String> {
    let name = std::env::var("QVIZ_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&name).args(["-c", "import numpy"]).output().is_ok_and(|out| out.status.success());
    if !found {
        eprintln!("skipped: {name} has no NumPy (QVIZ_PYTHON names another Python)");
    }
    found.then_some(name)
}

/// What a script prints: the numbers of each line by its first word.
fn run(python: &str, folder: &Path, script: &str) -> Vec<(String, Vec<f64>)> {
    let file = folder.join("screen.py");
    std::fs::write(&file, script).unwrap();
    let out = Command::new(python).arg(&file).output().unwrap();
    assert!(out.status.success(), "{}\n{script}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let line = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default().to_owned();
        (name, words.map(|word| word.parse().unwrap_or_else(|_| panic!("{line}"))).collect())
    };
    text.lines().filter(|l| !l.starts_with('#')).map(line).collect()
}

/// The same digits as far as f64 sums in another order have them.
fn agree(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) || (a - b).abs() < 1e-15
}

fn randn() -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/a_randn1000.npy");
    let array: ndarray::Array1<f32> = ndarray_npy::read_npy(path).unwrap();
    array.to_vec()
}

#[test]
fn a_script_prints_the_screen_s_digits() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let relu: Vec<f32> = randn().into_iter().map(|x| (x * 3.0).max(0.0)).collect();
    let formats =
        [Format::INT8, Format::int(3, true, true).unwrap(), Format::int(4, false, false).unwrap(), Fp8::E4m3.into()];
    for (values, bins) in [(randn(), 2048), (randn(), 8), (relu, 300)] {
        for format in formats {
            let histogram = Histogram::of(&values, bins, &[GridSpec::Numpy { bins: 100 }]);
            let tensor = Tensor::new(Arc::new(histogram), format);
            let (least, most) = tensor.histogram().stats.range();
            // The whole range, one inside a bin, and one in which little is left.
            for share in [1.0, 0.61803, 0.07] {
                let clip = format.clip_for(least * share, most * share);
                let zero = if share == 1.0 { ZeroBin::AsItIs } else { ZeroBin::Copied };
                check(&python, folder.path(), &tensor, clip, zero);
            }
        }
    }
}

fn check(python: &str, folder: &Path, tensor: &Tensor, clip: Clip, zero: ZeroBin) {
    let (format, params) = (tensor.format(), QuantParams::from_clip(clip, tensor.format()));
    let of = |shown: &Computed| run(python, folder, &script("a \\ b", tensor, clip, shown));
    let named = |shown: &Computed| of(shown).into_iter().map(|(name, all)| (name, all[0])).collect::<BTreeMap<_, _>>();

    let metrics = tensor.metrics(clip);
    let printed = named(&Computed::Error);
    assert_eq!((printed["scale"] as f32, printed["zero_point"]), (params.scale(), f64::from(params.zero_point())));
    for (name, ours) in [
        ("clipping_error", metrics.clipping_error),
        ("rounding_error", metrics.rounding_error),
        ("mse", metrics.mse),
        ("sqnr_db", metrics.sqnr_db),
        ("saturated", metrics.saturated),
    ] {
        assert!(agree(printed[name], ours), "{format} {clip:?} {name}: {} for {ours}", printed[name]);
    }

    let kl = tensor.kl_of_magnitudes_with(clip.amax(), zero).unwrap_or(f64::NAN);
    let printed = named(&Computed::Kl(zero));
    assert!(
        (printed["kl"] - kl).abs() <= 1e-12 || agree(printed["kl"], kl),
        "{format} {clip:?}: {} for {kl}",
        printed["kl"]
    );
    if kl.is_finite() {
        let curve = tensor.kl_curve_with(zero);
        let tried = &curve[start_bin(curve.len() - 1, format.even_levels().unwrap())..];
        let ours = tried.iter().copied().filter(|kl| !kl.is_nan()).fold(f64::INFINITY, f64::min);
        assert!((printed["least_kl"] - ours).abs() <= 1e-12, "{format}: {} for {ours}", printed["least_kl"]);
        assert!(agree(named(&Computed::Terms(zero))["kl"], printed["kl"]));
    }

    let values = [clip.max(), 0.0, 0.1, 1.37, -0.77, clip.max() * 0.5, 3.0 * clip.max()];
    let rows = of(&Computed::Mapping(values.to_vec())).into_iter().filter(|(name, _)| name == "value");
    for (x, (_, row)) in values.into_iter().zip(rows) {
        assert_eq!((row[0] as f32, row[3] as f32), (x, params.fake_quant(x)), "{format} {x}: {row:?}");
        if matches!(format, Format::Int(_)) {
            assert_eq!(row[2], f64::from(params.quantize(x)));
        }
    }

    let (_, trace) = Coverage::trace(tensor).unwrap();
    let drops = trace.drops.len() / 2;
    let printed = of(&Computed::Coverage(drops));
    for (name, drops) in [("shown", drops), ("end", trace.drops.len())] {
        let row = printed.iter().find(|(of, _)| of == name).map(|(_, row)| row);
        // The end is no step of the way.
        let Some(row) = row else { panic!("{name} of {printed:?}") };
        let kept = trace.at(drops);
        let clip = kept.low.abs().max(kept.high.abs());
        let ours = [drops as f64, kept.left as f64, kept.right as f64, kept.values as f64, trace.share(drops)];
        assert_eq!(row[..5], ours, "{name}");
        assert_eq!([row[5], row[6], row[7]].map(|x| x as f32), [kept.low, kept.high, clip], "{name}");
    }
}

/// The article's numbers, by the article's own loop.
#[test]
fn the_article_s_scale_comes_out() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let coverage = calibrate::by_id("coverage").unwrap();
    let tensor = Tensor::new(Arc::new(Histogram::of(&randn(), 2048, &coverage.grids())), Format::INT8);
    let clip = coverage.calibrate(&tensor).unwrap().clip;
    let printed = run(&python, folder.path(), &script("x", &tensor, clip, &Computed::Coverage(0)));
    let row = |name: &str| &printed.iter().find(|(of, _)| of == name).unwrap().1;
    assert_eq!(row("scale")[0] as f32, 0.022388924);
    assert_eq!(row("end")[..4], [27.0, 3.0, 75.0, 990.0]);
}
