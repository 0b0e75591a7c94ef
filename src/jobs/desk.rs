//! Where work waits until somebody takes it up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A piece of work.
pub(super) trait Piece {
    /// Its kind, 0 to 7: a newer piece replaces one of the same kind that waits, and the least kind is taken first.
    fn kind(&self) -> u8;
}

/// Pieces of work that were asked for and not begun: of each kind the newest, and behind them a line of pieces to be
/// done in order.
pub(super) struct Desk<W> {
    waiting: Mutex<Waiting<W>>,
    changed: Condvar,
    cancelled: AtomicBool,
    /// Kinds of which what is at work shall end, a bit each.
    stopped: AtomicU8,
}

struct Waiting<W> {
    asked: BTreeMap<u8, W>,
    line: VecDeque<W>,
    closed: bool,
}

impl<W: Piece> Desk<W> {
    pub fn new() -> Desk<W> {
        Desk {
            waiting: Mutex::new(Waiting { asked: BTreeMap::new(), line: VecDeque::new(), closed: false }),
            changed: Condvar::new(),
            cancelled: AtomicBool::new(false),
            stopped: AtomicU8::new(0),
        }
    }

    /// Nothing can be left half done while this is held, so that a panic somewhere else does not matter.
    fn waiting(&self) -> MutexGuard<'_, Waiting<W>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a piece of work on the desk. Gives it back where nobody will take it any more.
    pub fn ask(&self, work: W) -> Result<(), W> {
        let mut waiting = self.waiting();
        if waiting.closed {
            return Err(work);
        }
        waiting.asked.insert(work.kind(), work);
        drop(waiting);
        self.changed.notify_all();
        Ok(())
    }

    /// Puts what is left of a piece of work back, unless a newer one of its kind waits or nobody will take it any more.
    #[cfg_attr(all(not(feature = "onnx"), not(test)), expect(dead_code, reason = "for what takes long on a network"))]
    pub fn put_back(&self, work: W) {
        let mut waiting = self.waiting();
        if !waiting.closed {
            waiting.asked.entry(work.kind()).or_insert(work);
        }
    }

    /// Whether a piece that was asked for waits.
    #[cfg_attr(all(not(feature = "onnx"), not(test)), expect(dead_code, reason = "for what takes long on a network"))]
    pub fn waits(&self) -> bool {
        !self.waiting().asked.is_empty()
    }

    /// Whether a piece of this kind waits.
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "for what takes long on a network"))]
    pub fn waits_for(&self, kind: u8) -> bool {
        self.waiting().asked.contains_key(&kind)
    }

    /// Puts pieces of work at the end of the line.
    pub fn line_up(&self, all: impl IntoIterator<Item = W>) {
        self.waiting().line.extend(all);
        self.changed.notify_all();
    }

    /// Brings a piece of the line to its front.
    pub fn prefer(&self, is: impl Fn(&W) -> bool) {
        let line = &mut self.waiting().line;
        if let Some(work) = line.iter().position(is).and_then(|at| line.remove(at)) {
            line.push_front(work);
        }
    }

    /// Nobody takes anything up any more. What waits is given back.
    #[cfg_attr(all(not(feature = "onnx"), not(test)), expect(dead_code, reason = "files are always there to be read"))]
    pub fn close(&self) -> Vec<W> {
        let mut waiting = self.waiting();
        waiting.closed = true;
        let asked = std::mem::take(&mut waiting.asked);
        let left = asked.into_values().chain(waiting.line.drain(..)).collect();
        drop(waiting);
        self.changed.notify_all();
        left
    }

    /// Waits for the most wanted piece of work, which ends a [`Desk::stop`] of its kind. `None` when it was cancelled or
    /// closed.
    pub fn next(&self) -> Option<W> {
        let mut waiting = self.waiting();
        loop {
            if self.cancelled() || waiting.closed {
                return None;
            }
            let work = match waiting.asked.pop_first() {
                Some((_, work)) => Some(work),
                None => waiting.line.pop_front(),
            };
            if let Some(work) = work {
                // With the desk in hand, so that a stop goes for the one or for the other.
                self.stopped.fetch_and(!bit(work.kind()), Ordering::Relaxed);
                return Some(work);
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A piece of this kind, if one waits.
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "for what takes long on a network"))]
    pub fn take(&self, kind: u8) -> Option<W> {
        self.waiting().asked.remove(&kind)
    }

    /// Whoever is at work on a piece of this kind shall end with what there is. Pieces of it that wait are given back: they
    /// are not begun.
    pub fn stop(&self, kind: u8) -> Vec<W> {
        let mut waiting = self.waiting();
        self.stopped.fetch_or(bit(kind), Ordering::Relaxed);
        let asked = waiting.asked.remove(&kind);
        let (stopped, line) = std::mem::take(&mut waiting.line).into_iter().partition(|work: &W| work.kind() == kind);
        waiting.line = line;
        asked.into_iter().chain::<VecDeque<W>>(stopped).collect()
    }

    /// Whether the piece of this kind that is at work shall end with what there is.
    pub fn stopped(&self, kind: u8) -> bool {
        self.stopped.load(Ordering::Relaxed) & bit(kind) != 0
    }

    /// Nobody listens any more: everything shall end at once.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        // A thread that has just seen the flag down must be waiting before it is woken.
        drop(self.waiting());
        self.changed.notify_all();
    }

    /// Whether nobody listens any more.
    pub fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

fn bit(kind: u8) -> u8 {
    1 << kind.min(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Piece for (u8, &str) {
        fn kind(&self) -> u8 {
            self.0
        }
    }

    #[test]
    fn the_newest_of_a_kind_is_taken_and_the_line_comes_last() {
        let desk = Desk::new();
        desk.line_up([(7, "a"), (7, "b"), (7, "c")]);
        for work in [(2, "old"), (1, "first"), (2, "new")] {
            desk.ask(work).unwrap();
        }
        desk.prefer(|work| work.1 == "b");
        desk.prefer(|work| work.1 == "not there");
        let taken: Vec<&str> = (0..5).map(|_| desk.next().unwrap().1).collect();
        assert_eq!(taken, ["first", "new", "b", "a", "c"]);
    }

    #[test]
    fn what_gave_way_comes_back_unless_it_is_old() {
        let desk = Desk::new();
        desk.ask((7, "methods")).unwrap();
        assert_eq!((desk.next(), desk.waits()), (Some((7, "methods")), false));
        desk.ask((1, "urgent")).unwrap();
        assert!(desk.waits());
        desk.put_back((7, "rest"));
        assert_eq!([desk.next(), desk.next()], [Some((1, "urgent")), Some((7, "rest"))]);
        desk.ask((7, "new")).unwrap();
        desk.put_back((7, "old"));
        assert_eq!((desk.next(), desk.waits()), (Some((7, "new")), false));
        desk.close();
        desk.put_back((7, "late"));
        assert!(!desk.waits());
    }

    #[test]
    fn a_stop_is_for_its_kind_at_work_and_waiting() {
        let desk = Desk::new();
        desk.line_up([(7, "a"), (7, "b")]);
        desk.ask((2, "long")).unwrap();
        desk.ask((1, "quick")).unwrap();
        assert_eq!(desk.next(), Some((1, "quick")));
        assert_eq!(desk.stop(2), [(2, "long")]);
        assert_eq!([1, 2, 7].map(|kind| desk.stopped(kind)), [false, true, false]);
        assert_eq!(desk.stop(1), []);
        assert!(desk.stopped(1));
        assert_eq!(desk.stop(7), [(7, "a"), (7, "b")]);
        desk.ask((2, "later")).unwrap();
        assert_eq!(desk.next(), Some((2, "later")));
        assert_eq!([1, 2].map(|kind| desk.stopped(kind)), [true, false], "the next piece of a kind begins anew");
    }

    #[test]
    fn a_closed_desk_gives_back_and_a_cancelled_one_wakes() {
        let desk = Desk::new();
        desk.ask((1, "waits")).unwrap();
        assert_eq!(desk.close(), [(1, "waits")]);
        assert_eq!(desk.ask((1, "late")), Err((1, "late")));
        for end in [Desk::cancel, |desk: &Desk<(u8, &'static str)>| drop(desk.close())] {
            let desk = Desk::new();
            std::thread::scope(|scope| {
                let waiting = scope.spawn(|| desk.next());
                end(&desk);
                assert_eq!(waiting.join().unwrap(), None);
            });
        }
    }
}
