//! One value, handed over once.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::shim::{Arc, Mistake, Mutex, lock, mistake};

#[cfg(all(test, feature = "loom"))]
mod model;
#[cfg(all(test, not(feature = "loom")))]
mod tests;

/// The two ends of a hand-over: [`Completer`] gives one value, [`Ticket`] waits for it.
pub fn ticket<T>() -> (Completer<T>, Ticket<T>) {
    let shared = Arc::new(Mutex::new(State { outcome: Outcome::Open, waker: None }));
    (Completer { shared: shared.clone(), given: false }, Ticket { shared })
}

struct State<T> {
    outcome: Outcome<T>,
    waker: Option<Waker>,
}

enum Outcome<T> {
    Open,
    Given(T),
    /// Taken already, or the completer went without a value.
    Over,
}

type Shared<T> = Arc<Mutex<State<T>>>;

/// Gives the value. Dropped without, it tells the ticket that none will come.
pub struct Completer<T> {
    shared: Shared<T>,
    given: bool,
}

impl<T> Completer<T> {
    /// Whether the ticket was dropped: nobody waits for the value.
    pub fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.shared) == 1
    }

    /// Hands `value` over and wakes the ticket. Where the ticket was dropped, so is the value.
    pub fn complete(mut self, value: T) {
        self.given = true;
        settle(&self.shared, Outcome::Given(value));
    }
}

impl<T> Drop for Completer<T> {
    fn drop(&mut self) {
        if !self.given {
            settle(&self.shared, Outcome::Over);
        }
    }
}

/// Stores `outcome`, then wakes.
fn settle<T>(shared: &Shared<T>, outcome: Outcome<T>) {
    if mistake(Mistake::TicketWakesEarly) {
        wake(lock(shared).waker.take());
        lock(shared).outcome = outcome;
        return;
    }
    let mut state = lock(shared);
    state.outcome = outcome;
    let waker = state.waker.take();
    drop(state);
    wake(waker);
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Waits for the value; ready with `None` where the completer was dropped without giving one, and
/// where the value was taken before.
#[must_use = "a ticket that nobody waits for tells nobody"]
pub struct Ticket<T> {
    shared: Shared<T>,
}

impl<T> Ticket<T> {
    /// The outcome, where it is known: `None` not yet, otherwise what the future would be ready
    /// with. Does not register for a wake.
    pub fn try_take(&mut self) -> Option<Option<T>> {
        take(&mut lock(&self.shared).outcome)
    }
}

fn take<T>(outcome: &mut Outcome<T>) -> Option<Option<T>> {
    match std::mem::replace(outcome, Outcome::Over) {
        Outcome::Open => {
            *outcome = Outcome::Open;
            None
        }
        Outcome::Given(value) => Some(Some(value)),
        Outcome::Over => Some(None),
    }
}

impl<T> Future for Ticket<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let waker = context.waker().clone();
        let mut state = lock(&self.shared);
        if let Some(outcome) = take(&mut state.outcome) {
            return Poll::Ready(outcome);
        }
        let replaced = state.waker.replace(waker);
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl<T> fmt::Debug for Completer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completer").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Ticket<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}
