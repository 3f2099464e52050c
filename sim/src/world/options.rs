//! What can be chosen about a simulated world.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
#[cfg(feature = "rocks")]
use std::path::PathBuf;

use duolog::io::Planted;

/// How long calls take, in microseconds of virtual time, both bounds inclusive.
#[derive(Clone, Debug)]
pub struct Latencies {
    /// Reads and writes of files.
    pub file_us: RangeInclusive<u64>,
    /// Forcing to disk, files and directories.
    pub sync_us: RangeInclusive<u64>,
    /// Calls on names: open, lock, list, rename and the like.
    pub name_us: RangeInclusive<u64>,
    /// Reads of an index instance.
    pub index_read_us: RangeInclusive<u64>,
    /// Opening, settling, catching up, compacting, copying of an index.
    pub index_write_us: RangeInclusive<u64>,
    /// Steps: a thread may be held up between any two effects, while others go on.
    pub step_us: RangeInclusive<u64>,
}

/// Calls that take the same time.
#[derive(Clone, Copy)]
pub(super) enum CallKind {
    File,
    Sync,
    Name,
    IndexRead,
    IndexWrite,
}

impl Latencies {
    pub(super) fn of(&self, kind: CallKind) -> &RangeInclusive<u64> {
        match kind {
            CallKind::File => &self.file_us,
            CallKind::Sync => &self.sync_us,
            CallKind::Name => &self.name_us,
            CallKind::IndexRead => &self.index_read_us,
            CallKind::IndexWrite => &self.index_write_us,
        }
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            file_us: 0..=30,
            sync_us: 100..=2_000,
            name_us: 5..=100,
            index_read_us: 0..=20,
            index_write_us: 200..=5_000,
            step_us: 0..=20,
        }
    }
}

/// Syncs that answer as if they had forced something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncLies {
    /// Those of files.
    pub files: bool,
    /// Those of directories.
    pub directories: bool,
}

/// Which index a simulated world has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SimIndexKind {
    /// The model.
    #[default]
    Model,
    /// RocksDB, with its files below this real directory, which exists and has nothing in it.
    #[cfg(feature = "rocks")]
    Rocks(PathBuf),
}

/// How a simulated world is.
#[derive(Clone, Debug)]
pub struct SimOptions {
    /// How long calls take.
    pub latencies: Latencies,
    /// How many polls one [`block_on`](super::Simulation::block_on) may take.
    pub poll_budget: u64,
    /// How many bytes all files together may have.
    pub capacity_bytes: u64,
    /// How many bytes of a file may stay unforced before the oldest are written back, as an
    /// operating system does on its own.
    pub write_back_bytes: u64,
    /// The wall clock at the start, microseconds since 1970.
    pub start_wall_us: i64,
    /// Syncs that answer and force nothing: what a power loss is then must be noticed.
    pub lies: SyncLies,
    /// Which index it has.
    pub index: SimIndexKind,
    /// Whether the trace keeps its lines.
    pub keep_trace: bool,
    /// What [`duolog::io::World::planted`] says yes to.
    pub planted: BTreeSet<Planted>,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            latencies: Latencies::default(),
            poll_budget: 20_000_000,
            capacity_bytes: 4 << 30,
            write_back_bytes: 16 << 20,
            start_wall_us: 1_700_000_000_000_000,
            lies: SyncLies::default(),
            index: SimIndexKind::default(),
            keep_trace: false,
            planted: BTreeSet::new(),
        }
    }
}
