//! What was seen of an instance at one moment, with what it must and may have.

use std::collections::BTreeSet;

use super::key::{Key, Shown};
use super::model::{Life, Surely};
use super::operation::{ReadKind, Role};
use super::store::Reads;

/// Who was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instance {
    /// The instance that writes.
    Primary,
    /// One that reads.
    Reader(u8, Role),
}

impl Instance {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Primary => "the primary".to_owned(),
            Self::Reader(number, Role::Secondary) => format!("secondary {number}"),
            Self::Reader(number, Role::Frozen) => format!("read-only instance {number}"),
        }
    }

    /// Whether it follows the primary.
    pub const fn is_secondary(self) -> bool {
        matches!(self, Self::Reader(_, Role::Secondary))
    }
}

/// What reads of one family showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilySeen {
    /// Its number.
    pub family: u8,
    /// Which life of it.
    pub life: Life,
    /// All writes that it may show lie below this place: where it was dropped.
    pub upper: u32,
    /// What each way of reading showed.
    pub reads: Vec<(ReadKind, Reads)>,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The operation after which it was, from 0.
    pub at: usize,
    /// Of whom.
    pub instance: Instance,
    /// What it must have.
    pub surely: Surely,
    /// What was read.
    pub families: Vec<FamilySeen>,
    /// Whether prefixes of the families may end at different places.
    pub is_uneven: bool,
    /// Entries that it once had in memory, from the write-ahead log, by family.
    pub replayed: BTreeSet<(Life, u32)>,
}

impl Observation {
    /// Every value that was shown, once for each way of reading.
    pub fn shown(&self) -> impl Iterator<Item = (&FamilySeen, ReadKind, Key, &Shown)> {
        self.families.iter().flat_map(|seen| {
            seen.reads.iter().flat_map(move |(kind, reads)| {
                reads.iter().map(move |(key, shown)| (seen, *kind, *key, shown))
            })
        })
    }

    /// The entries of a family that the instance once had in memory.
    pub fn replayed_of(&self, life: Life) -> BTreeSet<u32> {
        self.replayed.iter().filter(|(of, _)| *of == life).map(|(_, at)| *at).collect()
    }
}
