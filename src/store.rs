//! The idiomatic front door: topics of a storage directory, their writers, readers of groups.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::checkpoint;
use crate::config::DiskConfig;
use crate::error::StorageResult;
use crate::group::GroupId;
use crate::index::IndexInstances;
use crate::index::shard::Shard;
use crate::io::World;
use crate::io::real::Real;
use crate::log::TopicInfo;
use crate::manager::ReadWritePartitionIndexManager;
use crate::reader::DiskStorageReaderSession;
use crate::record::ReadMessages;
use crate::types::{Position, ReadPosition, SegmentOffset};
use crate::verify::{PartitionReport, verify};
use crate::writer::{Flusher, Writer};

/// A storage directory. Clones are handles of it.
pub struct Log<W: World = Real> {
    catalog: Arc<Catalog<W>>,
}

impl<W: World> Clone for Log<W> {
    fn clone(&self) -> Self {
        Self { catalog: self.catalog.clone() }
    }
}

impl<W: World> Log<W> {
    /// Opens the directory of `config`, made where it does not exist.
    ///
    /// # Errors
    /// `Invalid` naming the first setting out of bounds; `NewerFormat`; `Io` with its path.
    pub async fn open(world: W, config: DiskConfig) -> StorageResult<Self> {
        let catalog = Arc::new(Catalog::new(world, Arc::new(config)));
        catalog.root().await?;
        Ok(Self { catalog })
    }

    /// Makes a topic of partitions 0 up to `partition_count`, exclusive.
    ///
    /// # Errors
    /// `Exists`; `Invalid` name or count; `Locked` where others keep changing the directory.
    pub async fn create_topic(&self, name: &str, partition_count: u32) -> StorageResult<TopicInfo> {
        self.catalog.create_topic(name, partition_count).await
    }

    /// All topics, in order of their names.
    pub async fn topics(&self) -> StorageResult<Vec<TopicInfo>> {
        self.catalog.topics().await
    }

    /// One topic.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` name; `ConfigMismatch`.
    pub async fn describe_topic(&self, name: &str) -> StorageResult<TopicInfo> {
        self.catalog.topic(name).await
    }

    /// Removes a topic, its messages, index and commits.
    ///
    /// # Errors
    /// `Locked` where a partition has a writer, or others keep changing the directory; `NotFound`.
    pub async fn delete_topic(&self, name: &str) -> StorageResult<()> {
        self.catalog.delete_topic(name).await
    }

    /// Opens a partition to write; recovery runs here.
    ///
    /// # Errors
    /// As [`Writer::open`], and as [`Log::describe_topic`].
    pub async fn writer(&self, topic: &str, partition: u32) -> StorageResult<Writer<W>> {
        let partition = self.catalog.partition(topic, partition).await?;
        let flusher = Arc::new(Flusher::of(&self.catalog.config));
        Writer::open(partition, flusher).await
    }

    /// A reader of `group_id`. It begins at what the group committed, at the earliest message
    /// where that is nothing.
    pub fn reader(&self, group_id: GroupId) -> Reader<W> {
        let session = DiskStorageReaderSession::of(self.catalog.clone(), group_id, Vec::new());
        Reader { session: Arc::new(session) }
    }

    /// Checks every partition, frame by frame, and the index against the log; see
    /// [`crate::verify::verify`].
    pub async fn verify(&self) -> StorageResult<Vec<PartitionReport>> {
        verify(&self.catalog).await
    }

    /// The index instances that the process has open in this directory, whoever opened them.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub async fn instances(&self) -> StorageResult<IndexInstances> {
        let root = self.catalog.root().await?;
        Ok(Shard::instances_below(&self.catalog.world, &root))
    }

    /// Copies the log and its index to `directory`, on the same file system mostly by hard links.
    /// The copy is a log of its own, forced to disk: it holds everything that was acknowledged as
    /// visible before the call, maybe some of what came meanwhile, and the groups' commits. The
    /// original goes on.
    ///
    /// # Errors
    /// `Exists` where `directory` holds anything; `Index` where another process writes; `Io`.
    /// Nothing is at `directory` then; a part of the copy may be beside it, under its
    /// name and `.partial`, until the next call.
    pub async fn checkpoint(&self, directory: &Path) -> StorageResult<()> {
        checkpoint::checkpoint(&self.catalog, directory).await
    }

    /// An index manager, for lookups without a group.
    pub fn index(&self) -> ReadWritePartitionIndexManager<W> {
        ReadWritePartitionIndexManager::of(self.catalog.clone())
    }
}

/// A reading session of a consumer group. Clones are handles of it.
pub struct Reader<W: World = Real> {
    session: Arc<DiskStorageReaderSession<W>>,
}

impl<W: World> Clone for Reader<W> {
    fn clone(&self) -> Self {
        Self { session: self.session.clone() }
    }
}

impl<W: World> Reader<W> {
    /// See [`DiskStorageReaderSession::next_within`].
    pub async fn next(
        &self,
        topic: &str,
        partition: u32,
        n: NonZero<usize>,
        wait_us: u64,
    ) -> StorageResult<ReadMessages> {
        self.session.next_within(topic, partition, n, wait_us).await
    }

    /// See [`DiskStorageReaderSession::commit`].
    pub async fn commit(
        &self,
        topic: &str,
        partition: u32,
        offset: SegmentOffset,
    ) -> StorageResult<()> {
        self.session.commit(topic, partition, offset).await
    }

    /// See [`DiskStorageReaderSession::committed`].
    pub async fn committed(&self, topic: &str, partition: u32) -> StorageResult<Option<Position>> {
        self.session.committed(topic, partition).await
    }

    /// See [`DiskStorageReaderSession::reset_group`].
    pub async fn reset_group(
        &self,
        topic: &str,
        partition: u32,
        position: ReadPosition,
    ) -> StorageResult<()> {
        self.session.reset_group(topic, partition, position).await
    }

    /// See [`DiskStorageReaderSession::seek`].
    pub async fn seek(
        &self,
        topic: &str,
        partition: u32,
        position: ReadPosition,
    ) -> StorageResult<()> {
        self.session.seek(topic, partition, position).await
    }

    /// The session's index manager.
    pub fn index(&self) -> Arc<ReadWritePartitionIndexManager<W>> {
        self.session.get_read_write_index_manager()
    }
}

#[cfg(test)]
mod tests;
