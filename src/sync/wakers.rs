//! Who sleeps, in the order in which they came.

use std::collections::BTreeMap;
use std::task::Waker;

/// Wakers by place. A place is given out once and kept over repeated sleeps, so that the order of
/// wakes is the order of first registration, whatever executor polls the sleepers.
///
/// Every waker that comes out must be woken or dropped *after* the lock around this is released:
/// both can run the code of whoever made it, up to the drop of a future that takes the same lock.
#[derive(Debug, Default)]
pub(super) struct Wakers {
    next: u64,
    asleep: BTreeMap<u64, Waker>,
}

impl Wakers {
    /// A new place, behind all others.
    pub(super) fn place(&mut self) -> u64 {
        let place = self.next;
        self.next += 1;
        place
    }

    /// Puts `waker` to sleep at `place`; returns the one that slept there.
    #[must_use = "drop it after the lock"]
    pub(super) fn insert(&mut self, place: u64, waker: Waker) -> Option<Waker> {
        self.asleep.insert(place, waker)
    }

    /// Takes the sleeper at `place`.
    #[must_use = "drop it after the lock"]
    pub(super) fn remove(&mut self, place: u64) -> Option<Waker> {
        self.asleep.remove(&place)
    }

    /// Takes all sleepers, in order of their places.
    #[must_use = "wake them after the lock"]
    pub(super) fn take(&mut self) -> impl Iterator<Item = Waker> + use<> {
        std::mem::take(&mut self.asleep).into_values()
    }

    /// Number of sleepers.
    pub(super) fn count(&self) -> usize {
        self.asleep.len()
    }
}
