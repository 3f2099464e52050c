//! A limit on waiting, in the world's time.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use crate::io::World;

/// What `future` gives, or `None` where `limit_us` pass before.
pub(crate) async fn timeout<W: World, T>(
    world: &W,
    limit_us: u64,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = pin!(future);
    let mut sleep = pin!(world.sleep(limit_us));
    poll_fn(|context| {
        if let Poll::Ready(value) = future.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        sleep.as_mut().poll(context).map(|()| None)
    })
    .await
}
