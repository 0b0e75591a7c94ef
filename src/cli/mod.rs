//! The command line: arguments, and which room answers.

mod args;
mod bundled;
mod by_method;
mod check;
mod choosing;
mod config;
mod data;
mod diff;
mod doctor;
mod exchange;
mod file;
mod form;
mod generate;
mod glossary;
#[cfg(feature = "onnx")]
mod graphs;
mod held_against;
mod help;
mod hints;
mod in_vain;
mod interrupts;
mod into_model;
mod journal;
mod keys;
mod lang;
mod learn;
mod learning;
mod load;
mod look;
mod methods;
mod open;
mod out;
mod overlay;
mod parse;
mod patterns;
mod provenance;
mod qdq;
mod ranges;
mod report;
mod run;
mod said;
mod scales;
mod shared;
mod source;
#[cfg(feature = "statistics")]
mod statistics;
mod teacher;
mod trials;
mod tune;
mod tuning;
mod usage;
#[cfg(feature = "onnxruntime")]
mod verify;
mod words;

use std::io::Write;
use std::process::ExitCode;

/// The program. Exit codes: 0 fine, 1 some input could not be read or written, 2 wrong usage; 128 and the signal's
/// number when one ended it, so that 130 means that a Ctrl-C ended it early and what was found was written.
pub fn main() -> ExitCode {
    // What fails in the background is told as a sentence.
    crate::guard::hush();
    let cli = match parse::parse() {
        Ok(cli) => cli,
        Err(sentence) => {
            eprintln!("qviz: {sentence}");
            return ExitCode::from(2);
        }
    };
    match run::run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Not eprintln: it panics where the terminal is gone.
            let _ = writeln!(std::io::stderr(), "qviz: {}", crate::report::visible(&error.to_string()));
            ExitCode::from(1)
        }
    }
}

pub use bundled::bundled;
pub use learn::rehearsed;
