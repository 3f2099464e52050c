//! How often the disk failed, and how often anybody met that.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, TableStyle};
use serde::{Deserialize, Serialize};

use crate::history::{Call, Event, Outcome, Reply};
use crate::plan::FaultClass;

use super::table::grouped;

/// One class of faults, over all seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCount {
    /// Which.
    pub class: FaultClass,
    /// How often it happened.
    pub injected: u64,
    /// How often a caller was told of it, or a recovery had to deal with it.
    pub observed: u64,
}

/// How often a class may happen without anybody noticing, until that says that it has no effect.
const UNNOTICED_MAX: u64 = 9;

/// A call that took so long was held up: nothing else takes that long, the shortest stall does.
const STALLED_US: u64 = 20_000;

impl FaultCount {
    /// In words, where it happened and nobody ever met it.
    pub fn complaint(&self) -> Option<String> {
        let (class, injected) = (self.class.name(), grouped(self.injected));
        (self.observed == 0 && self.injected > UNNOTICED_MAX)
            .then(|| format!("{class}: injected {injected} times, and nobody ever met it"))
    }
}

/// Adds up the faults of seeds.
#[derive(Clone, Debug, Default)]
pub struct FaultTally {
    counts: BTreeMap<FaultClass, (u64, u64)>,
}

impl FaultTally {
    /// Adds a seed.
    pub fn add(&mut self, events: &[Event]) {
        for event in events {
            let Call::Fault { number, class, .. } = event.call else { continue };
            let (injected, observed) = self.counts.entry(class).or_default();
            *injected += 1;
            let met = events.iter().any(|other| is_met(other, event, number, class));
            *observed += u64::from(met);
        }
    }

    /// All classes, in order.
    pub fn report(&self) -> Vec<FaultCount> {
        let count = |class| {
            let (injected, observed) = self.counts.get(&class).copied().unwrap_or_default();
            FaultCount { class, injected, observed }
        };
        FaultClass::ALL.into_iter().map(count).collect()
    }
}

/// Whether a call met a fault of its process: it was told of it, it was held up by it, it gave
/// messages the time that a clock showed then, or the engine did something about it.
fn is_met(event: &Event, fault: &Event, number: u32, class: FaultClass) -> bool {
    if event.call.is_fault() {
        return event.call == Call::FaultMet { number };
    }
    if event.process != fault.process && class != FaultClass::IndexRots {
        return false;
    }
    let spans = event.invoked < fault.invoked
        && event.returned.is_none_or(|returned| returned > fault.invoked);
    match (&event.outcome, class) {
        (Outcome::Ok(Reply::Appended { .. }), FaultClass::ClockStep) => fault.before(event),
        (_, FaultClass::Stall) => {
            let took_us = event.returned_us.saturating_sub(event.invoked_us);
            spans && took_us >= STALLED_US
        }
        (Outcome::Fail(failure) | Outcome::Unknown(failure), _) => failure.names(number),
        _ => false,
    }
}

/// The table of faults, where there are any.
pub fn fault_table(counts: &[FaultCount]) -> String {
    if counts.iter().all(|count| count.injected == 0) {
        return String::new();
    }
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(["WHAT FAILED", "INJECTED", "OBSERVED"]);
    for count in counts {
        let name = count.class.name().to_owned();
        table.add_row([name, grouped(count.injected), grouped(count.observed)]);
    }
    for column in [1, 2] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| format!(" {}\n", line.trim_end())).collect();
    lines.concat()
}

#[cfg(test)]
mod tests;
