use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::page::Page;
use crate::guard::guarded;
use crate::report::save;

/// Writes pages on a thread of its own: syncing a disk takes longer than a frame.
pub(super) struct Writer {
    sender: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    trouble: Arc<Mutex<Option<String>>>,
}

enum Order {
    /// This is the state now; without a page the file goes.
    Write(Option<Page>),
    /// Answer when everything before is written.
    Flush(Sender<()>),
}

impl Writer {
    pub fn start(path: PathBuf) -> Writer {
        let (sender, orders) = channel();
        let trouble = Arc::<Mutex<_>>::default();
        let told = trouble.clone();
        let tell = move |why| *told.lock().unwrap_or_else(PoisonError::into_inner) = why;
        let thread = std::thread::spawn(move || {
            if guarded(|| run(&path, &orders, &tell)).is_err() {
                tell(Some("The writer of the journal failed: a defect of qviz, please report it.".to_owned()));
            }
        });
        Writer { sender: Some(sender), thread: Some(thread), trouble }
    }

    /// Why the file does not hold what was last written.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn write(&self, page: Option<Page>) {
        if let Some(sender) = &self.sender {
            let _ = sender.send(Order::Write(page));
        }
    }

    pub fn flush(&self) {
        let (done, wait) = channel();
        if let Some(sender) = &self.sender
            && sender.send(Order::Flush(done)).is_ok()
        {
            let _ = wait.recv();
        }
    }
}

impl Drop for Writer {
    /// What was asked for is written before it ends.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(path: &Path, orders: &Receiver<Order>, tell: &dyn Fn(Option<String>)) {
    while let Ok(first) = orders.recv() {
        let mut newest = None;
        let mut waiting = Vec::new();
        for order in std::iter::once(first).chain(std::iter::from_fn(|| orders.try_recv().ok())) {
            match order {
                Order::Write(page) => newest = Some(page),
                Order::Flush(done) => waiting.push(done),
            }
        }
        if let Some(page) = newest {
            tell(write(path, page).err());
        }
        for done in waiting {
            let _ = done.send(());
        }
    }
}

fn write(path: &Path, page: Option<Page>) -> Result<(), String> {
    match page {
        Some(page) => save(path, &page.to_bytes()?, true).map_err(|error| error.to_string()),
        None => match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(()),
        },
    }
}
