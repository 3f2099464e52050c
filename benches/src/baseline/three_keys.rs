//! Plain RocksDB as an index: three text keys a message, put one by one into a batch with a
//! write-ahead log. The payload is not stored, which favours this side.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use duolog::index::rocks::RocksOptions;
use duolog::types::Message;
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DB, DBCompressionType, LogLevel, Options,
    WriteBatch, WriteOptions,
};
use tempfile::TempDir;

use crate::Outcome;
use crate::messages::Source;
use crate::workload::Durability;

// As the engine configures its own database.
const BLOCK_BYTES: usize = 8 << 10;
const METADATA_BLOCK_BYTES: usize = 8 << 10;
const BLOOM_BITS: f64 = 10.0;
const BACKGROUND_JOBS: i32 = 2;
const MERGE_THREADS: u32 = 2;

const PRELOAD_BATCH: usize = 1000;
const RECORD_HEADER_BYTES: u64 = 40;

/// The database that is written.
pub(crate) struct ThreeKeys {
    db: DB,
    options: Options,
    /// Where the next message would lie in a log.
    offset: AtomicU64,
    directory: TempDir,
}

impl ThreeKeys {
    /// An empty database below `parent`.
    pub(crate) fn open(parent: &Path) -> Outcome<Self> {
        Self::open_in(TempDir::new_in(parent)?)
    }

    /// The database that another one left in `directory`, or an empty one. Where it goes on, its
    /// places do not.
    pub(crate) fn open_in(directory: TempDir) -> Outcome<Self> {
        let options = options();
        let db = DB::open(&options, directory.path().join("db"))?;
        Ok(Self { db, options, offset: AtomicU64::new(0), directory })
    }

    /// Ends and keeps the files; what is in memory stays in the write-ahead log.
    pub(crate) fn end(self) -> TempDir {
        let Self { db, directory, .. } = self;
        drop(db);
        directory
    }

    /// Where its files are.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A database that knows `messages`, flushed.
    pub(crate) fn settled(parent: &Path, messages: &[Message]) -> Outcome<Self> {
        let database = Self::open(parent)?;
        for batch in messages.chunks(PRELOAD_BATCH) {
            database.append(batch, Durability::Flushed)?;
        }
        database.settle()?;
        Ok(database)
    }

    /// A database that knows the first `count` messages of `source`, flushed.
    pub(crate) fn loaded(parent: &Path, source: &Source, count: u64) -> Outcome<Self> {
        let database = Self::open(parent)?;
        for batch in source.batches(count, PRELOAD_BATCH as u64) {
            database.append(&batch, Durability::Flushed)?;
        }
        database.settle()?;
        Ok(database)
    }

    /// Writes the keys of one batch; one call at a time. Buffered and flushed are the same here:
    /// the write-ahead log goes to the operating system with every write.
    pub(crate) fn append(&self, batch: &[Message], ack: Durability) -> Outcome<()> {
        let mut next = self.offset.load(Ordering::Relaxed);
        let mut writes = WriteBatch::default();
        for message in batch {
            let length = RECORD_HEADER_BYTES + (message.id.len() + message.payload.len()) as u64;
            let (offset, time) = (next, message.timestamp_us.unwrap_or_default());
            let id = &message.id;
            writes.put(id_key(id), format!("{offset}:{length}:{time}"));
            writes.put(offset_key(offset), id);
            writes.put(format!("{}:{offset:020}", time_key(time)), id);
            next += length;
        }
        self.offset.store(next, Ordering::Relaxed);
        let mut how = WriteOptions::default();
        how.set_sync(ack == Durability::Synced);
        Ok(self.db.write_opt(writes, &how)?)
    }

    /// Writes all that is in memory to table files.
    pub(crate) fn settle(&self) -> Outcome<()> {
        Ok(self.db.flush()?)
    }

    /// Looks an id up.
    pub(crate) fn get(&self, id: &str) -> Outcome<Option<Vec<u8>>> {
        Ok(self.db.get(id_key(id))?)
    }

    /// The id of message `number`, by its place, where all messages are as long as `message`.
    pub(crate) fn id_at(&self, number: u64, message: &Message) -> Outcome<Option<Vec<u8>>> {
        let length = RECORD_HEADER_BYTES + (message.id.len() + message.payload.len()) as u64;
        Ok(self.db.get(offset_key(number * length))?)
    }

    /// Ids and places of the first `limit` messages stamped at or after `from_us`.
    pub(crate) fn since(&self, from_us: i64, limit: usize) -> Outcome<Vec<(Box<[u8]>, i64)>> {
        let mut iterator = self.db.raw_iterator();
        iterator.seek(time_key(from_us));
        let mut found = Vec::with_capacity(limit);
        while found.len() < limit
            && let Some((key, id)) = iterator.item()
            && let Some(rest) = key.strip_prefix(TIME_PREFIX.as_bytes())
        {
            let offset = std::str::from_utf8(&rest[21..])?;
            found.push((id.into(), offset.parse()?));
            iterator.next();
        }
        iterator.status()?;
        Ok(found)
    }

    /// Puts one small value, as a hand-made commit would.
    pub(crate) fn put(&self, key: &str, value: &str) -> Outcome<()> {
        Ok(self.db.put(key, value)?)
    }

    /// A secondary of this database.
    pub(crate) fn follower(&self) -> Outcome<Follower> {
        let directory = self.directory.path();
        let (primary, private) = (directory.join("db"), directory.join("follower"));
        Ok(Follower { db: DB::open_as_secondary(&self.options, primary, private)? })
    }
}

/// A secondary, as a reader that is built by hand would have it.
pub(crate) struct Follower {
    db: DB,
}

impl Follower {
    /// Catches up, then looks an id up.
    pub(crate) fn catch_up_and_get(&self, id: &str) -> Outcome<Option<Vec<u8>>> {
        self.db.try_catch_up_with_primary()?;
        Ok(self.db.get(id_key(id))?)
    }
}

fn id_key(id: &str) -> String {
    format!("id:measured:0:{id}")
}

fn offset_key(offset: u64) -> String {
    format!("offset:measured:0:{offset:020}")
}

const TIME_PREFIX: &str = "time:measured:0:";

fn time_key(time_us: i64) -> String {
    format!("{TIME_PREFIX}{time_us:020}")
}

fn options() -> Options {
    let engine = RocksOptions::default();
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&Cache::new_lru_cache(engine.cache_bytes));
    table.set_block_size(BLOCK_BYTES);
    table.set_bloom_filter(BLOOM_BITS, false);
    table.set_cache_index_and_filter_blocks(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_partition_filters(true);
    table.set_metadata_block_size(METADATA_BLOCK_BYTES);
    table.set_pin_top_level_index_and_filter(true);
    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_block_based_table_factory(&table);
    options.set_compression_type(DBCompressionType::None);
    options.set_write_buffer_size(engine.write_buffer_bytes);
    options.set_max_background_jobs(BACKGROUND_JOBS);
    options.set_max_subcompactions(MERGE_THREADS);
    options.set_max_open_files(-1);
    // Else every catch-up starts a dozen threads.
    options.set_max_file_opening_threads(1);
    options.set_log_level(LogLevel::Warn);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}
