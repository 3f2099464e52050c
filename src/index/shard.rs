//! One index database as the sessions of a process share it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::error::StorageResult;
use crate::io::{
    IndexBackend, IndexError, IndexOptions, IndexPrimary, SortedRuns, World, make_directories,
};
use crate::sync::SingleFlight;
use crate::types::Sequence;

use super::secondary::{SecondarySlot, SecondaryStats};
use super::trim::trim_filter;

/// The kind of the registry's entries.
pub(crate) const REGISTRY_KIND: &str = "index";

/// Databases that a process keeps open at the same time, held ones apart: each takes descriptors
/// for its files in both instances, and a process has about a thousand.
const OPEN_COUNT_MAX: usize = 24;

/// The index instances of a process below one directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexInstances {
    /// Primaries that are open.
    pub primary_count: usize,
    /// Secondaries that are open.
    pub secondary_count: usize,
    /// What the secondaries did, those included that are closed by now; forgotten with the last
    /// user of their database.
    pub secondaries: SecondaryStats,
}

/// How often it is looked whether an instance that failed for good is still held, and how long at
/// most.
const REPLACED_LOOK_US: u64 = 1_000;
const REPLACED_WAIT_MAX_US: u64 = 10_000_000;

type Primary<W> = <<W as World>::Index as IndexBackend>::Primary;

/// The primary and the secondary of one (topic, shard). The primary is opened to settle, the
/// secondary on the first lookup; both are closed when nobody used them for a while.
pub struct Shard<W: World> {
    world: W,
    directory: PathBuf,
    /// What lookups read through.
    pub secondary: SecondarySlot<W>,
    idle_us: u64,
    primary: Mutex<Option<OpenPrimary<W>>>,
    /// An instance that failed for good, while somebody may still hold it.
    replaced: Mutex<Weak<Primary<W>>>,
    opening: SingleFlight<StorageResult<Arc<Primary<W>>>>,
    /// Where the log of each partition begins, for compaction.
    log_starts: Arc<LogStarts>,
    /// Partitions that are about to settle more.
    expecting: Mutex<BTreeSet<u32>>,
}

/// Where the logs of partitions begin, as far as retention dropped anything.
#[derive(Default)]
struct LogStarts {
    /// Compaction asks about every entry: where nothing was ever dropped, it takes no lock.
    is_any: AtomicBool,
    of_partitions: Mutex<BTreeMap<u32, Sequence>>,
}

impl LogStarts {
    fn note(&self, partition: u32, log_start: Sequence) {
        let mut starts = self.of_partitions.lock().unwrap_or_else(PoisonError::into_inner);
        let known = starts.entry(partition).or_default();
        *known = log_start.max(*known);
        if log_start > 0 {
            self.is_any.store(true, Ordering::Release);
        }
    }

    fn of(&self, partition: u32) -> Sequence {
        if !self.is_any.load(Ordering::Acquire) {
            return 0;
        }
        let starts = self.of_partitions.lock().unwrap_or_else(PoisonError::into_inner);
        starts.get(&partition).copied().unwrap_or(0)
    }
}

struct OpenPrimary<W: World> {
    instance: Arc<Primary<W>>,
    used_us: u64,
}

impl<W: World> Shard<W> {
    /// Where the database of a topic's shard lies.
    pub fn directory(topic_directory: &Path, shard: u32) -> PathBuf {
        topic_directory.join("index").join(shard.to_string()).join("0")
    }

    /// The process's entry for the database at `directory`, which need not exist yet.
    pub fn of(world: &W, directory: &Path, idle_us: u64) -> Arc<Self> {
        world.registry().get_or_insert(REGISTRY_KIND, directory, || Self {
            world: world.clone(),
            directory: directory.to_owned(),
            secondary: SecondarySlot::new(world.clone(), directory.to_owned(), idle_us),
            idle_us,
            primary: Mutex::new(None),
            replaced: Mutex::new(Weak::new()),
            opening: SingleFlight::new(),
            log_starts: Arc::default(),
            expecting: Mutex::default(),
        })
    }

    /// What the process has open at and below `root`, the canonical directory.
    pub fn instances_below(world: &W, root: &Path) -> IndexInstances {
        let mut instances = IndexInstances::default();
        for (path, shard) in world.registry().list::<Self>(REGISTRY_KIND) {
            if path.starts_with(root) {
                instances.primary_count += usize::from(shard.primary_is_open());
                instances.secondary_count += usize::from(shard.secondary.is_open());
                instances.secondaries += shard.secondary.stats();
            }
        }
        instances
    }

    /// Where the database lies.
    pub fn path(&self) -> &Path {
        &self.directory
    }

    /// The primary, opened where it is not open, the database made where there is none. Let go
    /// of it soon: it is closed only while nobody holds it.
    ///
    /// # Errors
    /// `Index` where another process has it, or it does not open.
    pub async fn primary(self: &Arc<Self>) -> StorageResult<Arc<Primary<W>>> {
        self.make_room();
        if let Some(instance) = self.take_up() {
            return Ok(instance);
        }
        self.opening
            .run(|| {
                let this = self.clone();
                async move { this.open_primary().await }
            })
            .await
    }

    /// Settles `runs` through `primary`, an instance that [`Shard::primary`] gave. Where it failed
    /// for good, the next use opens another one.
    ///
    /// # Errors
    /// As [`IndexPrimary::settle`].
    pub async fn settle(
        &self,
        primary: &Arc<Primary<W>>,
        runs: SortedRuns,
    ) -> Result<(), IndexError> {
        let settled = primary.settle(runs).await;
        if let Err(error) = &settled
            && error.sticky
        {
            tracing::warn!(%error, "the index is opened anew to settle");
            self.replace(primary);
        }
        settled
    }

    /// Notes whether a partition is about to settle more, and tells the primary, where it is open,
    /// whether any of its partitions is.
    pub async fn expect_more(&self, partition: u32, is_more: bool) {
        let is_any = {
            let mut expecting = self.expecting.lock().unwrap_or_else(PoisonError::into_inner);
            if is_more {
                expecting.insert(partition)
            } else {
                expecting.remove(&partition)
            };
            !expecting.is_empty()
        };
        let primary = {
            let slot = self.primary.lock().unwrap_or_else(PoisonError::into_inner);
            slot.as_ref().map(|open| open.instance.clone())
        };
        if let Some(primary) = primary
            && let Err(error) = primary.expect_more(is_any).await
        {
            // Only a matter of when files are merged.
            tracing::warn!(%error, "the index goes on merging as it did");
        }
    }

    /// Lets go of `broken`, where it is still at hand.
    fn replace(&self, broken: &Arc<Primary<W>>) {
        let mut slot = self.primary.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = slot.take_if(|open| Arc::ptr_eq(&open.instance, broken));
        drop(slot);
        if let Some(gone) = gone {
            let mut replaced = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
            *replaced = Arc::downgrade(&gone.instance);
        }
    }

    /// Returns once nobody holds an instance that failed for good: no other one opens before. Its
    /// holders have a call under way that fails as well; they are waited for a while.
    async fn replaced_is_gone(&self) {
        let mut waited_us = 0;
        let is_held = || {
            let replaced = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
            replaced.strong_count() > 0
        };
        while is_held() && waited_us < REPLACED_WAIT_MAX_US {
            self.world.sleep(REPLACED_LOOK_US).await;
            waited_us += REPLACED_LOOK_US;
        }
    }

    /// The database is about to be used. Where it has to be opened for that and many are open,
    /// those that nobody has used for longest are closed.
    pub fn make_room(&self) {
        if self.secondary.is_open() || self.primary_is_open() {
            return;
        }
        let mut open: Vec<_> = self.world.registry().list::<Self>(REGISTRY_KIND);
        open.retain(|(_, shard)| shard.primary_is_open() || shard.secondary.is_open());
        let Some(excess) = (open.len() + 1).checked_sub(OPEN_COUNT_MAX) else { return };
        open.sort_by_key(|(_, shard)| shard.used_us());
        for (_, shard) in open.iter().take(excess) {
            shard.close();
        }
    }

    /// When either instance was last asked for.
    fn used_us(&self) -> u64 {
        let slot = self.primary.lock().unwrap_or_else(PoisonError::into_inner);
        let primary_us = slot.as_ref().map_or(0, |open| open.used_us);
        drop(slot);
        primary_us.max(self.secondary.used_us())
    }

    fn take_up(&self) -> Option<Arc<Primary<W>>> {
        let mut slot = self.primary.lock().unwrap_or_else(PoisonError::into_inner);
        let open = slot.as_mut()?;
        open.used_us = self.world.monotonic_us();
        Some(open.instance.clone())
    }

    async fn open_primary(self: &Arc<Self>) -> StorageResult<Arc<Primary<W>>> {
        if let Some(instance) = self.take_up() {
            return Ok(instance);
        }
        self.replaced_is_gone().await;
        let topic_directory = self.directory.ancestors().nth(3).unwrap_or(&self.directory);
        make_directories(&self.world, &self.directory, topic_directory).await?;
        // Compaction drops what retention dropped; a partition that nobody uses keeps it.
        let starts = self.log_starts.clone();
        let trimmed = trim_filter(move |partition| starts.of(partition));
        let options = IndexOptions { trimmed: Some(trimmed) };
        let instance = Arc::new(self.world.index().open_primary(&self.directory, options).await?);
        let used_us = self.world.monotonic_us();
        let open = OpenPrimary { instance: instance.clone(), used_us };
        *self.primary.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
        self.close_when_idle();
        Ok(instance)
    }

    /// Notes that retention dropped what is below `log_start`; it never goes back.
    pub fn note_log_start(&self, partition: u32, log_start: Sequence) {
        self.log_starts.note(partition, log_start);
    }

    fn close_when_idle(self: &Arc<Self>) {
        let this = Arc::downgrade(self);
        let world = self.world.clone();
        let idle_us = self.idle_us;
        self.world.spawn("close idle index", async move {
            loop {
                world.sleep(idle_us).await;
                match this.upgrade() {
                    Some(shard) if !shard.close_idle() => {}
                    _ => return,
                }
            }
        });
    }

    /// Closes the primary where nobody used it for the idle time; whether it is closed.
    fn close_idle(&self) -> bool {
        let now_us = self.world.monotonic_us();
        let mut slot = self.primary.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = slot.as_ref().is_none_or(|open| {
            Arc::strong_count(&open.instance) == 1 && now_us >= open.used_us + self.idle_us
        });
        let closed = if idle { slot.take() } else { None };
        drop(slot);
        drop(closed);
        idle
    }

    /// Closes both instances where nobody holds them; how many are still held.
    pub fn close(&self) -> usize {
        let mut slot = self.primary.lock().unwrap_or_else(PoisonError::into_inner);
        let held = slot.as_ref().is_some_and(|open| Arc::strong_count(&open.instance) > 1);
        let closed = if held { None } else { slot.take() };
        drop(slot);
        drop(closed);
        usize::from(held) + self.secondary.close()
    }

    /// Whether the primary is open.
    pub fn primary_is_open(&self) -> bool {
        self.primary.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

#[cfg(all(test, not(feature = "rocks")))]
mod tests;
