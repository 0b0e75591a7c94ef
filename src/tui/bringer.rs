//! Who brings the layers, the data to compare with, and what is trained.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Sender;

use crate::guard::guarded;
use crate::jobs::{Feed, Start, Stop};

use super::event::Event;
use super::model::Model;
use super::training::{Order, Trained, train};

/// Who brings the layers now. After another lesson was opened what the one before still tells is of no use.
pub(super) struct Bringer {
    pub feed: Box<dyn Feed>,
    /// How many there were before.
    pub nth: usize,
    sender: Sender<Event>,
    /// Who will bring the data to compare with, and who does.
    pub against: Option<Start>,
    pub other: Option<Box<dyn Feed>>,
    /// The number of what is being trained; 0 where nothing is to be.
    training: Arc<AtomicUsize>,
}

impl Bringer {
    pub fn new(start: Start, nth: usize, sender: Sender<Event>) -> Bringer {
        let told = sender.clone();
        let tell = move |event| drop(told.send(Event::Job { of: nth, told: Box::new(event) }));
        Bringer { feed: start(Box::new(tell)), nth, sender, against: None, other: None, training: Arc::default() }
    }

    /// The data to compare with are begun when all else is read. Who brings them stays: channels are asked for later.
    pub fn keep_up(&mut self, model: &Model) {
        if model.loading.finished
            && let Some(start) = self.against.take()
        {
            let sender = self.sender.clone();
            self.other = Some(start(Box::new(move |told| drop(sender.send(Event::Against(Box::new(told)))))));
        }
    }

    /// Trains on a thread of its own; what was trained before ends.
    pub fn train(&self, order: Order, nth: usize) {
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
    pub fn replace(&mut self, start: Start) {
        self.feed.stop(Stop::All);
        self.training.store(0, Relaxed);
        *self = Bringer::new(start, self.nth + 1, self.sender.clone());
    }
}
