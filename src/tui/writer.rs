//! Writes the network with its scales inside, on a thread of its own.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use super::event::Event;
use super::msg::{IntoNetwork, Unwritten, Written};
use crate::guard::guarded;
use crate::report::{Scales, visible};

/// Who writes, and whom he tells.
pub(super) struct Writer {
    sender: Sender<Event>,
    work: Option<Work>,
}

struct Work {
    thread: JoinHandle<()>,
    stopped: Arc<AtomicBool>,
    name: String,
}

impl Writer {
    pub fn new(sender: Sender<Event>) -> Writer {
        Writer { sender, work: None }
    }

    /// Begins to write; false where something is being written still.
    pub fn begin(&mut self, into: IntoNetwork, scales: Scales, out: PathBuf, force: bool, tensors: usize) -> bool {
        if self.work.as_ref().is_some_and(|work| !work.thread.is_finished()) {
            return false;
        }
        let (sender, stopped) = (self.sender.clone(), Arc::new(AtomicBool::new(false)));
        let (name, asked) = (out.to_string_lossy().into_owned(), stopped.clone());
        let path = name.clone();
        let thread = std::thread::spawn(move || {
            let said = guarded(|| into(&scales, &out, force, &|| asked.load(Ordering::Relaxed)));
            let said = said.unwrap_or_else(|_| {
                let message = format!("{} could not be written: a defect of qviz, please report it.", visible(&path));
                Err(Unwritten { message, exists: false })
            });
            let written = said.map(|said| Written { path, tensors, said, keeps_all: false });
            let _ = sender.send(Event::Written(written));
        });
        self.work = Some(Work { thread, stopped, name });
        true
    }

    /// What is not written yet shall not be.
    pub fn stop(&self) {
        if let Some(work) = &self.work {
            work.stopped.store(true, Ordering::Relaxed);
        }
    }

    /// The program ends, because the user leaves or from outside. A file is complete or absent: what was asked for is waited
    /// for, and of what nobody waits for any more no half is left behind.
    pub fn finish(self, left: bool) {
        if !left {
            self.stop();
        }
        if let Some(Work { thread, name, .. }) = self.work.filter(|work| !work.thread.is_finished()) {
            if left {
                // Not eprintln: it panics where the terminal is gone.
                let _ = writeln!(io::stderr(), "qviz: writing {} to its end…", visible(&name));
            }
            let _ = thread.join();
        }
    }
}
