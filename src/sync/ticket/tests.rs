use std::sync::Arc;
use std::task::Poll;

use super::ticket;
use crate::sync::testing::Wakes;

#[test]
fn hands_the_value_over_and_wakes() {
    let (completer, ticket) = ticket();
    let (wakes, mut ticket) = (Wakes::default(), Box::pin(ticket));
    assert!(wakes.poll(1, &mut ticket).is_pending());
    assert!(wakes.poll(2, &mut ticket).is_pending());
    completer.complete(7);
    assert_eq!(wakes.take(), [2]);
    assert_eq!(wakes.poll(2, &mut ticket), Poll::Ready(Some(7)));
    assert_eq!(wakes.poll(2, &mut ticket), Poll::Ready(None));
}

#[test]
fn tells_that_none_will_come() {
    let (completer, ticket) = ticket::<u32>();
    let (wakes, mut ticket) = (Wakes::default(), Box::pin(ticket));
    assert!(wakes.poll(1, &mut ticket).is_pending());
    drop(completer);
    assert_eq!(wakes.take(), [1]);
    assert_eq!(wakes.poll(1, &mut ticket), Poll::Ready(None));
}

#[test]
fn can_be_asked_without_waiting() {
    let (completer, mut ticket) = ticket();
    assert_eq!(ticket.try_take(), None);
    completer.complete(7);
    assert_eq!(ticket.try_take(), Some(Some(7)));
    assert_eq!(ticket.try_take(), Some(None));
}

#[test]
fn drops_a_value_that_nobody_waits_for() {
    let value = Arc::new(());
    let (completer, ticket) = ticket();
    drop(ticket);
    completer.complete(value.clone());
    assert_eq!(Arc::strong_count(&value), 1);
}
