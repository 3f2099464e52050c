//! Looking for frames behind a place where none is valid.

use bytes::Bytes;

use super::file::SegmentFile;
use crate::error::StorageResult;
use crate::io::File;
use crate::record::{
    FRAME_ALIGNMENT_BYTES, FRAME_HEADER_BYTES, FRAME_MAGIC, FrameHeader, FramePlace,
};

const STEP_BYTES: usize = FRAME_ALIGNMENT_BYTES as usize;

/// A frame whose header is valid at its place. Its records were not looked at: that the header
/// was written there is proven by its checksum, and what it says was proven durable stays so
/// even where its records are torn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundFrame {
    /// Where it lies.
    pub place: FramePlace,
    /// What it says.
    pub header: FrameHeader,
}

impl FoundFrame {
    /// Where the next frame begins, if this one was written whole.
    pub fn end_offset(&self) -> u64 {
        self.place.offset + self.header.frame_length_bytes()
    }
}

/// Looks for frames at any multiple of 8, whatever lies between them.
pub struct FrameSearch<F> {
    segment: SegmentFile<F>,
    block_bytes: usize,
    block_offset: u64,
    block: Bytes,
}

impl<F: File> FrameSearch<F> {
    /// A search that reads `block_bytes` at a time. Reads nothing yet.
    ///
    /// # Panics
    /// Where `block_bytes` is less than two frame headers.
    pub fn new(segment: SegmentFile<F>, block_bytes: usize) -> Self {
        assert!(block_bytes >= 2 * FRAME_HEADER_BYTES, "a block holds at least two headers");
        Self { segment, block_bytes, block_offset: 0, block: Bytes::new() }
    }

    /// The first frame at or behind byte `from`, up to the file's end.
    ///
    /// # Errors
    /// [`StorageError::Io`](crate::StorageError::Io).
    pub async fn find(&mut self, from: u64) -> StorageResult<Option<FoundFrame>> {
        let mut offset = from.next_multiple_of(FRAME_ALIGNMENT_BYTES);
        loop {
            if self.held_from(offset).len() < FRAME_HEADER_BYTES {
                self.block = self.segment.read(offset, self.block_bytes).await?;
                self.block_offset = offset;
            }
            let held = self.held_from(offset);
            if held.len() < FRAME_HEADER_BYTES {
                return Ok(None);
            }
            if let Some(found) = find_in_block(held, self.segment.place(offset)) {
                return Ok(Some(found));
            }
            // A header that begins in the last bytes of this block is whole in the next one.
            let searched_bytes = held.len() - (FRAME_HEADER_BYTES - STEP_BYTES);
            offset += (searched_bytes / STEP_BYTES * STEP_BYTES) as u64;
        }
    }

    /// What is held of the file from `offset` on; nothing where that is elsewhere.
    fn held_from(&self, offset: u64) -> &[u8] {
        let skip =
            offset.checked_sub(self.block_offset).and_then(|skip| usize::try_from(skip).ok());
        skip.and_then(|skip| self.block.get(skip..)).unwrap_or_default()
    }
}

/// The first frame at or behind byte `from`, at any multiple of 8, up to the file's end; reads
/// `block_bytes` at a time.
///
/// # Errors
/// [`StorageError::Io`](crate::StorageError::Io).
///
/// # Panics
/// As [`FrameSearch::new`].
pub async fn find_valid_after<F: File>(
    segment: &SegmentFile<F>,
    from: u64,
    block_bytes: usize,
) -> StorageResult<Option<FoundFrame>> {
    FrameSearch::new(segment.clone(), block_bytes).find(from).await
}

/// Of all frames at or behind byte `from` the one that proves most sequences durable; the first
/// of them where several prove the same. Recovery asks this about an invalid frame: where
/// something below the answer's `durable` is missing, synced data was lost; else the end is torn.
///
/// # Errors
/// [`StorageError::Io`](crate::StorageError::Io).
///
/// # Panics
/// As [`FrameSearch::new`].
pub async fn find_highest_durable_after<F: File>(
    segment: &SegmentFile<F>,
    from: u64,
    block_bytes: usize,
) -> StorageResult<Option<FoundFrame>> {
    let mut search = FrameSearch::new(segment.clone(), block_bytes);
    let mut highest: Option<FoundFrame> = None;
    let mut from = from;
    while let Some(found) = search.find(from).await? {
        from = found.end_offset();
        if highest.is_none_or(|highest| found.header.durable > highest.header.durable) {
            highest = Some(found);
        }
    }
    Ok(highest)
}

fn find_in_block(block: &[u8], place: FramePlace) -> Option<FoundFrame> {
    let magic = FRAME_MAGIC.to_le_bytes();
    let is_magic = |step: &[u8]| step.starts_with(&magic);
    let steps = block.chunks_exact(STEP_BYTES).enumerate();
    steps.filter(|(_, step)| is_magic(step)).find_map(|(index, _)| {
        let start = index * STEP_BYTES;
        let place = FramePlace { offset: place.offset + start as u64, ..place };
        let header = FrameHeader::decode(&block[start..], place).ok()?;
        Some(FoundFrame { place, header })
    })
}
