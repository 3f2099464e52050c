//! An index without a log: entries are put into it by hand.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::chain::{self, ChainEnd};
use super::chunk;
use super::entry::{BatchEntry, RecordEntries, RecordEntry};
use super::lookup::PartitionIndex;
use super::query::{Answer, Freshness, Query};
use super::shard::Shard;
use super::tail::{Tail, TailChunk, TailLimits};
use super::value::RecordValue;
use crate::error::{StorageError, StorageResult};
use crate::io::{Family, World, make_directories};
use crate::sync::{Marks, MarksView, SingleFlight, Waiters};
use crate::types::{ID_BYTES_MAX, MessageMeta, Sequence};

/// The kind of the registry's entries.
const REGISTRY_KIND: &str = "index alone";

/// One partition of an index-only database, as the managers of a process share it.
pub struct AloneIndex<W: World> {
    world: W,
    shard: Arc<Shard<W>>,
    partition: u32,
    opening: SingleFlight<StorageResult<Arc<Opened>>>,
    opened: std::sync::Mutex<Option<Arc<Opened>>>,
    putting: AtomicBool,
    turn: Waiters,
}

struct Opened {
    index: PartitionIndex,
    next_chunk: std::sync::atomic::AtomicU64,
}

impl<W: World> AloneIndex<W> {
    /// The process's entry for `partition` of the topic in `topic_directory`.
    pub fn of(
        world: &W,
        topic_directory: &Path,
        shard: u32,
        partition: u32,
        idle_us: u64,
    ) -> Arc<Self> {
        let directory = Shard::<W>::directory(topic_directory, shard);
        let shard = Shard::of(world, &directory, idle_us);
        let key: PathBuf = topic_directory.join(partition.to_string());
        world.registry().get_or_insert(REGISTRY_KIND, &key, || Self {
            world: world.clone(),
            shard,
            partition,
            opening: SingleFlight::new(),
            opened: std::sync::Mutex::default(),
            putting: AtomicBool::new(false),
            turn: Waiters::new(),
        })
    }

    /// Answers `query`.
    ///
    /// # Errors
    /// `Index` where the database fails.
    pub async fn lookup(&self, query: &Query, freshness: Freshness) -> StorageResult<Answer> {
        let opened = self.opened().await?;
        self.shard.make_room();
        opened.index.lookup(&self.shard.secondary, query, freshness).await
    }

    /// Where the latest message of `id` is.
    ///
    /// # Errors
    /// `Index` where the database fails.
    pub(crate) async fn latest(&self, id: &str) -> StorageResult<Option<RecordValue>> {
        let opened = self.opened().await?;
        self.shard.make_room();
        opened.index.latest(&self.shard.secondary, id).await
    }

    /// Puts `entries` into the database; they are visible and on disk when it returns, all of
    /// them or none. Sequences go on densely from what is there, 0 first, and positions ascend
    /// with them. An entry that is there already may be given again.
    ///
    /// # Errors
    /// `Invalid` where an entry leaves a hole, lies before its predecessor, or has no valid id;
    /// `OffsetMismatch` where another entry has its sequence: entries are never replaced.
    pub async fn put(&self, entries: &[MessageMeta]) -> StorageResult<()> {
        let _turn = self.take_turn().await;
        let opened = self.opened().await?;
        let held = opened.index.marks.high_watermark();
        let behind = entries.partition_point(|entry| entry.sequence < held);
        for entry in &entries[..behind] {
            self.check_same(entry).await?;
        }
        let fresh = &entries[behind..];
        if fresh.is_empty() {
            return Ok(());
        }
        let last = match held.checked_sub(1) {
            None => None,
            Some(last) => self.lookup(&Query::Sequence(last), Freshness::Fresh).await?.found.pop(),
        };
        check(held, last.as_ref(), fresh)?;
        let batches: Vec<BatchEntry> = fresh.iter().map(batch_of).collect();
        let number = opened.next_chunk.load(Ordering::Acquire);
        let primary = self.shard.primary().await?;
        let sealed = TailChunk::of(batches.iter().cloned());
        let runs = chunk::build(primary.as_ref(), self.partition, number, &sealed, None).await?;
        let settled = self.shard.settle(&primary, runs).await;
        if settled.is_err() {
            // Whether they are there is not known: the next call looks.
            *crate::sync::lock(&self.opened) = None;
        }
        settled?;
        drop(primary);
        opened.next_chunk.store(number + 1, Ordering::Release);
        show(&opened.index, batches);
        Ok(())
    }

    async fn check_same(&self, entry: &MessageMeta) -> StorageResult<()> {
        let answer = self.lookup(&Query::Sequence(entry.sequence), Freshness::Fresh).await?;
        match answer.found.first() {
            Some(found) if same(found, entry) => Ok(()),
            _ => Err(StorageError::OffsetMismatch(format!(
                "sequence {} has another entry: what was put is never replaced",
                entry.sequence
            ))),
        }
    }

    async fn take_turn(&self) -> Turn<'_, W> {
        let free = || {
            let taken = self.putting.swap(true, Ordering::AcqRel);
            (!taken).then_some(Turn { of: self })
        };
        self.turn.wait_until(free).await
    }

    async fn opened(&self) -> StorageResult<Arc<Opened>> {
        let known = crate::sync::lock(&self.opened).clone();
        match known {
            Some(opened) => Ok(opened),
            None => self.opening.run(|| self.open()).await,
        }
    }

    async fn open(&self) -> StorageResult<Arc<Opened>> {
        let directory = self.shard.path();
        let root = directory.ancestors().nth(4).expect("a database lies four levels deep");
        make_directories(&self.world, directory, root).await?;
        let primary = self.shard.primary().await?;
        let mut ends = [ChainEnd::default(); Family::ALL.len()];
        for (family, end) in Family::ALL.into_iter().zip(&mut ends) {
            *end = chain::end(primary.as_ref(), family, self.partition, *end).await?;
        }
        drop(primary);
        if ends.iter().any(|end| end.next_chunk != ends[0].next_chunk) {
            return Err(StorageError::Corrupt {
                path: self.shard.path().to_owned(),
                offset: 0,
                what: "a crash left entries in part, and there is no log to take them from"
                    .to_owned(),
            });
        }
        let end = ends[0].to.unwrap_or(0);
        let marks = MarksView {
            log_start: 0,
            settled: end,
            durable: end,
            high_watermark: end,
            log_end: end,
        };
        let tail = Tail::new(end, TailLimits::default());
        let index = PartitionIndex::new(self.partition, Arc::new(Marks::new(marks)), tail);
        let next_chunk = ends[0].next_chunk.into();
        let opened = Arc::new(Opened { index, next_chunk });
        *crate::sync::lock(&self.opened) = Some(opened.clone());
        Ok(opened)
    }
}

/// The turn to put.
struct Turn<'a, W: World> {
    of: &'a AloneIndex<W>,
}

impl<W: World> Drop for Turn<'_, W> {
    fn drop(&mut self) {
        self.of.putting.store(false, Ordering::Release);
        self.of.turn.wake_all();
    }
}

/// Makes what is settled visible.
fn show(index: &PartitionIndex, batches: Vec<BatchEntry>) {
    batches.into_iter().for_each(|batch| index.tail.push(batch));
    let end = index.tail.end();
    index.marks.advance_log_end(end);
    index.marks.advance_durable(end);
    index.marks.advance_high_watermark(end);
    index.marks.advance_settled(end);
    index.tail.seal_now();
    index.tail.release(end);
}

fn same(found: &MessageMeta, entry: &MessageMeta) -> bool {
    (found.offset, found.length_bytes, found.timestamp_us)
        == (entry.offset, entry.length_bytes, entry.timestamp_us)
}

/// Each entry is a frame of its own.
fn batch_of(entry: &MessageMeta) -> BatchEntry {
    BatchEntry {
        first_sequence: entry.sequence,
        segment_id: entry.offset.segment_id,
        frame_offset: entry.offset.offset,
        frame_length_bytes: entry.length_bytes,
        append_time_us: entry.timestamp_us,
        records: RecordEntries::from_iter([RecordEntry {
            id: &entry.msg_id,
            timestamp_us: entry.timestamp_us,
            offset_in_frame: 0,
            length_bytes: entry.length_bytes,
        }]),
    }
}

fn check(held: Sequence, last: Option<&MessageMeta>, entries: &[MessageMeta]) -> StorageResult<()> {
    let invalid = |entry: &MessageMeta, remedy: &str| {
        Err(StorageError::Invalid {
            field: "entries",
            value: format!("sequence {} at {}", entry.sequence, entry.offset),
            remedy: remedy.to_owned(),
        })
    };
    let mut before = last;
    for (due, entry) in (held..).zip(entries) {
        if entry.sequence != due {
            return invalid(entry, &format!("go on with sequence {due}"));
        }
        if entry.msg_id.is_empty() || entry.msg_id.len() > ID_BYTES_MAX {
            return invalid(entry, &format!("give it an id of 1 to {ID_BYTES_MAX} bytes"));
        }
        let end = |entry: &MessageMeta| {
            (entry.offset.segment_id, entry.offset.offset.saturating_add(entry.length_bytes.into()))
        };
        let at = (entry.offset.segment_id, entry.offset.offset);
        if entry.length_bytes == 0 || before.is_some_and(|before| at < end(before)) {
            return invalid(entry, "give it a length, and a place behind the entry before it");
        }
        before = Some(entry);
    }
    Ok(())
}
