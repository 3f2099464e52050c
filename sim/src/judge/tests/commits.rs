//! Commits: I10, I11.

use super::story::Story;
use super::*;
use crate::history::{Kind, MarksSeen};
use crate::plan::CommitChoice::{Inside, Older, Processed};

fn both(story: impl Fn() -> Story) -> (Vec<String>, Vec<String>) {
    (anomalies(Invariant::Commits, story()), anomalies(Invariant::RefusedCommits, story()))
}

const REFUSED: Option<Kind> = Some(Kind::OffsetMismatch);

/// A group that committed up to sequence 3.
fn committed() -> Story {
    let mut story = Story::new();
    story.append(0, 0, 9, 0);
    story.committed(None);
    story.commit(Processed, Some(3), None);
    story.committed(Some(4));
    story
}

#[test]
fn sound_commits_are_nobodys_business() {
    let story = || {
        let mut story = committed();
        story.commit(Inside, None, REFUSED);
        story.committed(Some(4));
        story.commit(Older, Some(1), REFUSED);
        story.committed(Some(4));
        story.commit(Processed, Some(3), None);
        story.commit(Processed, Some(8), None);
        story.committed(Some(9));
        story
    };
    assert_eq!(both(story), (vec![], vec![]));
    assert_eq!(by(Invariant::RefusedCommits, story()).at_risk, 2);
    assert!(by(Invariant::Commits, story()).at_risk >= 2);
}

#[test]
fn commit_unknown() {
    let story = || {
        let mut story = committed();
        story.commit(Inside, None, None);
        story
    };
    assert_eq!(both(story).0, ["commit-unknown"]);
}

#[test]
fn commit_backwards() {
    let story = || {
        let mut story = committed();
        story.commit(Older, Some(1), None);
        story
    };
    assert_eq!(both(story).0, ["commit-backwards"]);

    let story = || {
        let mut story = committed();
        story.committed(None);
        story
    };
    assert_eq!(both(story).0, ["commit-backwards"]);
}

#[test]
fn commit_phantom() {
    let story = || {
        let mut story = committed();
        story.committed(Some(7));
        story
    };
    assert_eq!(both(story).0, ["commit-phantom"]);
}

#[test]
fn commit_of_unknown_outcome_may_or_may_not_be_there() {
    for value in [4, 8] {
        let story = || {
            let mut story = committed();
            let place = super::story::place(7);
            let call = crate::history::Call::Commit {
                group: 1,
                which: Processed,
                place,
                sequence: Some(7),
            };
            story.begin(60, 1, call);
            story.kill();
            story.committed(Some(value));
            story
        };
        assert_eq!(both(story), (vec![], vec![]), "{value}");
    }
}

#[test]
fn commit_ahead() {
    let story = || {
        let mut story = committed();
        story.marks(MarksSeen { high_watermark: 3, ..MarksSeen::default() });
        story
    };
    assert_eq!(both(story).0, ["commit-ahead"]);
}

#[test]
fn commit_refused_without_reason() {
    let story = || {
        let mut story = committed();
        story.commit(Processed, Some(5), REFUSED);
        story
    };
    assert_eq!(both(story).0, ["commit-refused"]);
}

#[test]
fn refused_commit_moved() {
    let story = || {
        let mut story = committed();
        story.commit(Older, Some(1), REFUSED);
        story.committed(Some(2));
        story
    };
    assert_eq!(both(story).1, ["refused-commit-moved"]);
}

#[test]
fn commit_behind_one_of_unknown_outcome_may_be_refused() {
    let story = || {
        let mut story = committed();
        let place = super::story::place(7);
        let (which, sequence) = (Processed, Some(7));
        story.begin(60, 1, crate::history::Call::Commit { group: 1, which, place, sequence });
        story.kill();
        story.commit(Processed, Some(5), REFUSED);
        story
    };
    assert_eq!(both(story).0, [""; 0]);
}
