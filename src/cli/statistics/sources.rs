//! Where `qviz stats` counts: files, or a network.

use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::StatsArgs;
use super::notes::Stamp;
use super::writing::Writing;
use crate::cli::bundled::bundled;
use crate::cli::hints::with_hint;
use crate::cli::interrupts::Interrupts;
use crate::cli::load::BEAT;
use crate::cli::out::Failed;
use crate::cli::patterns::{self, Asked};
use crate::cli::usage::Usage;
use crate::guard::guarded;
use crate::input::{Discovered, Source, discover};
use crate::jobs::count_source;
use crate::report::visible;
use crate::session::{Failure, Key, Layer, Subject};
use crate::statistics::Tensor;

/// The exit code; `None` where nothing is to be written.
type Code = Option<u8>;

fn say(message: &str) {
    eprintln!("qviz: {}", visible(&with_hint(message)));
}

/// Which axis a tensor is counted along: that of the last option that fits it.
fn axis(args: &StatsArgs, subject: &Subject) -> Option<i64> {
    let fits = args.per_channel.iter().rev().find(|of| of.names.as_ref().is_none_or(|names| names.fit(subject)));
    fits.map(|of| of.axis)
}

/// That each pattern fits a tensor.
fn patterns_fit(args: &StatsArgs, layers: &[Layer]) -> Result<(), Usage> {
    let asked: Asked = args.per_channel.iter().filter_map(|of| Some(("--per-channel", of.names.clone()?))).collect();
    patterns::check(&asked, layers).map_err(Usage)
}

fn bar(template: &str, len: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    bar.set_style(ProgressStyle::with_template(template).expect("the template is sound"));
    bar.set_length(len);
    if stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
    }
    bar
}

/// What a source is, and how it is counted; `None` where it cannot be told whether it is the same another time.
fn stamp(source: &Source, args: &StatsArgs, axis: Option<i64>) -> Option<String> {
    let how = Stamp::default().word(args.ignore_sentinels).word(axis.map_or(String::new(), |axis| axis.to_string()));
    let whole = source.parts.iter().try_fold(how, |stamp, part| {
        let once = !part.seekable_twice() || part.file() == "-";
        (!once).then(|| stamp.word(part.key().unwrap_or_default()).path(Path::new(&part.file())))?
    });
    whole.map(Stamp::finish)
}

/// Counts files, several at a time.
pub(super) fn files(args: &StatsArgs, writing: &mut Writing, interrupts: &Interrupts) -> Result<Code, Failed> {
    let Discovered { sources, errors } = match args.paths.is_empty() {
        true => bundled(),
        false => discover(&args.paths, args.group.as_ref()),
    };
    errors.iter().for_each(|error| say(&error.message));
    let mut code = u8::from(!errors.is_empty());
    let layers: Vec<Layer> =
        sources.iter().map(|source| Layer::waiting(Key::activation(source.name.as_str()), Vec::new())).collect();
    patterns_fit(args, &layers)?;

    let mut wanted: Vec<(Source, Option<i64>, Option<String>)> = Vec::new();
    for (source, layer) in sources.into_iter().zip(&layers) {
        let axis = axis(args, &layer.subject());
        let stamp = stamp(&source, args, axis);
        let known = writing.notes.tensors.get(&source.name);
        if stamp.is_some() && known == stamp.as_ref() && writing.part.tensors.contains_key(&layer.key) {
            writing.kept += 1;
            continue;
        }
        let source = if args.ignore_sentinels { source.leaving_out_sentinels() } else { source };
        wanted.push((source, axis, stamp));
    }
    let bar = bar("counting {bar:30} {pos}/{len} tensors {msg}", wanted.len() as u64);
    let phase = interrupts.begin();
    let (stopped, next) = (AtomicBool::new(false), AtomicUsize::new(0));
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get()).min(8).min(wanted.len().max(1));
    let (sender, counted) = channel::<(usize, Result<Option<Tensor>, Failure>)>();
    let (wanted, bins) = (&wanted, writing.part.bins);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, stopped, next) = (sender.clone(), &stopped, &next);
            scope.spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((source, axis, _)) = wanted.get(at) else { return };
                    let stop = || stopped.load(Ordering::Relaxed);
                    let found = guarded(|| count_source(source, bins, *axis, &|_| {}, &stop));
                    let file = source.parts.first().map(crate::input::Part::file).unwrap_or_default();
                    let defect = || Failure {
                        kind: crate::ErrorKind::Defect,
                        message: format!("qviz failed on {file}: a defect of qviz, please report it with this file."),
                        file: file.clone(),
                    };
                    if sender.send((at, found.unwrap_or_else(|_| Err(defect())))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        loop {
            if phase.asked() {
                stopped.store(true, Ordering::Relaxed);
                // Now: who waits for a pipe may be ended by a second one.
                writing.save_what_is_new();
                bar.suspend(|| eprintln!("stopping, and keeping what was counted; once more leaves"));
            }
            let (at, found) = match counted.recv_timeout(BEAT) {
                Ok(told) => told,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            bar.inc(1);
            let (source, _, stamp) = &wanted[at];
            match found {
                Ok(Some(tensor)) => {
                    writing.part.tensors.insert(Key::activation(source.name.as_str()), tensor);
                    match stamp {
                        Some(stamp) => drop(writing.notes.tensors.insert(source.name.clone(), stamp.clone())),
                        None => drop(writing.notes.tensors.remove(&source.name)),
                    }
                    writing.changed = true;
                    writing.save_now_and_then();
                }
                Ok(None) => {}
                Err(why) => {
                    bar.suspend(|| say(&why.message));
                    code = 1;
                }
            }
        }
    });
    bar.finish_and_clear();
    drop(phase);
    Ok(Some(code))
}

/// Runs a network over its samples, and goes on where an earlier time has ended.
#[cfg(feature = "onnx")]
pub(super) fn network(
    args: &StatsArgs,
    model: &Path,
    writing: &mut Writing,
    interrupts: &Interrupts,
) -> Result<Code, Failed> {
    use super::notes::Seen;
    use crate::jobs::{Counted, NetworkCount, Subject};

    if args.ignore_sentinels || args.group.is_some() {
        let option = if args.group.is_some() { "--group" } else { "--ignore-sentinels" };
        return Err(
            Usage(format!("{option} is for files of activations, and a model makes its own; leave it out.")).into()
        );
    }
    let data = args.data();
    let Some(samples) = data.samples.source() else { return Err(crate::cli::source::nothing_to_run_on(model).into()) };
    let (options, backend, as_written) = (data.samples.options(), data.backend(), args.as_written);
    let of = network_stamp(args, model);
    let subject =
        Subject { model: model.to_owned(), samples, options, check: None, backend, placement: None, as_written };
    let network = match NetworkCount::open(subject) {
        Ok(network) => network,
        Err(why) => {
            say(&why.message);
            return Ok(None);
        }
    };
    patterns_fit(args, network.layers())?;
    let axes: Vec<Option<i64>> = network.layers().iter().map(|layer| axis(args, &layer.subject())).collect();
    let all = network.samples();
    let before = writing.notes.network.take().filter(|seen| of.as_ref() == Some(&seen.of)).map(|seen| seen.samples);
    let mut seen = before.unwrap_or(0).min(all);
    match before {
        Some(_) => writing.kept = if seen == all { writing.part.tensors.len() } else { 0 },
        None if writing.part.tensors.is_empty() => {}
        None => {
            let name = visible(&args.output.to_string_lossy());
            let why = format!(
                "{name} was counted on other data, or in another way; name another file, or --force counts anew."
            );
            say(&why);
            return Ok(None);
        }
    }
    eprintln!("{}", visible(&network.title()));
    network.assumptions().iter().for_each(|said| eprintln!("  {}", visible(&with_hint(said))));
    if seen > 0 {
        eprintln!("  {seen} of {all} samples were counted before");
    }
    let bar = bar("running {bar:30} {pos}/{len} samples", all as u64);
    let phase = interrupts.begin();
    let (mut code, stopped) = (0, AtomicBool::new(false));
    while seen < all && !stopped.load(Ordering::Relaxed) {
        let begun = std::cell::Cell::new(false);
        let stop = || {
            if phase.asked() && !stopped.swap(true, Ordering::Relaxed) {
                bar.suspend(|| eprintln!("stopping after this sample; once more leaves"));
            }
            // However often it is to be written, a sample is counted in between.
            let due = begun.replace(true) && writing.is_due();
            stopped.load(Ordering::Relaxed) || due
        };
        let found =
            network.count(seen..all, writing.part.bins, &axes, &|done| bar.set_position((seen + done) as u64), &stop);
        let Counted { tensors, seen: now, skipped } = match found {
            Ok(counted) => counted,
            Err(why) => {
                bar.suspend(|| say(&why.message));
                code = 1;
                break;
            }
        };
        skipped.iter().for_each(|why| bar.suspend(|| say(&why.message)));
        code = code.max(u8::from(!skipped.is_empty()));
        if now > 0 {
            if let Err(why) = writing.part.add(tensors) {
                bar.suspend(|| say(&why));
                return Ok(None);
            }
            (seen, writing.changed) = (seen + now, true);
        }
        writing.notes.network = of.clone().map(|of| Seen { of, samples: seen });
        if seen < all {
            writing.save_now_and_then();
        }
    }
    writing.notes.network = of.map(|of| Seen { of, samples: seen });
    bar.finish_and_clear();
    drop(phase);
    Ok(Some(code))
}

/// The model, its samples and how they are counted; `None` where it cannot be told whether they are the same another time.
#[cfg(feature = "onnx")]
fn network_stamp(args: &StatsArgs, model: &Path) -> Option<String> {
    let mut stamp = Stamp::default().path(model)?;
    let samples = &args.samples;
    for path in &samples.data {
        // Of NAME=PATH the path.
        let text = path.to_string_lossy();
        let bare = text.split_once('=').map_or(text.as_ref(), |(_, path)| path);
        let found = if path.exists() { path.as_path() } else { Path::new(bare) };
        stamp = stamp.word(&text);
        stamp = match found.exists() {
            true => stamp.path(found)?,
            // A pattern: the files that it means now.
            false => glob::glob(bare).ok()?.flatten().try_fold(stamp, |stamp, file| stamp.path(&file))?,
        };
    }
    let per_channel: Vec<String> = args
        .per_channel
        .iter()
        .map(|of| format!("{}={}", of.names.as_ref().map_or_else(String::new, ToString::to_string), of.axis))
        .collect();
    let how = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        samples.random,
        samples.draw,
        samples.seed,
        samples.mean,
        samples.std,
        samples.layout,
        samples.resize,
        samples.shape,
        args.as_written,
        per_channel
    );
    #[cfg(feature = "onnxruntime")]
    let how = format!("{how} {:?}", args.engine.engine);
    Some(stamp.word(how).finish())
}

#[cfg(not(feature = "onnx"))]
pub(super) fn network(_: &StatsArgs, model: &Path, _: &mut Writing, _: &Interrupts) -> Result<Code, Failed> {
    let name = visible(&model.to_string_lossy());
    Err(Usage(format!("{name} is a model, and this qviz was built without the feature onnx.")).into())
}
