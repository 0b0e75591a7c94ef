//! Reading files.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::guard::guarded;
use crate::input::{Discovered, Source};
use crate::jobs::answer::{Context, Tensors, answer};
use crate::jobs::channels::{self, analyse_channels};
use crate::jobs::desk::{Desk, Piece};
use crate::jobs::feed::{Feed, Tell};
use crate::jobs::files::{FileValues, read_layer, waiting};
use crate::jobs::joint::joint;
use crate::jobs::measure::{Wanted, measure};
use crate::jobs::recipe::Recipe;
use crate::jobs::request::Request;
use crate::jobs::ties::{Group, Ties};
use crate::jobs::told::{Told, defect};
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
        std::thread::spawn(move || discoverer.discover(order.discover));
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
                request.refused(Failure { file: String::new(), message }).into_iter().for_each(&shared.tell);
            }
            request => drop(shared.desk.ask(Work::Asked(request))),
        }
    }

    fn has_network(&self) -> bool {
        false
    }

    /// The layers that are being read are read to their end, the others not at all.
    fn stop(&self) {
        self.shared.stop();
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
        let layers = || sources.iter().map(waiting).collect::<Vec<_>>();
        (self.tell)(Told::Arrived(Arrival::Found { layers: layers(), failures }));
        let (count, tensors) = (sources.len(), Tensors::new(layers()));
        self.unfinished.store(count, Ordering::Relaxed);
        let found = Found { sources, tensors, done: Mutex::new(vec![false; count]) };
        let preferred = {
            let mut preferred = self.preferred.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = self.found.set(found);
            preferred.take()
        };
        self.desk.line_up((0..count).map(Work::Layer));
        let Some(found) = self.found.get() else { return };
        if let Some(key) = preferred {
            self.prefer(found, &key);
        }
        if count == 0 {
            self.end(found);
        } else if self.desk.stopped() {
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
                    request.refused(Failure { file: String::new(), message }).into_iter().for_each(&self.tell);
                }
                continue;
            };
            match work {
                Work::Layer(place) => {
                    self.layer(found, place);
                    self.finished(found, 1);
                }
                Work::Asked(request) => self.asked(found, request),
            }
        }
    }

    /// Answers a request. A panic is an answer too.
    fn asked(&self, found: &Found, request: Request) {
        let key = match &request {
            Request::Channels { key, .. } => Some(key.clone()),
            _ => None,
        };
        let progress = now_and_then(|share| {
            if let Some(key) = &key {
                (self.tell)(Told::Progress { key: key.clone(), share });
            }
        });
        let cancelled = || self.desk.cancelled();
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
            Ok(told) => told.into_iter().for_each(&self.tell),
            Err(why) => request.refused(why).into_iter().for_each(&self.tell),
        }
    }

    /// Reads a layer and tells it, with the channels that were asked for beforehand.
    fn layer(&self, found: &Found, place: usize) {
        let (source, key) = (&found.sources[place], found.tensors.key(place));
        let file = || found.tensors.layers[place].origin.files.first().cloned().unwrap_or_default();
        let start = self.plan.start(&found.tensors.layers[place].subject());
        let progress = now_and_then(|share| (self.tell)(Told::Progress { key: key.clone(), share }));
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
        // Channels have clips of their own.
        if self.measure && self.plan.start(&subject).axis.is_none() {
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
        self.ties(found);
        (self.tell)(Told::Done);
    }

    /// The ties that were asked for beforehand, of layers that were read.
    fn ties(&self, found: &Found) {
        let (groups, errors) = self.ties.groups(&found.tensors.layers, &self.plan, &[]);
        for message in errors {
            let result = Err(Failure { file: String::new(), message });
            (self.tell)(Told::Arrived(Arrival::Tied { of: Vec::new(), requested: false, result }));
        }
        for group in groups {
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
        let progress = now_and_then(|share| (self.tell)(Told::Progress { key: key.clone(), share }));
        let cancelled = || self.desk.cancelled();
        let watch = Watch { progress: &progress, cancelled: &cancelled };
        let values = FileValues { sources: &found.sources, threads: self.threads };
        let start = self.plan.start(&found.tensors.layers[group.of[0]].subject());
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
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::calibrate::{Calibration, Calibrator, Max, NoThreshold, Tensor};
    use crate::input::Part;
    use crate::jobs::trial::{News, Trial};
    use crate::quant::Format;
    use crate::session::Rules;
    use crate::session::Start;

    /// 1, 2, 3 as an .npy file.
    const NPY: &[u8] = b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }            \n\x00\x00\x80?\x00\x00\x00@\x00\x00@@";

    fn sources(n: usize) -> Discovered {
        let source = |i| Source { name: format!("layer{i}"), parts: vec![Part::memory("layer", NPY)] };
        Discovered { sources: (0..n).map(source).collect(), errors: Vec::new() }
    }

    fn key(name: &str) -> Key {
        Key::activation(name)
    }

    fn start(n: usize, method: impl Calibrator + 'static, threads: usize) -> (Loader, Receiver<Told>) {
        let method: Arc<dyn Calibrator> = Arc::new(method);
        let plan = Plan { methods: vec![method].into(), default_method: 0, format: Format::INT8, rules: Rules::new() };
        let recipe = Recipe { bins: 128, grids: Vec::new() };
        let (sender, events) = channel();
        let ties = Ties::default();
        let order = Order { discover: Box::new(move || sources(n)), recipe, plan, ties, measure: false, threads };
        (Loader::start(order, move |told| drop(sender.send(told))), events)
    }

    #[test]
    fn names_come_first_then_every_layer_then_the_end() {
        let (_loader, events) = start(20, Max, 3);
        let mut told = Vec::new();
        for event in events {
            match event {
                Told::Arrived(Arrival::Found { layers, .. }) => assert!(told.is_empty() && layers.len() == 20),
                Told::Arrived(Arrival::Layer { key, result }) => {
                    assert_eq!(result.unwrap().1.stats().count, 3);
                    told.push(key.name().to_owned());
                }
                Told::Done => break,
                _ => {}
            }
        }
        told.sort_unstable();
        let mut names: Vec<String> = (0..20).map(|i| format!("layer{i}")).collect();
        names.sort_unstable();
        assert_eq!(told, names);
        let (_loader, events) = start(0, Max, 1);
        assert!(events.iter().any(|e| matches!(e, Told::Done)), "nothing to read is an end too");
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
        assert!(matches!(events.recv().unwrap(), Told::Arrived(Arrival::Found { .. })));
        // The first layer is in the gate, or will be: what is wished for now comes second at the earliest.
        open.send(()).unwrap();
        let layer = |told| match told {
            Told::Arrived(Arrival::Layer { key, .. }) => Some(key.name().to_owned()),
            _ => None,
        };
        let first = events.iter().find_map(layer);
        loader.request(Request::Prefer(key("layer7")));
        loader.request(Request::Fine { key: key("layer3"), bins: 256 });
        drop(open);
        let mut order = vec![first.unwrap()];
        for event in &events {
            match event {
                Told::Arrived(Arrival::Layer { key, .. }) => order.push(key.name().to_owned()),
                Told::Fine { key, result } => order.push(format!("fine {key} {}", result.unwrap().bins())),
                Told::Done => break,
                _ => {}
            }
        }
        let at = |what: &str| order.iter().position(|o| o == what).unwrap();
        // One layer may have been under way when the wishes came.
        assert!(at("layer7") <= 3 && at("fine layer3 256") <= 2 && at("fine layer3 256") < at("layer7"), "{order:?}");
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
                Told::Arrived(Arrival::Layer { result, .. }) => {
                    assert!(result.err().unwrap().to_string().contains("please report"));
                    failed += 1;
                }
                Told::Done => break,
                _ => {}
            }
        }
        assert_eq!(failed, 4);
    }

    fn order(discover: impl FnOnce() -> Discovered + Send + 'static) -> Order {
        let methods: Vec<Arc<dyn Calibrator>> = vec![Arc::new(Max)];
        let plan = Plan { methods: methods.into(), default_method: 0, format: Format::INT8, rules: Rules::new() };
        let (recipe, ties) = (Recipe::magnitudes(128), Ties::default());
        Order { discover: Box::new(discover), recipe, plan, ties, measure: false, threads: 2 }
    }

    /// What comes until the end; that there is one is what a defect must not change.
    fn all(events: &Receiver<Told>) -> Vec<Told> {
        let next = || events.recv_timeout(std::time::Duration::from_secs(20)).expect("it goes on");
        let mut told = Vec::new();
        while !matches!(told.last(), Some(Told::Done)) {
            told.push(next());
        }
        told
    }

    #[test]
    fn a_panic_while_files_are_listed_is_a_failure_and_an_end() {
        let (sender, events) = channel();
        let order = order(|| panic!("a defect"));
        let _loader = Loader::start(order, move |told| drop(sender.send(told)));
        let told = all(&events);
        let Told::Arrived(Arrival::Found { layers, failures }) = &told[0] else { panic!("nothing was found") };
        assert!(layers.is_empty() && failures[0].message.contains("please report"), "{failures:?}");
    }

    #[test]
    fn a_panic_is_the_answer_to_its_request_and_the_next_one_is_answered() {
        let (sender, events) = channel();
        let loader = Loader::start(order(|| sources(2)), move |told| drop(sender.send(told)));
        all(&events);
        // There is no such method, which nobody but a defect of the program's would ask for.
        let start = Start { method: 99, format: Format::INT8, quantized: true, axis: Some(0) };
        loader.request(Request::Channels { key: key("layer0"), start });
        let told = events.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        let Told::Arrived(Arrival::Channels { result: Err(why), requested: true, .. }) = told else { panic!() };
        assert!(why.message.contains("please report"), "{why}");
        loader.request(Request::Fine { key: key("layer1"), bins: 256 });
        let told = events.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        assert!(matches!(told, Told::Fine { result: Ok(_), .. }));
        // What is not there, and what files cannot do, is said too.
        loader.request(Request::Fine { key: key("gone"), bins: 256 });
        let told = events.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        assert!(matches!(told, Told::Fine { result: Err(_), .. }));
        loader.request(Request::Trial(Trial::Whole(Default::default())));
        assert!(matches!(events.recv().unwrap(), Told::Trial(News::Whole { result: Err(_), .. })));
    }

    #[test]
    fn a_stop_leaves_what_was_not_begun() {
        let (open, gate) = channel();
        let (loader, events) = start(9, Gate(Mutex::new(gate)), 1);
        assert!(matches!(events.recv().unwrap(), Told::Arrived(Arrival::Found { .. })));
        open.send(()).unwrap();
        let layer = |told: &Told| matches!(told, Told::Arrived(Arrival::Layer { .. }));
        assert!(events.iter().any(|told| layer(&told)));
        loader.stop();
        drop(open);
        let told = all(&events);
        let Some(Told::Stopped { seen, of: 9 }) = told.iter().find(|t| matches!(t, Told::Stopped { .. })) else {
            panic!("it is not said")
        };
        assert!((1..=3).contains(seen), "{seen}");
        assert_eq!(told.iter().filter(|told| layer(told)).count(), seen - 1, "what was begun is told");
    }
}
