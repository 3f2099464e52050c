//! What `next` answers: I1, I3, I4, I5.

use super::story::{Story, appended, place, run};
use super::*;
use crate::history::{Call, Kind, MarksSeen, Outcome, Run};
use crate::plan::Ack;

/// Two batches of two, read as they were appended.
fn sound() -> Story {
    let mut story = Story::new();
    story.append(0, 0, 2, 0);
    story.next(1, &[run(0, 2, 0, 0)]);
    story.append(1, 0, 2, 2);
    story.next(1, &[run(2, 2, 1, 0)]);
    story
}

#[test]
fn sound_reads_are_nobodys_business() {
    for invariant in Invariant::ALL {
        assert_eq!(anomalies(invariant, sound()), [""; 0], "{invariant:?}");
    }
    let judged = by(Invariant::Visibility, sound());
    assert_eq!(
        (judged.checked, judged.at_risk),
        (2, 1),
        "the first read of a session held nothing"
    );
}

#[test]
fn unseen() {
    let mut story = sound();
    story.append(0, 2, 1, 4);
    story.next(1, &[]);
    assert_eq!(anomalies(Invariant::Visibility, story), ["unseen"]);

    // An append acknowledged while the read is under way may be missed.
    let mut story = sound();
    let read = story.begin(51, 1, Call::Next { count: 10, wait_us: 0 });
    story.append(0, 2, 1, 4);
    story.finish(read, Outcome::Ok(crate::history::Reply::Messages(Vec::new())));
    assert_eq!(anomalies(Invariant::Visibility, story), [""; 0]);

    // Nor need anybody see what was only taken into a buffer.
    let mut story = sound();
    let call = Call::Append { first: 2, count: 1, ack: Ack::Buffered };
    story.ok(0, 0, call, crate::history::Reply::Done);
    story.next(1, &[]);
    assert_eq!(anomalies(Invariant::Visibility, story), [""; 0]);
}

#[test]
fn what_any_session_was_shown_is_seen_by_reads_that_begin_later() {
    let shown = || {
        let mut story = sound();
        story.append_unknown(0, 2, 1);
        story.next(1, &[run(4, 1, 0, 2)]);
        story
    };
    let mut story = shown();
    story.next(2, &[run(0, 2, 0, 0), run(2, 2, 1, 0)]);
    assert_eq!(anomalies(Invariant::Visibility, story), ["unseen"]);

    let mut story = shown();
    story.next(2, &[run(0, 2, 0, 0), run(2, 2, 1, 0), run(4, 1, 0, 2)]);
    assert_eq!(anomalies(Invariant::Visibility, story), [""; 0]);

    let mut story = shown();
    let call = Call::LookupId { id: Some(story.id(0, 2)), all: false };
    story.fail(70, 7, call, Kind::NotFound);
    assert_eq!(anomalies(Invariant::Visibility, story), ["stale-lookup"]);

    // Nobody was shown it yet: it may be there or not.
    let mut story = sound();
    story.append_unknown(0, 2, 1);
    story.fail(70, 7, Call::LookupId { id: Some(story.id(0, 2)), all: false }, Kind::NotFound);
    assert_eq!(anomalies(Invariant::Visibility, story), [""; 0]);
}

#[test]
fn hole() {
    let mut story = sound();
    story.append(0, 2, 1, 4);
    story.fail(51, 1, Call::Next { count: 10, wait_us: 0 }, Kind::Corrupt);
    assert_eq!(anomalies(Invariant::Prefix, story), ["hole"]);

    let mut story = sound();
    story.fail(51, 1, Call::Next { count: 10, wait_us: 0 }, Kind::Trimmed);
    assert_eq!(anomalies(Invariant::Prefix, story), [""; 0]);
}

#[test]
fn poll_skip() {
    let mut story = sound();
    story.append(0, 2, 2, 4);
    story.next(1, &[run(5, 1, 0, 3)]);
    assert_eq!(anomalies(Invariant::Prefix, story), ["poll-skip"]);

    let mut story = sound();
    story.append(0, 2, 2, 4);
    story.next(1, &[run(4, 1, 0, 2)]);
    story.next(1, &[run(5, 1, 0, 3)]);
    assert_eq!(anomalies(Invariant::Prefix, story), [""; 0]);
}

#[test]
fn poll_skip_inside_one_answer() {
    let mut story = Story::new();
    story.append(0, 0, 3, 0);
    story.next(1, &[run(0, 1, 0, 0), run(2, 1, 0, 2)]);
    assert_eq!(anomalies(Invariant::Prefix, story), ["int-poll-skip"]);
}

#[test]
fn sessions_may_begin_behind_what_was_trimmed_or_committed() {
    let mut story = Story::new();
    story.append(0, 0, 4, 0);
    story.ok(9, 0, Call::Trim { to: 3 }, crate::history::Reply::Done);
    story.next(1, &[run(2, 2, 0, 2)]);
    assert_eq!(anomalies(Invariant::Prefix, story), [""; 0]);

    let mut story = Story::new();
    story.append(0, 0, 4, 0);
    story.next(1, &[run(2, 2, 0, 2)]);
    assert_eq!(anomalies(Invariant::Prefix, story), ["poll-skip"], "nothing was trimmed");
}

#[test]
fn nonmonotonic_poll() {
    let mut story = sound();
    story.next(1, &[run(3, 1, 1, 1)]);
    assert_eq!(anomalies(Invariant::Monotonic, story), ["nonmonotonic-poll"]);

    let mut story = sound();
    story.seek(1);
    story.next(1, &[run(0, 2, 0, 0), run(2, 2, 1, 0)]);
    assert_eq!(anomalies(Invariant::Monotonic, story), [""; 0], "the session went back itself");
}

#[test]
fn inconsistent_offsets() {
    let mut story = sound();
    story.next(2, &[run(0, 2, 0, 0), run(2, 1, 1, 1)]);
    assert!(anomalies(Invariant::Contents, story).contains(&"inconsistent-offsets".to_owned()));
}

#[test]
fn duplicate() {
    let mut story = sound();
    story.next(1, &[run(4, 2, 0, 0)]);
    assert_eq!(anomalies(Invariant::Contents, story), ["duplicate"]);
}

#[test]
fn phantom_and_damaged() {
    let mut story = sound();
    story.next(1, &[Run { producer: Run::FOREIGN, ..run(4, 1, 0, 0) }]);
    assert_eq!(anomalies(Invariant::Contents, story), ["phantom"]);

    let mut story = sound();
    story.next(1, &[run(4, 1, 0, 77)]);
    assert_eq!(anomalies(Invariant::Contents, story), ["phantom"], "nobody appended that");

    let mut story = Story::new();
    story.append(0, 0, 1, 0);
    story.next(1, &[Run { damaged: true, ..run(0, 1, 0, 0) }]);
    assert_eq!(anomalies(Invariant::Contents, story), ["damaged"]);
}

#[test]
fn refused_append_is_never_read() {
    let refused = Call::Append { first: 2, count: 1, ack: Ack::Flushed };
    let mut story = sound();
    story.fail(0, 0, refused.clone(), Kind::Caller);
    story.next(1, &[]);
    assert_eq!(anomalies(Invariant::Contents, story), [""; 0]);

    let mut story = sound();
    story.fail(0, 0, refused, Kind::Caller);
    story.next(1, &[run(4, 1, 0, 2)]);
    assert_eq!(anomalies(Invariant::Contents, story), ["G1a"]);
}

#[test]
fn unknown_appends_are_there_whole_or_not_at_all() {
    let mut story = sound();
    story.append_unknown(0, 2, 3);
    story.next(1, &[]);
    assert_eq!(anomalies(Invariant::Contents, story), [""; 0]);

    let mut story = sound();
    story.append_unknown(0, 2, 3);
    story.append(1, 2, 1, 7);
    story.next(1, &[run(4, 3, 0, 2), run(7, 1, 1, 2)]);
    assert_eq!(anomalies(Invariant::Contents, story), [""; 0]);

    let mut story = sound();
    story.append_unknown(0, 2, 3);
    story.append(1, 2, 1, 6);
    story.next(1, &[run(4, 2, 0, 2), run(6, 1, 1, 2)]);
    assert_eq!(anomalies(Invariant::Contents, story), ["torn-batch"]);
}

#[test]
fn a_batch_becomes_visible_as_a_whole() {
    let mut story = sound();
    story.append(0, 2, 2, 4);
    story.next(1, &[run(4, 1, 0, 2)]);
    assert_eq!(anomalies(Invariant::Contents, story), ["torn-batch"]);
}

#[test]
fn nonmonotonic_send() {
    let mut story = Story::new();
    story.append(0, 0, 1, 1);
    story.append(0, 1, 1, 0);
    assert_eq!(anomalies(Invariant::Contents, story), ["nonmonotonic-send"]);

    // Appends under way at the same time may lie in any order.
    let mut story = Story::new();
    let first = story.begin(0, 0, Call::Append { first: 0, count: 1, ack: Ack::Flushed });
    let second = story.begin(1, 0, Call::Append { first: 0, count: 1, ack: Ack::Flushed });
    story.finish(first, Outcome::Ok(appended(1)));
    story.finish(second, Outcome::Ok(appended(0)));
    assert_eq!(anomalies(Invariant::Contents, story), [""; 0]);
}

#[test]
fn rolls_settles_and_new_writers_put_reads_at_risk() {
    let judged = by(Invariant::Prefix, sound());
    assert_eq!((judged.checked, judged.at_risk), (2, 0));

    let mut story = sound();
    story.append(0, 2, 2, 4);
    story.next(1, &[run(4, 1, 0, 2), Run { place: super::story::place(9), ..run(5, 1, 0, 3) }]);
    assert_eq!(by(Invariant::Prefix, story).at_risk, 0, "one segment");

    let mut story = sound();
    story.append(0, 2, 2, 4);
    let rolled = crate::history::Place(place(0).0 + 1, 64);
    story.next(1, &[run(4, 1, 0, 2), Run { place: rolled, ..run(5, 1, 0, 3) }]);
    assert_eq!(by(Invariant::Prefix, story).at_risk, 1, "a roll");

    let mut story = sound();
    story.append(0, 2, 2, 4);
    story.marks(MarksSeen { settled: 5, high_watermark: 6, ..MarksSeen::default() });
    story.next(1, &[run(4, 2, 0, 2)]);
    assert_eq!(by(Invariant::Prefix, story).at_risk, 1, "a settled mark");

    let mut story = sound();
    story.open_writer();
    story.append(0, 2, 2, 4);
    story.next(1, &[run(4, 2, 0, 2)]);
    assert_eq!(by(Invariant::Prefix, story).at_risk, 1, "a new writer");
}
