//! The one place where `sync` takes its locks, atomics and counted pointers from: the standard
//! library, or loom where the feature `loom` is on. Also the mistakes that the models plant.

#[cfg(feature = "loom")]
pub(super) use loom::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
#[cfg(not(feature = "loom"))]
pub(super) use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// The standard pointer even under loom: wakers and trait objects can be made of no other.
pub(super) use std::sync::Arc as StdArc;
use std::sync::PoisonError;

/// Locks `mutex`. A panic of another holder does not matter here: every critical section of this
/// room leaves its data whole at each step, and calls nobody's code.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A mistake that a model plants, to prove that loom would find it. Each names the primitive and
/// what goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// `SwitchQueue`: a swap takes what it counted and clears what came meanwhile.
    QueueSwapsInTwoHalves,
    /// `Waiters`: a wait registers and sleeps without checking a second time.
    WaitersCheckOnce,
    /// `Marks`: a snapshot reads the larger mark before the smaller.
    MarksReadLargerFirst,
    /// `Ticket`: the completer wakes first and stores the value afterwards.
    TicketWakesEarly,
    /// `SharedTask`: a request for a poll is forgotten while another driver polls.
    TaskForgetsKick,
    /// `SharedTask`: a driver that leaves does not hand a wanted poll to the others.
    TaskLeavesSilently,
    /// `SharedTask`: the last driver leaves a busy task without calling the orphan hook.
    TaskHidesOrphan,
    /// `SingleFlight`: a leader that is dropped does not wake its followers.
    FlightDropsSilently,
    /// `Budget`: a request that is dropped after its wake keeps the wake to itself.
    BudgetKeepsTurn,
}

/// Whether the model under way planted `mistake`. Constant `false` without the feature `loom`.
#[cfg(not(feature = "loom"))]
pub(super) const fn mistake(_mistake: Mistake) -> bool {
    false
}

/// What the model under way planted. Of the whole process: models run one after the other.
#[cfg(feature = "loom")]
static PLANTED: std::sync::Mutex<Option<Mistake>> = std::sync::Mutex::new(None);

/// Whether the model under way planted `mistake`.
#[cfg(feature = "loom")]
pub(super) fn mistake(mistake: Mistake) -> bool {
    *PLANTED.lock().unwrap_or_else(PoisonError::into_inner) == Some(mistake)
}

/// Plants `mistake`, or takes out what is planted.
#[cfg(all(test, feature = "loom"))]
pub(super) fn plant(mistake: Option<Mistake>) {
    *PLANTED.lock().unwrap_or_else(PoisonError::into_inner) = mistake;
}
