//! Reading statistics.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::ErrorKind;
use crate::guard::{guarded, share};
use crate::jobs::answer::{Context, Tensors, answer};
use crate::jobs::channels::analyse_channels;
use crate::jobs::desk::{Desk, Piece};
use crate::jobs::feed::{Feed, Stop, Tell};
use crate::jobs::joint::joint;
use crate::jobs::recipe::Recipe;
use crate::jobs::request::Request;
use crate::jobs::statistics::{Statistics, StatisticsValues};
use crate::jobs::ties::{Group, Ties};
use crate::jobs::told::{Told, defect};
use crate::jobs::trial::was_stopped;
use crate::jobs::values::{Watch, now_and_then};
use crate::session::{Arrival, Channels, Failure, Joint, Key, Plan, Ready, Start};
use crate::statistics::Table;

/// Reads a table, and says where it comes from.
pub type ReadTable = dyn FnOnce() -> Result<(Table, Vec<String>), Failure> + Send;

/// What is to be read, and what is wanted of it.
pub struct StatisticsOrder {
    /// Reads and merges; runs on a thread of the loader. Beside the table stands where it comes from.
    pub read: Box<ReadTable>,
    /// What to work out for each tensor.
    pub plan: Plan,
    /// Which tensors share one range.
    pub ties: Ties,
    /// How many threads compute; at least 1.
    pub threads: usize,
}

/// Reads statistics in the background and answers what can be answered without values, until it is dropped.
pub struct StatisticsLoader {
    shared: Arc<Shared>,
}

struct Shared {
    desk: Desk<Asked>,
    plan: Plan,
    ties: Ties,
    threads: usize,
    found: OnceLock<Found>,
    stopped: AtomicBool,
    tell: Tell,
}

struct Found {
    statistics: Statistics,
    tensors: Tensors,
    recipe: Recipe,
}

struct Asked(Request);

/// How many kinds there are.
const KINDS: u8 = 4;

impl Piece for Asked {
    fn kind(&self) -> u8 {
        match self.0 {
            Request::Fine { .. } => 0,
            Request::Measure { .. } => 1,
            Request::Channels { .. } => 2,
            _ => 3,
        }
    }
}

impl StatisticsLoader {
    /// Starts to read. `tell` is called from the loader's threads.
    pub fn start(order: StatisticsOrder, tell: impl Fn(Told) + Send + Sync + 'static) -> StatisticsLoader {
        let StatisticsOrder { read, plan, ties, threads } = order;
        let shared = Arc::new(Shared {
            desk: Desk::new(),
            plan,
            ties,
            threads: threads.max(1),
            found: OnceLock::new(),
            stopped: AtomicBool::new(false),
            tell: Box::new(tell),
        });
        let worker = shared.clone();
        std::thread::spawn(move || {
            if guarded(|| worker.begin(read)).is_err() {
                (worker.tell)(Told::Arrived(Arrival::Failed(defect(""))));
                (worker.tell)(Told::Done);
            }
            worker.serve();
        });
        StatisticsLoader { shared }
    }
}

impl Feed for StatisticsLoader {
    fn request(&self, request: Request) {
        match request {
            // They are all there at once.
            Request::Prefer(_) => {}
            Request::Trial(_) => {
                let message = "Only a network is put on trial; give qviz a model.".to_owned();
                let why = Failure { kind: ErrorKind::Unfit, file: String::new(), message };
                request.refused(why).into_iter().for_each(&self.shared.tell);
            }
            request => drop(self.shared.desk.ask(Asked(request))),
        }
    }

    fn stop(&self, what: Stop) {
        if matches!(what, Stop::All | Stop::Reading) {
            self.shared.stopped.store(true, Ordering::Relaxed);
        }
        if matches!(what, Stop::All | Stop::Values) {
            for Asked(request) in (0..KINDS).flat_map(|kind| self.shared.desk.stop(kind)) {
                request.refused(was_stopped()).into_iter().for_each(&self.shared.tell);
            }
        }
    }

    fn has_network(&self) -> bool {
        false
    }
}

impl Drop for StatisticsLoader {
    fn drop(&mut self) {
        self.shared.desk.cancel();
    }
}

impl Shared {
    fn begin(&self, read: Box<ReadTable>) {
        let (statistics, failures) = match guarded(read).unwrap_or_else(|_| Err(defect(""))) {
            Ok((table, files)) => (Some(Statistics::new(table, files)), Vec::new()),
            Err(why) => (None, vec![why]),
        };
        let layers = || self.plan.laid_over(statistics.as_ref().map_or_else(Vec::new, Statistics::layers));
        (self.tell)(Told::Arrived(Arrival::Found { layers: layers(), failures }));
        let tensors = Tensors::new(layers());
        if let Some(statistics) = statistics {
            let recipe = Recipe::magnitudes(statistics.table.bins);
            let found = self.found.get_or_init(|| Found { statistics, tensors, recipe });
            self.tensors(found);
            if !self.stopped.load(Ordering::Relaxed) {
                self.ties(found);
            }
        }
        (self.tell)(Told::Done);
    }

    /// Tells each tensor, on all threads.
    fn tensors(&self, found: &Found) {
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (ended, of) =
            (|| self.desk.cancelled() || self.stopped.load(Ordering::Relaxed), found.tensors.layers.len());
        let work = || {
            while !ended() {
                let place = next.fetch_add(1, Ordering::Relaxed);
                if place >= of {
                    return;
                }
                let key = found.tensors.key(place);
                if guarded(|| self.tensor(found, place)).is_err() {
                    let file = found.statistics.files.first().cloned().unwrap_or_default();
                    (self.tell)(Told::Arrived(Arrival::Layer { key, result: Err(defect(&file)) }));
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
        };
        std::thread::scope(|scope| (0..self.threads).for_each(|_| drop(scope.spawn(|| share(work)))));
        let seen = done.into_inner();
        if seen < of && !self.desk.cancelled() {
            (self.tell)(Told::Stopped { seen, of });
        }
    }

    fn tensor(&self, found: &Found, place: usize) {
        let (key, statistics) = (found.tensors.key(place), &found.statistics);
        let layer = &found.tensors.layers[place];
        let start = self.plan.start(&layer.subject());
        let histogram = statistics.table.histogram(&key).expect("its key is out of the table");
        let ready = Ready::analyse(Arc::new(histogram), &self.plan, &layer.subject());
        let result = Ok(Box::new((statistics.origin(&key), ready)));
        (self.tell)(Told::Arrived(Arrival::Layer { key: key.clone(), result }));
        let Some(axis) = start.axis else { return };
        let watch = Watch { progress: &|_| {}, cancelled: &|| self.desk.cancelled() };
        let result = self.channels(found, &key, axis, &start, 1, &watch);
        if let Some(result) = result.transpose() {
            (self.tell)(Told::Arrived(Arrival::Channels { key, requested: false, result }));
        }
    }

    /// `None` when it was cancelled.
    fn channels(
        &self,
        found: &Found,
        key: &Key,
        axis: i64,
        start: &Start,
        threads: usize,
        watch: &Watch,
    ) -> Result<Option<Channels>, Failure> {
        let counted = found.statistics.channels(key, axis)?;
        Ok(analyse_channels(counted, &self.plan, start, threads, watch.progress, watch.cancelled))
    }

    /// The ties that were asked for beforehand.
    fn ties(&self, found: &Found) {
        for group in self.ties.told((&found.tensors.layers, ""), &self.plan, &[], &self.tell) {
            let of = found.tensors.keys(&group.of);
            let tied = guarded(|| self.tied(found, &group)).unwrap_or_else(|_| Err(defect("")));
            let Some(result) = tied.transpose() else { return };
            (self.tell)(Told::Arrived(Arrival::Tied { of, requested: false, result: result.map(Box::new) }));
        }
    }

    fn tied(&self, found: &Found, group: &Group) -> Result<Option<Joint>, Failure> {
        let cancelled = || self.desk.cancelled();
        let watch = Watch { progress: &|_| {}, cancelled: &cancelled };
        let start = self.plan.start_together(found.tensors.subjects(&group.of)).expect("a group has tensors");
        let values = StatisticsValues(&found.statistics);
        joint(&values, (group, found.tensors.keys(&group.of)), (&found.recipe, &self.plan), &start, &watch)
    }

    /// Answers until the loader is dropped. A panic is an answer too.
    fn serve(&self) {
        while let Some(Asked(request)) = self.desk.next() {
            let Some(found) = self.found.get() else {
                let message = "Nothing was found, so that there is nothing to ask about.".to_owned();
                let why = Failure { kind: ErrorKind::Incomplete, file: String::new(), message };
                request.refused(why).into_iter().for_each(&self.tell);
                continue;
            };
            let kind = Asked(request.clone()).kind();
            let cancelled = || self.desk.cancelled() || self.desk.stopped(kind);
            let answered = guarded(|| self.answer(found, &request, &cancelled)).unwrap_or_else(|_| Err(defect("")));
            match answered {
                Ok(None) if self.desk.stopped(kind) => {
                    request.refused(was_stopped()).into_iter().for_each(&self.tell);
                }
                Ok(told) => told.into_iter().for_each(&self.tell),
                Err(why) => request.refused(why).into_iter().for_each(&self.tell),
            }
        }
    }

    fn answer(
        &self,
        found: &Found,
        request: &Request,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Told>, Failure> {
        if let Request::Channels { key, start } = request {
            let place = found.tensors.place(key)?;
            let Some(axis) = start.axis else { return Ok(None) };
            let of = self.plan.start(&found.tensors.layers[place].subject());
            let start = Start { known: of.known, imported: of.imported, ..start.clone() };
            let progress = now_and_then(|share, left| (self.tell)(Told::Progress { key: key.clone(), share, left }));
            let channels =
                self.channels(found, key, axis, &start, self.threads, &Watch { progress: &progress, cancelled })?;
            let arrived = |channels| Arrival::Channels { key: key.clone(), requested: true, result: Ok(channels) };
            return Ok(channels.map(|channels| Told::Arrived(arrived(channels))));
        }
        let values = StatisticsValues(&found.statistics);
        let context = Context {
            values: &values,
            tensors: &found.tensors,
            recipe: &found.recipe,
            plan: &self.plan,
            threads: self.threads,
        };
        answer(request, &context, &Watch { progress: &|_| {}, cancelled })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate;
    use crate::quant::Format;
    use crate::session::{Received, Rules, Session, Setting, Target};
    use crate::statistics::{Counter, Identity, Merger, Part, Shape, Tensor};
    use std::sync::mpsc::{Receiver, channel};
    use std::sync::{Mutex, PoisonError};

    fn table(values: &[f32]) -> Table {
        let counted = |values: &[f32]| {
            let mut counter = Counter::new(2048);
            counter.push(values);
            counter.finish()
        };
        let column = |c: usize| counted(&values.iter().skip(c).step_by(2).copied().collect::<Vec<_>>());
        let mut part = Part::new(Identity::new("r", "s"), 2048);
        for name in ["x", "y"] {
            let channels = [(1, vec![column(0), column(1)])].into();
            let shape = Shape::new(&[values.len() as u64 / 2, 2]);
            let tensor = Tensor { shape, samples: 3, channels, ..Tensor::new(counted(values)) };
            part.tensors.insert(Key::activation(name), tensor);
        }
        let mut merger = Merger::new();
        merger.add("a.parquet", part.into()).unwrap();
        merger.finish().unwrap()
    }

    fn loaded(rules: Rules, ties: &[&str]) -> (Session, StatisticsLoader, Receiver<Told>) {
        let values: Vec<f32> = (0..2000).map(|i| (i as f32 * 0.7).sin() * (1 + i % 2) as f32).collect();
        let mut session = Session::new(calibrate::defaults(), "max", Format::INT8).with_rules(rules);
        let order = StatisticsOrder {
            read: Box::new(move || Ok((table(&values), vec!["a.parquet".into()]))),
            plan: session.plan(),
            ties: Ties { asked: ties.iter().map(|names| names.parse().unwrap()).collect(), concats: true },
            threads: 2,
        };
        let (sender, told) = channel();
        let sender = Mutex::new(sender);
        let loader = StatisticsLoader::start(order, move |what| {
            drop(sender.lock().unwrap_or_else(PoisonError::into_inner).send(what));
        });
        loop {
            match told.recv().unwrap() {
                Told::Arrived(arrival) => drop(session.receive(arrival)),
                Told::Done => return (session, loader, told),
                _ => {}
            }
        }
    }

    #[test]
    fn tensors_channels_and_ties_come_out_of_a_table() {
        let (session, ..) = loaded(Rules::new().with(|s| s.name == "x", Setting::Axis(-1)), &[]);
        let x = &session.layers()[0];
        assert_eq!((x.name(), x.channels().len(), x.origin.samples), ("x", 2, Some(3)));
        assert_eq!(x.origin.shape, Some(vec![1000, 2]));
        assert!(
            x.notes().iter().any(|note| note.starts_with("From statistics, counted in one pass")),
            "{:?}",
            x.notes()
        );
        assert!(x.channels()[1].decision().clip.amax() > 1.9 && x.channels()[0].decision().clip.amax() <= 1.0);
        let (session, ..) = loaded(Rules::new(), &["x,y"]);
        let tie = session.layers()[0].tie().unwrap().of.clone();
        assert_eq!(session.ready(&Target::Tie(tie)).unwrap().stats().count, 4000);
        let (session, ..) = loaded(Rules::new().with(|_| true, Setting::Axis(0)), &[]);
        let why = session.layers()[0].without_channels().unwrap();
        assert!(
            why.contains("x: the statistics hold no channels along axis 0, there are those along axis 1;"),
            "{why}"
        );
    }

    #[test]
    fn what_needs_values_says_that_there_are_none() {
        let (mut session, loader, told) = loaded(Rules::new(), &[]);
        let key = Key::activation("x");
        let clip = session.layers()[0].decision().unwrap().clip;
        loader.request(Request::Measure { key: key.clone(), clip, format: Format::INT8 });
        let Told::Arrived(arrival) = told.recv().unwrap() else { panic!() };
        let Received::Refused(why) = session.receive(arrival) else { panic!() };
        assert!(why.contains("statistics hold counts and no values"), "{why}");
        loader.request(Request::Fine { key: key.clone(), bins: 32_768 });
        let Told::Fine { result: Err(why), .. } = told.recv().unwrap() else { panic!() };
        assert!(why.message.contains("counted for 2048 bins, which cannot be made finer"), "{why}");
        let start = Start { axis: Some(1), ..session.plan().start(&session.layers()[0].subject()) };
        loader.request(Request::Channels { key, start });
        loop {
            match told.recv().unwrap() {
                Told::Progress { .. } => {}
                Told::Arrived(arrival) => {
                    assert_eq!(session.receive(arrival), Received::Changed);
                    break;
                }
                _ => panic!(),
            }
        }
    }
}
