//! What a probe does to RocksDB, one step at a time.

use serde::{Deserialize, Serialize};

use super::key::Key;

/// A set of families, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Families(pub u8);

impl Families {
    /// How many families a database may have, beside the one that RocksDB insists on.
    pub const MAX: u8 = 4;

    /// The first `count` families.
    pub const fn first(count: u8) -> Self {
        Self((1 << count) - 1)
    }

    /// Whether `family` is one of them.
    pub const fn has(self, family: u8) -> bool {
        self.0 & (1 << family) != 0
    }

    /// Those that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The families, in order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..Self::MAX).filter(move |family| self.has(*family))
    }
}

/// What a write does to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Sets its value.
    Put,
    /// Adds to its value.
    Merge,
    /// Removes it.
    Delete,
    /// Removes it, where it was put once.
    SingleDelete,
    /// Removes it and all keys up to the plain one with the given number, which stays.
    DeleteRange(u32),
}

/// One write of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Write {
    /// To which family.
    pub family: u8,
    /// To which key; of a range, the first.
    pub key: Key,
    /// What it does.
    pub effect: Effect,
}

/// What a reading instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Follows the primary when it is told to.
    Secondary,
    /// Shows the state at its opening.
    Frozen,
}

/// A way to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadKind {
    /// One key, copied.
    Get,
    /// One key, in place.
    Pinned,
    /// Several keys at once.
    MultiGet,
    /// Several keys at once, in the call that RocksDB sorts and batches.
    BatchedGet,
    /// A scan, ascending.
    Forward,
    /// A scan, descending.
    Backward,
    /// Scans within a prefix.
    Prefix,
}

impl ReadKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Get,
        Self::Pinned,
        Self::MultiGet,
        Self::BatchedGet,
        Self::Forward,
        Self::Backward,
        Self::Prefix,
    ];

    /// Whether it looks for single keys.
    pub const fn is_point(self) -> bool {
        matches!(self, Self::Get | Self::Pinned | Self::MultiGet | Self::BatchedGet)
    }
}

/// What is kept while other things happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// An iterator.
    Iterator,
    /// A snapshot, read by single keys.
    Snapshot,
}

/// One step. Families and instances that do not exist when its turn comes make it do nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Operation {
    /// Writes a batch.
    Write {
        /// What is in it.
        writes: Vec<Write>,
        /// Whether the write-ahead log gets it.
        wal: bool,
    },
    /// Takes in a file with these keys.
    Ingest {
        /// Into which family.
        family: u8,
        /// The keys, ascending.
        keys: Vec<Key>,
    },
    /// Writes what is in memory to files.
    Flush {
        /// Of which families, in one call.
        families: Families,
    },
    /// Hands the buffer of the write-ahead log to the system.
    FlushWal,
    /// Merges the files of a family.
    Compact {
        /// Which one.
        family: u8,
    },
    /// Begins another write-ahead log, by a flush of a family that is not looked at.
    SwitchWal,
    /// Makes a family.
    Create {
        /// Which one.
        family: u8,
    },
    /// Drops a family.
    Drop {
        /// Which one.
        family: u8,
    },
    /// Closes the primary.
    Close,
    /// Opens the primary again.
    Open,
    /// Opens an instance that reads.
    OpenReader {
        /// Its number.
        reader: u8,
        /// What it is.
        role: Role,
        /// The families that it is opened with, as far as they exist.
        families: Families,
    },
    /// Closes an instance that reads.
    CloseReader {
        /// Which one.
        reader: u8,
    },
    /// Has a reader apply the primary's newer state.
    CatchUp {
        /// Which one.
        reader: u8,
    },
    /// Reads every key in every way.
    Observe {
        /// Of which reader; the primary where not given.
        reader: Option<u8>,
    },
    /// Reads every key of a family in one way.
    Read {
        /// Of which reader; the primary where not given.
        reader: Option<u8>,
        /// Which family.
        family: u8,
        /// In which way.
        kind: ReadKind,
    },
    /// Keeps an iterator or a snapshot over the next operations, then looks at it again.
    Hold {
        /// Of which reader.
        reader: u8,
        /// What is kept.
        hold: Hold,
        /// Over how many operations.
        span: u8,
    },
    /// Tries to write through an instance that reads.
    WriteToReader {
        /// Which one.
        reader: u8,
    },
    /// Nobody writes; every secondary catches up twice and is held against the primary.
    Silence,
}

impl Operation {
    /// Whether a secondary may catch up in it.
    pub const fn catches_up(&self) -> bool {
        matches!(self, Self::CatchUp { .. } | Self::Silence)
    }

    /// Whether an instance that reads may scan from the end in it.
    pub const fn scans_backward(&self) -> bool {
        matches!(
            self,
            Self::Observe { reader: Some(_) }
                | Self::Read { reader: Some(_), kind: ReadKind::Backward, .. }
                | Self::Silence
        )
    }

    /// Whether it puts a deletion of a range into the write-ahead log.
    pub fn logs_range_delete(&self) -> bool {
        let is_range = |write: &Write| matches!(write.effect, Effect::DeleteRange(_));
        matches!(self, Self::Write { writes, wal: true } if writes.iter().any(is_range))
    }

    /// Its name, for tables.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Write { wal: true, .. } => "write",
            Self::Write { wal: false, .. } => "write, no WAL",
            Self::Ingest { .. } => "ingest",
            Self::Flush { .. } => "flush",
            Self::FlushWal => "flush WAL",
            Self::Compact { .. } => "compact",
            Self::SwitchWal => "switch WAL",
            Self::Create { .. } => "create family",
            Self::Drop { .. } => "drop family",
            Self::Close => "close primary",
            Self::Open => "open primary",
            Self::OpenReader { role: Role::Secondary, .. } => "open secondary",
            Self::OpenReader { role: Role::Frozen, .. } => "open read-only",
            Self::CloseReader { .. } => "close reader",
            Self::CatchUp { .. } => "catch up",
            Self::Observe { .. } => "observe",
            Self::Read { .. } => "read",
            Self::Hold { hold: Hold::Iterator, .. } => "hold iterator",
            Self::Hold { hold: Hold::Snapshot, .. } => "hold snapshot",
            Self::WriteToReader { .. } => "write to reader",
            Self::Silence => "silence",
        }
    }
}
