//! The world as it is: files, clocks and threads of the operating system.
//!
//! Nothing here needs an async runtime of the caller: futures of this world may be polled on any
//! executor. What normally ends in the page cache (`read_at`, `write_at`, `len`, `exists`) runs
//! inline and is ready at its first poll; what can wait for a disk or a lock runs on the world's
//! own threads, starts at its first poll, and goes on to its end when its future is dropped.
//!
//! Syncs of files are either, as it comes: while those before them took less than a millisecond,
//! they run inline. A hand-over to another thread and back takes as long as a sync of a quick
//! disk does, and who asks for one waits for it anyway. An executor of one thread stands still
//! meanwhile; after a sync that took long, others run on the world's threads.

// The one room that is allowed to touch the operating system.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod clock;
mod directory;
mod exit;
mod file;
mod index;
mod lock;
mod pace;
#[cfg(test)]
mod tests;
mod threads;

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::{DirectoryEntry, OpenMode, Registry, Step, World};

pub use file::RealFile;
pub use index::{RealIndex, RealIndexOptions};
pub use lock::RealLock;
use threads::Threads;

/// The world as it is. Clones are handles of the same world; it ends when the last one, the last
/// file and the last call of it are gone.
///
/// [`Real::default`] is the one world of the process. It is process-wide because the index
/// database is: RocksDB's `LOCK` allows one primary a directory *and process*, so whoever opens
/// a directory must find the instance that another session of the process has already opened,
/// and the [`Registry`] in which it is found must be one. [`Real::new`] makes a world of its
/// own, for tests: two worlds must not use one directory at the same time.
#[derive(Clone)]
pub struct Real {
    shared: Arc<Shared>,
}

struct Shared {
    registry: Registry,
    index: RealIndex,
    threads: Arc<Threads>,
    boot_id: OnceLock<u128>,
}

impl Real {
    /// A world that shares no registry with others. Starts no thread before the first call that
    /// needs one.
    pub fn new() -> Self {
        Self::with_index(RealIndexOptions::default())
    }

    /// As [`Real::new`], with an index that is told `options`.
    pub fn with_index(options: RealIndexOptions) -> Self {
        let threads = Arc::new(Threads::default());
        Self {
            shared: Arc::new(Shared {
                registry: Registry::default(),
                index: index::index(options, &threads),
                threads,
                boot_id: OnceLock::new(),
            }),
        }
    }

    /// The world of the process; see the type.
    pub fn shared() -> Self {
        static SHARED: OnceLock<Real> = OnceLock::new();
        SHARED.get_or_init(Real::new).clone()
    }

    /// Runs `work`, which may wait, on the world's threads.
    #[cfg(feature = "rocks")]
    pub(crate) fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send + 'static {
        self.shared.threads.call(work)
    }

    /// Runs `work` on `path` on the world's threads.
    fn on_path<T: Send + 'static>(
        &self,
        path: &Path,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send + 'static {
        let path = path.to_owned();
        self.shared.threads.call(move || work(&path))
    }
}

impl Default for Real {
    fn default() -> Self {
        Self::shared()
    }
}

impl std::fmt::Debug for Real {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Real").finish_non_exhaustive()
    }
}

impl World for Real {
    type File = RealFile;
    type Lock = RealLock;
    type Index = RealIndex;

    fn wall_us(&self) -> i64 {
        clock::wall_us()
    }

    fn monotonic_us(&self) -> u64 {
        clock::monotonic_us()
    }

    fn boot_id(&self) -> u128 {
        *self.shared.boot_id.get_or_init(clock::boot_id)
    }

    fn entropy(&self) -> u64 {
        clock::entropy()
    }

    fn sleep(&self, duration_us: u64) -> impl Future<Output = ()> + Send + 'static {
        self.shared.threads.sleep(duration_us)
    }

    fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        self.shared.threads.spawn(name, future);
    }

    async fn open(&self, path: &Path, mode: OpenMode) -> io::Result<RealFile> {
        let file = self.on_path(path, move |path| file::open(path, mode)).await?;
        Ok(RealFile::new(file, self.shared.threads.clone()))
    }

    async fn lock(&self, path: &Path) -> io::Result<Option<RealLock>> {
        self.on_path(path, lock::take).await
    }

    async fn create_directories(&self, path: &Path) -> io::Result<()> {
        self.on_path(path, |path| std::fs::create_dir_all(path)).await
    }

    async fn list(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        self.on_path(path, directory::list).await
    }

    async fn exists(&self, path: &Path) -> io::Result<bool> {
        std::fs::exists(path)
    }

    async fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (to, index) = (to.to_owned(), self.shared.index.clone());
        self.on_path(from, move |from| {
            std::fs::rename(from, &to)?;
            index::renamed(&index, from, &to);
            Ok(())
        })
        .await
    }

    async fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let to = to.to_owned();
        self.on_path(from, move |from| std::fs::hard_link(from, to)).await
    }

    async fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.on_path(path, |path| std::fs::remove_file(path)).await
    }

    async fn remove_directory(&self, path: &Path) -> io::Result<()> {
        let index = self.shared.index.clone();
        self.on_path(path, move |path| {
            index::removed(&index, path);
            std::fs::remove_dir_all(path)
        })
        .await
    }

    async fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.on_path(path, directory::sync).await
    }

    async fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.on_path(path, |path| std::fs::canonicalize(path)).await
    }

    fn index(&self) -> &RealIndex {
        &self.shared.index
    }

    async fn step(&self, _step: Step) {}

    fn registry(&self) -> &Registry {
        &self.shared.registry
    }
}
