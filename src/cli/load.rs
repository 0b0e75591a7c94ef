//! Reading all layers before anything is printed.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::hints::with_hint;
use super::interrupts::Interrupts;
use super::patterns;
use super::provenance;
use super::shared::SharedArgs;
use super::source;
use super::usage::Usage;
use crate::jobs::{Feed, Start, Stop, Told};
use crate::report::{Provenance, Scales, number, overlaid, visible};
use crate::session::{Arrival, Session};

/// How often somebody looks for a Ctrl-C.
pub(super) const BEAT: Duration = Duration::from_millis(100);

/// What was read, and who can be asked for more.
pub(super) struct Loaded {
    /// What was read, and what was asked for.
    pub provenance: Provenance,
    pub session: Session,
    /// A document whose tensors an export keeps where the session does not hold them.
    pub kept: Option<Arc<Scales>>,
    pub feed: Box<dyn Feed>,
    pub events: Receiver<Told>,
    /// How many layers come from a network; 0 where there is none.
    pub network: usize,
    pub interrupts: Interrupts,
    /// How much was read of how much, where it was interrupted: `4 of 8 samples`.
    pub part: Option<String>,
}

/// Reads all layers, with a progress bar where someone looks at stderr.
///
/// Ctrl-C ends it and keeps what was gathered; a second one ends the program.
pub(super) fn load(shared: SharedArgs, exact: bool) -> Result<Loaded, Usage> {
    load_from(shared, |shared, session| source::start(shared, session, source::For::Document { exact }))
}

/// The same from whoever `start` gives.
pub(super) fn load_from(
    shared: SharedArgs,
    start: impl FnOnce(SharedArgs, &Session) -> Result<Start, Usage>,
) -> Result<Loaded, Usage> {
    let mut session = shared.session();
    shared.passed_over().iter().chain(shared.overlays_said()).for_each(|said| eprintln!("qviz: {said}"));
    let taking = shared.taking.clone();
    let runs = shared.runs_model();
    let (mut title, mut assumed) = (shared.title(), Vec::new());
    let made_from = provenance::begin(&shared);
    let asked = shared.patterns();
    let interrupts = Interrupts::listen();
    let (sender, events) = channel();
    let start = start(shared, &session)?;
    let phase = interrupts.begin();
    let feed = start(Box::new(move |told| drop(sender.send(told))));
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    let style = |template| ProgressStyle::with_template(template).expect("the template is sound");
    bar.set_style(style("reading {bar:30} {pos}/{len} layers {msg}"));
    let (mut found, mut part) = (0, None);
    loop {
        if phase.asked() {
            feed.stop(Stop::All);
            bar.println(format!("stopping after this {}; once more leaves", if runs { "sample" } else { "layer" }));
        }
        let told = match events.recv_timeout(BEAT) {
            Ok(told) => told,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        match told {
            Told::Arrived(arrival) => {
                match &arrival {
                    Arrival::Found { layers, .. } => {
                        patterns::check(&asked, layers).map_err(Usage)?;
                        bar.set_length(layers.len() as u64);
                        found = layers.len();
                        if stderr().is_terminal() {
                            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
                        }
                    }
                    Arrival::Layer { .. } if !runs => bar.inc(1),
                    _ => {}
                }
                let found = matches!(arrival, Arrival::Found { .. });
                // What is refused is kept where it belongs, and told at the end.
                session.receive(arrival);
                if found {
                    let said = || session.overlaid().into_iter().flat_map(|of| overlaid(&of));
                    bar.suspend(|| said().for_each(|said| eprintln!("qviz: {said}")));
                }
            }
            Told::Opened { title: opened, assumptions } => {
                title = opened;
                bar.suspend(|| {
                    eprintln!("{}", visible(&title));
                    assumptions.iter().for_each(|said| eprintln!("  {}", visible(&with_hint(said))));
                });
                assumed = assumptions;
            }
            Told::Running { done, of, left } => {
                bar.set_style(style("running {bar:30} {msg}"));
                bar.set_length(of as u64);
                bar.set_position(done as u64);
                let left = left.map_or(String::new(), |t| format!(", {} left", number::seconds(t)));
                bar.set_message(format!("{done}/{of} runs{left}"));
            }
            Told::Progress { key, share, left } => {
                let left = left.map_or(String::new(), |t| format!(", {} left", number::seconds(t)));
                bar.set_message(format!("{} {:.0} %{left}", visible(key.name()), share * 100.0));
            }
            Told::Channels { share, left } => {
                let left = left.map_or(String::new(), |t| format!(", {} left", number::seconds(t)));
                bar.set_style(style("counting channels {bar:30} {msg}"));
                bar.set_length(1000);
                bar.set_position((share * 1000.0) as u64);
                bar.set_message(format!("{:.0} %{left}", share * 100.0));
            }
            Told::Stopped { seen, of } => {
                part = Some(format!("{seen} of {of} {}", if runs { "samples" } else { "layers" }));
            }
            Told::Trial(_) | Told::Fine { .. } => {}
            Told::Done => break,
        }
    }
    bar.finish_and_clear();
    drop(phase);
    if let Some(taken) = session.taken_up() {
        taking.in_words(&taken).iter().for_each(|said| eprintln!("qviz: {said}"));
    }
    let (kept, network) = (taking.kept(), if runs { found } else { 0 });
    let provenance = Provenance { title, assumptions: assumed, part: part.clone(), ..(**made_from).clone() };
    Ok(Loaded { provenance, session, kept, feed, events, network, interrupts, part })
}

impl Loaded {
    /// The document as it stands now.
    pub fn scales(&self) -> Scales {
        let scales = Scales::of(&self.session).made_from(self.provenance.clone());
        match &self.kept {
            Some(kept) => scales.keeping(kept),
            None => scales,
        }
    }

    /// The exit code, once everything was printed and written. After an interruption the last line on stderr says `what`
    /// was written, and from how much.
    pub fn exit(&self, code: u8, what: &str) -> u8 {
        if !self.interrupts.ever() {
            return code;
        }
        let of = self.part.as_ref().map_or(String::new(), |part| format!(" from {part}"));
        eprintln!("interrupted: {}", what.replace("{}", &of));
        130
    }
}
