//! A program in a pseudo-terminal, and the screen that it draws there.
//!
//! Nothing here sleeps for a fixed time to be right: [`Terminal::wait`] looks at the screen whenever bytes have come,
//! and never in the middle of a frame. The time limit is there to end a test that fails, so it is generous.
#![allow(dead_code)] // every test program uses its part

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::{Parser, Screen};

/// How long a condition may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program under test.
pub const QVIZ: &str = env!("CARGO_BIN_EXE_qviz");

/// What is to be started, and where.
pub struct Start {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(String, String)>,
    folder: PathBuf,
    size: (u16, u16),
    state: Option<PathBuf>,
}

impl Start {
    /// qviz in `folder`, on 160 columns and 45 rows.
    pub fn qviz(folder: &Path) -> Start {
        Start::program(QVIZ, folder)
    }

    /// Any program.
    pub fn program(program: impl AsRef<OsStr>, folder: &Path) -> Start {
        Start {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            env: Vec::new(),
            folder: folder.to_owned(),
            size: (160, 45),
            state: None,
        }
    }

    /// With this state directory; else with a new one that goes with the program.
    pub fn state(mut self, folder: &Path) -> Start {
        self.state = Some(folder.to_owned());
        self
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Start {
        self.args.extend(args.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Start {
        self.env.push((name.into(), value.into()));
        self
    }

    pub fn size(mut self, columns: u16, rows: u16) -> Start {
        self.size = (columns, rows);
        self
    }

    /// Starts it with an environment of its own: nothing of the tester's terminal comes through.
    pub fn run(self) -> Terminal {
        let pair = native_pty_system().openpty(pty_size(self.size)).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(&self.program);
        command.args(&self.args);
        command.env_clear();
        for name in ["PATH", "HOME", "TMPDIR", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("TERM", "xterm-256color");
        command.env("QVIZ_CONFIG", "");
        let own_state = tempfile::tempdir().expect("a folder for the program's state");
        command.env("XDG_STATE_HOME", self.state.as_deref().unwrap_or(own_state.path()));
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command.cwd(&self.folder);
        let settings = settings(&*pair.master);
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);

        let shown = Arc::new(Shown { state: Mutex::new(State::new(self.size)), changed: Condvar::new() });
        let mut reader = pair.master.try_clone_reader().expect("the terminal's output");
        let reading = std::thread::spawn({
            let shown = shown.clone();
            move || {
                let mut buffer = vec![0; 1 << 16];
                loop {
                    let n = reader.read(&mut buffer).unwrap_or(0);
                    let now = Instant::now();
                    let mut state = shown.state.lock().unwrap();
                    state.take(&buffer[..n], now);
                    state.closed = n == 0;
                    shown.changed.notify_all();
                    if n == 0 || state.hang_up {
                        return;
                    }
                }
            }
        });
        let writer = pair.master.take_writer().expect("the terminal's input");
        Terminal { master: pair.master, writer, child, shown, reading, settings, started, _own_state: own_state }
    }
}

/// A running program and its screen.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    shown: Arc<Shown>,
    reading: JoinHandle<()>,
    /// The line discipline before the program began.
    settings: String,
    /// When the program was started.
    pub started: Instant,
    _own_state: tempfile::TempDir,
}

struct Shown {
    state: Mutex<State>,
    changed: Condvar,
}

/// Everything that was written, and the screen that it makes.
pub struct State {
    pub raw: Vec<u8>,
    parser: Parser,
    /// Whether a frame was begun that has not ended.
    in_frame: bool,
    /// When each frame ended, and how many bytes had been written then.
    pub frames: Vec<(Instant, usize)>,
    closed: bool,
    hang_up: bool,
}

const FRAME_BEGINS: &[u8] = b"\x1b[?2026h";
const FRAME_ENDS: &[u8] = b"\x1b[?2026l";

impl State {
    fn new((columns, rows): (u16, u16)) -> State {
        let parser = Parser::new(non_zero(rows), non_zero(columns), 0);
        State { raw: Vec::new(), parser, in_frame: false, frames: Vec::new(), closed: false, hang_up: false }
    }

    fn take(&mut self, bytes: &[u8], now: Instant) {
        // A mark may have come in two pieces.
        let from = self.raw.len().saturating_sub(FRAME_ENDS.len() - 1);
        self.raw.extend_from_slice(bytes);
        self.parser.process(bytes);
        for (at, window) in self.raw[from..].windows(FRAME_ENDS.len()).enumerate() {
            if window == FRAME_BEGINS {
                self.in_frame = true;
            } else if window == FRAME_ENDS {
                self.in_frame = false;
                self.frames.push((now, from + at + FRAME_ENDS.len()));
            }
        }
    }

    pub fn screen(&self) -> &Screen {
        self.parser.screen()
    }
}

/// How a program ended.
pub struct End {
    pub code: u32,
    pub raw: Vec<u8>,
    pub screen: Screen,
    /// Whether the line discipline is what it was before.
    pub settings_restored: bool,
}

impl Terminal {
    /// Waits until `found` finds something on the screen.
    pub fn wait<T>(&self, what: &str, found: impl Fn(&Screen) -> Option<T>) -> T {
        self.wait_state(what, |state| found(state.screen()))
    }

    /// Waits until `found` finds something in all that was written.
    pub fn wait_state<T>(&self, what: &str, found: impl Fn(&State) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        let mut state = self.state();
        loop {
            if !state.in_frame
                && let Some(result) = found(&state)
            {
                return result;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || state.closed {
                let ended = if state.closed { " before the program ended" } else { "" };
                let screen = state.screen().contents();
                drop(state);
                panic!("did not see {what}{ended}; the screen:\n{screen}");
            }
            state = self.shown.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until `text` stands on the screen.
    pub fn wait_for(&self, text: &str) {
        self.wait(&format!("{text:?}"), |screen| has(screen, text));
    }

    /// Waits until `text` has left the screen.
    pub fn wait_without(&self, text: &str) {
        self.wait(&format!("the screen without {text:?}"), |screen| has(screen, text).is_none().then_some(()));
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.shown.state.lock().unwrap()
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.state().screen().contents()
    }

    /// Sends keys, as the bytes that a terminal sends for them.
    pub fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).and_then(|()| self.writer.flush()).expect("the terminal takes keys");
    }

    /// Presses a button (0 left, 2 right) on a cell, counted from 0.
    pub fn press(&mut self, button: u8, (x, y): (u16, u16)) {
        self.keys(&format!("\x1b[<{button};{};{}M", x + 1, y + 1));
    }

    /// Moves the pointer with the left button down.
    pub fn drag_to(&mut self, (x, y): (u16, u16)) {
        self.keys(&format!("\x1b[<32;{};{}M", x + 1, y + 1));
    }

    /// Lets a button go.
    pub fn release(&mut self, button: u8, (x, y): (u16, u16)) {
        self.keys(&format!("\x1b[<{button};{};{}m", x + 1, y + 1));
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let mut state = self.state();
        state.parser.screen_mut().set_size(non_zero(rows), non_zero(columns));
        drop(state);
        self.master.resize(pty_size((columns, rows))).expect("the terminal takes the size");
    }

    /// The process that was started.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// The process group in the terminal's foreground.
    pub fn foreground(&self) -> u32 {
        self.master.process_group_leader().expect("there is one") as u32
    }

    /// Sends a signal by its name to a process.
    pub fn signal(&self, name: &str, pid: u32) {
        let sent = std::process::Command::new("sh").arg("-c").arg(format!("kill -{name} {pid}")).status();
        assert!(sent.expect("a shell").success(), "kill -{name} {pid}");
    }

    /// Whether the line discipline is as it was before the program began.
    pub fn settings_restored(&self) -> bool {
        settings(&*self.master) == self.settings
    }

    /// Whether the program still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the program's state").is_none()
    }

    /// Waits for the program's end.
    pub fn end(mut self) -> End {
        self.wait_state("the program's end", |state| state.closed.then_some(()));
        let until = Instant::now() + PATIENCE;
        while self.is_running() {
            assert!(Instant::now() < until, "closed its terminal and goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
        let code = self.child.wait().expect("the exit code").exit_code();
        let settings_restored = self.settings_restored();
        let _ = self.reading.join();
        let state = self.shown.state.lock().unwrap();
        End { code, raw: state.raw.clone(), screen: state.screen().clone(), settings_restored }
    }

    /// Takes the terminal away, as closing its window does. `wake` is a key that makes the program draw.
    pub fn hang_up(mut self, wake: &str) -> u32 {
        self.state().hang_up = true;
        self.keys(wake);
        let _ = self.reading.join();
        drop((self.writer, self.master));
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the program's state") {
                return status.exit_code();
            }
            if Instant::now() > until {
                let _ = self.child.kill();
                panic!("goes on without a terminal");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// `Some` if `text` stands on the screen.
pub fn has(screen: &Screen, text: &str) -> Option<()> {
    screen.contents().contains(text).then_some(())
}

/// Every frame that `raw` draws on a screen of one size, as text.
pub fn frames((columns, rows): (u16, u16), raw: &[u8]) -> Vec<String> {
    let mut parser = Parser::new(non_zero(rows), non_zero(columns), 0);
    let mut frames = Vec::new();
    let mut rest = raw;
    while let Some(at) = find(rest, FRAME_ENDS) {
        let (frame, after) = rest.split_at(at + FRAME_ENDS.len());
        parser.process(frame);
        frames.push(parser.screen().contents());
        rest = after;
    }
    frames
}

/// Where `bytes` begin in `all`.
pub fn find(all: &[u8], bytes: &[u8]) -> Option<usize> {
    all.windows(bytes.len()).position(|w| w == bytes)
}

/// The parameters of every SGR sequence.
pub fn styles(raw: &[u8]) -> Vec<Vec<u16>> {
    let mut found = Vec::new();
    for sequence in raw.split(|b| *b == 0x1b).skip(1).filter(|s| s.first() == Some(&b'[')) {
        let end = sequence[1..].iter().position(|b| (0x40..=0x7e).contains(b));
        if let Some(end) = end.filter(|e| sequence[1 + e] == b'm') {
            let params = std::str::from_utf8(&sequence[1..1 + end]).expect("parameters are ASCII");
            found.push(params.split([';', ':']).map(|p| p.parse().unwrap_or(0)).collect());
        }
    }
    found
}

fn settings(master: &dyn MasterPty) -> String {
    let t = master.get_termios().expect("the terminal's settings");
    format!("{:?} {:?} {:?} {:?}", t.input_flags, t.output_flags, t.control_flags, t.local_flags)
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn non_zero(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("a terminal has cells")
}
