//! Reading records and frames at known places.

use std::fmt;

use bytes::Buf;

use super::file::SegmentFile;
use crate::error::StorageResult;
use crate::io::File;
use crate::record::{
    FRAME_ALIGNMENT_BYTES, FRAME_HEADER_BYTES, Frame, FrameError, FrameHeader, FramePlace,
    RECORD_HEADER_BYTES, Record, RecordError,
};
use crate::types::SegmentOffset;

/// Enough for the padding of a frame and the header of the next one.
const FRAME_ROOM_BYTES: u32 = FRAME_HEADER_BYTES as u32 + FRAME_ALIGNMENT_BYTES as u32;

/// Reads records and frames of one segment at known places; one read each where the length hint
/// is large enough, two where it is not. Clones share the file.
#[derive(Clone)]
pub struct SegmentReader<F> {
    segment: SegmentFile<F>,
}

/// The rest of a frame, from a record on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameTail {
    /// The records from the one asked for to the frame's last; not empty.
    pub records: Vec<Record>,
    /// Where the next frame begins, or would begin.
    pub next_frame_offset: u64,
}

impl<F> fmt::Debug for SegmentReader<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SegmentReader").field(&self.segment).finish()
    }
}

impl<F: File> SegmentReader<F> {
    /// A reader of `segment`.
    pub fn new(segment: SegmentFile<F>) -> Self {
        Self { segment }
    }

    /// The segment that is read.
    pub fn segment(&self) -> &SegmentFile<F> {
        &self.segment
    }

    /// Reads and checks the record at `offset`. `length_hint_bytes` is its length where known
    /// (the index knows it), else a guess.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`](crate::StorageError::Corrupt) where no record begins at
    /// `offset`: the position is wrong, or what was written there is lost.
    /// [`StorageError::Io`](crate::StorageError::Io).
    pub async fn read_record(&self, offset: u64, length_hint_bytes: u32) -> StorageResult<Record> {
        let at = SegmentOffset { segment_id: self.segment.segment_id(), offset };
        let mut want_bytes = (length_hint_bytes as usize).max(RECORD_HEADER_BYTES);
        loop {
            let bytes = self.segment.read(offset, want_bytes).await?;
            match Record::decode(&bytes, at) {
                Ok(record) => return Ok(record),
                Err(RecordError::Truncated { need_bytes, .. })
                    if bytes.len() == want_bytes && need_bytes as usize > want_bytes =>
                {
                    want_bytes = need_bytes as usize;
                }
                Err(error) => return Err(self.segment.corrupt(offset, &error)),
            }
        }
    }

    /// Reads and checks the frame at `offset`; `length_hint_bytes` is a guess of its length.
    ///
    /// # Errors
    /// As [`SegmentReader::read_record`].
    pub async fn read_frame(&self, offset: u64, length_hint_bytes: u32) -> StorageResult<Frame> {
        let mut want_bytes = (length_hint_bytes as usize).max(FRAME_HEADER_BYTES);
        loop {
            let bytes = self.segment.read(offset, want_bytes).await?;
            let have_bytes = bytes.len();
            match Frame::decode(bytes, self.segment.place(offset)) {
                Ok(frame) => return Ok(frame),
                Err(FrameError::Truncated { need_bytes, .. })
                    if have_bytes == want_bytes && need_bytes > want_bytes as u64 =>
                {
                    want_bytes = need_bytes as usize;
                }
                Err(error) => return Err(self.segment.corrupt(offset, &error)),
            }
        }
    }

    /// Reads the record at `offset` and those that follow it in its frame: the way from a
    /// position to the frames behind it for who does not know where its own frame begins. Reads
    /// `block_bytes` at a time.
    ///
    /// # Errors
    /// As [`SegmentReader::read_record`], for the record at `offset` alone; what follows it and
    /// is no next record is the frame's end.
    pub async fn read_frame_tail(&self, offset: u64, block_bytes: u32) -> StorageResult<FrameTail> {
        let mut at = SegmentOffset { segment_id: self.segment.segment_id(), offset };
        let mut block = self.segment.read(offset, block_bytes as usize).await?;
        let mut records: Vec<Record> = Vec::new();
        loop {
            let next_sequence = records.last().map(|record| record.view().sequence() + 1);
            if next_sequence.is_some() && is_frame(&block, at) {
                break;
            }
            match Record::decode(&block, at) {
                Ok(record) if next_sequence.is_none_or(|next| next == record.view().sequence()) => {
                    let length_bytes = record.view().length_bytes();
                    at.offset += u64::from(length_bytes);
                    block.advance(length_bytes as usize);
                    records.push(record);
                }
                Err(RecordError::Truncated { need_bytes, have_bytes }) => {
                    let want_bytes = need_bytes.max(block_bytes).max(FRAME_ROOM_BYTES) as usize;
                    let longer = self.segment.read(at.offset, want_bytes).await?;
                    if longer.len() <= have_bytes as usize {
                        break;
                    }
                    block = longer;
                }
                Err(error) if records.is_empty() => {
                    return Err(self.segment.corrupt(offset, &error));
                }
                _ => break,
            }
        }
        if records.is_empty() {
            return Err(self.segment.corrupt(offset, &"the file ends inside the record"));
        }
        let next_frame_offset = at.offset.next_multiple_of(FRAME_ALIGNMENT_BYTES);
        Ok(FrameTail { records, next_frame_offset })
    }
}

/// Whether a frame begins behind a record that ends where `block` begins. Asked before the bytes
/// are taken for a record, whose length would be what is a checksum here.
fn is_frame(block: &[u8], at: SegmentOffset) -> bool {
    let offset = at.offset.next_multiple_of(FRAME_ALIGNMENT_BYTES);
    let place = FramePlace { segment_id: at.segment_id, offset };
    let header = block.get((offset - at.offset) as usize..);
    header.is_some_and(|header| FrameHeader::decode(header, place).is_ok())
}
