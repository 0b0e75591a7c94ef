//! What the passes, the curves and one clip cost, each beside something plain to measure against.
//!
//! `cargo bench --no-default-features --bench curves`

use std::hint::black_box;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use qviz::calibrate::{self, Calibrator, Tensor, kl, mse_curve, ort_entropy};
use qviz::histogram::{BinPass, GridSpec, GrowingHistogram, Histogram, RangePass};
use qviz::quant::{Clip, Format, Fp8, QuantParams};

const VALUES: usize = 8 << 20;
const UINT8: Format = Format::INT8.with_signed(false);
const INT16: Format = Format::INT8.with_bits(16);

fn main() {
    divan::main();
}

/// Roughly normal values: a sum of four uniform ones.
fn normal(n: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as f32 / 65_536.0 - 0.5
    };
    (0..n).map(|_| uniform() + uniform() + uniform() + uniform()).collect()
}

/// A ReLU's output: half of it zeros.
fn relu(n: usize) -> Vec<f32> {
    normal(n).into_iter().map(|x| x.max(0.0)).collect()
}

fn with_nan(n: usize) -> Vec<f32> {
    let nan = |(i, x): (usize, f32)| if i.is_multiple_of(1000) { f32::NAN } else { x };
    normal(n).into_iter().enumerate().map(nan).collect()
}

fn tensor(bins: usize, format: Format) -> Tensor {
    Tensor::new(Arc::new(Histogram::of(&normal(1 << 20), bins, &[])), format)
}

#[divan::bench_group(sample_count = 10)]
mod passes {
    use super::*;

    #[divan::bench]
    fn plain_abs_max_sweep(b: Bencher) {
        let values = normal(VALUES);
        b.counter(ItemsCount::new(VALUES)).bench_local(|| {
            let mut lanes = [0.0f32; 16];
            for chunk in values.as_chunks::<16>().0 {
                for l in 0..16 {
                    let m = chunk[l].abs();
                    lanes[l] = if m > lanes[l] { m } else { lanes[l] };
                }
            }
            black_box(lanes.into_iter().fold(0.0, f32::max))
        });
    }

    #[divan::bench]
    fn range(b: Bencher) {
        let values = normal(VALUES);
        b.counter(ItemsCount::new(VALUES)).bench_local(|| {
            let mut pass = RangePass::new();
            pass.push(&values);
            pass.finish()
        });
    }

    fn bins(b: Bencher, values: Vec<f32>, grids: &[GridSpec]) {
        let mut pass = RangePass::new();
        pass.push(&values);
        let stats = pass.finish();
        b.counter(ItemsCount::new(VALUES)).bench_local(|| {
            let mut pass = BinPass::new(stats.clone(), 2048, grids);
            pass.push(&values);
            pass.finish().unwrap()
        });
    }

    #[divan::bench]
    fn bins_of_normal(b: Bencher) {
        bins(b, normal(VALUES), &[]);
    }

    #[divan::bench]
    fn bins_of_zeros(b: Bencher) {
        bins(b, vec![0.0; VALUES], &[]);
    }

    #[divan::bench]
    fn bins_of_relu(b: Bencher) {
        bins(b, relu(VALUES), &[]);
    }

    /// One NaN in 1,000.
    #[divan::bench]
    fn bins_with_nan(b: Bencher) {
        bins(b, with_nan(VALUES), &[]);
    }

    #[divan::bench]
    fn range_with_nan(b: Bencher) {
        let values = with_nan(VALUES);
        b.counter(ItemsCount::new(VALUES)).bench_local(|| {
            let mut pass = RangePass::new();
            pass.push(&values);
            pass.finish()
        });
    }

    #[divan::bench]
    fn bins_and_numpy_grid_of_normal(b: Bencher) {
        bins(b, normal(VALUES), &[GridSpec::Numpy { bins: 100 }]);
    }

    #[divan::bench]
    fn bins_and_numpy_grid_of_relu(b: Bencher) {
        bins(b, relu(VALUES), &[GridSpec::Numpy { bins: 100 }]);
    }

    #[divan::bench]
    fn growing(b: Bencher) {
        let values = normal(VALUES);
        b.counter(ItemsCount::new(VALUES)).bench_local(|| {
            let mut pass = GrowingHistogram::new(2048);
            pass.push(&values);
            pass.finish()
        });
    }
}

#[divan::bench_group(sample_count = 20)]
mod curves {
    use super::*;

    #[divan::bench(args = [("int8", 2048), ("uint8", 2048), ("int16", 2048), ("int8", 8192), ("int8", 32_768)])]
    fn kl(b: Bencher, (grid, bins): (&str, usize)) {
        let tensor = tensor(bins, format(grid));
        let counts = kl::without_zero_bin(tensor.histogram().magnitude.counts());
        b.bench_local(|| kl::curve(black_box(&counts), format(grid).even_levels().expect("integers lie evenly")));
    }

    /// ONNX Runtime's windows, each on its own, as its rounding asks for.
    #[divan::bench(args = [(2048, 128), (8001, 255)])]
    fn ort_entropy(b: Bencher, (bins, levels): (usize, usize)) {
        let spec = GridSpec::Ort { bins };
        let histogram = Histogram::of(&normal(1 << 20), 2048, &[spec]);
        let grid = histogram.peer(spec).expect("it was asked for").expect("the values are finite");
        b.bench_local(|| ort_entropy::curve(black_box(&grid.counts), levels));
    }

    /// What the curve replaces: every candidate on its own.
    #[divan::bench(sample_count = 3)]
    fn kl_one_by_one(b: Bencher) {
        let tensor = tensor(2048, Format::INT8);
        let counts = kl::without_zero_bin(tensor.histogram().magnitude.counts());
        b.bench_local(|| (128..=2048).map(|i| kl::peer_divergence(&counts, 128, i)).fold(f64::MAX, f64::min));
    }

    #[divan::bench(args = [
        ("int8", 2048), ("uint8", 2048), ("int16", 2048), ("int8", 8192), ("int8", 32_768),
        ("e4m3", 2048), ("e5m2", 2048), ("e4m3", 32_768),
    ])]
    fn mse(b: Bencher, (grid, bins): (&str, usize)) {
        let tensor = tensor(bins, format(grid));
        tensor.edges();
        b.bench_local(|| mse_curve(black_box(&tensor)));
    }

    /// The `mse` method on a weight's channel: some hundred values in 2,048 bins.
    #[divan::bench(args = [64, 576, 4096])]
    fn mse_of_a_channel(b: Bencher, values: usize) {
        let tensor = Tensor::new(Arc::new(Histogram::of(&normal(values), 2048, &[])), Format::INT8);
        tensor.edges();
        b.bench_local(|| calibrate::Mse.calibrate(black_box(&tensor)));
    }

    /// One clip of a channel whose curve nobody wanted.
    #[divan::bench(args = [64, 576, 4096])]
    fn clip_of_a_channel(b: Bencher, values: usize) {
        let histogram = Arc::new(Histogram::of(&normal(values), 2048, &[]));
        b.bench_local(|| Tensor::new(histogram.clone(), Format::INT8).metrics(Clip::symmetric(1.0)));
    }

    /// What the curve replaces: every centre at every candidate.
    #[divan::bench(sample_count = 3)]
    fn mse_one_by_one(b: Bencher) {
        let tensor = tensor(2048, Format::INT8);
        let (counts, curve) = (tensor.histogram().magnitude.counts(), mse_curve(&tensor));
        b.bench_local(|| {
            let error = |i: usize| -> f64 {
                let params = QuantParams::new(curve.centres[i] / 127.0, 0, Format::INT8).unwrap();
                let errors = curve.centres.iter().map(|&c| f64::from(params.fake_quant(c) - c).powi(2));
                errors.zip(&counts).map(|(e, &h)| e * h as f64).sum()
            };
            (128..2048).map(error).fold(f64::MAX, f64::min)
        });
    }

    #[divan::bench]
    fn all_default_methods(b: Bencher) {
        let histogram = Arc::new(Histogram::of(&normal(1 << 20), 2048, &[GridSpec::Numpy { bins: 100 }]));
        let methods = calibrate::defaults();
        b.bench_local(|| {
            let tensor = Tensor::new(histogram.clone(), Format::INT8);
            methods.iter().map(|m| tensor.candidate(&**m)).collect::<Vec<_>>()
        });
    }
}

#[divan::bench_group(sample_count = 100)]
mod clip {
    use super::*;

    #[divan::bench(args = [
        ("int8", 2048), ("uint8", 2048), ("int8 affine", 2048), ("int16", 2048), ("int8", 32_768),
        ("e4m3", 2048), ("e5m2", 2048), ("e4m3", 32_768),
    ])]
    fn metrics(b: Bencher, (grid, bins): (&str, usize)) {
        let tensor = tensor(bins, format(grid));
        let clip = if grid == "int8 affine" { Clip::new(-1.0, 1.1) } else { Clip::symmetric(1.0) };
        tensor.metrics(clip);
        b.bench_local(|| tensor.metrics(black_box(clip)));
    }
}

fn format(grid: &str) -> Format {
    match grid {
        "int8" => Format::INT8,
        "uint8" => UINT8,
        "int16" => INT16,
        "e4m3" => Format::Fp8(Fp8::E4m3),
        "e5m2" => Format::Fp8(Fp8::E5m2),
        _ => Format::INT8.with_symmetric(false),
    }
}
