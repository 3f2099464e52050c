//! CRC-32C seeded with a place.

use crate::types::SegmentId;

/// The part of a seed that all checksums of one segment share. The epoch is the high half of the
/// segment id, so it is covered by it.
///
/// Ids that differ only in the epoch or only in the ordinal always give different seeds (a CRC
/// notices every error burst of up to 32 bits); so do two offsets of one segment that differ
/// below 4 GiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SegmentSeed(u32);

impl SegmentSeed {
    pub(crate) fn new(segment_id: SegmentId) -> Self {
        Self(crc32c::crc32c(&segment_id.0.to_le_bytes()))
    }

    /// The checksum of `bytes`, which lie at `offset` of the segment.
    #[inline]
    pub(crate) fn checksum(self, offset: u64, bytes: &[u8]) -> u32 {
        let seed = self.0 ^ (offset as u32) ^ ((offset >> 32) as u32);
        crc32c::crc32c_append(seed, bytes)
    }
}
