//! The writing sessions by their long names: a partition's buffers, made from a path.

mod index_buffer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::Catalog;
use crate::config::DiskConfig;
use crate::error::{StorageError, StorageResult};
use crate::io::World;
use crate::io::real::Real;
use crate::manager::ReadWritePartitionIndexManager;
use crate::sync::SingleFlight;
use crate::types::{Message, SegmentOffset, Sequence};
use crate::writer::{Ack, Appended, Flusher, Writer};

pub use index_buffer::PartitionIndexWriterBuffer;

/// Where a writer is: shared by those who want to know without asking it.
#[derive(Debug, Default)]
pub struct WriterPositionPtr {
    position: Mutex<Option<(SegmentOffset, Sequence)>>,
}

impl WriterPositionPtr {
    /// Knows no position yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The address and the sequence of the newest message that the session wrote and made
    /// visible; `None` before the first.
    pub fn get(&self) -> Option<(SegmentOffset, Sequence)> {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, appended: &Appended) {
        let Some(offset) = appended.offsets.last() else { return };
        let newest = (*offset, appended.end() - 1);
        let mut position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        if position.is_none_or(|(_, sequence)| sequence < newest.1) {
            *position = Some(newest);
        }
    }
}

/// The writer of one partition, made from its directory. Making one touches nothing: the first
/// use takes the partition's lock, recovers it and returns the error.
pub struct PartitionBufferSet<W: World = Real> {
    topic: String,
    partition_id: u32,
    catalog: Arc<Catalog<W>>,
    write_ptr: Arc<WriterPositionPtr>,
    flusher: Arc<Flusher>,
    index: Arc<ReadWritePartitionIndexManager<W>>,
    writer: Mutex<Option<Writer<W>>>,
    opening: SingleFlight<StorageResult<Writer<W>>>,
}

impl PartitionBufferSet<Real> {
    /// A session in the process's world; see [`PartitionBufferSet::with_world`].
    ///
    /// # Errors
    /// `Invalid` where `dir` is not `conf.storage_dir`, a topic and a partition number.
    pub async fn new(
        dir: PathBuf,
        conf: Arc<DiskConfig>,
        write_ptr: Arc<WriterPositionPtr>,
        flusher: Arc<Flusher>,
    ) -> StorageResult<Self> {
        Self::with_world(Real::shared(), dir, conf, write_ptr, flusher)
    }
}

impl<W: World> PartitionBufferSet<W> {
    /// A session on the partition directory `dir`, which is `conf.storage_dir`, the topic's name
    /// and the partition's number. The topic is made, or widened, on first use where it has no
    /// such partition.
    ///
    /// # Errors
    /// `Invalid` where `dir` is anything else, or a setting is out of bounds.
    pub fn with_world(
        world: W,
        dir: PathBuf,
        conf: Arc<DiskConfig>,
        write_ptr: Arc<WriterPositionPtr>,
        flusher: Arc<Flusher>,
    ) -> StorageResult<Self> {
        conf.validate()?;
        let (topic, partition_id) =
            parse(&dir, &conf.storage_dir).ok_or_else(|| StorageError::Invalid {
                field: "dir",
                value: format!("{dir:?}"),
                remedy: format!("give {:?}/TOPIC/PARTITION", conf.storage_dir),
            })?;
        let catalog = Arc::new(Catalog::new(world, conf));
        let index = Arc::new(ReadWritePartitionIndexManager::of(catalog.clone()));
        Ok(Self {
            topic,
            partition_id,
            catalog,
            write_ptr,
            flusher,
            index,
            writer: Mutex::new(None),
            opening: SingleFlight::new(),
        })
    }

    /// Appends `messages`: returns once they are visible where `visible`, else once they are
    /// buffered.
    ///
    /// # Errors
    /// As [`Writer::append`], and on first use as [`Writer::open`].
    pub async fn write_batch(
        &self,
        messages: Vec<Message>,
        visible: bool,
    ) -> StorageResult<Appended> {
        let ack = if visible { Ack::Flushed } else { Ack::Buffered };
        let appended = self.writer().await?.append(messages, ack).await?;
        self.write_ptr.advance(&appended);
        Ok(appended)
    }

    /// Writes what is buffered, all of it or, unless `all`, only where it is due by the
    /// flusher's bytes; forces it to disk where `fsync`.
    pub async fn flush(&self, all: bool, fsync: bool) -> StorageResult<()> {
        let writer = self.writer().await?;
        if !all && !fsync && writer.buffered_bytes() < self.flusher.bytes() {
            return Ok(());
        }
        writer.flush(fsync).await
    }

    /// The session's index manager.
    pub fn get_read_write_index_manager(&self) -> Arc<ReadWritePartitionIndexManager<W>> {
        self.index.clone()
    }

    /// The writer behind the session, opened where it is not open.
    pub async fn writer(&self) -> StorageResult<Writer<W>> {
        let known = self.writer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(writer) = known {
            return Ok(writer);
        }
        self.opening.run(|| self.open()).await
    }

    async fn open(&self) -> StorageResult<Writer<W>> {
        if let Some(writer) = &*self.writer.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(writer.clone());
        }
        self.catalog.ensure_topic(&self.topic, self.partition_id).await?;
        let partition = self.catalog.partition(&self.topic, self.partition_id).await?;
        let writer = Writer::open(partition, self.flusher.clone()).await?;
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer.clone());
        Ok(writer)
    }

    /// See [`Writer::close`]; nothing where nothing was opened.
    pub async fn close(&self) -> StorageResult<()> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match writer {
            Some(writer) => writer.close().await,
            None => Ok(()),
        }
    }
}

fn parse(directory: &Path, storage_directory: &Path) -> Option<(String, u32)> {
    let inner = directory.strip_prefix(storage_directory).ok()?;
    let mut parts = inner.components().map(|part| part.as_os_str().to_str());
    let topic = parts.next()??.to_owned();
    let partition = parts.next()??.parse().ok()?;
    parts.next().is_none().then_some((topic, partition))
}
