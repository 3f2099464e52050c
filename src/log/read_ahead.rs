//! Reading frames one after the other, a block at a time.

use std::path::Path;

use bytes::Bytes;

use crate::error::{StorageError, StorageResult};
use crate::io::File;
use crate::record::{FRAME_HEADER_BYTES, Frame, FrameError, FrameHeader, FramePlace};
use crate::types::SegmentId;

/// Where a reader is in a segment, and the block that it read ahead. Cheap to clone: the block is
/// shared. Holds no open file, so that many may wait.
#[derive(Clone, Debug)]
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

    /// The next frame, verified; does not move. Reads at least `block_bytes` at a time.
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
        match self.decode() {
            Ok(frame) => return Ok(frame),
            // Read before the frame was whole, or not read yet.
            Err(_) => self.fill(file, path, block_bytes).await?,
        }
        let error = match self.decode() {
            Ok(frame) => return Ok(frame),
            Err(FrameError::Truncated { need_bytes, .. }) => {
                self.fill(file, path, need_bytes as usize).await?;
                match self.decode() {
                    Ok(frame) => return Ok(frame),
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        Err(StorageError::Corrupt {
            path: path.to_owned(),
            offset: self.offset,
            what: error.to_string(),
        })
    }

    fn decode(&self) -> Result<Frame, FrameError> {
        let place = FramePlace { segment_id: self.segment_id, offset: self.offset };
        let start = (self.offset - self.block_offset).min(self.block.len() as u64) as usize;
        let rest = self.block.slice(start..);
        let header = FrameHeader::decode(&rest[..rest.len().min(FRAME_HEADER_BYTES)], place)?;
        let length = header.frame_length_bytes();
        if (rest.len() as u64) < length {
            return Err(FrameError::Truncated {
                need_bytes: length,
                have_bytes: rest.len() as u64,
            });
        }
        Frame::decode(rest.slice(..length as usize), place)
    }

    async fn fill<F: File>(
        &mut self,
        file: &F,
        path: &Path,
        block_bytes: usize,
    ) -> StorageResult<()> {
        let block = file
            .read_at(self.offset, block_bytes)
            .await
            .map_err(|e| StorageError::io("read", path, e))?;
        self.block = block.into();
        self.block_offset = self.offset;
        Ok(())
    }
}
