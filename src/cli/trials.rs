//! `qviz sensitivity` and what `qviz report` says of outputs: a network on trial, printed.

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::hints::with_hint;
use super::load::{BEAT, Loaded, load};
use super::out::{Failed, complain, exists, print};
use super::shared::SharedArgs;
use super::usage::Usage;
use super::words::is_stdout;
use crate::jobs::{Left, News, Request, Stop, Told, Trial};
use crate::quant::{OutputEffect, OutputEffects};
use crate::report::{self, number, visible};
use crate::session::{Arrival, Sensitivity, Target};

/// Reads all layers, and leaves those in float that `--skip-worst` means.
pub(super) fn loaded(shared: SharedArgs, exact: bool) -> Result<Loaded, Failed> {
    let worst = shared.data.skip_worst;
    if worst > 0 {
        tries(&shared)?;
    }
    let mut loaded = load(shared, exact)?;
    if worst == 0 {
        return Ok(loaded);
    }
    if loaded.network == 0 && loaded.session.failures().next().is_some() {
        return Ok(loaded);
    }
    if loaded.network == 0 {
        return Err(Usage("--skip-worst puts a network on trial; name one: qviz MODEL.onnx --data PATH.".into()).into());
    }
    let all = each(&mut loaded);
    let in_float = |s: &Sensitivity| {
        let decision = |t: Target| loaded.session.ready(&t).map(|r| r.decision().with_quantized(false)).map(|d| (t, d));
        loaded.session.with_channels(&s.key).into_iter().filter_map(decision).collect::<Vec<_>>()
    };
    let decisions = Sensitivity::worst_first(&all).into_iter().take(worst).flat_map(in_float).collect();
    loaded.session.apply("worst in float", decisions);
    Ok(loaded)
}

/// Reads a network and everything in it. Where it could not be opened there are no layers, and a failure that says why.
pub(super) fn network(shared: SharedArgs, exact: bool) -> Result<Loaded, Failed> {
    tries(&shared)?;
    let loaded = loaded(shared, exact)?;
    if loaded.network == 0 && loaded.session.failures().next().is_none() {
        return Err(
            Usage("a network is put on trial; name one: qviz sensitivity MODEL.onnx --data PATH.".into()).into()
        );
    }
    Ok(loaded)
}

/// Refuses an engine that puts nothing on trial, before anything is read.
fn tries(shared: &SharedArgs) -> Result<(), Usage> {
    let sentence =
        "a trial replaces tensors while the network runs, which needs tract; leave out --engine onnxruntime.";
    if shared.data.can_try() { Ok(()) } else { Err(Usage(sentence.into())) }
}

/// Where there is no terminal for a bar, how far it is is said so often.
const SAY_SO: Duration = Duration::from_secs(20);

/// Asks, and hears what comes until `ends` has heard the last of it. Who has interrupted what came before wants no trial
/// begun.
pub(super) fn hear(loaded: &Loaded, trial: Trial, what: &'static str, mut ends: impl FnMut(News) -> bool) {
    if loaded.interrupts.ever() {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    if stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
    }
    bar.set_style(ProgressStyle::with_template("{prefix} {bar:30} {msg}").expect("the template is sound"));
    bar.set_prefix(what);
    let phase = loaded.interrupts.begin();
    loaded.feed.request(Request::Trial(trial));
    let (mut done, mut said) = (0, Instant::now());
    loop {
        if phase.asked() {
            loaded.feed.stop(Stop::All);
            bar.println("stopping; once more leaves");
        }
        let news = match loaded.events.recv_timeout(BEAT) {
            Ok(Told::Trial(news)) => news,
            Ok(_) | Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let left = match &news {
            News::Begun(Left { time, .. }) => {
                bar.set_message(time.map_or(String::new(), |t| format!("about {}", number::seconds(t))));
                continue;
            }
            News::Sensitivity(_, left) | News::Step(_, left) => Some(*left),
            News::WholeSoFar { effects: OutputEffects { all, .. }, .. } => {
                bar.set_length(all.of as u64);
                bar.set_position(all.samples as u64);
                None
            }
            News::Method(_, steps) => Some(Left { steps: *steps, time: None }),
            _ => None,
        };
        if let Some(Left { steps, time }) = left {
            done += 1;
            bar.set_length(done + steps as u64);
            bar.set_position(done);
            let left = time.map_or(String::new(), |t| format!("{} left", number::seconds(t)));
            // A log is told now and then as well.
            if !stderr().is_terminal() && said.elapsed() >= SAY_SO {
                eprintln!("{what} {done}/{}, {left}", done + steps as u64);
                said = Instant::now();
            }
            bar.set_message(left);
        }
        if ends(news) {
            break;
        }
    }
    bar.finish_and_clear();
}

/// Says why there is no answer.
pub(super) fn failed(why: &crate::session::Failure) {
    eprintln!("qviz: {}", visible(&with_hint(&why.message)));
}

/// Everything as it is chosen.
pub(super) fn whole(loaded: &Loaded) -> Option<(OutputEffects, Option<OutputEffect>)> {
    let mut told = None;
    hear(loaded, Trial::Whole(loaded.session.params()), "whole network", |news| match news {
        News::Whole { result, check, .. } => {
            match result {
                Ok(effects) => told = Some((effects, check)),
                Err(why) => failed(&why),
            }
            true
        }
        News::WholeStopped { .. } => true,
        _ => false,
    });
    told
}

/// Every tensor's sensitivity, as far as it was found. Why there are no more is the session's to complain of.
fn each(loaded: &mut Loaded) -> Vec<Sensitivity> {
    let (mut all, mut failure): (Vec<Sensitivity>, _) = (Vec::new(), None);
    hear(loaded, Trial::Sensitivity(loaded.session.params()), "sensitivity", |news| match news {
        News::Sensitivity(found, _) => {
            // What is known on more samples comes in the place of what was known on one.
            match all.iter_mut().find(|known| known.key == found.key) {
                Some(known) => *known = found,
                None => all.push(found),
            }
            false
        }
        News::SensitivityEnd(result) => {
            failure = result.err();
            true
        }
        _ => false,
    });
    failure.into_iter().for_each(|why| drop(loaded.session.receive(Arrival::Failed(why))));
    all
}

/// Prints which tensors the outputs are sensitive to, the worst first.
pub(super) fn sensitivity(shared: SharedArgs, json: bool, output: Option<PathBuf>, force: bool) -> Result<u8, Failed> {
    if exists(output.as_deref(), force) {
        return Ok(1);
    }
    let mut loaded = network(shared, false)?;
    if loaded.network == 0 {
        return Ok(complain(&loaded.session).max(1));
    }
    let Some((OutputEffects { all, .. }, check)) = whole(&loaded) else {
        let code = complain(&loaded.session).max(1);
        return Ok(loaded.exit(code, "nothing was measured yet, and nothing written"));
    };
    let each = each(&mut loaded);
    let of = loaded.session.params().len();
    let document = report::sensitivity_json(&loaded.session, Some(&loaded.provenance), &all, check.as_ref(), &each);
    let output = output.as_deref();
    if json || is_stdout(output) {
        print(&document)?;
    } else {
        print(&report::sensitivity(&loaded.session, &all, check.as_ref(), &each))?;
    }
    let mut what = format!("{} of {of} tensors were measured{{}}", each.len());
    if let Some(path) = output.filter(|_| !is_stdout(output)) {
        if let Err(error) = report::save(path, document.as_bytes(), force) {
            eprintln!("qviz: {error}");
            return Ok(1);
        }
        what += &format!(", and written to {}", visible(&path.to_string_lossy()));
    }
    Ok(loaded.exit(complain(&loaded.session), &what))
}
