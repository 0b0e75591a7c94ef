//! Work whose panics are caught: what is done behind the screen must neither end the program nor leave it waiting, and
//! its panics are told as sentences, not printed.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(any(feature = "tui", test))]
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Pieces of guarded work under way on any thread. A library shares work out to threads of its own, which know of no
/// guard, and hands a panic there on to whoever asked.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// Does a piece of work; what it panics with is the error. A hook that [`hush`] has set does not print it.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    let before = GUARDED.replace(true);
    UNDER_WAY.fetch_add(1, Ordering::SeqCst);
    let result = catch_unwind(AssertUnwindSafe(work));
    UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
    GUARDED.set(before);
    result
}

/// Does a share of guarded work on a thread of its own: a panic goes on to whoever joins, unprinted.
pub(crate) fn share<T>(work: impl FnOnce() -> T) -> T {
    guarded(work).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What a thread that was joined has done, or its panic.
pub(crate) fn joined<T>(joined: std::thread::Result<T>) -> T {
    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Whether a panic on this thread, which `is_main` or not, is caught and told as a sentence.
#[cfg(any(feature = "tui", test))]
pub(crate) fn is_caught(is_main: bool) -> bool {
    GUARDED.get() || (!is_main && UNDER_WAY.load(Ordering::SeqCst) > 0)
}

/// From now on panics of guarded work are not printed to stderr, whichever thread does it; all others are, as before.
/// To be called from the main thread, which does no library's work.
#[cfg(any(feature = "tui", test))]
pub(crate) fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        let main = std::thread::current().id();
        std::panic::set_hook(Box::new(move |info| {
            if !is_caught(std::thread::current().id() == main) {
                before(info);
            }
        }));
    });
}

/// Panics where `QVIZ_TEST_PANIC` names this place: the tests look at what becomes of it. Released programs are built
/// without debug assertions, and so without this.
pub(crate) fn asked_panic(place: &str) {
    #[cfg(debug_assertions)]
    assert!(std::env::var("QVIZ_TEST_PANIC").as_deref() != Ok(place), "asked for by QVIZ_TEST_PANIC");
    let _ = place;
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_panic_is_an_error_on_any_thread() {
        let sum = |x: i32| {
            guarded(|| {
                std::thread::scope(|scope| {
                    joined(scope.spawn(|| share(|| if x > 1 { panic!("two") } else { x })).join())
                })
            })
        };
        assert_eq!(sum(1).ok(), Some(1));
        assert!(sum(2).is_err());
        assert!(!GUARDED.get(), "what comes behind is not guarded");
    }

    #[test]
    fn guarded_panics_are_silent_on_any_thread_and_all_others_are_told() {
        // The hook is of a whole process, so it is set in one of its own.
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "guard::tests::the_child", "--ignored", "--nocapture"])
            .env("RUST_BACKTRACE", "1")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{told}");
        assert!(!told.contains("of guarded work"), "{told}");
        assert_eq!(told.matches("panicked").count(), 2, "{told}");
        assert!(told.contains("on the main thread") && told.contains("on another thread"), "{told}");
    }

    #[test]
    #[ignore = "the other process of the test before"]
    fn the_child() {
        hush();
        assert!(guarded(|| panic!("of guarded work")).is_err());
        assert!(
            guarded(|| std::thread::scope(|s| joined(s.spawn(|| share(|| panic!("of guarded work"))).join()))).is_err()
        );
        // A thread that knows nothing of it, as those of a library.
        assert!(guarded(|| joined(std::thread::spawn(|| panic!("of guarded work")).join())).is_err());
        #[cfg(feature = "onnx")]
        {
            use tract_onnx::prelude::multithread::Executor;
            let Executor::MultiThread(pool) = Executor::multithread(2) else { panic!("a pool") };
            assert!(guarded(|| pool.install(|| panic!("of guarded work"))).is_err());
        }
        assert!(catch_unwind(|| panic!("on the main thread")).is_err());
        assert!(std::thread::spawn(|| panic!("on another thread")).join().is_err());
        // Also while somebody else does guarded work.
        guarded(|| {
            let before = GUARDED.replace(false);
            assert!(!is_caught(true) && is_caught(false));
            GUARDED.set(before);
        })
        .unwrap();
    }
}
