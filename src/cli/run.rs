use std::io::{self, IsTerminal, Write, stdout};

use super::args::{Cli, Command, ScreenArgs, SharedArgs};
use super::hints::with_hint;
use super::load::load;
use super::patterns;
use super::source::{self, Usage};
use super::{bundled, methods, trials};
use crate::report::{self, visible};
use crate::session::Session;
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

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Usage(#[from] Usage),
}

fn answer(cli: Cli) -> Result<u8, Failed> {
    match cli.command {
        None if stdout().is_terminal() => screen(cli.screen),
        None => print_report(cli.screen.shared, false, false),
        Some(Command::Report { json, exact, outputs: false, shared }) => print_report(shared, json, exact),
        Some(Command::Report { json, exact, outputs: true, shared }) => trials::outputs(shared, json, exact),
        Some(Command::Compare { shared }) => {
            let loaded = load(shared, false)?;
            print(&report::compare(&loaded.session))?;
            Ok(loaded.exit(complain(&loaded.session), "the comparison was printed{}"))
        }
        Some(Command::Sensitivity { json, output, force, shared }) => trials::sensitivity(shared, json, output, force),
        Some(Command::Tune { rounds, output, force, shared }) => trials::tune(shared, rounds, output, force),
        Some(Command::Methods { json }) => {
            print(&if json { methods::json() } else { methods::text() })?;
            Ok(0)
        }
        Some(Command::Export { output, force, exact, shared }) => {
            if let Some(path) = output.as_ref().filter(|p| !force && p.symlink_metadata().is_ok()) {
                // Before reading gigabytes for nothing.
                let path = visible(&path.to_string_lossy());
                eprintln!("qviz: {path} exists; it was kept. --force replaces it.");
                return Ok(1);
            }
            let loaded = trials::loaded(shared, exact)?;
            let json = report::to_json(&report::document(&loaded.session));
            let what = match output {
                None => {
                    print(&json)?;
                    "scales{} were printed".to_owned()
                }
                Some(path) => {
                    if let Err(error) = report::save(&path, json.as_bytes(), force) {
                        eprintln!("qviz: {error}");
                        return Ok(1);
                    }
                    format!("scales{{}} were written to {}", visible(&path.to_string_lossy()))
                }
            };
            Ok(loaded.exit(complain(&loaded.session), &what))
        }
    }
}

fn screen(args: ScreenArgs) -> Result<u8, Failed> {
    let shared = args.shared;
    let title = match shared.paths.as_slice() {
        [] => "bundled activations of a text classifier".to_owned(),
        [one] => visible(&one.to_string_lossy()),
        [first, rest @ ..] => format!("{} and {} more", visible(&first.to_string_lossy()), rest.len()),
    };
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
    let asked = shared.patterns();
    let start = source::start(shared, &model.session, false)?;
    let ended = app::run(model, start, &|layers| patterns::check(&asked, layers))?;
    if let Some(why) = ended.refused {
        return Err(Usage(visible(&why)).into());
    }
    Ok(ended.signal.map_or(0, |s| 128 + s as u8))
}

fn print_report(shared: SharedArgs, json: bool, exact: bool) -> Result<u8, Failed> {
    let loaded = trials::loaded(shared, exact)?;
    if json {
        print(&report::to_json(&report::document(&loaded.session)))?;
    } else {
        print(&report::text(&loaded.session))?;
    }
    Ok(loaded.exit(complain(&loaded.session), "the report{} was printed"))
}

/// A reader that has seen enough (`| head`) is no error.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Says on stderr what could not be read, or not per channel, or not tied; the exit code.
pub(super) fn complain(session: &Session) -> u8 {
    let mut code = 0;
    let failures = session.failures().map(|(_, message)| message);
    let without = session.layers.iter().filter_map(|l| l.without_channels.as_deref());
    let untied = session.without_ties.iter().map(String::as_str);
    for message in failures.chain(without).chain(untied) {
        eprintln!("qviz: {}", visible(&with_hint(message)));
        code = 1;
    }
    code
}
