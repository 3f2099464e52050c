//! Opens instances.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rocksdb::{DB, Error, ErrorKind};

use super::call::{self, Blocking};
use super::closing::Closings;
use super::error::{Doing, abandoned, refused, translated};
use super::instance::{self, Open, RocksFrozen, RocksPrimary, RocksSecondary, missing};
use super::options::{RocksOptions, Shared, is_database};
use super::private::Private;
use super::settle::Settler;
use crate::io::{IndexBackend, IndexError, IndexOptions};

/// How often an opening beside a live primary is tried: it reads the MANIFEST, then opens the
/// files that it names, which compaction may have removed by then.
const OPEN_ATTEMPTS: usize = 5;

/// Databases of RocksDB, with one block cache and one budget of write buffers for all. Clones
/// are the same backend. Calls that may wait run on the threads that it was given; reads of
/// instances do not and are ready at their first poll.
#[derive(Clone)]
pub struct RocksBackend {
    shared: Arc<Shared>,
    options: RocksOptions,
    blocking: Blocking,
    closings: Closings,
}

impl RocksBackend {
    /// A backend whose waiting calls run on `blocking`.
    pub fn new(options: RocksOptions, blocking: Blocking) -> Self {
        let shared = Arc::new(Shared::new(&options));
        Self { shared, options, blocking, closings: Closings::default() }
    }

    /// Runs `work` for `directory` once nothing closes there.
    async fn call<T: Send + 'static>(
        &self,
        directory: &Path,
        work: impl FnOnce(&Self, &Path) -> Result<T, IndexError> + Send + 'static,
    ) -> Result<T, IndexError> {
        self.closings.ended(directory).await;
        let (backend, path) = (self.clone(), directory.to_owned());
        let answer = call::run(&self.blocking, move || work(&backend, &path));
        answer.await.unwrap_or_else(|| Err(abandoned(directory)))
    }

    /// Waits until nothing closes in `directory` or below it: before that, removing it may
    /// fail, because a database that closes still writes.
    pub async fn closed(&self, directory: &Path) {
        self.closings.ended_below(directory).await;
    }

    fn instance(&self, path: &Path, db: DB, private: Option<Private>) -> Arc<instance::Shared> {
        let open = Open { db, _private: private };
        let (blocking, closings) = (self.blocking.clone(), self.closings.clone());
        Arc::new(instance::Shared::new(path, open, blocking, closings))
    }
}

impl IndexBackend for RocksBackend {
    type Primary = RocksPrimary;
    type Secondary = RocksSecondary;
    type Frozen = RocksFrozen;

    async fn open_primary(
        &self,
        directory: &Path,
        options: IndexOptions,
    ) -> Result<RocksPrimary, IndexError> {
        let work = move |backend: &Self, path: &Path| {
            let shared = &backend.shared;
            let families = shared.families(options.trimmed.as_ref());
            let db = DB::open_cf_descriptors(&shared.primary(), path, families)
                .map_err(|error| translated(path, Doing::Open, &error))?;
            // After the opening: only now is it certain that nobody else settles here.
            Private::sweep(path);
            let settler = Arc::new(Settler::new(backend.options.settle, shared, path));
            let background = backend.options.background;
            let instance = backend.instance(path, db, None);
            Ok(RocksPrimary { instance, settler, background, expects_more: Arc::default() })
        };
        self.call(directory, work).await
    }

    async fn open_secondary(
        &self,
        directory: &Path,
        private: &Path,
    ) -> Result<RocksSecondary, IndexError> {
        let private = private.to_owned();
        let work = move |backend: &Self, path: &Path| {
            let shared = &backend.shared;
            let open = |private: &Path| {
                let options = shared.reader();
                let families = shared.families(None);
                DB::open_cf_descriptors_as_secondary(&options, path, private, families)
            };
            if !is_database(path) {
                return Err(missing(path));
            }
            let owned = Private::create(&private)
                .map_err(|error| refused(path, format!("cannot make {private:?}: {error}")))?;
            let db = opened(path, || open(&private))?;
            Ok(RocksSecondary { instance: backend.instance(path, db, Some(owned)) })
        };
        self.call(directory, work).await
    }

    async fn open_frozen(&self, directory: &Path) -> Result<RocksFrozen, IndexError> {
        let work = |backend: &Self, path: &Path| {
            let shared = &backend.shared;
            let open = || {
                let families = shared.families(None);
                DB::open_cf_descriptors_read_only(&shared.reader(), path, families, false)
            };
            let db = opened(path, open)?;
            Ok(RocksFrozen { instance: backend.instance(path, db, None) })
        };
        self.call(directory, work).await
    }

    async fn file_count(&self, directory: &Path) -> Result<u64, IndexError> {
        let work = |_: &Self, path: &Path| {
            if !is_database(path) {
                return Err(missing(path));
            }
            let entries = fs::read_dir(path).map_err(|error| refused(path, error.to_string()))?;
            let is_table = |name: &Path| name.extension().is_some_and(|end| end == "sst");
            let tables = entries.flatten().filter(|entry| is_table(Path::new(&entry.file_name())));
            // And the MANIFEST, CURRENT while it is read, and the instance's log.
            Ok(tables.count() as u64 + 3)
        };
        self.call(directory, work).await
    }
}

/// Opens beside a primary that may be changing files.
fn opened(path: &Path, open: impl Fn() -> Result<DB, Error>) -> Result<DB, IndexError> {
    if !is_database(path) {
        return Err(missing(path));
    }
    let mut attempt = 1;
    loop {
        match open() {
            Ok(db) => return Ok(db),
            Err(error) if attempt < OPEN_ATTEMPTS && may_pass(&error) => attempt += 1,
            Err(error) => return Err(translated(path, Doing::Open, &error)),
        }
    }
}

fn may_pass(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Corruption | ErrorKind::IOError | ErrorKind::TryAgain)
}
