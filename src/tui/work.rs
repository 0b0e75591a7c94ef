//! What goes on in the background, in one list: for the header, for the footer, and for the page that stops it.

use core::time::Duration;

use super::behind::{Reading, Writing};
use super::model::Model;
use crate::jobs::{Left, Request, Stop};
use crate::report::visible;
use crate::session::Key;

/// What a piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The first reading of all tensors.
    Reading,
    /// A sensitivity or a search.
    Long,
    /// Something that needs a tensor's values once more: its place in the list of those.
    Values(usize),
    /// The network, written with its scales inside.
    Writing,
    /// The outputs with everything as it is chosen.
    Whole,
    /// The methods by the outputs.
    Methods,
}

/// A piece of work, with how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// What it is.
    pub what: What,
    /// The same in words.
    pub title: String,
    /// Steps that are done, of how many, where it has such.
    pub steps: Option<(usize, usize)>,
    /// The share that is done, 0 to 1, where that is known.
    pub share: Option<f64>,
    /// Time that the rest will take, once that can be known.
    pub left: Option<Duration>,
    /// Whether it shall end early and has not yet.
    pub stopping: bool,
}

impl Piece {
    fn new(what: What, title: impl Into<String>) -> Piece {
        Piece { what, title: title.into(), steps: None, share: None, left: None, stopping: false }
    }

    fn steps(mut self, done: usize, of: usize) -> Piece {
        (self.steps, self.share) = (Some((done, of)), (of > 0).then(|| done as f64 / of as f64));
        self
    }

    /// What ends it; `None` where it has to be waited for.
    pub fn stop(&self, model: &Model) -> Option<Stop> {
        match self.what {
            // Before the names are there nothing could be kept, and ties and channels come behind the last tensor.
            What::Reading if model.loading.found && model.loading.done < model.loading.all => Some(Stop::Reading),
            What::Reading | What::Writing => None,
            What::Long => Some(Stop::Long),
            What::Values(_) => Some(Stop::Values),
            What::Whole => Some(Stop::Whole),
            What::Methods => Some(Stop::Methods),
        }
    }

    /// Whether it can be ended early.
    pub fn can_stop(&self, model: &Model) -> bool {
        !self.stopping && (self.what == What::Writing || self.stop(model).is_some())
    }
}

/// Everything that goes on, what was asked for before what begins by itself.
pub fn pieces(model: &Model) -> Vec<Piece> {
    let mut pieces = Vec::new();
    pieces.extend(reading(model));
    let network = model.network.as_ref();
    if let Some(running) = network.and_then(|network| network.running.as_ref()) {
        let mut piece = Piece::new(What::Long, running.work.title());
        if let Some(Left { steps, time }) = running.left {
            piece = Piece { left: time, ..piece.steps(running.done, running.done + steps) };
        }
        pieces.push(Piece { stopping: running.stopping, ..piece });
    }
    for (at, Reading { asked, share, stopping }) in model.values.iter().enumerate() {
        let (share, left) = share.map_or((None, None), |(share, left)| (Some(share), left));
        pieces.push(Piece { share, left, stopping: *stopping, ..Piece::new(What::Values(at), in_words(asked)) });
    }
    if let Some(Writing { path, stopping, .. }) = &model.writing {
        let title = format!("writing {}", visible(path));
        pieces.push(Piece { stopping: *stopping, ..Piece::new(What::Writing, title) });
    }
    if let Some(network) = network.filter(|network| network.whole.running) {
        let piece = Piece::new(What::Whole, "outputs, everything as chosen");
        let so_far = network.whole.answer.as_ref().filter(|_| network.whole.is_answered());
        let so_far = so_far.and_then(|answer| Some((answer.result.as_ref().ok()?, answer.took)));
        pieces.push(match so_far.filter(|(effect, _)| effect.samples > 0) {
            None => piece,
            Some((effect, took)) => {
                let left = took.mul_f64(effect.of.saturating_sub(effect.samples) as f64 / effect.samples as f64);
                Piece { left: Some(left), ..piece.steps(effect.samples, effect.of) }
            }
        });
    }
    if let Some(network) = network.filter(|network| network.methods.running) {
        let (measured, of) = (network.methods.measured(), network.methods.of());
        let piece = Piece::new(What::Methods, "methods by the outputs").steps(measured, of);
        // Each takes what the figure of everything has taken.
        let whole = network.whole.answer.as_ref().filter(|_| !network.whole.running);
        let left = whole.map(|answer| answer.took * of.saturating_sub(measured) as u32);
        pieces.push(Piece { left, stopping: network.methods.stopping, ..piece });
    }
    pieces
}

/// The first reading of all tensors.
fn reading(model: &Model) -> Option<Piece> {
    let loading = &model.loading;
    if loading.finished {
        return None;
    }
    let (done, all) = (loading.done, loading.all);
    let piece = |title: &str| Piece::new(What::Reading, title);
    let piece = match (loading.found, loading.runs, &model.network) {
        (false, _, None) => piece("searching"),
        (false, _, Some(_)) => piece("opening the network"),
        (true, Some((done, of, left)), _) => Piece { left, ..piece("running the network").steps(done, of) },
        (true, None, None) => piece("reading").steps(done, all),
        (true, None, Some(_)) if done >= all => {
            let (share, left) = loading.channels.map_or((None, None), |(share, left)| (Some(share), left));
            Piece { share, left, ..piece("counting channels") }
        }
        (true, None, Some(_)) => piece("counting").steps(done, all),
    };
    Some(Piece { stopping: loading.stopping, ..piece })
}

/// What was asked for, in words.
fn in_words(asked: &Request) -> String {
    let name = |key: &Key| visible(key.name());
    match asked {
        Request::Fine { key, .. } => format!("finer bins of {}", name(key)),
        Request::Measure { key, .. } => format!("measuring {}", name(key)),
        Request::Channels { key, .. } => format!("channels of {}", name(key)),
        Request::Tie { of, .. } => format!("{} layers as one", of.len()),
        Request::Prefer(_) | Request::Trial(_) => String::new(),
    }
}
