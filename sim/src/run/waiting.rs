//! Small futures.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// Polls a future so many times at most; `None` where it was not done by then. The future is
/// dropped with this.
pub(super) struct Limited<F> {
    future: Pin<Box<F>>,
    polls_left: u32,
}

impl<F: Future> Limited<F> {
    pub(super) fn new(future: F, polls: u32) -> Self {
        Self { future: Box::pin(future), polls_left: polls }
    }
}

impl<F: Future> Future for Limited<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls_left == 0 {
            return Poll::Ready(None);
        }
        self.polls_left -= 1;
        match self.future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.polls_left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Two futures at the same time, until one is done; the other is dropped. `None` where that is
/// the first.
pub(super) struct Either<A, B> {
    first: Pin<Box<A>>,
    second: Pin<Box<B>>,
}

impl<A: Future, B: Future> Either<A, B> {
    pub(super) fn new(first: A, second: B) -> Self {
        Self { first: Box::pin(first), second: Box::pin(second) }
    }
}

impl<A: Future, B: Future> Future for Either<A, B> {
    type Output = Option<B::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.first.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        self.second.as_mut().poll(context).map(Some)
    }
}

/// Several futures at the same time, in one task, until all are done.
pub(super) struct All<F> {
    under_way: Vec<Pin<Box<F>>>,
}

impl<F: Future<Output = ()>> All<F> {
    pub(super) fn new(futures: impl Iterator<Item = F>) -> Self {
        Self { under_way: futures.map(Box::pin).collect() }
    }
}

impl<F: Future<Output = ()>> Future for All<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.under_way.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if self.under_way.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Waits until all of several tasks are done.
#[derive(Clone, Default)]
pub(super) struct Gate {
    inner: Arc<Mutex<GateInner>>,
}

#[derive(Default)]
struct GateInner {
    open_count: usize,
    waker: Option<Waker>,
}

/// Counts as under way until it drops.
pub(super) struct Pass {
    gate: Gate,
}

impl Gate {
    pub(super) fn pass(&self) -> Pass {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).open_count += 1;
        Pass { gate: self.clone() }
    }

    /// Ready once every pass has dropped.
    pub(super) fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let inner = self.inner.clone();
        std::future::poll_fn(move |context| {
            let mut inner = inner.lock().unwrap_or_else(PoisonError::into_inner);
            if inner.open_count == 0 {
                return Poll::Ready(());
            }
            inner.waker = Some(context.waker().clone());
            Poll::Pending
        })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut inner = self.gate.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.open_count -= 1;
        let waker = if inner.open_count == 0 { inner.waker.take() } else { None };
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
