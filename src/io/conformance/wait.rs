//! Waiting, on any executor.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::io::World;

/// What `future` ends with; `None` where it takes longer than `limit_us`.
pub(super) async fn bounded<W: World, T>(
    world: &W,
    limit_us: u64,
    mut future: Pin<&mut (impl Future<Output = T> + Send)>,
) -> Option<T> {
    let mut limit = pin!(world.sleep(limit_us));
    poll_fn(|context| {
        if let Poll::Ready(value) = future.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        limit.as_mut().poll(context).map(|()| None)
    })
    .await
}

/// Polls `future` once and drops it. Whether it was ready.
pub(super) async fn polled_once(future: impl Future + Send) -> bool {
    let mut future = pin!(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It said so itself.
    Done,
    /// It was dropped before.
    Dropped,
}

/// The part of a task: tells how it ended.
pub(super) struct Teller(Arc<Mutex<State>>);

/// The part of who waits for a task.
pub(super) struct Listener(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    end: Option<End>,
    waker: Option<Waker>,
}

/// A pair for one task.
pub(super) fn end_of_task() -> (Teller, Listener) {
    let state = Arc::<Mutex<State>>::default();
    (Teller(state.clone()), Listener(state))
}

impl Teller {
    /// The task did what it should.
    pub(super) fn done(self) {
        self.tell(End::Done);
    }

    fn tell(&self, end: End) {
        let mut state = locked(&self.0);
        state.end.get_or_insert(end);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.tell(End::Dropped);
    }
}

impl Listener {
    /// How the task ended, once it has.
    pub(super) async fn end(self) -> End {
        poll_fn(|context| {
            let mut state = locked(&self.0);
            match state.end {
                Some(end) => Poll::Ready(end),
                None => {
                    state.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
