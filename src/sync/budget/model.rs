use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use super::Budget;
use crate::sync::modelling::{Race, block_on, model};
use crate::sync::shim::Mistake;

/// Somebody gives back while one request goes and one stays.
fn a_request_that_is_dropped(mistake: Option<Mistake>) {
    model(mistake, 3, || {
        let budget = Budget::new(1);
        let held = budget.try_acquire(1);
        let (goes, stays) = (budget.clone(), budget.clone());
        let mut race = Race::new();
        race.thread(move || {
            let mut context = Context::from_waker(Waker::noop());
            let _ = pin!(goes.acquire(1)).poll(&mut context);
        });
        race.thread(move || {
            drop(block_on(stays.acquire(1)));
        });
        drop(held);
        race.finish();
        assert_eq!((budget.used(), budget.waiting()), (0, 0));
    });
}

#[test]
fn serves_whoever_stays() {
    a_request_that_is_dropped(None);
}

#[test]
fn keeps_to_the_bound() {
    model(None, 4, || {
        let budget = Budget::new(3);
        let mut race = Race::new();
        for _ in 0..2 {
            let budget = budget.clone();
            race.thread(move || {
                let permit = block_on(budget.acquire(2));
                assert_eq!(budget.used(), 2);
                drop(permit);
            });
        }
        race.finish();
        assert_eq!((budget.used(), budget.waiting()), (0, 0));
    });
}

#[test]
#[should_panic(expected = "a wake was lost")]
fn finds_a_dropped_request_that_keeps_its_wake() {
    a_request_that_is_dropped(Some(Mistake::BudgetKeepsTurn));
}
