//! Entries on their way into the index.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::config::DiskConfig;
use crate::error::StorageResult;
use crate::io::World;
use crate::io::real::Real;
use crate::manager::ReadWritePartitionIndexManager;
use crate::sync::{SwitchQueue, lock};
use crate::types::MessageMeta;

/// Collects the entries of one partition and puts them into the index in bulk. Making one touches
/// nothing. What is not flushed ends with it.
///
/// ```
/// use std::sync::Arc;
///
/// use duolog::types::{MessageMeta, SegmentId, SegmentOffset};
/// use duolog::{DiskConfig, PartitionIndexWriterBuffer};
///
/// # async fn put(directory: &std::path::Path) -> duolog::StorageResult<()> {
/// let conf = Arc::new(DiskConfig::new(directory));
/// let buffer = PartitionIndexWriterBuffer::new(
///     "orders".to_owned(),
///     0,
///     conf.clone(),
///     conf.storage_dir.clone(),
/// );
/// let offset = SegmentOffset { segment_id: SegmentId::new(1, 0), offset: 64 };
/// buffer.push(MessageMeta {
///     msg_id: "msg_1".to_owned(),
///     sequence: 0,
///     offset,
///     length_bytes: 100,
///     timestamp_us: 1_000,
/// });
/// buffer.flush().await?;
/// let manager = buffer.get_read_write_index_manager();
/// assert_eq!(manager.get_by_msg_id("orders", 0, "msg_1").await?, offset);
/// # Ok(())
/// # }
/// ```
pub struct PartitionIndexWriterBuffer<W: World = Real> {
    /// The topic's name.
    pub topic: String,
    /// The partition's number.
    pub partition_id: u32,
    queue: SwitchQueue<MessageMeta>,
    /// Taken from the queue and not put yet: what a flush that failed left.
    taken: Mutex<Vec<MessageMeta>>,
    read_write_index_manager: Arc<ReadWritePartitionIndexManager<W>>,
}

impl PartitionIndexWriterBuffer<Real> {
    /// A buffer in the process's world; see [`PartitionIndexWriterBuffer::with_world`].
    pub fn new(
        topic: String,
        partition_id: u32,
        conf: Arc<DiskConfig>,
        storage_dir: PathBuf,
    ) -> Self {
        Self::with_world(Real::shared(), topic, partition_id, &conf, storage_dir)
    }
}

impl<W: World> PartitionIndexWriterBuffer<W> {
    /// A buffer for a partition of `storage_dir`, with an index manager of its own.
    pub fn with_world(
        world: W,
        topic: String,
        partition_id: u32,
        conf: &DiskConfig,
        storage_dir: PathBuf,
    ) -> Self {
        let shard_count = conf.partition_index_num_per_topic;
        let manager = ReadWritePartitionIndexManager::with_world(world, storage_dir, shard_count);
        Self {
            topic,
            partition_id,
            queue: SwitchQueue::new(),
            taken: Mutex::default(),
            read_write_index_manager: Arc::new(manager),
        }
    }

    /// Adds an entry, to be put by the next flush.
    pub fn push(&self, entry: MessageMeta) {
        self.queue.push(entry);
    }

    /// Puts all entries that were pushed before the call, in their order. After an error, and
    /// where the call is dropped, the next one begins with the same entries.
    ///
    /// # Errors
    /// As [`ReadWritePartitionIndexManager::batch_put`].
    pub async fn flush(&self) -> StorageResult<()> {
        let entries = {
            let mut taken = lock(&self.taken);
            self.queue.swap_into(&mut taken);
            taken.clone()
        };
        let manager = &self.read_write_index_manager;
        manager.batch_put(&self.topic, self.partition_id, &entries).await?;
        let Some(last) = entries.last() else { return Ok(()) };
        // Another flush may have taken more meanwhile.
        lock(&self.taken).retain(|entry| entry.sequence > last.sequence);
        Ok(())
    }

    /// Forgets what was pushed and not flushed: entries that the index refuses, for one.
    pub fn clear(&self) {
        let mut taken = lock(&self.taken);
        self.queue.swap_into(&mut taken);
        taken.clear();
    }

    /// The buffer's index manager.
    pub fn get_read_write_index_manager(&self) -> Arc<ReadWritePartitionIndexManager<W>> {
        self.read_write_index_manager.clone()
    }
}
