use std::convert::Infallible;

use super::LastDrop;
use crate::sync::modelling::{Race, block_on, model};
use crate::sync::shim::{Arc, AtomicU64, Mistake, Ordering};

fn two_users(mistake: Option<Mistake>) {
    model(mistake, 4, || {
        let (opened, closed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let closes = closed.clone();
        let slot = Arc::new(LastDrop::new(move |(), _closing| {
            closes.fetch_add(1, Ordering::Relaxed);
        }));
        let mut race = Race::new();
        for _ in 0..2 {
            let (slot, opened) = (slot.clone(), opened.clone());
            race.thread(move || {
                let open = || async {
                    opened.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, Infallible>(())
                };
                drop(block_on(slot.get_or_open(open)));
            });
        }
        race.finish();
        let (opened, closed) = (opened.load(Ordering::Relaxed), closed.load(Ordering::Relaxed));
        assert_eq!(opened, closed, "a value was not closed exactly once");
        assert!(slot.is_empty());
    });
}

#[test]
fn closes_each_value_once() {
    two_users(None);
}

#[test]
#[should_panic(expected = "a value was not closed exactly once")]
fn finds_a_last_drop_in_two_halves() {
    two_users(Some(Mistake::LastDropInTwoHalves));
}
