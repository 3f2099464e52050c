//! The end of the process: no thread of a world may be inside RocksDB when the library's own
//! statics are destroyed, or it locks a mutex that is gone and aborts.
//!
//! What the process ends is all its worlds, so this count belongs to the process as the statics
//! that it guards do.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many pieces of work are under way; with [`ENDED`] added once no more may begin.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// What the names of a world's threads begin with; each does one piece of work at a time.
pub(super) const THREAD_PREFIX: &str = "duolog-";

const ENDED: usize = 1 << (usize::BITS - 1);

/// Work under way, until it drops.
pub(super) struct Running;

/// Work begins. Once the process ends it does not: the thread stays here until it is gone.
pub(super) fn begin() -> Running {
    if RUNNING.fetch_add(1, Ordering::SeqCst) & ENDED != 0 {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        loop {
            std::thread::park();
        }
    }
    Running
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Has the end of the process wait for the work under way, and lets none begin then. To be called
/// before the first call of RocksDB.
#[cfg(feature = "rocks")]
pub(super) fn guard() {
    use std::sync::Once;
    static GUARDED: Once = Once::new();
    GUARDED.call_once(|| {
        // What is registered last runs first: the environment's end is registered here.
        crate::index::rocks::make_environment();
        if !shutdown_hooks::add_shutdown_hook(end) {
            tracing::warn!("the process may end while calls of RocksDB are under way");
        }
    });
}

/// The longest that the end of the process waits; a call that hangs must not hold it for ever.
#[cfg(feature = "rocks")]
const WAIT_MS_MAX: u64 = 10_000;

#[cfg(feature = "rocks")]
#[allow(clippy::disallowed_methods)] // The process ends: there is no world left to wait in.
extern "C" fn end() {
    RUNNING.fetch_or(ENDED, Ordering::SeqCst);
    // Work of a world may be what ends the process: it does not wait for itself.
    let is_own = std::thread::current().name().is_some_and(|name| name.starts_with(THREAD_PREFIX));
    for _ in 0..WAIT_MS_MAX {
        if RUNNING.load(Ordering::SeqCst) & !ENDED <= usize::from(is_own) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
