//! The engine, in its default configuration unless said.

use std::path::Path;
#[cfg(feature = "rocks")]
use std::path::PathBuf;

use duolog::io::real::Real;
use duolog::types::Message;
use duolog::{Ack, DiskConfig, Log, Writer};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::messages::{Source, batches};
use crate::workload::Durability;

/// The topic of all measurements; its one partition is 0.
pub(crate) const TOPIC: &str = "measured";

/// Messages a batch, where that is not what is measured.
pub(crate) const LOAD_BATCH: u64 = 1000;

/// A log of its own, in a directory and a world of its own. Calls are waited for on the thread
/// that makes them.
pub(crate) struct Engine {
    pub(crate) runtime: Runtime,
    pub(crate) world: Real,
    pub(crate) log: Log,
    pub(crate) writer: Writer,
    pub(crate) config: DiskConfig,
    directory: TempDir,
}

/// What an engine left on disk.
pub(crate) struct Left {
    config: DiskConfig,
    directory: TempDir,
}

/// A runtime to wait on.
pub(crate) fn runtime() -> Outcome<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().build()?)
}

impl Engine {
    /// An empty log below `parent`.
    pub(crate) fn open(parent: &Path) -> Outcome<Self> {
        Self::open_with(parent, |_| {})
    }

    /// As [`Engine::open`], with settings that `adjust` changes.
    pub(crate) fn open_with(parent: &Path, adjust: impl FnOnce(&mut DiskConfig)) -> Outcome<Self> {
        let directory = TempDir::new_in(parent)?;
        let mut config = DiskConfig::new(directory.path());
        adjust(&mut config);
        Left { config, directory }.open(true)
    }

    /// A log that holds `messages`, all of them settled.
    pub(crate) fn settled(parent: &Path, messages: &[Message]) -> Outcome<Self> {
        let engine = Self::open(parent)?;
        engine.append(batches(messages, LOAD_BATCH as usize))?;
        engine.runtime.block_on(engine.writer.settle())?;
        Ok(engine)
    }

    /// Appends `numbers` of `source`.
    pub(crate) fn load(&self, source: &Source, numbers: std::ops::Range<u64>) -> Outcome<()> {
        let starts = numbers.clone().step_by(LOAD_BATCH as usize);
        self.append(starts.map(|start| source.batch(start..numbers.end.min(start + LOAD_BATCH))))
    }

    fn append(&self, batches: impl IntoIterator<Item = Vec<Message>>) -> Outcome<()> {
        self.runtime.block_on(async {
            for batch in batches {
                self.writer.append(batch, Ack::Flushed).await?;
            }
            Ok::<_, duolog::StorageError>(())
        })?;
        Ok(())
    }

    /// Where its files are.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The database of its index.
    #[cfg(feature = "rocks")]
    pub(crate) fn index_directory(&self) -> Outcome<PathBuf> {
        let root = std::fs::canonicalize(self.directory())?;
        database_below(root).ok_or_else(|| "the engine has no index database".into())
    }

    /// Closes the log, so that its threads rest while another contender is measured.
    pub(crate) fn close(self) -> Outcome<()> {
        self.end().map(drop)
    }

    /// Closes the log and keeps its files.
    pub(crate) fn end(self) -> Outcome<Left> {
        self.runtime.block_on(self.writer.close())?;
        Ok(self.abandon())
    }

    /// Ends without closing, as a process that dies does. Its instances of RocksDB are gone when
    /// it returns: those of two worlds share what RocksDB knows of the process.
    pub(crate) fn abandon(self) -> Left {
        let Self { runtime, world, log, writer, config, directory } = self;
        drop((writer, log));
        #[cfg(feature = "rocks")]
        close_instances(&runtime, &world, directory.path());
        drop((runtime, world));
        Left { config, directory }
    }
}

#[cfg(feature = "rocks")]
fn close_instances(runtime: &Runtime, world: &Real, directory: &Path) {
    use duolog::io::{IndexBackend, World};

    duolog::RocksDBInstanceManager::new(world.clone()).cleanup_storage_root(directory);
    let root = std::fs::canonicalize(directory).ok();
    if let Some(database) = root.and_then(database_below) {
        // Asked only because it waits for what is closing there.
        let _ = runtime.block_on(world.index().file_count(&database));
    }
}

#[cfg(feature = "rocks")]
fn database_below(root: PathBuf) -> Option<PathBuf> {
    let mut left = vec![root];
    while let Some(directory) = left.pop() {
        if directory.join("CURRENT").is_file() {
            return Some(directory);
        }
        for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                left.push(entry.path());
            }
        }
    }
    None
}

impl Left {
    /// Its settings.
    pub(crate) fn settings(&self) -> DiskConfig {
        self.config.clone()
    }

    /// With settings that `adjust` changes.
    pub(crate) fn with(mut self, adjust: impl FnOnce(&mut DiskConfig)) -> Self {
        adjust(&mut self.config);
        self
    }

    /// Opens it in a world of its own, as another process would.
    pub(crate) fn open(self, is_new: bool) -> Outcome<Engine> {
        let Self { config, directory } = self;
        let (world, runtime) = (Real::new(), runtime()?);
        let (log, writer) = runtime.block_on(async {
            let log = Log::open(world.clone(), config.clone()).await?;
            if is_new {
                log.create_topic(TOPIC, 1).await?;
            }
            let writer = log.writer(TOPIC, 0).await?;
            Ok::<_, duolog::StorageError>((log, writer))
        })?;
        Ok(Engine { runtime, world, log, writer, config, directory })
    }
}

impl From<Durability> for Ack {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Buffered => Self::Buffered,
            Durability::Flushed => Self::Flushed,
            Durability::Synced => Self::Synced,
        }
    }
}
