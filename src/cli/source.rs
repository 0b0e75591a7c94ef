//! From arguments to who brings the layers.

#[cfg(feature = "onnx")]
use std::path::Path;
use std::path::PathBuf;

use super::bundled;
use super::shared::SharedArgs;
use super::usage::Usage;
use super::words::is_model;
use crate::calibrate;
use crate::input::{Discovered, Source, discover};
use crate::jobs::{Loader, Order, Recipe, Start, Ties};
use crate::report::visible;
#[cfg(feature = "statistics")]
use crate::session::Failure;
use crate::session::{Plan, Session};

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
    if let Some(files) = statistics_of(&shared.paths)? {
        return statistics(shared, files, session, measure, threads);
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
    if let Some(files) = statistics_of(data)? {
        return Ok(Some(of_files(files, session.plan(), Ties::default(), None, threads)));
    }
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

/// The files of statistics that the paths name; `None` where they name something else.
#[cfg(feature = "statistics")]
fn statistics_of(paths: &[PathBuf]) -> Result<Option<Vec<PathBuf>>, Usage> {
    super::statistics::named(paths)
}

#[cfg(not(feature = "statistics"))]
fn statistics_of(paths: &[PathBuf]) -> Result<Option<Vec<PathBuf>>, Usage> {
    let parquet = |path: &&PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
    match paths.iter().find(parquet) {
        None => Ok(None),
        Some(path) => {
            let name = visible(&path.to_string_lossy());
            Err(Usage(format!("{name} holds statistics, and this qviz was built without the feature statistics.")))
        }
    }
}

/// Statistics in the place of activations.
#[cfg(feature = "statistics")]
fn statistics(
    shared: SharedArgs,
    files: Vec<PathBuf>,
    session: &Session,
    measure: bool,
    threads: usize,
) -> Result<Start, Usage> {
    if measure {
        let why = "--exact measures on the values, and statistics hold none; leave it out.";
        return Err(Usage(why.into()));
    }
    let vain = [("--group", shared.group.is_some()), ("--ignore-sentinels", shared.ignore_sentinels)];
    if let Some((option, _)) = vain.into_iter().find(|(_, given)| *given) {
        return Err(Usage(format!("{option} is for activations; give it to qviz stats, which counts them.")));
    }
    let bins = shared.said.options().contains_key("bins").then_some(shared.bins);
    Ok(of_files(files, session.plan(), shared.ties(), bins, threads))
}

/// Reads files of statistics and merges them; `bins` is how many they are to have, where that was said. Fewer are exact.
#[cfg(feature = "statistics")]
fn of_files(files: Vec<PathBuf>, plan: Plan, ties: Ties, bins: Option<usize>, threads: usize) -> Start {
    use crate::jobs::{StatisticsLoader, StatisticsOrder};

    let read = move || {
        let mut table = super::statistics::merged(&files, false)?;
        if let Some(bins) = bins.filter(|bins| crate::histogram::kept_bins(*bins) > 2 * table.bins) {
            let coarsest = table.counted_for.get(&table.bins).cloned();
            let file = coarsest.or_else(|| Some(files.first()?.display().to_string())).unwrap_or_default();
            let message = format!(
                "{file} was counted for {} bins, and --bins {bins} asks for more; leave it out, or give it to qviz stats.",
                table.bins
            );
            return Err(Failure { kind: crate::ErrorKind::Unfit, file, message });
        }
        bins.into_iter().for_each(|bins| table.coarsen(bins));
        Ok((table, files.iter().map(|path| path.display().to_string()).collect()))
    };
    let order = StatisticsOrder { read: Box::new(read), plan, ties, threads };
    Box::new(move |tell| Box::new(StatisticsLoader::start(order, tell)))
}

#[cfg(not(feature = "statistics"))]
fn of_files(_: Vec<PathBuf>, _: Plan, _: Ties, _: Option<usize>, _: usize) -> Start {
    unreachable!("there are none")
}

/// A table that is there already, in the place of activations.
#[cfg(feature = "statistics")]
pub(super) fn of_table(
    shared: &SharedArgs,
    session: &Session,
    table: crate::statistics::Table,
    files: Vec<String>,
) -> Start {
    use crate::jobs::{StatisticsLoader, StatisticsOrder};

    let threads = std::thread::available_parallelism().map_or(2, |n| n.get()).min(8);
    let read = Box::new(move || Ok((table, files)));
    let order = StatisticsOrder { read, plan: session.plan(), ties: shared.ties(), threads };
    Box::new(move |tell| Box::new(StatisticsLoader::start(order, tell)))
}

#[cfg(not(feature = "statistics"))]
fn statistics(_: SharedArgs, _: Vec<PathBuf>, _: &Session, _: bool, _: usize) -> Result<Start, Usage> {
    unreachable!("there are none")
}

#[cfg(feature = "onnx")]
fn network(shared: SharedArgs, session: &Session, recipe: Recipe, whom: For, threads: usize) -> Result<Start, Usage> {
    use crate::jobs::{NetworkLoader, NetworkOrder, Subject};

    let model = shared.paths[0].clone();
    let Some(samples) = shared.data.samples.source() else { return Err(nothing_to_run_on(&model)) };
    let data = shared.data.samples.data.iter().chain(&shared.data.check);
    if let Some(path) =
        data.into_iter().find(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet")))
    {
        let name = visible(&path.to_string_lossy());
        return Err(Usage(format!(
            "{name} holds statistics, and a model runs on samples; look at it without the model: qviz {name}."
        )));
    }
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
