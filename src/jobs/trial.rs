//! What is asked of a network on trial, and what comes of it: plain numbers, whoever runs it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::calibrate::Calibrator;
use crate::histogram::Histogram;
use crate::input::InputError;
use crate::quant::{Clip, Format, OutputEffect, QuantParams};
use crate::session::{Kind, Role, Sensitivity, Session};

/// The grids of all tensors: of activations one or none (float), of weights none, one, or one for each channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grids {
    /// By layer, as [`Session::grids`](crate::session::Session::grids) gives them.
    pub layers: Vec<Vec<QuantParams>>,
}

/// A clip on a grid of integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// The range that is kept.
    pub clip: Clip,
    /// The integers.
    pub format: Format,
}

impl Tried {
    /// `scale` and `zero_point`.
    pub fn params(self) -> QuantParams {
        QuantParams::from_clip(self.clip, self.format)
    }
}

/// What is wished of the network.
#[derive(Clone, Debug, PartialEq)]
pub enum Trial {
    /// One layer on these grids, everything else in float.
    Alone {
        /// Index of the layer.
        layer: usize,
        /// One grid, or one for each channel.
        grids: Vec<QuantParams>,
    },
    /// Everything as it is chosen.
    Whole(Grids),
    /// Each layer alone, and everything but it.
    Sensitivity(Grids),
    /// A search for better clips.
    Tune(Tune),
}

/// What is to be searched.
#[derive(Clone, Debug, PartialEq)]
pub struct Tune {
    /// What is chosen now.
    pub grids: Grids,
    /// The layers to search clips for.
    pub layers: Vec<TuneLayer>,
    /// How often to go over all of them.
    pub rounds: usize,
}

/// A layer that is to be tuned, with all that clips for it are searched from.
#[derive(Clone)]
pub struct TuneLayer {
    /// The activation.
    pub layer: usize,
    /// What is chosen for it.
    pub present: Tried,
    /// What it holds.
    pub histogram: Arc<Histogram>,
    /// Methods whose clips are tried too.
    pub methods: Vec<Arc<dyn Calibrator>>,
    /// Activations that share its grid.
    pub tied: Vec<usize>,
}

impl TuneLayer {
    /// A layer of a session as it stands; `None` where there is no clip to search: it is not read, a weight, left in
    /// float, or has a range for each channel. One that shares its range with others is searched for with them.
    pub fn of(session: &Session, layer: usize) -> Option<TuneLayer> {
        let of = session.layers.get(layer).filter(|l| l.kind() == Kind::Activation && l.role == Role::Tensor)?;
        let ready = of.ready()?;
        let choice = ready.choice();
        let fits = choice.quantized && choice.axis.is_none() && ready.stats().amax() > 0.0;
        let all_values = choice.tie.and_then(|joint| session.layers[joint].ready()).unwrap_or(ready);
        fits.then(|| TuneLayer {
            layer,
            present: Tried { clip: choice.clip, format: choice.format },
            histogram: all_values.histogram().clone(),
            methods: ready.methods().to_vec(),
            tied: session.tied(layer).iter().copied().filter(|other| *other != layer).collect(),
        })
    }

    /// The activations that go to one grid, in order: the layer, and those that share it.
    pub fn tensors(&self) -> Vec<usize> {
        let mut all: Vec<usize> = std::iter::once(self.layer).chain(self.tied.iter().copied()).collect();
        all.sort_unstable();
        all
    }

    /// All of the first `layers` layers of a session; of those that share a range the first one.
    pub fn all(session: &Session, layers: usize) -> Vec<TuneLayer> {
        let all = (0..layers).filter_map(|layer| TuneLayer::of(session, layer));
        all.filter(|tune| tune.tied.iter().all(|other| *other > tune.layer)).collect()
    }
}

impl PartialEq for TuneLayer {
    fn eq(&self, other: &TuneLayer) -> bool {
        let ids = |of: &TuneLayer| of.methods.iter().map(|m| m.id().to_owned()).collect::<Vec<_>>();
        (self.layer, self.present, &self.tied) == (other.layer, other.present, &other.tied)
            && Arc::ptr_eq(&self.histogram, &other.histogram)
            && ids(self) == ids(other)
    }
}

impl fmt::Debug for TuneLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TuneLayer").field("layer", &self.layer).field("present", &self.present).finish_non_exhaustive()
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum News {
    /// Of one layer alone.
    Alone {
        /// Index of the layer.
        layer: usize,
        /// The grids that were tried.
        grids: Vec<QuantParams>,
        /// What they do.
        result: Result<OutputEffect, InputError>,
        /// How long that took.
        took: Duration,
    },
    /// Of everything together.
    Whole {
        /// What was tried.
        grids: Grids,
        /// What it does.
        result: Result<OutputEffect, InputError>,
        /// What it does on the samples that nothing was chosen by, if there are any.
        check: Option<OutputEffect>,
        /// How long that took.
        took: Duration,
    },
    /// Of one more layer.
    Sensitivity(Sensitivity, Left),
    /// Every layer was told, or it was stopped.
    SensitivityEnd(Result<(), InputError>),
    /// One more layer was decided on.
    Step(TuneStep, Left),
    /// The search ended; `None` when it was stopped before anything was decided.
    Tuned(Result<Option<Box<Tuned>>, InputError>),
}

/// What a long trial still has to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    /// Steps to come.
    pub steps: usize,
    /// The time they will take, once that can be known.
    pub time: Option<Duration>,
}

/// One decision of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TuneStep {
    /// Index of the layer.
    pub layer: usize,
    /// What is best for it while all others are as they are.
    pub chosen: Tried,
    /// The output SQNR before, on the samples that are searched on, in dB: of this layer alone in the first round of
    /// several layers, of everything together in later ones.
    pub before: f64,
    /// And after.
    pub after: f64,
}

/// What the search is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuned {
    /// The outputs before, on the samples that were searched on.
    pub before: OutputEffect,
    /// And after.
    pub after: OutputEffect,
    /// Before and after on samples that the search has not seen; `None` where there are too few to keep some aside.
    pub unseen: Option<(OutputEffect, OutputEffect)>,
    /// Before and after on the samples that were given to check on, if there are any.
    pub check: Option<(OutputEffect, OutputEffect)>,
}
