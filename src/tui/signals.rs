//! Signals that ask the program to end, as events.

use std::io;
use std::sync::mpsc::Sender;

use super::event::Event;

/// The signal that a lost terminal amounts to, SIGHUP.
pub(super) const HANGUP: i32 = 1;

/// Signals that ask the program to end become events.
#[cfg(unix)]
pub(super) fn signals(sender: Sender<Event>) -> io::Result<()> {
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
pub(super) fn signals(_: Sender<Event>) -> io::Result<()> {
    Ok(())
}
