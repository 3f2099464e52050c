use super::ticket;
use crate::sync::modelling::{Race, block_on, model};
use crate::sync::shim::Mistake;

fn hand_over(mistake: Option<Mistake>, value: Option<u32>) {
    model(mistake, 4, move || {
        let (completer, ticket) = ticket();
        let mut race = Race::new();
        race.thread(move || {
            if let Some(outcome) = block_on(ticket) {
                assert_eq!(outcome, value);
            }
        });
        match value {
            Some(value) => completer.complete(value),
            None => drop(completer),
        }
        race.finish();
    });
}

#[test]
fn hands_over() {
    hand_over(None, Some(7));
}

#[test]
fn a_dropped_completer_ends_the_wait() {
    hand_over(None, None);
}

#[test]
#[should_panic(expected = "a wake was lost")]
fn finds_a_wake_before_the_value() {
    hand_over(Some(Mistake::TicketWakesEarly), Some(7));
}
