//! How long calls of one kind take: whether they may run where they are made.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

#[cfg(test)]
mod tests;

/// A thread that runs tasks may stand still for so long.
const QUICK_US_MAX: u64 = 1_000;
/// How many calls it takes, about, until those before them are forgotten.
const CALLS_REMEMBERED: u64 = 8;
/// No call was made yet.
const UNKNOWN: u64 = u64::MAX;

/// How long calls took lately.
pub(super) struct Pace {
    recent_us: AtomicU64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { recent_us: AtomicU64::new(UNKNOWN) }
    }
}

impl Pace {
    /// Whether a call is likely to take less than a millisecond; not so before the first one.
    pub(super) fn is_quick(&self) -> bool {
        self.recent_us.load(Ordering::Relaxed) <= QUICK_US_MAX
    }

    /// Makes a call, and remembers how long it took.
    pub(super) fn timed<T>(&self, call: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let answer = call();
        self.note(u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX));
        answer
    }

    fn note(&self, took_us: u64) {
        // Of two calls at the same time one may be forgotten: it is an estimate.
        let recent_us = match self.recent_us.load(Ordering::Relaxed) {
            UNKNOWN => took_us,
            before_us => before_us - before_us / CALLS_REMEMBERED + took_us / CALLS_REMEMBERED,
        };
        self.recent_us.store(recent_us.min(UNKNOWN - 1), Ordering::Relaxed);
    }
}
