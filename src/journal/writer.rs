use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::page::Page;
use crate::report::save;

/// Writes pages on a thread of its own: syncing a disk takes longer than a frame.
pub(super) struct Writer {
    sender: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

enum Order {
    /// This is the state now; without a page the file goes.
    Write(Option<Page>),
    /// Answer when everything before is written.
    Flush(Sender<()>),
}

impl Writer {
    pub fn start(path: PathBuf, failed: impl Fn(String) + Send + 'static) -> Writer {
        let (sender, orders) = channel();
        let thread = std::thread::spawn(move || run(&path, &orders, &failed));
        Writer { sender: Some(sender), thread: Some(thread) }
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

fn run(path: &std::path::Path, orders: &Receiver<Order>, failed: &dyn Fn(String)) {
    while let Ok(first) = orders.recv() {
        let mut newest = None;
        let mut waiting = Vec::new();
        for order in std::iter::once(first).chain(std::iter::from_fn(|| orders.try_recv().ok())) {
            match order {
                Order::Write(page) => newest = Some(page),
                Order::Flush(done) => waiting.push(done),
            }
        }
        let written = match newest {
            None => Ok(()),
            Some(Some(page)) => save(path, &page.to_bytes(), true).map_err(|error| error.to_string()),
            Some(None) => match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
                _ => Ok(()),
            },
        };
        if let Err(why) = written {
            failed(why);
        }
        for done in waiting {
            let _ = done.send(());
        }
    }
}
