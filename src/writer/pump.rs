//! The write path: what takes batches from the queue to readers.
//!
//! One pump a partition. It belongs to the partition, not to a caller: whoever waits for an
//! append drives it, and a caller that gives up leaves it to the others. So frames are written
//! one after the other, and none is torn by a future that was dropped.

use std::sync::Arc;

use crate::error::{StorageError, StorageResult};
use crate::index::entry::{BatchEntry, RecordEntries, RecordEntry};
use crate::io::{Step, World};
use crate::log::SegmentEntry;
use crate::planted;
use crate::record::{FrameEncoder, FrameFields, FrameFlags, FramePlace, encode_mark};
#[cfg(feature = "planted")]
use crate::segment::SegmentFile;
use crate::segment::{FIRST_FRAME_OFFSET, FillPolicy, SegmentWriter};
use crate::sync::Stopwatch;
use crate::types::{Message, SegmentId};

use crate::config::Visibility;

use super::filling::Filling;
use super::metrics::AppendStage;
use super::shared::WriterShared;
use super::staging::{Appended, Staged, Work};

/// The segment that is written to.
type Active<W> = SegmentWriter<<W as World>::File>;

/// So many messages are fetched at a time: as many as a processor waits for at once.
const TOUCHED_COUNT: usize = 16;
const CACHE_LINE_BYTES: usize = 64;

/// The first fill of a segment: one of few messages shall cost little.
const FILL_FIRST_BYTES: u64 = 64 << 10;

/// The pump's own state; nobody else sees it.
pub(super) struct Pump<W: World> {
    shared: Arc<WriterShared<W>>,
    active: Option<Active<W>>,
    filling: Filling<W::File>,
    next_ordinal: u32,
    frame: Vec<u8>,
    /// Memory that is used again: what was queued, and what goes into the next frame.
    work: Vec<Work>,
    staged: Vec<Staged>,
}

impl<W: World> Pump<W> {
    pub(super) fn new(shared: Arc<WriterShared<W>>) -> Self {
        let (active, filling) = (None, Filling::default());
        Self {
            shared,
            active,
            filling,
            next_ordinal: 0,
            frame: Vec::new(),
            work: Vec::new(),
            staged: Vec::new(),
        }
    }

    /// Runs for ever; pending while the queue is empty.
    pub(super) async fn run(mut self) {
        loop {
            self.shared.work_arrived().await;
            self.take_work();
            let mut frame = std::mem::take(&mut self.staged);
            let mut frame_bytes = 0;
            let mut work = std::mem::take(&mut self.work);
            for item in work.drain(..) {
                match item {
                    Work::Append(staged) => {
                        frame_bytes += staged.encoded_bytes;
                        frame.push(staged);
                        if frame_bytes >= self.shared.config.frame_max_bytes as usize {
                            self.write(&mut frame).await;
                            frame_bytes = 0;
                        }
                    }
                    other => {
                        self.write(&mut frame).await;
                        frame_bytes = 0;
                        self.attend(other).await;
                    }
                }
            }
            self.write(&mut frame).await;
            (self.work, self.staged) = (work, frame);
        }
    }

    fn take_work(&mut self) {
        #[cfg(feature = "planted")]
        if planted!(&self.shared.world, SwapLosesPush) {
            self.shared.queue.swap_into_losing_last(&mut self.work);
            return;
        }
        self.shared.queue.swap_into(&mut self.work);
    }

    async fn attend(&mut self, work: Work) {
        let (result, done) = match work {
            Work::Append(_) => unreachable!("appends are collected into frames"),
            Work::Roll(done) => (self.roll().await, done),
            Work::Mark(done) => (self.write_mark().await, done),
            Work::GiveBack(done) => (self.give_back().await, done),
            Work::Barrier(done) => (self.shared.check(), done),
        };
        if let Err(error) = &result {
            self.shared.fail(error);
        }
        done.complete(result);
    }

    /// Writes one frame of all of `staged` and acknowledges them, or fails them all.
    async fn write(&mut self, staged: &mut Vec<Staged>) {
        if staged.is_empty() {
            return;
        }
        let timed = staged.iter().map(|staged| staged.watch).find(|watch| watch.is_running());
        let mut watch = timed.unwrap_or_default();
        let result = match self.shared.check() {
            Ok(()) => self.write_frame(staged, &mut watch).await,
            Err(error) => Err(error),
        };
        match result {
            Ok(appended) => {
                for (staged, appended) in staged.drain(..).zip(appended) {
                    staged.complete(Ok(appended));
                }
                self.shared.world.step(Step::AckedFlushed).await;
                self.shared.lap(&mut watch, AppendStage::Acknowledged);
                #[cfg(feature = "planted")]
                self.shared.add_late();
            }
            Err(error) => {
                self.shared.fail(&error);
                staged.drain(..).for_each(|staged| staged.complete(Err(error.clone())));
            }
        }
    }

    async fn write_frame(
        &mut self,
        staged: &mut [Staged],
        watch: &mut Stopwatch,
    ) -> StorageResult<Vec<Appended>> {
        let shared = self.shared.clone();
        let world = &shared.world;
        let bytes_max = staged.iter().map(|staged| staged.encoded_bytes).sum();
        self.make_room(bytes_max, staged).await?;
        let active = self.active.as_mut().expect("make_room leaves an active segment");
        let place = active.place();
        let first_sequence = shared.marks.log_end();
        let now_us = world.wall_us();
        let fields = shared.frame_fields(now_us);
        let (appended, records) = encode(&mut self.frame, place, fields, staged);
        world.step(Step::Encoded).await;
        shared.lap(watch, AppendStage::Encoded);
        if planted!(world, DroppedFutureHole) && staged.iter().any(Staged::is_abandoned) {
            self.frame.fill(0);
        }
        self.filling.make_way(active, self.frame.len()).await?;
        active.write_frame(&self.frame).await?;
        if shared.fills_ahead() {
            self.filling.begin(world, active);
        }
        let end = first_sequence + records.len() as u64;
        shared.marks.advance_log_end(end);
        shared.state.segments.extend_last(active.place().offset, now_us);
        world.step(Step::FrameWritten).await;
        shared.lap(watch, AppendStage::Written);
        if shared.config.visibility == Visibility::Synced {
            shared.force(active.segment().file()).await?;
            shared.marks.advance_durable(end);
            world.step(Step::Synced).await;
        }
        let entry = BatchEntry {
            first_sequence,
            segment_id: place.segment_id,
            frame_offset: place.offset,
            frame_length_bytes: self.frame.len() as u32,
            append_time_us: now_us,
            records,
        };
        shared.publish(entry, end, watch).await?;
        Ok(appended)
    }

    /// Sees that an active segment has room for a frame of `bytes_max` bytes.
    async fn make_room(&mut self, bytes_max: usize, staged: &mut [Staged]) -> StorageResult<()> {
        let limit = self.shared.config.segment_max_bytes;
        let full = self.active.as_ref().is_some_and(|active| {
            let offset = active.place().offset;
            offset > FIRST_FRAME_OFFSET && offset + bytes_max as u64 > limit
        });
        if full {
            if planted!(&self.shared.world, RollDropsRecord)
                && let Some(last) = staged.last_mut()
                && last.messages.len() > 1
            {
                last.messages.pop();
            }
            self.roll().await?;
        }
        if self.shared.take_reopen() {
            self.leave_segment().await?;
        }
        if self.active.is_none() {
            self.begin_segment().await?;
        }
        Ok(())
    }

    /// Forces the active segment and goes on in another one, without a seal: it may end in half a
    /// frame. Later syncs are of the new one only.
    async fn leave_segment(&mut self) -> StorageResult<()> {
        let Some(active) = self.active.take() else { return Ok(()) };
        let end = self.shared.marks.log_end();
        self.shared.force(active.segment().file()).await?;
        self.shared.marks.advance_durable(end);
        Ok(())
    }

    /// Seals the active segment, forced to disk; the next frame begins a new one.
    async fn roll(&mut self) -> StorageResult<()> {
        self.shared.check()?;
        let Some(mut active) = self.active.take() else {
            return Ok(());
        };
        let end = self.shared.marks.log_end();
        self.shared.force(active.segment().file()).await?;
        self.shared.marks.advance_durable(end);
        self.filling.end(&mut active).await?;
        self.write_mark_frame(&mut active, FrameFlags::SEAL).await?;
        self.shared.counters.count_roll();
        active.give_back().await?;
        self.shared.world.step(Step::RollForced).await;
        Ok(())
    }

    async fn begin_segment(&mut self) -> StorageResult<()> {
        #[cfg(feature = "planted")]
        if planted!(&self.shared.world, CutAppendedTo) && self.next_ordinal == 0 {
            self.next_ordinal += 1;
            if self.go_on().await? {
                return Ok(());
            }
        }
        let shared = &self.shared;
        let id = SegmentId::new(shared.epoch, self.next_ordinal);
        self.next_ordinal += 1;
        let base_sequence = shared.marks.log_end();
        let now_us = shared.world.wall_us();
        let mut writer = SegmentWriter::create(
            &shared.world,
            &shared.directory,
            shared.segment_header(id, base_sequence, now_us),
        )
        .await?;
        shared.world.step(Step::RollCreated).await;
        let directory = &shared.directory;
        if !planted!(&shared.world, RollUnlinked) {
            let forced = shared.world.sync_directory(directory).await;
            forced.map_err(|e| StorageError::io("force", directory, e))?;
        }
        shared.state.segments.push(SegmentEntry {
            id,
            base_sequence,
            end_bytes: writer.place().offset,
            last_append_us: now_us,
        });
        shared.set_active(writer.segment().file().clone());
        let most_bytes = shared.config.fill_ahead_bytes;
        if most_bytes > 0 {
            writer.set_fill_policy(FillPolicy {
                first_bytes: most_bytes.min(FILL_FIRST_BYTES),
                most_bytes,
                segment_bytes_max: shared.config.segment_max_bytes,
            });
        }
        // What was under way belonged to another segment.
        self.filling = Filling::default();
        self.active = Some(writer);
        self.shared.world.step(Step::RollLinked).await;
        Ok(())
    }

    /// A mistake: goes on in the newest segment, behind all that is there; whether there is one.
    #[cfg(feature = "planted")]
    async fn go_on(&mut self) -> StorageResult<bool> {
        let shared = &self.shared;
        let Some(last) = shared.state.segments.all().last().copied() else { return Ok(false) };
        let (world, directory) = (&shared.world, &shared.directory);
        let segment =
            SegmentFile::open(world, directory, last.id, crate::io::OpenMode::Write).await?;
        let header = shared.segment_header(last.id, last.base_sequence, last.last_append_us);
        shared.set_active(segment.file().clone());
        self.active = Some(SegmentWriter::go_on(segment, header, last.end_bytes));
        Ok(true)
    }

    /// Gives back what was filled ahead of use: nothing more comes.
    async fn give_back(&mut self) -> StorageResult<()> {
        self.shared.check()?;
        let Some(active) = self.active.as_mut() else { return Ok(()) };
        self.filling.end(active).await?;
        active.give_back().await
    }

    /// A frame of no records, so that the durable mark of the last sync is in the log too.
    async fn write_mark(&mut self) -> StorageResult<()> {
        self.shared.check()?;
        let Some(mut active) = self.active.take() else {
            return Ok(());
        };
        let written = self.write_mark_frame(&mut active, FrameFlags::NONE).await;
        self.active = Some(active);
        written
    }

    async fn write_mark_frame(
        &mut self,
        active: &mut Active<W>,
        flags: FrameFlags,
    ) -> StorageResult<()> {
        let place = active.place();
        let now_us = self.shared.world.wall_us();
        let fields = self.shared.frame_fields(now_us);
        encode_mark(&mut self.frame, place, fields, flags);
        self.filling.make_way(active, self.frame.len()).await?;
        active.write_frame(&self.frame).await?;
        self.shared.state.segments.extend_last(active.place().offset, now_us);
        Ok(())
    }
}

/// Encodes the messages of `staged` as one frame into `buffer`: what each batch is told once it is
/// written, where it waits to be told, and what the index is told of each record.
fn encode(
    buffer: &mut Vec<u8>,
    place: FramePlace,
    fields: FrameFields,
    staged: &[Staged],
) -> (Vec<Appended>, RecordEntries) {
    let count = staged.iter().map(|staged| staged.messages.len()).sum();
    let ids_bytes = staged.iter().map(|staged| staged.ids_bytes).sum();
    let mut records = RecordEntries::with_capacity(count, ids_bytes);
    let mut appended = Vec::with_capacity(staged.len());
    let mut encoder = FrameEncoder::begin(buffer, place, fields);
    for batch in staged {
        let first_sequence = fields.first_sequence + records.len() as u64;
        let mut offsets = Vec::new();
        if batch.done.is_some() {
            offsets.reserve_exact(batch.messages.len());
        }
        for near in batch.messages.chunks(TOUCHED_COUNT) {
            touch(near);
            for message in near {
                let record = encoder.add(message);
                records.push(RecordEntry {
                    id: &message.id,
                    timestamp_us: record.timestamp_us,
                    offset_in_frame: record.offset_in_frame,
                    length_bytes: record.length_bytes,
                });
                if batch.done.is_some() {
                    offsets.push(place.record_at(u64::from(record.offset_in_frame)));
                }
            }
        }
        appended.push(Appended { epoch: place.epoch(), first_sequence, offsets });
    }
    encoder.finish();
    (appended, records)
}

/// Has the processor fetch the ids and the payloads of `messages`, which lie anywhere in memory,
/// all at the same time. Copied one by one, each would be waited for.
fn touch(messages: &[Message]) {
    let byte = |bytes: &[u8], at: usize| bytes.get(at).copied().unwrap_or_default();
    let bytes = messages.iter().fold(0, |all, message| {
        let (id, payload) = (message.id.as_bytes(), &message.payload);
        all ^ byte(id, 0) ^ byte(payload, 0) ^ byte(payload, CACHE_LINE_BYTES)
    });
    std::hint::black_box(bytes);
}
