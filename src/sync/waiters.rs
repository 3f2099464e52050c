//! Waiting for a condition over shared state.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::shim::{Mistake, Mutex, lock, mistake};
use super::wakers::Wakers;

#[cfg(all(test, feature = "loom"))]
mod model;
#[cfg(all(test, not(feature = "loom")))]
mod tests;

/// Those who wait for a condition. Whoever may have made a condition true changes the state
/// first and calls [`Waiters::wake_all`] afterwards; then no wake is lost, with any memory
/// ordering of the state, because registering and waking take the same lock.
///
/// Sleepers are woken in the order in which they first registered. No lock is held while a
/// condition is checked or a waker is called.
#[derive(Debug, Default)]
pub struct Waiters {
    asleep: Mutex<Wakers>,
}

impl Waiters {
    /// Nobody waits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until `condition` answers, and returns its answer: checks, registers, checks again,
    /// sleeps. An answer is returned by the poll that got it. Dropping the wait unregisters it.
    pub async fn wait_until<R>(&self, mut condition: impl FnMut() -> Option<R>) -> R {
        let mut seat = Seat { waiters: self, place: None };
        poll_fn(|context| {
            if let Some(answer) = condition() {
                return Poll::Ready(answer);
            }
            seat.sleep(context);
            if mistake(Mistake::WaitersCheckOnce) {
                return Poll::Pending;
            }
            condition().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Wakes all who sleep, in the order of their registration.
    pub fn wake_all(&self) {
        let sleepers = lock(&self.asleep).take();
        sleepers.for_each(std::task::Waker::wake);
    }

    /// How many sleep: waits that were polled, not woken since, and not dropped.
    pub fn count(&self) -> usize {
        lock(&self.asleep).count()
    }
}

/// The registration of one wait; dropping it unregisters.
struct Seat<'a> {
    waiters: &'a Waiters,
    place: Option<u64>,
}

impl Seat<'_> {
    fn sleep(&mut self, context: &Context<'_>) {
        let waker = context.waker().clone();
        let mut asleep = lock(&self.waiters.asleep);
        let place = *self.place.get_or_insert_with(|| asleep.place());
        let replaced = asleep.insert(place, waker);
        drop(asleep);
        drop(replaced);
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let waker = lock(&self.waiters.asleep).remove(place);
            drop(waker);
        }
    }
}
