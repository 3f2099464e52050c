use super::Waiters;
use crate::sync::modelling::{Race, block_on, model};
use crate::sync::shim::{Arc, AtomicU64, Mistake, Ordering};

/// The state is relaxed on purpose: the lock of `Waiters` must be enough.
fn waiters_and_a_waker(mistake: Option<Mistake>, count: usize) {
    model(mistake, 3, move || {
        let shared = Arc::new((Waiters::new(), AtomicU64::new(0)));
        let mut race = Race::new();
        for _ in 0..count {
            let shared = shared.clone();
            race.thread(move || {
                let (waiters, state) = &*shared;
                let answer = || (state.load(Ordering::Relaxed) == 1).then_some(());
                block_on(waiters.wait_until(answer));
            });
        }
        shared.1.store(1, Ordering::Relaxed);
        shared.0.wake_all();
        race.finish();
        assert_eq!(shared.0.count(), 0);
    });
}

#[test]
fn loses_no_wake() {
    waiters_and_a_waker(None, 1);
}

#[test]
fn wakes_both() {
    waiters_and_a_waker(None, 2);
}

#[test]
#[should_panic(expected = "a wake was lost")]
fn finds_a_wait_that_checks_once() {
    waiters_and_a_waker(Some(Mistake::WaitersCheckOnce), 1);
}
