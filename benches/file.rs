//! The whole way from page cache to counts, for one layer: input, both passes, one and two threads.
//!
//! `cargo bench --no-default-features --bench file [-- values]`, 32 Mi values unless said otherwise. Each line is a
//! median, and its ratio to a plain abs-max sweep through the same float32 values in the same run, per value.

use std::fs;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use half::{bf16, f16};
use qviz::histogram::{DEFAULT_BINS, GridSpec, GrowingHistogram};
use qviz::input::discover;
use qviz::jobs::{Recipe, read_layer};

const ROUNDS: usize = 7;

fn main() {
    // `cargo test --benches` runs this too, to see that it starts.
    let (bench, values) = std::env::args()
        .fold((false, 32 << 20), |(bench, values), a| (bench | (a == "--bench"), a.parse().unwrap_or(values)));
    if bench {
        measure(values);
    }
}

fn measure(values: usize) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("layer.npy");
    let normal = normal(values);
    write(&file, "<f4", normal.iter().flat_map(|x| x.to_le_bytes()));
    let limit = median(|| sweep(&file));
    let line = |name: &str, seconds: f64| {
        println!("{name:<44}{:>8.2} G values/s{:>8.2} sweeps", values as f64 / seconds / 1e9, seconds / limit);
    };
    println!("{values} values, medians of {ROUNDS}");
    line("f32, abs-max sweep", limit);

    let magnitude = Recipe { bins: DEFAULT_BINS, grids: Vec::new() };
    let all = Recipe { grids: vec![GridSpec::Numpy { bins: 100 }], ..magnitude.clone() };
    line("f32 normal, one pass", median(|| one_pass(&file)));
    line("f32 normal, two passes", median(|| two_passes(&file, &magnitude, 1)));
    line("f32 normal, two passes, 2 threads", median(|| two_passes(&file, &magnitude, 2)));
    line("f32 normal, two passes and the 100-bin grid", median(|| two_passes(&file, &all, 1)));

    type Change = (&'static str, fn(usize, f32) -> f32);
    let changes: [Change; 5] = [
        ("half zeros", |_, x| x.max(0.0)),
        ("constant", |_, _| 1.0),
        ("all zeros", |_, _| 0.0),
        ("on edges", |_, x| (x * 512.0).round() / 512.0),
        ("1 NaN in 1,000", |i, x| if i.is_multiple_of(1000) { f32::NAN } else { x }),
    ];
    for (name, change) in changes {
        write(&file, "<f4", normal.iter().enumerate().flat_map(|(i, &x)| change(i, x).to_le_bytes()));
        line(&format!("f32 {name}, two passes"), median(|| two_passes(&file, &magnitude, 1)));
        line("  and the 100-bin grid", median(|| two_passes(&file, &all, 1)));
        line("  in one pass", median(|| one_pass(&file)));
    }
    write(&file, "<f2", normal.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()));
    line("f16 normal, two passes", median(|| two_passes(&file, &magnitude, 1)));
    let body: Vec<u8> = normal.iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes()).collect();
    let header =
        format!("{{\"layer\":{{\"dtype\":\"BF16\",\"shape\":[{values}],\"data_offsets\":[0,{}]}}}}", body.len());
    fs::remove_file(&file).unwrap();
    let file = folder.path().join("layer.safetensors");
    fs::write(&file, [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &body].concat()).unwrap();
    line("bf16 normal, two passes", median(|| two_passes(&file, &magnitude, 1)));
    fs::remove_file(&file).unwrap();
    let file = folder.path().join("layer.npy");
    write(&file, "<f8", normal.iter().flat_map(|&x| f64::from(x).to_le_bytes()));
    line("f64 normal, two passes", median(|| two_passes(&file, &magnitude, 1)));
}

fn median(mut f: impl FnMut()) -> f64 {
    f();
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            f();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[ROUNDS / 2]
}

/// What no histogram can beat: reads the file once and looks at each value.
fn sweep(file: &Path) {
    let mut file = fs::File::open(file).unwrap();
    let (mut bytes, mut lanes) = (vec![0; 1 << 18], [0.0f32; 32]);
    loop {
        let n = file.read(&mut bytes).unwrap();
        if n == 0 {
            break;
        }
        for chunk in bytes[..n].as_chunks::<4>().0.as_chunks::<32>().0 {
            for l in 0..32 {
                let m = f32::from_le_bytes(chunk[l]).abs();
                lanes[l] = if m > lanes[l] { m } else { lanes[l] };
            }
        }
    }
    black_box(lanes);
}

fn two_passes(file: &Path, recipe: &Recipe, threads: usize) {
    let found = discover(&[file.to_path_buf()], None);
    let read = read_layer(&found.sources[0], recipe, threads, &|_| {}, &|| false);
    black_box(read.unwrap());
}

fn one_pass(file: &Path) {
    let found = discover(&[file.to_path_buf()], None);
    let mut histogram = GrowingHistogram::new(DEFAULT_BINS);
    let array = found.sources[0].parts[0].open().unwrap();
    let read = array.read(&mut |chunk| {
        histogram.push(chunk);
        std::ops::ControlFlow::Continue(())
    });
    read.unwrap();
    black_box(histogram.finish());
}

fn write(file: &Path, dtype: &str, body: impl Iterator<Item = u8>) {
    let size: usize = dtype[2..].parse().unwrap();
    let body: Vec<u8> = body.collect();
    let mut header =
        format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({},), }}", body.len() / size).into_bytes();
    header.resize((header.len() + 11).next_multiple_of(64) - 11, b' ');
    let length = (header.len() as u16 + 1).to_le_bytes();
    fs::write(file, [b"\x93NUMPY\x01\x00", &length[..], &header, b"\n", &body].concat()).unwrap();
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
