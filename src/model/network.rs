use super::branches;
use super::constants::{self, Element};
use super::deployed;
use super::deployed::record::{Absorbed, Folding, Record};
use super::engine;
use super::error::{ModelError, guarded, io_predicate, one_line};
use crate::error::{ErrorKind, Predicate};
use crate::input::Foreign;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use tract_onnx::pb::tensor_shape_proto::dimension::Value as DimValue;
use tract_onnx::pb::type_proto::Value as TypeValue;
use tract_onnx::pb::{GraphProto, ModelProto, ValueInfoProto};
use tract_onnx::prelude::{DatumType, Framework, onnx};

/// Weights that take less are packed once and for all, which makes runs faster.
const IN_FILES: u64 = 256 << 20;

/// An ONNX file, parsed: what goes in, what comes out, and the nodes between as they were written.
///
/// Cheap to clone. Nothing has been run, and tract may still lack an operator: [`Graph::build`](super::Graph::build) says.
#[derive(Clone)]
pub struct Network {
    pub(super) file: String,
    pub(super) folder: PathBuf,
    pub(super) proto: Arc<ModelProto>,
    /// Where large constants in other files take more bytes than this, they stay there until a run needs them.
    pub(super) in_files: u64,
    /// The tensors that the file itself names, where functions are written out, which name others besides.
    #[cfg(feature = "onnxruntime")]
    named: Option<Arc<HashSet<String>>>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    /// What became of the file's tensors where it is looked at as it is deployed.
    record: Arc<Record>,
}

/// An input or output of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The tensor's name in the graph.
    pub name: String,
    /// The type of its elements; `None` where the file gives none that tract knows.
    pub dtype: Option<DatumType>,
    /// The type that the file gives, by its NumPy name, where tract knows it not.
    pub foreign: Option<String>,
    /// Its dimensions; `None` where not even their number is known.
    pub dims: Option<Vec<Dim>>,
}

impl Port {
    /// That it is of no type that can be fed.
    pub(super) fn unfit(&self) -> Predicate {
        let text = match &self.foreign {
            Some(of) => format!("takes {self} of {of}, which is not run here; export it with inputs of float32."),
            None => format!("takes {self} of a type that is not known."),
        };
        text.into()
    }

    /// Asks for its shape, with an example: a batch of one, and 224 wherever else the file has no number.
    pub(super) fn ask(&self) -> Predicate {
        let size = |(i, dim): (usize, &Dim)| match dim {
            Dim::Fixed(n) => n.to_string(),
            _ => if i == 0 { "1" } else { "224" }.to_owned(),
        };
        let example = self.dims.as_ref().map(|dims| dims.iter().enumerate().map(size).collect::<Vec<_>>().join("x"));
        let example = example.as_deref().unwrap_or("1x3x224x224");
        let text = format!("takes {self}: give its shape, such as {}={example}.", self.name);
        Predicate::new(ErrorKind::Incomplete, text)
    }
}

/// One dimension of a [`Port`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dim {
    /// A number.
    Fixed(usize),
    /// A symbol, such as `batch`.
    Named(String),
    /// Neither.
    Unknown,
}

impl Network {
    /// Parses the file at `path`.
    ///
    /// # Errors
    ///
    /// It cannot be read, is no ONNX model, has no nodes, or keeps tensors outside its own folder. In the last case
    /// nothing outside has been touched.
    pub fn open(path: &Path) -> Result<Network, ModelError> {
        let file = path.display().to_string();
        let fail = |predicate: Predicate| ModelError::new(file.clone(), predicate);
        let mut reader = File::open(path).map_err(|e| fail(io_predicate(&e)))?;
        if reader.metadata().is_ok_and(|m| m.is_dir()) {
            return Err(fail("is a directory; give the .onnx file in it.".into()));
        }
        let proto = guarded(|| onnx().proto_model_for_read(&mut reader)).map_err(|e| match Foreign::of(path) {
            Ok(Some(pointer @ Foreign::LfsPointer)) => fail(pointer.to_string().into()),
            _ => fail(no_model(&e.root_cause().to_string())),
        })?;
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        let defaults = match proto.functions[..] {
            [] => engine::Defaults::default(),
            _ => engine::Defaults::of(&std::fs::read(path).map_err(|e| fail(io_predicate(&e)))?),
        };
        Network::with_defaults(file, folder, proto, &defaults)
    }

    /// A network out of a protobuf that is in memory. `file` names it in messages; external tensors are looked for in
    /// `folder`.
    #[cfg(test)]
    pub(super) fn from_proto(file: String, folder: PathBuf, proto: ModelProto) -> Result<Network, ModelError> {
        Network::with_defaults(file, folder, proto, &engine::Defaults::default())
    }

    fn with_defaults(
        file: String,
        folder: PathBuf,
        mut proto: ModelProto,
        defaults: &engine::Defaults,
    ) -> Result<Network, ModelError> {
        let fail = |predicate: Predicate| ModelError::new(file.clone(), predicate);
        #[cfg(feature = "onnxruntime")]
        let named = match (&proto.functions[..], &proto.graph) {
            ([], _) | (_, None) => None,
            (_, Some(graph)) => Some(named(graph).into()),
        };
        engine::prepare(&mut proto, defaults).map_err(&fail)?;
        let Some(graph) = proto.graph.as_mut().filter(|graph| !graph.node.is_empty()) else {
            return Err(fail(no_model("it holds no nodes")));
        };
        branches::name_apart(graph);
        constants::check_locations(graph).map_err(&fail)?;
        constants::standardize(graph, &folder).map_err(&fail)?;
        let constant: HashSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
        let inputs = graph.input.iter().filter(|input| !constant.contains(input.name.as_str())).map(port).collect();
        let outputs = graph.output.iter().map(port).collect();
        Ok(Network {
            file,
            folder,
            proto: Arc::new(proto),
            in_files: IN_FILES,
            #[cfg(feature = "onnxruntime")]
            named,
            inputs,
            outputs,
            record: Arc::default(),
        })
    }

    /// The same network as it is deployed: batch norms folded into the weights before them, and one name for a tensor that
    /// Identity or Dropout only hand on. It has the same inputs and outputs. What is left keeps the file's names;
    /// [`Network::absorbed_by`] and [`Network::folded_into`] say what became of the rest.
    #[must_use]
    pub fn deployed(mut self) -> Network {
        let proto = Arc::make_mut(&mut self.proto);
        let opset = engine::opset(&proto.opset_import);
        let graph = proto.graph.as_mut().expect("checked when it was made");
        self.record = Arc::new(deployed::deploy(graph, opset, &self.folder));
        self
    }

    /// The tensors of the file that an activation of the deployed network is there in the place of.
    pub fn absorbed_by(&self, activation: &str) -> &[Absorbed] {
        self.record.absorbed_by(activation)
    }

    /// The nodes that are folded into a weight of the deployed network, by operator and name: its values are not those in
    /// the file.
    pub fn folded_into(&self, weight: &str) -> &[String] {
        self.record.folded_into(weight)
    }

    /// Of each tensor of the file that is another name of one of the deployed network, that one.
    pub fn aliases(&self) -> &BTreeMap<String, String> {
        self.record.aliases()
    }

    /// Whether the node of the file that makes this tensor only gives another name to one, and is none as it is deployed.
    pub fn is_made_by_alias(&self, tensor: &str) -> bool {
        self.record.is_made_by_alias(tensor)
    }

    /// What is folded into the products of the deployed network.
    pub fn foldings(&self) -> &[Folding] {
        self.record.foldings()
    }

    /// What the deployed network has not as the file has it: half a sentence.
    pub fn changes(&self) -> Option<String> {
        let told = |n: usize, one: &str, more: &str| match n {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {more}")),
        };
        let (folded, aliases) = self.record.counts();
        let folded =
            told(folded, "node is folded into the weight before it", "nodes are folded into the weights before them");
        let aliases = told(
            aliases,
            "tensor is another name of one that is listed",
            "tensors are other names of such as are listed",
        );
        let all: Vec<String> = folded.into_iter().chain(aliases).collect();
        (!all.is_empty()).then(|| format!("looked at as it is deployed: {}", all.join(", ")))
    }

    /// The file as it was named by the user.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The same network, whose large constants stay in the files that they lie in, beside the model, where these take more
    /// than so many bytes (256 MB if nothing is said) and only products and look-ups take them. A run reads each when it
    /// comes to it, which costs time and keeps memory at that of the largest.
    pub fn leaving_in_files(self, more_than: u64) -> Network {
        Network { in_files: more_than, ..self }
    }

    /// What has to be fed, in the order of the file. Inputs that have an initializer are constants and not among them.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// What comes out, in the order of the file.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Whether the file itself names a tensor, which whoever reads the file finds there.
    #[cfg(feature = "onnxruntime")]
    pub(super) fn names(&self, tensor: &str) -> bool {
        self.named.as_ref().is_none_or(|named| named.contains(tensor))
    }

    /// The same file with another graph, of the same inputs and outputs.
    pub(super) fn with_proto(&self, proto: ModelProto) -> Network {
        Network { proto: Arc::new(proto), ..self.clone() }
    }

    pub(super) fn graph(&self) -> &GraphProto {
        self.proto.graph.as_ref().expect("checked when it was made")
    }

    pub(super) fn error(&self, predicate: impl Into<Predicate>) -> ModelError {
        ModelError::new(self.file.clone(), predicate)
    }
}

/// The tensors that a graph names.
#[cfg(feature = "onnxruntime")]
fn named(graph: &GraphProto) -> HashSet<String> {
    let made = graph.node.iter().flat_map(|node| &node.output).cloned();
    made.chain(graph.input.iter().map(|input| input.name.clone())).collect()
}

impl fmt::Debug for Network {
    /// Without the weights.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("file", &self.file)
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Dim {
    /// `3`, `batch`, `?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Fixed(n) => write!(f, "{n}"),
            Dim::Named(name) => f.write_str(name),
            Dim::Unknown => f.write_str("?"),
        }
    }
}

impl FromStr for Dim {
    type Err = String;

    /// A number, or a name.
    fn from_str(text: &str) -> Result<Dim, String> {
        if let Ok(n) = text.parse() {
            return Ok(Dim::Fixed(n));
        }
        let is_name = text.starts_with(char::is_alphabetic) && !text.contains(char::is_whitespace);
        if is_name { Ok(Dim::Named(text.into())) } else { Err(format!("{text:?} is neither a size nor a name")) }
    }
}

impl fmt::Display for Port {
    /// `x 1x3xHxW`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.dims {
            None => f.write_str(" of unknown rank"),
            Some(dims) if dims.is_empty() => f.write_str(" scalar"),
            Some(dims) => write!(f, " {}", dims.iter().map(Dim::to_string).collect::<Vec<_>>().join("x")),
        }
    }
}

fn port(info: &ValueInfoProto) -> Port {
    let name = info.name.clone();
    let Some(TypeValue::TensorType(tensor)) = info.r#type.as_ref().and_then(|t| t.value.as_ref()) else {
        return Port { name, dtype: None, foreign: None, dims: None };
    };
    let element = Element(tensor.elem_type);
    // tract has texts, and nothing that computes with them.
    let dtype = element.datum_type().filter(|_| element != Element::STRING);
    let foreign = (dtype.is_none() && tensor.elem_type != 0).then(|| element.name());
    let dim = |value: &Option<DimValue>| match value {
        Some(DimValue::DimValue(n)) => usize::try_from(*n).map_or(Dim::Unknown, Dim::Fixed),
        Some(DimValue::DimParam(name)) if !matches!(name.as_str(), "" | "?") => Dim::Named(name.clone()),
        _ => Dim::Unknown,
    };
    let dims = tensor.shape.as_ref().map(|shape| shape.dim.iter().map(|d| dim(&d.value)).collect());
    Port { name, dtype, foreign, dims }
}

/// Of what is no model, or was one: a protobuf does not say which, and one that is torn may well parse.
fn no_model(why: &str) -> Predicate {
    Predicate::damaged(format!("is not an ONNX model ({}).", one_line(why)))
}
