//! Calls that may wait, made on threads that may.

use std::sync::Arc;

use crate::sync::{Ticket, ticket};

/// Runs a job on a thread that may wait, some time after the call. A job that is dropped instead
/// is an error for who waits for it.
pub type Blocking = Arc<dyn Fn(Box<dyn FnOnce() + Send>) + Send + Sync>;

/// Runs `work` on `blocking`, to its end even where the ticket is dropped. `None` where it
/// panicked or was never run.
pub(super) fn run<T: Send + 'static>(
    blocking: &Blocking,
    work: impl FnOnce() -> T + Send + 'static,
) -> Ticket<T> {
    let (completer, answer) = ticket();
    blocking(Box::new(move || completer.complete(work())));
    answer
}
