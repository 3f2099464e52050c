//! What goes wrong with the indexes in a simulated plan.

use super::{Fault, FaultClass, Shape, Zone};
use crate::seed::{Stream, salt};

/// One plan in so many has no such fault.
const WITHOUT_OF: u64 = 3;

/// Lengths of which one is drawn for an opening that takes long, in microseconds.
const SLOW_OPEN_US: [i64; 3] = [20_000, 300_000, 2_000_000];

/// How long a rotten block of an index lasts, in microseconds, and how many reads of an index are
/// about one call of another kind.
const ROT_US: i64 = 50_000;
const READS: u64 = 16;

impl FaultClass {
    /// Those that go wrong with calls of an index.
    pub const OF_INDEX: [Self; 15] = [
        Self::CatchUpStale,
        Self::CatchUpStaleGets,
        Self::CatchUpMissesFamilies,
        Self::CatchUpSkips,
        Self::CatchUpStuck,
        Self::CatchUpTriesAgain,
        Self::CatchUpFails,
        Self::CatchUpBreaks,
        Self::OpenMissesFile,
        Self::OpenTakesLong,
        Self::PrimaryRefused,
        Self::SettleFails,
        Self::SettleUneven,
        Self::SettleBreaks,
        Self::IndexRots,
    ];

    /// Whether it goes wrong with calls of an index.
    pub fn is_of_index(self) -> bool {
        Self::OF_INDEX.contains(&self)
    }
}

/// Draws such faults for a plan. Whole classes are off in most plans.
pub(super) fn index_faults(seed: u64, shape: &Shape, process_count: usize) -> Vec<Fault> {
    let mut stream = Stream::new(seed, salt::INDEX_FAULTS);
    if !shape.swarm || !shape.faults || stream.chance(1, WITHOUT_OF) {
        return Vec::new();
    }
    let on_of = *stream.pick(&[1, 2, 4, 8]);
    let mut on: Vec<FaultClass> = Vec::new();
    for class in FaultClass::OF_INDEX {
        // One number a class, whichever are on.
        let is_on = stream.below(8) < on_of;
        on.extend(is_on.then_some(class));
    }
    if on.is_empty() {
        on.push(*stream.pick(&FaultClass::OF_INDEX));
    }
    // Catch-ups and openings are few in a process.
    let reach = *stream.pick(&[1, 2, 3, 8]);
    let count = 1 + stream.below(12);
    let mut fault = || {
        let class = *stream.pick(&on);
        let process = u32::try_from(stream.below(process_count as u64)).unwrap_or(0);
        let nth = 1 + stream.below(reach);
        let slow_us = *stream.pick(&SLOW_OPEN_US);
        let (nth, us) = match class {
            FaultClass::OpenTakesLong => (nth, slow_us),
            // Reads are many.
            FaultClass::IndexRots => (nth * READS, ROT_US),
            _ => (nth, 0),
        };
        Fault { process, class, zone: Zone::Index, nth, us }
    };
    (0..count).map(|_| fault()).collect()
}
