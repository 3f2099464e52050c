//! LZ4 blocks.

use lz4_flex::block::{
    CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size,
};

/// Largest factor by which an LZ4 block can grow, and the constant beside it: a hostile length
/// beyond this is refused before memory is taken for it.
const GROWTH_MAX: u64 = 255;
const GROWTH_BASE: u64 = 64;

/// Compresses payloads one after another with the same tables.
///
/// A table is picked by the payload's length alone and emptied before each use, so that the
/// bytes of a record never depend on those before it.
#[derive(Default)]
pub(super) struct Compressor {
    small: Option<CompressTable>,
    large: Option<CompressTable>,
}

impl Compressor {
    /// Appends `payload` as an LZ4 block to `buffer` where it takes fewer than `below_bytes`;
    /// else leaves the buffer as it was and returns `false`.
    pub(super) fn append(
        &mut self,
        payload: &[u8],
        below_bytes: usize,
        buffer: &mut Vec<u8>,
    ) -> bool {
        let table = if payload.len() < usize::from(u16::MAX) {
            self.small.get_or_insert_with(CompressTable::small)
        } else {
            self.large.get_or_insert_with(CompressTable::large)
        };
        let start = buffer.len();
        buffer.resize(start + get_maximum_output_size(payload.len()), 0);
        let written = compress_into_with_table(payload, &mut buffer[start..], table)
            .expect("the output has the largest size that a block can have");
        let is_smaller = written < below_bytes;
        buffer.truncate(if is_smaller { start + written } else { start });
        is_smaller
    }
}

/// Whether a block of `stored_bytes` can decompress to `original_bytes`.
pub(super) fn is_plausible(stored_bytes: usize, original_bytes: u32) -> bool {
    u64::from(original_bytes) <= stored_bytes as u64 * GROWTH_MAX + GROWTH_BASE
}

/// Decompresses a block to exactly `original_bytes`; `None` where it does not.
pub(super) fn decompress(block: &[u8], original_bytes: u32) -> Option<Vec<u8>> {
    let mut payload = vec![0; original_bytes as usize];
    let written = decompress_into(block, &mut payload).ok()?;
    (written == payload.len()).then_some(payload)
}
