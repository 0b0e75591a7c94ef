//! The loop: wait for one event, take in all that wait behind it, draw once.

use std::io::{self, Write, stdout};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::exchange::{self, Names, Options};
use crate::guard::guarded;
use crate::jobs::{Feed, News, Start, Stop, Told};
use crate::journal::Journal;
use crate::lessons::Lesson;
use crate::report::{self, ExportError, Provenance, Scales, Tuning, visible};
use crate::session::{Arrival, Key, Layer, Session};

use super::backend::Ansi;
use super::clipboard::Clipboard;
use super::event::{self, Event, message};
use super::look::Ground;
use super::mode::Picture;
use super::model::Model;
use super::msg::{Cmd, IntoNetwork, Msg, Opened, Unwritten, Written};
use super::network::Network;
use super::pages::Pages;
use super::query::{Heard, Query};
use super::terminal;
use super::training::{Order, Trained, train};
use super::update::{settle, update};
use super::view::view;
use super::writer::Writer;

/// Background news is drawn at most this often; keys and mouse at once.
const BACKGROUND_FRAME: Duration = Duration::from_millis(40);

/// How the program ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Why it has not even begun: what was asked for does not fit the layers that were found.
    pub refused: Option<String>,
}

/// Says why what was asked for does not fit the layers that were found.
pub type Fits<'a> = dyn Fn(&[Layer]) -> Result<(), String> + 'a;

/// Opens a lesson, or says why not.
pub type Open = dyn FnMut(&Lesson, bool) -> Result<Opening, String>;

/// Writes down how far the lessons are, or says why not.
pub type Keep = dyn FnMut(&str) -> Result<(), String>;

/// Who opens lessons, and writes down how far they are.
pub struct Teacher {
    /// A session for a lesson, or for its steps on the learner's network, and who brings its layers; or a sentence.
    pub open: Box<Open>,
    /// Writes down how far the lessons are; or a sentence.
    pub keep: Box<Keep>,
}

/// A lesson that is opened.
pub struct Opening {
    /// An empty session.
    pub session: Session,
    /// What is looked at, for the header.
    pub title: String,
    /// Who brings its layers.
    pub start: Start,
    /// Who writes the network with its scales inside, where one is run.
    pub into_network: Option<IntoNetwork>,
}

/// Who brings the layers now. After another lesson was opened what the one before still tells is of no use.
struct Bringer {
    feed: Box<dyn Feed>,
    /// How many there were before.
    nth: usize,
    sender: Sender<Event>,
    /// Who will bring the data to compare with, and who does.
    against: Option<Start>,
    other: Option<Box<dyn Feed>>,
    /// The number of what is being trained; 0 where nothing is to be.
    training: Arc<AtomicUsize>,
}

impl Bringer {
    fn new(start: Start, nth: usize, sender: Sender<Event>) -> Bringer {
        let told = sender.clone();
        let tell = move |event| drop(told.send(Event::Job { of: nth, told: Box::new(event) }));
        Bringer { feed: start(Box::new(tell)), nth, sender, against: None, other: None, training: Arc::default() }
    }

    /// The data to compare with are begun when all else is read. Who brings them stays: channels are asked for later.
    fn keep_up(&mut self, model: &Model) {
        if model.loading.finished
            && let Some(start) = self.against.take()
        {
            let sender = self.sender.clone();
            self.other = Some(start(Box::new(move |told| drop(sender.send(Event::Against(Box::new(told)))))));
        }
    }

    /// Trains on a thread of its own; what was trained before ends.
    fn train(&self, order: Order, nth: usize) {
        self.training.store(nth, Relaxed);
        let (sender, now) = (self.sender.clone(), Arc::clone(&self.training));
        std::thread::spawn(move || {
            let mut tell = |told| {
                let wanted = now.load(Relaxed) == nth;
                wanted && sender.send(Event::Trained(nth, Box::new(told))).is_ok()
            };
            if guarded(|| train(&order, &mut tell)).is_err() {
                tell(Trained::Refused("training has ended by a fault of the program".into()));
                tell(Trained::Done);
            }
        });
    }

    /// Another one takes its place.
    fn replace(&mut self, start: Start) {
        self.feed.stop(Stop::All);
        self.training.store(0, Relaxed);
        *self = Bringer::new(start, self.nth + 1, self.sender.clone());
    }
}

/// What ends the loop.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The user left.
    Left,
    /// A signal came.
    Signal(i32),
    /// It shall not go on.
    Refused(String),
}

/// Runs the program on this terminal until the user leaves, or a signal ends it. When everything is read that `start`
/// brings, other data to compare with are read from `against`.
///
/// Every change is written to `journal`, where there is one. When the program ends from outside (a signal, a lost
/// terminal, a panic) what no export holds stays there; when the user leaves, only what was not answered yet. When `fits`
/// refuses the layers that are found it ends at once. With `ask` the terminal is asked whether it is dark or light. A
/// `teacher` opens lessons where the model has some.
///
/// # Errors
/// When the terminal cannot be taken or written to.
///
/// # Panics
/// Hands a panic of its own on, after the terminal was given back and everything was written down.
pub fn run(
    mut model: Model,
    start: Start,
    against: Option<Start>,
    fits: &Fits,
    journal: Option<Journal>,
    ask: bool,
    mut teacher: Option<Teacher>,
) -> io::Result<Ended> {
    terminal::restore_on_panic();
    terminal::take(model.mouse)?;
    let _guard = terminal::Guard;

    let (sender, events) = channel();
    event::listen(sender.clone());
    signals(sender.clone())?;
    let mut writer = Writer::new(sender.clone());
    let mut bringer = Bringer::new(start, 0, sender);
    bringer.against = against;

    model.network = bringer.feed.has_network().then(Network::default);
    let mut pages = Pages::new(journal);

    let mut query = ask.then(Query::ask).transpose()?;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let (pages, query, writer, teacher) = (&mut pages, &mut query, &mut writer, teacher.as_mut());
        run_loop(&mut model, &events, &mut bringer, fits, Hands { pages, query, writer, teacher })
    }));
    if matches!(outcome, Ok(Ok(End::Left))) {
        take_answer(query, &events);
    }
    terminal::restore();
    writer.finish(matches!(outcome, Ok(Ok(End::Left))));
    pages.close(&model, !matches!(outcome, Ok(Ok(End::Left))));
    match outcome {
        Ok(end) => Ok(match end? {
            End::Left => Ended::default(),
            End::Signal(signal) => Ended { signal: Some(signal), refused: None },
            End::Refused(why) => Ended { refused: Some(why), signal: None },
        }),
        Err(panic) => resume_unwind(panic),
    }
}

/// Who else the loop has to do with.
struct Hands<'a> {
    pages: &'a mut Pages,
    query: &'a mut Option<Query>,
    writer: &'a mut Writer,
    teacher: Option<&'a mut Teacher>,
}

fn run_loop(
    model: &mut Model,
    events: &Receiver<Event>,
    bringer: &mut Bringer,
    fits: &Fits,
    hands: Hands,
) -> io::Result<End> {
    let Hands { pages, query, writer, mut teacher } = hands;
    let backend = Ansi::new(io::BufWriter::with_capacity(1 << 16, stdout()));
    // Never dropped: it would write the rest of an unfinished frame behind `terminal::restore`, and panic where the
    // terminal is gone.
    let mut terminal = ManuallyDrop::new(Terminal::new(backend)?);
    let size = terminal.size()?;
    update(model, Msg::Resize(size.width, size.height));
    draw(&mut terminal, model)?;
    let mut drawn = Instant::now();
    let mut stale = false;
    loop {
        let first = if stale {
            // Something changed in the background: draw it when its time has come, unless the user is faster.
            match events.recv_timeout(BACKGROUND_FRAME.saturating_sub(drawn.elapsed())) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(End::Left),
            }
        } else {
            match events.recv() {
                Ok(event) => Some(event),
                Err(_) => return Ok(End::Left),
            }
        };
        let mut at_once = false;
        for event in first.into_iter().chain(std::iter::from_fn(|| events.try_recv().ok())) {
            let msg = match event {
                Event::Trained(nth, told) => Some(Msg::Trained(nth, told)),
                Event::Signal(signal) => return Ok(End::Signal(signal)),
                Event::Hangup => return Ok(End::Signal(HANGUP)),
                Event::Written(result) => {
                    at_once = true;
                    Some(Msg::NetworkWritten(result))
                }
                // One that has been replaced.
                Event::Job { of, .. } if of != bringer.nth => None,
                Event::Job { told: job, .. } => {
                    if let Told::Arrived(Arrival::Found { layers, .. }) = &*job
                        && let Err(why) = fits(layers)
                    {
                        return Ok(End::Refused(why));
                    }
                    at_once |= awaited(&job, model);
                    Some(Msg::Job(*job))
                }
                Event::Against(told) => Some(Msg::Against(*told)),
                Event::Terminal(event) => {
                    #[cfg(debug_assertions)]
                    asked_panic::look_at(&event);
                    at_once = true;
                    match query.as_mut().map_or(Heard::Other, |query| query.hear(&event)) {
                        Heard::Other => message(event, model),
                        Heard::Part => None,
                        Heard::Ground(rgb) => Some(Msg::Ground(Ground::of(rgb))),
                    }
                }
            };
            let Some(msg) = msg else { continue };
            stale = true;
            let mut cmds = update(model, msg);
            while let Some(cmd) = cmds.pop() {
                if cmd == Cmd::Quit {
                    return Ok(End::Left);
                }
                let msg = match (cmd, teacher.as_deref_mut()) {
                    (Cmd::Lesson { at, own }, Some(teacher)) => Some(open((at, own), model, teacher, bringer)),
                    (Cmd::Keep(text), Some(teacher)) => {
                        if let Err(why) = (teacher.keep)(&text) {
                            model.warn(why);
                        }
                        None
                    }
                    (Cmd::Train(order, nth), _) => {
                        bringer.train(order, nth);
                        None
                    }
                    (Cmd::Against(request), _) => {
                        if let Some(other) = &bringer.other {
                            other.request(request);
                        }
                        None
                    }
                    (cmd, _) => execute_cmd(cmd, model, bringer.feed.as_ref(), &mut terminal, writer)?,
                };
                if let Some(msg) = msg {
                    cmds.extend(update(model, msg));
                }
            }
        }
        bringer.keep_up(model);
        pages.keep_up(model);
        // crossterm loses a change of size that comes together with other input, so look for oneself.
        let size = terminal.size()?;
        if at_once && (size.width, size.height) != model.size {
            update(model, Msg::Resize(size.width, size.height));
            stale = true;
        }
        if stale && (at_once || drawn.elapsed() >= BACKGROUND_FRAME) {
            draw(&mut terminal, model)?;
            drawn = Instant::now();
            stale = false;
        }
    }
}

/// Opens a lesson: whoever brings its layers takes the place of whoever has brought others.
fn open((lesson, own): (usize, bool), model: &Model, teacher: &mut Teacher, bringer: &mut Bringer) -> Msg {
    let course = model.learn.as_ref().map_or(&[][..], |learn| &learn.course);
    let Some(entry) = course.get(lesson) else { return Msg::NotOpened("there is no such lesson".into()) };
    match entry.lesson.clone().and_then(|lesson| (teacher.open)(&lesson, own)) {
        Ok(Opening { session, title, start, into_network }) => {
            bringer.replace(start);
            let network = bringer.feed.has_network();
            Msg::Opened(Box::new(Opened { lesson, own, session, title, network, into_network }))
        }
        Err(why) => Msg::NotOpened(why),
    }
}

/// Waits a moment for an answer that is still under way: behind the program the shell would take it for typed.
fn take_answer(query: Option<Query>, events: &Receiver<Event>) {
    let Some(mut query) = query else { return };
    while let Some(left) = query.awaited() {
        match events.recv_timeout(left) {
            Ok(Event::Terminal(event)) => drop(query.hear(&event)),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// Whether the user is waiting for this very news: the layers' names, or the layer that is looked at.
fn awaited(told: &Told, model: &Model) -> bool {
    let at_hand = |key: &Key| model.selected().is_some_and(|layer| layer.key == *key);
    match told {
        Told::Arrived(Arrival::Found { .. } | Arrival::Tied { .. } | Arrival::Failed(_)) | Told::Opened { .. } => true,
        Told::Arrived(Arrival::Layer { key, .. } | Arrival::Measured { key, .. } | Arrival::Channels { key, .. })
        | Told::Fine { key, .. }
        | Told::Trial(News::Alone { key, .. }) => at_hand(key),
        Told::Trial(_) | Told::Progress { .. } | Told::Channels { .. } | Told::Running { .. } => false,
        Told::Stopped { .. } | Told::Done => false,
    }
}

/// F12 makes the next frame panic where `QVIZ_TEST_PANIC` is set: the tests look at what a panic leaves of the terminal.
/// Released programs are built without debug assertions, and so without this.
#[cfg(debug_assertions)]
mod asked_panic {
    use crossterm::event::{Event, KeyCode};
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    static ASKED: AtomicBool = AtomicBool::new(false);

    pub fn look_at(event: &Event) {
        let f12 = event.as_key_press_event().is_some_and(|key| key.code == KeyCode::F(12));
        if f12 && std::env::var_os("QVIZ_TEST_PANIC").is_some() {
            ASKED.store(true, Relaxed);
        }
    }

    pub fn now() {
        assert!(!ASKED.load(Relaxed), "asked for by QVIZ_TEST_PANIC");
    }
}

type Screen = Terminal<Ansi<io::BufWriter<io::Stdout>>>;

/// One frame, shown as a whole by terminals that know synchronized updates.
fn draw(terminal: &mut Screen, model: &mut Model) -> io::Result<()> {
    settle(model);
    queue!(terminal.backend_mut(), BeginSynchronizedUpdate)?;
    terminal.draw(|frame| {
        #[cfg(debug_assertions)]
        asked_panic::now();
        if let Some(cursor) = view(model, frame.buffer_mut()) {
            frame.set_cursor_position(cursor);
        }
    })?;
    execute!(terminal.backend_mut(), EndSynchronizedUpdate)
}

fn execute_cmd(
    cmd: Cmd,
    model: &mut Model,
    feed: &dyn Feed,
    terminal: &mut Screen,
    writer: &mut Writer,
) -> io::Result<Option<Msg>> {
    match cmd {
        // Lessons are for the teacher, where there is one.
        Cmd::Quit | Cmd::Lesson { .. } | Cmd::Keep(_) | Cmd::Train(..) | Cmd::Against(_) => {}
        Cmd::Request(request) => feed.request(request),
        Cmd::Stop(what) => feed.stop(what),
        Cmd::StopWriting => writer.stop(),
        Cmd::Mouse(on) => terminal::set_mouse(on)?,
        Cmd::Export { path, force } => return Ok(Some(export(model, &path, force, writer))),
        Cmd::Copy { what, text } => {
            let text = text.unwrap_or_else(|| document(model).json());
            let clipboard = Clipboard::found(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
            terminal.backend_mut().write_all(clipboard.sequence(&text).as_bytes())?;
            terminal.backend_mut().flush()?;
            return Ok(Some(Msg::Copied { what, way: clipboard.way(text.len()) }));
        }
        Cmd::Draw => {
            let mut cells = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
            let look = model.look;
            model.look = look.for_a_picture();
            view(model, &mut cells);
            let picture = Picture { cells, ground: model.look.ground };
            model.look = look;
            return Ok(Some(Msg::Drawn(Box::new(picture))));
        }
        Cmd::Write { path, contents, force } => {
            let path = at_home(&path);
            let saved = report::save(&path, &contents, force);
            return Ok(Some(Msg::Written(match saved {
                Ok(()) => Ok(visible(&path.to_string_lossy())),
                Err(error) => Err(Unwritten { exists: error.exists(), message: error.to_string() }),
            })));
        }
        Cmd::Suspend => {
            terminal.backend_mut().flush()?;
            suspend(model.mouse)?;
            // Draws everything anew. `Terminal::clear` would ask where the cursor is, and the answer would go to the
            // thread that listens.
            let size = terminal.size()?;
            terminal.resize(size.into())?;
            return Ok(Some(Msg::Resize(size.width, size.height)));
        }
    }
    Ok(None)
}

/// Writes the document, or begins to write the network, which takes a while.
fn export(model: &Model, path: &Path, force: bool, writer: &mut Writer) -> Msg {
    let text = path.to_string_lossy();
    let Some((into_network, out)) = model.into_network.as_ref().zip(a_network(&text)) else {
        return Msg::Exported(export_document(model, path, force));
    };
    let out = at_home(Path::new(out));
    let refused = |message: String, exists: bool| Msg::Exported(Err(Unwritten { message, exists }));
    if let Err(why) = report::writable(&out, force) {
        return refused(why.to_string(), why.exists());
    }
    let scales = document(model);
    match writer.begin(into_network.clone(), scales, out, force, tensors(model)) {
        true => Msg::Writing(path.to_owned()),
        false => refused("the network is being written already; wait, or stop that first".to_owned(), false),
    }
}

/// How many tensors a document has.
fn tensors(model: &Model) -> usize {
    model.session.layers().iter().filter(|l| l.ready().is_some()).count()
}

fn export_document(model: &Model, path: &Path, force: bool) -> Result<Written, Unwritten> {
    let (text, tensors) = (path.to_string_lossy(), tensors(model));
    let unwritten = |message: String, exists: bool| Unwritten { message, exists };
    let scales = document(model);
    let (format, path) = exchange::typed(&text).map_err(|why| unwritten(why, false))?;
    let path = &at_home(Path::new(path));
    let written = exchange::write_all(format, &scales, &Names::default(), &Options::default());
    let saved = written.and_then(|written| {
        report::save(path, &written.bytes, force).map_err(ExportError::from)?;
        Ok(written)
    });
    match saved {
        Ok(exchange::Written { said, .. }) => {
            let path = path.to_string_lossy().into_owned();
            Ok(Written { path, tensors, said, keeps_all: format.keeps_all() })
        }
        Err(error) => Err(unwritten(error.to_string(), error.exists())),
    }
}

/// The file, where a network is meant: by its ending, or by `qdq:` in front.
fn a_network(text: &str) -> Option<&str> {
    let ends_so = Path::new(text).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("onnx"));
    text.strip_prefix("qdq:").filter(|path| !path.is_empty()).or(ends_so.then_some(text))
}

/// The document as it is now, with what it was made from and what an earlier one held beyond it.
fn document(model: &Model) -> Scales {
    let scales = Scales::of(&model.session);
    let scales = match &model.made_from {
        Some(made_from) => {
            let assumptions = model.network.as_ref().map_or_else(Vec::new, |network| network.assumptions.clone());
            scales.made_from(Provenance { title: model.title.clone(), assumptions, ..made_from() })
        }
        None => scales,
    };
    let biases = model.network.as_ref().and_then(|network| network.biases.as_ref());
    let biases = biases.filter(|(of, _)| *of == model.session.params()).map(|(_, biases)| biases.clone());
    let scales = scales.with_tuning(biases.map(|bias| Tuning { bias: Some(bias), ..Tuning::default() }));
    match &model.kept {
        Some(kept) => scales.keeping(kept),
        None => scales,
    }
}

/// What a shell makes of `~/`.
fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.to_owned(),
    }
}

/// The signal that a lost terminal amounts to, SIGHUP.
const HANGUP: i32 = 1;

/// Signals that ask the program to end become events.
#[cfg(unix)]
fn signals(sender: Sender<Event>) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT])?;
    std::thread::spawn(move || {
        for signal in &mut signals {
            if sender.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn signals(_: Sender<Event>) -> io::Result<()> {
    Ok(())
}

/// Gives the terminal back and sleeps until the shell wakes the program. Where there is no job control nothing happens.
///
/// The whole process group is stopped, as the terminal itself would do: a script or `cargo run` around the program must
/// sleep too, or the shell would wait for it. And with SIGTSTP, not SIGSTOP: where there is no shell to wake anyone up
/// (`xterm -e qviz`) the system ignores it.
fn suspend(mouse: bool) -> io::Result<()> {
    #[cfg(unix)]
    {
        terminal::restore();
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        terminal::take(mouse)?;
    }
    let _ = mouse;
    Ok(())
}
