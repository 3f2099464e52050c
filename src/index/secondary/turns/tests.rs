#![allow(clippy::unwrap_used)]

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::*;

fn poll<'a>(next: Pin<&mut impl Future<Output = Turn<'a>>>) -> Option<Turn<'a>> {
    match next.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(turn) => Some(turn),
        Poll::Pending => None,
    }
}

fn lead(turn: Option<Turn<'_>>) -> Lead<'_> {
    match turn {
        Some(Turn::Lead(lead)) => lead,
        _ => panic!("it should be the caller's turn"),
    }
}

fn failure() -> IndexError {
    IndexError { path: "index".into(), what: "no".into(), sticky: false }
}

#[test]
fn a_turn_under_way_is_not_followed_but_the_next_one_is() {
    let turns = Turns::default();
    let first = lead(poll(pin!(turns.next())));
    let (mut second, mut third) = (pin!(turns.next()), pin!(turns.next()));
    assert!(poll(second.as_mut()).is_none());
    assert!(poll(third.as_mut()).is_none());
    first.end(Ok(()));
    // What ended had begun before they asked.
    let leader = lead(poll(third.as_mut()));
    assert!(poll(second.as_mut()).is_none());
    leader.end(Err(failure()));
    let followed = poll(second.as_mut());
    assert!(matches!(followed, Some(Turn::Follow(Err(error))) if error.what == "no"));
}

#[test]
fn a_leader_that_drops_passes_its_turn_on() {
    let turns = Turns::default();
    let first = lead(poll(pin!(turns.next())));
    let mut second = pin!(turns.next());
    assert!(poll(second.as_mut()).is_none());
    assert_eq!(turns.waiters.count(), 1);
    drop(first);
    assert_eq!(turns.waiters.count(), 0);
    lead(poll(second.as_mut())).end(Ok(()));
    assert!(matches!(poll(pin!(turns.next())), Some(Turn::Lead(_))));
}

#[test]
fn a_wait_that_drops_leaves_nothing() {
    let turns = Turns::default();
    let first = lead(poll(pin!(turns.next())));
    {
        let mut second = pin!(turns.next());
        assert!(poll(second.as_mut()).is_none());
    }
    assert_eq!(turns.waiters.count(), 0);
    first.end(Ok(()));
    assert!(matches!(poll(pin!(turns.next())), Some(Turn::Lead(_))));
}

#[test]
fn a_turn_under_way_can_be_sat_out() {
    fn is_over(waiting: Pin<&mut impl Future<Output = bool>>) -> Option<bool> {
        match waiting.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(was_under_way) => Some(was_under_way),
            Poll::Pending => None,
        }
    }
    let turns = Turns::default();
    assert_eq!(is_over(pin!(turns.under_way())), Some(false));
    let first = lead(poll(pin!(turns.next())));
    let mut waiting = pin!(turns.under_way());
    assert_eq!(is_over(waiting.as_mut()), None);
    first.end(Ok(()));
    // The next one concerns nobody who waited for the first.
    let second = lead(poll(pin!(turns.next())));
    assert_eq!(is_over(waiting.as_mut()), Some(true));
    drop(second);
}
