#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::future::{pending, ready};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use super::{Closing, Handle, LastDrop};
use crate::sync::testing::Wakes;

type Closed = Arc<Mutex<Vec<(u32, Option<Closing<u32>>)>>>;

/// A slot whose values are closed at once, or kept closing where `keeps`.
fn slot(keeps: bool) -> (LastDrop<u32>, Closed) {
    let closed = Closed::default();
    let hook = closed.clone();
    let slot = LastDrop::new(move |value, closing| {
        hook.lock().unwrap().push((value, keeps.then_some(closing)));
    });
    (slot, closed)
}

fn values(closed: &Closed) -> Vec<u32> {
    closed.lock().unwrap().iter().map(|(value, _)| *value).collect()
}

fn open(slot: &LastDrop<u32>, value: u32) -> Handle<u32> {
    let mut get = Box::pin(slot.get_or_open(|| ready(Ok::<_, Infallible>(value))));
    match Wakes::default().poll(0, &mut get) {
        Poll::Ready(Ok(handle)) => handle,
        Poll::Pending => panic!("somebody else opens or closes"),
    }
}

#[test]
fn closes_with_the_last_user() {
    let (slot, closed) = slot(false);
    assert!(slot.is_empty() && slot.get().is_none());
    let first = open(&slot, 1);
    let second = open(&slot, 2);
    let third = second.clone();
    assert_eq!((*first, *second, *third, slot.users()), (1, 1, 1, 3));
    drop(first);
    drop(third);
    assert_eq!((slot.users(), values(&closed)), (1, vec![]));
    drop(second);
    assert_eq!((slot.users(), values(&closed)), (0, vec![1]));
    assert!(slot.is_empty());
    assert_eq!(*open(&slot, 3), 3);
    assert_eq!(values(&closed), [1, 3]);
}

#[test]
fn opens_nothing_while_it_closes() {
    let ((slot, closed), wakes) = (slot(true), Wakes::default());
    drop(open(&slot, 1));
    let mut get = Box::pin(slot.get_or_open(|| ready(Ok::<_, Infallible>(2))));
    assert!(wakes.poll(1, &mut get).is_pending());
    assert!(slot.get().is_none() && !slot.is_empty());
    let closing = closed.lock().unwrap()[0].1.take();
    drop(closing);
    assert_eq!(wakes.take(), [1]);
    assert!(wakes.poll(1, &mut get).is_ready());
}

#[test]
fn one_opens_and_the_others_wait() {
    let ((slot, closed), wakes) = (slot(false), Wakes::default());
    let (gate, opened) = crate::sync::ticket();
    let mut opens = Box::pin(slot.get_or_open(|| async { opened.await.ok_or("no value") }));
    let mut waits = Box::pin(slot.get_or_open(pending::<Result<u32, ()>>));
    assert!(wakes.poll(1, &mut opens).is_pending());
    assert!(wakes.poll(2, &mut waits).is_pending());
    gate.complete(7);
    assert_eq!(wakes.take(), [1]);
    let Poll::Ready(first) = wakes.poll(1, &mut opens) else { panic!("it was opened") };
    assert_eq!(wakes.take(), [2]);
    let Poll::Ready(second) = wakes.poll(2, &mut waits) else { panic!("it was opened") };
    assert_eq!((*first.unwrap(), *second.unwrap()), (7, 7));
    assert_eq!(values(&closed), [7]);
}

#[test]
fn whoever_fails_or_goes_lets_the_next_open() {
    let ((slot, closed), wakes) = (slot(false), Wakes::default());
    let mut goes = Box::pin(slot.get_or_open(pending::<Result<u32, &str>>));
    let mut fails = Box::pin(slot.get_or_open(|| ready(Err("refused"))));
    let mut opens = Box::pin(slot.get_or_open(|| ready(Ok::<_, &str>(3))));
    assert!(wakes.poll(1, &mut goes).is_pending());
    assert!(wakes.poll(2, &mut fails).is_pending());
    assert!(wakes.poll(3, &mut opens).is_pending());
    drop(goes);
    assert_eq!(wakes.take(), [2, 3]);
    assert!(matches!(wakes.poll(2, &mut fails), Poll::Ready(Err("refused"))));
    assert!(matches!(wakes.poll(3, &mut opens), Poll::Ready(Ok(handle)) if *handle == 3));
    assert_eq!(values(&closed), [3]);
}

#[test]
fn a_hook_may_use_the_slot() {
    let shared: Arc<Mutex<Option<Arc<LastDrop<u32>>>>> = Arc::default();
    let (hooked, seen) = (shared.clone(), Arc::new(Mutex::new(None)));
    let sees = seen.clone();
    let slot = Arc::new(LastDrop::new(move |_, closing| {
        drop(closing);
        let slot = hooked.lock().unwrap().take().unwrap();
        *sees.lock().unwrap() = Some((slot.users(), slot.is_empty()));
    }));
    *shared.lock().unwrap() = Some(slot.clone());
    drop(open(&slot, 1));
    assert_eq!(*seen.lock().unwrap(), Some((0, true)));
}
