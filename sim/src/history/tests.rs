#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::*;
use crate::plan::{Ack, Plan, Shape};

fn history() -> History {
    let recorder = Arc::new(Recorder::default());
    let journal = recorder.journal(0, 3);
    let append = |first| Call::Append { first, count: 2, ack: Ack::Flushed };
    let place = Place(1 << 32, 64);
    let pending = journal.begin(0, 0, append(0), 10);
    pending.ok(Reply::Appended { epoch: 1, sequence: 0, place }, 12);
    let pending = journal.begin(4, 0, Call::Next { count: 5, wait_us: 0 }, 13);
    let run = Run { sequence: 0, count: 2, producer: 3, first: 0, place, damaged: false };
    pending.ok(Reply::Messages(vec![run]), 14);
    journal.begin(0, 0, append(2), 15).dropped(16);
    drop(journal.begin(0, 0, append(4), 17));
    let found = Found {
        sequence: 1,
        place,
        timestamp_us: -5,
        record: None,
        differs: true,
        unreadable: false,
    };
    let pending = journal.begin(4, 0, Call::LookupId { id: Some(u64::MAX), all: false }, 18);
    pending.ok(Reply::Found(vec![found], Report::default()), 19);
    History::new(&Plan::draw(1, &Shape::simulated()), recorder.take())
}

#[test]
fn a_history_survives_its_file() {
    let history = history();
    let mut bytes = Vec::new();
    write(&history, &mut bytes).unwrap();
    assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 1 + history.events.len());
    assert_eq!(read(bytes.as_slice()).unwrap(), history);
    let mut compressed = Vec::new();
    write_compressed(&history, &mut compressed).unwrap();
    assert!(compressed.len() < bytes.len());
    assert_eq!(read(compressed.as_slice()).unwrap(), history);
    compressed.truncate(compressed.len() - 9);
    assert!(matches!(read(compressed.as_slice()), Err(HistoryError::Io(_))), "a torn file is told");
}

#[test]
fn calls_that_never_returned_are_unknown() {
    let events = history().events;
    let kinds: Vec<Option<Kind>> = events
        .iter()
        .map(|event| match &event.outcome {
            Outcome::Unknown(failure) => Some(failure.kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [None, None, Some(Kind::Dropped), Some(Kind::Died), None]);
    assert!(events[0].before(&events[1]));
    assert!(!events[3].before(&events[4]));
}

#[test]
fn a_broken_line_is_named() {
    let mut bytes = Vec::new();
    write(&history(), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let broken = text.replacen("\"Flushed\"", "7", 1).replacen("flushed", "flashed", 1);
    let refused = read(broken.as_bytes()).unwrap_err();
    assert!(refused.to_string().starts_with("line "), "{refused}");
}

#[test]
fn events_are_told_in_words() {
    let text = history().events[1].to_string();
    assert!(text.contains("actor 3, session 4, partition 0: next 5"), "{text}");
    assert!(text.ends_with("-> 0..2"), "{text}");
}
