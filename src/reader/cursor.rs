//! Where a session is in a partition.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{StorageError, StorageResult};
use crate::io::World;
use crate::log::ReadAhead;
use crate::partition::{Partition, PartitionState};
use crate::record::{Frame, FrameCursor, FramePlace, ReadMessages, RecordError};
use crate::segment::FIRST_FRAME_OFFSET;
use crate::sync::Waiters;
use crate::types::Sequence;

/// The next message to deliver, and what was read ahead of it.
pub(super) struct Cursor {
    pub(super) next: Sequence,
    /// The frame that holds `next` and where in it that is, where it was read already.
    frame: Option<(Frame, FrameCursor)>,
    ahead: Option<ReadAhead>,
}

impl Cursor {
    pub(super) fn new(next: Sequence) -> Self {
        Self { next, frame: None, ahead: None }
    }

    /// Takes up to `count` messages that are visible now, in order; fewer where no more are.
    /// After an error it is anywhere.
    ///
    /// # Errors
    /// `Trimmed` where retention dropped the next one; `Corrupt` where the log is damaged.
    pub(super) async fn take<W: World>(
        &mut self,
        partition: &Partition<W>,
        state: &PartitionState,
        count: usize,
    ) -> StorageResult<ReadMessages> {
        let high_watermark = state.index.marks.high_watermark();
        let log_start = state.index.marks.log_start();
        if self.next < log_start {
            return Err(StorageError::Trimmed { given: self.next, log_start });
        }
        let mut messages = ReadMessages::default();
        while messages.len() < count && self.next < high_watermark {
            let (frame, within) = match self.frame.take() {
                Some(read) => read,
                None => {
                    let read = self.read_frame(partition, state).await;
                    read.map_err(|error| self.or_trimmed(state, error))?
                }
            };
            let behind = frame.header().next_sequence();
            let visible = (behind.min(high_watermark) - self.next) as usize;
            let taken = visible.min(count - messages.len());
            let place = frame.place();
            self.frame = messages
                .add(frame, within, taken)
                .map_err(|error| corrupt(place, state, &error))?;
            self.next += taken as u64;
        }
        Ok(messages)
    }

    /// The segment may have been trimmed while it was read.
    fn or_trimmed(&self, state: &PartitionState, error: StorageError) -> StorageError {
        let log_start = state.index.marks.log_start();
        if self.next < log_start {
            return StorageError::Trimmed { given: self.next, log_start };
        }
        error
    }

    /// Reads the frame that holds `next`, which is visible.
    async fn read_frame<W: World>(
        &mut self,
        partition: &Partition<W>,
        state: &PartitionState,
    ) -> StorageResult<(Frame, FrameCursor)> {
        let world = &partition.world;
        let gone =
            || StorageError::Trimmed { given: self.next, log_start: state.index.marks.log_start() };
        let (entry, _) = state.segments.holding(self.next).ok_or_else(gone)?;
        let mut ahead = match self.ahead.take() {
            Some(ahead) if ahead.segment_id() == entry.id => ahead,
            _ => {
                let offset = self.locate(partition, state, &entry).await?;
                ReadAhead::new(entry.id, offset)
            }
        };
        let path = state.segments.path(entry.id);
        let file = partition.files.open(world, &path).await?;
        loop {
            let frame = ahead.peek(&file, &path, partition.config.read_ahead_bytes).await?;
            ahead.advance(&frame);
            // Marks carry no message; frames below are passed where the place was a guess.
            if frame.header().next_sequence() > self.next {
                let Some(passed) = self.next.checked_sub(frame.header().first_sequence) else {
                    return Err(StorageError::Corrupt {
                        path,
                        offset: frame.place().offset,
                        what: format!("sequence {} is not where the index says", self.next),
                    });
                };
                self.ahead = Some(ahead);
                let mut records = frame.records();
                records.by_ref().take(passed as usize).for_each(drop);
                let within = records.cursor();
                return Ok((frame, within));
            }
        }
    }

    /// A frame at or below `next` in its segment: from the tail, else from the index, else the
    /// segment's first.
    async fn locate<W: World>(
        &self,
        partition: &Partition<W>,
        state: &PartitionState,
        entry: &crate::log::SegmentEntry,
    ) -> StorageResult<u64> {
        let first = FIRST_FRAME_OFFSET;
        if entry.base_sequence == self.next {
            return Ok(first);
        }
        partition.shard.make_room();
        let place = state.index.place_of(&partition.shard.secondary, self.next).await?;
        Ok(place.filter(|place| place.segment_id == entry.id).map_or(first, |p| p.frame_offset))
    }
}

fn corrupt(place: FramePlace, state: &PartitionState, error: &RecordError) -> StorageError {
    StorageError::Corrupt {
        path: state.segments.path(place.segment_id),
        offset: place.offset,
        what: error.to_string(),
    }
}

/// A cursor that one call at a time has. A call that is dropped, or fails, leaves it where it
/// was: `next` has moved nothing.
pub(super) struct CursorSlot {
    cursor: Mutex<Option<Cursor>>,
    waiting: Waiters,
}

impl CursorSlot {
    pub(super) fn new(cursor: Cursor) -> Self {
        Self { cursor: Mutex::new(Some(cursor)), waiting: Waiters::new() }
    }

    /// Waits for the cursor.
    pub(super) async fn lease(self: &Arc<Self>) -> CursorLease {
        let cursor = self
            .waiting
            .wait_until(|| self.cursor.lock().unwrap_or_else(PoisonError::into_inner).take())
            .await;
        CursorLease { slot: self.clone(), back: Some(cursor) }
    }
}

/// The right to move a cursor.
pub(super) struct CursorLease {
    slot: Arc<CursorSlot>,
    /// Where the cursor is left.
    back: Option<Cursor>,
}

impl CursorLease {
    /// The cursor to work on. Left behind is one at the same place that has read nothing ahead.
    pub(super) fn take_up(&mut self) -> Cursor {
        let cursor = self.back.as_mut().expect("a lease holds its cursor");
        std::mem::replace(cursor, Cursor::new(cursor.next))
    }

    /// Moves the cursor for good.
    pub(super) fn settle(&mut self, cursor: Cursor) {
        self.back = Some(cursor);
    }
}

impl Drop for CursorLease {
    fn drop(&mut self) {
        let mut slot = self.slot.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = self.back.take();
        drop(slot);
        self.slot.waiting.wake_all();
    }
}
