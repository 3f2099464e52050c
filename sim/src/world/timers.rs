//! What waits for a moment of virtual time.

use std::collections::BTreeMap;
use std::task::Waker;

/// A moment, and the place among the timers of that moment in the order in which they were set.
pub(super) type TimerKey = (u64, u64);

/// All timers that are set.
#[derive(Default)]
pub(super) struct Timers {
    set: BTreeMap<TimerKey, Waker>,
    next: u64,
}

impl Timers {
    pub(super) fn set(&mut self, at_us: u64, waker: Waker) -> TimerKey {
        let key = (at_us, self.next);
        self.next += 1;
        self.set.insert(key, waker);
        key
    }

    /// Whether a timer has neither fired nor been cancelled.
    pub(super) fn is_set(&self, key: TimerKey) -> bool {
        self.set.contains_key(&key)
    }

    /// Gives a timer another waker; returns one of the two to be dropped outside of locks.
    pub(super) fn replace(&mut self, key: TimerKey, waker: &Waker) -> Option<Waker> {
        let held = self.set.get_mut(&key)?;
        if held.will_wake(waker) { None } else { Some(std::mem::replace(held, waker.clone())) }
    }

    /// Takes a timer back; its waker is to be dropped outside of locks.
    pub(super) fn cancel(&mut self, key: TimerKey) -> Option<Waker> {
        self.set.remove(&key)
    }

    /// The next moment at which something fires.
    pub(super) fn next_at(&self) -> Option<u64> {
        self.set.first_key_value().map(|(key, _)| key.0)
    }

    /// Takes all timers of a moment, in the order in which they were set.
    pub(super) fn take(&mut self, at_us: u64, fired: &mut Vec<Waker>) {
        while let Some(entry) = self.set.first_entry() {
            if entry.key().0 > at_us {
                break;
            }
            fired.push(entry.remove());
        }
    }

    /// Takes all timers.
    pub(super) fn clear(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.set).into_values().collect()
    }
}
