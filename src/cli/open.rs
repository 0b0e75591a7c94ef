//! Other files, or a network, opened from the screen: the program begins anew with the words that were typed.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use clap::error::ErrorKind;

use super::args::{Cli, Command as Named};
use super::config::ConfigArgs;
use super::lang::LangArg;
use super::look::LookArgs;
use super::out::Failed;
use super::parse::read;
use crate::report::visible;
use crate::tui::app::Ended;
use crate::tui::model::Opens;

const NO_SCREEN: &str = "only what has a screen can be opened: PATH, MODEL.onnx --data PATH, or learn";

/// What was said of this terminal and this user, which holds for whatever is looked at.
pub(super) struct Stays {
    pub look: LookArgs,
    pub own: ConfigArgs,
    pub lang: LangArg,
    pub no_mouse: bool,
}

/// Understands what is typed on the screen. The words of this run are proposed.
pub(super) fn opens(stays: Stays) -> Opens {
    let now: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let proposed = shlex::try_join(now.iter().map(String::as_str)).unwrap_or_default();
    Opens { proposed, words: Arc::new(move |text| words(text, &stays)) }
}

/// What comes after the screen has ended: the exit code, or what was asked for in its place.
///
/// # Errors
/// When the program cannot begin anew.
pub(super) fn after(ended: Ended) -> Result<u8, Failed> {
    match ended.open {
        Some(words) => begin_anew(words),
        None => Ok(ended.signal.map_or(0, |signal| 128 + signal as u8)),
    }
}

/// Begins the program anew. On Unix this process goes on as that, and returns only where it cannot.
///
/// # Errors
/// When the program cannot be started.
fn begin_anew(words: Vec<OsString>) -> Result<u8, Failed> {
    let failed = |error: io::Error| io::Error::new(error.kind(), format!("could not begin anew: {error}."));
    let mut program = Command::new(std::env::current_exe().map_err(failed)?);
    program.args(words);
    #[cfg(unix)]
    return Err(failed(std::os::unix::process::CommandExt::exec(&mut program)).into());
    #[cfg(not(unix))]
    return Ok(program.status().map_err(failed)?.code().map_or(1, |code| code as u8));
}

/// The words of the command line, once it is known that something can be looked at by them.
fn words(text: &str, stays: &Stays) -> Result<Vec<OsString>, String> {
    let mut typed = shlex::split(text).ok_or("a quotation mark is not closed, or a backslash stands at the end")?;
    // A whole line, copied from a page.
    if typed.first().is_some_and(|word| word == "qviz") {
        typed.remove(0);
    }
    let mut words: Vec<OsString> = typed.iter().map(|word| at_home(word)).collect();
    let program = std::iter::once("qviz".into());
    let cli = read(program.chain(words.iter().cloned())).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => NO_SCREEN.to_owned(),
        _ => first_sentence(&error.to_string()),
    })??;
    for path in looked_at(&cli)? {
        there(path)?;
    }
    words.extend(stays.words(&cli));
    Ok(words)
}

/// All paths of the data that would be read.
fn looked_at(cli: &Cli) -> Result<Vec<&PathBuf>, String> {
    match &cli.command {
        None => {
            let shared = &cli.screen.shared;
            if shared.runs_model() && shared.data.samples.data.is_empty() && shared.data.samples.random.is_none() {
                return Err("a network needs something to read: MODEL.onnx --data SAMPLES, or --random 8".to_owned());
            }
            let data = &shared.data;
            Ok(shared.paths.iter().chain(&data.samples.data).chain(&data.check).chain(&cli.screen.against).collect())
        }
        Some(Named::Learn(args)) if !args.list && args.check.is_none() => {
            Ok(args.paths.iter().chain(&args.data).chain(&args.file).collect())
        }
        Some(_) => Err(NO_SCREEN.to_owned()),
    }
}

/// Files may come later, but nobody would type a name for that.
fn there(path: &Path) -> Result<(), String> {
    let name = path.to_string_lossy();
    match name.as_ref() {
        "-" => Err("the keyboard is stdin here, so that no data can come from it".to_owned()),
        name if name.contains(['*', '?', '[']) || path.exists() => Ok(()),
        // An input's name before its data.
        name if name.split_once('=').is_some_and(|(_, path)| Path::new(path).exists()) => Ok(()),
        name => Err(format!("{} does not exist", visible(name))),
    }
}

fn at_home(word: &str) -> OsString {
    match (word.strip_prefix("~/"), etcetera::home_dir()) {
        (Some(rest), Ok(home)) => home.join(rest).into_os_string(),
        _ => word.into(),
    }
}

/// What clap says first, which the footer has room for.
fn first_sentence(said: &str) -> String {
    let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    visible(line.strip_prefix("error: ").unwrap_or(line))
}

impl Stays {
    /// The words for all that the new words do not say anew.
    fn words(&self, cli: &Cli) -> Vec<OsString> {
        let (look, no_mouse) = match &cli.command {
            Some(Named::Learn(args)) => (&args.look, args.no_mouse),
            _ => (&cli.screen.look, cli.screen.no_mouse),
        };
        let mut words: Vec<OsString> = Vec::new();
        let mut put = |option: &str, value: Option<OsString>| {
            words.push(option.into());
            words.extend(value);
        };
        if let (None, Some(depth)) = (look.colours, self.look.colours) {
            put("--colours", Some(depth.word().into()));
        }
        if let (None, Some(ground)) = (look.theme, self.look.theme) {
            put("--theme", Some(ground.word().into()));
        }
        match (look.glyphs.is_some() || look.ascii, self.look.glyphs, self.look.ascii) {
            (false, Some(marks), _) => put("--glyphs", Some(marks.word().into())),
            (false, None, true) => put("--ascii", None),
            _ => {}
        }
        if self.no_mouse && !no_mouse {
            put("--no-mouse", None);
        }
        if let (None, Some(lang)) = (cli.lang.lang, self.lang.lang) {
            put("--lang", Some(lang.id().into()));
        }
        match (cli.own.config.is_some() || cli.own.no_config, &self.own.config, self.own.no_config) {
            (false, Some(path), _) => put("--config", Some(path.into())),
            (false, None, true) => put("--no-config", None),
            _ => {}
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::look::Ground;

    fn typed(text: &str, stays: &Stays) -> Result<String, String> {
        words(text, stays).map(|words| words.join(" ".as_ref()).to_string_lossy().into_owned())
    }

    fn nothing() -> Stays {
        Stays { look: LookArgs::default(), own: ConfigArgs::default(), lang: LangArg::default(), no_mouse: false }
    }

    /// Tests run in the folder of the crate.
    #[test]
    fn what_is_typed_is_read_as_a_shell_would() {
        let stays = nothing();
        for (text, words) in [
            ("tests 'src'", "tests src"),
            ("qviz src/*.rs --bins 64", "src/*.rs --bins 64"),
            ("learn 3", "learn 3"),
            ("", ""),
        ] {
            assert_eq!(typed(text, &stays).as_deref(), Ok(words), "{text}");
        }
        for (text, why) in [
            ("'src", "a quotation mark is not closed"),
            ("no/such.npy", "no/such.npy does not exist"),
            ("reprot", "reprot is no command"),
            ("report src", "only what has a screen"),
            ("--help", "only what has a screen"),
            ("-", "the keyboard is stdin"),
            ("src --no-such", "unexpected argument '--no-such' found"),
            ("src --mean 1,2", "--mean does nothing here"),
            ("assets/models/none.onnx", "a network needs something to read"),
        ] {
            let said = typed(text, &stays).expect_err(text);
            assert!(said.starts_with(why), "{text}: {said}");
        }
    }

    #[test]
    fn what_holds_for_the_terminal_stays_unless_it_is_said_anew() {
        let look = LookArgs { theme: Some(Ground::Light), ascii: true, ..LookArgs::default() };
        let stays = Stays { look, no_mouse: true, ..nothing() };
        assert_eq!(typed("src", &stays).as_deref(), Ok("src --theme light --ascii --no-mouse"));
        assert_eq!(
            typed("learn 3 --theme dark --glyphs braille", &stays).as_deref().ok().map(|w| w.ends_with("--no-mouse")),
            Some(true)
        );
        assert_eq!(
            typed("src --theme dark --glyphs braille", &stays).as_deref(),
            Ok("src --theme dark --glyphs braille --no-mouse")
        );
    }
}
