//! The measurements.

mod append;
mod lookup;
mod next;
mod pieces;
mod visible;

use std::path::Path;

use clap::ValueEnum;

use crate::Outcome;
use crate::cell::Cell;
use crate::workload::Workload;

/// A group of measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    Append,
    Visible,
    Lookup,
    Next,
    Pieces,
}

/// The name of the engine in all tables.
const ENGINE: &str = "engine";
/// Files of checksummed records and nothing else.
const RAW: &str = "raw file";
/// Plain RocksDB with three text keys a message.
#[cfg(feature = "rocks")]
const THREE_KEYS: &str = "plain RocksDB";

/// What all measurements of a run share.
pub(crate) struct Run<'a> {
    pub(crate) workload: &'a Workload,
    /// Where the contenders' directories are made.
    pub(crate) parent: &'a Path,
}

impl Suite {
    /// Measures what the workload says of this group.
    pub(crate) fn run(self, run: &Run<'_>) -> Outcome<Vec<Cell>> {
        let workload = run.workload;
        match self {
            Self::Append => {
                let cells: Outcome<Vec<_>> =
                    workload.append.iter().map(|append| append::measure(run, append)).collect();
                Ok(cells?.concat())
            }
            Self::Visible => measured(workload.visible.as_ref(), |it| visible::measure(run, it)),
            Self::Lookup => measured(workload.lookup.as_ref(), |it| lookup::measure(run, it)),
            Self::Next => measured(workload.next.as_ref(), |it| next::measure(run, it)),
            Self::Pieces => measured(workload.pieces.as_ref(), |it| pieces::measure(run, it)),
        }
    }
}

fn measured<T>(
    wanted: Option<&T>,
    measure: impl FnOnce(&T) -> Outcome<Vec<Cell>>,
) -> Outcome<Vec<Cell>> {
    wanted.map_or_else(|| Ok(Vec::new()), measure)
}
