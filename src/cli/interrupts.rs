//! Ctrl-C on the command line: the first ends what is under way, which keeps and writes what was found; the second leaves
//! at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Hears Ctrl-C, the same for everything that a command does one after the other.
pub(super) struct Interrupts {
    /// A Ctrl-C that was not seen to yet.
    asked: Arc<AtomicBool>,
    /// Whether a Ctrl-C ends the program as usual.
    leaves: Arc<AtomicBool>,
    /// Whether there was one.
    ever: AtomicBool,
}

impl Interrupts {
    /// Listens from now on. Until something is [begun](Interrupts::begin) Ctrl-C ends the program.
    pub fn listen() -> Interrupts {
        let (asked, leaves) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(true)));
        #[cfg(unix)]
        {
            use signal_hook::consts::SIGINT;
            // The order matters: whether it leaves is what was so before this Ctrl-C.
            let _ = signal_hook::flag::register_conditional_default(SIGINT, leaves.clone());
            let _ = signal_hook::flag::register(SIGINT, leaves.clone());
            let _ = signal_hook::flag::register(SIGINT, asked.clone());
        }
        Interrupts { asked, leaves, ever: AtomicBool::new(false) }
    }

    /// Something begins that the next Ctrl-C ends in good order. Until the answer is dropped only a second one leaves.
    pub fn begin(&self) -> Phase<'_> {
        self.asked.store(false, Ordering::SeqCst);
        self.leaves.store(false, Ordering::SeqCst);
        Phase { of: self }
    }

    /// Whether anything was interrupted.
    pub fn ever(&self) -> bool {
        self.ever.load(Ordering::SeqCst)
    }
}

/// Something that can be interrupted.
pub(super) struct Phase<'a> {
    of: &'a Interrupts,
}

impl Phase<'_> {
    /// Whether there was a Ctrl-C since this was asked last.
    pub fn asked(&self) -> bool {
        let asked = self.of.asked.swap(false, Ordering::SeqCst);
        self.of.ever.fetch_or(asked, Ordering::SeqCst);
        asked
    }
}

impl Drop for Phase<'_> {
    fn drop(&mut self) {
        // It may have come with the very end.
        self.asked();
        self.of.leaves.store(true, Ordering::SeqCst);
    }
}
