//! `qviz check`: what is wrong with files of scales, printed.

use std::ffi::OsString;
use std::sync::Arc;

use clap::Parser;

use super::args::{Cli, Command};
use super::file::FileFormat;
use super::held_against::CheckArgs;
use super::load::load;
use super::out::{Failed, complain, print};
use super::shared::SharedArgs;
use super::usage::Usage;
use super::words::is_model;
use crate::calibrate::Tensor;
#[cfg(not(feature = "onnx"))]
use crate::check::Graph;
use crate::check::{self, Beside, Check, Seen};
use crate::quant::{Clip, Fp8};
use crate::report::visible;
use crate::session::Kind;

/// Checks and prints. Exit codes: 0 no error, 1 there is one.
pub(super) fn run(args: CheckArgs) -> Result<u8, Failed> {
    if args.rules {
        print(&if args.json { check::rules_json() } else { check::rules() })?;
        return Ok(0);
    }
    let graph = match args.model.as_deref().map(graph_of).transpose() {
        Ok(graph) => graph,
        Err(why) => {
            eprintln!("qviz: {why}");
            return Ok(1);
        }
    };
    let (seen, mut code) = match args.data.is_empty() {
        true => (None, 0),
        false => seen(&args).map(|(seen, code)| (Some(seen), code))?,
    };
    let beside = Beside { graph: graph.as_ref(), seen: seen.as_deref() };
    let mut found = Check::default();
    for file in &args.files {
        let is_model = args.from.map_or_else(|| is_model(file), |format| matches!(format, FileFormat::Qdq));
        if !is_model {
            found.file(file, args.from.and_then(FileFormat::scales), &beside);
            continue;
        }
        match graph_of(file) {
            Ok(model) => found.model(&model, &beside),
            Err(why) => found.unread(&file.to_string_lossy(), why.trim_end_matches('.')),
        }
    }
    let report = found.done();
    print(&if args.json { report.json() } else { report.text(args.all) })?;
    code = code.max(u8::from(report.fails(args.strict)));
    Ok(code)
}

/// The activations that are at hand, and the exit code of what could not be read.
fn seen(args: &CheckArgs) -> Result<(Vec<Seen>, u8), Failed> {
    let loaded = load(shared(args)?, false)?;
    let of = |layer: &crate::session::Layer| {
        let histogram = layer.ready()?.histogram().clone();
        let (low, high) = histogram.stats.range();
        // What lies beyond a clip is the same on all formats; this one has no KL, which takes time.
        let tensor = Tensor::new(Arc::clone(&histogram), Fp8::E4m3);
        let beyond = Box::new(move |clip: Clip| tensor.metrics(clip).saturated);
        (histogram.stats.finite() > 0).then(|| Seen { name: layer.name().to_owned(), low, high, beyond })
    };
    let activations = loaded.session.layers().iter().filter(|layer| layer.kind() == Kind::Activation);
    let seen = activations.filter_map(of).collect();
    let code = complain(&loaded.session);
    Ok((seen, loaded.exit(code, "what was seen{} was checked")))
}

/// As `report` would read them: one method, and each tensor by the file's own name.
fn shared(args: &CheckArgs) -> Result<SharedArgs, Usage> {
    let mut words: Vec<OsString> = ["qviz", "report", "--method", "max"].map(OsString::from).into();
    match &args.model {
        Some(model) => {
            words.extend(["--as-written", "--place", "all", "--no-tie"].map(OsString::from));
            words.push(model.into());
            words.push("--data".into());
        }
        None => words.push("--".into()),
    }
    words.extend(args.data.iter().map(OsString::from));
    match Cli::try_parse_from(words).map(|cli| cli.command) {
        Ok(Some(Command::Report(args))) => Ok(args.shared),
        Ok(_) => Err(Usage("--data wants files of activations.".to_owned())),
        Err(error) => Err(Usage(visible(&error.to_string()))),
    }
}

#[cfg(feature = "onnx")]
use super::graphs::graph_of;

#[cfg(not(feature = "onnx"))]
fn graph_of(path: &std::path::Path) -> Result<Graph, String> {
    let file = visible(&path.to_string_lossy());
    Err(format!("{file} is a model, and this qviz was built without the feature onnx."))
}
