//! The queue between many producers and one consumer.

use super::shim::{Mistake, Mutex, lock, mistake};

#[cfg(all(test, feature = "loom"))]
mod model;
#[cfg(all(test, not(feature = "loom")))]
mod tests;

/// Two buffers: producers push to one, the consumer has the other and switches them. Producers
/// wait only for the switch of two pointers, never for the consumer's work, and neither buffer is
/// allocated again once it is large enough.
///
/// Pushes are ordered by the lock: what one producer pushed first comes out first, and a push
/// that returned before another began comes out before it. Nothing is lost or comes out twice.
/// Unbounded: bound it by a [`Budget`](super::Budget) taken before the push.
#[derive(Debug)]
pub struct SwitchQueue<T> {
    filling: Mutex<Vec<T>>,
}

impl<T> SwitchQueue<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Self { filling: Mutex::new(Vec::new()) }
    }

    /// Appends `item`.
    pub fn push(&self, item: T) {
        lock(&self.filling).push(item);
    }

    /// Moves all items to the end of `out`, in the order of their pushes. An empty `out` is
    /// switched for the queue's buffer, so that its capacity serves the next pushes: hand in the
    /// same vector each time.
    pub fn swap_into(&self, out: &mut Vec<T>) {
        if mistake(Mistake::QueueSwapsInTwoHalves) {
            return self.swap_in_two_halves(out);
        }
        let mut filling = lock(&self.filling);
        if out.is_empty() {
            std::mem::swap(&mut *filling, out);
        } else {
            out.append(&mut filling);
        }
    }

    /// As [`SwitchQueue::swap_into`], but keeps the last item from the consumer and returns it: a
    /// mistake for the harness to plant. The caller decides what its producer is told.
    #[cfg(feature = "planted")]
    pub fn swap_into_losing_last(&self, out: &mut Vec<T>) -> Option<T> {
        let before = out.len();
        self.swap_into(out);
        if out.len() > before { out.pop() } else { None }
    }

    /// Items pushed and not yet taken. Outdated as soon as it is known where others push.
    pub fn len(&self) -> usize {
        lock(&self.filling).len()
    }

    /// Whether [`SwitchQueue::len`] is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn swap_in_two_halves(&self, out: &mut Vec<T>) {
        let counted = self.len();
        let mut filling = lock(&self.filling);
        out.extend(filling.drain(..counted));
        filling.clear();
    }
}

impl<T> Default for SwitchQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}
