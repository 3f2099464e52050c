//! Other embedded stores: `fjall` and `redb` as an index of ids alone, `commitlog` and `okaywal`
//! as a log alone. Each does less than the engine, which favours it.

use std::path::Path;

use commitlog::message::{MessageBuf, MessageSet};
use commitlog::{CommitLog, LogOptions, ReadLimit};
use duolog::types::Message;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use okaywal::{LogVoid, WriteAheadLog};
use redb::{Durability, TableDefinition};
use tempfile::TempDir;

use crate::Outcome;

/// What the engine's index has by default.
const CACHE_BYTES: usize = 64 << 20;
const BACKGROUND_JOBS: usize = 2;
const READ_BYTES: usize = 256 << 10;
const IDS: TableDefinition<&str, (u64, u64)> = TableDefinition::new("ids");

/// An LSM tree; id to place.
pub(crate) struct FjallPeer {
    db: Database,
    ids: Keyspace,
    offset: u64,
    directory: TempDir,
}

impl FjallPeer {
    pub(crate) fn open(parent: &Path) -> Outcome<Self> {
        let directory = TempDir::new_in(parent)?;
        let builder = Database::builder(directory.path().join("db"));
        let builder = builder.cache_size(CACHE_BYTES as u64).worker_threads(BACKGROUND_JOBS);
        let db = builder.open()?;
        let ids = db.keyspace("ids", KeyspaceCreateOptions::default)?;
        Ok(Self { db, ids, offset: 0, directory })
    }

    pub(crate) fn append(&mut self, messages: &[Message]) -> Outcome<()> {
        let mut batch = self.db.batch();
        for message in messages {
            batch.insert(&self.ids, message.id.as_bytes(), place(&mut self.offset, message));
        }
        Ok(batch.commit()?)
    }

    /// Writes all that is in memory to disk; what is in its journal is not written again.
    pub(crate) fn settle(&self) -> Outcome<()> {
        Ok(self.db.persist(PersistMode::SyncAll)?)
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }
}

/// A B-tree that is copied on write; id to place.
pub(crate) struct RedbPeer {
    db: redb::Database,
    offset: u64,
    directory: TempDir,
}

impl RedbPeer {
    pub(crate) fn open(parent: &Path) -> Outcome<Self> {
        let directory = TempDir::new_in(parent)?;
        let path = directory.path().join("db");
        let db = redb::Database::builder().set_cache_size(CACHE_BYTES).create(path)?;
        Ok(Self { db, offset: 0, directory })
    }

    /// Nothing is forced to disk: what is committed stays in the memory of the process.
    pub(crate) fn append(&mut self, messages: &[Message]) -> Outcome<()> {
        self.write(messages, Durability::None)
    }

    /// Forces all that was committed to disk.
    pub(crate) fn settle(&mut self) -> Outcome<()> {
        self.write(&[], Durability::Immediate)
    }

    fn write(&mut self, messages: &[Message], durability: Durability) -> Outcome<()> {
        let mut transaction = self.db.begin_write()?;
        transaction.set_durability(durability)?;
        {
            let mut ids = transaction.open_table(IDS)?;
            for message in messages {
                let length = length(message);
                ids.insert(message.id.as_str(), (self.offset, length))?;
                self.offset += length;
            }
        }
        Ok(transaction.commit()?)
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }
}

/// A log with an index of offsets; it is never forced to disk.
pub(crate) struct CommitLogPeer {
    log: CommitLog,
    _directory: TempDir,
}

impl CommitLogPeer {
    pub(crate) fn open(parent: &Path) -> Outcome<Self> {
        let directory = TempDir::new_in(parent)?;
        let mut options = LogOptions::new(directory.path().join("log"));
        options.segment_max_bytes(256 << 20);
        options.message_max_bytes(8 << 20);
        Ok(Self { log: CommitLog::new(options)?, _directory: directory })
    }

    pub(crate) fn append(&mut self, messages: &[Message]) -> Outcome<()> {
        let mut batch = MessageBuf::default();
        for message in messages {
            let pushed = batch.push_with_metadata(message.id.as_bytes(), &message.payload);
            pushed.map_err(|error| format!("{error:?}"))?;
        }
        self.log.append(&mut batch).map_err(|error| format!("{error:?}"))?;
        Ok(())
    }

    /// Reads all messages in blocks of the engine's size, checks them, and counts them.
    pub(crate) fn read_all(&self) -> Outcome<usize> {
        let (mut next, mut count) = (0, 0);
        loop {
            let read = self.log.read(next, ReadLimit::max_bytes(READ_BYTES));
            let read = read.map_err(|error| format!("{error:?}"))?;
            let Some(last) = read.iter().last() else { return Ok(count) };
            read.verify_hashes().map_err(|at| format!("message {at} is damaged"))?;
            next = last.offset() + 1;
            count += read.iter().filter(|it| std::hint::black_box(it.payload().len()) > 0).count();
        }
    }
}

/// A write-ahead log; each batch is forced to disk, as one entry.
pub(crate) struct OkayWalPeer {
    log: WriteAheadLog,
    _directory: TempDir,
}

impl OkayWalPeer {
    pub(crate) fn open(parent: &Path) -> Outcome<Self> {
        let directory = TempDir::new_in(parent)?;
        let log = WriteAheadLog::recover(directory.path().join("log"), LogVoid)?;
        Ok(Self { log, _directory: directory })
    }

    pub(crate) fn append(&self, messages: &[Message]) -> std::io::Result<()> {
        let mut entry = self.log.begin_entry()?;
        let mut chunk = Vec::new();
        for message in messages {
            chunk.extend_from_slice(message.id.as_bytes());
            chunk.extend_from_slice(&message.payload);
        }
        entry.write_chunk(&chunk)?;
        entry.commit().map(drop)
    }
}

fn place(offset: &mut u64, message: &Message) -> [u8; 16] {
    let length = length(message);
    let mut place = [0; 16];
    place[..8].copy_from_slice(&offset.to_be_bytes());
    place[8..].copy_from_slice(&length.to_be_bytes());
    *offset += length;
    place
}

fn length(message: &Message) -> u64 {
    (message.id.len() + message.payload.len()) as u64
}
