//! Running a network.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::ErrorKind;
use crate::guard::{asked_panic, guarded};
use crate::jobs::answer::{Context, Tensors, answer};
use crate::jobs::desk::{Desk, Piece};
use crate::jobs::feed::{Feed, Stop, Tell};
use crate::jobs::network::{Backend, Begin, NetworkValues, Run, Setup, Subject, begin, first};
use crate::jobs::recipe::Recipe;
use crate::jobs::request::Request;
use crate::jobs::search::{InHand, Kept, Served};
use crate::jobs::ties::Ties;
use crate::jobs::told::{Told, defect};
use crate::jobs::trial::{News, Trial, was_stopped};
use crate::jobs::values::{Watch, now_and_then};
use crate::session::{Arrival, Failure, Plan};

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
    /// Whether each activation's [sentinel](crate::input::Sentinel) is left out, which takes one more run over the samples.
    pub ignore_sentinels: bool,
    /// Where somebody waits for a first figure of the outputs and a pass over all samples takes longer than this, one of them
    /// is tried first.
    pub first_figure: Option<Duration>,
    /// How many threads compute; at least 1.
    pub threads: usize,
}

/// Runs a network in the background until it is dropped. Dropping does not wait.
pub struct NetworkLoader {
    shared: Arc<Shared>,
    /// Whether who runs the network can put it on trial.
    tries: bool,
}

struct Shared {
    recipe: Recipe,
    plan: Plan,
    ties: Ties,
    one_pass: bool,
    measure: bool,
    ignore_sentinels: bool,
    first_figure: Option<Duration>,
    threads: usize,
    tell: Tell,
    /// What is quick: the clip in the hand, and what needs values again.
    desk: Desk<Quick>,
    /// What takes long, for a thread of its own, so that it does not hold up the clip in the hand.
    trials: Desk<Long>,
    /// Whether the pass over the samples that is under way shall end.
    stopped: AtomicBool,
    /// Whether something quick is being answered.
    at_hand: AtomicBool,
    #[cfg(test)]
    runs: std::sync::atomic::AtomicUsize,
}

struct Quick(Request);

impl Piece for Quick {
    fn kind(&self) -> u8 {
        match &self.0 {
            Request::Trial(_) => 0,
            Request::Fine { .. } => 1,
            Request::Channels { .. } => 2,
            Request::Tie { .. } => 3,
            Request::Measure { .. } | Request::Prefer(_) => 4,
        }
    }
}

/// Kinds of what needs values again.
const VALUES: std::ops::RangeInclusive<u8> = 1..=4;

struct Long(Trial);

/// How often it is told how far the runs are.
const TELL: Duration = Duration::from_millis(100);

/// How often work that stands still looks whether it may go on.
const PAUSE: Duration = Duration::from_millis(2);

/// Everything as it is chosen comes before what takes long.
const WHOLE: u8 = 0;
const LONG: u8 = 1;
/// And comparing methods, which nobody has asked for, after all else.
const METHODS: u8 = 2;

impl Piece for Long {
    fn kind(&self) -> u8 {
        match self.0 {
            Trial::Whole(_) => WHOLE,
            Trial::ByMethod(_) => METHODS,
            Trial::Alone { .. } | Trial::Sensitivity(_) | Trial::Tune(_) => LONG,
        }
    }
}

impl NetworkLoader {
    /// Opens the model and begins to run it. `tell` is called from the loader's threads.
    pub fn start(order: NetworkOrder, tell: impl Fn(Told) + Send + Sync + 'static) -> NetworkLoader {
        let NetworkOrder { subject, recipe, plan, ties, one_pass, measure, ignore_sentinels, first_figure, threads } =
            order;
        let tries = subject.backend == Backend::Tract;
        let shared = Arc::new(Shared {
            recipe,
            plan,
            ties,
            one_pass,
            measure,
            ignore_sentinels,
            first_figure,
            threads: threads.max(1),
            tell: Box::new(tell),
            desk: Desk::new(),
            trials: Desk::new(),
            stopped: AtomicBool::new(false),
            at_hand: AtomicBool::new(false),
            #[cfg(test)]
            runs: std::sync::atomic::AtomicUsize::new(0),
        });
        let worker = shared.clone();
        std::thread::spawn(move || {
            let file = subject.model.display().to_string();
            if guarded(|| worker.work(subject)).is_err() {
                (worker.tell)(Told::Arrived(Arrival::Failed(defect(&file))));
                (worker.tell)(Told::Done);
            }
            // Whatever is asked from now on would wait for ever.
            worker.close(&gone(&file));
        });
        NetworkLoader { shared, tries }
    }
}

impl Feed for NetworkLoader {
    fn request(&self, request: Request) {
        let shared = &self.shared;
        let left = match request {
            // A run makes all of them.
            Request::Prefer(_) => None,
            Request::Trial(trial @ (Trial::Whole(_) | Trial::Sensitivity(_) | Trial::Tune(_) | Trial::ByMethod(_))) => {
                shared.trials.ask(Long(trial)).err().map(|Long(trial)| Request::Trial(trial))
            }
            request => shared.desk.ask(Quick(request)).err().map(|Quick(request)| request),
        };
        left.into_iter().for_each(|request| shared.refuse(request, gone("")));
    }

    fn has_network(&self) -> bool {
        self.tries
    }

    /// Ends the pass over the samples that is under way with those seen so far, and a trial with what it has found; one
    /// that was not begun ends at once.
    fn stop(&self, what: Stop) {
        let shared = &self.shared;
        if matches!(what, Stop::All | Stop::Reading) {
            shared.stopped.store(true, Ordering::Relaxed);
        }
        for (of, kind) in [(Stop::Whole, WHOLE), (Stop::Long, LONG), (Stop::Methods, METHODS)] {
            if what == Stop::All || what == of {
                for Long(trial) in shared.trials.stop(kind) {
                    (shared.tell)(Told::Trial(News::stopped(trial)));
                }
            }
        }
        if matches!(what, Stop::All | Stop::Values) {
            for Quick(request) in VALUES.flat_map(|kind| shared.desk.stop(kind)) {
                shared.refuse(request, was_stopped());
            }
        }
    }
}

impl Drop for NetworkLoader {
    fn drop(&mut self) {
        self.shared.desk.cancel();
        self.shared.trials.cancel();
    }
}

/// Why nothing can be asked of a network.
fn gone(file: &str) -> Failure {
    let what = if file.is_empty() { "The network" } else { file };
    let message = format!("{what} is not there to be run.");
    Failure { kind: ErrorKind::Failed, file: file.to_owned(), message }
}

impl Shared {
    /// Opens, runs, tells, and then answers until the loader is dropped.
    fn work(&self, subject: Subject) {
        let file = subject.model.display().to_string();
        let opened = guarded(|| Setup::open(subject).map_err(Failure::from));
        let setup = match opened.unwrap_or_else(|_| Err(defect(&file))) {
            Ok(setup) => setup,
            Err(why) => {
                (self.tell)(Told::Arrived(Arrival::Found { layers: Vec::new(), failures: vec![why] }));
                return (self.tell)(Told::Done);
            }
        };
        (self.tell)(Told::Arrived(Arrival::Found {
            layers: self.plan.laid_over(setup.layers()),
            failures: Vec::new(),
        }));
        (self.tell)(Told::Opened { title: setup.title(), assumptions: setup.assumptions() });
        let mut run = Run {
            tensors: Tensors::new(self.plan.laid_over(setup.layers())),
            setup,
            samples: Vec::new(),
            reached: Vec::new(),
            stats: Vec::new(),
            one_pass: self.one_pass,
            runs: Default::default(),
        };
        let all: Vec<usize> = (0..run.setup.samples.len()).collect();
        let wanted = Begin {
            recipe: &self.recipe,
            plan: &self.plan,
            ties: &self.ties,
            samples: &all,
            quantized_only: false,
            measure: self.measure,
            ignore_sentinels: self.ignore_sentinels,
            threads: self.threads,
            tell: &self.tell,
            every: TELL,
            cancelled: &|| self.desk.cancelled(),
            stopped: &|| self.stopped.swap(false, Ordering::Relaxed),
        };
        if let Some(worth) = self.first_figure {
            self.first(&wanted, &mut run, worth);
        }
        if !begin(&wanted, &mut run) {
            return;
        }
        #[cfg(test)]
        self.runs.store(run.runs.count(), Ordering::Relaxed);
        (self.tell)(Told::Done);
        let (run, kept) = (&run, &Kept::new(&run));
        std::thread::scope(|scope| {
            scope.spawn(|| self.to_its_end(run, || self.serve_trials(run, kept)));
            self.to_its_end(run, || self.serve(run, kept));
        });
    }

    /// Tells what one sample says of the outputs. What goes wrong with it is told when all of them are run.
    fn first(&self, wanted: &Begin, run: &mut Run, worth: Duration) {
        let (started, of) = (Instant::now(), wanted.samples.len());
        if run.setup.graph().is_err() {
            return;
        }
        let tried = guarded(|| {
            let params = first(wanted, run, worth)?;
            self.served(run, &Kept::new(run), WHOLE).once(&params).ok()?
        });
        let Ok(Some(mut effects)) = tried else { return };
        let each = effects.each.iter_mut().map(|(_, effect)| effect);
        each.chain([&mut effects.all]).for_each(|effect| effect.of = of);
        (self.tell)(Told::Trial(News::First { effects, took: started.elapsed() }));
    }

    /// Answers as long as it is asked. What dies over it leaves nobody waiting: not who has asked, and not the other
    /// thread, which would go on with half of the answers.
    fn to_its_end(&self, run: &Run, serve: impl FnOnce()) {
        if guarded(serve).is_err() {
            let why = defect(run.setup.network.file());
            (self.tell)(Told::Arrived(Arrival::Failed(why.clone())));
            self.close(&why);
        }
    }

    /// Answers what is quick until the loader is dropped. A panic is an answer too.
    fn serve(&self, run: &Run, kept: &Kept) {
        let file = run.setup.network.file();
        let mut in_hand = InHand::default();
        while let Some(Quick(request)) = self.desk.next() {
            self.at_hand.store(true, Ordering::Relaxed);
            let answered = match &request {
                Request::Trial(Trial::Alone { key, params }) => {
                    let told = guarded(|| {
                        asked_panic("hand");
                        in_hand.alone(&self.served(run, kept, WHOLE), key, params)
                    });
                    if told.is_err() {
                        in_hand = InHand::default();
                    }
                    told.map(|news| Ok(news.map(Told::Trial)))
                }
                _ => guarded(|| self.answer(run, &request)),
            };
            match answered.unwrap_or_else(|_| Err(defect(file))) {
                Ok(told) => told.into_iter().for_each(&self.tell),
                Err(why) => self.refuse(request, why),
            }
            self.at_hand.store(false, Ordering::Relaxed);
        }
    }

    fn answer(&self, run: &Run, request: &Request) -> Result<Option<Told>, Failure> {
        let (values, tensors, threads) = (NetworkValues { run, threads: self.threads }, &run.tensors, self.threads);
        let context = Context { values: &values, tensors, recipe: &self.recipe, plan: &self.plan, threads };
        let progress = now_and_then(|share, left| {
            if let Some(key) = request.about() {
                (self.tell)(Told::Progress { key: key.clone(), share, left });
            }
        });
        let kind = Quick(request.clone()).kind();
        let cancelled = || self.desk.cancelled() || self.desk.stopped(kind);
        let told = answer(request, &context, &Watch { progress: &progress, cancelled: &cancelled })?;
        if told.is_none() && self.desk.stopped(kind) { Err(was_stopped()) } else { Ok(told) }
    }

    /// Answers what takes long until the loader is dropped. A panic is an answer too.
    fn serve_trials(&self, run: &Run, kept: &Kept) {
        asked_panic("thread");
        while let Some(work) = self.trials.next() {
            let kind = work.kind();
            let Long(trial) = work;
            let tried = guarded(|| {
                asked_panic("trial");
                self.served(run, kept, kind).trial(trial.clone())
            });
            match tried {
                Ok(Some(left)) if self.trials.stopped(kind) => (self.tell)(Told::Trial(News::stopped(left))),
                Ok(left) => left.into_iter().for_each(|left| self.trials.put_back(Long(left))),
                Err(_) => self.refuse(Request::Trial(trial), defect(run.setup.network.file())),
            }
        }
    }

    /// Who serves a trial of a kind.
    fn served<'a>(&'a self, run: &'a Run, kept: &'a Kept<'a>, kind: u8) -> Served<'a, impl Fn() -> Option<Trial> + 'a> {
        Served {
            run,
            kept,
            threads: self.threads,
            tell: &self.tell,
            cancelled: Box::new(|| self.trials.cancelled()),
            stopped: Box::new(move || self.trials.stopped(kind)),
            superseded: Box::new(|| self.trials.waits_for(WHOLE)),
            urgent: Box::new(|| self.urgent()),
            // What takes long does not hold it up for more than a step.
            whole_meanwhile: || self.trials.take(WHOLE).map(|Long(trial)| trial),
        }
    }

    /// Whether work that nobody waits for has to give way. While the hand is served it stands still.
    fn urgent(&self) -> bool {
        while self.at_hand.load(Ordering::Relaxed) && !self.trials.cancelled() && !self.trials.waits() {
            std::thread::sleep(PAUSE);
        }
        self.trials.waits()
    }

    fn refuse(&self, request: Request, why: Failure) {
        request.refused(why).into_iter().for_each(&self.tell);
    }

    /// Nothing is answered any more.
    fn close(&self, why: &Failure) {
        let quick = self.desk.close().into_iter().map(|Quick(request)| request);
        let long = self.trials.close().into_iter().map(|Long(trial)| Request::Trial(trial));
        if !self.desk.cancelled() {
            quick.chain(long).for_each(|request| self.refuse(request, why.clone()));
        }
    }
}

#[cfg(test)]
mod tests;
