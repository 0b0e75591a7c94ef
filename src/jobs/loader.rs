use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::News;
use super::channels::{analyse_channels, read_channels};
use super::measure::{measure_layer, readable_again};
use super::read::{Recipe, read_layer};
use super::ties::{Group, Ties};
use crate::calibrate::Measured;
use crate::histogram::Magnitude;
use crate::input::{Discovered, InputError, Source};
use crate::quant::{Clip, Format};
use crate::session::{Channels, Joint, Key, Layer, Origin, Plan, Ready, Start};

/// What is to be loaded and how.
pub struct Order {
    /// Finds the sources; runs on a thread of the loader, so that a slow disk does not hold the screen up.
    pub discover: Box<dyn FnOnce() -> Discovered + Send>,
    /// The grids to count on.
    pub recipe: Recipe,
    /// What to work out for each layer.
    pub plan: Plan,
    /// Which layers share one range.
    pub ties: Ties,
    /// Whether each layer's first choice is measured on its values too, which takes one more reading.
    pub measure: bool,
    /// How many threads read; at least 1.
    pub threads: usize,
}

/// What the loader has to tell.
pub enum Event {
    /// The layers, in natural order, and the files that are no layer. Comes once, before all others.
    Found {
        /// Each layer, waiting to be read.
        layers: Vec<Layer>,
        /// What could not even be listed.
        errors: Vec<InputError>,
    },
    /// A model was opened: what is run on what, and what was taken for granted, a sentence without its full stop each.
    Opened {
        /// What is run on what, in a few words.
        title: String,
        /// What was taken for granted.
        assumptions: Vec<String>,
    },
    /// The model runs: how often it has, how often it will have, and how long the rest will take. At most ten a second.
    Running {
        /// Runs done.
        done: usize,
        /// All runs.
        of: usize,
        /// Time left, once that can be known.
        left: Option<Duration>,
    },
    /// A sample that could not be used; the others are.
    Unusable(InputError),
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
        result: LayerResult,
    },
    /// The finer grid that [`Loader::request_fine`] asked for.
    Fine {
        /// Index into `Found::layers`.
        layer: usize,
        /// The same values on more bins; an error when the file is gone or changed.
        result: Result<Magnitude, InputError>,
    },
    /// What the clip of [`Loader::request_measure`] costs on the layer's values.
    Measured {
        /// Index into `Found::layers`.
        layer: usize,
        /// The costs; an error when the file is gone.
        result: Result<Measured, InputError>,
    },
    /// The channels of a layer, each analysed.
    Channels {
        /// Index into `Found::layers`.
        layer: usize,
        /// Whether [`Loader::request_channels`] asked for them; else the plan did, and they come behind their layer.
        requested: bool,
        /// The channels; an error when there is no such axis, or the file is gone or changed.
        result: Result<Channels, InputError>,
    },
    /// Layers that share one range, or why they cannot.
    Tied {
        /// Indices into `Found::layers`; none where nothing fits what was asked for.
        layers: Vec<usize>,
        /// Whether [`Loader::request_tie`] asked for it; else it comes behind all layers.
        requested: bool,
        /// Their values together; an error when a file is gone, or can be read only once.
        result: Result<Box<Joint>, InputError>,
    },
    /// What came of a trial of the network.
    Trial(News),
    /// Every layer was told.
    Done,
}

/// A layer with its origin, or what is wrong with which file.
pub type LayerResult = Result<Box<(Origin, Ready)>, InputError>;

/// Reads layers in the background until it is dropped. Dropping does not wait for a file that hangs.
pub struct Loader {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    cancelled: AtomicBool,
    measure: bool,
    recipe: Recipe,
    threads: usize,
    plan: Plan,
    ties: Ties,
    tell: Box<dyn Fn(Event) + Send + Sync>,
}

#[derive(Default)]
struct Queue {
    sources: Arc<Vec<Source>>,
    waiting: VecDeque<usize>,
    preferred: Option<usize>,
    fine: Option<(usize, usize)>,
    measure: Option<(usize, Clip, Format)>,
    channels: Option<(usize, Start)>,
    tie: Option<(Vec<usize>, Start)>,
    unfinished: usize,
}

enum Work {
    Layer(usize),
    Fine { layer: usize, bins: usize },
    Measure { layer: usize, clip: Clip, format: Format },
    Channels { layer: usize, start: Start },
    Tie { of: Vec<usize>, start: Start },
}

impl Loader {
    /// Starts to discover and read. `tell` is called from the loader's threads.
    pub fn start(order: Order, tell: impl Fn(Event) + Send + Sync + 'static) -> Loader {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            cancelled: AtomicBool::new(false),
            measure: order.measure,
            recipe: order.recipe,
            threads: order.threads.max(1),
            plan: order.plan,
            ties: order.ties,
            tell: Box::new(tell),
        });
        let discoverer = shared.clone();
        std::thread::spawn(move || discoverer.discover(order.discover));
        for _ in 0..shared.threads {
            let worker = shared.clone();
            std::thread::spawn(move || worker.work());
        }
        Loader { shared }
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

    /// Measures a clip on a layer's values; [`Event::Measured`] brings the costs. A newer request replaces a waiting
    /// one.
    pub fn request_measure(&self, layer: usize, clip: Clip, format: Format) {
        self.shared.queue.lock().expect("no thread panics with the queue in hand").measure =
            Some((layer, clip, format));
        self.shared.changed.notify_one();
    }

    /// Reads a layer's channels along `start.axis` and chooses for each as `start` says; [`Event::Channels`] brings
    /// them. A newer request replaces a waiting one.
    pub fn request_channels(&self, layer: usize, start: Start) {
        self.shared.queue.lock().expect("no thread panics with the queue in hand").channels = Some((layer, start));
        self.shared.changed.notify_one();
    }

    /// Reads some layers as one and chooses for all their values as `start` says; [`Event::Tied`] brings the joint. A
    /// newer request replaces a waiting one.
    pub fn request_tie(&self, of: Vec<usize>, start: Start) {
        self.shared.queue.lock().expect("no thread panics with the queue in hand").tie = Some((of, start));
        self.shared.changed.notify_one();
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
        // A thread that has just seen the flag down must be waiting before it is woken.
        drop(self.shared.queue.lock());
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn discover(&self, discover: Box<dyn FnOnce() -> Discovered + Send>) {
        let Discovered { sources, errors } = discover();
        let layers: Vec<_> = sources.iter().map(waiting).collect();
        let count = layers.len();
        (self.tell)(Event::Found { layers, errors });
        let mut queue = self.queue.lock().expect("no thread panics with the queue in hand");
        queue.sources = Arc::new(sources);
        queue.waiting = (0..count).collect();
        queue.unfinished = count;
        let sources = queue.sources.clone();
        drop(queue);
        if count == 0 {
            self.tell_ties(&sources);
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
                    let read = result.is_ok();
                    (self.tell)(Event::Layer { layer, result });
                    let start = self.plan.start(&waiting(&sources[layer]).subject());
                    if read && start.axis.is_some() && !self.tell_channels(layer, &sources[layer], start, false) {
                        return;
                    }
                    let mut queue = self.queue.lock().expect("no thread panics with the queue in hand");
                    queue.unfinished -= 1;
                    let done = queue.unfinished == 0;
                    drop(queue);
                    if done {
                        if !self.tell_ties(&sources) {
                            return;
                        }
                        (self.tell)(Event::Done);
                        self.changed.notify_all();
                    }
                }
                Work::Fine { layer, bins } => {
                    let read = catch_unwind(AssertUnwindSafe(|| self.read_fine(&sources[layer], bins)));
                    let result = match read {
                        Ok(Some(result)) => result,
                        Ok(None) => return,
                        Err(_) => Err(broken(&sources[layer])),
                    };
                    (self.tell)(Event::Fine { layer, result });
                }
                Work::Measure { layer, clip, format } => {
                    let source = &sources[layer];
                    let cancelled = || self.cancelled.load(Ordering::Relaxed);
                    let measure = || measure_layer(source, clip, format, &cancelled).transpose();
                    let result = match catch_unwind(AssertUnwindSafe(measure)) {
                        Ok(Some(result)) => result,
                        Ok(None) => return,
                        Err(_) => Err(broken(source)),
                    };
                    (self.tell)(Event::Measured { layer, result });
                }
                Work::Tie { of, start } => {
                    if !self.tell_tie(&sources, Group { of, concats: Vec::new() }, start, true) {
                        return;
                    }
                }
                Work::Channels { layer, start } => {
                    if !self.tell_channels(layer, &sources[layer], start, true) {
                        return;
                    }
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
            } else if let Some((layer, clip, format)) = queue.measure.take() {
                Some(Work::Measure { layer, clip, format })
            } else if let Some((layer, start)) = queue.channels.take() {
                Some(Work::Channels { layer, start })
            } else if let Some((of, start)) = queue.tie.take() {
                Some(Work::Tie { of, start })
            } else {
                // A wish that comes before the layers are known is kept for later.
                let wanted = if queue.waiting.is_empty() { None } else { queue.preferred.take() };
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

    /// Tells how far a layer is, not too often.
    fn progress(&self, layer: usize) -> impl Fn(f64) {
        let told = std::cell::Cell::new(Instant::now());
        move |share| {
            if told.get().elapsed() >= Duration::from_millis(100) {
                told.set(Instant::now());
                (self.tell)(Event::Progress { layer, share });
            }
        }
    }

    /// Reads the channels of a layer and tells them. Returns false when it was cancelled.
    fn tell_channels(&self, layer: usize, source: &Source, start: Start, requested: bool) -> bool {
        let cancelled = || self.cancelled.load(Ordering::Relaxed);
        let read = || -> Result<Option<Channels>, InputError> {
            let Some(axis) = start.axis else { return Ok(None) };
            let progress = self.progress(layer);
            // Reading is the smaller part of it.
            let read = read_channels(source, &self.recipe, axis, &|share| progress(share * 0.2), &cancelled)?;
            let progress = |share| progress(0.2 + share * 0.8);
            Ok(read.and_then(|read| analyse_channels(read, &self.plan, &start, self.share(), &progress, &cancelled)))
        };
        let result = match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(None)) => return false,
            Ok(Ok(Some(channels))) => Ok(channels),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(broken(source)),
        };
        (self.tell)(Event::Channels { layer, requested, result });
        true
    }

    /// What was asked for beforehand, once every layer was read. Returns false when it was cancelled.
    fn tell_ties(&self, sources: &[Source]) -> bool {
        let layers: Vec<Layer> = sources.iter().map(waiting).collect();
        let (groups, errors) = self.ties.groups(&layers, &self.plan, &[]);
        for message in errors {
            let result = Err(InputError { file: String::new(), message });
            (self.tell)(Event::Tied { layers: Vec::new(), requested: false, result });
        }
        groups.into_iter().all(|group| {
            let start = self.plan.start(&layers[group.of[0]].subject());
            self.tell_tie(sources, group, start, false)
        })
    }

    /// Reads some layers as one and tells them. Returns false when it was cancelled.
    fn tell_tie(&self, sources: &[Source], group: Group, start: Start, requested: bool) -> bool {
        let cancelled = || self.cancelled.load(Ordering::Relaxed);
        let layers = group.of.clone();
        let progress = self.progress(layers[0]);
        let read = || -> Result<Option<Joint>, InputError> {
            let all = together(sources, &group.of);
            readable_again(&all)?;
            let Some((_, histogram)) = read_layer(&all, &self.recipe, self.threads, &progress, &cancelled)? else {
                return Ok(None);
            };
            let ready = Ready::begin(Arc::new(histogram), &self.plan, &start);
            let mut measured = Vec::new();
            for &layer in group.of.iter().filter(|_| self.measure) {
                match measure_layer(&sources[layer], ready.choice().clip, ready.format(), &cancelled)? {
                    Some(of_layer) => measured.push(of_layer),
                    None => return Ok(None),
                }
            }
            Ok(Some(Joint { why: group.why(), of: group.of, ready, measured }))
        };
        let result = match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(None)) => return false,
            Ok(Ok(Some(joint))) => Ok(Box::new(joint)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(broken(&sources[layers[0]])),
        };
        (self.tell)(Event::Tied { layers, requested, result });
        true
    }

    /// `None` when it was cancelled.
    fn read(&self, layer: usize, source: &Source) -> Option<LayerResult> {
        let progress = self.progress(layer);
        let cancelled = || self.cancelled.load(Ordering::Relaxed);
        match read_layer(source, &self.recipe, self.share(), &progress, &cancelled) {
            Ok(Some((origin, histogram))) => {
                let mut ready = Ready::analyse(Arc::new(histogram), &self.plan, &waiting(source).subject());
                // Channels have clips of their own.
                let per_channel = self.plan.start(&waiting(source).subject()).axis.is_some();
                if self.measure && !per_channel {
                    let (clip, format) = (ready.choice().clip, ready.format());
                    match measure_layer(source, clip, format, &cancelled).transpose()? {
                        Ok(measured) => ready.set_measured(measured),
                        Err(error) => return Some(Err(error)),
                    }
                }
                Some(Ok(Box::new((origin, ready))))
            }
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl Shared {
    /// The magnitudes of a layer on finer bins; `None` when it was cancelled.
    fn read_fine(&self, source: &Source, bins: usize) -> Option<Result<Magnitude, InputError>> {
        if let Err(error) = readable_again(source) {
            return Some(Err(error));
        }
        let recipe = Recipe { bins, grids: Vec::new() };
        let cancelled = || self.cancelled.load(Ordering::Relaxed);
        let read = read_layer(source, &recipe, self.share(), &|_| {}, &cancelled).transpose()?;
        Some(read.map(|(_, histogram)| histogram.magnitude))
    }
}

/// Some layers' batches, one behind the other.
fn together(sources: &[Source], of: &[usize]) -> Source {
    let names: Vec<&str> = of.iter().map(|&layer| sources[layer].name.as_str()).collect();
    Source { name: names.join(" + "), parts: of.iter().flat_map(|&layer| sources[layer].parts.clone()).collect() }
}

/// The layer that a source will be.
fn waiting(source: &Source) -> Layer {
    Layer::waiting(Key::activation(source.name.as_str()), source.parts.iter().map(|p| p.file()).collect())
}

fn broken(source: &Source) -> InputError {
    let file = source.parts.first().map(|p| p.file()).unwrap_or_default();
    InputError { message: format!("qviz failed on {file}: a defect of qviz, please report it with this file."), file }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::calibrate::{Calibration, Calibrator, Max, NoThreshold, Tensor};
    use crate::input::Part;
    use crate::session::Rules;

    /// 1, 2, 3 as an .npy file.
    const NPY: &[u8] = b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }            \n\x00\x00\x80?\x00\x00\x00@\x00\x00@@";

    fn sources(n: usize) -> Discovered {
        let source = |i| Source { name: format!("layer{i}"), parts: vec![Part::memory("layer", NPY)] };
        Discovered { sources: (0..n).map(source).collect(), errors: Vec::new() }
    }

    fn start(n: usize, method: impl Calibrator + 'static, threads: usize) -> (Loader, Receiver<Event>) {
        let method: Arc<dyn Calibrator> = Arc::new(method);
        let plan = Plan { methods: vec![method].into(), default_method: 0, format: Format::INT8, rules: Rules::new() };
        let recipe = Recipe { bins: 128, grids: Vec::new() };
        let (sender, events) = channel();
        let ties = Ties::default();
        let order = Order { discover: Box::new(move || sources(n)), recipe, plan, ties, measure: false, threads };
        (Loader::start(order, move |event| drop(sender.send(event))), events)
    }

    #[test]
    fn names_come_first_then_every_layer_then_the_end() {
        let (_loader, events) = start(20, Max, 3);
        let mut told = Vec::new();
        for event in events {
            match event {
                Event::Found { layers, .. } => assert!(told.is_empty() && layers.len() == 20),
                Event::Layer { layer, result } => {
                    assert_eq!(result.unwrap().1.stats().count, 3);
                    told.push(layer);
                }
                Event::Done => break,
                _ => {}
            }
        }
        told.sort_unstable();
        assert_eq!(told, (0..20).collect::<Vec<_>>());
        let (_loader, events) = start(0, Max, 1);
        assert!(events.iter().any(|e| matches!(e, Event::Done)), "nothing to read is an end too");
    }

    /// Waits at its first tensor until it is let go.
    struct Gate(Mutex<Receiver<()>>);

    impl Calibrator for Gate {
        fn id(&self) -> &str {
            "gate"
        }
        fn label(&self) -> &str {
            "gate"
        }
        fn summary(&self) -> &str {
            "Waits."
        }
        fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
            let _ = self.0.lock().unwrap().recv();
            Max.calibrate(tensor)
        }
    }

    #[test]
    fn the_layer_looked_at_is_read_next_and_finer_bins_before_it() {
        let (open, gate) = channel();
        let (loader, events) = start(9, Gate(Mutex::new(gate)), 1);
        assert!(matches!(events.recv().unwrap(), Event::Found { .. }));
        // The first layer is in the gate, or will be: what is wished for now comes second at the earliest.
        open.send(()).unwrap();
        let first = events.iter().find_map(|e| if let Event::Layer { layer, .. } = e { Some(layer) } else { None });
        loader.prefer(7);
        loader.request_fine(3, 256);
        drop(open);
        let mut order = vec![format!("{}", first.unwrap())];
        for event in &events {
            match event {
                Event::Layer { layer, .. } => order.push(layer.to_string()),
                Event::Fine { layer, result } => order.push(format!("fine {layer} {}", result.unwrap().bins())),
                Event::Done => break,
                _ => {}
            }
        }
        let at = |what: &str| order.iter().position(|o| o == what).unwrap();
        // One layer may have been under way when the wishes came.
        assert!(at("7") <= 3 && at("fine 3 256") <= 2 && at("fine 3 256") < at("7"), "{order:?}");
    }

    struct Panics;

    impl Calibrator for Panics {
        fn id(&self) -> &str {
            "panics"
        }
        fn label(&self) -> &str {
            "panics"
        }
        fn summary(&self) -> &str {
            "Panics."
        }
        fn calibrate(&self, _: &Tensor) -> Result<Calibration, NoThreshold> {
            panic!("a defect of the method's");
        }
    }

    #[test]
    fn a_panic_is_an_error_of_its_layer() {
        let (_loader, events) = start(4, Panics, 2);
        let mut failed = 0;
        for event in events {
            match event {
                Event::Layer { result, .. } => {
                    assert!(result.err().unwrap().to_string().contains("please report"));
                    failed += 1;
                }
                Event::Done => break,
                _ => {}
            }
        }
        assert_eq!(failed, 4);
    }
}
