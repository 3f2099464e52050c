//! How much is measured.

use crate::Outcome;

/// Sizes at which everything is measured, and how often.
pub(crate) struct Extent {
    /// New keys for one catch-up.
    pub(crate) keys: &'static [u64],
    /// Fresh databases for each of them.
    pub(crate) keys_rounds: u64,
    /// Live write-ahead logs, in MiB, rising.
    pub(crate) wal_mib: &'static [u64],
    /// Table files, rising.
    pub(crate) tables: &'static [u64],
    pub(crate) families: &'static [u64],
    /// Catch-ups of each kind at one size.
    pub(crate) repeats: u64,
    /// Openings of each kind at one size.
    pub(crate) openings: u64,
    /// Table files below the reads that are disturbed.
    pub(crate) read_tables: &'static [u64],
    /// How often reads are measured under each condition.
    pub(crate) read_rounds: u64,
    /// How long each time.
    pub(crate) read_ms: u64,
}

/// What the reports show.
pub(crate) const FULL: Extent = Extent {
    keys: &[0, 1, 10, 100, 1_000, 10_000, 100_000],
    keys_rounds: 5,
    wal_mib: &[1, 4, 16, 64],
    tables: &[1, 10, 100, 1_000, 4_000],
    families: &[1, 2, 5, 10, 20, 50],
    repeats: 25,
    openings: 3,
    read_tables: &[1, 10, 100, 1_000],
    read_rounds: 5,
    read_ms: 400,
};

/// A few seconds.
pub(crate) const SMOKE: Extent = Extent {
    keys: &[0, 1, 100],
    keys_rounds: 1,
    wal_mib: &[1, 2],
    tables: &[1, 10],
    families: &[1, 3],
    repeats: 2,
    openings: 1,
    read_tables: &[1, 10],
    read_rounds: 1,
    read_ms: 20,
};

/// Instances that hold every table file open at the same time: two secondaries, and one that opens.
const INSTANCES: u64 = 3;
/// All other files of the process.
const OTHER_FILES: u64 = 500;

impl Extent {
    /// # Errors
    /// Where this process may not open as many files as the largest database needs.
    pub(crate) fn check_descriptors(&self) -> Outcome<()> {
        let largest = self.tables.iter().max().copied().unwrap_or(0);
        let needed = largest * INSTANCES + OTHER_FILES;
        let limits = std::fs::read_to_string("/proc/self/limits")?;
        let line = limits.lines().find(|line| line.starts_with("Max open files"));
        let soft = line.and_then(|line| line.split_whitespace().nth(3));
        match soft.and_then(|number| number.parse::<u64>().ok()) {
            Some(limit) if limit < needed => Err(format!(
                "{needed} open files are needed and {limit} allowed: run `ulimit -n {needed}` first"
            )
            .into()),
            _ => Ok(()),
        }
    }
}
