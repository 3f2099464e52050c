//! Guests that come and go: I13.

use super::story::Story;
use super::*;
use crate::history::{Call, HandlesSeen, Outcome, Reply};

const NOTHING: HandlesSeen = HandlesSeen { files: 0, instances: 0, entries: 0 };

fn arrive(story: &mut Story, guest: u32) -> usize {
    story.begin(0, 0, Call::Arrive { guest })
}

fn arrived(story: &mut Story, index: usize) {
    story.finish(index, Outcome::Ok(Reply::Done));
}

fn leave(story: &mut Story, guest: u32) {
    story.ok(0, 0, Call::Leave { guest }, Reply::Done);
}

fn count(story: &mut Story, open: HandlesSeen) {
    story.ok(0, 0, Call::CountHandles, Reply::Handles(open));
}

/// The last guest leaves while another one is opening.
fn raced(open: HandlesSeen) -> Story {
    let mut story = Story::new();
    let first = arrive(&mut story, 1);
    arrived(&mut story, first);
    let second = arrive(&mut story, 2);
    leave(&mut story, 1);
    arrived(&mut story, second);
    leave(&mut story, 2);
    count(&mut story, open);
    story
}

#[test]
fn a_last_user_that_leaves_beside_an_opening_puts_the_check_at_risk() {
    let judged = by(Invariant::Leaks, raced(NOTHING));
    assert_eq!((judged.verdict(), judged.checked, judged.at_risk), (Verdict::Pass, 1, 1));
}

#[test]
fn guests_one_after_the_other_are_no_risk() {
    let mut story = Story::new();
    for guest in 0..3 {
        let index = arrive(&mut story, guest);
        arrived(&mut story, index);
        leave(&mut story, guest);
    }
    count(&mut story, NOTHING);
    let judged = by(Invariant::Leaks, story);
    assert_eq!((judged.verdict(), judged.at_risk), (Verdict::Inconclusive, 0));
}

#[test]
fn left_open() {
    for open in [
        HandlesSeen { files: 1, ..NOTHING },
        HandlesSeen { instances: 1, ..NOTHING },
        HandlesSeen { entries: 1, ..NOTHING },
    ] {
        assert_eq!(anomalies(Invariant::Leaks, raced(open)), ["left-open"], "{open:?}");
    }
}
