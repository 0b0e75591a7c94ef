//! From arguments to who brings the layers.

#[cfg(feature = "onnx")]
use std::path::Path;

use super::args::SharedArgs;
use super::bundled;
use super::words::is_model;
use crate::input::{Discovered, Source, discover};
use crate::jobs::{Loader, Order, Recipe, Start};
use crate::report::visible;
use crate::session::Session;

/// Wrong usage, in one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub String);

/// Where a pass over all samples takes longer than this, who sits before the screen wants a first figure.
#[cfg(feature = "onnx")]
const LONG: std::time::Duration = std::time::Duration::from_secs(1);

/// Who waits for the layers.
#[derive(Clone, Copy)]
pub(super) enum For {
    /// Somebody before a screen, who wants to see something soon.
    Screen,
    /// A text or a file; whether the chosen clips are measured on the values.
    Document { exact: bool },
}

/// What brings the layers that the arguments name: files, the bundled ones, or a model that is run.
pub(super) fn start(shared: SharedArgs, session: &Session, whom: For) -> Result<Start, Usage> {
    let measure = matches!(whom, For::Document { exact: true });
    let recipe = Recipe::new(shared.bins, session.methods().iter().map(AsRef::as_ref));
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get()).min(8);
    if let Some(model) = shared.paths.iter().find(|p| is_model(p)) {
        let name = visible(&model.to_string_lossy());
        if shared.paths.len() > 1 {
            return Err(Usage(format!("{name} is a model, which is looked at alone; give its inputs with --data.")));
        }
        return network(shared, session, recipe, whom, threads);
    }
    let ties = shared.ties();
    let discover: Box<dyn FnOnce() -> Discovered + Send> = if shared.paths.is_empty() {
        Box::new(bundled::bundled)
    } else {
        Box::new(move || {
            let mut found = discover(&shared.paths, shared.group.as_ref());
            if shared.ignore_sentinels {
                found.sources = found.sources.into_iter().map(Source::leaving_out_sentinels).collect();
            }
            found
        })
    };
    let order = Order { discover, recipe, plan: session.plan(), ties, measure, threads };
    Ok(Box::new(move |tell| Box::new(Loader::start(order, tell))))
}

#[cfg(feature = "onnx")]
fn network(shared: SharedArgs, session: &Session, recipe: Recipe, whom: For, threads: usize) -> Result<Start, Usage> {
    use crate::jobs::{NetworkLoader, NetworkOrder, Subject};

    let model = shared.paths[0].clone();
    let Some(samples) = shared.data.samples.source() else { return Err(nothing_to_run_on(&model)) };
    let (options, check, backend) = (shared.data.samples.options(), shared.data.check(), shared.data.backend());
    let placement = shared.data.placement();
    let as_written = shared.data.as_written;
    let subject = Subject { model, samples, options, check, backend, placement, as_written };
    let (one_pass, ignore_sentinels) = (shared.data.one_pass, shared.ignore_sentinels);
    let (plan, ties) = (session.plan(), shared.ties());
    let (measure, first_figure) = match whom {
        For::Screen => (false, Some(LONG)),
        For::Document { exact } => (exact, None),
    };
    let order =
        NetworkOrder { subject, recipe, plan, ties, one_pass, measure, ignore_sentinels, first_figure, threads };
    Ok(Box::new(move |tell| Box::new(NetworkLoader::start(order, tell))))
}

/// A model without samples.
#[cfg(feature = "onnx")]
pub(super) fn nothing_to_run_on(model: &Path) -> Usage {
    let name = visible(&model.to_string_lossy());
    Usage(format!(
        "{name} needs something to run on: --data PATH (.npy, .npz or a folder of pictures), or --random 8 to try it."
    ))
}

#[cfg(not(feature = "onnx"))]
fn network(shared: SharedArgs, _: &Session, _: Recipe, _: For, _: usize) -> Result<Start, Usage> {
    let name = visible(&shared.paths[0].to_string_lossy());
    Err(Usage(format!("{name} is a model, and this qviz was built without the feature onnx.")))
}
