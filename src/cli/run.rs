use std::io::{self, IsTerminal, Write, stderr, stdout};
use std::sync::mpsc::channel;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Cli, Command, ScreenArgs, SharedArgs};
use super::{bundled, methods};
use crate::input::{Discovered, discover};
use crate::jobs::{Event, Loader, Order, Recipe};
use crate::report::{self, visible};
use crate::session::{LayerState, Session};
use crate::tui::{app, model::Model};

/// Runs what the arguments ask for; returns the exit code.
pub(super) fn run(cli: Cli) -> io::Result<u8> {
    match cli.command {
        None if stdout().is_terminal() => screen(cli.screen),
        None => print_report(cli.screen.shared, false, false),
        Some(Command::Report { json, exact, shared }) => print_report(shared, json, exact),
        Some(Command::Compare { shared }) => {
            let session = load(shared, false);
            print(&report::compare(&session))?;
            Ok(complain(&session))
        }
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
            let session = load(shared, exact);
            let json = report::to_json(&report::document(&session));
            match output {
                None => print(&json)?,
                Some(path) => {
                    if let Err(error) = report::save(&path, json.as_bytes(), force) {
                        eprintln!("qviz: {error}");
                        return Ok(1);
                    }
                }
            }
            Ok(complain(&session))
        }
    }
}

fn screen(args: ScreenArgs) -> io::Result<u8> {
    let shared = args.shared;
    let title = match shared.paths.as_slice() {
        [] => "bundled activations of a text classifier".to_owned(),
        [one] => visible(&one.to_string_lossy()),
        [first, rest @ ..] => format!("{} and {} more", visible(&first.to_string_lossy()), rest.len()),
    };
    let session = session(&shared);
    let mut model = Model::new(session, title, app::look(args.ascii), (0, 0));
    model.mouse = !args.no_mouse;
    if shared.paths.is_empty() {
        model.list.wanted = Some(bundled::BEST_FIRST.to_owned());
    }
    let order = order(shared, &model.session, false);
    let ended = app::run(model, order)?;
    Ok(ended.signal.map_or(0, |s| 128 + s as u8))
}

fn print_report(shared: SharedArgs, json: bool, exact: bool) -> io::Result<u8> {
    let session = load(shared, exact);
    if json {
        print(&report::to_json(&report::document(&session)))?;
    } else {
        print(&report::text(&session))?;
    }
    Ok(complain(&session))
}

/// A reader that has seen enough (`| head`) is no error.
fn print(text: &str) -> io::Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn session(shared: &SharedArgs) -> Session {
    Session::new(shared.methods(), &shared.chosen_method(), shared.scheme()).with_rules(shared.rules())
}

fn order(shared: SharedArgs, session: &Session, measure: bool) -> Order {
    let recipe = Recipe::new(shared.bins, session.methods().iter().map(AsRef::as_ref));
    let discover: Box<dyn FnOnce() -> Discovered + Send> = if shared.paths.is_empty() {
        Box::new(bundled::bundled)
    } else {
        Box::new(move || discover(&shared.paths, shared.group.as_ref()))
    };
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get()).min(8);
    Order { discover, recipe, plan: session.plan(), measure, threads }
}

/// Says on stderr what could not be read, or not per channel; the exit code.
fn complain(session: &Session) -> u8 {
    let mut code = 0;
    let failures = session.failures().map(|(_, message)| message);
    let without = session.layers.iter().filter_map(|l| l.without_channels.as_deref());
    for message in failures.chain(without) {
        eprintln!("qviz: {}", visible(message));
        code = 1;
    }
    code
}

/// Reads all layers, with a progress bar where someone looks at stderr.
fn load(shared: SharedArgs, exact: bool) -> Session {
    let mut session = session(&shared);
    let (sender, events) = channel();
    let loader = Loader::start(order(shared, &session, exact), move |event| drop(sender.send(event)));
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    let style =
        ProgressStyle::with_template("reading {bar:30} {pos}/{len} layers {msg}").expect("the template is sound");
    bar.set_style(style);
    for event in events {
        match event {
            Event::Found { layers, errors } => {
                bar.set_length(layers.len() as u64);
                if stderr().is_terminal() {
                    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
                }
                session.begin(layers, errors.into_iter().map(|e| (e.file, e.message)));
            }
            Event::Progress { layer, share } => {
                bar.set_message(format!("{} {:.0} %", visible(&session.layers[layer].name), share * 100.0));
            }
            Event::Layer { layer, result } => {
                match result {
                    Ok(read) => session.finish_layer(layer, read.0, read.1),
                    Err(error) => session.layers[layer].state = LayerState::Failed(error.to_string()),
                }
                bar.inc(1);
            }
            Event::Channels { layer, result, .. } => match result {
                Ok(channels) => session.begin_along(layer, channels),
                Err(error) => session.layers[layer].without_channels = Some(error.to_string()),
            },
            Event::Fine { .. } | Event::Measured { .. } => {}
            Event::Done => break,
        }
    }
    bar.finish_and_clear();
    drop(loader);
    session
}
