use std::cell::Cell;
use std::task::Poll;

use super::Waiters;
use crate::sync::testing::Wakes;

#[test]
fn wakes_in_order_of_first_registration() {
    let (waiters, wakes, open) = (Waiters::new(), Wakes::default(), Cell::new(false));
    let condition = || open.get().then_some(());
    let mut waits: Vec<_> = (0..3).map(|_| Box::pin(waiters.wait_until(condition))).collect();
    for name in [2, 0, 1] {
        assert!(wakes.poll(name, &mut waits[name as usize]).is_pending());
    }
    assert_eq!(waiters.count(), 3);
    waiters.wake_all();
    assert_eq!((wakes.take(), waiters.count()), (vec![2, 0, 1], 0));
    // Polled again in another order, they keep their places.
    for name in [0, 1, 2] {
        assert!(wakes.poll(name, &mut waits[name as usize]).is_pending());
    }
    open.set(true);
    waiters.wake_all();
    assert_eq!(wakes.take(), [2, 0, 1]);
    for name in [0, 1, 2] {
        assert!(wakes.poll(name, &mut waits[name as usize]).is_ready());
    }
    assert_eq!(waiters.count(), 0);
}

#[test]
fn returns_at_once_what_is_true_already() {
    let (waiters, wakes) = (Waiters::new(), Wakes::default());
    let mut wait = Box::pin(waiters.wait_until(|| Some(7)));
    assert_eq!(wakes.poll(0, &mut wait), Poll::Ready(7));
    assert_eq!(waiters.count(), 0);
}

#[test]
fn sees_what_came_true_while_it_registered() {
    let (waiters, wakes, checks) = (Waiters::new(), Wakes::default(), Cell::new(0));
    let mut wait = Box::pin(waiters.wait_until(|| {
        checks.set(checks.get() + 1);
        (checks.get() == 2).then_some(())
    }));
    assert!(wakes.poll(0, &mut wait).is_ready());
    assert_eq!(waiters.count(), 0);
}

#[test]
fn a_dropped_wait_is_not_woken() {
    let (waiters, wakes) = (Waiters::new(), Wakes::default());
    let mut stays = Box::pin(waiters.wait_until(|| None::<()>));
    let mut goes = Box::pin(waiters.wait_until(|| None::<()>));
    assert!(wakes.poll(1, &mut goes).is_pending());
    assert!(wakes.poll(2, &mut stays).is_pending());
    drop(goes);
    assert_eq!(waiters.count(), 1);
    waiters.wake_all();
    assert_eq!(wakes.take(), [2]);
}

#[test]
fn the_newest_waker_is_the_one_woken() {
    let (waiters, wakes) = (Waiters::new(), Wakes::default());
    let mut wait = Box::pin(waiters.wait_until(|| None::<()>));
    assert!(wakes.poll(1, &mut wait).is_pending());
    assert!(wakes.poll(2, &mut wait).is_pending());
    waiters.wake_all();
    assert_eq!(wakes.take(), [2]);
}
