//! The readers against damaged files: mutations of small, good files, the same in every run.
//!
//! `QVIZ_FUZZ=1000000 cargo test --test fuzz_readers -- --nocapture` tries so many files of each kind. A file that
//! fails is kept, and its path told.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use zip::CompressionMethod as Method;

#[path = "support/npy.rs"]
mod npy;
#[cfg(feature = "onnx")]
#[path = "support/onnx.rs"]
mod onnx;
#[path = "support/readers.rs"]
mod readers;

/// Files of each kind that a plain run tries: a second or so.
const TRIES: u64 = 4000;

/// No file of a few hundred bytes may take longer, however busy the machine.
const LONGEST: Duration = Duration::from_secs(20);

#[test]
fn npy_files() {
    let mut seeds = arrays();
    // One behind the other.
    seeds.push(seeds.concat());
    seeds.push([&seeds[0][..], &seeds[1], &[0; 64]].concat());
    try_all("npy", &seeds, readers::npy);
}

#[test]
fn npz_files() {
    let arrays = arrays();
    let entries = [("a.npy", &arrays[0][..]), ("dir/b.npy", &arrays[1]), ("notes.txt", b"no array")];
    let many: Vec<(String, &[u8])> = arrays.iter().enumerate().map(|(i, a)| (format!("{i}.npy"), &a[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, array)| (name.as_str(), *array)).collect();
    let appended = arrays.concat();
    let odd = [("a", &appended[..]), ("b.npy", &appended), ("m/data.pkl", b"\x80\x02")];
    let [stored, deflate, bzip2] = [Method::Stored, Method::Deflated, Method::Bzip2].map(|method| zip(&odd, method));
    let seeds = [
        zip(&entries, Method::Stored),
        zip(&entries, Method::Deflated),
        zip(&many, Method::Deflated),
        zip(&[], Method::Stored),
        stored,
        deflate,
        bzip2,
        include_bytes!("reference/lzma.npz").to_vec(),
    ];
    try_all("npz", &seeds, readers::npz);
}

#[test]
fn safetensors_files() {
    let file = |header: &str, body: &[u8]| [&(header.len() as u64).to_le_bytes(), header.as_bytes(), body].concat();
    let two = r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]},
        "b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
    let others = r#"{"s":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"e":{"dtype":"I8","shape":[0,3],
        "data_offsets":[8,8]},"q":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[8,10]},"f":{"dtype":"F4","shape":[4],
        "data_offsets":[10,12]}}"#;
    let seeds = [file(two, &[60; 12]), file(others, &[1; 12]), file("{}", &[])];
    try_all("safetensors", &seeds, readers::safetensors);
}

#[test]
fn index_files() {
    let index =
        r#"{"metadata":{"total_size":32},"weight_map":{"x":"m-1.safetensors","y":"m-2.safetensors","z":"a/b"}}"#;
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 12345\n".to_vec();
    try_all("index", &[index.into(), b"{}".to_vec(), pointer], readers::index);
}

#[test]
fn calibration_files() {
    let entropy = r#"{"CLS": "TensorsData", "data": {"x": {"lowest": -1.5, "highest": {"data": 1.75, "dtype": "float32", "CLS":
        "numpy.array"}, "hist": {"data": [1, 0, 5, 2], "dtype": "int64", "CLS": "numpy.array"}, "bins": {"data": [-2.0, -1.0,
        0.0, 1.0, 2.0], "dtype": "float32", "CLS": "numpy.array"}, "CLS": "TensorData"}, "y": {"lowest": 0, "highest": 1,
        "hist": 3, "bins": 0}}, "calibration_method": {"CLS": "CalibrationMethod", "value": "CalibrationMethod.Entropy"}}"#;
    let seeds = [entropy.into(), entropy.replace("bins", "hist_edges").into_bytes(), b"{}".to_vec()];
    try_all("calibration", &seeds, readers::calibration);
}

/// What every format writes of a few tensors, and files as other tools have them.
#[test]
fn scales_files() {
    use qviz::exchange::{FORMATS, Options, Range};
    use qviz::quant::{Clip, Format};
    use qviz::session::Kind;

    let clips = |name: &str, kind, axis, ends: &[f32]| {
        let clips = ends.iter().map(|x| Clip::symmetric(*x)).collect();
        Range::of_clips(name, kind, Format::INT8, axis, clips)
    };
    let ranges = [
        clips("x", Kind::Activation, None, &[1.5]),
        clips("a/b:0", Kind::Activation, None, &[2.0]),
        clips("fc.weight", Kind::Weight, Some(0), &[0.5, 0.25]),
    ];
    let written = |some: &[Range]| -> Vec<Vec<u8>> {
        let files = FORMATS.iter().filter_map(|format| format.write(some, &Options::default()).ok());
        files.map(|written| written.bytes).collect()
    };
    let mut seeds = [written(&ranges), written(&ranges[..1])].concat();
    let rknn = b"quantize_parameters:\n    x:\n        dtype: int8\n        min: [-1.0]\n        max: [2.0]\n";
    seeds.extend([rknn.to_vec(), b"quantization_param(a, force_range_out=[-1, 2])\n".to_vec()]);
    try_all("scales", &seeds, readers::scales);
}

/// Two pieces with weights and channels, as they are written, merged, and as engines write them: packed in every way.
#[cfg(feature = "statistics")]
#[test]
fn statistics_files() {
    use qviz::session::{Key, Kind};
    use qviz::statistics::{Counter, Identity, Merger, Part, Shape, Tensor, write_part, write_table};

    let counted = |values: &[f32]| {
        let mut counter = Counter::new(64);
        counter.push(values);
        counter.finish()
    };
    let part = |shard: &str, values: &[f32; 6]| {
        let columns = [0, 1].map(|c| counted(&values.iter().skip(c).step_by(2).copied().collect::<Vec<_>>()));
        let tensor = Tensor {
            op: "Relu".into(),
            dtype: "float32".into(),
            samples: 1,
            shape: Shape::new(&[3, 2]),
            channels: [(1, columns.into())].into(),
            ..Tensor::new(counted(values))
        };
        let mut part = Part::new(Identity::new("run", shard), 64);
        part.tensors.insert(Key::activation("x"), tensor);
        part.tensors.insert(Key::new(Kind::Weight, "w"), Tensor::new(counted(&[0.5, -0.25])));
        part
    };
    let (a, b) =
        (part("a", &[1.0, -2.0, 0.0, f32::NAN, 3.5, f32::INFINITY]), part("b", &[-0.0, 1e-40, 7.0, 8.0, 0.1, 0.2]));
    let mut merger = Merger::new();
    merger.add("a", a.clone().into()).unwrap();
    merger.add("b", b.clone().into()).unwrap();
    let merged = merger.finish().unwrap();
    let mut seeds =
        vec![write_part(&a, Some("{}")).unwrap(), write_part(&b, None).unwrap(), write_table(&merged).unwrap()];
    for name in [
        "zstd-v2",
        "gzip",
        "plain",
        "delta",
        "duckdb",
        "polars",
        "damaged/dictionary",
        "damaged/levels",
        "damaged/width",
    ] {
        let file = format!("{}/tests/data/statistics/{name}.parquet", env!("CARGO_MANIFEST_DIR"));
        seeds.push(std::fs::read(file).unwrap());
    }
    try_all("statistics", &seeds, readers::statistics);
}

#[cfg(feature = "onnx")]
#[test]
fn onnx_files() {
    use onnx::{constant, model, model_with, node};
    let matrix = constant("w", &[2, 3], &[1.0, -2.0, 0.5, 3.0, 0.0, -0.25]);
    let kernel = constant("k", &[1, 1, 2, 2], &[1.0; 4]);
    let product = node("MatMul", &["x", "w"], "y", None);
    let convolution = node("Conv", &["x", "k"], "y", Some(("group", 1)));
    let seeds = [
        model_with(("x", &[1, 2]), &[product], &[matrix], ("y", &[1, 3])),
        model_with(("x", &[1, 1, 4, 4]), &[convolution], &[kernel], ("y", &[1, 1, 3, 3])),
        model(("x", &[2]), &[node("Relu", &["x"], "h", None), node("Exp", &["h"], "y", None)], ("y", &[2])),
    ];
    try_all("onnx", &seeds, readers::onnx);
}

/// Arrays of several types, shapes, orders and versions of the format.
fn arrays() -> Vec<Vec<u8>> {
    let mut fortran = npy::npy("<f8", &[2, 2], &[63; 32]);
    let at = fortran.windows(5).position(|w| w == b"False").unwrap();
    fortran[at..at + 5].copy_from_slice(b"True ");
    let one = npy::floats(&[1.0, -2.5, 0.0, f32::NAN]);
    // Version 2 has two more bytes of length.
    let mut second = one.clone();
    (second[6], second[8]) = (2, second[8]);
    second.splice(10..10, [0, 0]);
    vec![one, npy::npy(">i2", &[3], &[0, 1, 2, 3, 4, 5]), fortran, second, npy::npy("|b1", &[0, 7], &[])]
}

fn zip(entries: &[(&str, &[u8])], method: Method) -> Vec<u8> {
    use std::io::Write;
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Reads each seed as it is, then mutations of them.
fn try_all(kind: &str, seeds: &[Vec<u8>], read: impl Fn(&[u8])) {
    let tries = std::env::var("QVIZ_FUZZ").map_or(TRIES, |n| n.parse().expect("QVIZ_FUZZ is a number of files"));
    let begun = Instant::now();
    for i in 0..tries {
        let mut chance = Chance(i);
        let bytes = match seeds.get(i as usize) {
            Some(seed) => seed.clone(),
            None => mutated(seeds, &mut chance),
        };
        let start = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        if result.is_err() || start.elapsed() > LONGEST {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{kind}-{i}"));
            std::fs::write(&kept, &bytes).unwrap();
            eprintln!("file {i} of kind {kind} is kept as {}", kept.display());
            result.unwrap_or_else(|panic| resume_unwind(panic));
            panic!("it took {:?}", start.elapsed());
        }
    }
    println!("{kind}: {tries} files in {:.1} s", begun.elapsed().as_secs_f64());
}

/// Numbers that look like chance and are the same in every run (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// A stretch of at most 16 bytes.
    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let begin = self.below(len + 1);
        begin..(begin + self.below(17)).min(len)
    }
}

/// One of the seeds with one to four changes of the kinds that break parsers.
fn mutated(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(4) {
        let (len, at) = (bytes.len(), chance.below(bytes.len()));
        match chance.below(10) {
            _ if len == 0 => bytes.push(chance.next() as u8),
            0 => bytes[at] ^= 1 << chance.below(8),
            1 => bytes[at] = chance.next() as u8,
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][chance.below(5)],
            3 => {
                // A length, a count or an offset that is far too large, or just beyond.
                let huge = [u64::MAX, 1 << 63, 1 << 40, u64::from(u32::MAX), len as u64, len as u64 + 1];
                let number = huge[chance.below(huge.len())].to_le_bytes();
                let n = [2, 4, 8][chance.below(3)].min(len - at);
                bytes[at..at + n].copy_from_slice(&number[..n]);
            }
            4 => bytes.truncate(at),
            5 => drop(bytes.drain(chance.range(len))),
            6 => {
                let copy = bytes[chance.range(len)].to_vec();
                bytes.splice(at..at, copy);
            }
            7 => {
                // A piece of another file.
                let other = &seeds[chance.below(seeds.len())];
                let piece = other[chance.range(other.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            8 => {
                // Another digit, where there are digits: shapes and offsets in text.
                let digits: Vec<usize> = (0..len).filter(|&i| bytes[i].is_ascii_digit()).collect();
                if let Some(&i) = digits.get(chance.below(digits.len())) {
                    bytes[i] = b'0' + chance.below(10) as u8;
                }
            }
            _ => {
                let words: [&[u8]; 8] = [b"{", b"[[", b"\"", b"-1", b"99999999999999999999", b"\n", b"\0", b"None"];
                let word = words[chance.below(words.len())].to_vec();
                bytes.splice(at..at, word);
            }
        }
    }
    bytes
}
