//! The one that settles.

use std::path::Path;
use std::sync::atomic::Ordering;

use duolog::index::key;
use duolog::index::rocks::RocksPrimary;
use duolog::index::value::MarkerValue;
use duolog::io::{Family, IndexBackend, IndexOptions, IndexPrimary, SortedRun, SortedRuns};
use duolog::types::{SegmentId, SegmentOffset};
use rocksdb::{ColumnFamilyDescriptor, DB, DBCompressionType, Options, WriteBatch};

use super::{Method, SchemeRun, Shared, wait};

/// Messages of a chunk.
const CHUNK: u64 = 32;
/// Memory of a family before it is flushed, where RocksDB decides that.
const LOGGED_BUFFER_BYTES: usize = 64 << 10;
pub(super) const PARTITION: u32 = 0;

/// A primary, of the engine or, where a mistake is planted, of RocksDB.
pub(super) enum Primary {
    Engine(RocksPrimary),
    Logged(DB),
}

impl Primary {
    pub(super) fn open(shared: &Shared, directory: &Path) -> Result<Self, String> {
        if shared.scheme.method == Method::Logged {
            return logged(directory).map(Self::Logged).map_err(|error| error.to_string());
        }
        let opened = shared.backend.open_primary(directory, IndexOptions::default());
        wait(opened).map(Self::Engine).map_err(|error| error.to_string())
    }

    /// Settles chunk after chunk until it is over.
    pub(super) fn settle(self, shared: &Shared) -> SchemeRun {
        let mut run = SchemeRun::default();
        for number in 0.. {
            if shared.is_over.load(Ordering::SeqCst) {
                break;
            }
            let settled = match &self {
                Self::Engine(primary) => {
                    wait(primary.settle(chunk(number))).map_err(|error| error.to_string())
                }
                Self::Logged(db) => write(db, &chunk(number)).map_err(|error| error.to_string()),
            };
            if let Err(error) = settled {
                run.errors.check(false, || error);
                break;
            }
            run.chunks += 1;
            shared.settled.store((number + 1) * CHUNK, Ordering::SeqCst);
        }
        shared.is_over.store(true, Ordering::SeqCst);
        run
    }
}

fn logged(directory: &Path) -> Result<DB, rocksdb::Error> {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_atomic_flush(true);
    let family = |name: &str| {
        let mut options = Options::default();
        options.set_write_buffer_size(LOGGED_BUFFER_BYTES);
        options.set_compression_type(DBCompressionType::None);
        ColumnFamilyDescriptor::new(name, options)
    };
    let names = Family::ALL.iter().map(|family| family.name());
    let families = names.chain(["default"]).map(family);
    DB::open_cf_descriptors(&options, directory, families)
}

fn write(db: &DB, runs: &SortedRuns) -> Result<(), rocksdb::Error> {
    let mut batch = WriteBatch::default();
    for (family, run) in Family::ALL.into_iter().zip(runs) {
        let handle = db.cf_handle(family.name()).expect("it was opened with all families");
        run.iter().for_each(|(key, value)| batch.put_cf(handle, key, value));
    }
    db.write(batch)
}

/// The key of a message in a family; `None` where it has none there.
pub(super) fn key_of(family: Family, sequence: u64) -> Option<Vec<u8>> {
    match family {
        Family::ById => Some(key::by_id(PARTITION, &format!("message-{sequence:012}"))),
        Family::ByIdMore => None,
        Family::ByPosition => {
            let place = SegmentOffset { segment_id: SegmentId::new(1, 0), offset: sequence * 64 };
            Some(key::by_position(PARTITION, place))
        }
        Family::ByTime => {
            let bucket = i64::try_from(sequence).unwrap_or(i64::MAX);
            Some(key::by_time(PARTITION, bucket, sequence))
        }
    }
}

/// The runs of a chunk: an entry a message and family, and the marker.
fn chunk(number: u64) -> SortedRuns {
    let (from, to) = (number * CHUNK, (number + 1) * CHUNK);
    let mut runs = SortedRuns::default();
    for (family, run) in Family::ALL.into_iter().zip(&mut runs) {
        let entries = (from..to).filter_map(|sequence| {
            Some((key_of(family, sequence)?, sequence.to_be_bytes().to_vec()))
        });
        let mut entries: Vec<_> = entries.collect();
        let entry_count = entries.len() as u64;
        let mut marker = Vec::new();
        MarkerValue { from, to, entry_count, latest_us: 0, waypoints: Vec::new() }
            .encode(&mut marker);
        entries.push((key::marker(PARTITION, number), marker));
        entries.sort();
        let mut sorted = SortedRun::default();
        entries.iter().for_each(|(key, value)| sorted.push(key, value));
        *run = sorted;
    }
    runs
}
