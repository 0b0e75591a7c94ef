//! Arrays as samples: cut along their first axis where it is a batch, each file's samples of their own shape.

use super::super::error::{ModelError, shape_text};
use super::super::network::Network;
use super::cast;
use super::files::{File, none_named};
use super::fit::{self, Assumed, Cut, Given};
use super::range;
use super::sets::{Set, Sets, Wanted};
use super::stored::{self, Stored};
use super::{Opened, SampleOptions, dims};
use crate::error::Predicate;
use crate::input::Exact;
use std::collections::HashSet;
use std::sync::Mutex;
use tract_onnx::prelude::{DatumType, Tensor};

/// Values that are read ahead of a sample, so that a file is not read from its start for each: 16 MB of float32.
const AHEAD: usize = 4 << 20;

#[derive(Debug)]
pub(super) struct Arrays {
    files: Vec<FileOfSamples>,
    types: Vec<DatumType>,
    /// Of each input, what was read last.
    ahead: Vec<Mutex<Ahead>>,
}

/// A file that has an array for each input, or several that have one each.
#[derive(Debug)]
struct FileOfSamples {
    /// How many samples it holds, or why none.
    samples: Result<usize, ModelError>,
    arrays: Vec<(Stored, Cut)>,
}

/// A stretch of an array.
#[derive(Debug)]
struct Ahead {
    /// Which file's.
    file: usize,
    /// Its first row.
    start: usize,
    rows: usize,
    values: Exact,
}

impl Arrays {
    pub fn open(network: &Network, options: &SampleOptions, files: &[File]) -> Result<Opened<Arrays>, ModelError> {
        let mut wanted = Vec::new();
        for port in network.inputs() {
            let Some(dtype) = port.dtype else {
                return Err(network.error(port.unfit()));
            };
            wanted.push(Wanted { port, dtype, dims: dims(network, port, options)? });
        }
        let Sets { sets, mut assumptions } = Sets::of(network, &wanted, files)?;
        let (ranges, said) = range::of_arrays(network, options)?;
        assumptions.extend(said);
        let mut said = HashSet::new();
        let open = |set: Set| {
            let opened = open_set(set, &wanted);
            if let Ok(opened) = &opened {
                assumptions.extend(opened.left_out(&wanted));
                // What is assumed of one file is said once, not of each of thousands.
                let assumed = opened.assumed(&wanted).filter(|(ix, assumed, _)| said.insert((*ix, *assumed)));
                assumptions.extend(assumed.map(|(.., sentence)| sentence));
            }
            match opened {
                Ok(OpenedSet { samples, arrays, .. }) => FileOfSamples { samples: Ok(samples), arrays },
                Err(why) => FileOfSamples { samples: Err(why), arrays: Vec::new() },
            }
        };
        let files: Vec<FileOfSamples> = sets.into_iter().map(open).collect();
        let mut shapes = Vec::new();
        let mut seen = HashSet::new();
        for file in files.iter().filter(|file| file.samples.is_ok()) {
            let of_file: Vec<Vec<usize>> = file.arrays.iter().map(|(_, cut)| cut.shape.clone()).collect();
            if seen.insert(of_file.clone()) {
                shapes.push(of_file);
            }
        }
        if shapes.is_empty() {
            let why = files.into_iter().find_map(|file| file.samples.err());
            return Err(why.unwrap_or_else(|| network.error(none_named())));
        }
        let ahead = wanted.iter().map(|_| Mutex::new(Ahead::nothing())).collect();
        let types = wanted.iter().map(|wanted| wanted.dtype).collect();
        Ok(Opened { maker: Arrays { files, types, ahead }, shapes, ranges, assumptions })
    }

    /// A file that cannot be used counts as one sample, so that its error comes to light.
    pub fn len(&self) -> usize {
        self.files.iter().map(FileOfSamples::len).sum()
    }

    pub fn get(&self, i: usize) -> Result<Vec<Tensor>, ModelError> {
        let mut at = i;
        for (place, file) in self.files.iter().enumerate() {
            if at < file.len() {
                file.samples.clone()?;
                return (0..file.arrays.len()).map(|input| self.tensor(place, input, at)).collect();
            }
            at -= file.len();
        }
        panic!("sample {i} of {}", self.len())
    }

    /// What sample `at` of a file has for an input.
    fn tensor(&self, file: usize, input: usize, at: usize) -> Result<Tensor, ModelError> {
        let (stored, cut) = &self.files[file].arrays[input];
        let start = if cut.samples == 1 { 0 } else { at * cut.rows };
        let mut ahead = self.ahead[input].lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !ahead.holds(file, start, cut.rows) {
            *ahead = Ahead::read(stored, cut, file, start)?;
        }
        let row = cut.shape.iter().product::<usize>() / cut.rows.max(1);
        let from = (start - ahead.start) * row;
        let values = stored::part(&ahead.values, from..from + cut.rows * row);
        cast::tensor(&values, &cut.shape, self.types[input]).map_err(|Predicate { kind, text }| {
            let text = if cut.samples > 1 { format!("{text} It is sample {at} of the file.") } else { text };
            ModelError::new(stored.file(), Predicate { kind, text })
        })
    }
}

impl FileOfSamples {
    fn len(&self) -> usize {
        self.samples.as_ref().map_or(1, |n| *n)
    }
}

impl Ahead {
    fn nothing() -> Ahead {
        Ahead { file: usize::MAX, start: 0, rows: 0, values: Exact::F32(Vec::new()) }
    }

    fn holds(&self, file: usize, start: usize, rows: usize) -> bool {
        self.file == file && self.start <= start && start + rows <= self.start + self.rows
    }

    /// Reads the rows of a sample, and of those behind it as many as are worth it.
    fn read(stored: &Stored, cut: &Cut, file: usize, start: usize) -> Result<Ahead, ModelError> {
        let sample = cut.shape.iter().product::<usize>().max(1);
        let samples = (AHEAD / sample).clamp(1, cut.samples - start / cut.rows.max(1));
        let rows = samples * cut.rows;
        Ok(Ahead { file, start, rows, values: stored.rows(start..start + rows)? })
    }
}

/// A set of arrays that fit the model.
struct OpenedSet {
    samples: usize,
    arrays: Vec<(Stored, Cut)>,
    /// The arrays' own shapes.
    shapes: Vec<Vec<usize>>,
}

/// Looks at the arrays' headers, and cuts them.
fn open_set(set: Set, wanted: &[Wanted]) -> Result<OpenedSet, ModelError> {
    let Set { file, arrays } = set;
    let arrays = arrays?;
    let shapes: Vec<Vec<usize>> = arrays.iter().map(Stored::shape).collect::<Result<_, _>>()?;
    let cuts = fit::cut(&given(wanted, &shapes)).map_err(|ix| {
        let text = format!("holds {} where the model takes {}.", shape_text(&shapes[ix]), takes(&wanted[ix]));
        ModelError::new(arrays[ix].file(), text)
    })?;
    if let Some(ix) = cuts.iter().position(|cut| cut.samples == 0) {
        let text = format!("holds {}, and no whole sample of {}.", shape_text(&shapes[ix]), takes(&wanted[ix]));
        return Err(ModelError::new(arrays[ix].file(), text));
    }
    let samples = cuts.iter().map(|cut| cut.samples).max().unwrap_or(1);
    let most = cuts.iter().position(|cut| cut.samples == samples).unwrap_or(0);
    if let Some(ix) = cuts.iter().position(|cut| cut.samples != samples && cut.samples != 1) {
        let (name, other) = (&wanted[ix].port.name, &wanted[most].port.name);
        let text = format!("holds {} samples for {name} and {samples} for {other}.", cuts[ix].samples);
        return Err(ModelError::new(file, text));
    }
    Ok(OpenedSet { samples, arrays: arrays.into_iter().zip(cuts).collect(), shapes })
}

fn given<'a>(wanted: &'a [Wanted], shapes: &'a [Vec<usize>]) -> Vec<Given<'a>> {
    let given = |(wanted, shape): (&'a Wanted, &'a Vec<usize>)| Given {
        port: wanted.port,
        dims: wanted.dims.as_deref(),
        shape,
    };
    wanted.iter().zip(shapes).map(given).collect()
}

/// The input with the dimensions that the user gave.
fn takes(wanted: &Wanted) -> String {
    let port = super::super::network::Port { dims: wanted.dims.clone(), ..wanted.port.clone() };
    port.to_string()
}

impl OpenedSet {
    fn left_out(&self, wanted: &[Wanted]) -> Vec<String> {
        let left_out = self.arrays.iter().zip(wanted).filter(|((_, cut), _)| cut.left_out > 0);
        let sentence = |((stored, cut), _): (&(Stored, Cut), &Wanted)| {
            let (file, n, batch) = (stored.file(), cut.left_out, cut.rows);
            format!("{file}: the last {n} do not fill a batch of {batch} and are left out")
        };
        left_out.map(sentence).collect()
    }

    /// The input, what was assumed of its array, and a sentence about it.
    fn assumed<'a>(&'a self, wanted: &'a [Wanted]) -> impl Iterator<Item = (usize, Assumed, String)> + 'a {
        let given = given(wanted, &self.shapes);
        let shared = |stored: &Stored, cut: &Cut| {
            let is = self.samples > 1 && cut.samples == 1 && !matches!(stored, Stored::Nothing(_));
            is.then_some(Assumed::Shared)
        };
        self.arrays.iter().enumerate().filter_map(move |(ix, (stored, cut))| {
            let assumed = cut.assumed.or_else(|| shared(stored, cut))?;
            let samples = if assumed == Assumed::Shared { self.samples } else { cut.samples };
            Some((ix, assumed, assumed.sentence(&stored.file(), &given[ix], samples)))
        })
    }
}
