//! Which plan a sample runs on: by the shapes of its inputs, and by the branches that it takes.
//!
//! From the outside in: a network whose conditions are known is a plan; one whose are not is a question to the sample.
//! Plans are made when they are first needed, and the one that was used longest ago goes where there are too many.

use super::branches::{Branch, Settling};
use super::build::{self, Conditions, Fed};
use super::constants;
use super::error::{ModelError, shape_text};
use super::network::Network;
use super::pool::Pool;
use super::variant::Variant;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::multithread::Executor;
use tract_onnx::prelude::{DatumType, Tensor};
use tract_onnx::tract_core::plan;

/// Plans that are kept at a time. Measured on PP-OCR rec (11 MB), at widths of 32 to 88: the first takes 47 MB, each
/// further one, which shares what is packed alike, 6 to 7. One that was dropped costs about a second to make again.
const PLANS: usize = 32;

/// Ways through a network that are tried where no sample says which are taken.
const WAYS: usize = 32;

/// A network's plans.
pub(super) struct Stages {
    network: Network,
    plans: Mutex<Plans>,
}

/// What decides on a plan.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Way {
    /// Of each input.
    pub shapes: Vec<Vec<usize>>,
    /// What was found of each `If` and before each turn, in the order in which they were settled.
    pub taken: Vec<bool>,
}

impl Way {
    /// The beginning of a way.
    fn from(fed: &[Fed]) -> Way {
        Way { shapes: fed.iter().map(|fed| fed.shape.clone()).collect(), taken: Vec::new() }
    }

    fn further(&self, taken: impl IntoIterator<Item = bool>) -> Way {
        Way { shapes: self.shapes.clone(), taken: self.taken.iter().copied().chain(taken).collect() }
    }
}

#[derive(Clone)]
enum Stage {
    /// What the next conditions are on every sample of these shapes.
    Known(Vec<bool>),
    Asked(Arc<Question>),
    Settled(Arc<Settled>),
}

/// What the sample is to be asked.
struct Question {
    /// Computes the conditions.
    variant: Variant,
    names: Vec<String>,
    /// For each `If`, which of them.
    places: Vec<usize>,
}

/// A plan, and the branches that it is made of.
pub(super) struct Settled {
    pub variant: Variant,
    pub branches: Vec<Branch>,
}

#[derive(Default)]
struct Plans {
    stages: HashMap<Way, (Result<Stage, ModelError>, u64)>,
    pool: Pool,
    /// How often something was asked for.
    time: u64,
}

impl Stages {
    pub fn new(network: &Network) -> Stages {
        Stages { network: network.clone(), plans: Mutex::default() }
    }

    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The plan for a sample. `None` when it was cancelled.
    pub fn of(
        &self,
        sample: &[Tensor],
        executor: &Executor,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<(Way, Arc<Settled>)>, ModelError> {
        self.check(sample)?;
        let shapes = sample.iter().map(|tensor| tensor.shape().to_vec()).collect();
        let mut way = Way { shapes, taken: Vec::new() };
        loop {
            match self.stage(&way)? {
                Stage::Known(taken) => way.taken.extend(taken),
                Stage::Settled(settled) => return Ok(Some((way, settled))),
                Stage::Asked(question) => {
                    let mut eval = plan::eval;
                    let Some(values) = question.variant.execute(sample, executor, cancelled, &mut eval)? else {
                        return Ok(None);
                    };
                    let found = build::truths(&self.network, &question.names, values.iter().map(|value| &**value))?;
                    way.taken.extend(question.places.iter().map(|&place| found[place]));
                }
            }
        }
    }

    /// The plan at the end of a way that was found before.
    pub fn at(&self, way: &Way) -> Result<Arc<Settled>, ModelError> {
        match self.stage(way)? {
            Stage::Settled(settled) => Ok(settled),
            _ => unreachable!("the way does not lead to its end"),
        }
    }

    /// The plan for all samples of these shapes; `None` where that depends on the sample.
    pub fn known(&self, fed: &[Fed]) -> Result<Option<Arc<Settled>>, ModelError> {
        let mut way = Way::from(fed);
        loop {
            match self.stage(&way)? {
                Stage::Known(taken) => way.taken.extend(taken),
                Stage::Settled(settled) => return Ok(Some(settled)),
                Stage::Asked(_) => return Ok(None),
            }
        }
    }

    /// All ways that samples of these shapes could take, as far as they can be prepared.
    ///
    /// # Errors
    ///
    /// None can.
    pub fn possible(&self, fed: &[Fed]) -> Result<Vec<Arc<Settled>>, ModelError> {
        let mut open = vec![Way::from(fed)];
        let (mut found, mut failed) = (Vec::new(), None);
        while let Some(way) = open.pop() {
            match self.stage(&way) {
                Ok(Stage::Known(more)) => open.push(way.further(more)),
                Ok(Stage::Settled(settled)) => found.push(settled),
                Ok(Stage::Asked(question)) => {
                    let conditions = question.names.len().min(WAYS.ilog2() as usize);
                    let room = WAYS.saturating_sub(found.len() + open.len()).max(1);
                    // Yes before no, on a stack.
                    for answers in (0..1_usize << conditions).take(room) {
                        let answer = |place: &usize| *place < conditions && answers >> place & 1 == 1;
                        open.push(way.further(question.places.iter().map(answer)));
                    }
                }
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        match failed {
            Some(error) if found.is_empty() => Err(error),
            _ => Ok(found),
        }
    }

    fn stage(&self, way: &Way) -> Result<Stage, ModelError> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let Plans { stages, pool, time } = &mut *plans;
        *time += 1;
        if let Some((stage, used)) = stages.get_mut(way) {
            *used = *time;
            return stage.clone();
        }
        let plans = || stages.iter().filter(|(_, (stage, _))| matches!(stage, Ok(Stage::Asked(_) | Stage::Settled(_))));
        if plans().count() >= PLANS
            && let Some(oldest) = plans().min_by_key(|(_, (_, used))| *used).map(|(way, _)| way.clone())
        {
            stages.remove(&oldest);
        }
        let made = self.make(way, pool);
        stages.insert(way.clone(), (made.clone(), *time));
        made
    }

    fn make(&self, way: &Way, pool: &mut Pool) -> Result<Stage, ModelError> {
        let network = &self.network;
        constants::check(network.graph(), &network.folder).map_err(|why| network.error(why))?;
        let fed: Vec<Fed> = network
            .inputs()
            .iter()
            .zip(&way.shapes)
            .map(|(port, shape)| Fed { dtype: port.dtype.unwrap_or(DatumType::F32), shape: shape.clone() })
            .collect();
        let mut proto: Cow<ModelProto> = Cow::Borrowed(&network.proto);
        let (mut left, mut settling) = (way.taken.as_slice(), Settling::new(&proto));
        loop {
            let graph = proto.graph.as_ref().expect("checked when the network was made");
            let ready = settling.ready(graph);
            if ready.is_empty() {
                let variant = build::variant(network, &proto, &fed, &settling.names, pool)?;
                return Ok(Stage::Settled(Arc::new(Settled { variant, branches: settling.taken })));
            }
            if left.is_empty() {
                let (graph, places) = settling.conditions(graph, &ready);
                return self.ask(&proto, graph, places, &fed);
            }
            let (now, later) = left.split_at(ready.len());
            let graph = proto.to_mut().graph.as_mut().expect("checked when the network was made");
            settling.settle(graph, &ready, now).map_err(|why| network.error(why))?;
            left = later;
        }
    }

    fn ask(
        &self,
        whole: &ModelProto,
        graph: tract_onnx::pb::GraphProto,
        places: Vec<usize>,
        fed: &[Fed],
    ) -> Result<Stage, ModelError> {
        let names = graph.output.iter().map(|output| output.name.clone()).collect();
        let proto = ModelProto {
            ir_version: whole.ir_version,
            opset_import: whole.opset_import.clone(),
            functions: whole.functions.clone(),
            graph: Some(graph),
            ..ModelProto::default()
        };
        Ok(match build::conditions(&self.network, &proto, fed)? {
            Conditions::Known(found) => Stage::Known(places.iter().map(|&place| found[place]).collect()),
            Conditions::Asked(variant) => Stage::Asked(Arc::new(Question { variant, names, places })),
        })
    }

    fn check(&self, sample: &[Tensor]) -> Result<(), ModelError> {
        let (network, ports) = (&self.network, self.network.inputs());
        if sample.len() != ports.len() {
            return Err(network.error(format!("takes {} inputs, and {} were given.", ports.len(), sample.len())));
        }
        for (port, tensor) in ports.iter().zip(sample) {
            let fits = build::fits(tensor.shape(), port.dims.as_deref());
            let Some(dtype) = port.dtype.filter(|dtype| *dtype != tensor.datum_type() || !fits) else { continue };
            let wanted = port.dims.as_deref().map_or("any shape".into(), |dims| match build::fixed(dims) {
                Some(shape) => shape_text(&shape),
                None => dims.iter().map(ToString::to_string).collect::<Vec<_>>().join("x"),
            });
            let (name, given, gives) = (&port.name, shape_text(tensor.shape()), tensor.datum_type());
            return Err(
                network.error(format!("takes {wanted} of {dtype:?} as {name}, and {given} of {gives:?} was given."))
            );
        }
        Ok(())
    }
}
