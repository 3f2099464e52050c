use super::*;
use crate::history::{Place, Report, Run};

fn event(lane: u32, times_us: (u64, u64), call: Call, reply: Reply) -> Event {
    let (invoked_us, returned_us) = times_us;
    Event {
        process: 0,
        actor: 1,
        session: 1,
        lane,
        invoked: invoked_us,
        returned: Some(returned_us),
        invoked_us,
        intended_us: None,
        returned_us,
        call,
        outcome: Outcome::Ok(reply),
    }
}

fn append(times_us: (u64, u64), sequence: u64, count: u32) -> Event {
    let call = Call::Append { first: 0, count, ack: Ack::Flushed };
    event(0, times_us, call, Reply::Appended { epoch: 1, sequence, place: Place(1, 64) })
}

fn next(times_us: (u64, u64), sequence: u64, count: u32) -> Event {
    let (producer, first, place, damaged) = (1, 0, Place(1, 64), false);
    let run = Run { sequence, count, producer, first, place, damaged };
    event(0, times_us, Call::Next { count: 9, wait_us: 0 }, Reply::Messages(vec![run]))
}

fn of(events: &[Event], name: &str) -> Vec<u64> {
    let all = measures(events).into_iter().filter(|measure| measure.name == name);
    all.map(|measure| measure.value_us).collect()
}

#[test]
fn the_lag_ends_with_the_first_read_that_shows_the_last_message() {
    let events = [
        append((0, 10), 0, 4),
        append((5, 20), 4, 2),
        append((5, 20), 6, 2),
        next((0, 15), 0, 3),
        next((15, 35), 3, 3),
        next((40, 90), 0, 6),
    ];
    // Nobody read the last one.
    assert_eq!(of(&events, VISIBLE_LAG), [25, 15]);
}

#[test]
fn a_read_that_is_faster_than_the_acknowledgement_has_no_lag() {
    let events = [append((0, 50), 0, 1), next((0, 40), 0, 1)];
    assert_eq!(of(&events, VISIBLE_LAG), [0]);
}

#[test]
fn what_held_a_call_up_is_part_of_its_response() {
    let mut late = append((700, 750), 0, 1);
    late.intended_us = Some(100);
    assert_eq!(of(&[late.clone()], "append-service"), [50]);
    assert_eq!(of(&[late], "append-response"), [650]);
}

#[test]
fn catch_ups_are_told_apart_from_the_waiting_for_them() {
    let lookup = |own_us| {
        let report = Report {
            catch_ups: 1,
            catch_up_wait_us: 30,
            catch_up_own_us: own_us,
            ..Report::default()
        };
        event(
            0,
            (0, 40),
            Call::LookupId { id: Some(1), all: false },
            Reply::Found(Vec::new(), report),
        )
    };
    let events = [lookup(0), lookup(20)];
    assert_eq!(of(&events, CATCH_UP_WAIT), [30, 30]);
    assert_eq!(of(&events, CATCH_UP), [20]);
}
