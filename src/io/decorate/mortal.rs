//! Futures that the kill of their world concerns.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::watch::{Death, Watch};

/// A task that is dropped when its world is killed.
pub(super) struct Mortal {
    watch: Arc<Watch>,
    ticket: Option<u64>,
    /// `None` once dropped. Boxed, because a pinned part cannot be dropped without unsafe code.
    task: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Mortal {
    pub(super) fn new(watch: Arc<Watch>, task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { watch, ticket: None, task: Some(Box::pin(task)) }
    }
}

impl Future for Mortal {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if !this.watch.is_killed() {
            this.watch.mourn(&mut this.ticket, context.waker());
            if let Some(task) = &mut this.task
                && task.as_mut().poll(context).is_pending()
            {
                return Poll::Pending;
            }
        }
        this.task = None;
        Poll::Ready(())
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.watch.forget(self.ticket);
    }
}

/// Ready once the world of `watch` was killed.
pub(super) fn killed(watch: Arc<Watch>) -> impl Future<Output = Death> + Send + 'static {
    Killed { watch, ticket: None }
}

struct Killed {
    watch: Arc<Watch>,
    ticket: Option<u64>,
}

impl Future for Killed {
    type Output = Death;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Death> {
        let this = &mut *self;
        if let Some(death) = this.watch.death() {
            return Poll::Ready(death);
        }
        this.watch.mourn(&mut this.ticket, context.waker());
        Poll::Pending
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.watch.forget(self.ticket);
    }
}
