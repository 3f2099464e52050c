//! A primary in a directory of its own, and the instances that are opened beside it.

use std::path::{Path, PathBuf};

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rocksdb::{
    ColumnFamilyDescriptor, DB, DBCompressionType, Error, IngestExternalFileOptions, LogLevel,
    Options, SstFileWriter, WriteBatch,
};
use tempfile::TempDir;

use crate::Outcome;

/// Nothing is flushed: what is not ingested stays in the write-ahead log.
const WRITE_BUFFER_BYTES: usize = 1 << 30;
/// The primary is not measured and need not hold its table files open.
const PRIMARY_FILES: i32 = 100;
const VALUE: [u8; 100] = [b'v'; 100];
/// Keys put between two looks at the size of the log.
const FILL_KEYS: u64 = 500;

/// A database that is written.
pub(crate) struct Primary {
    db: DB,
    families: u64,
    random: Xoshiro256PlusPlus,
    /// Entries in table files; the next one's key.
    ingested: u64,
    /// Secondaries opened so far; each gets a directory of its own.
    secondaries: u64,
    directory: TempDir,
}

impl Primary {
    /// An empty database of `families` families below `parent`; `families` is at least 1.
    pub(crate) fn open(parent: &Path, families: u64) -> Outcome<Self> {
        let directory = TempDir::new_in(parent)?;
        let mut options = options(1);
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_max_open_files(PRIMARY_FILES);
        let at = directory.path().join("primary");
        let db = DB::open_cf_descriptors(&options, at, descriptors(families, &options))?;
        let random = Xoshiro256PlusPlus::seed_from_u64(families);
        Ok(Self { db, families, random, ingested: 0, secondaries: 0, directory })
    }

    /// Puts `count` new keys, `batch` a write.
    pub(crate) fn put(&mut self, count: u64, batch: u64) -> Outcome<()> {
        let mut left = count;
        while left > 0 {
            let size = left.min(batch);
            let mut writes = WriteBatch::default();
            for _ in 0..size {
                let mut key = [0; 16];
                self.random.fill_bytes(&mut key);
                writes.put(key, VALUE);
            }
            self.db.write(writes)?;
            left -= size;
        }
        Ok(())
    }

    /// Puts keys one by one until the live write-ahead log has `bytes`.
    pub(crate) fn fill_log(&mut self, bytes: u64) -> Outcome<()> {
        while self.log_bytes()? < bytes {
            self.put(FILL_KEYS, 1)?;
        }
        Ok(())
    }

    fn log_bytes(&self) -> Outcome<u64> {
        let mut bytes = 0;
        for entry in std::fs::read_dir(self.path())? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|ending| ending == "log") {
                bytes += entry.metadata()?.len();
            }
        }
        Ok(bytes)
    }

    /// Takes in table files of `entries` each, until there are `count`.
    pub(crate) fn ingest(&mut self, count: u64, entries: u64) -> Outcome<()> {
        let options = options(1);
        let mut files = Vec::new();
        while self.ingested < count * entries {
            let path = self.directory.path().join(format!("{}.sst", self.ingested));
            let mut file = SstFileWriter::create(&options);
            file.open(&path)?;
            for number in self.ingested..self.ingested + entries {
                file.put(ingested_key(number), VALUE)?;
            }
            file.finish()?;
            self.ingested += entries;
            files.push(path);
        }
        let mut how = IngestExternalFileOptions::default();
        how.set_move_files(true);
        Ok(self.db.ingest_external_file_opts(&how, files)?)
    }

    /// Puts one new key; for a writer beside other threads.
    pub(crate) fn put_beside(&self, number: u64) -> Result<(), Error> {
        self.db.put([b"beside  ".as_slice(), &number.to_be_bytes()].concat(), VALUE)
    }

    /// A secondary that opens table files with that many threads.
    pub(crate) fn secondary(&mut self, threads: i32) -> Outcome<DB> {
        self.secondaries += 1;
        let own = self.directory.path().join(format!("secondary-{}", self.secondaries));
        let options = options(threads);
        let families = descriptors(self.families, &options);
        Ok(DB::open_cf_descriptors_as_secondary(&options, self.path(), own, families)?)
    }

    /// A read-only instance that opens table files with that many threads; of one family.
    pub(crate) fn read_only(&self, threads: i32) -> Outcome<DB> {
        Ok(DB::open_for_read_only(&options(threads), self.path(), false)?)
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("primary")
    }

    /// # Errors
    /// Where `secondary` is behind.
    pub(crate) fn check(&self, secondary: &DB) -> Outcome<()> {
        let (own, its) = (self.db.latest_sequence_number(), secondary.latest_sequence_number());
        if own == its {
            return Ok(());
        }
        Err(format!("a secondary that caught up is at {its}, its primary at {own}").into())
    }
}

/// The key of an entry in a table file; apart from all keys that are put.
pub(crate) fn ingested_key(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

fn descriptors(families: u64, options: &Options) -> Vec<ColumnFamilyDescriptor> {
    let name = |number| match number {
        0 => "default".to_owned(),
        _ => format!("family-{number}"),
    };
    (0..families).map(|number| ColumnFamilyDescriptor::new(name(number), options.clone())).collect()
}

/// What all instances share; every table file stays open.
fn options(threads: i32) -> Options {
    let mut options = Options::default();
    options.set_compression_type(DBCompressionType::None);
    options.set_disable_auto_compactions(true);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_max_open_files(-1);
    options.set_max_file_opening_threads(threads);
    // Else each catch-up writes a line.
    options.set_log_level(LogLevel::Warn);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}
