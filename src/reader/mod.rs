//! Reading: sessions, their cursors, their group's commits.

mod commits;
mod cursor;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::catalog::Catalog;
use crate::config::DiskConfig;
use crate::error::{StorageError, StorageResult};
use crate::group::GroupId;
use crate::io::World;
use crate::io::real::Real;
use crate::manager::ReadWritePartitionIndexManager;
use crate::partition::Partition;
use crate::record::ReadMessages;
use crate::sync::lock;
use crate::types::{Position, ReadPosition, SegmentOffset, Sequence};
use crate::writer::timeout;

use self::commits::Commits;
use self::cursor::{Cursor, CursorSlot};

/// How long `next` waits for a message where the caller does not say.
const WAIT_US: u64 = 500_000;

/// A reading session of one consumer group. Each has its own cursors and its own index manager;
/// what it reads through is shared by the process. Making one touches nothing: the first use
/// opens and returns the error.
pub struct DiskStorageReaderSession<W: World = Real> {
    group_id: GroupId,
    catalog: Arc<Catalog<W>>,
    read_positions: BTreeMap<String, ReadPosition>,
    cursors: Mutex<BTreeMap<String, BTreeMap<u32, Arc<CursorSlot>>>>,
    commits: Commits<W>,
    read_write_index_manager: Arc<ReadWritePartitionIndexManager<W>>,
}

impl DiskStorageReaderSession<Real> {
    /// A session in the process's world; see [`DiskStorageReaderSession::with_world`].
    pub fn new(
        dir: PathBuf,
        group_id: u32,
        partition_index_num_per_topic: u32,
        read_positions: Vec<(String, ReadPosition)>,
    ) -> Self {
        let world = Real::shared();
        Self::with_world(world, dir, group_id, partition_index_num_per_topic, read_positions)
    }
}

impl<W: World> DiskStorageReaderSession<W> {
    /// A session of `group_id` on the storage directory `dir`. A topic that is not named in
    /// `read_positions` begins at [`ReadPosition::Committed`].
    pub fn with_world(
        world: W,
        dir: PathBuf,
        group_id: u32,
        partition_index_num_per_topic: u32,
        read_positions: Vec<(String, ReadPosition)>,
    ) -> Self {
        let config = DiskConfig { partition_index_num_per_topic, ..DiskConfig::new(dir) };
        let catalog = Arc::new(Catalog::new(world, Arc::new(config)));
        Self::of(catalog, group_id, read_positions)
    }

    pub(crate) fn of(
        catalog: Arc<Catalog<W>>,
        group_id: u32,
        read_positions: Vec<(String, ReadPosition)>,
    ) -> Self {
        let manager = ReadWritePartitionIndexManager::of(catalog.clone());
        Self {
            group_id,
            catalog,
            read_positions: read_positions.into_iter().collect(),
            cursors: Mutex::new(BTreeMap::new()),
            commits: Commits::default(),
            read_write_index_manager: Arc::new(manager),
        }
    }

    /// The session's index manager.
    pub fn get_read_write_index_manager(&self) -> Arc<ReadWritePartitionIndexManager<W>> {
        self.read_write_index_manager.clone()
    }

    /// The next `n` messages at most, in sequence order, and moves on behind them. Waits up to
    /// half a second for the first; empty where none came. What it returns is visible to every
    /// reader and verified.
    ///
    /// A call that is dropped or fails has moved nothing. Two calls on one partition take turns.
    ///
    /// # Errors
    /// `NotFound` topic or partition; `Trimmed` where retention dropped the next message, and
    /// `PositionLost` where a power loss took it: then [`DiskStorageReaderSession::seek`]
    /// chooses where to go on.
    pub async fn next(
        &self,
        topic: &str,
        partition_id: u32,
        n: NonZero<usize>,
    ) -> StorageResult<ReadMessages> {
        self.next_within(topic, partition_id, n, WAIT_US).await
    }

    /// As [`DiskStorageReaderSession::next`], waiting up to `wait_us`; 0 does not wait.
    pub async fn next_within(
        &self,
        topic: &str,
        partition_id: u32,
        n: NonZero<usize>,
        wait_us: u64,
    ) -> StorageResult<ReadMessages> {
        let world = &self.catalog.world;
        let partition = self.catalog.partition(topic, partition_id).await?;
        let slot = self.slot(&partition, topic, partition_id).await?;
        let mut lease = slot.lease().await;
        let mut state = partition.state().await?;
        let deadline_us = world.monotonic_us().saturating_add(wait_us);
        loop {
            let mut cursor = lease.take_up();
            let messages = match cursor.take(&partition, &state, n.get()).await {
                Ok(messages) => messages,
                Err(error) => {
                    state = partition.newer(&state, error).await?;
                    continue;
                }
            };
            let next = cursor.next;
            lease.settle(cursor);
            let left_us = deadline_us.saturating_sub(world.monotonic_us());
            if !messages.is_empty() || left_us == 0 {
                return Ok(messages);
            }
            let arrival = partition.wait_beyond(&state, next);
            if timeout(world, left_us, arrival).await.is_none() {
                return Ok(ReadMessages::default());
            }
            state = partition.state().await?;
        }
    }

    /// Notes that the group has processed everything up to and including the message at
    /// `offset`, which must be the first byte of a visible message at or behind what is
    /// committed. The group's first commit in a partition makes this session its owner there.
    /// Survives the death of the process when it returns.
    ///
    /// # Errors
    /// `OffsetMismatch` for a position that the index does not know, or that lies before what is
    /// committed: nothing changed. `Locked` where another session owns the group's partition.
    /// `PositionLost` where a power loss took what is committed: `reset_group` chooses anew.
    pub async fn commit(
        &self,
        topic: &str,
        partition_id: u32,
        offset: SegmentOffset,
    ) -> StorageResult<()> {
        let partition = self.catalog.partition(topic, partition_id).await?;
        let manager = &self.read_write_index_manager;
        self.commits.commit(&partition, self.group_id, manager, topic, offset).await
    }

    /// What the group committed: the next message to process; `None` where it has nothing.
    pub async fn committed(
        &self,
        topic: &str,
        partition_id: u32,
    ) -> StorageResult<Option<Position>> {
        let partition = self.catalog.partition(topic, partition_id).await?;
        Ok(self.commits.committed(&partition, self.group_id).await?.map(|c| c.position))
    }

    /// Sets what the group committed to `position`, in either direction; the only way back. The
    /// session's cursor moves there too.
    ///
    /// # Errors
    /// `OffsetMismatch` where the position is beyond the visible end; `Locked` as for `commit`.
    pub async fn reset_group(
        &self,
        topic: &str,
        partition_id: u32,
        position: ReadPosition,
    ) -> StorageResult<()> {
        let partition = self.catalog.partition(topic, partition_id).await?;
        let next = self.resolve(&partition, topic, partition_id, position).await?;
        self.commits.reset(&partition, self.group_id, next).await?;
        self.place(topic, partition_id, Cursor::new(next)).await;
        Ok(())
    }

    /// Goes on at `position`, whatever is committed; moves nothing but this session's cursor.
    pub async fn seek(
        &self,
        topic: &str,
        partition_id: u32,
        position: ReadPosition,
    ) -> StorageResult<()> {
        let partition = self.catalog.partition(topic, partition_id).await?;
        let next = self.resolve(&partition, topic, partition_id, position).await?;
        self.place(topic, partition_id, Cursor::new(next)).await;
        Ok(())
    }

    async fn place(&self, topic: &str, partition_id: u32, cursor: Cursor) {
        match self.known_slot(topic, partition_id) {
            Some(slot) => slot.lease().await.settle(cursor),
            None => {
                let slot = Arc::new(CursorSlot::new(cursor));
                lock(&self.cursors).entry(topic.to_owned()).or_default().insert(partition_id, slot);
            }
        }
    }

    fn known_slot(&self, topic: &str, partition_id: u32) -> Option<Arc<CursorSlot>> {
        lock(&self.cursors).get(topic)?.get(&partition_id).cloned()
    }

    async fn slot(
        &self,
        partition: &Arc<Partition<W>>,
        topic: &str,
        partition_id: u32,
    ) -> StorageResult<Arc<CursorSlot>> {
        if let Some(slot) = self.known_slot(topic, partition_id) {
            return Ok(slot);
        }
        let position = self.read_positions.get(topic).copied().unwrap_or_default();
        let next = self.resolve(partition, topic, partition_id, position).await?;
        let fresh = Arc::new(CursorSlot::new(Cursor::new(next)));
        let mut cursors = lock(&self.cursors);
        let of_topic = cursors.entry(topic.to_owned()).or_default();
        Ok(of_topic.entry(partition_id).or_insert(fresh).clone())
    }

    /// The sequence that `position` means now.
    async fn resolve(
        &self,
        partition: &Arc<Partition<W>>,
        topic: &str,
        partition_id: u32,
        position: ReadPosition,
    ) -> StorageResult<Sequence> {
        let state = partition.state().await?;
        let marks = state.index.marks.view();
        match position {
            ReadPosition::Earliest => Ok(marks.log_start),
            ReadPosition::Latest => Ok(marks.high_watermark),
            ReadPosition::Sequence(sequence) if sequence <= marks.high_watermark => Ok(sequence),
            ReadPosition::Sequence(sequence) => Err(StorageError::OffsetMismatch(format!(
                "sequence {sequence} is beyond the visible end {0}: give {0} or less",
                marks.high_watermark
            ))),
            ReadPosition::Time(from_us) => {
                let manager = &self.read_write_index_manager;
                let first = manager.get_sequence_by_time(topic, partition_id, from_us).await?;
                Ok(first.unwrap_or(marks.high_watermark))
            }
            ReadPosition::Committed => {
                match self.commits.committed(partition, self.group_id).await? {
                    None => Ok(marks.log_start),
                    Some(committed) => Ok(committed.position.sequence),
                }
            }
        }
    }
}
