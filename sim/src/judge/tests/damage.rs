//! Damage of files: what it excuses, and what not.

use std::ops::Range;

use super::story::{Story, appended};
use super::*;
use crate::history::{Call, Damage, Failure, Found, Kind, MarksSeen, Outcome, Reply, Report};
use crate::plan::{Ack, Fault, FaultClass, Zone};

/// The one segment of the story.
const FILE: &str = "/log/t/0/0000000100000000.seg";

/// Bytes of its first message, see [`place`](super::story::place).
const FIRST: Range<u64> = 64..65;

impl Story {
    fn synced(&mut self, first: u64) {
        let call = Call::Append { first, count: 2, ack: Ack::Synced };
        self.ok(0, 0, call, appended(first));
    }

    /// A segment rots; it is repaired at `until_us`.
    fn rot(&mut self, class: FaultClass, bytes: Range<u64>, until_us: u64) {
        let damage = Some(Damage { file: FILE.into(), bytes });
        let call = Call::Fault { number: 3, class, zone: Zone::Segment, damage };
        self.ok(0, 0, call, Reply::Done);
        self.last().returned_us = until_us;
    }

    fn open_at(&mut self, end: u64) {
        let marks = MarksSeen { high_watermark: end, log_end: end, ..MarksSeen::default() };
        self.ok(0, 0, Call::OpenWriter, Reply::Marks(marks));
    }

    fn refused(&mut self, file: &str) {
        let index = self.begin(0, 0, Call::OpenWriter);
        let text = format!("{file:?}: damaged at byte 64").into();
        self.finish(index, Outcome::Fail(Failure { kind: Kind::Corrupt, text }));
    }
}

/// Messages are synced by several appends of two; a segment rots behind the death of the process,
/// and the next opening finds messages up to `end`.
fn cut(append_count: u64, bytes: Range<u64>, end: u64) -> Story {
    let mut story = Story::new();
    (0..append_count).for_each(|nth| story.synced(2 * nth));
    story.kill();
    story.process -= 1;
    story.rot(FaultClass::RotAtRest, bytes, 1_000);
    story.process += 1;
    story.open_at(end);
    story
}

#[test]
fn what_a_later_frame_proves_is_not_cut_without_a_word() {
    let lost = |append_count, bytes, end| {
        !anomalies(Invariant::SyncedSurvives, cut(append_count, bytes, end)).is_empty()
    };
    // The third append says that the first one is synced; nothing says so of itself.
    assert!(lost(3, FIRST, 0));
    assert!(!lost(3, FIRST, 4));
    assert!(!lost(1, FIRST, 0));
    // Where the only frame that says so rots itself, or what may be one with it, nothing does.
    assert!(!lost(3, 500..501, 2));
    assert!(!lost(2, 170..171, 0));
}

#[test]
fn what_an_opening_found_is_synced_from_then_on() {
    let mut story = cut(2, FIRST, 4);
    story.synced(4);
    story.lose_power(2);
    assert_eq!(anomalies(Invariant::SyncedSurvives, story), ["lost-synced"]);
}

#[test]
fn an_error_is_expected_where_it_names_what_is_damaged_while_it_is() {
    let damaged = |file: &str, until_us| {
        let mut story = Story::new();
        story.rot(FaultClass::BitRot, FIRST, until_us);
        story.refused(file);
        anomalies(Invariant::Progress, story)
    };
    assert!(damaged(FILE, 1_000).is_empty());
    assert_eq!(damaged("/log/t/0/2.seg", 1_000), ["call-failed"]);
    assert_eq!(damaged(FILE, 1), ["call-failed"]);
}

/// Where damage ends a lifetime while a partition is opened, what fails the opening comes behind
/// it.
#[test]
fn an_opening_under_way_may_meet_a_fault_behind_damage() {
    let failed = |named: u32| {
        let mut story = Story::new();
        let opening = story.begin(0, 0, Call::OpenWriter);
        story.rot(FaultClass::MisdirectedWrite, FIRST, 1_000);
        let class = FaultClass::SyncForgetsPages;
        let call = Call::Fault { number: 7, class, zone: Zone::Segment, damage: None };
        story.ok(0, 0, call, Reply::Done);
        let text = Fault::tag(named).into();
        story.finish(opening, Outcome::Unknown(Failure { kind: Kind::Poisoned, text }));
        anomalies(Invariant::Progress, story)
    };
    assert!(failed(7).is_empty());
    assert_eq!(failed(8), ["call-failed"]);
}

/// What a lookup names is read behind it, before its actor goes on.
#[test]
fn a_record_may_be_damaged_between_the_lookup_and_the_reading() {
    let seen = |is_before_next: bool| {
        let mut story = Story::new();
        story.append(0, 0, 2, 0);
        let entry = Found { record: None, unreadable: true, ..story.entry(0, 0, 0) };
        let lookup = |story: &mut Story, found: &[Found]| {
            let call = Call::LookupTime { from_us: 0, to_us: 1, limit: 1 };
            story.lookup(call, found, Report::default());
        };
        lookup(&mut story, &[entry]);
        if !is_before_next {
            lookup(&mut story, &[]);
        }
        story.rot(FaultClass::BitRot, FIRST, 1_000);
        anomalies(Invariant::Entries, story)
    };
    assert_eq!(seen(true), [""; 0]);
    assert_eq!(seen(false), ["entry-mismatch"]);
}
