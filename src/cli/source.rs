//! From arguments to who brings the layers.

#[cfg(feature = "onnx")]
use std::path::Path;
use std::path::PathBuf;

use super::args::SharedArgs;
use super::bundled;
use super::words::is_model;
use crate::calibrate;
use crate::input::{Discovered, Source, discover};
use crate::jobs::{Loader, Order, Recipe, Start, Ties};
use crate::report::visible;
use crate::session::{Plan, Session};

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

/// What brings the same tensors of other data: files, or a model's other samples. Nothing is decided there, so one quick
/// method is enough. `None` where no data are named.
///
/// # Errors
/// There is nothing of the user's to compare with.
pub(super) fn against(shared: &SharedArgs, data: &[PathBuf]) -> Result<Option<Start>, Usage> {
    if data.is_empty() {
        return Ok(None);
    }
    if shared.paths.is_empty() {
        return Err(Usage(
            "--against compares other data with yours; name yours first: qviz PATH --against OTHER.".into(),
        ));
    }
    let session =
        Session::new(vec![calibrate::by_id("max").map_err(|e| Usage(e.to_string()))?], "max", shared.format());
    let recipe = Recipe::new(shared.bins, session.methods().iter().map(AsRef::as_ref));
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get()).min(8);
    if shared.runs_model() {
        return other_samples(shared, data, session.plan(), recipe, threads).map(Some);
    }
    let (paths, group, leave_out) = (data.to_vec(), shared.group.clone(), shared.ignore_sentinels);
    let discover = Box::new(move || {
        let mut found = discover(&paths, group.as_ref());
        if leave_out {
            found.sources = found.sources.into_iter().map(Source::leaving_out_sentinels).collect();
        }
        found
    });
    let order = Order { discover, recipe, plan: session.plan(), ties: Ties::default(), measure: false, threads };
    Ok(Some(Box::new(move |tell| Box::new(Loader::start(order, tell)))))
}

/// What other data are called.
pub(super) fn title(data: &[PathBuf]) -> String {
    match data {
        [] => String::new(),
        [one] => visible(&one.to_string_lossy()),
        [first, rest @ ..] => format!("{} and {} more", visible(&first.to_string_lossy()), rest.len()),
    }
}

#[cfg(feature = "onnx")]
fn other_samples(
    shared: &SharedArgs,
    data: &[PathBuf],
    plan: Plan,
    recipe: Recipe,
    threads: usize,
) -> Result<Start, Usage> {
    use super::data::SampleArgs;
    use crate::jobs::{NetworkLoader, NetworkOrder, Subject};

    let Some(model) = shared.paths.iter().find(|path| is_model(path)).cloned() else {
        return Err(Usage("there is no model to run on other samples.".into()));
    };
    let samples = SampleArgs { data: data.to_vec(), random: None, ..shared.data.samples.clone() };
    let Some(source) = samples.source() else { return Err(nothing_to_run_on(&model)) };
    let (options, backend) = (samples.options(), shared.data.backend());
    let (placement, as_written) = (shared.data.placement(), shared.data.as_written);
    let subject = Subject { model, samples: source, options, check: None, backend, placement, as_written };
    let (one_pass, ignore_sentinels) = (shared.data.one_pass, shared.ignore_sentinels);
    let (ties, measure, first_figure) = (Ties::default(), false, None);
    let order =
        NetworkOrder { subject, recipe, plan, ties, one_pass, measure, ignore_sentinels, first_figure, threads };
    Ok(Box::new(move |tell| Box::new(NetworkLoader::start(order, tell))))
}

#[cfg(not(feature = "onnx"))]
fn other_samples(_: &SharedArgs, _: &[PathBuf], _: Plan, _: Recipe, _: usize) -> Result<Start, Usage> {
    Err(Usage("this qviz was built without the feature onnx, and runs no model.".into()))
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
