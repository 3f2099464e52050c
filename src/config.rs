//! Settings of a storage directory and of the sessions on it.

use std::path::PathBuf;

use crate::error::{StorageError, StorageResult};
use crate::types::MESSAGE_BYTES_MAX;

/// When a message becomes visible to readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Visibility {
    /// Once the operating system has it: it survives the death of the process.
    #[default]
    Flushed,
    /// Once it was forced to disk: readers never see what a power loss could take back.
    Synced,
}

/// Settings. Every field has a default but the directory; [`DiskConfig::validate`] says which
/// value is out of bounds. Bounds are inclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskConfig {
    /// The directory of all topics; made where it does not exist.
    pub storage_dir: PathBuf,
    /// Index databases a topic: its partitions share them. 1 to 64. Fixed when a topic is made.
    pub partition_index_num_per_topic: u32,
    /// When a message becomes visible.
    pub visibility: Visibility,
    /// Largest encoded message, 1 KiB to [`MESSAGE_BYTES_MAX`].
    pub message_max_bytes: u32,
    /// Most bytes of messages that one frame takes from its queue, 4 KiB to 64 MiB; a larger
    /// batch makes a larger frame, since a batch is never divided.
    pub frame_max_bytes: u32,
    /// Size at which a segment is sealed and the next one begun, 4 KiB to 1 TiB.
    pub segment_max_bytes: u64,
    /// Total size of a partition's segments above which the oldest are trimmed; `None` keeps all.
    pub retention_max_bytes: Option<u64>,
    /// Age of a segment's newest message, by the engine's clock at its append, above which the
    /// segment is trimmed; `None` keeps all.
    pub retention_max_age_us: Option<u64>,
    /// Messages that are settled into the index at a time, 1 to 1,048,576.
    pub settle_chunk_entries: usize,
    /// Published messages a partition may hold unsettled before writers wait, at least
    /// `settle_chunk_entries`.
    pub tail_max_entries: usize,
    /// Memory in bytes that those may take before writers wait, at least 64 KiB.
    pub tail_max_bytes: usize,
    /// Memory in bytes that a writer's filter of settled ids may take, at most 1 GiB. It takes
    /// 3 to 24 bytes an id until then; beyond, settling asks the index about more and more
    /// ids that are new, which is slower. 0 asks about all.
    pub id_filter_max_bytes: usize,
    /// How long a writer waits for room in the tail before it gets an error.
    pub backpressure_max_us: u64,
    /// Buffered messages are written at the latest after this time.
    pub flush_period_us: u64,
    /// Buffered messages are written once they take this many bytes.
    pub flush_bytes: usize,
    /// Bytes that all batches under way in one partition may take, at least
    /// `message_max_bytes`: further appends wait.
    pub staged_max_bytes: usize,
    /// Bytes that a reader reads ahead in a partition, 4 KiB to 64 MiB.
    pub read_ahead_bytes: usize,
    /// Zeros written ahead of a segment's end where messages are forced to disk one batch at a
    /// time; 0 switches it off.
    pub fill_ahead_bytes: u64,
    /// An index database that nobody used for this long is closed.
    pub index_idle_us: u64,
}

impl DiskConfig {
    /// The defaults, for `storage_dir`.
    pub fn new(storage_dir: impl Into<PathBuf>) -> Self {
        Self {
            storage_dir: storage_dir.into(),
            partition_index_num_per_topic: 1,
            visibility: Visibility::Flushed,
            message_max_bytes: 8 << 20,
            frame_max_bytes: 1 << 20,
            segment_max_bytes: 256 << 20,
            retention_max_bytes: None,
            retention_max_age_us: None,
            settle_chunk_entries: 131_072,
            tail_max_entries: 1 << 20,
            tail_max_bytes: 256 << 20,
            id_filter_max_bytes: 128 << 20,
            backpressure_max_us: 30_000_000,
            flush_period_us: 10_000,
            flush_bytes: 256 << 10,
            staged_max_bytes: 64 << 20,
            read_ahead_bytes: 256 << 10,
            fill_ahead_bytes: 4 << 20,
            index_idle_us: 10_000_000,
        }
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// `Invalid`, naming the first field out of bounds, its value and the bounds.
    pub fn validate(&self) -> StorageResult<()> {
        within("partition_index_num_per_topic", self.partition_index_num_per_topic, 1, 64)?;
        within("message_max_bytes", self.message_max_bytes, 1 << 10, MESSAGE_BYTES_MAX)?;
        within("frame_max_bytes", self.frame_max_bytes, 4 << 10, 64 << 20)?;
        within("segment_max_bytes", self.segment_max_bytes, 4 << 10, 1 << 40)?;
        within("settle_chunk_entries", self.settle_chunk_entries, 1, 1 << 20)?;
        within("tail_max_entries", self.tail_max_entries, self.settle_chunk_entries, 1 << 28)?;
        within("tail_max_bytes", self.tail_max_bytes, 64 << 10, 1 << 40)?;
        within("id_filter_max_bytes", self.id_filter_max_bytes, 0, 1 << 30)?;
        within("backpressure_max_us", self.backpressure_max_us, 0, u64::MAX / 4)?;
        within("flush_period_us", self.flush_period_us, 1, u64::MAX / 4)?;
        within(
            "staged_max_bytes",
            self.staged_max_bytes,
            self.message_max_bytes as usize,
            1 << 40,
        )?;
        within("read_ahead_bytes", self.read_ahead_bytes, 4 << 10, 64 << 20)?;
        within("fill_ahead_bytes", self.fill_ahead_bytes, 0, 1 << 30)?;
        within("index_idle_us", self.index_idle_us, 1, u64::MAX / 4)
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    field: &'static str,
    value: T,
    least: T,
    most: T,
) -> StorageResult<()> {
    if value >= least && value <= most {
        return Ok(());
    }
    Err(StorageError::Invalid {
        field,
        value: value.to_string(),
        remedy: format!("give a value from {least} to {most}"),
    })
}
