//! I10: a committed position only moves forward, is known, and bounded.

use std::collections::BTreeMap;

use crate::history::{Call, Event, Kind, Outcome, Reply};

use super::invariant::Invariant;
use super::verdict::Judgement;
use super::view::{Rising, View};

/// The commits of one group in one partition, in order of invocation.
#[derive(Default)]
struct Group {
    commits: Vec<usize>,
    reads: Vec<usize>,
}

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::Commits);
    let mut groups: BTreeMap<(u32, u32), Group> = BTreeMap::new();
    for (index, event) in view.events.iter().enumerate() {
        match event.call {
            Call::Commit { group, .. } => {
                groups.entry((group, event.lane)).or_default().commits.push(index);
            }
            Call::Committed { group } => {
                groups.entry((group, event.lane)).or_default().reads.push(index);
            }
            _ => {}
        }
    }
    for group in groups.values() {
        group.judge(view, &mut judgement);
    }
    ahead(view, &mut judgement);
    judgement
}

/// The bound that a successful commit sets.
fn committed_end(event: &Event) -> Option<u64> {
    match (&event.call, &event.outcome) {
        (Call::Commit { sequence: Some(sequence), .. }, Outcome::Ok(_)) => Some(sequence + 1),
        _ => None,
    }
}

fn committed_value(event: &Event) -> Option<u64> {
    match (&event.call, event.reply()) {
        (Call::Committed { .. }, Some(Reply::Committed(position))) => {
            Some(position.map_or(0, |(_, sequence)| sequence))
        }
        _ => None,
    }
}

impl Group {
    fn judge(&self, view: &View<'_>, judgement: &mut Judgement) {
        // The furthest that was certain, by the moment from which it was.
        let certain = self.commits.iter().chain(&self.reads).filter_map(|index| {
            let event = &view.events[*index];
            let end = committed_end(event).or_else(|| committed_value(event))?;
            Some((event.returned?, end))
        });
        let certain = Rising::new(certain.collect());
        // The furthest that may have been committed, by the moment of the try.
        let tried = self.commits.iter().filter_map(|index| {
            let event = &view.events[*index];
            match (&event.call, &event.outcome) {
                (_, Outcome::Fail(_)) => None,
                (Call::Commit { sequence, .. }, _) => Some((event.invoked, (*sequence)? + 1)),
                _ => None,
            }
        });
        let tried = Rising::new(tried.collect());
        for index in &self.commits {
            self.commit(view, judgement, *index, &certain, &tried);
        }
        let possible = self.possible(view);
        for index in &self.reads {
            self.read(view, judgement, *index, &certain, &possible);
        }
    }

    /// Whether another commit of the group was under way at the same time.
    fn competed(&self, view: &View<'_>, index: usize) -> bool {
        let event = &view.events[index];
        let position = self.commits.partition_point(|other| *other < index);
        let neighbours = [position.checked_sub(1), Some(position + 1)];
        neighbours.into_iter().flatten().filter_map(|at| self.commits.get(at)).any(|other| {
            let other = &view.events[*other];
            !other.before(event) && !event.before(other)
        })
    }

    fn commit(
        &self,
        view: &View<'_>,
        judgement: &mut Judgement,
        index: usize,
        certain: &Rising,
        tried: &Rising,
    ) {
        let event = &view.events[index];
        let Call::Commit { which, sequence, .. } = &event.call else { return };
        let floor = certain.before(event.invoked);
        let backwards = sequence.is_some_and(|sequence| sequence + 1 < floor);
        let bad = sequence.is_none() || backwards;
        match &event.outcome {
            Outcome::Ok(_) => {
                judgement.check(bad || self.competed(view, index));
                if sequence.is_none() {
                    let words = format!(
                        "a position that no record begins at was accepted ({which:?}).{}",
                        view.quote(&[index])
                    );
                    judgement.violated("commit-unknown", &[index], words);
                } else if backwards {
                    let words = format!(
                        "a commit below the committed position {floor} was accepted.{}",
                        view.quote(&[index])
                    );
                    judgement.violated("commit-backwards", &[index], words);
                }
            }
            Outcome::Fail(failure) => {
                judgement.check(bad);
                let trims = view.lanes[event.lane as usize].trimmed.before(u64::MAX) > 0;
                let refused = failure.kind == Kind::OffsetMismatch;
                let until = event.returned.unwrap_or(event.invoked);
                let behind = sequence.is_some_and(|sequence| sequence + 1 < tried.before(until));
                if refused && !bad && !behind && !trims && !which.is_bad() {
                    let words = format!(
                        "a position that the session had read was refused.{}",
                        view.quote(&[index])
                    );
                    judgement.violated("commit-refused", &[index], words);
                }
            }
            Outcome::Unknown(_) => {}
        }
    }

    fn read(
        &self,
        view: &View<'_>,
        judgement: &mut Judgement,
        index: usize,
        certain: &Rising,
        possible: &BTreeMap<u64, u64>,
    ) {
        let event = &view.events[index];
        let Some(value) = committed_value(event) else { return };
        judgement.check(self.competed_read(view, event));
        let floor = certain.before(event.invoked);
        if value < floor {
            let before = self.commits.iter().chain(&self.reads).copied().find(|other| {
                let other = &view.events[*other];
                other.before(event)
                    && committed_end(other).or_else(|| committed_value(other)) == Some(floor)
            });
            let events: Vec<usize> = before.into_iter().chain([index]).collect();
            let words = format!(
                "the committed position went back from {floor} to {value}.{}",
                view.quote(&events)
            );
            judgement.violated("commit-backwards", &events, words);
        }
        let until = event.returned.unwrap_or(event.invoked);
        let asked = value == 0 || possible.get(&value).is_some_and(|invoked| *invoked < until);
        if !asked {
            let words = format!(
                "the committed position is {value}, and nobody committed that.{}",
                view.quote(&[index])
            );
            judgement.violated("commit-phantom", &[index], words);
        }
    }

    /// The bounds that somebody tried to commit, and when first.
    fn possible(&self, view: &View<'_>) -> BTreeMap<u64, u64> {
        let mut possible = BTreeMap::new();
        for index in &self.commits {
            let event = &view.events[*index];
            if let (
                Call::Commit { sequence: Some(sequence), .. },
                Outcome::Ok(_) | Outcome::Unknown(_),
            ) = (&event.call, &event.outcome)
            {
                possible.entry(sequence + 1).or_insert(event.invoked);
            }
        }
        possible
    }

    fn competed_read(&self, view: &View<'_>, read: &Event) -> bool {
        let until = read.returned.unwrap_or(read.invoked);
        let after = self.commits.partition_point(|index| view.events[*index].invoked < until);
        let last = after.checked_sub(1).map(|at| &view.events[self.commits[at]]);
        last.is_some_and(|commit| {
            !commit.before(read) || matches!(commit.outcome, Outcome::Fail(_) | Outcome::Unknown(_))
        })
    }
}

/// A committed position never passes the high watermark.
fn ahead(view: &View<'_>, judgement: &mut Judgement) {
    let mut committed: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
    for event in view.events {
        if let (Some(value), Some(returned)) = (committed_value(event), event.returned) {
            committed.entry(event.lane).or_default().push((returned, value));
        }
    }
    let committed: BTreeMap<u32, Rising> =
        committed.into_iter().map(|(lane, points)| (lane, Rising::new(points))).collect();
    for (index, event) in view.events.iter().enumerate() {
        let Some(Reply::Marks(marks)) = event.reply() else { continue };
        let value = committed.get(&event.lane).map_or(0, |rising| rising.before(event.invoked));
        if value > marks.high_watermark {
            let words = format!(
                "a group has committed {value}, above the high watermark.{}",
                view.quote(&[index])
            );
            judgement.violated("commit-ahead", &[index], words);
        }
    }
}
