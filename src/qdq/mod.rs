//! ONNX models with `QuantizeLinear` and `DequantizeLinear` at the chosen places.
//!
//! ```text
//! file --Onnx--> graph --deployed--> batch norms folded --plan--> grids --opset--> insert --> file
//! ```
//!
//! A model's file is rewritten field by field: what is not changed is copied with its bytes, be it metadata, documentation,
//! functions or fields that came after this was written. `docs/qdq.md` says what is put where, and why.

mod biases;
mod deployed;
mod external;
mod graph;
mod grid;
mod inner;
mod insert;
mod names;
mod node;
mod onnx;
mod opset;
mod options;
mod pairs;
mod plan;
mod read;
#[cfg(test)]
mod tests;
mod unused;
mod wire;

use crate::exchange::{Range, Statement};
use crate::model::Network;
use crate::report::{self, MovedBias, SaveError, number, visible};
use external::{Beside, Place, name_beside};
use names::Names;
use onnx::Onnx;
use std::path::{Path, PathBuf};

pub use options::{Options, QdqError, Weights};
pub use read::read;

/// The format's word, as commands name it.
pub const ID: &str = "qdq";

/// A model with quantizers that is ready to be saved.
#[derive(Debug)]
pub struct Written {
    /// Which tensors got a scale, which did not and why, what else became of the model: a sentence each.
    pub said: Vec<String>,
    /// The model's file.
    pub bytes: Vec<u8>,
    beside: Beside,
    network: Network,
    out: PathBuf,
}

impl Written {
    /// Saves it where it was written for, and beside it the file of the values that do not lie in the model. Each is complete
    /// or absent; an existing file is replaced only with `force`.
    ///
    /// # Errors
    ///
    /// There is a file already, or the system refuses.
    pub fn save(&self, force: bool) -> Result<(), QdqError> {
        if !self.beside.is_empty() {
            if !force && self.out.symlink_metadata().is_ok() {
                return Err(SaveError::Exists(visible(&self.out.to_string_lossy())).into());
            }
            let path = self.out.with_file_name(&self.beside.location);
            let is_new = path.symlink_metadata().is_err();
            report::save_with(&path, force, |file| self.beside.write(&self.network, file))?;
            let saved = report::save(&self.out, &self.bytes, force);
            if saved.is_err() && is_new {
                // Of no use alone.
                let _ = std::fs::remove_file(&path);
            }
            return Ok(saved?);
        }
        Ok(report::save(&self.out, &self.bytes, force)?)
    }
}

/// The model of the file `model` with these ranges and these numbers [added to its biases](crate::report::Scales::moved_biases),
/// to be saved at `out`.
///
/// # Errors
///
/// The model cannot be read, one of the ranges cannot be said in ONNX, the opset that they need means something else to
/// a node of the model, or it has no such bias.
pub fn write(
    model: &Path,
    ranges: &[Range],
    moved: &[MovedBias],
    options: &Options,
    out: &Path,
) -> Result<Written, QdqError> {
    let (network, quantizers) = Network::open(model)?.without_quantizers();
    let network = if options.as_written { network } else { network.deployed() };
    let file = |why: String| QdqError::file(&network, &why);
    let anew = |why: String| QdqError::file(&network, &format!("cannot be written anew ({why})"));
    if quantizers.put_back() > 0 {
        return Err(file(
            "holds quantizers in the place of Relus, which are gone with them; give the float model that it was made of".into(),
        ));
    }
    let bytes = std::fs::read(model).map_err(|error| file(format!("cannot be read ({error})")))?;
    let mut onnx = Onnx::read(&bytes).map_err(|why| file(format!("is not an ONNX model ({why})")))?;
    let mut statement = Statement::new(ID);
    let pairs = quantizers.pairs();
    if !pairs.is_empty() {
        pairs::take_out(&mut onnx.graph, pairs).map_err(anew)?;
        let pairs = number::of(pairs.len() as u64, "pair");
        statement.note(format!("{pairs} of QuantizeLinear and DequantizeLinear that the model held went before."));
    }
    let applied = if options.as_written { Default::default() } else { deployed::apply(&mut onnx.graph, &network)? };
    let plan = plan::decide(&onnx.graph, &network, &applied, ranges, options, &mut statement)?;
    if plan.activations.is_empty() && plan.weights.is_empty() {
        let mut why = "gets no QuantizeLinear: no range is of a tensor that is quantized in it".to_owned();
        for sentence in statement.end(Vec::new()).said.iter().skip(1).take(3) {
            why.push_str(&format!("; {}", sentence.trim_end_matches('.')));
        }
        return Err(file(why));
    }
    let stored = plan.weights.iter().map(|(weight, _)| weight.name.as_str());
    let stored = pairs::take_out_stored(&mut onnx.graph, stored).map_err(anew)?;
    let mut names = Names::of(&onnx.graph).map_err(anew)?;
    let biases = biases::apply(&mut onnx.graph, &network, moved, &mut names)?;
    let from = onnx.opset;
    let need = plan.grids().max_by_key(|grid| grid.opset()).expect("there is one");
    let to = need.opset().max(from);
    let rewritten = opset::raise(&mut onnx.graph, (from, to), &mut names).map_err(file)?;
    onnx.raise(to);
    onnx.constants_are_no_inputs();
    let location = name_beside(out, &locations(&onnx).map_err(anew)?);
    let mut beside = Beside::new(location);
    let freed = insert::insert(&mut onnx.graph, &plan, (&network, &stored), options.weights, &mut names, &mut beside)?;
    let freed = freed.into_iter().chain(biases).chain(applied.freed.iter().cloned()).collect();
    unused::drop_unused(&mut onnx.graph, freed).map_err(anew)?;
    let folder = model.parent().map_or_else(PathBuf::new, Path::to_owned);
    if !is_same_folder(model, out) {
        let mut moved = |content: &[u8]| beside.moved(content, &folder);
        inner::each_tensor(&mut onnx.graph, &mut moved).map_err(anew)?;
    }
    let bytes = onnx.write().map_err(anew)?;

    say(&mut statement, &plan, options);
    if to > from {
        // Who reads one sentence only reads the first: another opset is another runtime.
        statement.also(format!("opset {from} → {to}"));
        let rewritten: Vec<String> = rewritten.into_iter().collect();
        let anew = if rewritten.is_empty() {
            String::new()
        } else {
            format!("; written anew for it: {}", rewritten.join(", "))
        };
        statement.note(format!("Opset {to} is for {}{anew}.", need.needs()));
    }
    if applied.folded + applied.renamed > 0 {
        let folded = number::of(applied.folded as u64, "node");
        let renamed = number::of(applied.renamed as u64, "node");
        statement.note(format!(
            "The network is the deployed one, which the scales are of: {folded} folded into the weights before them, {renamed} \
             that only gave another name taken out."
        ));
    }
    if !moved.is_empty() {
        let n = moved.len() as u64;
        let take = if n == 1 { "takes in the mean" } else { "take in the means" };
        statement.note(format!("{} {take} of what quantization adds there.", number::with(n, "bias", "biases")));
    }
    if !beside.is_empty() {
        statement.note(format!("Values that are kept beside the model went to {}.", beside.location));
    }
    let said = statement.end(Vec::new()).said;
    Ok(Written { said, bytes, beside, network, out: out.to_owned() })
}

/// What is to be known of what was put in.
fn say(statement: &mut Statement, plan: &plan::Plan, options: &Options) {
    let (activations, weights) = (plan.activations.len() as u64, plan.weights.len() as u64);
    let how = match options.weights {
        Weights::Integers => "stored as integers with DequantizeLinear alone",
        Weights::Floats => "floats with QuantizeLinear and DequantizeLinear",
    };
    let (activations, weights) = (number::of(activations, "activation"), number::of(weights, "weight"));
    statement.note(format!("{activations} and {weights}, {how}; biases stay in float."));
    let narrow = plan
        .activations
        .iter()
        .filter(|(_, grid)| grid.params[0].format().scheme().is_some_and(|s| s.symmetric() && s.signed()));
    let narrow = narrow.count() as u64;
    if narrow > 0 {
        statement.note(format!(
            "ONNX's signed integers reach one step further below than symmetric ones: -128 in 8 bits, in {}.",
            number::of(narrow, "activation")
        ));
    }
    let shifted = plan.grids().filter(|grid| grid.is_shifted()).count() as u64;
    if shifted > 0 {
        statement.note(format!(
            "{} a zero point other than 0, which TensorRT refuses (ONNX Runtime and OpenVINO take it); for TensorRT \
             calibrate with --symmetric.",
            number::with(shifted, "tensor has", "tensors have")
        ));
    }
    let by_channel = plan.activations.iter().filter(|(_, grid)| grid.axis.is_some()).count() as u64;
    if by_channel > 0 {
        let of = number::of(by_channel, "activation");
        statement.note(format!("A scale for each channel is for {of}; TensorRT and ONNX Runtime's integers want one."));
    }
}

/// The files that tensors lie in.
fn locations(onnx: &Onnx) -> Result<Vec<String>, String> {
    let mut locations = Vec::new();
    inner::each_tensor(&mut onnx.graph.clone(), &mut |content| {
        locations.extend(Place::of(content)?.map(|place| place.location));
        Ok(None)
    })?;
    Ok(locations)
}

/// Whether two files lie in one folder, as far as that is known.
fn is_same_folder(one: &Path, other: &Path) -> bool {
    let folder = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        folder.canonicalize().ok()
    };
    folder(one).is_some() && folder(one) == folder(other)
}
