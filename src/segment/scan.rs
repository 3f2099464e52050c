//! Reading a segment's frames one behind the other.

use bytes::{Buf, Bytes};

use super::file::SegmentFile;
use crate::error::StorageResult;
use crate::io::File;
use crate::record::{FRAME_HEADER_BYTES, Frame, FrameError};

/// One step of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanStep {
    /// The next frame, checked to its last byte.
    Frame(Frame),
    /// No valid frame follows.
    End {
        /// Where the next frame would begin.
        offset: u64,
        /// Why there is none. A file that was not written ahead ends with
        /// [`FrameError::Truncated`] and `have_bytes == 0`, one that was with
        /// [`FrameError::AllZero`]; all else is torn or corrupt, which
        /// [`find_highest_durable_after`](super::find_highest_durable_after) tells apart.
        reason: FrameError,
    },
}

/// Reads frames in order, in blocks: the part of a block behind a frame is the next frames, read
/// ahead. Frames share the memory of their block.
pub struct FrameScanner<F> {
    segment: SegmentFile<F>,
    block_bytes: usize,
    /// Where the next frame begins.
    offset: u64,
    /// The bytes from `offset` on that are held already.
    held: Bytes,
}

impl<F: File> FrameScanner<F> {
    /// A scan from the frame at `offset`, reading at least `block_bytes` at a time, and whole
    /// frames where they are longer. Reads nothing yet.
    ///
    /// # Panics
    /// Where `block_bytes` is less than a frame header.
    pub fn new(segment: SegmentFile<F>, offset: u64, block_bytes: usize) -> Self {
        assert!(block_bytes >= FRAME_HEADER_BYTES, "a block holds at least a frame header");
        Self { segment, block_bytes, offset, held: Bytes::new() }
    }

    /// The segment that is scanned.
    pub fn segment(&self) -> &SegmentFile<F> {
        &self.segment
    }

    /// Where the next frame begins: behind the last one that was given.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame. An end is judged by bytes that were read after the call began, never by
    /// those read ahead before; so after an end, a later call finds what was appended meanwhile.
    ///
    /// # Errors
    /// [`StorageError::Io`](crate::StorageError::Io); a later call tries again. Invalid bytes
    /// are an end, no error: what they mean depends on where they lie.
    ///
    /// Dropping the future has moved nothing.
    pub async fn next(&mut self) -> StorageResult<ScanStep> {
        if let Ok(frame) = self.decode() {
            return Ok(self.advance(frame));
        }
        let mut want_bytes = self.block_bytes;
        loop {
            self.held = Bytes::new();
            self.held = self.segment.read(self.offset, want_bytes).await?;
            let reason = match self.decode() {
                Ok(frame) => return Ok(self.advance(frame)),
                Err(reason) => reason,
            };
            match reason {
                FrameError::Truncated { need_bytes, .. }
                    if self.held.len() == want_bytes && need_bytes > want_bytes as u64 =>
                {
                    want_bytes = need_bytes as usize;
                }
                reason => {
                    self.held = Bytes::new();
                    return Ok(ScanStep::End { offset: self.offset, reason });
                }
            }
        }
    }

    fn decode(&self) -> Result<Frame, FrameError> {
        Frame::decode(self.held.clone(), self.segment.place(self.offset))
    }

    fn advance(&mut self, frame: Frame) -> ScanStep {
        self.held.advance(frame.bytes().len());
        self.offset = frame.end_offset();
        ScanStep::Frame(frame)
    }
}
