//! Where each session stood when it read on.

use std::collections::BTreeMap;

use crate::history::{Call, Event, Reply, Run};

use super::view::{Rising, View};

/// What a session knew of a partition before a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Before {
    /// The sequence that must come next; `None` at a new start, which the engine chooses, and
    /// behind a seek by time.
    pub cursor: Option<u64>,
    /// The seek by time that put it where it stands, as an index: it has read nothing since.
    pub sought: Option<usize>,
    /// The session's last read of the partition, as an index, where there was one.
    pub last: Option<usize>,
    /// The end of the furthest that it ever read of the partition.
    pub furthest: u64,
}

impl Before {
    /// Whether nothing tells where it stands behind a read of these: it went to a time, and there
    /// was nothing.
    pub(super) fn is_unplaced(&self, runs: &[Run]) -> bool {
        self.sought.is_some() && runs.is_empty()
    }
}

/// Calls `each` for every `next` that answered, with what its session knew before. In order of
/// invocation; a session does one thing at a time.
pub(super) fn reads(events: &[Event], mut each: impl FnMut(usize, &Event, Before)) {
    let start = Before { cursor: None, sought: None, last: None, furthest: 0 };
    let mut sessions: BTreeMap<(u32, u32), Before> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        if event.session == 0 {
            continue;
        }
        let at = (event.session, event.lane);
        match (&event.call, event.reply()) {
            (Call::SeekEarliest, _) => {
                let before = sessions.entry(at).or_insert(start);
                (before.cursor, before.sought) = (None, None);
            }
            (Call::SeekTime { .. }, _) => {
                let before = sessions.entry(at).or_insert(start);
                (before.cursor, before.sought) = (None, Some(index));
            }
            (Call::Next { .. }, Some(Reply::Messages(runs))) => {
                let before = sessions.entry(at).or_insert(start);
                each(index, event, *before);
                before.last = Some(index);
                if let Some(run) = runs.last() {
                    (before.cursor, before.sought) = (Some(run.end()), None);
                    before.furthest = before.furthest.max(run.end());
                }
            }
            _ => {}
        }
    }
}

/// Where sessions may begin.
pub(super) struct Starts {
    /// The group of each session.
    groups: BTreeMap<u32, u32>,
    /// Commits of a group in a partition, by moment: the end of the furthest.
    commits: BTreeMap<(u32, u32), Rising>,
    /// Sessions that were moved to the earliest message, by partition: from which moment on.
    sought: BTreeMap<(u32, u32), u64>,
}

impl Starts {
    pub(super) fn new(view: &View<'_>) -> Self {
        let mut groups = BTreeMap::new();
        let mut points: BTreeMap<(u32, u32), Vec<(u64, u64)>> = BTreeMap::new();
        let mut sought = BTreeMap::new();
        for event in view.events {
            match &event.call {
                Call::OpenSession { group, .. } => {
                    groups.insert(event.session, *group);
                }
                Call::Commit { group, sequence: Some(sequence), .. } => {
                    let point = (event.invoked, sequence + 1);
                    points.entry((*group, event.lane)).or_default().push(point);
                }
                Call::SeekEarliest => {
                    sought.entry((event.session, event.lane)).or_insert(event.invoked);
                }
                _ => {}
            }
        }
        let commits = points.into_iter().map(|(at, points)| (at, Rising::new(points))).collect();
        Self { groups, commits, sought }
    }

    /// The furthest sequence at which the session of this event may begin to read: the earliest
    /// message, or behind what its group committed.
    pub(super) fn furthest(&self, view: &View<'_>, index: usize) -> u64 {
        let event = &view.events[index];
        let until = event.returned.unwrap_or(event.invoked);
        let trimmed = view.lanes[event.lane as usize].trimmed.before(until);
        let sought = self.sought.get(&(event.session, event.lane));
        if sought.is_some_and(|stamp| *stamp < event.invoked) {
            return trimmed;
        }
        let group = self.groups.get(&event.session).copied().unwrap_or(0);
        let committed = self.commits.get(&(group, event.lane)).map_or(0, |c| c.before(until));
        trimmed.max(committed)
    }
}
