//! Whether something lies inside a range that could tear it: what puts reads at risk.

use crate::history::{Event, Reply, Run};

use super::sessions::Before;
use super::view::View;

/// Whether a roll, a settled mark, or a new writer lies inside what a `next` answered, or between
/// that and the session's last answer.
pub(super) fn crosses(view: &View<'_>, event: &Event, runs: &[Run], before: Before) -> bool {
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return false };
    if runs.windows(2).any(|pair| pair[0].place.0 != pair[1].place.0) {
        return true;
    }
    let lane = &view.lanes[event.lane as usize];
    if lane.settled_within(first.sequence, last.end()) {
        return true;
    }
    let Some(previous) = before.last.map(|index| &view.events[index]) else { return false };
    let segment_before = match previous.reply() {
        Some(Reply::Messages(runs)) => runs.last().map(|run| run.place.0),
        _ => None,
    };
    segment_before.is_some_and(|segment| segment != first.place.0)
        || lane.settled_within(first.sequence.saturating_sub(1), first.sequence + 1)
        || lane.opened_between(previous.invoked, event.invoked)
}
