//! What goes to standard output and standard error, and why there may be nothing to print.

use std::io::{self, Write, stdout};
use std::path::Path;

use super::hints::with_hint;
use super::usage::Usage;
use super::words::is_stdout;
use crate::report::{self, SaveError, visible, writable};
use crate::session::Session;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Usage(#[from] Usage),
}

/// A reader that has seen enough (`| head`) is no error.
pub(super) fn print(text: &str) -> io::Result<()> {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut out = stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes to a file, whole or not at all, or to standard output; whether it is there.
pub(super) fn put(contents: &[u8], output: Option<&Path>, force: bool) -> io::Result<bool> {
    match output.filter(|_| !is_stdout(output)) {
        None => print_bytes(contents).map(|()| true),
        Some(path) => {
            let saved = report::save(path, contents, force);
            Ok(saved.map_err(|error| eprintln!("qviz: {error}")).is_ok())
        }
    }
}

/// Prints words that stand beside a document: where that goes to standard output, they go to standard error.
pub(super) fn aside(text: &str, output: Option<&Path>) -> io::Result<()> {
    if is_stdout(output) {
        eprint!("{text}");
        return Ok(());
    }
    print(text)
}

/// Refuses, with a sentence, to write where that cannot be: before gigabytes are read for nothing.
pub(super) fn exists(output: Option<&Path>, force: bool) -> bool {
    let Some(path) = output.filter(|_| !is_stdout(output)) else { return false };
    let why = match writable(path, force) {
        Ok(()) => return false,
        Err(error @ SaveError::Exists(_)) => format!("{error} --force replaces it."),
        Err(error) => error.to_string(),
    };
    eprintln!("qviz: {why}");
    true
}

/// Says on stderr what could not be read, or not per channel, or not tied; the exit code.
pub(super) fn complain(session: &Session) -> u8 {
    let mut code = 0;
    let failures = session.failures().map(|(_, message)| message);
    let without = session.layers().iter().filter_map(|l| l.without_channels());
    let untied = session.without_ties().iter().map(String::as_str);
    for message in failures.chain(without).chain(untied) {
        eprintln!("qviz: {}", visible(&with_hint(message)));
        code = 1;
    }
    code
}
