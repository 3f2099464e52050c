//! What the tests of this room share.
#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// Remembers who was woken, in order.
#[derive(Clone, Default)]
pub(super) struct Wakes(Arc<Mutex<Vec<u32>>>);

struct Named {
    name: u32,
    wakes: Wakes,
}

impl Wake for Named {
    fn wake(self: Arc<Self>) {
        self.wakes.0.lock().unwrap().push(self.name);
    }
}

impl Wakes {
    /// A waker that notes `name`.
    pub(super) fn waker(&self, name: u32) -> Waker {
        Waker::from(Arc::new(Named { name, wakes: self.clone() }))
    }

    /// Polls `future` once with the waker of `name`.
    pub(super) fn poll<F: Future + ?Sized>(
        &self,
        name: u32,
        future: &mut Pin<Box<F>>,
    ) -> Poll<F::Output> {
        future.as_mut().poll(&mut Context::from_waker(&self.waker(name)))
    }

    /// Who was woken since the last call.
    pub(super) fn take(&self) -> Vec<u32> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
