//! Runs networks for `benches/operators.py`: what comes out of each, and what each activation held.
//!
//! A line of stdin is a folder with `model.onnx`, `inputs.json` (`[{"name", "dtype", "shape"}, ...]`, NumPy's names of
//! types) and `inputs.bin` (the values one behind the other, row-major, little-endian). The answer on stdout is a line of
//! JSON, `{"outcome": "ran" | "refused" | "panicked", "why", "tensors": [{"kind", "name", "dtype", "shape", "bytes"}]}`,
//! and behind it the tensors' bytes. Activations are float32, as the library shows them. A panic is called one wherever it
//! was caught.

use std::fs;
use std::io::{self, BufRead, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Mutex;

use half::f16;
use qviz::model::{DatumType, Graph, Network, Shapes, Tensor};
use serde::{Deserialize, Serialize};

/// What the last panic said, also of one that the library made a sentence of.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

#[derive(Deserialize)]
struct Fed {
    name: String,
    dtype: String,
    shape: Vec<usize>,
}

#[derive(Serialize, Default)]
struct Answer {
    outcome: &'static str,
    why: String,
    tensors: Vec<Written>,
    #[serde(skip)]
    values: Vec<u8>,
}

#[derive(Serialize)]
struct Written {
    kind: &'static str,
    name: String,
    dtype: String,
    shape: Vec<usize>,
    bytes: usize,
}

fn main() -> io::Result<()> {
    panic::set_hook(Box::new(|info| {
        let text = info.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        *PANIC.lock().expect("no panic while it is held") = Some(text);
    }));
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let answer = panic::catch_unwind(AssertUnwindSafe(|| run(Path::new(&line))));
        let mut answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(why)) => Answer { outcome: "refused", why, ..Answer::default() },
            Err(_) => Answer::default(),
        };
        if let Some(why) = PANIC.lock().expect("no panic while it is held").take() {
            answer = Answer { outcome: "panicked", why, ..Answer::default() };
        }
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.write_all(&answer.values)?;
        out.flush()?;
    }
    Ok(())
}

fn run(folder: &Path) -> Result<Answer, String> {
    let read = |name: &str| fs::read(folder.join(name)).map_err(|e| format!("{name}: {e}"));
    let fed: Vec<Fed> = serde_json::from_slice(&read("inputs.json")?).map_err(|e| e.to_string())?;
    let values = read("inputs.bin")?;
    let network = Network::open(&folder.join("model.onnx")).map_err(|e| e.message)?;
    let shapes: Shapes = fed.iter().map(|fed| (fed.name.clone(), fed.shape.clone())).collect();
    let graph = Graph::build(&network, &shapes).map_err(|e| e.message)?;
    let mut left = values.as_slice();
    let mut named = Vec::new();
    for fed in &fed {
        named.push((&*fed.name, tensor(fed, &mut left)?));
    }
    let find = |name: &str| named.iter().find(|(known, _)| *known == name).map(|(_, tensor)| tensor.clone());
    let sample: Option<Vec<Tensor>> = network.inputs().iter().map(|port| find(&port.name)).collect();
    let sample = sample.ok_or("an input was not given")?;
    let mut answer = Answer { outcome: "ran", ..Answer::default() };
    let mut see = |at: usize, shape: &[usize], values: &[f32]| {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let (name, dtype) = (graph.tensors()[at].name.clone(), "float32".into());
        answer.tensors.push(Written { kind: "activation", name, dtype, shape: shape.to_vec(), bytes: bytes.len() });
        answer.values.extend(bytes);
    };
    let outputs = graph.run(&sample, &mut see, &|| false).map_err(|e| e.message)?.ok_or("it was cancelled")?;
    for (name, output) in graph.outputs().iter().zip(&outputs) {
        let (dtype, bytes) = bytes(output)?;
        let (name, shape) = (name.clone(), output.shape().to_vec());
        answer.tensors.push(Written { kind: "output", name, dtype, shape, bytes: bytes.len() });
        answer.values.extend(bytes);
    }
    Ok(answer)
}

/// Does something for the type that a tensor's elements have.
macro_rules! for_types {
    ($($name:literal $variant:ident $type:ty),* $(,)?) => {
        /// The next tensor of these bytes.
        fn tensor(fed: &Fed, left: &mut &[u8]) -> Result<Tensor, String> {
            let len: usize = fed.shape.iter().product();
            match &*fed.dtype {
                "bool" => {
                    let values: Vec<bool> = left.split_off(..len).ok_or("too few bytes")?.iter().map(|&b| b != 0).collect();
                    Tensor::from_shape(&fed.shape, &values).map_err(|e| e.to_string())
                }
                $($name => {
                    let bytes = left.split_off(..len * size_of::<$type>()).ok_or("too few bytes")?;
                    let one = |bytes: &[u8]| <$type>::from_le_bytes(bytes.try_into().expect("of its size"));
                    let values: Vec<$type> = bytes.chunks_exact(size_of::<$type>()).map(one).collect();
                    Tensor::from_shape(&fed.shape, &values).map_err(|e| e.to_string())
                })*
                other => Err(format!("takes {other}, which cannot be fed")),
            }
        }

        /// NumPy's name of the type, and the bytes.
        fn bytes(tensor: &Tensor) -> Result<(String, Vec<u8>), String> {
            match tensor.datum_type() {
                // tract's integers that may be symbols; where the network is run they are numbers.
                DatumType::TDim => bytes(tensor.cast_to::<i64>().map_err(|e| e.to_string())?.as_ref()),
                DatumType::Bool => {
                    let view = tensor.to_plain_array_view::<bool>().map_err(|e| e.to_string())?;
                    Ok(("bool".into(), view.iter().map(|&b| b.into()).collect()))
                }
                $(DatumType::$variant => {
                    let view = tensor.to_plain_array_view::<$type>().map_err(|e| e.to_string())?;
                    Ok(($name.into(), view.iter().flat_map(|x| x.to_le_bytes()).collect()))
                })*
                other => Err(format!("gives {other:?}, which cannot be written")),
            }
        }
    };
}

for_types! {
    "float16" F16 f16,
    "float32" F32 f32,
    "float64" F64 f64,
    "int8" I8 i8,
    "int16" I16 i16,
    "int32" I32 i32,
    "int64" I64 i64,
    "uint8" U8 u8,
    "uint16" U16 u16,
    "uint32" U32 u32,
    "uint64" U64 u64,
}
