//! How a run can end without a result.

/// A run of a simulation ended without a result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// Nothing is ready, no timer is set, and the future waited for is not done.
    #[error("deadlock at {at_us} us of virtual time: nothing can wake {pending:?}")]
    Deadlock {
        /// Virtual time.
        at_us: u64,
        /// The tasks that wait, in the order in which they began.
        pending: Vec<String>,
    },
    /// The run took more polls than it was given.
    #[error("livelock: {polls} polls were not enough, {ready:?} want more")]
    Livelock {
        /// The budget.
        polls: u64,
        /// The tasks polled last and those that are ready.
        ready: Vec<String>,
    },
    /// Another thread woke a task or called the world: the run cannot be repeated.
    #[error("foreign thread: {what}; a simulated run must stay on the thread that drives it")]
    ForeignThread {
        /// What it did.
        what: String,
    },
    /// The process that the future belongs to was killed.
    #[error("process {process} was killed before the future waited for was done")]
    Killed {
        /// Its name.
        process: String,
    },
}
