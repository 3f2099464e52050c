//! The engine, in its default configuration.

use std::path::Path;

use duolog::io::real::Real;
use duolog::types::Message;
use duolog::{Ack, DiskConfig, Log, Writer};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::messages::batches;
use crate::workload::Durability;

/// The topic of all measurements; its one partition is 0.
pub(crate) const TOPIC: &str = "measured";

const PRELOAD_BATCH: usize = 1000;

/// A log of its own, in a directory and a world of its own. Calls are waited for on the thread
/// that makes them.
pub(crate) struct Engine {
    pub(crate) runtime: Runtime,
    pub(crate) log: Log,
    pub(crate) writer: Writer,
    _directory: TempDir,
}

impl Engine {
    /// An empty log below `parent`.
    pub(crate) fn open(parent: &Path) -> Outcome<Self> {
        let directory = TempDir::new_in(parent)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let (log, writer) = runtime.block_on(async {
            let log = Log::open(Real::new(), DiskConfig::new(directory.path())).await?;
            log.create_topic(TOPIC, 1).await?;
            let writer = log.writer(TOPIC, 0).await?;
            Ok::<_, duolog::StorageError>((log, writer))
        })?;
        Ok(Self { runtime, log, writer, _directory: directory })
    }

    /// A log that holds `messages`, all of them settled.
    pub(crate) fn settled(parent: &Path, messages: &[Message]) -> Outcome<Self> {
        let engine = Self::open(parent)?;
        engine.runtime.block_on(async {
            for batch in batches(messages, PRELOAD_BATCH) {
                engine.writer.append(batch, Ack::Flushed).await?;
            }
            engine.writer.settle().await
        })?;
        Ok(engine)
    }

    /// Closes the log, so that its threads rest while another contender is measured.
    pub(crate) fn close(self) -> Outcome<()> {
        Ok(self.runtime.block_on(self.writer.close())?)
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
