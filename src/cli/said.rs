//! What was said on the command line, for documents.

use std::collections::BTreeMap;

use clap::ArgMatches;
use clap::parser::ValueSource;

/// The options that were given, with their values as they were typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Said(BTreeMap<String, Vec<String>>);

/// Options that decide where an answer goes and how it is shown, not what a document holds; and what stands beside the
/// others in a document.
const APART: &[&str] = &[
    "output",
    "force",
    "json",
    "lean",
    "markdown",
    "html",
    "bars",
    "ascii",
    "svg",
    "png",
    "size",
    "exact",
    "outputs",
    "by_method",
    "to",
    "names",
    "no_mouse",
    "paths",
    "data",
    "against",
    "check",
    "help",
    "version",
];

impl Said {
    /// What was said to a command.
    pub fn of(command: &clap::Command, matches: &ArgMatches) -> Said {
        let said = |arg: &clap::Arg| {
            let id = arg.get_id().as_str();
            let given = matches.value_source(id) == Some(ValueSource::CommandLine);
            if APART.contains(&id) || !given {
                return None;
            }
            let values = matches.get_raw(id).filter(|_| arg.get_action().takes_values());
            let values = values.into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
            Some((arg.get_long().unwrap_or(id).to_owned(), values.collect()))
        };
        Said(command.get_arguments().filter_map(said).collect())
    }

    /// Each option by its long name, with its values; none for a switch.
    pub fn options(&self) -> &BTreeMap<String, Vec<String>> {
        &self.0
    }
}
