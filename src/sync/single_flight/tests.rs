use std::cell::Cell;
use std::future::{pending, ready};
use std::task::Poll;

use super::SingleFlight;
use crate::sync::testing::Wakes;
use crate::sync::ticket;

#[test]
fn callers_share_one_run() {
    let (flights, wakes, runs) = (SingleFlight::new(), Wakes::default(), Cell::new(0));
    let (gate, opened) = ticket();
    let mut leads = Box::pin(flights.run(|| async {
        runs.set(runs.get() + 1);
        opened.await
    }));
    let mut follows: Vec<_> = (0..2).map(|_| Box::pin(flights.run(pending))).collect();
    assert!(wakes.poll(0, &mut leads).is_pending());
    assert!(wakes.poll(1, &mut follows[0]).is_pending());
    assert!(wakes.poll(2, &mut follows[1]).is_pending());
    gate.complete(7);
    assert_eq!(wakes.take(), [0]);
    assert_eq!(wakes.poll(0, &mut leads), Poll::Ready(Some(7)));
    assert_eq!(wakes.take(), [1, 2]);
    assert_eq!(wakes.poll(1, &mut follows[0]), Poll::Ready(Some(7)));
    assert_eq!(wakes.poll(2, &mut follows[1]), Poll::Ready(Some(7)));
    assert_eq!(runs.get(), 1);
}

#[test]
fn a_run_that_is_over_is_not_shared() {
    let (flights, wakes) = (SingleFlight::default(), Wakes::default());
    for output in 0..3 {
        let mut run = Box::pin(flights.run(|| ready(output)));
        assert_eq!(wakes.poll(0, &mut run), Poll::Ready(output));
    }
}

#[test]
fn a_leader_that_is_dropped_hands_on() {
    let (flights, wakes) = (SingleFlight::new(), Wakes::default());
    let mut leads = Box::pin(flights.run(pending));
    let mut first = Box::pin(flights.run(|| ready(1)));
    let mut second = Box::pin(flights.run(|| ready(2)));
    assert!(wakes.poll(0, &mut leads).is_pending());
    assert!(wakes.poll(1, &mut first).is_pending());
    assert!(wakes.poll(2, &mut second).is_pending());
    drop(leads);
    assert_eq!(wakes.take(), [1, 2]);
    assert_eq!(wakes.poll(1, &mut first), Poll::Ready(1));
    assert_eq!(wakes.poll(2, &mut second), Poll::Ready(2));
}

#[test]
fn a_follower_that_is_dropped_disturbs_nobody() {
    let (flights, wakes) = (SingleFlight::new(), Wakes::default());
    let (gate, opened) = ticket();
    let mut leads = Box::pin(flights.run(|| opened));
    let mut goes = Box::pin(flights.run(pending));
    let mut stays = Box::pin(flights.run(pending));
    assert!(wakes.poll(0, &mut leads).is_pending());
    assert!(wakes.poll(1, &mut goes).is_pending());
    assert!(wakes.poll(2, &mut stays).is_pending());
    drop(goes);
    gate.complete(7);
    assert!(wakes.poll(0, &mut leads).is_ready());
    assert_eq!(wakes.take(), [0, 2]);
    assert_eq!(wakes.poll(2, &mut stays), Poll::Ready(Some(7)));
}

#[test]
fn a_leader_that_panics_hands_on() {
    let (flights, wakes) = (SingleFlight::new(), Wakes::default());
    let (gate, opened) = ticket::<()>();
    let mut leads = Box::pin(flights.run(|| async {
        opened.await;
        panic!("on purpose")
    }));
    let mut follows = Box::pin(flights.run(|| ready(3)));
    assert!(wakes.poll(0, &mut leads).is_pending());
    assert!(wakes.poll(1, &mut follows).is_pending());
    drop(gate);
    let polled = std::panic::AssertUnwindSafe(|| wakes.poll(0, &mut leads));
    assert!(std::panic::catch_unwind(polled).is_err());
    assert_eq!(wakes.poll(1, &mut follows), Poll::Ready(3));
}
