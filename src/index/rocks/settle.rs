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

/// How a settling reaches the disk. All leave nothing in a write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettleMethod {
    /// Runs of many entries as files that are ingested: entry by entry, that costs less than
    /// half of what a memtable and its flush do. The other runs as a batch: a file costs some
    /// forced writes whatever it holds, and one of a marker alone would go to the last level,
    /// where nothing merges it. A crash leaves some families without their entries.
    Mixed {
        /// From so many entries on a run is ingested.
        file_entries_min: usize,
    },
    /// One batch without a write-ahead log, then an atomic flush: all families or none.
    Batch,
    /// One file a family, ingested one after the other.
    Ingest,
}

impl Default for SettleMethod {
    /// Mixed: files are ingested from 16,384 entries on.
    fn default() -> Self {
        Self::Mixed { file_entries_min: 16_384 }
    }
}

/// Where files are written before they are ingested; on the file system of the database.
const STAGING: &str = "settling";

/// Writes settlings of one primary.
pub(super) struct Settler {
    method: SettleMethod,
    staging: PathBuf,
    /// In the order of [`Family::ALL`].
    family_options: [Options; 4],
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
        let family_options = Family::ALL.map(|family| shared.family(family));
        Self { method, staging, family_options, next_file: AtomicU64::new(0) }
    }

    pub(super) fn settle(&self, db: &DB, runs: &SortedRuns) -> Result<(), Error> {
        if runs.iter().all(SortedRun::is_empty) {
            return Ok(());
        }
        let as_file = |run: &SortedRun| match self.method {
            SettleMethod::Mixed { file_entries_min } => run.len() >= file_entries_min,
            SettleMethod::Batch => false,
            SettleMethod::Ingest => true,
        };
        let runs = Family::ALL.into_iter().zip(runs).filter(|(_, run)| !run.is_empty());
        let (files, batch): (Vec<_>, Vec<_>) = runs.partition(|(_, run)| as_file(run));
        // All are written before the first is taken in: what fails early leaves families even.
        let files = self.written(&files)?;
        if !batch.is_empty() {
            batched(db, &batch)?;
        }
        ingested(db, files)
    }

    fn written(&self, runs: &[(Family, &SortedRun)]) -> Result<Vec<(Family, Staged)>, Error> {
        if !runs.is_empty() {
            // A failure shows when the file is opened.
            let _ = fs::create_dir_all(&self.staging);
        }
        let mut written = Vec::with_capacity(runs.len());
        for (family, run) in runs {
            let number = self.next_file.fetch_add(1, Ordering::Relaxed);
            let file = Staged(self.staging.join(format!("{number}-{}.sst", family.name())));
            let mut writer = SstFileWriter::create(&self.family_options[*family as usize]);
            writer.open(&file.0)?;
            for (key, value) in run.iter() {
                writer.put(key, value)?;
            }
            writer.finish()?;
            read_ahead(&file.0);
            written.push((*family, file));
        }
        Ok(written)
    }
}

fn ingested(db: &DB, files: Vec<(Family, Staged)>) -> Result<(), Error> {
    let mut options = IngestExternalFileOptions::default();
    options.set_move_files(true);
    for (family, file) in files {
        db.ingest_external_file_cf_opts(handle(db, family), &options, vec![&file.0])?;
    }
    Ok(())
}

fn batched(db: &DB, runs: &[(Family, &SortedRun)]) -> Result<(), Error> {
    let mut batch = WriteBatch::default();
    for (family, run) in runs {
        let family = handle(db, *family);
        run.iter().for_each(|(key, value)| batch.put_cf(family, key, value));
    }
    let mut options = WriteOptions::default();
    options.disable_wal(true);
    db.write_opt(batch, &options)?;
    let families: Vec<_> = runs.iter().map(|(family, _)| handle(db, *family)).collect();
    db.flush_cfs_opt(&families, &FlushOptions::default())
}

pub(super) fn handle(db: &DB, family: Family) -> &ColumnFamily {
    db.cf_handle(family.name()).expect("a database is opened with all families")
}

/// Asks the system to read a file into its page cache, and does not wait. [`SstFileWriter`] takes
/// what it wrote out of there, so lookups and the first merge would wait for the disk.
#[cfg(target_os = "linux")]
fn read_ahead(path: &Path) {
    use rustix::fs::{Advice, fadvise};

    let asked = fs::File::open(path).and_then(|file| Ok(fadvise(file, 0, None, Advice::WillNeed)?));
    if let Err(error) = asked {
        tracing::debug!(?path, %error, "a settled file is not read ahead");
    }
}

#[cfg(not(target_os = "linux"))]
fn read_ahead(_: &Path) {}

/// A file that is gone when this is, unless RocksDB has taken it.
struct Staged(PathBuf);

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
