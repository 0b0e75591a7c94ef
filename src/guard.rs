//! Work whose panics are caught: what is done behind the screen must neither end the program nor leave it waiting, and
//! its panics are told as sentences, not printed.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does a piece of work; what it panics with is the error. A hook that [`hush`] has set does not print it.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
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

/// From now on panics of guarded work are not printed to stderr; all others are, as before.
#[cfg_attr(not(feature = "tui"), expect(dead_code, reason = "only a program may set the hook of the whole process"))]
pub(crate) fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
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
}
