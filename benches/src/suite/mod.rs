//! The measurements.

mod append;
mod busy_lookup;
mod catch_up;
mod commit;
mod lookup;
mod next;
mod opening;
mod sizes;
mod sustained;
mod visible;

use std::cell::RefCell;
use std::path::Path;

use duolog::LookupStages;
use duolog::writer::WriterMetrics;

use crate::Outcome;
use crate::cell::{Cell, Contender, Unit, interleave};
use crate::report::{Breakdown, Stage};
use crate::workload::Workload;

/// The name of the engine in all tables.
const ENGINE: &str = "engine";
/// Files of checksummed records and nothing else.
const RAW: &str = "raw file";
/// The same over zeros that are on disk already.
const FILLED: &str = "zero-filled raw file";
/// Plain RocksDB with three text keys a message.
#[cfg(feature = "rocks")]
const THREE_KEYS: &str = "plain RocksDB";

const LATENCIES: [(&str, Unit); 2] = [("p50", Unit::Microseconds), ("p99", Unit::Microseconds)];

/// What all measurements of a run share.
pub(crate) struct Run<'a> {
    pub(crate) workload: &'a Workload,
    /// Where the contenders' directories are made.
    pub(crate) parent: &'a Path,
    /// Parts of the names of what is wanted; all of it where there is none.
    pub(crate) only: &'a [String],
    pub(crate) breakdowns: RefCell<Vec<Breakdown>>,
    pub(crate) notes: RefCell<Vec<String>>,
}

impl Run<'_> {
    /// Measures all that the workload has and that is wanted.
    pub(crate) fn measure(&self) -> Outcome<Vec<Cell>> {
        let workload = self.workload;
        let mut cells = Vec::new();
        for append in &workload.append {
            cells.extend(append::measure(self, append)?);
        }
        if let Some(sustained) = &workload.sustained {
            cells.extend(sustained::measure(self, sustained)?);
        }
        for visible in &workload.visible {
            cells.extend(visible::measure(self, visible)?);
        }
        for lookup in &workload.lookup {
            cells.extend(lookup::measure(self, lookup)?);
        }
        if let Some(lookup) = &workload.busy_lookup {
            cells.extend(busy_lookup::measure(self, lookup)?);
        }
        for next in &workload.next {
            cells.extend(next::measure(self, next)?);
        }
        if let Some(commit) = &workload.commit {
            cells.extend(commit::measure(self, commit)?);
        }
        if let Some(catch_up) = &workload.catch_up {
            cells.extend(catch_up::measure(self, catch_up)?);
        }
        for opening in &workload.opening {
            cells.extend(opening::measure(self, opening)?);
        }
        for size in &workload.size {
            cells.extend(sizes::measure(self, size)?);
        }
        Ok(cells)
    }

    /// Whether a measurement of that name is wanted: a cheap question before a costly preload.
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()))
    }

    /// As [`interleave`], with the rounds of the workload.
    fn interleave(
        &self,
        name: &str,
        metrics: &[(&str, Unit)],
        contenders: Vec<Contender<'_>>,
    ) -> Outcome<Vec<Cell>> {
        interleave(name, metrics, self.workload.rounds, contenders)
    }

    /// Tells a reader something of a measurement, once.
    fn note(&self, note: String) {
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// Keeps where the appends of a measurement spent their time; the last round's.
    fn break_down_appends(&self, name: &str, metrics: &WriterMetrics) {
        self.break_down(name, metrics.append_stages.named());
    }

    /// The same of lookups.
    fn break_down_lookups(&self, name: &str, stages: &LookupStages) {
        self.break_down(name, stages.named());
    }

    fn break_down<const N: usize>(
        &self,
        name: &str,
        stages: [(&'static str, duolog::sync::StageTime); N],
    ) {
        let sampled = stages.into_iter().filter(|(_, time)| time.sampled_count > 0);
        let stages: Vec<_> = sampled
            .map(|(name, time)| Stage {
                name,
                sampled_count: time.sampled_count,
                mean_us: time.sum_us as f64 / time.sampled_count as f64,
                max_us: time.max_us,
            })
            .collect();
        let mut breakdowns = self.breakdowns.borrow_mut();
        breakdowns.retain(|known| known.name != name);
        if !stages.is_empty() {
            breakdowns.push(Breakdown { name: name.to_owned(), stages });
        }
    }
}
