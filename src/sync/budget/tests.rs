use std::task::Poll;

use super::{Budget, Permit};
use crate::sync::testing::Wakes;

fn granted(poll: Poll<Permit>) -> Permit {
    match poll {
        Poll::Ready(permit) => permit,
        Poll::Pending => panic!("it fits"),
    }
}

#[test]
fn grants_up_to_the_bound() {
    let budget = Budget::new(10);
    let first = budget.try_acquire(4).unwrap();
    let second = budget.try_acquire(6).unwrap();
    assert_eq!((budget.used(), budget.bound(), first.amount()), (10, 10, 4));
    assert!(budget.try_acquire(1).is_none());
    drop(first);
    assert!(budget.try_acquire(5).is_none());
    assert_eq!(budget.try_acquire(4).unwrap().amount(), 4);
    drop(second);
    assert_eq!(budget.used(), 0);
}

#[test]
fn serves_in_the_order_of_requests() {
    let (budget, wakes) = (Budget::new(10), Wakes::default());
    let held = budget.try_acquire(10).unwrap();
    let mut large = Box::pin(budget.acquire(8));
    let mut small = Box::pin(budget.acquire(2));
    let mut late = Box::pin(budget.acquire(1));
    assert!(wakes.poll(1, &mut large).is_pending());
    assert!(wakes.poll(2, &mut small).is_pending());
    assert!(wakes.poll(3, &mut late).is_pending());
    assert_eq!(budget.waiting(), 3);
    drop(held);
    assert_eq!(wakes.take(), [1]);
    // It would fit, but it is not its turn.
    assert!(wakes.poll(2, &mut small).is_pending());
    assert!(budget.try_acquire(1).is_none());
    let large = granted(wakes.poll(1, &mut large));
    assert_eq!(wakes.take(), [2]);
    let small = granted(wakes.poll(2, &mut small));
    assert_eq!(wakes.take(), [3]);
    assert!(wakes.poll(3, &mut late).is_pending());
    drop(large);
    assert_eq!(wakes.take(), [3]);
    let late = granted(wakes.poll(3, &mut late));
    assert_eq!((budget.used(), budget.waiting()), (3, 0));
    drop((small, late));
    assert_eq!(budget.used(), 0);
}

#[test]
fn grants_more_than_the_bound_when_it_is_empty() {
    let (budget, wakes) = (Budget::new(10), Wakes::default());
    let held = budget.try_acquire(1).unwrap();
    let mut huge = Box::pin(budget.acquire(100));
    assert!(wakes.poll(1, &mut huge).is_pending());
    drop(held);
    let huge = granted(wakes.poll(1, &mut huge));
    assert_eq!(budget.used(), 100);
    assert!(budget.try_acquire(0).is_none());
    drop(huge);
    assert_eq!(budget.try_acquire(u64::MAX).unwrap().amount(), u64::MAX);
}

#[test]
fn a_dropped_request_lets_the_next_go() {
    let (budget, wakes) = (Budget::new(10), Wakes::default());
    let held = budget.try_acquire(8).unwrap();
    let mut large = Box::pin(budget.acquire(8));
    let mut small = Box::pin(budget.acquire(2));
    assert!(wakes.poll(1, &mut large).is_pending());
    assert!(wakes.poll(2, &mut small).is_pending());
    drop(large);
    assert_eq!(wakes.take(), [2]);
    let small = granted(wakes.poll(2, &mut small));
    drop((held, small));
    assert_eq!((budget.used(), budget.waiting()), (0, 0));
}

#[test]
fn a_dropped_request_hands_its_wake_on() {
    let (budget, wakes) = (Budget::new(1), Wakes::default());
    let held = budget.try_acquire(1).unwrap();
    let mut goes = Box::pin(budget.acquire(1));
    let mut stays = Box::pin(budget.acquire(1));
    assert!(wakes.poll(1, &mut goes).is_pending());
    assert!(wakes.poll(2, &mut stays).is_pending());
    drop(held);
    assert_eq!(wakes.take(), [1]);
    drop(goes);
    assert_eq!(wakes.take(), [2]);
    drop(granted(wakes.poll(2, &mut stays)));
}
