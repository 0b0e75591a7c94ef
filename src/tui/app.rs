//! The loop: wait for one event, take in all that wait behind it, draw once.

use std::ffi::OsString;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use ratatui::Terminal;

use crate::jobs::{News, Start, Told};
use crate::journal::Journal;
use crate::session::{Arrival, Key, Layer};

use super::backend::Ansi;
use super::bringer::Bringer;
use super::event::{self, Event, message};
use super::execute::execute;
use super::look::Ground;
use super::model::Model;
use super::msg::{Cmd, Msg};
use super::network::Network;
use super::pages::Pages;
use super::query::{Heard, Query};
use super::signals::{HANGUP, signals};
use super::teacher::{Teacher, open};
use super::terminal::{self, Screen};
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
    /// The words that the program shall begin anew with.
    pub open: Option<Vec<OsString>>,
}

/// Says why what was asked for does not fit the layers that were found.
pub type Fits<'a> = dyn Fn(&[Layer]) -> Result<(), String> + 'a;

/// What ends the loop.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The user left.
    Left,
    /// The user wants to look at something else, in these words.
    Open(Vec<OsString>),
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
    let asked = matches!(outcome, Ok(Ok(End::Left | End::Open(_))));
    if asked {
        take_answer(query, &events);
    }
    terminal::restore();
    writer.finish(asked);
    pages.close(&model, !matches!(outcome, Ok(Ok(End::Left))));
    if let Some(said) = model.learn.as_ref().and_then(|learn| learn.goes_on()) {
        // Not eprintln: it panics where the terminal is gone.
        let _ = writeln!(io::stderr(), "{said}");
    }
    match outcome {
        Ok(end) => Ok(match end? {
            End::Left => Ended::default(),
            End::Open(words) => Ended { open: Some(words), ..Ended::default() },
            End::Signal(signal) => Ended { signal: Some(signal), ..Ended::default() },
            End::Refused(why) => Ended { refused: Some(why), ..Ended::default() },
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
    let backend = Ansi::new(io::BufWriter::with_capacity(1 << 16, terminal::out()?));
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
                if let Cmd::Open(words) = cmd {
                    // What is decided in a lesson is decided for practice.
                    if model.journaled || !model.session.is_dirty() || model.learn.is_some() {
                        return Ok(End::Open(words));
                    }
                    model.warn(model.keys.told("changes are written down nowhere: {export} exports them first"));
                    continue;
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
                    (cmd, _) => execute(cmd, model, bringer.feed.as_ref(), &mut terminal, writer)?,
                };
                if let Some(msg) = msg {
                    cmds.extend(update(model, msg));
                }
            }
        }
        bringer.keep_up(model);
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
        // Behind the frame, which somebody waits for.
        stale |= pages.keep_up(model);
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

/// One frame, shown as a whole by terminals that know synchronized updates.
fn draw(terminal: &mut Screen, model: &mut Model) -> io::Result<()> {
    settle(model);
    terminal.backend_mut().begin()?;
    terminal.draw(|frame| {
        #[cfg(debug_assertions)]
        asked_panic::now();
        if let Some(cursor) = view(model, frame.buffer_mut()) {
            frame.set_cursor_position(cursor);
        }
    })?;
    Ok(())
}
