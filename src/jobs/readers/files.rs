//! Reading files.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::ErrorKind;
use crate::guard::{asked_panic, guarded};
use crate::input::{Discovered, Source};
use crate::jobs::answer::{Context, Tensors, answer};
use crate::jobs::channels::{self, analyse_channels};
use crate::jobs::desk::{Desk, Piece};
use crate::jobs::feed::{Feed, Stop, Tell};
use crate::jobs::files::{FileValues, read_layer, waiting};
use crate::jobs::joint::joint;
use crate::jobs::measure::{Wanted, measure};
use crate::jobs::recipe::Recipe;
use crate::jobs::request::Request;
use crate::jobs::ties::{Group, Ties};
use crate::jobs::told::{Told, defect};
use crate::jobs::trial::was_stopped;
use crate::jobs::values::{Watch, now_and_then};
use crate::session::{Arrival, Failure, Joint, Key, Origin, Plan, Ready};

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

/// Reads layers in the background until it is dropped. Dropping does not wait for a file that hangs.
pub struct Loader {
    shared: Arc<Shared>,
}

struct Shared {
    desk: Desk<Work>,
    /// Asked for before the layers are known.
    preferred: Mutex<Option<Key>>,
    measure: bool,
    recipe: Recipe,
    threads: usize,
    plan: Plan,
    ties: Ties,
    found: OnceLock<Found>,
    /// Layers that were not told yet.
    unfinished: AtomicUsize,
    tell: Tell,
}

/// The sources, and the layers that they will be.
struct Found {
    sources: Vec<Source>,
    tensors: Tensors,
    /// Which were read, or cannot be.
    done: Mutex<Vec<bool>>,
}

enum Work {
    Asked(Request),
    Layer(usize),
}

/// Layers that are read in their turn.
const LAYER: u8 = 4;

impl Piece for Work {
    /// What is on the screen comes before the layers.
    fn kind(&self) -> u8 {
        match self {
            Work::Asked(Request::Fine { .. }) => 0,
            Work::Asked(Request::Measure { .. }) => 1,
            Work::Asked(Request::Channels { .. }) => 2,
            Work::Asked(_) => 3,
            Work::Layer(_) => LAYER,
        }
    }
}

impl Loader {
    /// Starts to discover and read. `tell` is called from the loader's threads.
    pub fn start(order: Order, tell: impl Fn(Told) + Send + Sync + 'static) -> Loader {
        let shared = Arc::new(Shared {
            desk: Desk::new(),
            preferred: Mutex::default(),
            measure: order.measure,
            recipe: order.recipe,
            threads: order.threads.max(1),
            plan: order.plan,
            ties: order.ties,
            found: OnceLock::new(),
            unfinished: AtomicUsize::new(0),
            tell: Box::new(tell),
        });
        let discoverer = shared.clone();
        std::thread::spawn(move || {
            if guarded(|| discoverer.discover(order.discover)).is_err() {
                (discoverer.tell)(Told::Arrived(Arrival::Failed(defect(""))));
                (discoverer.tell)(Told::Done);
            }
        });
        for _ in 0..shared.threads {
            let worker = shared.clone();
            std::thread::spawn(move || worker.work());
        }
        Loader { shared }
    }
}

impl Feed for Loader {
    fn request(&self, request: Request) {
        let shared = &self.shared;
        match request {
            Request::Prefer(key) => {
                // Under the lock, so that the layers that are being found see it or are seen.
                let mut preferred = shared.preferred.lock().unwrap_or_else(PoisonError::into_inner);
                match shared.found.get() {
                    None => *preferred = Some(key),
                    Some(found) => shared.prefer(found, &key),
                }
            }
            Request::Trial(_) => {
                let message = "Only a network is put on trial; give qviz a model.".to_owned();
                let why = Failure { kind: ErrorKind::Unfit, file: String::new(), message };
                request.refused(why).into_iter().for_each(&shared.tell);
            }
            request => drop(shared.desk.ask(Work::Asked(request))),
        }
    }

    fn has_network(&self) -> bool {
        false
    }

    /// The layers that are being read are read to their end, the others not at all.
    fn stop(&self, what: Stop) {
        if matches!(what, Stop::All | Stop::Reading) {
            self.shared.stop();
        }
        if matches!(what, Stop::All | Stop::Values) {
            for work in (0..LAYER).flat_map(|kind| self.shared.desk.stop(kind)) {
                if let Work::Asked(request) = work {
                    request.refused(was_stopped()).into_iter().for_each(&self.shared.tell);
                }
            }
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.shared.desk.cancel();
    }
}

impl Shared {
    fn discover(&self, discover: Box<dyn FnOnce() -> Discovered + Send>) {
        let (sources, failures) = match guarded(discover) {
            Ok(Discovered { sources, errors }) => (sources, errors.into_iter().map(Failure::from).collect()),
            Err(_) => (Vec::new(), vec![defect("")]),
        };
        let layers = || self.plan.laid_over(sources.iter().map(waiting).collect());
        (self.tell)(Told::Arrived(Arrival::Found { layers: layers(), failures }));
        let (count, tensors) = (sources.len(), Tensors::new(layers()));
        self.unfinished.store(count, Ordering::Relaxed);
        let found = Found { sources, tensors, done: Mutex::new(vec![false; count]) };
        let preferred = {
            let mut preferred = self.preferred.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = self.found.set(found);
            preferred.take()
        };
        let stopped = self.desk.stopped(LAYER);
        self.desk.line_up((0..count).map(Work::Layer));
        let Some(found) = self.found.get() else { return };
        if let Some(key) = preferred {
            self.prefer(found, &key);
        }
        if count == 0 {
            self.end(found);
        } else if stopped {
            self.stop();
        }
    }

    fn stop(&self) {
        let left = self.desk.stop(LAYER).iter().filter(|work| matches!(work, Work::Layer(_))).count();
        if let Some(found) = self.found.get().filter(|_| left > 0) {
            let of = found.sources.len();
            (self.tell)(Told::Stopped { seen: of - left, of });
            self.finished(found, left);
        }
    }

    fn prefer(&self, found: &Found, key: &Key) {
        if let Ok(place) = found.tensors.place(key) {
            self.desk.prefer(|work| matches!(work, Work::Layer(layer) if *layer == place));
        }
    }

    fn work(&self) {
        while let Some(work) = self.desk.next() {
            let Some(found) = self.found.get() else {
                if let Work::Asked(request) = work {
                    let message = "Nothing was found yet; ask again when there are layers.".to_owned();
                    let why = Failure { kind: ErrorKind::Incomplete, file: String::new(), message };
                    request.refused(why).into_iter().for_each(&self.tell);
                }
                continue;
            };
            match work {
                Work::Layer(place) => {
                    // Counted as done whatever becomes of it, or the end would never come.
                    if guarded(|| self.layer(found, place)).is_err() {
                        let file = found.tensors.layers[place].origin.files.first().cloned().unwrap_or_default();
                        let (key, result) = (found.tensors.key(place), Err(defect(&file)));
                        (self.tell)(Told::Arrived(Arrival::Layer { key, result }));
                    }
                    self.finished(found, 1);
                }
                Work::Asked(request) => self.asked(found, request),
            }
        }
    }

    /// Answers a request. A panic is an answer too.
    fn asked(&self, found: &Found, request: Request) {
        let about = request.about().cloned();
        let progress = now_and_then(|share, left| {
            if let Some(key) = &about {
                (self.tell)(Told::Progress { key: key.clone(), share, left });
            }
        });
        let kind = Work::Asked(request.clone()).kind();
        let cancelled = || self.desk.cancelled() || self.desk.stopped(kind);
        let values = FileValues { sources: &found.sources, threads: self.share() };
        let context = Context {
            values: &values,
            tensors: &found.tensors,
            recipe: &self.recipe,
            plan: &self.plan,
            threads: self.share(),
        };
        let file = found.tensors.file_of(&request);
        let watch = Watch { progress: &progress, cancelled: &cancelled };
        let answered = guarded(|| answer(&request, &context, &watch)).unwrap_or_else(|_| Err(defect(&file)));
        match answered {
            Ok(None) if self.desk.stopped(kind) => request.refused(was_stopped()).into_iter().for_each(&self.tell),
            Ok(told) => told.into_iter().for_each(&self.tell),
            Err(why) => request.refused(why).into_iter().for_each(&self.tell),
        }
    }

    /// Reads a layer and tells it, with the channels that were asked for beforehand.
    fn layer(&self, found: &Found, place: usize) {
        let (source, key) = (&found.sources[place], found.tensors.key(place));
        let file = || found.tensors.layers[place].origin.files.first().cloned().unwrap_or_default();
        asked_panic("layer");
        let start = self.plan.start(&found.tensors.layers[place].subject());
        let progress = now_and_then(|share, left| (self.tell)(Told::Progress { key: key.clone(), share, left }));
        let cancelled = || self.desk.cancelled();
        let watch = Watch { progress: &progress, cancelled: &cancelled };

        let read = guarded(|| self.read(found, source, place, &watch)).unwrap_or_else(|_| Err(defect(&file())));
        let Some(result) = read.transpose() else { return };
        let is_read = result.is_ok();
        (self.tell)(Told::Arrived(Arrival::Layer { key: key.clone(), result }));
        found.done.lock().unwrap_or_else(PoisonError::into_inner)[place] = true;
        let Some(axis) = start.axis.filter(|_| is_read) else { return };

        let values = FileValues { sources: &found.sources, threads: 1 };
        let read = || -> Result<_, Failure> {
            // Reading is the smaller part of it.
            let counted = watch.part(0.0, 0.2, |watch| channels::count(&values, place, axis, &self.recipe, watch))?;
            let Some(counted) = counted else { return Ok(None) };
            let analyse =
                |w: &Watch| analyse_channels(counted, &self.plan, &start, self.share(), w.progress, w.cancelled);
            Ok(watch.part(0.2, 1.0, analyse))
        };
        let channels = guarded(read).unwrap_or_else(|_| Err(defect(&file())));
        if let Some(result) = channels.transpose() {
            (self.tell)(Told::Arrived(Arrival::Channels { key: key.clone(), requested: false, result }));
        }
    }

    /// `None` when it was cancelled.
    fn read(
        &self,
        found: &Found,
        source: &Source,
        place: usize,
        watch: &Watch,
    ) -> Result<Option<Box<(Origin, Ready)>>, Failure> {
        let read = read_layer(source, &self.recipe, self.share(), watch.progress, watch.cancelled)?;
        let Some((origin, histogram)) = read else { return Ok(None) };
        let subject = found.tensors.layers[place].subject();
        let mut ready = Ready::analyse(Arc::new(histogram), &self.plan, &subject);
        let has_values = source.parts.iter().all(|part| part.counted().is_none());
        if self.measure && has_values {
            let wanted = Wanted { tensor: place, clip: ready.decision().clip, format: ready.format() };
            let values = FileValues { sources: &found.sources, threads: 1 };
            let unwatched = Watch { progress: &|_| {}, ..*watch };
            match measure(&values, &[wanted], &unwatched)?.and_then(|mut all| all.pop()) {
                Some(measured) => ready.set_measured(measured),
                None => return Ok(None),
            }
        }
        Ok(Some(Box::new((origin, ready))))
    }

    /// So many layers are done with; behind the last one come the ties.
    fn finished(&self, found: &Found, layers: usize) {
        if self.unfinished.fetch_sub(layers, Ordering::AcqRel) == layers && !self.desk.cancelled() {
            self.end(found);
        }
    }

    fn end(&self, found: &Found) {
        if guarded(|| self.ties(found)).is_err() {
            (self.tell)(Told::Arrived(Arrival::Failed(defect(""))));
        }
        (self.tell)(Told::Done);
    }

    /// The ties that were asked for beforehand, of layers that were read.
    fn ties(&self, found: &Found) {
        for group in self.ties.told((&found.tensors.layers, ""), &self.plan, &[], &self.tell) {
            let read = |place: &usize| found.done.lock().unwrap_or_else(PoisonError::into_inner)[*place];
            if !group.of.iter().all(read) {
                continue;
            }
            let of = found.tensors.keys(&group.of);
            let file = found.tensors.layers[group.of[0]].origin.files.first().cloned().unwrap_or_default();
            let tied = guarded(|| self.tied(found, &group)).unwrap_or_else(|_| Err(defect(&file)));
            let Some(result) = tied.transpose() else { return };
            (self.tell)(Told::Arrived(Arrival::Tied { of, requested: false, result: result.map(Box::new) }));
        }
    }

    fn tied(&self, found: &Found, group: &Group) -> Result<Option<Joint>, Failure> {
        let key = found.tensors.key(group.of[0]);
        let progress = now_and_then(|share, left| (self.tell)(Told::Progress { key: key.clone(), share, left }));
        let cancelled = || self.desk.cancelled();
        let watch = Watch { progress: &progress, cancelled: &cancelled };
        let values = FileValues { sources: &found.sources, threads: self.threads };
        let start = self.plan.start_together(found.tensors.subjects(&group.of)).expect("a group has tensors");
        let Some(mut joint) =
            joint(&values, (group, found.tensors.keys(&group.of)), (&self.recipe, &self.plan), &start, &watch)?
        else {
            return Ok(None);
        };
        if self.measure {
            let (clip, format) = (joint.ready.decision().clip, joint.ready.format());
            let wanted: Vec<Wanted> = group.of.iter().map(|&tensor| Wanted { tensor, clip, format }).collect();
            match measure(&values, &wanted, &watch)? {
                Some(measured) => joint.measured = measured,
                None => return Ok(None),
            }
        }
        Ok(Some(joint))
    }

    /// How many threads one layer may have: all that the other layers leave.
    fn share(&self) -> usize {
        (self.threads / self.unfinished.load(Ordering::Relaxed).max(1)).max(1)
    }
}

#[cfg(test)]
mod tests;
