//! Which seeds to run.

use crate::plan::text;

pub(super) use crate::plan::Seeds;

/// One seed, in decimal or behind `0x`.
pub(super) fn parse_seed(text: &str) -> Result<u64, String> {
    text::parse(text).ok_or_else(|| format!("{text:?} is no number of 64 bits, nor 0x and digits"))
}

/// `A..B`, or `N` for the first N.
pub(super) fn parse_seeds(text: &str) -> Result<Seeds, String> {
    Seeds::parse(text)
}

/// Seeds from a revision: fresh for each change, and the same for all who test it.
pub(super) fn from_revision(revision: &str) -> u64 {
    // 32 bits: ranges of seeds of two revisions hardly ever meet, and stay readable.
    xxhash_rust::xxh3::xxh3_64(revision.as_bytes()) >> 32 << 20
}
