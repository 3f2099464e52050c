//! How the databases of a probe are opened.

use serde::{Deserialize, Serialize};

use crate::seed::Stream;

/// A kind of memtable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Memtable {
    /// A skip list.
    SkipList,
    /// Skip lists behind a hash of the prefix.
    HashSkipList,
    /// Lists behind a hash of the prefix.
    HashLinkList,
    /// A vector that is sorted when it is read.
    Vector,
}

/// Options of RocksDB, as far as plans choose them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Families at the beginning, beside the one that RocksDB insists on.
    pub families: u8,
    /// Filler of each write, in bytes.
    pub filler_bytes: u32,
    /// The write-ahead log stays in the primary's memory until it is flushed by hand.
    pub manual_wal_flush: bool,
    /// Writes become visible in any order.
    pub unordered_write: bool,
    /// Writes to log and memory overlap.
    pub pipelined_write: bool,
    /// The write-ahead log is compressed.
    pub wal_compression: bool,
    /// How many write-ahead logs are used again; 0 for none.
    pub recycle_wal_count: u32,
    /// Families are flushed all or none.
    pub atomic_flush: bool,
    /// Universal compaction instead of levels.
    pub universal: bool,
    /// The kind of memtable.
    pub memtable: Memtable,
    /// Memory of a family before it is flushed, in bytes.
    pub write_buffer_bytes: u32,
    /// The next change of files begins another MANIFEST where this one has more, in bytes.
    pub manifest_max_bytes: u32,
    /// Files that an instance holds open; -1 for all.
    pub open_files_max: i32,
    /// Bits a key of bloom filters; 0 for none.
    pub bloom_bits: u8,
    /// Whether merging files goes on by itself.
    pub merges_by_itself: bool,
    /// Whether the bytes of the directory are compared around what readers do.
    pub watches_bytes: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            families: 1,
            filler_bytes: 0,
            manual_wal_flush: false,
            unordered_write: false,
            pipelined_write: false,
            wal_compression: false,
            recycle_wal_count: 0,
            atomic_flush: false,
            universal: false,
            memtable: Memtable::SkipList,
            write_buffer_bytes: LARGE_BUFFER_BYTES,
            manifest_max_bytes: LARGE_MANIFEST_BYTES,
            open_files_max: -1,
            bloom_bits: 0,
            merges_by_itself: false,
            watches_bytes: false,
        }
    }
}

/// So much that no plan fills it.
pub const LARGE_BUFFER_BYTES: u32 = 512 << 10;
/// RocksDB takes no less.
const SMALL_BUFFER_BYTES: u32 = 64 << 10;
const LARGE_MANIFEST_BYTES: u32 = 4 << 20;
/// A compressed log tears records that are larger than one of its blocks.
const TORN_BYTES: u32 = 32 << 10;

impl Settings {
    /// Draws settings that RocksDB accepts and that are not known to hang it.
    pub fn draw(stream: &mut Stream) -> Self {
        let memtable = *stream.pick(&[
            Memtable::SkipList,
            Memtable::SkipList,
            Memtable::SkipList,
            Memtable::SkipList,
            Memtable::SkipList,
            Memtable::HashSkipList,
            Memtable::HashLinkList,
            Memtable::Vector,
        ]);
        let is_list = memtable == Memtable::SkipList;
        let mode = stream.below(8);
        let is_small = stream.chance(1, 6);
        let manual_wal_flush = stream.chance(1, 6);
        let settings = Self {
            families: 1 + u8::try_from(stream.below(3)).unwrap_or(0),
            filler_bytes: *stream.pick(&[0, 0, 8, 100, 300]),
            manual_wal_flush,
            unordered_write: is_list && mode == 0 && !manual_wal_flush,
            pipelined_write: mode == 1,
            wal_compression: stream.chance(1, 10),
            recycle_wal_count: 0,
            atomic_flush: stream.chance(1, 4) && mode > 1,
            universal: stream.chance(1, 3),
            memtable,
            write_buffer_bytes: if is_small { SMALL_BUFFER_BYTES } else { LARGE_BUFFER_BYTES },
            manifest_max_bytes: *stream.pick(&[1, 512, LARGE_MANIFEST_BYTES, LARGE_MANIFEST_BYTES]),
            open_files_max: *stream.pick(&[-1, -1, -1, 16]),
            bloom_bits: *stream.pick(&[0, 0, 10]),
            merges_by_itself: stream.chance(1, 5),
            watches_bytes: stream.chance(1, 12),
        };
        let filler_bytes = if is_small { 4_000 } else { settings.filler_bytes };
        // A batch has up to six writes: together they stay within a block of the log.
        let filler_bytes = if settings.wal_compression { 100 } else { filler_bytes };
        Self { filler_bytes, ..settings }
    }

    /// Whether a flush may come about by itself.
    pub const fn flushes_by_itself(&self) -> bool {
        self.write_buffer_bytes < LARGE_BUFFER_BYTES
    }

    /// Whether these are known to hang a secondary: such a plan runs in a process of its own.
    pub const fn may_hang(&self) -> bool {
        self.recycle_wal_count > 0 || (self.wal_compression && self.filler_bytes * 6 > TORN_BYTES)
    }

    /// What differs from the default, by name, for tables.
    pub fn named(&self) -> Vec<String> {
        let value = |settings: &Self| match serde_json::to_value(settings) {
            Ok(serde_json::Value::Object(map)) => map,
            _ => serde_json::Map::new(),
        };
        let default = value(&Self::default());
        let differs =
            |(name, value): &(String, serde_json::Value)| default.get(name) != Some(value);
        value(self)
            .into_iter()
            .filter(differs)
            .map(|(name, value)| format!("{name}={value}"))
            .collect()
    }
}
