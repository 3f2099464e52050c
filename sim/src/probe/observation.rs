//! What was seen of an instance at one moment, with what it must and may have.

use std::collections::BTreeSet;

use super::key::{Key, Shown};
use super::model::{Life, Surely, WriteLog};
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

/// What an instance shows as of one place in the order of all writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// Everything.
    #[default]
    Whole,
    /// Each family for itself: a flush that comes about by itself, of one family, published what
    /// no log has.
    Family,
    /// The writes of each keeper for themselves: what is in a log's buffer may show before older
    /// writes that no log has.
    Keeper,
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
    /// What ends at one place in the order of all writes.
    pub moment: Moment,
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
        of_life(&self.replayed, life)
    }

    /// Whether memory of a secondary over newer files explains a value.
    pub fn is_shadowed(&self, log: &WriteLog, life: Life, key: Key, shown: &Shown) -> bool {
        self.instance.is_secondary() && log.is_shadowed(life, key, &self.replayed_of(life), shown)
    }

    /// Whether a family was dropped before the instance last caught up.
    pub fn is_dropped(&self, life: Life) -> bool {
        self.surely.stopped.contains_key(&life)
    }
}

/// The entries of one family.
pub fn of_life(entries: &BTreeSet<(Life, u32)>, life: Life) -> BTreeSet<u32> {
    entries.iter().filter(|(of, _)| *of == life).map(|(_, at)| *at).collect()
}
