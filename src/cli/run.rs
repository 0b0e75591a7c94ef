use std::io::{self, IsTerminal, stdout};
use std::sync::Arc;

use super::args::{Cli, Command, ScreenArgs};
use super::config::{self, Config};
use super::hints::told_with_hints;
use super::load::load;
use super::look::Looks;
use super::open::{self, Stays};
use super::out::{Failed, complain, print};
use super::source;
use super::usage::Usage;
use super::{
    bundled, check, diff, doctor, exchange, generate, glossary, journal, keys, learn, methods, patterns, provenance,
    qdq, report as reports, trials, tune,
};
use crate::jobs::{Against, Start};
use crate::lessons::Lang;
use crate::report::{self, visible};
use crate::session::Layer;
use crate::tui::{
    app,
    model::{Model, Opens},
};

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

fn answer(mut cli: Cli) -> Result<u8, Failed> {
    // What neither shows the screen nor decides anything works with a broken configuration too.
    let wants_config = cli.shared().is_some() || matches!(cli.command, Some(Command::Keys { .. } | Command::Learn(_)));
    let config = if wants_config { cli.own.load().map_err(Usage)? } else { Config::default() };
    cli.fill(&config.defaults);
    let lang = cli.lang;
    match cli.command {
        None if stdout().is_terminal() => {
            let opens =
                open::opens(Stays { look: cli.screen.look.clone(), own: cli.own, lang, no_mouse: cli.screen.no_mouse });
            screen(cli.screen, &config, lang.of(&config.defaults), opens)
        }
        None => reports::plainly(cli.screen.shared),
        Some(Command::Report(args)) => reports::report(*args),
        #[cfg(feature = "statistics")]
        Some(Command::Compare { json, against, shared }) if !against.is_empty() => {
            super::statistics::shift(shared, against, json)
        }
        Some(Command::Compare { json, shared, .. }) => {
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
        Some(Command::Glossary { words }) => {
            // It answers with a broken configuration as well.
            let config = cli.own.load().unwrap_or_default();
            glossary::glossary(&words, lang.of(&config.defaults), &config.keys)
        }
        Some(Command::Export(args)) => exchange::export(*args),
        Some(Command::Convert(args)) => exchange::convert(args),
        Some(Command::Completions { shell }) => generate::completions(shell),
        Some(Command::Man(args)) => generate::man(&args),
        Some(Command::Keys { json }) => keys::keys(&config.keys, json),
        Some(Command::Config) => {
            print(&config::template())?;
            Ok(0)
        }
        Some(Command::Doctor(args)) => doctor::doctor(&args, &cli.own),
        Some(Command::Check(args)) => check::run(args),
        Some(Command::Diff(args)) => diff::compare(args),
        Some(Command::Learn(args)) => {
            let opens = open::opens(Stays { look: args.look.clone(), own: cli.own, lang, no_mouse: args.no_mouse });
            learn::learn(*args, &config, lang.of(&config.defaults), opens)
        }
        #[cfg(feature = "statistics")]
        Some(Command::Stats(args)) => super::statistics::stats(*args),
        #[cfg(feature = "statistics")]
        Some(Command::Merge(args)) => super::statistics::merge(args),
    }
}

fn screen(args: ScreenArgs, config: &Config, lang: Lang, opens: Opens) -> Result<u8, Failed> {
    let shared = args.shared;
    // Of files that are not there others may be shown; without its network there is nothing to show.
    if let [model] = shared.paths.as_slice()
        && shared.runs_model()
        && !model.exists()
    {
        eprintln!("qviz: {} does not exist; check the path.", visible(&model.to_string_lossy()));
        return Ok(1);
    }
    let title = shared.title();
    let session = shared.session();
    let looks = Looks::find(&args.look, &config.look);
    let mut model = Model::new(session, title, looks.look(), (0, 0));
    model.mouse = !args.no_mouse && config.look.mouse.unwrap_or(true);
    model.keys = config.keys.clone();
    model.plot.rise = args.y;
    model.lang = lang;
    model.present = args.present.then_some(0);
    model.opens = Some(opens);
    if shared.paths.is_empty() {
        model.list.wanted = Some(bundled::BEST_FIRST.to_owned());
        model.example = true;
    }
    if let Some(document) = &shared.taking.scales {
        model.export_path = document.path.to_string_lossy().into_owned();
    }
    let made_from = provenance::begin(&shared);
    model.made_from = Some(Arc::new(move || (**made_from).clone()));
    model.into_network = qdq::into_network(&shared);
    model.kept = shared.taking.kept();
    model.overlaid = shared.overlays_said().cloned().collect();
    if let Some(said) = shared.passed_over() {
        model.warn(said);
    }
    let asked = shared.patterns();
    let journal = journal::open(&shared, &mut model);
    let against = source::against(&shared, &args.against)?;
    model.against = against.is_some().then(|| Against::new(source::title(&args.against)));
    let start = source::start(shared, &model.session, source::For::Screen)?;
    let start: Start = Box::new(|tell| start(Box::new(move |told| tell(told_with_hints(told)))));
    let fits = |layers: &[Layer]| patterns::check(&asked, layers);
    let ended = app::run(model, start, against, &fits, journal, looks.ask, None)?;
    if let Some(why) = ended.refused {
        return Err(Usage(visible(&why)).into());
    }
    open::after(ended)
}
