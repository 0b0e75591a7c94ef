//! The terminal, taken and given back.
//!
//! [`restore`] is the one way back, safe to call from anywhere and any number of times: a clean end, an error, a
//! panic, a signal and Ctrl-Z all go through it.

use std::io::{self, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{Command, cursor, execute, queue};
use ratatui::Terminal;

use super::backend::Ansi;

/// Where frames go. `Stdout` gathers lines: a frame with a line feed in it would arrive in two parts.
#[cfg(unix)]
pub type Out = std::fs::File;
#[cfg(not(unix))]
pub type Out = io::Stdout;

/// What frames are drawn to.
pub type Screen = Terminal<Ansi<io::BufWriter<Out>>>;

/// Opens it.
///
/// # Errors
/// When the terminal cannot be taken.
pub fn out() -> io::Result<Out> {
    #[cfg(unix)]
    return Ok(std::os::fd::AsFd::as_fd(&stdout()).try_clone_to_owned()?.into());
    #[cfg(not(unix))]
    return Ok(stdout());
}

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether keys are sent by kitty's protocol.
static PLAIN_KEYS: AtomicBool = AtomicBool::new(false);

/// Terminals that know kitty's keyboard protocol, by their `TERM`; others are not sent what they may not know. By it Esc is
/// a key of its own, and not also how others begin. Nobody is asked: the answer would come among the keys.
const KNOW_KITTY: &[&str] = &["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "rio", "contour"];

fn knows_kitty(term: &str) -> bool {
    KNOW_KITTY.iter().any(|name| term.starts_with(name))
}

/// Presses, drags and the wheel, without the flood of moves that crossterm's own command asks for.
struct EnableDrag;

impl Command for EnableDrag {
    fn write_ansi(&self, f: &mut impl std::fmt::Write) -> std::fmt::Result {
        f.write_str("\x1b[?1000h\x1b[?1002h\x1b[?1006h")
    }

    #[cfg(windows)]
    fn execute_winapi(&self) -> io::Result<()> {
        crossterm::event::EnableMouseCapture.execute_winapi()
    }

    #[cfg(windows)]
    fn is_ansi_code_supported(&self) -> bool {
        false
    }
}

/// Takes the terminal: raw mode, alternate screen, paste as one piece, keys by kitty's protocol where the terminal is known to
/// have it, and the mouse if it is wanted.
///
/// # Errors
/// When the terminal refuses; what was taken is given back then.
pub fn take(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let taken =
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide).and_then(|()| set_mouse(mouse));
    let taken = taken.and_then(|()| {
        if std::env::var("TERM").is_ok_and(|term| knows_kitty(&term)) {
            PLAIN_KEYS.store(true, Ordering::SeqCst);
            execute!(stdout(), PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES))?;
        }
        Ok(())
    });
    if taken.is_err() {
        restore();
    }
    taken
}

/// Takes the mouse or gives it back.
///
/// # Errors
/// When the terminal refuses.
pub fn set_mouse(on: bool) -> io::Result<()> {
    if on { execute!(stdout(), EnableDrag) } else { execute!(stdout(), DisableMouseCapture) }
}

/// Gives the terminal back and sleeps until the shell wakes the program. Where there is no job control nothing happens.
///
/// The whole process group is stopped, as the terminal itself would do: a script or `cargo run` around the program must
/// sleep too, or the shell would wait for it. And with SIGTSTP, not SIGSTOP: where there is no shell to wake anyone up
/// (`xterm -e qviz`) the system ignores it.
///
/// # Errors
/// When the terminal refuses to be taken again.
pub fn suspend(mouse: bool) -> io::Result<()> {
    #[cfg(unix)]
    {
        restore();
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        take(mouse)?;
    }
    let _ = mouse;
    Ok(())
}

/// Gives everything back as it was. Does nothing when it was given back already, and never fails: there is nobody left
/// to tell.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = stdout();
        // An update that was begun and never ended would hold the screen still.
        let _ = queue!(out, crossterm::terminal::EndSynchronizedUpdate);
        // Each of the two screens has keys of its own: before the other one comes.
        if PLAIN_KEYS.swap(false, Ordering::SeqCst) {
            let _ = queue!(out, PopKeyboardEnhancementFlags);
        }
        let _ = queue!(out, DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = out.flush();
        let _ = disable_raw_mode();
    }
}

/// Gives the terminal back when it is dropped.
pub struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// From now on a panic of this thread gives the terminal back before it is reported, unless it is one of guarded work,
/// which is told as a sentence. Panics of the loader's threads are not printed over the screen: the loader turns them
/// into an error of their layer.
pub fn restore_on_panic() {
    let before = std::panic::take_hook();
    let ui = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        let is_ui = std::thread::current().id() == ui;
        if is_ui && !crate::guard::is_caught(true) {
            restore();
            before(info);
        } else if !TAKEN.load(Ordering::SeqCst) {
            before(info);
        }
    }));
}
