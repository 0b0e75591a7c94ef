//! `qviz verify`: a network on both engines, and where they differ, printed.

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::data::{LibraryArg, SampleArgs};
use super::hints::with_hint;
use super::interrupts::Interrupts;
use super::out::{Failed, print};
use super::source::nothing_to_run_on;
use super::usage::Usage;
use crate::guard::guarded;
use crate::jobs::{Examined, Verified, Verify, Watching};
use crate::model::{Library, ModelError};
use crate::report::{Verification, VerifiedTensor, visible};

/// What to verify, on what.
#[derive(Args)]
pub(super) struct VerifyArgs {
    /// The network
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,
    /// Prints a row for every tensor too, in the order of the file
    #[arg(long)]
    pub all: bool,
    /// How far the engines may be apart, as a share of a tensor's largest value; without it 1e-4, and 1e-2 for 16-bit
    /// floats
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub tolerance: Option<f64>,
    /// Prints JSON instead
    #[arg(long, conflicts_with = "all")]
    pub json: bool,
    #[command(flatten)]
    pub library: LibraryArg,
    #[command(flatten)]
    pub samples: SampleArgs,
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share: &f64| share.is_finite() && *share >= 0.0);
    share.ok_or_else(|| format!("a share of the largest value, 0 or more, such as {:e}", crate::report::TOLERANCE))
}

/// Runs both engines and prints what they differ in. Exit codes: 0 they agree, 1 they do not or a sample was skipped, 2
/// there is nothing to run or nobody to run it.
pub(super) fn verify(args: VerifyArgs) -> Result<u8, Failed> {
    let VerifyArgs { model, all, tolerance, json, library, samples } = args;
    let Some(source) = samples.source() else { return Err(nothing_to_run_on(&model).into()) };
    let interrupts = Interrupts::listen();
    let file = model.display().to_string();
    let library = Library::open(library.onnxruntime.as_deref()).map_err(|why| Usage(sentence(&why.message)))?;
    let runtime = library.name();
    let wanted = Verify { model, samples: source, options: samples.options(), library };
    let ran = guarded(|| -> Result<_, ModelError> {
        let examined = wanted.open()?;
        Ok((compared(&examined, &interrupts)?, examined.samples()))
    });
    let (found, of) = match ran {
        Ok(Ok(ran)) => ran,
        Ok(Err(why)) => {
            say(&why.message);
            return Ok(1);
        }
        Err(_) => {
            say(&format!("qviz failed on {file}: a defect of qviz, please report it."));
            return Ok(1);
        }
    };
    found.skipped.iter().for_each(|why| say(&why.message));
    let verification = verification(&found, &runtime, tolerance);
    print(&if json { verification.json() } else { verification.text(all) })?;
    if interrupts.ever() {
        eprintln!("interrupted: the comparison of {} of {of} samples was printed", found.samples);
        return Ok(130);
    }
    Ok(u8::from(!verification.is_fine() || !found.skipped.is_empty()))
}

/// Compares, with a progress bar where someone looks at stderr. Ctrl-C ends it with the samples seen so far; a second one
/// ends the program.
fn compared(examined: &Examined, interrupts: &Interrupts) -> Result<Verified, ModelError> {
    eprintln!("{}", visible(&examined.title()));
    eprintln!(
        "  compared with {}, {}",
        examined.library().name(),
        visible(&examined.library().path().to_string_lossy())
    );
    examined.assumptions().iter().for_each(|said| eprintln!("  {}", sentence(said)));
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    if stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
    }
    bar.set_style(
        ProgressStyle::with_template("comparing {bar:30} {pos}/{len} samples").expect("the template is sound"),
    );
    bar.set_length(examined.samples() as u64);
    bar.tick();
    let phase = interrupts.begin();
    let found = examined
        .compare(Watching { progress: &mut |done, _| bar.set_position(done as u64), stopped: &|| phase.asked() });
    bar.finish_and_clear();
    found
}

/// Says what went wrong.
fn say(message: &str) {
    eprintln!("qviz: {}", sentence(message));
}

fn sentence(message: &str) -> String {
    visible(&with_hint(message))
}

fn verification<'a>(found: &'a Verified, runtime: &'a str, tolerance: Option<f64>) -> Verification<'a> {
    let tensor = |t: &'a crate::jobs::Compared| VerifiedTensor {
        name: &t.name,
        op: &t.op,
        dtype: t.dtype,
        difference: &t.difference,
    };
    Verification {
        tensors: found.tensors.iter().map(tensor).collect(),
        only_tract: &found.only_tract,
        only_runtime: &found.only_runtime,
        samples: found.samples,
        runtime,
        tolerance,
    }
}

#[cfg(test)]
mod tests {
    use super::parse_share;

    #[test]
    fn a_tolerance_is_a_share() {
        assert_eq!((parse_share("1e-3"), parse_share("0")), (Ok(1e-3), Ok(0.0)));
        for wrong in ["-1", "nan", "inf", "x", "1 %"] {
            assert_eq!(parse_share(wrong), Err("a share of the largest value, 0 or more, such as 1e-4".into()));
        }
    }
}
