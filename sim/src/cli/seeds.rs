//! Which seeds to run.

use crate::plan::text;

/// One seed, in decimal or behind `0x`.
pub(super) fn parse_seed(text: &str) -> Result<u64, String> {
    text::parse(text).ok_or_else(|| format!("{text:?} is no number of 64 bits, nor 0x and digits"))
}

/// Seeds from the first one, inclusive, to the last one, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seeds {
    pub from: u64,
    pub to: u64,
}

impl Seeds {
    pub(super) fn count(self) -> u64 {
        self.to - self.from
    }
}

/// `A..B`, or `N` for the first N.
pub(super) fn parse_seeds(text: &str) -> Result<Seeds, String> {
    let seeds = match text.split_once("..") {
        Some((from, to)) => Seeds { from: parse_seed(from)?, to: parse_seed(to)? },
        None => Seeds { from: 0, to: parse_seed(text)? },
    };
    if seeds.to < seeds.from {
        return Err(format!("{text:?} ends before it begins"));
    }
    Ok(seeds)
}

/// Seeds from a revision: fresh for each change, and the same for all who test it.
pub(super) fn from_revision(revision: &str) -> u64 {
    // 32 bits: ranges of seeds of two revisions hardly ever meet, and stay readable.
    xxhash_rust::xxh3::xxh3_64(revision.as_bytes()) >> 32 << 20
}
