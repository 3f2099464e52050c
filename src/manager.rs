//! The index as a session asks it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::config::DiskConfig;
use crate::error::{StorageError, StorageResult};
use crate::index::{Answer, Freshness, Query};
use crate::io::real::Real;
use crate::io::{File, World};
use crate::partition::{Partition, PartitionState};
use crate::record::Record;
use crate::types::{MessageMeta, ReadMessage, SegmentOffset, Sequence};

/// Looks messages up by id, by position and by time, through the tail of the writer in this
/// process and a secondary of the index. Each writer and each reader session has its own; making
/// one touches nothing. Unless another freshness is asked for, every message that was
/// acknowledged as visible before a lookup began is found by it.
pub struct ReadWritePartitionIndexManager<W: World = Real> {
    catalog: Arc<Catalog<W>>,
}

impl ReadWritePartitionIndexManager<Real> {
    /// A manager of the storage directory in the process's world.
    pub fn new(storage_dir: PathBuf, partition_index_num_per_topic: u32) -> Self {
        Self::with_world(Real::shared(), storage_dir, partition_index_num_per_topic)
    }
}

impl<W: World> ReadWritePartitionIndexManager<W> {
    /// A manager of the storage directory in `world`.
    pub fn with_world(world: W, storage_dir: PathBuf, partition_index_num_per_topic: u32) -> Self {
        let config = DiskConfig { partition_index_num_per_topic, ..DiskConfig::new(storage_dir) };
        Self::of(Arc::new(Catalog::new(world, Arc::new(config))))
    }

    pub(crate) fn of(catalog: Arc<Catalog<W>>) -> Self {
        Self { catalog }
    }

    /// The address of the latest message of that id.
    ///
    /// # Errors
    /// `NotFound` where no visible message has it; `Invalid` for an empty id.
    pub async fn get_by_msg_id(
        &self,
        topic: &str,
        partition_id: u32,
        msg_id: &str,
    ) -> StorageResult<SegmentOffset> {
        if msg_id.is_empty() {
            return Err(StorageError::Invalid {
                field: "msg_id",
                value: "an empty id".to_owned(),
                remedy: "every message has an id of at least one byte".to_owned(),
            });
        }
        let query = Query::Id(msg_id.to_owned());
        let found = self.lookup(topic, partition_id, query, Freshness::Fresh).await?.found;
        found.first().map(|meta| meta.offset).ok_or_else(|| StorageError::NotFound {
            what: format!("message {msg_id:?} in partition {partition_id} of topic {topic:?}"),
            remedy: "no visible message has that id: check it, or the partition",
        })
    }

    /// The id of the message at an address.
    ///
    /// # Errors
    /// `NotFound` where no visible message begins there; `Trimmed` where retention dropped it.
    pub async fn get_msg_id_by_segment_offset(
        &self,
        topic: &str,
        partition_id: u32,
        offset: &SegmentOffset,
    ) -> StorageResult<String> {
        let partition = self.catalog.partition(topic, partition_id).await?;
        let mut state = partition.state().await?;
        loop {
            match meta_at(&partition, &state, *offset).await {
                Err(error) => state = partition.newer(&state, error).await?,
                found => return found.map(|meta| meta.msg_id),
            }
        }
    }

    /// The messages stamped from `from_us` up to `to_us`, exclusive, at most `limit`, in order
    /// of (timestamp, sequence). Times are microseconds since 1970.
    pub async fn get_range_by_time(
        &self,
        topic: &str,
        partition_id: u32,
        from_us: i64,
        to_us: i64,
        limit: usize,
    ) -> StorageResult<Vec<MessageMeta>> {
        let query = Query::Time { from_us, to_us, limit };
        Ok(self.lookup(topic, partition_id, query, Freshness::Fresh).await?.found)
    }

    /// Answers `query`, and says how fresh the answer is and where it came from.
    pub async fn lookup(
        &self,
        topic: &str,
        partition_id: u32,
        query: Query,
        freshness: Freshness,
    ) -> StorageResult<Answer> {
        let partition = self.catalog.partition(topic, partition_id).await?;
        let mut state = partition.state().await?;
        loop {
            match ask(&partition, &state, &query, freshness).await {
                Err(error) => state = partition.newer(&state, error).await?,
                answered => return answered,
            }
        }
    }

    /// The content of the message at an address.
    ///
    /// # Errors
    /// As [`ReadWritePartitionIndexManager::get_msg_id_by_segment_offset`]; `Corrupt` where the
    /// record is damaged.
    pub async fn read_at(
        &self,
        topic: &str,
        partition_id: u32,
        offset: SegmentOffset,
    ) -> StorageResult<ReadMessage> {
        let partition = self.catalog.partition(topic, partition_id).await?;
        let (meta, record) = record_at(&partition, offset).await?;
        record.view().to_message().map_err(|error| corrupt(&partition, &meta, error))
    }

    /// The sequence of the visible message at `offset`, and its record's checksum.
    pub(crate) async fn locate(
        &self,
        topic: &str,
        partition_id: u32,
        offset: SegmentOffset,
    ) -> StorageResult<(Sequence, u32)> {
        let partition = self.catalog.partition(topic, partition_id).await?;
        let (meta, record) = record_at(&partition, offset).await?;
        Ok((meta.sequence, record.view().crc32c()))
    }
}

async fn ask<W: World>(
    partition: &Partition<W>,
    state: &PartitionState,
    query: &Query,
    freshness: Freshness,
) -> StorageResult<Answer> {
    partition.shard.make_room();
    state.index.lookup(&partition.shard.secondary, query, freshness).await
}

async fn meta_at<W: World>(
    partition: &Partition<W>,
    state: &PartitionState,
    offset: SegmentOffset,
) -> StorageResult<MessageMeta> {
    let answer = ask(partition, state, &Query::Position(offset), Freshness::Fresh).await?;
    if let Some(meta) = answer.found.into_iter().next() {
        return Ok(meta);
    }
    let log_start = state.index.marks.log_start();
    if state.segments.is_below(offset.segment_id, log_start) {
        return Err(StorageError::Trimmed { given: 0, log_start });
    }
    let (number, topic) = (partition.number, partition.topic.name.as_str());
    Err(StorageError::NotFound {
        what: format!("a message at {offset} in partition {number} of topic {topic:?}"),
        remedy: "give the first byte of a visible message, as a read or a lookup returned it",
    })
}

/// The record at `offset`, and what the index says of it.
async fn record_at<W: World>(
    partition: &Arc<Partition<W>>,
    offset: SegmentOffset,
) -> StorageResult<(MessageMeta, Record)> {
    let mut state = partition.state().await?;
    loop {
        match record_in(partition, &state, offset).await {
            Err(error) => state = partition.newer(&state, error).await?,
            found => return found,
        }
    }
}

async fn record_in<W: World>(
    partition: &Partition<W>,
    state: &PartitionState,
    offset: SegmentOffset,
) -> StorageResult<(MessageMeta, Record)> {
    let meta = meta_at(partition, state, offset).await?;
    let record = read_record(partition, state, &meta).await?;
    Ok((meta, record))
}

/// The record that the index knows at `meta`; `Trimmed` where retention was faster.
async fn read_record<W: World>(
    partition: &Partition<W>,
    state: &PartitionState,
    meta: &MessageMeta,
) -> StorageResult<Record> {
    let record = read_record_of(partition, state, meta).await;
    let log_start = state.index.marks.log_start();
    if record.is_err() && meta.sequence < log_start {
        return Err(StorageError::Trimmed { given: meta.sequence, log_start });
    }
    record
}

async fn read_record_of<W: World>(
    partition: &Partition<W>,
    state: &PartitionState,
    meta: &MessageMeta,
) -> StorageResult<Record> {
    let path = state.segments.path(meta.offset.segment_id);
    let file = partition.files.open(&partition.world, &path).await?;
    let bytes = file
        .read_at(meta.offset.offset, meta.length_bytes as usize)
        .await
        .map_err(|e| StorageError::io("read", &path, e))?;
    Record::decode(&bytes.into(), meta.offset).map_err(|error| corrupt(partition, meta, error))
}

fn corrupt<W: World>(
    partition: &Partition<W>,
    meta: &MessageMeta,
    error: impl std::fmt::Display,
) -> StorageError {
    StorageError::Corrupt {
        path: partition.directory.join(crate::segment::segment_file_name(meta.offset.segment_id)),
        offset: meta.offset.offset,
        what: error.to_string(),
    }
}
