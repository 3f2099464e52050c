//! Which failures come of a fault of the disk: those that name one which happened before, in the
//! same process, and those that report what it took away.

use crate::history::{Call, Damage, Event, Failure, Kind};
use crate::plan::FaultClass;

/// The faults of a history, in order.
pub(super) struct Faults<'a> {
    happened: Vec<(u32, FaultClass, &'a Event)>,
}

/// Where a fault damaged a file: which, and the fault.
fn damaged(fault: &Event) -> Option<&str> {
    match &fault.call {
        Call::Fault { damage: Some(Damage { file, .. }), .. } => Some(file),
        _ => None,
    }
}

impl<'a> Faults<'a> {
    pub(super) fn new(events: &'a [Event]) -> Self {
        let fault = |event: &'a Event| match &event.call {
            Call::Fault { number, class, .. } => Some((*number, *class, event)),
            _ => None,
        };
        Self { happened: events.iter().filter_map(fault).collect() }
    }

    /// Whether a call failed because of a fault.
    pub(super) fn caused(&self, event: &Event, failure: &Failure) -> bool {
        self.happened.iter().any(|(number, class, fault)| {
            let is_before = event.returned.is_none_or(|returned| fault.invoked < returned);
            let is_own = fault.process == event.process;
            is_before
                && (failure.names(*number) && (is_own || *class == FaultClass::IndexRots)
                    || is_own && reports(*class, fault, event, failure)
                    || tells_damage(fault, event, failure))
        })
    }

    /// Whether a file of the partition was damaged while this call lasted, or from then on before
    /// the moment `until`.
    pub(super) fn damaged(&self, event: &Event, until: u64) -> bool {
        let own = self.happened.iter().map(|(_, _, fault)| *fault);
        let mut own = own.filter(|fault| fault.lane == event.lane && damaged(fault).is_some());
        own.any(|fault| {
            let is_repaired = fault.returned_us < event.invoked_us;
            overlaps(fault, event) || !is_repaired && fault.invoked < until
        })
    }

    /// Whether a failed sync may have dropped messages of the partition before the moment `until`,
    /// in the process of this call.
    pub(super) fn took_back(&self, event: &Event, until: u64) -> bool {
        let of = |one: &Event| (one.process, one.lane);
        let mut losing = self.happened.iter().filter(|(_, class, _)| class.takes_back());
        losing.any(|(_, _, fault)| of(fault) == of(event) && fault.invoked < until)
    }
}

/// Whether a failure says that something is gone which this fault took away.
fn reports(class: FaultClass, fault: &Event, event: &Event, failure: &Failure) -> bool {
    class.takes_back() && fault.lane == event.lane && failure.kind == Kind::Corrupt
}

/// Whether a failure names the file that a fault damaged, or tells of its partition what is gone,
/// while the damage lasted.
fn tells_damage(fault: &Event, event: &Event, failure: &Failure) -> bool {
    let Some(file) = damaged(fault) else { return false };
    let directory = file.rsplit_once('/').map_or(file, |(directory, _)| directory);
    let names = failure.text.contains(file) || failure.text.contains(&format!("{directory:?}"));
    failure.kind == Kind::Corrupt && names && overlaps(fault, event)
}

/// Whether a call began before damage was repaired and ended after it was done.
fn overlaps(fault: &Event, event: &Event) -> bool {
    let ended_us = event.returned.map_or(u64::MAX, |_| event.returned_us);
    event.invoked_us <= fault.returned_us && fault.invoked_us <= ended_us
}
