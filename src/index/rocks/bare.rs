//! Bare handles: a database that users write and read as they like, with overwrites, deletes and
//! a write-ahead log, so with everything in which a secondary can be wrong.
//!
//! A catch-up applies the MANIFEST, then the write-ahead logs. Two things go wrong. A flush
//! between the two can leave entries in neither; a second catch-up finds them. And a value that
//! the secondary replayed stays in its memory and hides a newer one that comes with a flushed
//! file. Both need that a file came with the catch-up. So a reader opens anew until it sees the
//! very files that it opened with: then nothing in its memory is older than a file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rocksdb::{DB, Error, IngestExternalFileOptions, LogLevel, Options, WriteBatch};

use super::options::is_database;
use super::private::Private;

/// Openings without success after which writers of this process wait for the reader.
const ATTEMPTS_BESIDE_WRITERS: usize = 3;
/// Openings without success after which a reader takes what it has: a writer of another process
/// cannot be held up, and bare handles promise only write-once keys across processes.
const ATTEMPTS: usize = 64;

/// What the handles of one directory share within a process.
#[derive(Default)]
pub struct Beat {
    /// Counts what a reader may have to see.
    changes: AtomicU64,
    /// Primaries open in this process: none or one.
    primaries: AtomicU64,
    /// Held for writing by a reader that cannot keep up.
    gate: RwLock<()>,
}

impl Beat {
    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }
}

/// How bare handles are opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BareOptions {
    /// Entries held in memory before they are flushed, in bytes.
    pub write_buffer_bytes: usize,
    /// Whether readers follow the primary. Without it a reader shows what its opening found.
    pub fresh: bool,
}

impl Default for BareOptions {
    fn default() -> Self {
        Self { write_buffer_bytes: 4 << 20, fresh: true }
    }
}

/// The handle of a directory that writes. Calls block.
pub struct BarePrimary {
    db: DB,
    beat: Arc<Beat>,
}

impl BarePrimary {
    /// Opens the primary of `directory`; made where there is none.
    ///
    /// # Errors
    /// Where another primary has it, or RocksDB cannot open it.
    pub fn open(directory: &Path, beat: Arc<Beat>, options: &BareOptions) -> Result<Self, Error> {
        let mut primary = Options::default();
        primary.create_if_missing(true);
        primary.set_write_buffer_size(options.write_buffer_bytes);
        quiet(&mut primary);
        let db = DB::open(&primary, directory)?;
        Private::sweep_beside(directory);
        beat.primaries.fetch_add(1, Ordering::SeqCst);
        beat.changed();
        Ok(Self { db, beat })
    }

    /// Writes `batch` whole: after `Ok` every reader handle of this process sees it.
    ///
    /// # Errors
    /// What RocksDB says.
    pub fn write(&self, batch: WriteBatch) -> Result<(), Error> {
        self.change(|db| db.write(batch))
    }

    /// Sets the value of `key`.
    ///
    /// # Errors
    /// What RocksDB says.
    pub fn put(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), Error> {
        self.change(|db| db.put(key, value))
    }

    /// Removes `key`.
    ///
    /// # Errors
    /// What RocksDB says.
    pub fn delete(&self, key: impl AsRef<[u8]>) -> Result<(), Error> {
        self.change(|db| db.delete(key))
    }

    /// The newest value of `key`.
    ///
    /// # Errors
    /// What RocksDB says.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, Error> {
        self.db.get(key)
    }

    /// Writes what is in memory to files.
    ///
    /// # Errors
    /// What RocksDB says.
    pub fn flush(&self) -> Result<(), Error> {
        self.change(DB::flush)
    }

    /// Takes in files that an SST writer made.
    ///
    /// # Errors
    /// What RocksDB says.
    pub fn ingest(&self, files: Vec<PathBuf>) -> Result<(), Error> {
        let options = IngestExternalFileOptions::default();
        self.change(|db| db.ingest_external_file_opts(&options, files))
    }

    /// Merges all files.
    pub fn compact(&self) {
        self.db.compact_range::<&[u8], &[u8]>(None, None);
        self.beat.changed();
    }

    /// Counts after the effect and before the answer, also where the answer is an error: some of
    /// it may have come about.
    fn change<T>(&self, change: impl FnOnce(&DB) -> Result<T, Error>) -> Result<T, Error> {
        let _open = self.beat.gate.read().unwrap_or_else(PoisonError::into_inner);
        let result = change(&self.db);
        self.beat.changed();
        result
    }
}

impl Drop for BarePrimary {
    fn drop(&mut self) {
        self.beat.primaries.fetch_sub(1, Ordering::SeqCst);
        self.beat.changed();
    }
}

/// A handle that reads a directory. Beside a primary of this process, a read sees everything
/// that was acknowledged before it. Beside one of another process it follows as well, but only
/// keys that are written once and never deleted are promised. Calls block.
pub struct BareReader {
    beat: Arc<Beat>,
    directory: PathBuf,
    fresh: bool,
    state: RwLock<State>,
    /// Dropped last: the instance has files in it.
    private: Private,
}

struct State {
    db: DB,
    /// What `db` showed when it was opened.
    files: BTreeSet<String>,
    /// The changes that it has caught up with.
    seen: u64,
    reopened_count: u64,
}

impl BareReader {
    /// Opens a reader of the database in `directory`, which must exist. `private` is a directory
    /// for its own files; made where needed, removed with the handle. After a kill the next handle
    /// that opens removes it, where it has the name of the database, `.reader-` and 16 digits.
    ///
    /// # Errors
    /// Where there is no database, or RocksDB cannot open it.
    pub fn open(
        directory: &Path,
        private: &Path,
        beat: Arc<Beat>,
        options: &BareOptions,
    ) -> Result<Self, Error> {
        Private::sweep_beside(directory);
        // Where it cannot be made, RocksDB says so; where only its lock cannot, nobody sweeps it.
        let private =
            Private::create(private).unwrap_or_else(|error| Private::unlocked(private, &error));
        let db = secondary(directory, private.path())?;
        let files = files(&db)?;
        // 0 is before the first change: the first read catches up where there was one.
        let state = RwLock::new(State { db, files, seen: 0, reopened_count: 0 });
        let directory = directory.to_owned();
        Ok(Self { beat, directory, private, fresh: options.fresh, state })
    }

    /// The newest acknowledged value of `key`.
    ///
    /// # Errors
    /// What RocksDB says.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, Error> {
        let state = self.reading();
        if !self.fresh || self.is_current(&state) {
            return state.db.get(key);
        }
        drop(state);
        // Nobody reads while this catches up: between a catch-up and the check of its files, old
        // values may show.
        let mut state = self.changing();
        if !self.is_current(&state) {
            self.refresh(&mut state)?;
        }
        state.db.get(key)
    }

    /// How often the handle opened its instance anew.
    pub fn reopened_count(&self) -> u64 {
        self.reading().reopened_count
    }

    /// Without a primary in this process nobody counts changes.
    fn is_current(&self, state: &State) -> bool {
        let is_counted = self.beat.primaries.load(Ordering::SeqCst) > 0;
        is_counted && state.seen == self.beat.changes.load(Ordering::SeqCst)
    }

    fn refresh(&self, state: &mut State) -> Result<(), Error> {
        let seen = self.beat.changes.load(Ordering::SeqCst);
        let mut gate = None;
        for attempt in 0..ATTEMPTS {
            if attempt == ATTEMPTS_BESIDE_WRITERS {
                gate = Some(self.beat.gate.write().unwrap_or_else(PoisonError::into_inner));
            }
            let caught_up = (|| {
                state.db.try_catch_up_with_primary()?;
                state.db.try_catch_up_with_primary()?;
                Ok::<_, Error>(files(&state.db)? == state.files)
            })();
            match caught_up {
                Ok(true) => break,
                // Reopened; the next round tells whether that was undisturbed.
                Ok(false) | Err(_) => self.reopen(state)?,
            }
        }
        drop(gate);
        state.seen = seen;
        Ok(())
    }

    fn reopen(&self, state: &mut State) -> Result<(), Error> {
        let db = secondary(&self.directory, self.private.path())?;
        state.files = files(&db)?;
        state.db = db;
        state.reopened_count += 1;
        Ok(())
    }

    fn reading(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A handle that shows the state at its opening for ever. Calls block.
pub struct BareFrozen {
    db: DB,
}

impl BareFrozen {
    /// Opens a frozen handle of the database in `directory`, which must exist.
    ///
    /// # Errors
    /// Where there is no database, or RocksDB cannot open it.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let open = || DB::open_for_read_only(&following(), directory, false);
        Ok(Self { db: existing(directory, open)? })
    }

    /// The value that `key` had when the handle was opened.
    ///
    /// # Errors
    /// What RocksDB says.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, Error> {
        self.db.get(key)
    }
}

fn secondary(directory: &Path, private: &Path) -> Result<DB, Error> {
    let mut attempt = 0;
    loop {
        let opened =
            existing(directory, || DB::open_as_secondary(&following(), directory, private));
        match opened {
            // A primary may be changing files while this opens.
            Err(_) if attempt < ATTEMPTS_BESIDE_WRITERS && is_database(directory) => attempt += 1,
            opened => return opened,
        }
    }
}

/// Opens what must exist. The binding makes the directory in any case; where nothing was and
/// nothing is opened, it goes again.
fn existing(directory: &Path, open: impl FnOnce() -> Result<DB, Error>) -> Result<DB, Error> {
    let was_there = directory.exists();
    open().inspect_err(|_| {
        if !was_there {
            let _ = fs::remove_dir(directory);
        }
    })
}

fn following() -> Options {
    let mut options = Options::default();
    options.set_max_open_files(-1);
    options.set_max_file_opening_threads(1);
    quiet(&mut options);
    options
}

fn quiet(options: &mut Options) {
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(2);
    options.set_stats_dump_period_sec(0);
    options.set_compression_type(rocksdb::DBCompressionType::None);
}

fn files(db: &DB) -> Result<BTreeSet<String>, Error> {
    Ok(db.live_files()?.into_iter().map(|file| file.name).collect())
}
