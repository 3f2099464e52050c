//! The read instance that the sessions of a process share.

mod instance;
#[cfg(all(test, not(feature = "rocks")))]
mod tests;
mod turns;

use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::chain;
use super::coverage::Covered;
use crate::error::StorageResult;
use crate::io::{Family, IndexBackend, IndexError, World};
use crate::planted;
use crate::types::{SegmentOffset, Sequence};

pub(super) use instance::{Instance, Reader};
use turns::{Turn, Turns};

/// What is tried, in this order, for an instance that lacks what it must hold. A catch-up may
/// return without having brought all that was there when it began; the next one has been seen to
/// bring it. Where even that does not help, or the instance has failed for good, a new one does.
const REMEDIES: [Remedy; 5] =
    [Remedy::CatchUp, Remedy::CatchUp, Remedy::Reopen, Remedy::CatchUp, Remedy::CatchUp];

/// How often an instance is opened, where that fails: the primary removes files while it opens.
const OPENINGS_MAX: u32 = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Remedy {
    CatchUp,
    Reopen,
}

/// Counts of one slot since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecondaryStats {
    /// Instances opened.
    pub opens: u64,
    /// Of those, how many took the place of one that lacked something or had failed.
    pub reopens: u64,
    /// Openings that failed.
    pub failed_opens: u64,
    /// Catch-ups that returned, with success or without.
    pub catch_ups: u64,
    /// Catch-ups that returned with success and without what was settled when they began.
    pub gaps: u64,
    /// Instances closed because nobody used them.
    pub idle_closes: u64,
}

impl AddAssign for SecondaryStats {
    fn add_assign(&mut self, other: Self) {
        self.opens += other.opens;
        self.reopens += other.reopens;
        self.failed_opens += other.failed_opens;
        self.catch_ups += other.catch_ups;
        self.gaps += other.gaps;
        self.idle_closes += other.idle_closes;
    }
}

#[derive(Debug, Default)]
struct Counts {
    opens: AtomicU64,
    reopens: AtomicU64,
    failed_opens: AtomicU64,
    catch_ups: AtomicU64,
    gaps: AtomicU64,
    idle_closes: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The place of one database's read instance in a process: opened by the first lookup that needs
/// it, shared by all, caught up by one lookup for all that wait, replaced when it fails.
pub struct SecondarySlot<W: World> {
    world: W,
    directory: PathBuf,
    idle_us: u64,
    held: Arc<Held<W>>,
    turns: Turns,
    /// What a mistake passes off as fresh.
    #[cfg(feature = "planted")]
    pub(super) frozen: Mutex<Option<Arc<super::frozen::FrozenIndex<W>>>>,
}

/// What the job that closes an idle instance sees of the slot.
struct Held<W: World> {
    instance: Mutex<Option<Arc<Instance<W>>>>,
    counts: Counts,
}

impl<W: World> Held<W> {
    fn slot(&self) -> MutexGuard<'_, Option<Arc<Instance<W>>>> {
        self.instance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of an instance that nobody uses and nobody has used for `idle_us`.
    fn close_idle(&self, now_us: u64, idle_us: u64) -> bool {
        let idle = self.slot().take_if(|instance| {
            let unused_us = now_us.saturating_sub(instance.used_us());
            Arc::strong_count(instance) == 1 && unused_us >= idle_us
        });
        if idle.is_some() {
            count(&self.counts.idle_closes);
        }
        idle.is_some()
    }
}

/// An instance that holds what a lookup needs of a partition, and what that took.
pub(super) struct Covering<W: World> {
    pub(super) instance: Arc<Instance<W>>,
    pub(super) before: Sequence,
    pub(super) covered: Covered,
    pub(super) spent: Spent,
    pub(super) reopened: bool,
}

/// What catching up took of a lookup.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent {
    pub(super) catch_ups: u32,
    pub(super) wait_us: u64,
    /// Of that, in catch-ups that this lookup made for all.
    pub(super) own_us: u64,
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.catch_ups += other.catch_ups;
        self.wait_us += other.wait_us;
        self.own_us += other.own_us;
    }
}

impl<W: World> SecondarySlot<W> {
    /// An empty slot for the database in `directory`; opens nothing. An instance that nobody has
    /// used for `idle_us` microseconds is closed; never, where that is `u64::MAX`.
    pub fn new(world: W, directory: PathBuf, idle_us: u64) -> Self {
        let held = Arc::new(Held { instance: Mutex::new(None), counts: Counts::default() });
        Self {
            world,
            directory,
            idle_us,
            held,
            turns: Turns::default(),
            #[cfg(feature = "planted")]
            frozen: Mutex::default(),
        }
    }

    /// The world it lives in.
    pub fn world(&self) -> &W {
        &self.world
    }

    /// The database's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<Instance<W>>>> {
        self.held.slot()
    }

    fn at_hand(&self) -> Option<Arc<Instance<W>>> {
        let instance = self.slot().clone()?;
        instance.touch(self.world.monotonic_us());
        Some(instance)
    }

    /// Whether there is an instance.
    pub fn is_open(&self) -> bool {
        self.slot().is_some()
    }

    /// When the instance was last used; 0 where there is none.
    pub(super) fn used_us(&self) -> u64 {
        self.slot().as_ref().map_or(0, |instance| instance.used_us())
    }

    /// What was counted so far.
    pub fn stats(&self) -> SecondaryStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SecondaryStats {
            opens: read(&self.held.counts.opens),
            reopens: read(&self.held.counts.reopens),
            failed_opens: read(&self.held.counts.failed_opens),
            catch_ups: read(&self.held.counts.catch_ups),
            gaps: read(&self.held.counts.gaps),
            idle_closes: read(&self.held.counts.idle_closes),
        }
    }

    /// Lets go of an instance that no lookup is using and none has used for `idle_us`. Returns
    /// whether there was one.
    pub fn close_idle(&self, idle_us: u64) -> bool {
        self.held.close_idle(self.world.monotonic_us(), idle_us)
    }

    /// Closes the instance where no lookup is using it; how many are still held.
    pub fn close(&self) -> usize {
        let mut slot = self.slot();
        let unused = slot.take_if(|instance| Arc::strong_count(instance) == 1);
        let still_held = usize::from(slot.is_some());
        drop(slot);
        drop(unused);
        still_held
    }

    /// What the instance at hand is known to hold of `partition`; nothing where there is none.
    pub fn known(&self, partition: u32) -> Covered {
        let instance = self.slot().clone();
        instance.map(|instance| instance.coverage(partition).known()).unwrap_or_default()
    }

    /// The instance, opened where there is none.
    pub(super) async fn instance(&self) -> Result<Arc<Instance<W>>, IndexError> {
        loop {
            if let Some(instance) = self.at_hand() {
                return Ok(instance);
            }
            match self.turns.next().await {
                // Somebody was faster: the slot is looked at again.
                Turn::Follow(outcome) => outcome?,
                Turn::Lead(lead) if self.is_open() => drop(lead),
                Turn::Lead(lead) => {
                    let opened = self.open().await;
                    lead.end(opened.as_ref().map(|_| ()).map_err(IndexError::clone));
                    return opened;
                }
            }
        }
    }

    async fn open(&self) -> Result<Arc<Instance<W>>, IndexError> {
        let opened = self.open_reader().await?;
        count(&self.held.counts.opens);
        let instance = Arc::new(Instance::new(opened, self.world.monotonic_us()));
        *self.slot() = Some(instance.clone());
        self.close_when_idle(&instance);
        Ok(instance)
    }

    async fn open_reader(&self) -> Result<Reader<W>, IndexError> {
        let mut tries = 1;
        loop {
            let private = self.private_directory();
            match self.world.index().open_secondary(&self.directory, &private).await {
                Ok(opened) => return Ok(opened),
                Err(error) => {
                    count(&self.held.counts.failed_opens);
                    if tries == OPENINGS_MAX {
                        return Err(error);
                    }
                    tries += 1;
                    tracing::warn!(%error, "a secondary did not open, and is opened again");
                }
            }
        }
    }

    /// A place for an instance's own files, beside the database.
    fn private_directory(&self) -> PathBuf {
        let generation = self.directory.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{generation}.secondary-{:016x}", self.world.entropy());
        self.directory.with_file_name(name)
    }

    /// Starts a job that ends with the instance.
    fn close_when_idle(&self, instance: &Arc<Instance<W>>) {
        let idle_us = self.idle_us;
        if idle_us == u64::MAX {
            return;
        }
        let (world, held) = (self.world.clone(), Arc::downgrade(&self.held));
        let kept = planted!(&world, SecondaryKept).then(|| instance.clone());
        let instance = Arc::downgrade(instance);
        self.world.spawn("close idle secondary", async move {
            let _kept = kept;
            loop {
                world.sleep(idle_us).await;
                let slot = held.upgrade().filter(|_| instance.strong_count() > 0);
                let Some(slot) = slot else { return };
                slot.close_idle(world.monotonic_us(), idle_us);
            }
        });
    }

    /// Where the settled part of a partition ends, and the place of a frame at or below its last
    /// message, to read the log from. 0 where there is no database: then the log has it all.
    ///
    /// # Errors
    /// [`StorageError::Index`](crate::StorageError::Index) where the database fails.
    pub async fn settled_end(
        &self,
        partition: u32,
    ) -> StorageResult<(Sequence, Option<SegmentOffset>)> {
        let instance = match self.instance().await {
            Ok(instance) => instance,
            Err(error) => {
                tracing::debug!(%error, "the log is read from its start");
                return Ok((0, None));
            }
        };
        let covered = instance.extend(partition).await?;
        let Some(last) = covered.chunk_count.checked_sub(1) else {
            return Ok((covered.to, None));
        };
        let family = Family::ByPosition;
        let marker = chain::marker(instance.reader(), family, partition, last).await?;
        let place = marker.and_then(|marker| marker.waypoint(covered.to - 1));
        Ok((covered.to, place.map(|place| place.offset())))
    }

    /// Lets go of `broken`, where the slot still holds it, so that the next use opens another.
    pub(super) fn replace(&self, broken: &Arc<Instance<W>>) {
        let gone = self.slot().take_if(|instance| Arc::ptr_eq(instance, broken));
        if gone.is_some() {
            count(&self.held.counts.reopens);
        }
    }

    /// Waits for a catch-up of `instance` that began after this call.
    async fn catch_up(&self, instance: &Instance<W>, spent: &mut Spent) -> Result<(), IndexError> {
        let asked_us = self.world.monotonic_us();
        spent.catch_ups += 1;
        let outcome = match instance.turns().next().await {
            Turn::Follow(outcome) => outcome,
            Turn::Lead(lead) => {
                let begun_us = self.world.monotonic_us();
                let outcome = instance.catch_up().await;
                count(&self.held.counts.catch_ups);
                lead.end(outcome.clone());
                spent.own_us += self.world.monotonic_us().saturating_sub(begun_us);
                outcome
            }
        };
        spent.wait_us += self.world.monotonic_us().saturating_sub(asked_us);
        outcome
    }

    /// Waits for the end of a catch-up that is under way. It may bring what is needed, and a read
    /// beside it may wait for it all the same, with its thread.
    async fn sit_out(&self, instance: &Instance<W>, spent: &mut Spent) {
        let asked_us = self.world.monotonic_us();
        if instance.turns().under_way().await {
            spent.catch_ups += 1;
            spent.wait_us += self.world.monotonic_us().saturating_sub(asked_us);
        }
    }

    /// An instance that holds all below `need` of `partition`.
    ///
    /// An error where no remedy brings it there.
    pub(super) async fn covering(
        &self,
        partition: u32,
        need: Sequence,
    ) -> Result<Covering<W>, IndexError> {
        let mut instance = self.instance().await?;
        let before = instance.coverage(partition).known();
        let (mut covered, mut spent, mut reopened) = (before, Spent::default(), false);
        if covered.to < need {
            self.sit_out(&instance, &mut spent).await;
        }
        let mut remedies = REMEDIES.into_iter();
        let (mut outcome, mut caught_up) = (Ok(()), false);
        let mut failure = None;
        loop {
            if outcome.is_ok() && covered.to < need {
                // Another lookup's catch-up may have brought it.
                outcome = instance.extend(partition).await.map(|found| covered = found);
            }
            if outcome.is_ok() && covered.to >= need {
                let before = before.to;
                return Ok(Covering { instance, before, covered, spent, reopened });
            }
            if outcome.is_ok() && caught_up {
                count(&self.held.counts.gaps);
            }
            let is_sticky = outcome.as_ref().is_err_and(|error| error.sticky);
            let fits = |remedy: &Remedy| !is_sticky || *remedy == Remedy::Reopen;
            // A failure says more than what is missing for it.
            failure = outcome.err().or(failure);
            let Some(remedy) = remedies.find(fits) else {
                return Err(failure.unwrap_or_else(|| self.lacks(partition, need, covered)));
            };
            caught_up = remedy == Remedy::CatchUp;
            if caught_up && planted!(&self.world, CatchUpSkipped) {
                (covered.to, outcome) = (need, Ok(()));
                continue;
            }
            outcome = match remedy {
                Remedy::CatchUp => self.catch_up(&instance, &mut spent).await,
                Remedy::Reopen => {
                    self.replace(&instance);
                    instance = self.instance().await?;
                    covered = instance.coverage(partition).known();
                    reopened = true;
                    Ok(())
                }
            };
        }
    }

    fn lacks(&self, partition: u32, need: Sequence, covered: Covered) -> IndexError {
        let to = covered.to;
        IndexError {
            path: self.directory.clone(),
            what: format!(
                "it holds partition {partition} up to {to}, and should up to {need}, even when \
                 opened anew: rebuild the index from the log"
            ),
            sticky: false,
        }
    }
}
