//! Which failures come of a fault of the disk: those that name one which happened before, in the
//! same process, and those that report what it took away.

use crate::history::{Call, Event, Failure, Kind};
use crate::plan::FaultClass;

/// The faults of a history, in order.
pub(super) struct Faults<'a> {
    happened: Vec<(u32, FaultClass, &'a Event)>,
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
            is_before
                && fault.process == event.process
                && (failure.names(*number) || reports(*class, fault, event, failure))
        })
    }

    /// Whether a failed sync may have dropped messages under this call.
    pub(super) fn took_back(&self, event: &Event) -> bool {
        self.happened.iter().any(|(_, class, fault)| {
            let is_before = event.returned.is_none_or(|returned| fault.invoked < returned);
            is_before
                && class.takes_back()
                && (fault.process, fault.lane) == (event.process, event.lane)
        })
    }
}

/// Whether a failure says that something is gone which this fault took away.
fn reports(class: FaultClass, fault: &Event, event: &Event, failure: &Failure) -> bool {
    class.takes_back() && fault.lane == event.lane && failure.kind == Kind::Corrupt
}
