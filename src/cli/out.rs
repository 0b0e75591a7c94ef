//! What goes to standard output and standard error, and why there may be nothing to print.

use std::io::{self, Write, stdout};
use std::path::Path;

use super::hints::with_hint;
use super::source::Usage;
use crate::report::{self, visible};
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
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes to a file, whole or not at all, or to standard output; whether it is there.
pub(super) fn put(text: &str, output: Option<&Path>, force: bool) -> io::Result<bool> {
    match output {
        None => print(text).map(|()| true),
        Some(path) => {
            let saved = report::save(path, text.as_bytes(), force);
            Ok(saved.map_err(|error| eprintln!("qviz: {error}")).is_ok())
        }
    }
}

/// Refuses, with a sentence, to write where something is: before gigabytes are read for nothing.
pub(super) fn exists(output: Option<&Path>, force: bool) -> bool {
    let there = output.filter(|path| !force && path.symlink_metadata().is_ok());
    if let Some(path) = there {
        eprintln!("qviz: {} exists; it was kept. --force replaces it.", visible(&path.to_string_lossy()));
    }
    there.is_some()
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
