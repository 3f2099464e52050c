//! Reading frames one after the other, a block at a time.

use std::path::Path;

use bytes::Bytes;

use crate::error::{StorageError, StorageResult};
use crate::io::File;
use crate::record::{FRAME_HEADER_BYTES, Frame, FrameError, FramePlace};
use crate::types::SegmentId;

/// Where a reader is in a segment, and the block that it read ahead. Holds no open file, so that
/// many may wait.
#[derive(Debug)]
pub struct ReadAhead {
    segment_id: SegmentId,
    offset: u64,
    block: Bytes,
    block_offset: u64,
}

impl ReadAhead {
    /// At byte `offset` of a segment, which must be the first of a frame.
    pub fn new(segment_id: SegmentId, offset: u64) -> Self {
        Self { segment_id, offset, block: Bytes::new(), block_offset: offset }
    }

    /// The segment.
    pub fn segment_id(&self) -> SegmentId {
        self.segment_id
    }

    /// The first byte of the next frame.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes on behind `frame`.
    pub fn advance(&mut self, frame: &Frame) {
        self.offset = frame.end_offset();
    }

    /// The next frame, verified; does not move. Reads `block_bytes` at most at a time, of whole
    /// frames where they are alike; more only for a frame that is longer.
    ///
    /// # Errors
    /// `Corrupt` where there is none, or it is not whole: ask only for a frame that is known to
    /// be there.
    pub async fn peek<F: File>(
        &mut self,
        file: &F,
        path: &Path,
        block_bytes: usize,
    ) -> StorageResult<Frame> {
        let mut error = match self.decode() {
            Ok(frame) => return Ok(frame),
            Err(error) => error,
        };
        // Read before the frame was whole, or not read yet; once more, where its length was not
        // known.
        for _ in 0..2 {
            let need_bytes = match error {
                FrameError::Truncated { need_bytes, .. } => need_bytes as usize,
                _ => FRAME_HEADER_BYTES,
            };
            self.fill(file, path, length_bytes(need_bytes, block_bytes)).await?;
            error = match self.decode() {
                Ok(frame) => return Ok(frame),
                Err(error) => error,
            };
            if !matches!(error, FrameError::Truncated { .. }) {
                break;
            }
        }
        Err(StorageError::Corrupt {
            path: path.to_owned(),
            offset: self.offset,
            what: error.to_string(),
        })
    }

    fn decode(&self) -> Result<Frame, FrameError> {
        let place = FramePlace { segment_id: self.segment_id, offset: self.offset };
        let start = (self.offset - self.block_offset).min(self.block.len() as u64) as usize;
        Frame::decode(self.block.slice(start..), place)
    }

    /// Reads the next block into the memory of the last one, where nobody shares it any more.
    async fn fill<F: File>(
        &mut self,
        file: &F,
        path: &Path,
        length_bytes: usize,
    ) -> StorageResult<()> {
        let spare = std::mem::take(&mut self.block).try_into_mut().unwrap_or_default();
        self.block_offset = self.offset;
        self.block = file
            .read_block(self.offset, length_bytes, spare)
            .await
            .map_err(|e| StorageError::io("read", path, e))?;
        Ok(())
    }
}

/// How much to read for a frame of `need_bytes`: as many such frames as a block has room for, one
/// at least, since frames are often alike, and what would be cut is read again. The header of the
/// frame behind them says how long that one is.
fn length_bytes(need_bytes: usize, block_bytes: usize) -> usize {
    let room_bytes = block_bytes.saturating_sub(FRAME_HEADER_BYTES);
    (room_bytes / need_bytes).max(1) * need_bytes + FRAME_HEADER_BYTES
}
