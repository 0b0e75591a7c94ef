//! Background work on a network: running it over samples, and telling what its tensors hold.

mod by_channel;
mod collect;
mod sensitivity;
mod setup;
mod tied;
mod trial;
mod trials;
mod tries;
mod tune;
mod work;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use super::{Event, Grids, News, Recipe, Ties, Trial};
use crate::input::InputError;
use crate::quant::{Clip, Format, QuantParams};
use crate::session::{Plan, Start};
pub use setup::Subject;

/// What is to be run and what is wanted of it.
pub struct NetworkOrder {
    /// The model and its samples.
    pub subject: Subject,
    /// The grids to count on.
    pub recipe: Recipe,
    /// What to work out for each tensor.
    pub plan: Plan,
    /// Which activations share one range.
    pub ties: Ties,
    /// Whether the samples are run only once, and counted on power-of-two grids.
    pub one_pass: bool,
    /// Whether each first choice is measured on the values too, which takes one more run over the samples.
    pub measure: bool,
    /// How many threads compute; at least 1.
    pub threads: usize,
}

/// Runs a network in the background until it is dropped. Dropping does not wait.
pub struct NetworkLoader {
    shared: Arc<Shared>,
}

struct Shared {
    order: Order,
    tell: Box<dyn Fn(Event) + Send + Sync>,
    wishes: Mutex<Wishes>,
    changed: Condvar,
    cancelled: AtomicBool,
    stopped: AtomicBool,
    trial_stopped: AtomicBool,
}

/// The order without its subject, which is used up when it is opened.
struct Order {
    recipe: Recipe,
    plan: Plan,
    ties: Ties,
    one_pass: bool,
    measure: bool,
    threads: usize,
}

/// What was asked for and not begun; a newer wish of a kind replaces the older one.
#[derive(Default)]
struct Wishes {
    fine: Option<(usize, usize)>,
    measure: Option<(usize, Clip, Format)>,
    channels: Option<(usize, Start)>,
    tie: Option<(Vec<usize>, Start)>,
    alone: Option<(usize, Vec<QuantParams>)>,
    whole: Option<Grids>,
    /// A sensitivity or a search.
    long: Option<Trial>,
}

enum Wish {
    Fine { layer: usize, bins: usize },
    Measure { layer: usize, clip: Clip, format: Format },
    Channels { layer: usize, start: Start },
    Tie { of: Vec<usize>, start: Start },
    Alone { layer: usize, grids: Vec<QuantParams> },
}

impl Shared {
    fn wish(&self, put: impl FnOnce(&mut Wishes)) {
        put(&mut self.wishes.lock().expect("no thread panics with the wishes in hand"));
        self.changed.notify_all();
    }
}

impl NetworkLoader {
    /// Opens the model and begins to run it. `tell` is called from the loader's threads.
    pub fn start(order: NetworkOrder, tell: impl Fn(Event) + Send + Sync + 'static) -> NetworkLoader {
        let NetworkOrder { subject, recipe, plan, ties, one_pass, measure, threads } = order;
        let shared = Arc::new(Shared {
            order: Order { recipe, plan, ties, one_pass, measure, threads: threads.max(1) },
            tell: Box::new(tell),
            wishes: Mutex::default(),
            changed: Condvar::new(),
            cancelled: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            trial_stopped: AtomicBool::new(false),
        });
        let worker = shared.clone();
        std::thread::spawn(move || {
            let file = subject.model.display().to_string();
            if catch_unwind(AssertUnwindSafe(|| worker.work(subject))).is_err() {
                let message = format!("qviz failed on {file}: a defect of qviz, please report it with this file.");
                (worker.tell)(Event::Unusable(InputError { file, message }));
                (worker.tell)(Event::Done);
            }
        });
        NetworkLoader { shared }
    }

    /// Puts the network on trial. A newer trial of the same kind replaces one that was not begun.
    pub fn request_trial(&self, trial: Trial) {
        self.shared.wish(|wishes| match trial {
            Trial::Alone { layer, grids } => wishes.alone = Some((layer, grids)),
            Trial::Whole(grids) => wishes.whole = Some(grids),
            trial => wishes.long = Some(trial),
        });
    }

    /// Ends the pass over the samples that is under way with those seen so far, and a trial with what it has found; one
    /// that was not begun ends at once.
    pub fn stop(&self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let mut wishes = self.shared.wishes.lock().expect("no thread panics with the wishes in hand");
        self.shared.trial_stopped.store(true, Ordering::Relaxed);
        let ended = match wishes.long.take() {
            None => return,
            Some(Trial::Tune(_)) => News::Tuned(Ok(None)),
            Some(_) => News::SensitivityEnd(Ok(())),
        };
        drop(wishes);
        (self.shared.tell)(Event::Trial(ended));
    }

    /// Counts a layer once more on `bins` bins.
    pub fn request_fine(&self, layer: usize, bins: usize) {
        self.shared.wish(|wishes| wishes.fine = Some((layer, bins)));
    }

    /// Measures a clip on a layer's values.
    pub fn request_measure(&self, layer: usize, clip: Clip, format: Format) {
        self.shared.wish(|wishes| wishes.measure = Some((layer, clip, format)));
    }

    /// Counts a layer by channels.
    pub fn request_channels(&self, layer: usize, start: Start) {
        self.shared.wish(|wishes| wishes.channels = Some((layer, start)));
    }

    /// Counts some activations as one, and chooses for all their values as `start` says.
    pub fn request_tie(&self, of: Vec<usize>, start: Start) {
        self.shared.wish(|wishes| wishes.tie = Some((of, start)));
    }
}

impl Drop for NetworkLoader {
    fn drop(&mut self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
        // A thread that has just seen the flag down must be waiting before it is woken.
        drop(self.shared.wishes.lock());
        self.shared.changed.notify_all();
    }
}
