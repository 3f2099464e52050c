//! Two futures at the same time.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

#[cfg(all(test, not(feature = "loom")))]
mod tests;

/// Drives both futures to their ends, in one task; of two that are ready the first goes first.
pub async fn both<A: Future, B: Future>(first: A, second: B) -> (A::Output, B::Output) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let mut outputs = (None, None);
    poll_fn(move |context| {
        if outputs.0.is_none()
            && let Poll::Ready(output) = first.as_mut().poll(context)
        {
            outputs.0 = Some(output);
        }
        if outputs.1.is_none()
            && let Poll::Ready(output) = second.as_mut().poll(context)
        {
            outputs.1 = Some(output);
        }
        match &mut outputs {
            (first @ Some(_), second @ Some(_)) => Poll::Ready(first.take().zip(second.take())),
            _ => Poll::Pending,
        }
    })
    .await
    .expect("both are there")
}
