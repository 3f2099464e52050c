//! How databases are opened, and what all of them share.

use std::path::Path;

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompactionStyle,
    DBCompressionType, LogLevel, Options, SliceTransform, UniversalCompactOptions,
    WriteBufferManager,
};

use super::settle::SettleMethod;
use crate::index::key;
use crate::io::{Family, TrimFilter};

const MIB_BYTES: usize = 1 << 20;
const LOG_FILE_BYTES: usize = MIB_BYTES;
const LOG_FILE_COUNT: usize = 2;
/// A secondary reads the MANIFEST from its start when it opens; a settling adds under 1 KiB.
const MANIFEST_BYTES: usize = 4 * MIB_BYTES;
/// One false hit in a hundred misses.
const BLOOM_BITS: f64 = 10.0;
/// Every secondary holds every file open: few large ones.
const TABLE_BYTES: u64 = 256 << 20;
/// How runs of a family are merged where settling keeps up: few are left for lookups to look into.
pub(super) const AT_REST: Merging = Merging { runs: 4, growth_percent: 200 };
/// The same while appends wait for settling: merging takes processors that settling needs, and the
/// more runs it waits for, the less often an entry is written again. Nearly all of that is `by_id`,
/// whose keys are in no order; runs of the others are merged at little cost, so they are kept
/// fewer: instances hold the files of all of them open.
pub(super) const fn at_work(family: Family) -> Merging {
    let runs = match family {
        Family::ById => 48,
        Family::ByIdMore | Family::ByPosition | Family::ByTime => 16,
    };
    Merging { runs, growth_percent: 10_000 }
}

/// Runs from which settling is slowed down, and stops, until merging has caught up. While a busy
/// writer's runs of `by_id` are merged, 30 more come.
const RUNS_SLOW: i32 = 80;
const RUNS_STOP: i32 = 112;
/// Threads that share one merge, so that the largest does not hold up those behind it.
const MERGE_THREADS: u32 = 2;
const BLOCK_BYTES: usize = 8 << 10;
/// Of an index or a filter, what is read and cached at once. Whole ones of large files are larger
/// than a shard of the cache: they would be read again at every lookup.
const METADATA_BLOCK_BYTES: usize = 8 << 10;

/// When runs of a family are merged.
pub(super) struct Merging {
    /// From so many on.
    runs: i32,
    /// All of them, where the later ones together are so much of the first one, in percent.
    growth_percent: i32,
}

impl Merging {
    /// What changes it while a database is open.
    pub(super) fn settings(&self) -> [(&'static str, String); 2] {
        let growth = format!("{{max_size_amplification_percent={}}}", self.growth_percent);
        [
            ("level0_file_num_compaction_trigger", self.runs.to_string()),
            ("compaction_options_universal", growth),
        ]
    }
}

/// What all databases of one backend share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RocksOptions {
    /// Memory for blocks, indexes and filters of all instances together, in bytes. Instances of
    /// one database share what they read. A floor, not a cap: blocks in use are never dropped.
    pub cache_bytes: usize,
    /// Memory for entries under way to disk, all databases together, in bytes.
    pub write_buffer_bytes: usize,
    /// How a settling reaches the disk.
    pub settle: SettleMethod,
    /// What goes on beside calls.
    pub background: Background,
    /// The next change of files begins another MANIFEST where this one takes more, in bytes.
    pub manifest_max_bytes: usize,
}

/// What a database that is written does beside the calls made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// It merges files.
    #[default]
    Merges,
    /// Nothing: files are merged by [`crate::io::IndexPrimary::compact`] alone, all of them, and
    /// once a call has returned, the files stay as they are. For runs that must repeat.
    Rests,
}

impl Default for RocksOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 64 * MIB_BYTES,
            write_buffer_bytes: 64 * MIB_BYTES,
            settle: SettleMethod::default(),
            background: Background::default(),
            manifest_max_bytes: MANIFEST_BYTES,
        }
    }
}

/// Options made once for all openings.
pub(super) struct Shared {
    table: BlockBasedOptions,
    buffers: WriteBufferManager,
    write_buffer_bytes: usize,
    background: Background,
    manifest_max_bytes: usize,
}

impl Shared {
    pub(super) fn new(options: &RocksOptions) -> Self {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&Cache::new_lru_cache(options.cache_bytes));
        table.set_block_size(BLOCK_BYTES);
        table.set_bloom_filter(BLOOM_BITS, false);
        // Bounded by the cache, and shared with other instances of the database.
        table.set_cache_index_and_filter_blocks(true);
        table.set_pin_l0_filter_and_index_blocks_in_cache(true);
        table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
        table.set_partition_filters(true);
        table.set_metadata_block_size(METADATA_BLOCK_BYTES);
        table.set_pin_top_level_index_and_filter(true);
        let buffers =
            WriteBufferManager::new_write_buffer_manager(options.write_buffer_bytes, false);
        Self {
            table,
            buffers,
            write_buffer_bytes: options.write_buffer_bytes,
            background: options.background,
            manifest_max_bytes: options.manifest_max_bytes,
        }
    }

    /// Of a database that is written.
    pub(super) fn primary(&self) -> Options {
        let mut options = self.reader();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_atomic_flush(true);
        options.set_max_background_jobs(2);
        options.set_max_subcompactions(MERGE_THREADS);
        options.set_max_manifest_file_size(self.manifest_max_bytes);
        options.set_write_buffer_manager(&self.buffers);
        options.set_bytes_per_sync(MIB_BYTES as u64);
        // One writer at a time, sorted: the concurrent list only costs.
        options.set_allow_concurrent_memtable_write(false);
        options
    }

    /// Of a database that is read.
    pub(super) fn reader(&self) -> Options {
        let mut options = Options::default();
        // Only an instance that holds its files open can still read what compaction removed.
        options.set_max_open_files(-1);
        // Every catch-up would start this many threads a family.
        options.set_max_file_opening_threads(1);
        // Every catch-up writes a line at the level of information.
        options.set_log_level(LogLevel::Warn);
        options.set_max_log_file_size(LOG_FILE_BYTES);
        options.set_keep_log_file_num(LOG_FILE_COUNT);
        options.set_stats_dump_period_sec(0);
        options.set_stats_persist_period_sec(0);
        options.set_skip_stats_update_on_db_open(true);
        options
    }

    /// Of one family.
    pub(super) fn family(&self, family: Family) -> Options {
        let mut options = self.any_family();
        if family == Family::ByIdMore {
            // Most ids occur once: a filter says so, where a search would read a block a file.
            options.set_prefix_extractor(SliceTransform::create(
                "duolog.id",
                |key| key::by_id_more_prefix(key).unwrap_or(key),
                Some(|key| key::by_id_more_prefix(key).is_some()),
            ));
        }
        options
    }

    fn any_family(&self) -> Options {
        let mut options = Options::default();
        options.set_block_based_table_factory(&self.table);
        options.set_compression_type(DBCompressionType::None);
        options.set_write_buffer_size(self.write_buffer_bytes);
        // Keys by position and time ascend, so levels would take each settled file as it is and
        // keep as many as there were settlings, all of them held open by every secondary.
        options.set_compaction_style(DBCompactionStyle::Universal);
        options.set_target_file_size_base(TABLE_BYTES);
        let mut universal = UniversalCompactOptions::default();
        universal.set_max_size_amplification_percent(AT_REST.growth_percent);
        options.set_universal_compaction_options(&universal);
        options.set_level_zero_file_num_compaction_trigger(AT_REST.runs);
        options.set_level_zero_slowdown_writes_trigger(RUNS_SLOW);
        options.set_level_zero_stop_writes_trigger(RUNS_STOP);
        options.set_disable_auto_compactions(self.background == Background::Rests);
        options
    }

    /// All families, with the one that RocksDB insists on.
    pub(super) fn families(&self, trimmed: Option<&TrimFilter>) -> Vec<ColumnFamilyDescriptor> {
        let mut families = vec![ColumnFamilyDescriptor::new("default", self.any_family())];
        for family in Family::ALL {
            let mut options = self.family(family);
            if let Some(trimmed) = trimmed.cloned() {
                options.set_compaction_filter("trimmed", move |_, key, value| {
                    if trimmed(family, key, value) {
                        rocksdb::CompactionDecision::Remove
                    } else {
                        rocksdb::CompactionDecision::Keep
                    }
                });
            }
            families.push(ColumnFamilyDescriptor::new(family.name(), options));
        }
        families
    }
}

/// Whether there is a database in `directory`. Opening a secondary would make the directory.
pub(super) fn is_database(directory: &Path) -> bool {
    directory.join("CURRENT").is_file()
}
