//! I0: every call returns, and none fails for a reason that is not the caller's.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Call, Event, Kind, Outcome};

use super::faults::Faults;
use super::invariant::Invariant;
use super::verdict::Judgement;
use super::view::View;

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::Progress);
    let killed: BTreeSet<u32> =
        view.events.iter().filter(|e| e.call == Call::Kill).map(|e| e.process).collect();
    let closings = closings(view);
    let faults = Faults::new(view.events);
    // Partitions in which something was interrupted: from then on calls are at risk.
    let mut shaken: BTreeMap<u32, bool> = BTreeMap::new();
    for (index, event) in view.events.iter().enumerate() {
        let at_risk = shaken.get(&event.lane).copied().unwrap_or(false) || event.process > 0;
        judgement.check(at_risk);
        if matches!(event.call, Call::CloseWriter)
            || matches!(&event.outcome, Outcome::Unknown(f) if f.kind == Kind::Dropped)
        {
            shaken.insert(event.lane, true);
        }
        let (Outcome::Fail(failure) | Outcome::Unknown(failure)) = &event.outcome else { continue };
        if failure.kind == Kind::Died && event.returned.is_none() {
            if !killed.contains(&event.process) {
                let words = format!(
                    "this call never returned, and its process was not killed.{}",
                    view.quote(&[index])
                );
                judgement.violated("never-returned", &[index], words);
            }
        } else if !is_expected(event, failure.kind, &closings)
            && !is_lost(view, event)
            && !faults.caused(event, failure)
        {
            let words = format!(
                "this call failed, and nothing was broken that could be the cause.{}",
                view.quote(&[index])
            );
            judgement.violated("call-failed", &[index], words);
        }
    }
    judgement
}

/// When the writer of a partition was first closed, by process and partition.
fn closings(view: &View<'_>) -> BTreeMap<(u32, u32), u64> {
    let mut closings = BTreeMap::new();
    for event in view.events.iter().filter(|event| event.call == Call::CloseWriter) {
        closings.entry((event.process, event.lane)).or_insert(event.invoked);
    }
    closings
}

/// Whether a call may fail because the power took back what it builds on.
fn is_lost(view: &View<'_>, event: &Event) -> bool {
    let (Outcome::Fail(failure) | Outcome::Unknown(failure)) = &event.outcome else { return false };
    view.header.loses_power
        && failure.kind == Kind::PositionLost
        && matches!(event.call, Call::Next { .. } | Call::Committed { .. } | Call::Commit { .. })
}

/// Whether a call may fail like this in a run without broken disks.
fn is_expected(event: &Event, kind: Kind, closings: &BTreeMap<(u32, u32), u64>) -> bool {
    match kind {
        Kind::Died | Kind::Dropped | Kind::Backpressure => true,
        Kind::Closed => {
            let closed = closings.get(&(event.process, event.lane));
            closed.is_some_and(|closed| *closed < event.returned.unwrap_or(u64::MAX))
        }
        Kind::OffsetMismatch => {
            matches!(event.call, Call::Commit { .. } | Call::LookupPosition { .. })
        }
        Kind::Trimmed => !matches!(event.call, Call::Append { .. } | Call::OpenWriter),
        Kind::NotFound => matches!(
            event.call,
            Call::LookupId { .. } | Call::LookupPosition { .. } | Call::Commit { .. }
        ),
        Kind::PositionLost
        | Kind::Locked
        | Kind::Caller
        | Kind::Retry
        | Kind::Corrupt
        | Kind::Poisoned => false,
    }
}
