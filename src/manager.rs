//! The index as a session asks it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::catalog::{Catalog, topic_name};
use crate::config::DiskConfig;
use crate::error::{StorageError, StorageResult};
use crate::index::alone::AloneIndex;
use crate::index::value::RecordValue;
use crate::index::{Answer, Freshness, LookupStages, Query};
use crate::io::real::Real;
use crate::io::{File, World};
use crate::log::TopicInfo;
use crate::partition::{Partition, PartitionState};
use crate::record::Record;
use crate::sync::lock;
use crate::types::{MessageMeta, ReadMessage, SegmentOffset, Sequence};

/// Looks messages up by id, by position and by time, through the tail of the writer in this
/// process and a secondary of the index. Each writer and each reader session has its own; making
/// one touches nothing. Unless another freshness is asked for, every message that was
/// acknowledged as visible before a lookup began is found by it.
///
/// A manager of a directory without a log is used alone: what
/// [`ReadWritePartitionIndexManager::batch_put`] puts in, its lookups find.
pub struct ReadWritePartitionIndexManager<W: World = Real> {
    catalog: Arc<Catalog<W>>,
    /// Kept as long as the manager, where the directory has no log.
    alone: Mutex<BTreeMap<(String, u32), Arc<AloneIndex<W>>>>,
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
        Self { catalog, alone: Mutex::default() }
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
        let found = self.latest(topic, partition_id, msg_id).await?;
        found.map(|record| record.offset).ok_or_else(|| StorageError::NotFound {
            what: format!("message {msg_id:?} in partition {partition_id} of topic {topic:?}"),
            remedy: "no visible message has that id: check it, or the partition",
        })
    }

    async fn latest(
        &self,
        topic: &str,
        partition_id: u32,
        msg_id: &str,
    ) -> StorageResult<Option<RecordValue>> {
        if let Some(alone) = self.alone(topic, partition_id, false).await? {
            return alone.latest(msg_id).await;
        }
        let partition = self.catalog.partition(topic, partition_id).await?;
        let mut state = partition.state().await?;
        loop {
            partition.shard.make_room();
            match state.index.latest(&partition.shard.secondary, msg_id).await {
                Err(error) => state = partition.newer(&state, error).await?,
                found => return found,
            }
        }
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
        if let Some(alone) = self.alone(topic, partition_id, false).await? {
            let found = alone.lookup(&Query::Position(*offset), Freshness::Fresh).await?.found;
            let first = found.into_iter().next().map(|meta| meta.msg_id);
            return first.ok_or_else(|| nothing_at(topic, partition_id, *offset));
        }
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

    /// The sequence of the first message, in sequence order, of those stamped at or after
    /// `from_us`, in microseconds since 1970; `None` where no visible message is.
    ///
    /// # Errors
    /// `NotFound` topic or partition.
    pub async fn get_sequence_by_time(
        &self,
        topic: &str,
        partition_id: u32,
        from_us: i64,
    ) -> StorageResult<Option<Sequence>> {
        let query = Query::Since(from_us);
        let found = self.lookup(topic, partition_id, query, Freshness::Fresh).await?.found;
        Ok(found.first().map(|meta| meta.sequence))
    }

    /// Answers `query`, and says how fresh the answer is and where it came from.
    pub async fn lookup(
        &self,
        topic: &str,
        partition_id: u32,
        query: Query,
        freshness: Freshness,
    ) -> StorageResult<Answer> {
        if let Some(alone) = self.alone(topic, partition_id, false).await? {
            return alone.lookup(&query, freshness).await;
        }
        let partition = self.catalog.partition(topic, partition_id).await?;
        let mut state = partition.state().await?;
        loop {
            match ask(&partition, &state, &query, freshness).await {
                Err(error) => state = partition.newer(&state, error).await?,
                answered => return answered,
            }
        }
    }

    /// Where the time of lookups in the partition went, of all sessions of the process.
    ///
    /// # Errors
    /// `NotFound` topic or partition.
    pub async fn lookup_stages(
        &self,
        topic: &str,
        partition_id: u32,
    ) -> StorageResult<LookupStages> {
        let partition = self.catalog.partition(topic, partition_id).await?;
        Ok(partition.state().await?.index.lookup_stages())
    }

    /// Puts `entries` into the index, in the order of their sequences; they are found when it
    /// returns.
    ///
    /// Of a directory with a log, the index is derived from the log: only entries that name
    /// records with that id, time, sequence and length are accepted, and those are in it already.
    /// A directory without one becomes an index-only database and is marked so: it is refused as a
    /// log from then on. There the sequences go on densely from what was put before, 0 first, the
    /// places ascend with them, and what was put is never replaced.
    ///
    /// ```
    /// use duolog::ReadWritePartitionIndexManager;
    /// use duolog::types::{MessageMeta, SegmentId, SegmentOffset};
    ///
    /// # async fn put(directory: &std::path::Path) -> duolog::StorageResult<()> {
    /// let manager = ReadWritePartitionIndexManager::new(directory.to_owned(), 1);
    /// let entry = MessageMeta {
    ///     msg_id: "msg_1".to_owned(),
    ///     sequence: 0,
    ///     offset: SegmentOffset { segment_id: SegmentId::new(1, 0), offset: 64 },
    ///     length_bytes: 100,
    ///     timestamp_us: 1_000,
    /// };
    /// manager.batch_put("orders", 0, std::slice::from_ref(&entry)).await?;
    /// assert_eq!(manager.get_by_msg_id("orders", 0, "msg_1").await?, entry.offset);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `OffsetMismatch` for an entry that the log, or what was put before, contradicts; `Invalid`
    /// for one that leaves a hole, lies before its predecessor or has no valid id. Nothing is
    /// put then.
    pub async fn batch_put(
        &self,
        topic: &str,
        partition_id: u32,
        entries: &[MessageMeta],
    ) -> StorageResult<()> {
        if entries.is_empty() {
            return Ok(());
        }
        if let Some(alone) = self.alone(topic, partition_id, true).await? {
            return alone.put(entries).await;
        }
        for entry in entries {
            let query = Query::Position(entry.offset);
            let found = self.lookup(topic, partition_id, query, Freshness::Fresh).await?.found;
            if found.first() != Some(entry) {
                return Err(StorageError::OffsetMismatch(format!(
                    "the log has no message {:?} of sequence {} at {}: its index is derived from \
                     it, append the message instead",
                    entry.msg_id, entry.sequence, entry.offset
                )));
            }
        }
        Ok(())
    }

    /// The partition in a directory without a log; a new directory becomes one where `make`.
    async fn alone(
        &self,
        topic: &str,
        partition: u32,
        make: bool,
    ) -> StorageResult<Option<Arc<AloneIndex<W>>>> {
        let Some(root) = self.catalog.index_only(make).await? else { return Ok(None) };
        let key = (topic.to_owned(), partition);
        if let Some(known) = lock(&self.alone).get(&key) {
            return Ok(Some(known.clone()));
        }
        let directory = TopicInfo::directory(&root, &topic_name(topic)?);
        let config = &self.catalog.config;
        let shard = partition % config.partition_index_num_per_topic;
        let world = &self.catalog.world;
        let alone = AloneIndex::of(world, &directory, shard, partition, config.index_idle_us);
        lock(&self.alone).insert(key, alone.clone());
        Ok(Some(alone))
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
    Err(nothing_at(partition.topic.name.as_str(), partition.number, offset))
}

fn nothing_at(topic: &str, partition: u32, offset: SegmentOffset) -> StorageError {
    StorageError::NotFound {
        what: format!("a message at {offset} in partition {partition} of topic {topic:?}"),
        remedy: "give the first byte of a visible message, as a read or a lookup returned it",
    }
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
