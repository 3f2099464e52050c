//! What lookups answer: I1, I5, I8, I9, I12.

use super::story::{Story, place, report, run};
use super::*;
use crate::history::{Call, Found, Kind, Reply, Report, Run};

/// Four messages of producer 0.
fn four() -> Story {
    let mut story = Story::new();
    story.append(0, 0, 4, 0);
    story
}

fn by_id(story: &Story, counter: u64) -> Call {
    Call::LookupId { id: Some(story.id(0, counter)), all: false }
}

fn all_times(story: &Story) -> Call {
    Call::LookupTime { from_us: story.time(0, 0), to_us: story.time(0, 4), limit: 100 }
}

#[test]
fn sound_lookups_are_nobodys_business() {
    for invariant in Invariant::ALL {
        let mut story = four();
        let (call, entry) = (by_id(&story, 2), story.entry(2, 0, 2));
        story.lookup(call, &[entry], report(4, 0));
        let call = Call::LookupPosition { place: place(2), sequence: Some(2) };
        story.lookup(call, &[entry], report(4, 4));
        let entries: Vec<Found> = (0..4).map(|nth| story.entry(nth, 0, nth)).collect();
        story.lookup(all_times(&story), &entries, report(4, 4));
        story.lookup(Call::LookupId { id: None, all: false }, &[], report(4, 4));
        assert_eq!(anomalies(invariant, story), [""; 0], "{invariant:?}");
    }
}

#[test]
fn stale_lookup() {
    let mut story = four();
    story.lookup(by_id(&story, 3), &[], report(3, 3));
    assert_eq!(anomalies(Invariant::Visibility, story), ["stale-lookup"]);

    let mut story = four();
    story.fail(70, 7, by_id(&story, 3), Kind::NotFound);
    assert_eq!(anomalies(Invariant::Visibility, story), ["stale-lookup"]);

    // What was trimmed need not be found.
    let mut story = four();
    story.ok(9, 0, Call::Trim { to: 4 }, crate::history::Reply::Done);
    story.fail(70, 7, by_id(&story, 3), Kind::NotFound);
    assert_eq!(anomalies(Invariant::Visibility, story), [""; 0]);
}

#[test]
fn lookups_are_at_risk_where_the_secondary_did_not_hold_the_record() {
    let held = Report { coverage_before: 4, ..report(4, 4) };
    let tail = Report { from_tail: 1, ..report(4, 2) };
    let caught_up = Report { coverage_before: 1, catch_ups: 1, from_settled: 1, ..report(4, 4) };
    for (report, at_risk, count) in [
        (held, 0, None),
        (tail, 1, Some("from the tail")),
        (caught_up, 1, Some("after a catch-up")),
    ] {
        let mut story = four();
        story.lookup(by_id(&story, 3), &[story.entry(3, 0, 3)], report);
        let judged = by(Invariant::Visibility, story);
        assert_eq!((judged.checked, judged.at_risk), (1, at_risk), "{report:?}");
        assert_eq!(judged.counts.keys().find(|name| *name != "by lookup").map(|n| &**n), count);
    }
}

#[test]
fn unseen_again() {
    let mut story = four();
    story.lookup(by_id(&story, 1), &[story.entry(1, 0, 1)], report(4, 0));
    story.fail(70, 7, by_id(&story, 1), Kind::NotFound);
    assert_eq!(anomalies(Invariant::Monotonic, story), ["unseen-again"]);
}

#[test]
fn visible_backwards() {
    let mut story = four();
    story.lookup(Call::LookupId { id: None, all: false }, &[], report(4, 0));
    story.lookup(Call::LookupId { id: None, all: false }, &[], report(3, 0));
    assert_eq!(anomalies(Invariant::Monotonic, story), ["visible-backwards"]);
}

#[test]
fn entry_mismatch() {
    let wrong: [fn(&mut Found); 3] = [
        |entry| entry.differs = true,
        |entry| entry.record = Some((0, 3)),
        |entry| entry.timestamp_us += 1,
    ];
    for break_it in wrong {
        let mut story = four();
        let mut entry = story.entry(2, 0, 2);
        break_it(&mut entry);
        story.lookup(by_id(&story, 2), &[entry], report(4, 0));
        assert_eq!(anomalies(Invariant::Entries, story), ["entry-mismatch"]);
    }

    // What retention takes reads as trimmed, never as something else.
    let mut story = four();
    story.ok(9, 0, Call::Trim { to: 4 }, crate::history::Reply::Done);
    let unreadable = Found {
        record: Some((crate::history::Run::FOREIGN, 0)),
        differs: true,
        unreadable: false,
        ..story.entry(2, 0, 2)
    };
    story.lookup(by_id(&story, 2), &[unreadable], report(4, 0));
    assert_eq!(anomalies(Invariant::Entries, story), ["entry-mismatch"]);
}

#[test]
fn entries_are_at_risk_when_they_leave_the_tail() {
    let mut story = four();
    for settled in [0, 4, 4] {
        story.lookup(by_id(&story, 2), &[story.entry(2, 0, 2)], report(4, settled));
    }
    let judged = by(Invariant::Entries, story);
    assert_eq!((judged.checked, judged.at_risk), (3, 1));
}

#[test]
fn ranges_of_time_are_exact_and_in_order() {
    let range = |pick: &[u64]| {
        let mut story = four();
        let entries: Vec<Found> = pick.iter().map(|nth| story.entry(*nth, 0, *nth)).collect();
        story.lookup(all_times(&story), &entries, report(4, 0));
        anomalies(Invariant::Lookups, story)
    };
    assert_eq!(range(&[0, 1, 2, 3]), [""; 0]);
    assert_eq!(range(&[0, 1, 3]), ["range-differs"], "one is missing");
    assert_eq!(range(&[1, 0, 2, 3]), ["range-differs"], "not in order");

    let mut story = four();
    let entry = Found { timestamp_us: story.time(0, 9), ..story.entry(2, 0, 2) };
    story.lookup(all_times(&story), &[entry], report(4, 0));
    assert_eq!(anomalies(Invariant::Lookups, story), ["range-differs"], "outside");
}

#[test]
fn a_session_that_goes_to_a_time_goes_on_at_the_first_message_since_then() {
    let goes_on = |from_us: &dyn Fn(&Story) -> i64, runs: &[Run]| {
        let mut story = four();
        story.open_session(1, false);
        let from_us = from_us(&story);
        story.ok(51, 1, Call::SeekTime { from_us }, Reply::Done);
        story.next(1, runs);
        anomalies(Invariant::Lookups, story)
    };
    let third = |story: &Story| story.time(0, 2);
    let never = |story: &Story| story.time(0, 3) + 1;
    assert_eq!(goes_on(&third, &[run(2, 2, 0, 2)]), [""; 0]);
    assert_eq!(goes_on(&third, &[run(3, 1, 0, 3)]), ["seek-differs"], "too far");
    assert_eq!(goes_on(&third, &[run(1, 3, 0, 1)]), ["seek-differs"], "too early");
    assert_eq!(goes_on(&third, &[]), ["seek-differs"], "nothing");
    assert_eq!(goes_on(&never, &[]), [""; 0]);
    assert_eq!(goes_on(&never, &[run(3, 1, 0, 3)]), ["seek-differs"], "not the end");
}

#[test]
fn all_messages_of_an_id_are_found_latest_first() {
    let all = |pick: &[u64]| {
        let mut story = Story::new().repeating_ids();
        let with = |id| (0..100).filter(|nth| story.id(0, *nth) == id).collect::<Vec<u64>>();
        let mut ids = (0..100).map(|nth| story.id(0, nth));
        let id = ids.find(|id| with(*id).len() > 2).expect("the content repeats ids");
        let of_id = with(id);
        story.append(0, 0, 100, 0);
        let entries: Vec<Found> =
            pick.iter().map(|nth| of_id[*nth as usize]).map(|at| story.entry(at, 0, at)).collect();
        let visible = of_id[2] + 1;
        story.lookup(Call::LookupId { id: Some(id), all: true }, &entries, report(visible, 0));
        anomalies(Invariant::Lookups, story)
    };
    assert_eq!(all(&[2, 1, 0]), [""; 0]);
    assert_eq!(all(&[2, 0]), ["all-differ"], "one is missing");
    assert_eq!(all(&[2, 0, 1]), ["all-differ"], "not in order");
}

#[test]
fn what_an_answer_says_that_it_knows_it_must_find() {
    // Visible, as a read showed, though the append never returned.
    let mut story = four();
    let append =
        story.begin(1, 0, Call::Append { first: 0, count: 1, ack: crate::plan::Ack::Flushed });
    story.lookup(Call::LookupId { id: Some(story.id(1, 0)), all: false }, &[], report(5, 0));
    story.finish(append, crate::history::Outcome::Ok(super::story::appended(4)));
    assert_eq!(anomalies(Invariant::Lookups, story), ["not-found"]);
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let mut story = four();
    story.lookup(Call::LookupId { id: None, all: false }, &[story.entry(0, 0, 0)], report(4, 0));
    assert_eq!(anomalies(Invariant::Lookups, story), ["found-nothing-there"]);

    let mut story = four();
    let call = Call::LookupPosition { place: place(3), sequence: Some(3) };
    story.fail(70, 7, call, Kind::NotFound);
    assert_eq!(anomalies(Invariant::Lookups, story), ["not-found"]);
}

#[test]
fn freshness_false() {
    let lies = [
        Report { visible: 5, ..report(4, 0) },
        Report { high_watermark: 3, visible: 3, ..report(4, 0) },
        Report { coverage: 1, coverage_before: 1, ..report(4, 3) },
    ];
    for lie in lies {
        let mut story = four();
        story.lookup(Call::LookupId { id: None, all: false }, &[], lie);
        assert_eq!(anomalies(Invariant::Freshness, story), ["freshness-false"], "{lie:?}");
    }

    // Where the tail holds the answer, the rest of what it claims to see must be covered too.
    let mut story = four();
    let lie = Report { coverage: 1, coverage_before: 1, from_tail: 1, ..report(4, 3) };
    let call = Call::LookupPosition { place: place(3), sequence: Some(3) };
    story.lookup(call, &[story.entry(3, 0, 3)], lie);
    assert_eq!(anomalies(Invariant::Freshness, story), ["freshness-false"]);
}
