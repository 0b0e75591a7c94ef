use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::read::{Recipe, read_layer};
use crate::histogram::Magnitude;
use crate::input::{Discovered, InputError, Source};
use crate::session::{Origin, Plan, Ready};

/// What is to be loaded and how.
pub struct Order {
    /// Finds the sources; runs on a thread of the loader, so that a slow disk does not hold the screen up.
    pub discover: Box<dyn FnOnce() -> Discovered + Send>,
    /// The grids to count on.
    pub recipe: Recipe,
    /// What to work out for each layer.
    pub plan: Plan,
    /// How many threads read; at least 1.
    pub threads: usize,
}

/// What the loader has to tell.
pub enum Event {
    /// The layers' names and files, in natural order, and the files that are no layer. Comes once, before all others.
    Found {
        /// Name and files of each layer.
        layers: Vec<(String, Vec<String>)>,
        /// What could not even be listed.
        errors: Vec<InputError>,
    },
    /// A layer is being read: the share that is done, 0 to 1. At most ten a second and thread.
    Progress {
        /// Index into `Found::layers`.
        layer: usize,
        /// Share of the work that is done.
        share: f64,
    },
    /// A layer was read, or cannot be.
    Layer {
        /// Index into `Found::layers`.
        layer: usize,
        /// The layer, or what is wrong with which file.
        result: Result<Box<(Origin, Ready)>, InputError>,
    },
    /// The finer grid that [`Loader::request_fine`] asked for.
    Fine {
        /// Index into `Found::layers`.
        layer: usize,
        /// The same values on more bins; an error when the file is gone or changed.
        result: Result<Magnitude, InputError>,
    },
    /// Every layer was told.
    Done,
}

/// Reads layers in the background until it is dropped.
pub struct Loader {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    cancelled: AtomicBool,
    recipe: Recipe,
    threads: usize,
    plan: Plan,
    tell: Box<dyn Fn(Event) + Send + Sync>,
}

#[derive(Default)]
struct Queue {
    sources: Arc<Vec<Source>>,
    waiting: VecDeque<usize>,
    preferred: Option<usize>,
    fine: Option<(usize, usize)>,
    unfinished: usize,
}

enum Work {
    Layer(usize),
    Fine { layer: usize, bins: usize },
}

impl Loader {
    /// Starts to discover and read. `tell` is called from the loader's threads.
    pub fn start(order: Order, tell: impl Fn(Event) + Send + Sync + 'static) -> Loader {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            cancelled: AtomicBool::new(false),
            recipe: order.recipe,
            threads: order.threads.max(1),
            plan: order.plan,
            tell: Box::new(tell),
        });
        let discover = {
            let shared = shared.clone();
            std::thread::spawn(move || shared.discover(order.discover))
        };
        let workers = (0..shared.threads).map(|_| {
            let shared = shared.clone();
            std::thread::spawn(move || shared.work())
        });
        let threads = std::iter::once(discover).chain(workers).collect();
        Loader { shared, threads }
    }

    /// Reads this layer next: the user is looking at it.
    pub fn prefer(&self, layer: usize) {
        self.shared.queue.lock().expect("no thread panics with the queue in hand").preferred = Some(layer);
    }

    /// Counts a layer once more on `bins` bins; [`Event::Fine`] brings them. A newer request replaces a waiting one.
    pub fn request_fine(&self, layer: usize, bins: usize) {
        self.shared.queue.lock().expect("no thread panics with the queue in hand").fine = Some((layer, bins));
        self.shared.changed.notify_one();
    }

    /// Stops reading without waiting for a file that hangs.
    fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
        self.shared.changed.notify_all();
    }

    /// Waits until every layer was told, then stops the threads.
    pub fn join(mut self) {
        let mut queue = self.shared.queue.lock().expect("no thread panics with the queue in hand");
        while queue.unfinished > 0 || !self.threads[0].is_finished() {
            queue = self.shared.changed.wait_timeout(queue, Duration::from_millis(20)).expect("as above").0;
        }
        drop(queue);
        self.cancel();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Shared {
    fn discover(&self, discover: Box<dyn FnOnce() -> Discovered + Send>) {
        let Discovered { sources, errors } = discover();
        let layers: Vec<_> =
            sources.iter().map(|s| (s.name.clone(), s.parts.iter().map(|p| p.file()).collect())).collect();
        let count = layers.len();
        (self.tell)(Event::Found { layers, errors });
        let mut queue = self.queue.lock().expect("no thread panics with the queue in hand");
        queue.sources = Arc::new(sources);
        queue.waiting = (0..count).collect();
        queue.unfinished = count;
        drop(queue);
        if count == 0 {
            (self.tell)(Event::Done);
        }
        self.changed.notify_all();
    }

    fn work(&self) {
        while let Some((work, sources)) = self.next() {
            match work {
                Work::Layer(layer) => {
                    let read = catch_unwind(AssertUnwindSafe(|| self.read(layer, &sources[layer])));
                    let result = match read {
                        Ok(Some(result)) => result,
                        Ok(None) => return,
                        Err(_) => Err(broken(&sources[layer])),
                    };
                    (self.tell)(Event::Layer { layer, result });
                    let mut queue = self.queue.lock().expect("no thread panics with the queue in hand");
                    queue.unfinished -= 1;
                    let done = queue.unfinished == 0;
                    drop(queue);
                    if done {
                        (self.tell)(Event::Done);
                        self.changed.notify_all();
                    }
                }
                Work::Fine { layer, bins } => {
                    let recipe = Recipe { bins, grids: Vec::new() };
                    let cancelled = || self.cancelled.load(Ordering::Relaxed);
                    let result = match read_layer(&sources[layer], &recipe, self.share(), &|_| {}, &cancelled) {
                        Ok(Some((_, histogram))) => Ok(histogram.magnitude),
                        Ok(None) => return,
                        Err(error) => Err(error),
                    };
                    (self.tell)(Event::Fine { layer, result });
                }
            }
        }
    }

    /// The most wanted piece of work: the finer grid on screen, the layer looked at, then the others in order.
    fn next(&self) -> Option<(Work, Arc<Vec<Source>>)> {
        let mut queue = self.queue.lock().expect("no thread panics with the queue in hand");
        loop {
            if self.cancelled.load(Ordering::Relaxed) {
                return None;
            }
            let work = if let Some((layer, bins)) = queue.fine.take() {
                Some(Work::Fine { layer, bins })
            } else {
                let wanted = queue.preferred.take();
                let preferred = wanted.and_then(|p| queue.waiting.iter().position(|&w| w == p));
                queue.waiting.remove(preferred.unwrap_or(0)).map(Work::Layer)
            };
            match work {
                Some(work) => return Some((work, queue.sources.clone())),
                None => queue = self.changed.wait(queue).expect("no thread panics with the queue in hand"),
            }
        }
    }

    /// How many threads one layer may have: all that the other layers leave.
    fn share(&self) -> usize {
        let unfinished = self.queue.lock().expect("no thread panics with the queue in hand").unfinished;
        (self.threads / unfinished.max(1)).max(1)
    }

    /// `None` when it was cancelled.
    #[allow(clippy::type_complexity)]
    fn read(&self, layer: usize, source: &Source) -> Option<Result<Box<(Origin, Ready)>, InputError>> {
        let told = std::cell::Cell::new(Instant::now());
        let progress = |share: f64| {
            if told.get().elapsed() >= Duration::from_millis(100) {
                told.set(Instant::now());
                (self.tell)(Event::Progress { layer, share });
            }
        };
        let cancelled = || self.cancelled.load(Ordering::Relaxed);
        match read_layer(source, &self.recipe, self.share(), &progress, &cancelled) {
            Ok(Some((origin, histogram))) => {
                let ready = Ready::analyse(Arc::new(histogram), &self.plan);
                Some(Ok(Box::new((origin, ready))))
            }
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

fn broken(source: &Source) -> InputError {
    let file = source.parts.first().map(|p| p.file()).unwrap_or_default();
    InputError { message: format!("qviz failed on {file}: a defect of qviz, please report it with this file."), file }
}
