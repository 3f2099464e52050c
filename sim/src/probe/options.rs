//! Settings of a plan as options of RocksDB.

use rocksdb::{
    BlockBasedOptions, ColumnFamilyDescriptor, DBCompactionStyle, DBCompressionType, LogLevel,
    MemtableFactory, MergeOperands, Options, SliceTransform,
};

use super::key::Key;
use super::settings::{Memtable, Settings};

const HASH_BUCKETS: usize = 16;
const MANIFEST_GROWTH_BYTES: usize = 4 << 10;

/// The name of a family on disk.
pub(super) fn name(family: u8) -> String {
    format!("f{family}")
}

/// Where a range of plain keys ends that ends before key `to`.
pub(super) fn range_end(to: u32) -> Vec<u8> {
    if to < Key::PLAIN { Key(to).bytes() } else { b"c".to_vec() }
}

/// Of the instance that writes.
pub(super) fn primary(settings: &Settings) -> Options {
    let mut options = reader(settings);
    options.create_if_missing(true);
    options.set_manual_wal_flush(settings.manual_wal_flush);
    options.set_unordered_write(settings.unordered_write);
    options.set_enable_pipelined_write(settings.pipelined_write);
    options.set_atomic_flush(settings.atomic_flush);
    options.set_max_manifest_file_size(size(settings.manifest_max_bytes));
    options.set_recycle_log_file_num(size(settings.recycle_wal_count));
    options.set_max_background_jobs(2);
    // A file grows by this much at once, and most of them stay small.
    options.set_manifest_preallocation_size(MANIFEST_GROWTH_BYTES);
    if settings.wal_compression {
        options.set_wal_compression_type(DBCompressionType::Zstd);
    }
    if settings.memtable != Memtable::SkipList {
        options.set_allow_concurrent_memtable_write(false);
    }
    options
}

/// Of an instance that reads.
pub(super) fn reader(settings: &Settings) -> Options {
    let mut options = Options::default();
    options.set_max_open_files(settings.open_files_max);
    // Every catch-up would start this many threads a family.
    options.set_max_file_opening_threads(1);
    options.set_log_level(LogLevel::Error);
    options.set_keep_log_file_num(1);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options.set_skip_stats_update_on_db_open(true);
    // Of the family that RocksDB insists on.
    options.set_compression_type(DBCompressionType::None);
    options
}

/// Of one family.
pub(super) fn family(settings: &Settings) -> Options {
    let mut options = Options::default();
    options.set_compression_type(DBCompressionType::None);
    options.set_write_buffer_size(size(settings.write_buffer_bytes));
    options.set_disable_auto_compactions(!settings.merges_by_itself);
    options.set_level_zero_file_num_compaction_trigger(2);
    options.set_merge_operator_associative("appends", appended);
    options.set_prefix_extractor(SliceTransform::create_fixed_prefix(1));
    if settings.universal {
        options.set_compaction_style(DBCompactionStyle::Universal);
    }
    if settings.bloom_bits > 0 {
        let mut table = BlockBasedOptions::default();
        table.set_bloom_filter(settings.bloom_bits.into(), false);
        options.set_block_based_table_factory(&table);
    }
    let bucket_count = HASH_BUCKETS;
    match settings.memtable {
        Memtable::SkipList => {}
        Memtable::Vector => options.set_memtable_factory(MemtableFactory::Vector),
        Memtable::HashLinkList => {
            options.set_memtable_factory(MemtableFactory::HashLinkList { bucket_count });
        }
        Memtable::HashSkipList => options.set_memtable_factory(MemtableFactory::HashSkipList {
            bucket_count,
            height: 4,
            branching_factor: 4,
        }),
    }
    options
}

/// Families with the one that RocksDB insists on.
pub(super) fn descriptors(
    settings: &Settings,
    families: impl Iterator<Item = u8>,
) -> Vec<ColumnFamilyDescriptor> {
    // Its buffer counts as well for how much of a write-ahead log is allocated ahead.
    let mut default = Options::default();
    default.set_write_buffer_size(size(settings.write_buffer_bytes));
    let mut descriptors = vec![ColumnFamilyDescriptor::new("default", default)];
    let named = |of| ColumnFamilyDescriptor::new(name(of), family(settings));
    descriptors.extend(families.map(named));
    descriptors
}

/// A value with what is merged into it behind it.
fn appended(_: &[u8], value: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    let mut whole = value.unwrap_or_default().to_vec();
    operands.iter().for_each(|operand| whole.extend_from_slice(operand));
    Some(whole)
}

fn size(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
