//! Arrays as samples: their first axis is cut into batches of the model's size.
//!
//! They are read as f32, as the whole of the program does: what that would change in an integer or a double is said.

use super::super::error::{ModelError, shape_text};
use super::super::network::{Dim, Network, Port};
use super::super::tap::is_float;
use super::files::none_named;
use super::{Opened, SampleOptions, dims};
use crate::error::{ErrorKind, Predicate};
use crate::input::{self, Array, BodyReport, DType, InputError, Part};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tract_onnx::prelude::{DatumType, Tensor};

/// Values that are read ahead of a sample, so that a file is not read from its start for each: 16 MB.
const AHEAD: usize = 4 << 20;

/// Below this, 2^24, every whole number is an f32.
const FIRST_ROUNDED: f32 = 16_777_216.0;

#[derive(Debug)]
pub(super) struct Arrays {
    inputs: Vec<(DatumType, Vec<usize>)>,
    files: Vec<FileOfSamples>,
}

/// An `.npz`, or an `.npy` for a model's only input.
#[derive(Debug)]
struct FileOfSamples {
    path: PathBuf,
    /// How many samples it holds, or why none.
    samples: Result<usize, ModelError>,
    arrays: Vec<Cut>,
}

/// One input's array.
#[derive(Debug)]
struct Cut {
    part: Part,
    /// One for all samples, as a scalar is.
    shared: bool,
    /// Of a type with whole numbers that f32 has not.
    rounded: bool,
    ahead: Mutex<Ahead>,
}

/// A stretch of an array that was read last.
#[derive(Debug, Default)]
struct Ahead {
    start: usize,
    values: Vec<f32>,
}

/// How an array is to be cut.
struct Fit {
    /// Samples in it.
    samples: usize,
    shape: Vec<usize>,
    shared: bool,
    left_out: usize,
}

impl Arrays {
    pub fn open(network: &Network, options: &SampleOptions, paths: &[PathBuf]) -> Result<Opened<Arrays>, ModelError> {
        let mut wanted = Vec::new();
        for port in network.inputs() {
            let Some(dtype) = port.dtype else {
                return Err(network.error(format!("takes {port} of a type that is not known.")));
            };
            wanted.push((port, dtype, dims(network, port, options)?));
        }
        let mut shapes: Option<Vec<Vec<usize>>> = None;
        let (mut files, mut assumptions) = (Vec::new(), Vec::new());
        for path in paths {
            let mut arrays = Vec::new();
            // The first file settles what the model leaves open; the others follow it.
            let samples = open_file(path, &wanted, shapes.as_deref(), &mut arrays, &mut assumptions);
            let samples = match samples {
                Ok((samples, found)) => {
                    shapes.get_or_insert(found);
                    Ok(samples)
                }
                Err(error) if shapes.is_none() => return Err(error),
                Err(error) => Err(error),
            };
            files.push(FileOfSamples { path: path.clone(), samples, arrays });
        }
        let shapes = shapes.ok_or_else(|| network.error(none_named()))?;
        let inputs = wanted.iter().zip(&shapes).map(|((_, dtype, _), shape)| (*dtype, shape.clone())).collect();
        Ok(Opened { maker: Arrays { inputs, files }, shapes: vec![shapes], assumptions })
    }

    /// A file that cannot be read counts as one sample, so that its error comes to light.
    pub fn len(&self) -> usize {
        self.files.iter().map(FileOfSamples::len).sum()
    }

    pub fn get(&self, i: usize) -> Result<Vec<Tensor>, ModelError> {
        let mut at = i;
        for file in &self.files {
            if at < file.len() {
                file.samples.clone()?;
                return self
                    .inputs
                    .iter()
                    .zip(&file.arrays)
                    .map(|((dtype, shape), cut)| cut.get(file, at, *dtype, shape))
                    .collect();
            }
            at -= file.len();
        }
        panic!("sample {i} of {}", self.len())
    }
}

impl FileOfSamples {
    fn len(&self) -> usize {
        self.samples.as_ref().map_or(1, |n| *n)
    }
}

impl Cut {
    fn get(&self, file: &FileOfSamples, i: usize, dtype: DatumType, shape: &[usize]) -> Result<Tensor, ModelError> {
        let len: usize = shape.iter().product();
        let start = if self.shared { 0 } else { i * len };
        let mut ahead = self.ahead.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if start < ahead.start || start + len > ahead.start + ahead.values.len() {
            *ahead = Ahead { start, values: read(&self.part, start, len.max(AHEAD))? };
        }
        let fail = |predicate: Predicate| Err(ModelError::new(file.path.display().to_string(), predicate));
        let values = start.checked_sub(ahead.start).and_then(|from| ahead.values.get(from..from + len));
        let tensor = values.and_then(|values| Some((values, Tensor::from_shape(shape, values).ok()?)));
        let Some((values, cast)) = tensor.and_then(|(v, t)| Some((v, t.cast_to_dt(dtype).ok()?.into_owned()))) else {
            // It did when it was opened.
            let text = format!("does not hold sample {i} of {} and {dtype:?}.", shape_text(shape));
            return fail(Predicate::new(if values.is_none() { ErrorKind::Changed } else { ErrorKind::Unfit }, text));
        };
        match values.iter().find(|x| self.rounded && x.abs() >= FIRST_ROUNDED) {
            Some(_) if !matches!(dtype, DatumType::F32 | DatumType::F16) => fail(
                format!(
                    "holds whole numbers of {FIRST_ROUNDED} or more in sample {i}, which would be rounded as float32; \
                     feed smaller ones."
                )
                .into(),
            ),
            _ => match changed(values, &cast) {
                Some(value) => {
                    fail(format!("holds {value} in sample {i}, which is no {dtype:?}; feed what is.").into())
                }
                None => Ok(cast),
            },
        }
    }
}

/// The first value that is another one as a whole number.
fn changed(values: &[f32], cast: &Tensor) -> Option<f32> {
    if is_float(cast.datum_type()) {
        return None;
    }
    let back = cast.cast_to::<f32>().ok()?;
    let back = back.try_as_plain_ram().ok()?.as_slice::<f32>().ok()?;
    values.iter().zip(back).find(|(value, back)| value != back).map(|(value, _)| *value)
}

/// At most `len` values from `start` on, in row-major order; in Fortran order whole rows, as many as these lie in.
fn read(part: &Part, start: usize, len: usize) -> Result<Vec<f32>, ModelError> {
    let array = part.open().map_err(model_error)?;
    let shape: Vec<usize> = array.shape().iter().map(|&n| n as usize).collect();
    let (values, report) = match shape[..] {
        [rows, _, ..] if array.fortran_order() => {
            let row: usize = shape[1..].iter().product::<usize>().max(1);
            let wanted = start / row..(start + len).div_ceil(row).min(rows);
            read_fortran(array, shape, wanted)
        }
        _ => read_plain(array, start, len),
    }
    .map_err(model_error)?;
    match report.overflowed {
        0 => Ok(values),
        n => Err(ModelError::new(part.file(), format!("holds {n} values that float32 cannot hold; scale it down."))),
    }
}

fn read_plain(array: Array, start: usize, len: usize) -> Result<(Vec<f32>, BodyReport), InputError> {
    let (mut values, mut at) = (Vec::new(), 0_usize);
    let report = array.read(&mut |chunk| {
        let skip = start.saturating_sub(at).min(chunk.len());
        let take = (chunk.len() - skip).min(len - values.len());
        values.extend_from_slice(&chunk[skip..skip + take]);
        at += chunk.len();
        if values.len() == len { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok((values, report))
}

/// These rows of an array whose file goes through all rows first, then through all of the next column.
fn read_fortran(
    array: Array,
    mut shape: Vec<usize>,
    wanted: Range<usize>,
) -> Result<(Vec<f32>, BodyReport), InputError> {
    let rows = shape[0];
    let (mut picked, mut row) = (Vec::new(), 0);
    let report = array.read(&mut |chunk| {
        for &value in chunk {
            if wanted.contains(&row) {
                picked.push(value);
            }
            row = if row + 1 == rows { 0 } else { row + 1 };
        }
        ControlFlow::Continue(())
    })?;
    shape[0] = wanted.len();
    let picked = ArrayD::from_shape_vec(IxDyn(&shape).f(), picked).expect("as many as these rows have");
    Ok((picked.as_standard_layout().iter().copied().collect(), report))
}

type Wanted<'a> = (&'a Port, DatumType, Option<Vec<Dim>>);

/// Finds each input's array in a file: how many samples, and each input's shape.
fn open_file(
    path: &Path,
    wanted: &[Wanted],
    shapes: Option<&[Vec<usize>]>,
    cuts: &mut Vec<Cut>,
    assumptions: &mut Vec<String>,
) -> Result<(usize, Vec<Vec<usize>>), ModelError> {
    let file = path.display().to_string();
    let fail = |predicate: String| Err(ModelError::new(file.clone(), predicate));
    let found = input::discover(&[path.to_owned()], None);
    if let (true, Some(error)) = (found.sources.is_empty(), found.errors.first()) {
        return Err(model_error(error.clone()));
    }
    assumptions.extend(found.errors.iter().map(|error| error.message.trim_end_matches('.').to_owned()));
    let (mut samples, mut found_shapes) = (None, Vec::new());
    for (ix, (port, dtype, dims)) in wanted.iter().enumerate() {
        let name = &port.name;
        let source = match found.sources.as_slice() {
            [only] if wanted.len() == 1 => only,
            sources => match sources.iter().find(|source| source.name == *name) {
                Some(source) => source,
                None => return fail(format!("holds no array {name}; the model takes {port}.")),
            },
        };
        let part = &source.parts[0];
        let array = part.open().map_err(model_error)?;
        let shape: Vec<usize> = array.shape().iter().map(|&n| n as usize).collect();
        let known: Option<Vec<Dim>> = shapes.map(|shapes| shapes[ix].iter().map(|&n| Dim::Fixed(n)).collect());
        let Some(fit) = fit(&shape, known.as_deref().or(dims.as_deref())) else {
            let takes = match shapes {
                Some(shapes) => format!("{} as the first sample did", shape_text(&shapes[ix])),
                None => port.to_string(),
            };
            return fail(format!("holds {} where the model takes {takes}.", shape_text(&shape)));
        };
        if fit.left_out > 0 {
            let (rows, batch) = (fit.left_out, fit.shape[0]);
            assumptions.push(format!("{file}: the last {rows} do not fill a batch of {batch} and are left out"));
        }
        if !fit.shared {
            match samples {
                Some(n) if n != fit.samples => {
                    return fail(format!("holds {} samples for {name} and {n} for another input.", fit.samples));
                }
                _ => samples = Some(fit.samples),
            }
        }
        let given = array.dtype();
        if (given, *dtype) == (DType::F64, DatumType::F64) {
            assumptions.push(format!("{file}: {name} is rounded to float32"));
        }
        let rounded = matches!(given, DType::I32 | DType::U32 | DType::I64 | DType::U64);
        cuts.push(Cut { part: part.clone(), shared: fit.shared, rounded, ahead: Mutex::default() });
        found_shapes.push(fit.shape);
    }
    match samples.unwrap_or(1) {
        0 => fail("holds no whole sample.".into()),
        n => Ok((n, found_shapes)),
    }
}

/// How an array of this shape is cut for an input of these dimensions; `None` if it does not fit.
///
/// The first axis of both is the batch. An array that lacks it is one sample of a batch of 1.
fn fit(shape: &[usize], dims: Option<&[Dim]>) -> Option<Fit> {
    let Some(dims) = dims else {
        // Nothing is known: each row is a batch of 1.
        let [n, rest @ ..] = shape else { return Some(Fit::shared(shape)) };
        let shape = [&[1], rest].concat();
        return Some(Fit { samples: *n, shape, shared: false, left_out: 0 });
    };
    let [first, inner @ ..] = dims else {
        return shape.is_empty().then(|| Fit::shared(shape));
    };
    let fits = |shape: &[usize], dims: &[Dim]| super::super::build::fits(shape, Some(dims));
    let batch = if let Dim::Fixed(n) = first { *n } else { 1 };
    if fits(shape, inner) && batch == 1 && shape.len() == inner.len() {
        return Some(Fit { samples: 1, shape: [&[1], shape].concat(), shared: false, left_out: 0 });
    }
    let [n, rest @ ..] = shape else { return None };
    if !fits(rest, inner) || batch == 0 {
        return None;
    }
    let shape = [&[batch], rest].concat();
    Some(Fit { samples: n / batch, shape, shared: false, left_out: n % batch })
}

impl Fit {
    fn shared(shape: &[usize]) -> Fit {
        Fit { samples: 1, shape: shape.to_vec(), shared: true, left_out: 0 }
    }
}

fn model_error(error: InputError) -> ModelError {
    ModelError { kind: error.kind, file: error.file, message: error.message }
}
