//! The lookup over tail and settled part.
//!
//! The order of its steps is what makes an answer complete:
//!
//! 1. Load the high watermark `H`. All below it was in the tail before, or had been settled.
//! 2. Pin the tail; it begins at `S`. What is settled later stays in this view of it.
//! 3. Have an instance that covers `S` (or `H`, where that is lower): all below was settled
//!    before the tail let it go.
//! 4. Read the instance; drop what is not below `S`, which the tail answers, or is trimmed.
//! 5. Add what the tail holds below `H`.
//!
//! Where nothing is settled that is not trimmed, no instance is needed, and there may be none.

#[cfg(all(test, not(feature = "rocks")))]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use super::entry::FrameStart;
use super::mark_history::MarkHistory;
use super::query::{Answer, Freshness, LookupReport, LookupStages, Query};
use super::question::{LatestOf, Question};
use super::secondary::{Covering, Reader, SecondarySlot};
use super::settled::Settled;
use super::tail::{Tail, TailView};
use super::value::RecordValue;
use crate::error::{StorageError, StorageResult};
use crate::io::{IndexError, World};
use crate::planted;
use crate::sync::{Marks, StageTimes, Stopwatch};
use crate::types::{MessageMeta, Position, Sequence};

/// What the lookups of one partition share with its writer, or with who rebuilds the tail of
/// another process's writer.
#[derive(Debug)]
pub struct PartitionIndex {
    /// The partition's number.
    pub partition: u32,
    /// Its marks.
    pub marks: Arc<Marks>,
    /// Its tail.
    pub tail: Tail,
    history: MarkHistory,
    times: StageTimes<4>,
}

/// The stages of [`LookupStages`], in their order.
#[derive(Clone, Copy)]
enum Stage {
    Pinned,
    TailRead,
    Covered,
    SettledRead,
}

/// The marks and the tail, taken in the order of the steps.
struct Pinned {
    high_watermark: Sequence,
    view: TailView,
    /// What is trimmed during the lookup may be in its answer.
    log_start: Sequence,
}

impl Pinned {
    /// Below it, the settled part answers.
    fn settled_end(&self) -> Sequence {
        self.view.start().min(self.high_watermark)
    }

    /// What the settled part answers.
    fn settled(&self) -> Range<Sequence> {
        self.log_start..self.settled_end()
    }

    fn visible(&self) -> Range<Sequence> {
        self.log_start..self.high_watermark
    }
}

impl PartitionIndex {
    /// The index of `partition`. `tail` must hold what `marks` publish and the index database
    /// does not: an entry is pushed before the high watermark passes it, and released after it
    /// was settled.
    pub fn new(partition: u32, marks: Arc<Marks>, tail: Tail) -> Self {
        let (history, times) = (MarkHistory::default(), StageTimes::default());
        Self { partition, marks, tail, history, times }
    }

    /// Where the time of lookups went.
    pub fn lookup_stages(&self) -> LookupStages {
        let [pinned, tail_read, covered, settled_read] = self.times.snapshot();
        LookupStages { pinned, tail_read, covered, settled_read }
    }

    fn pin(&self) -> Pinned {
        let high_watermark = self.marks.high_watermark();
        let view = self.tail.pin();
        Pinned { high_watermark, view, log_start: self.marks.log_start() }
    }

    /// Answers `query` from the tail and the database that `slot` reads.
    ///
    /// # Errors
    /// [`StorageError::PositionLost`] where [`Freshness::AtLeast`] names a sequence above the
    /// high watermark. [`StorageError::Index`] where the database fails or lacks what was
    /// settled, even when opened anew.
    pub async fn lookup<W: World>(
        &self,
        slot: &SecondarySlot<W>,
        query: &Query,
        freshness: Freshness,
    ) -> StorageResult<Answer> {
        #[cfg(feature = "planted")]
        {
            let world = slot.world();
            if planted!(world, FrozenAsFresh) && !self.pin().settled().is_empty() {
                return super::frozen::as_fresh(slot, self, query).await;
            }
        }
        let (found, mut report) = self.ask(slot, query, freshness).await?;
        let is_tail = |meta: &&MessageMeta| meta.sequence >= report.tail_start;
        let from_tail = found.iter().filter(is_tail).count();
        report.from_tail = count_u32(from_tail);
        report.from_settled = count_u32(found.len() - from_tail);
        Ok(Answer { found, report })
    }

    /// Where the latest visible message of `id` is: what [`PartitionIndex::lookup`] answers to
    /// [`Query::Id`] when it is fresh, for who wants no more than that.
    ///
    /// # Errors
    /// As [`PartitionIndex::lookup`].
    pub async fn latest<W: World>(
        &self,
        slot: &SecondarySlot<W>,
        id: &str,
    ) -> StorageResult<Option<RecordValue>> {
        Ok(self.ask(slot, &LatestOf(id), Freshness::Fresh).await?.0)
    }

    /// The steps of a lookup. The report does not say yet where what was found came from.
    async fn ask<W: World, Q: Question>(
        &self,
        slot: &SecondarySlot<W>,
        question: &Q,
        freshness: Freshness,
    ) -> StorageResult<(Q::Found, LookupReport)> {
        let world = slot.world();
        let now_us = || world.monotonic_us();
        let mut watch = Stopwatch::start(self.times.begins_sampled(), now_us);
        let mut lap = |stage: Stage| watch.lap(&self.times, stage as usize, now_us);
        let pinned = self.pin();
        lap(Stage::Pinned);
        self.check(freshness, &pinned)?;
        // Below the log's start there is nothing to hold.
        let held = |covered: Sequence| covered.max(pinned.log_start);
        let report = LookupReport {
            high_watermark: pinned.high_watermark,
            visible: pinned.high_watermark,
            tail_start: pinned.view.start(),
            ..LookupReport::default()
        };
        let from_tail = question.of_tail(&pinned.view, &pinned.visible());
        lap(Stage::TailRead);
        if pinned.settled().is_empty() {
            let known = held(slot.known(self.partition).to);
            let report = LookupReport { coverage_before: known, coverage: known, ..report };
            return Ok((question.merge(from_tail, None), report));
        }
        let unchecked = planted!(world, CoverageUnchecked);
        let need = if unchecked { 0 } else { self.need(slot, freshness, &pinned) };
        let mut attempt = Attempt::first(slot, self.partition, need).await?;
        lap(Stage::Covered);
        let is_answered = question.is_answered(&from_tail);
        let from_settled = loop {
            if is_answered && attempt.covering.covered.to >= pinned.settled_end() {
                break None;
            }
            match question.of_settled(&attempt.settled(), &pinned.settled()).await {
                Err(error) => attempt = attempt.next(error).await?,
                Ok(found) => break Some(found),
            }
        };
        lap(Stage::SettledRead);
        let covering = attempt.covering;
        let mut report = LookupReport {
            coverage_before: held(covering.before),
            coverage: held(covering.covered.to),
            catch_ups: covering.spent.catch_ups,
            catch_up_wait_us: covering.spent.wait_us,
            catch_up_own_us: covering.spent.own_us,
            reopened: covering.reopened,
            ..report
        };
        let is_whole = unchecked || covering.covered.to >= pinned.settled_end();
        if is_whole {
            return Ok((question.merge(from_tail, from_settled), report));
        }
        // Without what lies between, the tail would show messages behind a hole.
        report.visible = report.coverage;
        let nothing = question.of_tail(&pinned.view, &(0..0));
        Ok((question.merge(nothing, from_settled), report))
    }

    /// The frame that holds `sequence`, for a reader that begins there; `None` where it is not
    /// visible or was trimmed.
    ///
    /// # Errors
    /// As [`PartitionIndex::lookup`].
    pub async fn place_of<W: World>(
        &self,
        slot: &SecondarySlot<W>,
        sequence: Sequence,
    ) -> StorageResult<Option<FrameStart>> {
        let pinned = self.pin();
        if !pinned.visible().contains(&sequence) {
            return Ok(None);
        }
        if sequence >= pinned.view.start() {
            return Ok(pinned.view.place_of(sequence, pinned.high_watermark));
        }
        let mut attempt = Attempt::first(slot, self.partition, sequence + 1).await?;
        loop {
            match attempt.settled().place_of(sequence, &pinned.settled()).await {
                Err(error) => attempt = attempt.next(error).await?,
                Ok(place) => return Ok(place),
            }
        }
    }

    fn check(&self, freshness: Freshness, pinned: &Pinned) -> StorageResult<()> {
        match freshness {
            Freshness::AtLeast(given) if given.sequence > pinned.high_watermark => {
                let at = |sequence| Position { epoch: given.epoch, sequence };
                let (earliest, next) = (at(pinned.log_start), at(pinned.high_watermark));
                Err(StorageError::PositionLost { given, earliest, next })
            }
            _ => Ok(()),
        }
    }

    /// What the instance must cover.
    fn need<W: World>(
        &self,
        slot: &SecondarySlot<W>,
        freshness: Freshness,
        pinned: &Pinned,
    ) -> Sequence {
        let need = match freshness {
            Freshness::Fresh => pinned.settled_end(),
            Freshness::AtLeast(position) => position.sequence,
            Freshness::Bounded { age_us } => {
                let now_us = slot.world().monotonic_us();
                self.history.need(age_us, now_us, pinned.high_watermark)
            }
            Freshness::Any => 0,
        };
        // Who covers that has the tail for the rest.
        need.min(pinned.settled_end())
    }
}

fn count_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Reads of an instance that covers what is needed; once more, of another instance, where the
/// first fails for good meanwhile.
struct Attempt<'a, W: World> {
    slot: &'a SecondarySlot<W>,
    partition: u32,
    need: Sequence,
    covering: Covering<W>,
    is_last: bool,
}

impl<'a, W: World> Attempt<'a, W> {
    async fn first(
        slot: &'a SecondarySlot<W>,
        partition: u32,
        need: Sequence,
    ) -> Result<Self, IndexError> {
        let covering = slot.covering(partition, need).await?;
        Ok(Self { slot, partition, need, covering, is_last: false })
    }

    fn settled(&self) -> Settled<'_, Reader<W>> {
        Settled::new(self.covering.instance.reader(), self.partition, self.covering.covered)
    }

    /// What to do about `error`: it comes back where another attempt would not help.
    async fn next(self, error: IndexError) -> Result<Self, IndexError> {
        let Self { slot, partition, need, covering: before, is_last } = self;
        if is_last || !error.sticky {
            return Err(error);
        }
        tracing::warn!(%error, "the index is opened anew");
        slot.replace(&before.instance);
        let mut covering = slot.covering(partition, need).await?;
        covering.spent += before.spent;
        covering.reopened = true;
        Ok(Self { slot, partition, need, covering, is_last: true })
    }
}
