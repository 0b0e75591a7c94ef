//! What the readers are held to, whatever a file holds: a panic here, an endless loop, or an answer that contradicts
//! itself is a fault. `tests/fuzz_readers.rs` calls these on mutations that are the same in every run, the targets in
//! `fuzz/` on what a coverage-guided fuzzer makes up.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use qviz::exchange::{self, FORMATS, Names, Options};
use qviz::input::{Part, discover};
use qviz::jobs::{Recipe, read_layer};

/// Values that are read of one array: an archive of a few bytes may hold gigabytes of zeros.
const MOST: usize = 1 << 20;

/// An `.npy`.
pub fn npy(bytes: &[u8]) {
    dump("x.npy", bytes);
}

/// An `.npz`.
pub fn npz(bytes: &[u8]) {
    dump("x.npz", bytes);
}

/// A `.safetensors`.
pub fn safetensors(bytes: &[u8]) {
    dump("x.safetensors", bytes);
}

/// The index of a checkpoint in several files, of which none is there.
pub fn index(bytes: &[u8]) {
    dump("x.safetensors.index.json", bytes);
}

/// ONNX Runtime's calibration data: counts without values.
pub fn calibration(bytes: &[u8]) {
    dump("x.json", bytes);
    let file = file("y.json", bytes);
    for source in discover(std::slice::from_ref(&file.0), None).sources {
        match read_layer(&source, &Recipe::magnitudes(64), 1, &|_| {}, &|| false) {
            Ok(read) => {
                let (_, histogram) = read.expect("nobody has cancelled it");
                assert_eq!(histogram.magnitude.counts().iter().sum::<u64>(), histogram.stats.count);
                assert!(histogram.magnitude.amax.is_finite() && histogram.magnitude.bins() <= bytes.len());
                assert!(histogram.stats.amax() <= histogram.magnitude.amax);
            }
            Err(error) => sentence(&error.message),
        }
    }
}

/// A file of scales, for every format that reads some: what is read takes no more than the file, and is written again as
/// every format, or refused in a sentence.
pub fn scales(bytes: &[u8]) {
    for format in FORMATS {
        match exchange::read("x", bytes, Some(*format)) {
            Ok((_, read)) => {
                let clips: usize = read.ranges.iter().map(|range| range.clips.len()).sum();
                assert!(read.ranges.len() + clips <= 2 * bytes.len(), "{}: {clips} ranges", format.id());
                for range in &read.ranges {
                    assert!(range.clips.len() == range.scales.len() && range.clips.len() == range.zero_points.len());
                    assert!(range.scales.iter().all(|scale| scale.is_finite() && *scale > 0.0), "{range:?}");
                    assert!(range.clips.iter().all(|clip| clip.min() <= 0.0 && clip.max() >= 0.0), "{range:?}");
                    drop(range.overlaid());
                }
                let many = read.ranges.len() > 100;
                for to in FORMATS.iter().filter(|_| !many) {
                    match exchange::write(*to, &read.ranges, &Names::default(), &Options::default()) {
                        Ok(written) => written.said.iter().for_each(|said| assert!(said.ends_with('.'), "{said}")),
                        Err(error) => assert!(error.to_string().ends_with('.'), "{error}"),
                    }
                }
            }
            Err(error) => sentence(&error.to_string()),
        }
    }
    for name in ["x", "x.cache", "x.table", "x.json", "x.safetensors", "x.quantization.cfg", "x.alls"] {
        if let Err(error) = exchange::read(name, bytes, None) {
            sentence(&error.to_string());
        }
    }
    let _ = Names::read(&String::from_utf8_lossy(bytes));
}

/// Statistics as Parquet: what is read comes to counts that agree with themselves, takes no more than the file, and is
/// written and read again as it is.
#[cfg(feature = "statistics")]
pub fn statistics(bytes: &[u8]) {
    use qviz::statistics::{Merger, read, write_table};

    let file = match read("x.parquet", bytes.to_vec().into()) {
        Ok(file) => file,
        Err(error) => return sentence(&error.message),
    };
    let tensors = || file.parts.iter().flat_map(|part| part.tensors.values());
    let bins: usize = tensors().map(|tensor| tensor.whole.bins.len()).sum();
    assert!(bins <= 16 * bytes.len(), "{bins} bins");
    let mut merger = Merger::new().of_any_runs();
    if let Err(error) = merger.add("x.parquet", file.clone()) {
        return sentence(&error.message);
    }
    let table = match merger.finish() {
        Ok(table) => table,
        Err(error) => return sentence(&error.message),
    };
    for key in table.tensors.keys() {
        let histogram = table.histogram(key).expect("it is in the table");
        assert_eq!(histogram.magnitude.counts().iter().sum::<u64>(), histogram.stats.finite());
        assert!(histogram.stats.mean().is_none_or(f64::is_finite) && histogram.stats.std().is_none_or(f64::is_finite));
    }
    let written = write_table(&table).expect("what was read can be written");
    let mut again = Merger::new().of_any_runs();
    again.add("y.parquet", read("y.parquet", written.clone().into()).expect("what was written can be read")).unwrap();
    // A run that is called like two of them together is one of them from now on.
    let again = again.finish().unwrap();
    assert_eq!((&again.tensors, &again.holds), (&table.tensors, &table.holds));
}

/// An ONNX file: parsed, its weights read. It is not run, which is tract's work.
#[cfg(feature = "onnx")]
pub fn onnx(bytes: &[u8]) {
    use qviz::model::Network;

    let file = file("x.onnx", bytes);
    let network = match Network::open(&file.0) {
        Ok(network) => network,
        Err(error) => return sentence(&error.to_string()),
    };
    for port in network.inputs().iter().chain(network.outputs()) {
        let _ = port.to_string();
    }
    for weight in network.weights() {
        assert!(!weight.uses.is_empty() && weight.axis.is_none_or(|axis| axis < weight.shape.len()), "{weight:?}");
        match network.weight_values(&weight) {
            Ok(values) => assert_eq!(values.len(), weight.shape.iter().product::<usize>(), "{weight:?}"),
            Err(error) => sentence(&error.to_string()),
        }
    }
}

/// Lists a dump and reads all of it, as the loader does: twice, with the same result.
fn dump(name: &str, bytes: &[u8]) {
    let file = file(name, bytes);
    let found = discover(std::slice::from_ref(&file.0), None);
    assert!(!found.sources.is_empty() || !found.errors.is_empty(), "neither a layer nor a sentence");
    found.errors.iter().for_each(|error| sentence(&error.message));
    for source in &found.sources {
        match source.arrays() {
            Ok(parts) => parts.iter().for_each(|part| assert_eq!(read(part), read(part))),
            Err(error) => sentence(&error.message),
        }
        // What is wrong with the first array is wrong without the others, too.
        source.parts.iter().for_each(|part| drop(read(part)));
    }
}

/// The bits of an array's values, or the sentence.
fn read(part: &Part) -> Result<Vec<u32>, String> {
    let told = |message: String| {
        sentence(&message);
        message
    };
    let array = part.open().map_err(|error| told(error.message))?;
    let len = array.len();
    assert_eq!(array.is_empty(), len == 0);
    let mut values = Vec::new();
    let whole = array.read(&mut |chunk| {
        assert!(!chunk.is_empty(), "an empty chunk");
        values.extend(chunk.iter().map(|x| x.to_bits()));
        if values.len() < MOST { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    whole.map_err(|error| told(error.message))?;
    assert!(values.len() as u64 == len || values.len() >= MOST, "{} values of {len}", values.len());
    Ok(values)
}

/// What is said to the user ends like a sentence and fits a line or two.
fn sentence(text: &str) {
    assert!(text.ends_with('.') && text.chars().count() < 600, "{text:?}");
}

/// A file that is gone when this is dropped.
struct Written(PathBuf);

impl Drop for Written {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Each thread has a file of its own.
fn file(name: &str, bytes: &[u8]) -> Written {
    let own = format!("qviz-{}-{:?}-{name}", std::process::id(), std::thread::current().id());
    let path = std::env::temp_dir().join(own);
    fs::write(&path, bytes).expect("a temporary file can be written");
    Written(path)
}
