//! A history, indexed for the judges.

use crate::history::{Call, Event, Header, History, Kind, Outcome, Reply};
use crate::plan::{Ack, Expected, Mark};

use super::ledger::Ledger;

/// Bounds that only rise, by the moment from which they hold.
#[derive(Default)]
pub(super) struct Rising {
    /// Ascending in both.
    points: Vec<(u64, u64)>,
}

impl Rising {
    pub(super) fn new(mut points: Vec<(u64, u64)>) -> Self {
        points.sort_unstable();
        let mut highest = 0;
        for point in &mut points {
            highest = highest.max(point.1);
            point.1 = highest;
        }
        points.dedup_by_key(|point| point.1);
        Self { points }
    }

    /// The moments at which the bound rose, and to what, in order.
    pub(super) fn points(&self) -> &[(u64, u64)] {
        &self.points
    }

    /// The bound from what happened before `stamp`; 0 where nothing did.
    pub(super) fn before(&self, stamp: u64) -> u64 {
        let index = self.points.partition_point(|point| point.0 < stamp);
        index.checked_sub(1).map_or(0, |index| self.points[index].1)
    }
}

/// What is known of one partition over time.
#[derive(Default)]
pub(super) struct LaneView {
    /// The end of what is acknowledged as flushed or better, by the acknowledgement.
    pub acknowledged: Rising,
    /// The end of what any session was shown, by the answer that showed it.
    pub shown: Rising,
    /// The end of what may be visible, by the moment the append was begun; appends without a
    /// known place are left out.
    pub begun: Rising,
    /// The furthest that retention may have gone, by the moment it was asked to.
    pub trimmed: Rising,
    /// Settled marks that were seen, ascending.
    pub settled: Vec<u64>,
    /// Moments at which a writer had been opened, ascending.
    pub openings: Vec<u64>,
    /// Indices of the appends, by invocation.
    pub appends: Vec<usize>,
}

/// A history and what the judges share.
pub(super) struct View<'a> {
    pub header: &'a Header,
    pub events: &'a [Event],
    pub ledger: Ledger,
    pub lanes: Vec<LaneView>,
}

#[derive(Default)]
struct Points {
    acknowledged: Vec<(u64, u64)>,
    shown: Vec<(u64, u64)>,
    begun: Vec<(u64, u64)>,
    trimmed: Vec<(u64, u64)>,
    view: LaneView,
}

impl<'a> View<'a> {
    pub(super) fn new(history: &'a History) -> Self {
        let events = &history.events;
        let mut points: Vec<Points> = Vec::new();
        points.resize_with(history.header.lane_count as usize, Points::default);
        for (index, event) in events.iter().enumerate() {
            if let Some(points) = points.get_mut(event.lane as usize) {
                points.add(index, event);
            }
        }
        let lanes = points.into_iter().map(Points::finish).collect();
        let ledger = Ledger::new(events, history.header.lane_count);
        Self { header: &history.header, events, ledger, lanes }
    }

    /// Producer and counter of the message at `sequence` that retention certainly kept to the end.
    /// Numbers given to a batch that went with its process are given again: who has it at last.
    pub(super) fn kept(&self, lane: u32, sequence: u64) -> Option<(u32, u64)> {
        if sequence < self.lanes[lane as usize].trimmed.before(u64::MAX) {
            return None;
        }
        self.ledger.lanes[lane as usize].at(sequence)
    }

    /// What the message of `lane` that `producer` numbers `counter` must be.
    pub(super) fn expected(&self, lane: u32, producer: u32, counter: u64) -> Expected {
        self.header.content.expected(Mark { lane, producer, counter })
    }

    /// The events as text, for a finding.
    pub(super) fn quote(&self, events: &[usize]) -> String {
        let lines: Vec<String> =
            events.iter().map(|index| format!("\n    {}", self.events[*index])).collect();
        lines.concat()
    }
}

impl Points {
    fn add(&mut self, index: usize, event: &Event) {
        match &event.call {
            Call::Append { count, ack, .. } => {
                self.view.appends.push(index);
                if let Some(Reply::Appended { sequence, .. }) = event.reply() {
                    let end = sequence + u64::from(*count);
                    self.begun.push((event.invoked, end));
                    if let (true, Some(returned)) = (*ack > Ack::Buffered, event.returned) {
                        self.acknowledged.push((returned, end));
                    }
                }
            }
            Call::Trim { to } if !refused(event) => self.trimmed.push((event.invoked, *to)),
            Call::OpenWriter => {
                self.view.openings.push(event.returned.unwrap_or(event.invoked));
            }
            _ => {}
        }
        match event.reply() {
            Some(Reply::Marks(marks)) => self.view.settled.push(marks.settled),
            Some(Reply::Messages(runs)) => {
                if let (Some(last), Some(returned)) = (runs.last(), event.returned) {
                    self.shown.push((returned, last.end()));
                }
            }
            _ => {}
        }
    }

    fn finish(mut self) -> LaneView {
        self.view.acknowledged = Rising::new(self.acknowledged);
        self.view.shown = Rising::new(self.shown);
        self.view.begun = Rising::new(self.begun);
        self.view.trimmed = Rising::new(self.trimmed);
        self.view.settled.sort_unstable();
        self.view.settled.dedup();
        self.view.openings.sort_unstable();
        self.view
    }
}

fn refused(event: &Event) -> bool {
    matches!(event.outcome, Outcome::Fail(_))
}

impl LaneView {
    /// The end of what is known to have been visible before `stamp`: acknowledged, or shown to
    /// any session.
    pub(super) fn visible_before(&self, stamp: u64) -> u64 {
        self.acknowledged.before(stamp).max(self.shown.before(stamp))
    }

    /// Whether a settled mark lies inside `first + 1..end`.
    pub(super) fn settled_within(&self, first: u64, end: u64) -> bool {
        let index = self.settled.partition_point(|settled| *settled <= first);
        self.settled.get(index).is_some_and(|settled| *settled < end)
    }

    /// Whether a writer was opened between two moments.
    pub(super) fn opened_between(&self, from: u64, to: u64) -> bool {
        let index = self.openings.partition_point(|stamp| *stamp <= from);
        self.openings.get(index).is_some_and(|stamp| *stamp < to)
    }
}

/// Whether the lookup found nothing.
pub(super) fn is_not_found(event: &Event) -> bool {
    match &event.outcome {
        Outcome::Fail(failure) => failure.kind == Kind::NotFound,
        Outcome::Ok(Reply::Found(found, _)) => found.is_empty(),
        _ => false,
    }
}
