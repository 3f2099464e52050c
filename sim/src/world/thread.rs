//! Which thread drives a simulation. Nothing here may reach the trace.

/// A thread.
pub(super) type ThreadMark = std::thread::ThreadId;

/// The thread that calls this.
#[allow(
    clippy::disallowed_methods,
    reason = "compared only, to find threads that must not be here"
)]
pub(super) fn this_thread() -> ThreadMark {
    std::thread::current().id()
}

/// Whether the thread that calls this is another than `owner`.
pub(super) fn is_foreign(owner: &ThreadMark) -> bool {
    this_thread() != *owner
}
