//! A bounded amount of something, such as bytes in memory, that its users take and give back.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use super::shim::{Arc, Mistake, Mutex, lock, mistake};

#[cfg(all(test, feature = "loom"))]
mod model;
#[cfg(all(test, not(feature = "loom")))]
mod tests;

/// A bound on what is in use at a time, in whatever unit its owner counts. A clone is the same
/// budget.
///
/// Requests are served strictly in the order in which they came: a small one does not pass a
/// large one, so that none starves. At most the bound is in use, but for a request larger than
/// the bound: it is granted when nothing is in use, and then nothing else is.
#[derive(Clone)]
pub struct Budget {
    shared: Arc<Shared>,
}

struct Shared {
    bound: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    used: u64,
    next_place: u64,
    /// Requests not yet granted, in order; the waker is out once it was woken.
    queue: BTreeMap<u64, Option<Waker>>,
}

impl State {
    fn fits(&self, amount: u64, bound: u64) -> bool {
        self.used == 0 || self.used.saturating_add(amount) <= bound
    }

    /// Takes the waker of whoever is next.
    #[must_use = "wake it after the lock"]
    fn next(&mut self) -> Option<Waker> {
        self.queue.values_mut().next().and_then(Option::take)
    }
}

impl Budget {
    /// Nothing is in use, and at most `bound` may be, inclusive. With 0 one request is granted at
    /// a time.
    pub fn new(bound: u64) -> Self {
        Self { shared: Arc::new(Shared { bound, state: Mutex::default() }) }
    }

    /// Waits until `amount` is granted. Dropping the wait takes the request back.
    pub async fn acquire(&self, amount: u64) -> Permit {
        if let Some(permit) = self.try_acquire(amount) {
            return permit;
        }
        let mut request = Request { shared: &self.shared, amount, place: None };
        poll_fn(|context| request.poll(context)).await;
        Permit { shared: self.shared.clone(), amount }
    }

    /// Takes `amount` where it is granted at once: nobody waits, and it fits.
    pub fn try_acquire(&self, amount: u64) -> Option<Permit> {
        let mut state = lock(&self.shared.state);
        if !state.queue.is_empty() || !state.fits(amount, self.shared.bound) {
            return None;
        }
        state.used += amount;
        drop(state);
        Some(Permit { shared: self.shared.clone(), amount })
    }

    /// What is in use; above the bound only while one request larger than that is served.
    pub fn used(&self) -> u64 {
        lock(&self.shared.state).used
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        lock(&self.shared.state).queue.len()
    }

    /// The most that may be in use, inclusive.
    pub fn bound(&self) -> u64 {
        self.shared.bound
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("bound", &self.bound())
            .field("used", &self.used())
            .field("waiting", &self.waiting())
            .finish()
    }
}

/// A request that waits. Dropped, it leaves the queue.
struct Request<'a> {
    shared: &'a Shared,
    amount: u64,
    place: Option<u64>,
}

impl Request<'_> {
    fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut state = lock(&self.shared.state);
        let place = *self.place.get_or_insert(state.next_place);
        state.next_place = state.next_place.max(place + 1);
        let replaced = state.queue.insert(place, Some(waker)).flatten();
        let first = state.queue.keys().next() == Some(&place);
        if !first || !state.fits(self.amount, self.shared.bound) {
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        state.used += self.amount;
        self.place = None;
        let mine = state.queue.remove(&place);
        // The next may fit as well, and nobody else will tell it.
        let next = state.next();
        drop(state);
        drop((replaced, mine));
        wake(next);
        Poll::Ready(())
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut state = lock(&self.shared.state);
        let mine = state.queue.remove(&place);
        // It may have been woken, or may have held up a smaller one: the next looks for itself.
        let next = if mistake(Mistake::BudgetKeepsTurn) { None } else { state.next() };
        drop(state);
        drop(mine);
        wake(next);
    }
}

/// An amount in use; dropping it gives it back.
#[must_use = "dropping it gives the amount back"]
pub struct Permit {
    shared: Arc<Shared>,
    amount: u64,
}

impl Permit {
    /// How much it holds.
    pub fn amount(&self) -> u64 {
        self.amount
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.used -= self.amount;
        let next = state.next();
        drop(state);
        wake(next);
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("amount", &self.amount).finish_non_exhaustive()
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
