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

/// How many seeds lie between those of two revisions.
pub(super) const OF_A_REVISION: u64 = 1 << 20;

/// Seeds from a revision: fresh for each change, and the same for all who test it.
pub(super) fn from_revision(revision: &str) -> u64 {
    // 32 bits: ranges of seeds of two revisions hardly ever meet, and stay readable.
    (xxhash_rust::xxh3::xxh3_64(revision.as_bytes()) >> 32) * OF_A_REVISION
}

/// Every so many-th seed of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Which of them, from 1.
    index: u64,
    /// How many parts there are.
    count: u64,
}

impl Part {
    /// All seeds.
    pub(super) const WHOLE: Self = Self { index: 1, count: 1 };

    /// `i/n`: part i of n, counted from 1.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            let part = Self { index: index.parse().ok()?, count: count.parse().ok()? };
            (1..=part.count).contains(&part.index).then_some(part)
        });
        numbers.ok_or_else(|| format!("{text:?} is no part: write 1/4 to 4/4"))
    }

    /// The seed of this number, from 0; `None` behind the last.
    pub(super) fn seed(self, seeds: Seeds, nth: u64) -> Option<u64> {
        let at = nth.checked_mul(self.count)?.checked_add(self.index - 1)?;
        (at < seeds.count()).then(|| seeds.from + at)
    }

    /// How many seeds of a range are its own.
    pub(super) const fn count(self, seeds: Seeds) -> u64 {
        (seeds.count() + self.count - self.index) / self.count
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}
