use std::io::{self, IsTerminal, stdout};
use std::sync::Arc;

use super::args::{Cli, Command, ScreenArgs};
use super::load::load;
use super::out::{Failed, complain, print};
use super::source::{self, Usage};
use super::{bundled, check, diff, exchange, journal, methods, patterns, provenance, report as reports, trials, tune};
use crate::report::{self, visible};
use crate::tui::{app, model::Model};

/// Runs what the arguments ask for; returns the exit code.
pub(super) fn run(cli: Cli) -> io::Result<u8> {
    match answer(cli) {
        Ok(code) => Ok(code),
        Err(Failed::Io(error)) => Err(error),
        Err(Failed::Usage(Usage(sentence))) => {
            eprintln!("qviz: {sentence}");
            Ok(2)
        }
    }
}

fn answer(cli: Cli) -> Result<u8, Failed> {
    match cli.command {
        None if stdout().is_terminal() => screen(cli.screen),
        None => reports::plainly(cli.screen.shared),
        Some(Command::Report(args)) => reports::report(*args),
        Some(Command::Compare { json, shared }) => {
            let loaded = load(shared, false)?;
            print(&match json {
                true => report::compare_json(&loaded.session, Some(&loaded.provenance)),
                false => report::compare(&loaded.session),
            })?;
            Ok(loaded.exit(complain(&loaded.session), "the comparison was printed{}"))
        }
        Some(Command::Sensitivity { json, output, force, shared }) => trials::sensitivity(shared, json, output, force),
        Some(Command::Tune { search, answer, shared }) => tune::tune(shared, &search, answer),
        #[cfg(feature = "onnxruntime")]
        Some(Command::Verify(args)) => super::verify::verify(args),
        Some(Command::Methods { json }) => {
            print(&if json { methods::json() } else { methods::text() })?;
            Ok(0)
        }
        Some(Command::Export(args)) => exchange::export(*args),
        Some(Command::Convert(args)) => exchange::convert(args),
        Some(Command::Check(args)) => check::run(args),
        Some(Command::Diff(args)) => diff::compare(args),
    }
}

fn screen(args: ScreenArgs) -> Result<u8, Failed> {
    let shared = args.shared;
    let title = shared.title();
    if shared.data.skip_worst > 0 {
        return Err(Usage(
            "--skip-worst is for report, export and tune; on the screen press r, and O when it is done.".into(),
        )
        .into());
    }
    let session = shared.session();
    let mut model = Model::new(session, title, app::look(args.ascii), (0, 0));
    model.mouse = !args.no_mouse;
    if shared.paths.is_empty() {
        model.list.wanted = Some(bundled::BEST_FIRST.to_owned());
    }
    if let Some(document) = &shared.taking.scales {
        model.export_path = document.path.to_string_lossy().into_owned();
    }
    let made_from = provenance::begin(&shared);
    model.made_from = Some(Arc::new(move || (**made_from).clone()));
    model.kept = shared.taking.kept();
    model.overlaid = shared.overlays_said().cloned().collect();
    if let Some(said) = shared.passed_over() {
        model.warn(said);
    }
    let asked = shared.patterns();
    let journal = journal::open(&shared, &mut model);
    let start = source::start(shared, &model.session, false)?;
    let ended = app::run(model, start, &|layers| patterns::check(&asked, layers), journal)?;
    if let Some(why) = ended.refused {
        return Err(Usage(visible(&why)).into());
    }
    Ok(ended.signal.map_or(0, |s| 128 + s as u8))
}
