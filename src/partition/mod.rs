//! One partition as the sessions of a process share it.

mod load;
mod scan;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::DiskConfig;
use crate::error::{StorageError, StorageResult};
use crate::index::PartitionIndex;
use crate::index::shard::Shard;
use crate::io::World;
use crate::log::{EpochHistory, ReadFiles, SegmentList, TopicInfo};
use crate::sync::SingleFlight;

pub(crate) use load::{build_state, check_start, list_segments};
pub use scan::ScanEnd;
pub(crate) use scan::{FrameSpan, Scan, scan_from};

/// The kind of the registry's entries.
const REGISTRY_KIND: &str = "partition";

/// A partition's place in the process. Writers and readers made from a path find each other
/// here: the reader reads the writer's tail.
pub struct Partition<W: World> {
    pub(crate) world: W,
    pub(crate) config: Arc<DiskConfig>,
    pub(crate) topic: TopicInfo,
    pub(crate) number: u32,
    pub(crate) directory: PathBuf,
    pub(crate) shard: Arc<Shard<W>>,
    /// Open files to read from: the process's, kept as long as a partition of it is in use.
    pub(crate) files: Arc<ReadFiles<W>>,
    current: Mutex<Option<Arc<PartitionState>>>,
    loading: SingleFlight<StorageResult<Arc<PartitionState>>>,
    /// The topic was deleted.
    retired: AtomicBool,
}

/// What is known of the partition's log and index: by its writer, or by reading the disk.
pub struct PartitionState {
    /// Positions and tail.
    pub index: PartitionIndex,
    /// The segment files.
    pub segments: SegmentList,
    /// The openings by a writer, the present one included.
    pub epochs: EpochHistory,
}

impl<W: World> Partition<W> {
    /// The process's entry for a partition of `topic` in `root`, the canonical directory.
    ///
    /// # Errors
    /// `NotFound` where the topic has no partition of that number.
    pub fn of(
        world: &W,
        config: &Arc<DiskConfig>,
        root: &Path,
        topic: &TopicInfo,
        number: u32,
    ) -> StorageResult<Arc<Self>> {
        if number >= topic.partition_count {
            return Err(StorageError::NotFound {
                what: format!(
                    "partition {number} of topic {:?}, which has {}",
                    topic.name.as_str(),
                    topic.partition_count
                ),
                remedy: "use a number below the topic's partition count",
            });
        }
        let topic_directory = TopicInfo::directory(root, &topic.name);
        let directory = topic_directory.join(number.to_string());
        let shard_directory = Shard::<W>::directory(&topic_directory, topic.shard(number));
        let shard = Shard::of(world, &shard_directory, config.index_idle_us);
        // A topic made again under the same name shares nothing with the deleted one.
        let key = directory.join(format!("{:032x}", topic.topic_id));
        let files = ReadFiles::of(world);
        Ok(world.registry().get_or_insert(REGISTRY_KIND, &key, || Self {
            world: world.clone(),
            config: config.clone(),
            topic: topic.clone(),
            number,
            directory,
            shard,
            files,
            current: Mutex::new(None),
            loading: SingleFlight::new(),
            retired: AtomicBool::new(false),
        }))
    }

    /// The newest state known to the process; read from disk where it knows none.
    pub async fn state(self: &Arc<Self>) -> StorageResult<Arc<PartitionState>> {
        if self.is_retired() {
            return Err(StorageError::Closed("the topic was deleted, its partition"));
        }
        if let Some(state) = self.current() {
            return Ok(state);
        }
        self.loading
            .run(|| {
                let this = self.clone();
                async move {
                    if let Some(state) = this.current() {
                        return Ok(state);
                    }
                    let loaded = match load::load(&this).await {
                        Ok(loaded) => loaded,
                        // A writer that opened meanwhile may have trimmed what was being read.
                        Err(error) => return this.current().ok_or(error),
                    };
                    let state = Arc::new(loaded);
                    let mut current = this.current.lock().unwrap_or_else(PoisonError::into_inner);
                    // A writer that opened meanwhile knows better.
                    Ok(current.get_or_insert(state).clone())
                }
            })
            .await
    }

    /// The newest state, where the process knows one.
    pub fn current(&self) -> Option<Arc<PartitionState>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What to go on with after `error`, which an attempt with `state` met: the newest state, where
    /// a writer that opened meanwhile knows better. It may have trimmed what `state` still lists.
    ///
    /// # Errors
    /// `error`, where no other attempt would help.
    pub(crate) async fn newer(
        self: &Arc<Self>,
        state: &Arc<PartitionState>,
        error: StorageError,
    ) -> StorageResult<Arc<PartitionState>> {
        if self.is_replaced(state) { self.state().await } else { Err(error) }
    }

    /// Whether a writer that opened since knows better than `state`.
    pub(crate) fn is_replaced(&self, state: &Arc<PartitionState>) -> bool {
        self.current().is_none_or(|newest| !Arc::ptr_eq(&newest, state))
    }

    /// The topic was deleted: nobody uses this entry any more.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.shard.close();
        self.files.forget(&self.directory);
        if let Some(state) = self.current() {
            state.index.marks.on_high_watermark().wake_all();
        }
    }

    /// Whether the topic was deleted.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    /// A writer opened: what it found is the state from here on.
    pub(crate) fn replace(&self, state: Arc<PartitionState>) {
        let before = self.current.lock().unwrap_or_else(PoisonError::into_inner).replace(state);
        if let Some(before) = before {
            before.index.marks.on_high_watermark().wake_all();
        }
    }

    /// Returns once `state` is no longer the newest, or messages at or above `next` are visible.
    pub async fn wait_beyond(&self, state: &Arc<PartitionState>, next: u64) {
        state
            .index
            .marks
            .on_high_watermark()
            .wait_until(|| {
                let stale = self.is_replaced(state);
                (stale || self.is_retired() || state.index.marks.high_watermark() > next)
                    .then_some(())
            })
            .await;
    }
}
