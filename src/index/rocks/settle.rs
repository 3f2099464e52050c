//! How a settling reaches the disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rocksdb::{
    ColumnFamily, DB, Error, FlushOptions, IngestExternalFileOptions, Options, SstFileWriter,
    WriteBatch, WriteOptions,
};

use super::options::Shared;
use crate::io::{Family, SortedRun, SortedRuns};

/// How a settling reaches the disk. Both leave nothing in a write-ahead log.
///
/// Measured with 400,000 messages: in chunks of 1,024 a batch settles four times as many messages
/// a second as ingestion, which forces four files and four MANIFEST edits one after the other; in
/// chunks of 8,192 nearly twice as many. Ingestion also puts files whose keys ascend into the
/// last level, where nothing merges them: 405 files instead of 17 were left of the small chunks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SettleMethod {
    /// One batch without a write-ahead log, then an atomic flush: all families or none.
    #[default]
    Batch,
    /// One file a family, ingested one after the other: a crash in between leaves the later
    /// families without their entries. For comparison.
    Ingest,
}

/// Where files are written before they are ingested; on the file system of the database.
const STAGING: &str = "settling";

/// Writes settlings of one primary.
pub(super) struct Settler {
    method: SettleMethod,
    staging: PathBuf,
    family_options: Options,
    next_file: AtomicU64,
}

impl Settler {
    /// Of the database in `directory`; removes what a crash left of an earlier one.
    pub(super) fn new(method: SettleMethod, shared: &Shared, directory: &Path) -> Self {
        let staging = directory.join(STAGING);
        if let Err(error) = fs::remove_dir_all(&staging)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(?staging, %error, "files of an interrupted settling stay");
        }
        Self { method, staging, family_options: shared.family(), next_file: AtomicU64::new(0) }
    }

    pub(super) fn settle(&self, db: &DB, runs: &SortedRuns) -> Result<(), Error> {
        if runs.iter().all(SortedRun::is_empty) {
            return Ok(());
        }
        match self.method {
            SettleMethod::Batch => batched(db, runs),
            SettleMethod::Ingest => self.ingested(db, runs),
        }
    }

    fn ingested(&self, db: &DB, runs: &SortedRuns) -> Result<(), Error> {
        // A failure shows when the file is opened.
        let _ = fs::create_dir_all(&self.staging);
        let mut written = Vec::new();
        // All are written before the first is ingested: what fails early leaves families even.
        for (family, run) in Family::ALL.into_iter().zip(runs).filter(|(_, run)| !run.is_empty()) {
            let number = self.next_file.fetch_add(1, Ordering::Relaxed);
            let file = Staged(self.staging.join(format!("{number}-{}.sst", family.name())));
            let mut writer = SstFileWriter::create(&self.family_options);
            writer.open(&file.0)?;
            for (key, value) in run.iter() {
                writer.put(key, value)?;
            }
            writer.finish()?;
            written.push((family, file));
        }
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        for (family, file) in written {
            db.ingest_external_file_cf_opts(handle(db, family), &options, vec![&file.0])?;
        }
        Ok(())
    }
}

fn batched(db: &DB, runs: &SortedRuns) -> Result<(), Error> {
    let mut batch = WriteBatch::default();
    for (family, run) in Family::ALL.into_iter().zip(runs) {
        let family = handle(db, family);
        run.iter().for_each(|(key, value)| batch.put_cf(family, key, value));
    }
    let mut options = WriteOptions::default();
    options.disable_wal(true);
    db.write_opt(batch, &options)?;
    let families = Family::ALL.map(|family| handle(db, family));
    db.flush_cfs_opt(&families, &FlushOptions::default())
}

pub(super) fn handle(db: &DB, family: Family) -> &ColumnFamily {
    db.cf_handle(family.name()).expect("a database is opened with all families")
}

/// A file that is gone when this is, unless RocksDB has taken it.
struct Staged(PathBuf);

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
