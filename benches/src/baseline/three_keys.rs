//! Plain RocksDB as an index: three text keys a message, put one by one into a batch with a
//! write-ahead log. The payload is not stored, which favours this side.

use std::path::Path;

use duolog::types::Message;
use rocksdb::{
    BlockBasedOptions, Cache, DB, DBCompressionType, DataBlockIndexType, LogLevel, Options,
    WriteBatch, WriteOptions,
};
use tempfile::TempDir;

use crate::Outcome;
use crate::workload::Durability;

// What the engine gives its own database by default.
const CACHE_BYTES: usize = 64 << 20;
const WRITE_BUFFER_BYTES: usize = 64 << 20;
const BLOCK_BYTES: usize = 8 << 10;
const BLOOM_BITS: f64 = 10.0;
const HASH_RATIO: f64 = 0.75;
const BACKGROUND_JOBS: i32 = 2;

const PRELOAD_BATCH: usize = 1000;
const RECORD_HEADER_BYTES: u64 = 40;
const FIRST_TIMESTAMP_US: u64 = 1_700_000_000_000_000;

/// The database that is written.
pub(crate) struct ThreeKeys {
    db: DB,
    options: Options,
    /// Where the next message would lie in a log.
    offset: u64,
    sequence: u64,
    directory: TempDir,
}

impl ThreeKeys {
    /// An empty database below `parent`.
    pub(crate) fn open(parent: &Path) -> Outcome<Self> {
        let directory = TempDir::new_in(parent)?;
        let options = options();
        let db = DB::open(&options, directory.path().join("db"))?;
        Ok(Self { db, options, offset: 0, sequence: 0, directory })
    }

    /// A database that knows `messages`, flushed.
    pub(crate) fn settled(parent: &Path, messages: &[Message]) -> Outcome<Self> {
        let mut database = Self::open(parent)?;
        for batch in messages.chunks(PRELOAD_BATCH) {
            database.append(batch, Durability::Flushed)?;
        }
        database.settle()?;
        Ok(database)
    }

    /// Writes the keys of one batch. Buffered and flushed are the same here: the write-ahead log
    /// goes to the operating system with every write.
    pub(crate) fn append(&mut self, batch: &[Message], ack: Durability) -> Outcome<()> {
        let mut writes = WriteBatch::default();
        for message in batch {
            let length = RECORD_HEADER_BYTES + (message.id.len() + message.payload.len()) as u64;
            let (offset, time) = (self.offset, FIRST_TIMESTAMP_US + self.sequence);
            let id = &message.id;
            writes.put(id_key(id), format!("{offset}:{length}:{time}"));
            writes.put(format!("offset:measured:0:{offset:020}"), id);
            writes.put(format!("time:measured:0:{time:020}:{offset:020}"), id);
            self.offset += length;
            self.sequence += 1;
        }
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

fn options() -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&Cache::new_lru_cache(CACHE_BYTES));
    table.set_block_size(BLOCK_BYTES);
    table.set_bloom_filter(BLOOM_BITS, false);
    table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    table.set_data_block_hash_ratio(HASH_RATIO);
    table.set_cache_index_and_filter_blocks(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_block_based_table_factory(&table);
    options.set_compression_type(DBCompressionType::None);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_max_background_jobs(BACKGROUND_JOBS);
    options.set_max_open_files(-1);
    // Else every catch-up starts a dozen threads.
    options.set_max_file_opening_threads(1);
    options.set_log_level(LogLevel::Warn);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}
