//! Reading all layers before anything is printed.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{Receiver, channel};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::SharedArgs;
use super::source::{self, Usage};
use crate::jobs::{Event, Feed};
use crate::report::{number, visible};
use crate::session::{LayerState, Session};

/// What was read, and who can be asked for more.
pub(super) struct Loaded {
    pub session: Session,
    pub feed: Box<dyn Feed>,
    pub events: Receiver<Event>,
    /// How many layers come from a network; 0 where there is none.
    pub network: usize,
}

/// Reads all layers, with a progress bar where someone looks at stderr.
///
/// Ctrl-C while a model runs ends the run and keeps what was gathered; a second one ends the program.
pub(super) fn load(shared: SharedArgs, exact: bool) -> Result<Loaded, Usage> {
    let mut session = shared.session();
    let runs = shared.paths.first().is_some_and(|p| source::is_model(p));
    let (sender, events) = channel();
    let start = source::start(shared, &session, exact)?;
    let feed = start(Box::new(move |event| drop(sender.send(event))));
    let interrupted = if runs { Some(interrupts()) } else { None };
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    let style = |template| ProgressStyle::with_template(template).expect("the template is sound");
    bar.set_style(style("reading {bar:30} {pos}/{len} layers {msg}"));
    let mut found = 0;
    loop {
        let event = match events.recv_timeout(std::time::Duration::from_millis(100)) {
            Ok(event) => event,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                if interrupted.as_ref().is_some_and(|i| i.swap(false, std::sync::atomic::Ordering::Relaxed)) {
                    feed.stop();
                    bar.println("stopping after this sample; once more leaves");
                }
                continue;
            }
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
        };
        match event {
            Event::Found { layers, errors } => {
                bar.set_length(layers.len() as u64);
                found = layers.len();
                if stderr().is_terminal() {
                    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
                }
                session.begin(layers, errors.into_iter().map(|e| (e.file, e.message)));
            }
            Event::Opened { title, assumptions } => {
                bar.suspend(|| {
                    eprintln!("{}", visible(&title));
                    assumptions.iter().for_each(|said| eprintln!("  {}", visible(said)));
                });
            }
            Event::Running { done, of, left } => {
                bar.set_style(style("running {bar:30} {msg}"));
                bar.set_length(of as u64);
                bar.set_position(done as u64);
                let left = left.map_or(String::new(), |t| format!(", {} left", number::seconds(t)));
                bar.set_message(format!("{done}/{of} runs{left}"));
            }
            Event::Unusable(error) => session.fail(error.file, error.message),
            Event::Progress { layer, share } => {
                bar.set_message(format!("{} {:.0} %", visible(session.layers[layer].name()), share * 100.0));
            }
            Event::Layer { layer, result } => {
                match result {
                    Ok(read) => session.finish_layer(layer, read.0, read.1),
                    Err(error) => session.layers[layer].state = LayerState::Failed(error.to_string()),
                }
                if !runs {
                    bar.inc(1);
                }
            }
            Event::Channels { layer, result, .. } => match result {
                Ok(channels) => session.begin_along(layer, channels),
                Err(error) => session.layers[layer].without_channels = Some(error.to_string()),
            },
            Event::Tied { result, .. } => match result {
                Ok(joint) => session.begin_tied(*joint),
                Err(error) => session.without_ties.push(error.to_string()),
            },
            Event::Trial(_) | Event::Fine { .. } | Event::Measured { .. } => {}
            Event::Done => break,
        }
    }
    bar.finish_and_clear();
    Ok(Loaded { session, feed, events, network: if runs { found } else { 0 } })
}

/// Set by the first Ctrl-C; a second one, before the first was seen to, ends the program as usual.
fn interrupts() -> std::sync::Arc<std::sync::atomic::AtomicBool> {
    let flag = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    #[cfg(unix)]
    {
        use signal_hook::consts::SIGINT;
        // The order matters: the flag of before this Ctrl-C decides.
        let ends = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let _ = signal_hook::flag::register_conditional_default(SIGINT, ends.clone());
        let _ = signal_hook::flag::register(SIGINT, ends);
        let _ = signal_hook::flag::register(SIGINT, flag.clone());
    }
    flag
}
