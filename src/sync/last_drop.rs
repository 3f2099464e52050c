//! A slot for one value that its users share, and that closes when the last of them goes.

use std::fmt;
use std::future::Future;
use std::ops::Deref;

use super::shim::{Arc, Mistake, Mutex, lock, mistake};
use super::waiters::Waiters;

#[cfg(all(test, feature = "loom"))]
mod model;
#[cfg(all(test, not(feature = "loom")))]
mod tests;

/// A value opened on demand, shared by [`Handle`]s, and given to a close hook when the last
/// handle is dropped. A later use opens a fresh one.
///
/// At most one value exists at a time: whoever asks while one is opened or closed waits. A get
/// that races the last drop gets either the old value, which then is not closed, or a fresh one;
/// never a closed one. Every value that was opened is closed exactly once.
pub struct LastDrop<T> {
    slot: Arc<Slot<T>>,
}

struct Slot<T> {
    state: Mutex<State<T>>,
    changed: Waiters,
    close: CloseHook<T>,
}

enum State<T> {
    Empty,
    Opening,
    Open { value: Arc<T>, users: usize },
    Closing,
}

type CloseHook<T> = Box<dyn Fn(T, Closing<T>) + Send + Sync>;

impl<T> LastDrop<T> {
    /// An empty slot. `close` gets each value when its last user is gone, on the thread of that
    /// user and with no lock held; it may go on elsewhere and later, and until it drops the
    /// [`Closing`] no other value is opened.
    pub fn new(close: impl Fn(T, Closing<T>) + Send + Sync + 'static) -> Self {
        let (state, changed) = (Mutex::new(State::Empty), Waiters::new());
        Self { slot: Arc::new(Slot { state, changed, close: Box::new(close) }) }
    }

    /// A handle of the value, which `open` makes where there is none. One caller opens at a time;
    /// the others wait. Where it fails only that caller gets the error, and where it is dropped
    /// nobody does: then the next opens with its own `open`.
    ///
    /// # Errors
    /// Those of `open`.
    pub async fn get_or_open<F, E>(&self, open: impl FnOnce() -> F) -> Result<Handle<T>, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        match self.slot.changed.wait_until(|| Slot::claim(&self.slot)).await {
            Claim::Open(handle) => Ok(handle),
            Claim::Empty(opening) => Ok(opening.fill(open().await?)),
        }
    }

    /// A handle of the value where it is open.
    pub fn get(&self) -> Option<Handle<T>> {
        let mut state = lock(&self.slot.state);
        Slot::join(&self.slot, &mut state)
    }

    /// How many handles there are.
    pub fn users(&self) -> usize {
        match &*lock(&self.slot.state) {
            State::Open { users, .. } => *users,
            State::Empty | State::Opening | State::Closing => 0,
        }
    }

    /// Whether no value is open, nor being opened or closed.
    pub fn is_empty(&self) -> bool {
        matches!(*lock(&self.slot.state), State::Empty)
    }
}

impl<T> fmt::Debug for LastDrop<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, users) = match &*lock(&self.slot.state) {
            State::Empty => ("Empty", 0),
            State::Opening => ("Opening", 0),
            State::Open { users, .. } => ("Open", *users),
            State::Closing => ("Closing", 0),
        };
        f.debug_struct("LastDrop").field("state", &name).field("users", &users).finish()
    }
}

enum Claim<T> {
    Open(Handle<T>),
    Empty(Opening<T>),
}

impl<T> Slot<T> {
    /// Takes part in what is open, or becomes the one who opens.
    fn claim(slot: &Arc<Self>) -> Option<Claim<T>> {
        let mut state = lock(&slot.state);
        if let Some(handle) = Self::join(slot, &mut state) {
            return Some(Claim::Open(handle));
        }
        if !matches!(*state, State::Empty) {
            return None;
        }
        *state = State::Opening;
        Some(Claim::Empty(Opening { slot: Some(slot.clone()) }))
    }

    fn join(slot: &Arc<Self>, state: &mut State<T>) -> Option<Handle<T>> {
        let State::Open { value, users } = state else { return None };
        *users += 1;
        Some(Handle { value: value.clone(), user: User { slot: slot.clone() } })
    }

    fn empty(&self) {
        *lock(&self.state) = State::Empty;
        self.changed.wake_all();
    }
}

/// Whoever opens. Dropped before there is a value, it leaves the slot empty.
struct Opening<T> {
    slot: Option<Arc<Slot<T>>>,
}

impl<T> Opening<T> {
    fn fill(mut self, value: T) -> Handle<T> {
        let slot = self.slot.take().expect("it is taken here only, and this consumes it");
        let value = Arc::new(value);
        *lock(&slot.state) = State::Open { value: value.clone(), users: 1 };
        slot.changed.wake_all();
        Handle { value, user: User { slot } }
    }
}

impl<T> Drop for Opening<T> {
    fn drop(&mut self) {
        if let Some(slot) = &self.slot {
            slot.empty();
        }
    }
}

/// One use of the value. A clone is another.
pub struct Handle<T> {
    // First the value and then the user is dropped: so whoever is the last user has the last
    // pointer to the value.
    value: Arc<T>,
    user: User<T>,
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        let mut state = lock(&self.user.slot.state);
        let joined = Slot::join(&self.user.slot, &mut state);
        joined.expect("a value stays open while it has a user")
    }
}

impl<T> Deref for Handle<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&**self).finish()
    }
}

struct User<T> {
    slot: Arc<Slot<T>>,
}

impl<T> Drop for User<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.slot.state);
        let State::Open { users, .. } = &mut *state else {
            return debug_assert!(mistake(Mistake::LastDropInTwoHalves), "closed while in use");
        };
        *users -= 1;
        if *users > 0 {
            return;
        }
        if mistake(Mistake::LastDropInTwoHalves) {
            drop(state);
            state = lock(&self.slot.state);
        }
        let closing = std::mem::replace(&mut *state, State::Closing);
        drop(state);
        let done = Closing { slot: self.slot.clone() };
        let State::Open { value, .. } = closing else { return };
        if let Ok(value) = Arc::try_unwrap(value) {
            (self.slot.close)(value, done);
        }
    }
}

/// A value is being closed. Drop it when that is over: whoever waits to open a fresh one goes on.
pub struct Closing<T> {
    slot: Arc<Slot<T>>,
}

impl<T> Drop for Closing<T> {
    fn drop(&mut self) {
        self.slot.empty();
    }
}

impl<T> fmt::Debug for Closing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closing").finish_non_exhaustive()
    }
}
