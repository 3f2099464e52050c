use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Waker};

use super::SingleFlight;
use crate::sync::modelling::{Race, block_on, model};
use crate::sync::shim::{Arc, AtomicU64, Mistake, Ordering};

/// One caller would never end and is dropped; the other must come to its end by itself.
fn a_caller_that_is_dropped(mistake: Option<Mistake>) {
    model(mistake, 4, || {
        let flights = Arc::new(SingleFlight::new());
        let (goes, stays) = (flights.clone(), flights);
        let mut race = Race::new();
        race.thread(move || {
            let mut context = Context::from_waker(Waker::noop());
            // Ready where it followed the other.
            let _ = pin!(goes.run(pending)).poll(&mut context);
        });
        race.thread(move || {
            if let Some(output) = block_on(stays.run(|| async { 2 })) {
                assert_eq!(output, 2);
            }
        });
        race.finish();
    });
}

#[test]
fn hands_on() {
    a_caller_that_is_dropped(None);
}

#[test]
fn runs_one_at_a_time() {
    model(None, 4, || {
        let shared = Arc::new((SingleFlight::new(), AtomicU64::new(0)));
        let mut race = Race::new();
        for _ in 0..2 {
            let shared = shared.clone();
            race.thread(move || {
                let (flights, under_way) = &*shared;
                let run = || async {
                    let others = under_way.fetch_add(1, Ordering::Relaxed);
                    under_way.fetch_sub(1, Ordering::Relaxed);
                    others
                };
                assert_eq!(block_on(flights.run(run)), Some(0));
            });
        }
        race.finish();
    });
}

#[test]
#[should_panic(expected = "a wake was lost")]
fn finds_a_leader_that_drops_silently() {
    a_caller_that_is_dropped(Some(Mistake::FlightDropsSilently));
}
