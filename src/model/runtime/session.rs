//! One session of ONNX Runtime: a model that is loaded, and runs of it.

use super::super::error::one_line;
use super::appended::cast;
use crate::error::{ErrorKind, Predicate};
use crate::guard::guarded;
use ort::ep::CPU;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::{DynValue, TensorElementType, TensorRef, ValueType};
use std::borrow::Cow;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use tract_onnx::prelude::{DatumType, Tensor};

/// How often it is asked whether a run shall end.
const BEAT: Duration = Duration::from_millis(20);

/// What an input is called, and its values.
pub(super) type Named<'a> = (Cow<'a, str>, SessionInputValue<'a>);

/// Loads a model as it is written, nothing fused or moved. External tensors are looked for in `folder`.
pub(super) fn open(model: &[u8], folder: &Path) -> Result<Session, Predicate> {
    let build = || -> ort::Result<Session> {
        let mut builder = as_written(Session::builder()?)?;
        if let Some(folder) = std::path::absolute(folder).ok().as_deref().and_then(Path::to_str) {
            builder = builder.with_config_entry("session.model_external_initializers_file_folder_path", folder)?;
        }
        builder.commit_from_memory(model)
    };
    told(build, "cannot be loaded by ONNX Runtime")
}

fn as_written(builder: SessionBuilder) -> ort::Result<SessionBuilder> {
    Ok(builder
        .with_optimization_level(GraphOptimizationLevel::Disable)?
        // The same on every pass: the counts of two passes belong together.
        .with_deterministic_compute(true)?
        // Threads of its own at rest leave the processor to those that count.
        .with_intra_op_spinning(false)?
        // Several sessions of one model would each keep another copy of the weights.
        .with_prepacking(false)?
        // What a run has needed is given back: an arena would keep it, for every session.
        .with_memory_pattern(false)?
        .with_execution_providers([CPU::default().with_arena_allocator(false).build()])?)
}

/// The values of what was asked for, in the session's order. `None` when it was cancelled.
pub(super) fn run(
    session: &mut Session,
    inputs: Vec<Named>,
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<Vec<DynValue>>, Predicate> {
    let options = told(RunOptions::new, "cannot be run by ONNX Runtime")?;
    let mut was_cancelled = false;
    let ran = std::thread::scope(|scope| {
        let (sender, ended) = channel();
        let options = &options;
        let work = scope.spawn(move || {
            let run = || -> ort::Result<Vec<DynValue>> {
                let outputs = session.run_with_options(inputs, options)?;
                Ok(outputs.into_iter().map(|(_, value)| value).collect())
            };
            let ran = told(run, "cannot be run by ONNX Runtime");
            drop(sender);
            ran
        });
        while ended.recv_timeout(BEAT) == Err::<(), _>(RecvTimeoutError::Timeout) {
            if !was_cancelled && cancelled() {
                was_cancelled = true;
                // Where it cannot be ended it comes to its end.
                let _ = options.terminate();
            }
        }
        crate::guard::joined(work.join())
    });
    if was_cancelled { Ok(None) } else { ran.map(Some) }
}

/// What the library does; its errors and its panics are predicates to the model's name.
pub(super) fn told<T>(work: impl FnOnce() -> ort::Result<T>, what: &str) -> Result<T, Predicate> {
    let why = match guarded(work) {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(error)) => one_line(&error.to_string()),
        Err(_) => "it gave no reason".to_owned(),
    };
    Err(Predicate::new(ErrorKind::Failed, format!("{what} ({why}).")))
}

/// The type of the elements of what a session gives; `None` for what is no tensor.
pub(super) fn element(of: &ValueType) -> Option<TensorElementType> {
    of.tensor_type()
}

/// Brings halves to and from single floats: the library's halves are not those of Rust.
#[derive(Default)]
pub(super) struct Halves {
    to_half: Option<Session>,
    from: Vec<(TensorElementType, Session)>,
}

impl Halves {
    /// An input as the library takes it. The error is a predicate to the model's name.
    pub fn input<'a>(&mut self, tensor: &'a Tensor) -> Result<SessionInputValue<'a>, Predicate> {
        let shape: Vec<i64> = tensor.shape().iter().map(|&n| n as i64).collect();
        macro_rules! view {
            ($($dtype:ident: $t:ty),*) => {
                match tensor.datum_type() {
                    $(DatumType::$dtype => {
                        let values = plain::<$t>(tensor)?;
                        told(|| Ok(TensorRef::from_array_view((shape, values))?.into()), FED)
                    })*
                    DatumType::F16 => self.half(tensor, &shape),
                    other => Err(format!("takes {other:?}, which cannot be handed to ONNX Runtime.").into()),
                }
            };
        }
        view!(F32: f32, F64: f64, Bool: bool, I8: i8, I16: i16, I32: i32, I64: i64, U8: u8, U16: u16, U32: u32, U64: u64)
    }

    fn half<'a>(&mut self, tensor: &Tensor, shape: &[i64]) -> Result<SessionInputValue<'a>, Predicate> {
        let singles =
            tensor.cast_to::<f32>().map_err(|error| format!("takes halves ({}).", one_line(&error.to_string())))?;
        let values = plain::<f32>(&singles)?;
        let session = match &mut self.to_half {
            Some(session) => session,
            none => none.insert(open(&cast(1, 10), Path::new(""))?),
        };
        let view = told(|| TensorRef::from_array_view((shape, values)), FED)?;
        let halves = run(session, vec![("x".into(), view.into())], &|| false)?;
        Ok(halves.and_then(|mut halves| halves.pop()).expect("nobody cancels, and there is one output").into())
    }

    /// The elements of an output as single floats, and its shape.
    pub fn floats(&mut self, value: &DynValue, see: &mut dyn FnMut(&[usize], &[f32])) -> Result<(), Predicate> {
        let dtype = element(value.dtype());
        match dtype {
            Some(TensorElementType::Float32) => {
                let (shape, values) = told(|| value.try_extract_tensor::<f32>(), GIVEN)?;
                see(&sizes(shape), values);
            }
            Some(TensorElementType::Float64) => {
                let (shape, values) = told(|| value.try_extract_tensor::<f64>(), GIVEN)?;
                see(&sizes(shape), &values.iter().map(|&x| x as f32).collect::<Vec<f32>>());
            }
            Some(half @ (TensorElementType::Float16 | TensorElementType::Bfloat16)) => {
                if self.from.iter().all(|(of, _)| *of != half) {
                    let number = if half == TensorElementType::Float16 { 10 } else { 16 };
                    self.from.push((half, open(&cast(number, 1), Path::new(""))?));
                }
                let (_, session) = self.from.iter_mut().find(|(of, _)| *of == half).expect("it was made");
                let singles = run(session, vec![("x".into(), value.into())], &|| false)?;
                let single = singles.and_then(|mut singles| singles.pop()).expect("nobody cancels");
                let (shape, values) = told(|| single.try_extract_tensor::<f32>(), GIVEN)?;
                see(&sizes(shape), values);
            }
            other => return Err(format!("gives {other:?}, which is no float.").into()),
        }
        Ok(())
    }
}

const FED: &str = "cannot be fed through ONNX Runtime";
const GIVEN: &str = "has outputs that cannot be read from ONNX Runtime";

fn plain<T: tract_onnx::prelude::Datum>(tensor: &Tensor) -> Result<&[T], Predicate> {
    let values = tensor.try_as_plain_ram().and_then(|plain| plain.as_slice::<T>());
    values.map_err(|error| format!("takes what cannot be read ({}).", one_line(&error.to_string())).into())
}

fn sizes(shape: &[i64]) -> Vec<usize> {
    shape.iter().map(|&n| usize::try_from(n).unwrap_or(0)).collect()
}

/// Whole numbers of an output: a shape.
pub(super) fn whole(value: &DynValue) -> Result<Vec<usize>, Predicate> {
    let (_, values) = told(|| value.try_extract_tensor::<i64>(), GIVEN)?;
    Ok(sizes(values))
}
