//! From the words of the command line to the arguments, and a sentence where they are wrong.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue};
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches, parser::ValueSource};

use super::args::Cli;
use super::help;
use super::in_vain::{self, Here};
use super::patterns::distance;
use super::said::Said;
use super::words::is_model;
use crate::report::visible;

/// The definition of all arguments, with what stands at the end of each help.
pub(super) fn definition() -> Command {
    help::complete(Cli::command())
}

/// Reads the words. Where clap has something to say (help, a version, wrong usage) it is said, and the program ends.
///
/// # Errors
/// A sentence: a word that is nearly a command, or an option that would do nothing.
pub(super) fn parse() -> Result<Cli, String> {
    read(std::env::args_os()).unwrap_or_else(|error| error.exit())
}

/// The same of other words; the outer error is clap's.
pub(super) fn read(words: impl Iterator<Item = OsString>) -> Result<Result<Cli, String>, clap::Error> {
    let mut definition = definition();
    let matches = definition.try_get_matches_from_mut(words).map_err(without_noise)?;
    let cli = Cli::from_arg_matches(&matches).and_then(Cli::checked);
    let mut cli = cli.map_err(|error| error.format(&mut definition))?;
    let said = match matches.subcommand() {
        Some((name, matches)) => definition.find_subcommand(name).map(|command| Said::of(command, matches)),
        None => Some(Said::of(&definition, &matches)),
    };
    if let Some((shared, said)) = cli.shared_mut().zip(said) {
        shared.said = said;
    }
    let wrong = cli.command.is_none().then(|| mistaken(cli.screen.shared.paths.first()?, &definition)).flatten();
    let checked = wrong.map_or_else(|| in_vain::check(&given(&matches, &definition, &cli)), Err);
    Ok(checked.map(|()| cli))
}

/// What the user has typed, and where.
fn given<'a>(matches: &'a ArgMatches, definition: &'a Command, cli: &Cli) -> Here<'a> {
    let (name, matches, command) = match matches.subcommand() {
        Some((name, sub)) => (name, sub, definition.find_subcommand(name).unwrap_or(definition)),
        None => ("", matches, definition),
    };
    let typed = |arg: &&clap::Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let option = |arg: &'a clap::Arg| Some((arg.get_id().as_str(), arg.get_long()?));
    let (paths, runtime) = cli.looked_at();
    Here {
        command: name,
        options: command.get_arguments().filter(typed).filter_map(option).collect(),
        model: name == "verify" || paths.iter().any(|path| is_model(path)),
        bundled: paths.is_empty(),
        runtime,
    }
}

/// Why a first word that is taken for a path is none, where it is a command or nearly one; what is there is a path.
fn mistaken(first: &Path, definition: &Command) -> Option<String> {
    let word = first.to_str()?;
    let looks_so = word.len() > 2 && word.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    if !looks_so || first.symlink_metadata().is_ok() {
        return None;
    }
    let names = || definition.get_subcommands().map(|sub| sub.get_name());
    if let Some(name) = names().find(|name| *name == word) {
        return Some(format!("{name} is a command and stands first: qviz {name}, then its options."));
    }
    let near = names().map(|name| (distance(&word.to_lowercase(), name), name)).min()?;
    let close = near.0 <= (word.len() / 3).max(1);
    close.then(|| {
        format!("{} is no command, and there is no such file or folder; did you mean {}?", visible(word), near.1)
    })
}

/// How alike two options must be for one to be proposed in the place of the other, as a share of what was typed.
const ALIKE: usize = 3;

/// clap proposes to pass an unknown option as a path, and any option that begins alike. Neither helps.
fn without_noise(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::StyledStrs(tips)) = error.remove(ContextKind::Suggested) {
        let useful: Vec<_> = tips.into_iter().filter(|tip| !tip.to_string().contains("as a value, use")).collect();
        if !useful.is_empty() {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(useful));
        }
    }
    let far = match (error.get(ContextKind::InvalidArg), error.get(ContextKind::SuggestedArg)) {
        (Some(ContextValue::String(typed)), Some(ContextValue::String(proposed))) => {
            let [typed, proposed] = [typed, proposed].map(|option| option.trim_start_matches('-'));
            distance(typed, proposed) > (typed.len() / ALIKE).max(1)
        }
        _ => false,
    };
    if far {
        error.remove(ContextKind::SuggestedArg);
        // The usage that comes with it shows that option as if it had been typed.
        error.remove(ContextKind::Usage);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &str) -> String {
        match read(words.split(' ').map(OsString::from)) {
            Ok(Ok(_)) => String::new(),
            Ok(Err(sentence)) => sentence,
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_word_that_is_nearly_a_command_is_told() {
        assert_eq!(
            told("qviz reprot acts"),
            "reprot is no command, and there is no such file or folder; did you mean report?"
        );
        assert!(told("qviz exprot").ends_with("did you mean export?"));
        assert_eq!(
            told("qviz --bins 64 report acts"),
            "report is a command and stands first: qviz report, then its options."
        );
        for path in ["qviz reprot/", "qviz ./reprot", "qviz rep*", "qviz nothing.npy", "qviz -", "qviz activations"] {
            assert_eq!(told(path), "", "{path}");
        }
        // What is there is no slip: tests run in the folder of the crate.
        for path in ["qviz tests", "qviz src acts"] {
            assert_eq!(told(path), "", "{path}");
        }
    }

    #[test]
    fn tips_are_of_use_or_left_out() {
        for (words, tip) in [
            ("qviz report --csv", None),
            ("qviz --no-such", None),
            ("qviz report --bin 3", Some("--bins")),
            ("qviz --no-mose", Some("--no-mouse")),
        ] {
            let said = told(words);
            assert!(said.contains("unexpected argument") && !said.contains("as a value"), "{said}");
            assert_eq!(said.contains("tip:"), tip.is_some(), "{said}");
            assert!(tip.is_none_or(|tip| said.contains(tip)), "{said}");
            assert!(tip.is_some() || !said.contains("--no-mouse"), "{said}");
        }
    }

    #[test]
    fn an_option_that_would_do_nothing_is_refused() {
        for (words, option) in [
            ("qviz report acts --random 1 --resize 64x64", "--random and --resize do nothing here"),
            ("qviz acts --mean 1,2", "--mean does nothing here"),
            ("qviz report --place all", "--place does nothing here"),
            ("qviz report --group {layer}.npy", "--group does nothing here"),
            ("qviz tune n.onnx --data x.npy --force", "--force does nothing here"),
            ("qviz report n.onnx --random 4 --mean 0.5", "--mean does nothing here"),
            ("qviz export n.onnx --data x.npy --seed 3", "--seed does nothing here"),
            ("qviz compare n.onnx --data x.npy --skip-worst 2", "--skip-worst does nothing here"),
            ("qviz n.onnx --data x.npy --skip-worst 2", "--skip-worst does nothing here"),
        ] {
            assert!(told(words).starts_with(option), "{words}: {}", told(words));
        }
        for right in [
            "qviz report acts --bins 64 --skip x",
            "qviz report n.onnx --data x.npy --mean 0.5 --seed 1 --samples 2",
            "qviz report n.onnx --data x.npy --check y.npy",
            "qviz tune n.onnx --data x.npy --seed 3 --check y.npy -o a.json --force",
            "qviz report acts --group {layer}.npy",
            "qviz learn 7 n.onnx --data x.npy",
        ] {
            assert_eq!(told(right), "", "{right}");
        }
    }
}
