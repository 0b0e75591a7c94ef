//! A lesson played to its end without a screen, by its own instructions: what does not work, and what does not fit.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crossterm::event::KeyCode;

use crate::jobs::{Feed, Stop, Told};
use crate::lessons::{Brought, Complaint, Lang, Lesson, Own, Play, Progress, Stage};

use super::command::Command;
use super::key::Key;
use super::learn::{Entry, Learn};
use super::look::{Depth, Ground, Look, Marks};
use super::model::Model;
use super::msg::{Cmd, Msg, Opened, Written};
use super::seen::seen;
use super::teacher::{Open, Opening};
use super::training::train;
use super::update::{settle, update};
use super::view::lesson_beyond;
use super::work;

/// The screens that a lesson must fit on.
const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (160, 45)];

/// What is waited for longer does not come.
const LONGEST: Duration = Duration::from_secs(300);

/// Plays a lesson, and says what is wrong with it. Every goal must be missed at first, must not be reached by the digit of
/// a method, and must be reached by what the lesson shows; every text must fit its panel, in every language. `open` opens it,
/// and the learner's network where a step is about that.
///
/// # Errors
/// Why it cannot be opened.
pub fn rehearse(lesson: &Arc<Lesson>, open: &mut Open) -> Result<Vec<Complaint>, String> {
    let brought = |own: &[Own], brought| {
        let wanted = lesson.steps.iter().any(|step| step.own.is_some_and(|of| own.contains(&of)));
        wanted.then_some(brought)
    };
    let network = brought(&[Own::Network], Brought::Network);
    let values = brought(&[Own::Values], Brought::Values);
    let any = brought(&[Own::Any], Brought::Values).unwrap_or(Brought::Nothing);
    let mut found = from(lesson, open, 0, network.or(values).unwrap_or(any))?;
    // Steps for who has brought another thing are played on their own.
    if network.is_some()
        && values.is_some()
        && let Some(at) = lesson.steps.iter().position(|step| step.own == Some(Own::Values))
    {
        found.extend(from(lesson, open, at, Brought::Values)?);
    }
    Ok(found)
}

/// The same from one of its steps on.
fn from(lesson: &Arc<Lesson>, open: &mut Open, at: usize, brought: Brought) -> Result<Vec<Complaint>, String> {
    let look = Look::new(Depth::Sixteen, Ground::Unknown, Marks::Braille);
    let opening = open(lesson, false)?;
    let entry = Entry { id: lesson.id.clone(), lesson: Ok(Arc::clone(lesson)) };
    let mut progress = Progress::default();
    progress.reach(&lesson.id, at);
    let (sender, told) = channel();
    let feed = (opening.start)(Box::new(move |event| drop(sender.send(event))));
    let mut model = Model::new(opening.session, opening.title, look, SIZES[1]);
    let session = std::mem::replace(
        &mut model.session,
        crate::session::Session::new(crate::calibrate::defaults(), "max", crate::quant::Format::INT8),
    );
    model.learn = Some(Box::new(Learn::new(Lang::En, vec![entry], progress, brought)));
    let title = std::mem::take(&mut model.title);
    let opened = Opened { lesson: 0, own: false, session, title, network: feed.has_network(), into_network: None };
    let mut stage = Rehearsal { model, feed, told, open, found: Vec::new(), finished: false };
    stage.tell(Msg::Opened(Box::new(opened)));
    stage.play();
    stage.feed.stop(Stop::All);
    Ok(stage.found)
}

struct Rehearsal<'a> {
    model: Model,
    feed: Box<dyn Feed>,
    told: Receiver<Told>,
    open: &'a mut Open,
    found: Vec<Complaint>,
    /// Whether nothing more comes by itself.
    finished: bool,
}

impl Rehearsal<'_> {
    fn tell(&mut self, msg: Msg) {
        let mut cmds = update(&mut self.model, msg);
        settle(&mut self.model);
        while let Some(cmd) = cmds.pop() {
            match cmd {
                Cmd::Request(request) => self.feed.request(request),
                Cmd::Train(order, nth) => train(&order, &mut |told| {
                    cmds.extend(update(&mut self.model, Msg::Trained(nth, Box::new(told))));
                    true
                }),
                Cmd::Lesson { own, .. } => {
                    let msg = self.open(own);
                    cmds.extend(update(&mut self.model, msg));
                }
                // Nothing is written, as if it had been.
                Cmd::Export { path, .. } => {
                    let path = path.to_string_lossy().into_owned();
                    let written = Written { path, tensors: 0, said: Vec::new(), keeps_all: false };
                    cmds.extend(update(&mut self.model, Msg::Exported(Ok(written))));
                }
                _ => {}
            }
        }
    }

    /// The learner's network takes the place of the lesson's, or the other way round.
    fn open(&mut self, own: bool) -> Msg {
        let Some(lesson) = playing(&self.model).map(|play| Arc::clone(play.lesson())) else {
            return Msg::NotOpened("there is no lesson".into());
        };
        let Opening { session, title, start, into_network } = match (self.open)(&lesson, own) {
            Ok(opening) => opening,
            Err(why) => {
                self.complain(why.clone());
                return Msg::NotOpened(why);
            }
        };
        self.feed.stop(Stop::All);
        let (sender, told) = channel();
        self.feed = start(Box::new(move |event| drop(sender.send(event))));
        (self.told, self.finished) = (told, false);
        Msg::Opened(Box::new(Opened { lesson: 0, own, session, title, network: self.feed.has_network(), into_network }))
    }

    fn keys(&mut self, keys: &[Key]) {
        keys.iter().for_each(|key| self.tell(Msg::Type(*key)));
    }

    /// Takes in what comes until something holds. Returns whether it does.
    fn wait(&mut self, holds: impl Fn(&Model) -> bool) -> bool {
        let begun = Instant::now();
        while !holds(&self.model) {
            match self.told.recv_timeout(Duration::from_millis(200)) {
                Ok(told) => {
                    self.finished |= matches!(told, Told::Done);
                    self.tell(Msg::Job(told));
                }
                // A network answers what it was asked, and so do files; without a question nothing more comes of them.
                Err(RecvTimeoutError::Timeout) if self.comes_more() => {}
                Err(_) => return false,
            }
            if begun.elapsed() > LONGEST {
                return false;
            }
        }
        true
    }

    fn comes_more(&self) -> bool {
        !self.finished || self.model.network.is_some() || !work::pieces(&self.model).is_empty()
    }

    fn complain(&mut self, why: impl Into<String>) {
        let line = playing(&self.model).map_or(1, |play| play.step().line);
        let complaint = Complaint { line, why: why.into() };
        if !self.found.contains(&complaint) {
            self.found.push(complaint);
        }
    }

    fn play(&mut self) {
        loop {
            if !self.wait(|model| playing(model).is_some_and(Play::begun)) {
                let layer = playing(&self.model).and_then(|play| play.step().start.layer.clone());
                return self.complain(format!(
                    "the step never begins: {} is not read",
                    layer.as_deref().unwrap_or("its layer")
                ));
            }
            self.look_whether_it_fits();
            self.goal_is_missed();
            if !self.answer() {
                return;
            }
            if !self.reach() {
                return;
            }
            self.look_whether_it_fits();
            let at = playing(&self.model).map(Play::place);
            if at.is_none_or(|(at, of)| at + 1 == of) {
                return;
            }
            self.tell(Msg::Run(Command::Lesson));
            self.keys(&[Key::code(KeyCode::Enter)]);
            if playing(&self.model).map(Play::place) == at {
                return self.complain("the step is done, and the next one does not come");
            }
        }
    }

    /// Answers what is asked, by the truth.
    fn answer(&mut self) -> bool {
        let seen = seen(&self.model);
        if playing(&self.model).map(Play::stage) != Some(Stage::Ask) {
            return true;
        }
        let truth = playing(&self.model).and_then(|play| play.truth(&seen)).unwrap_or_default();
        let typed: Vec<Key> = truth.replace(',', "").chars().map(Key::char).collect();
        self.keys(&typed);
        self.keys(&[Key::code(KeyCode::Enter)]);
        if playing(&self.model).map(Play::stage) == Some(Stage::Ask) {
            let why = self.model.notice.as_ref().map_or("", |notice| notice.text.as_str());
            self.complain(format!("the right answer, {truth}, is not taken: {why}"));
            return false;
        }
        self.look_whether_it_fits();
        true
    }

    fn goal_is_missed(&mut self) {
        let Some(step) = playing(&self.model).map(|play| play.step().clone()) else { return };
        let Some(goal) = &step.goal else { return };
        if goal.holds(&seen(&self.model)) {
            self.complain(format!("the goal is reached before anything is done: {}", goal.text()));
        }
        if step.by_digit {
            return;
        }
        let methods = self.model.selected_ready().map_or(0, |ready| ready.candidates().len());
        for method in 0..methods.min(9) {
            self.tell(Msg::Cancel);
            self.tell(Msg::Run(Command::Method(method)));
            if goal.holds(&seen(&self.model)) {
                self.complain(format!(
                    "the digit {} reaches the goal; lock \"method-*\", or ask for more: {}",
                    method + 1,
                    goal.text()
                ));
            }
            self.tell(Msg::Run(Command::Lesson));
            self.keys(&[Key::char('r')]);
        }
    }

    /// Is shown how the goal is reached.
    fn reach(&mut self) -> bool {
        if playing(&self.model).map(Play::stage) != Some(Stage::Do) {
            return true;
        }
        self.tell(Msg::Run(Command::Lesson));
        self.keys(&[Key::char('h')]);
        self.look_whether_it_fits();
        self.tell(Msg::Run(Command::Lesson));
        self.keys(&[Key::char('s')]);
        if !self.wait(|model| playing(model).is_some_and(|play| play.stage() == Stage::Done)) {
            let goal = playing(&self.model).and_then(|play| play.step().goal.as_ref()).map_or("", |goal| goal.text());
            let goal = goal.to_owned();
            let said = self.model.notice.as_ref().map_or(String::new(), |notice| format!(" ({})", notice.text));
            self.complain(format!("what is shown does not reach the goal: {goal}{said}"));
            return false;
        }
        true
    }

    fn look_whether_it_fits(&mut self) {
        let (size, lang) = (self.model.size, self.model.learn.as_ref().map_or(Lang::En, |learn| learn.lang));
        for (width, height) in SIZES {
            self.model.size = (width, height);
            for lang in Lang::ALL {
                if let Some(learn) = &mut self.model.learn {
                    learn.lang = lang;
                }
                settle(&mut self.model);
                let beyond = lesson_beyond(&self.model);
                if beyond > 0 {
                    let stage = match playing(&self.model).map(Play::stage) {
                        Some(Stage::Ask) => "with its question",
                        Some(Stage::Do) => "before its goal",
                        _ => "at its end",
                    };
                    let lines = if beyond == 1 { "line" } else { "lines" };
                    self.complain(format!(
                        "the text {stage} is {beyond} {lines} too long in {} on {width}x{height}",
                        lang.id()
                    ));
                }
            }
        }
        self.model.size = size;
        if let Some(learn) = &mut self.model.learn {
            learn.lang = lang;
        }
        settle(&mut self.model);
    }
}

fn playing(model: &Model) -> Option<&Play> {
    model.learn.as_ref()?.playing()
}
