//! The history of a partition's epochs: which openings by a writer there were, and where each
//! began.

use std::path::{Path, PathBuf};

use crate::error::{StorageError, StorageResult};
use crate::io::{File, OpenMode, World};
use crate::planted;
use crate::types::{Epoch, Position, SegmentId, Sequence};

use super::slot::{BlockReader, BlockWriter};

const MAGIC: [u8; 4] = *b"DLEP";
const COPY_BYTES: usize = 32;
/// An entry is there twice: it may be the only note of a cut, and must not rot unnoticed.
const ENTRY_BYTES: usize = 2 * COPY_BYTES;

/// One opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochStart {
    /// Its number.
    pub epoch: Epoch,
    /// The first sequence that it may have written, inclusive.
    pub first_sequence: Sequence,
}

impl EpochStart {
    /// The entry with its copy.
    fn entry(self) -> Vec<u8> {
        let mut block = BlockWriter::<COPY_BYTES>::new(MAGIC);
        block.put_u32(self.epoch);
        block.put_u64(self.first_sequence);
        [block.finish(); 2].concat()
    }
}

/// All openings, ascending. A later epoch that begins at or below an earlier one's messages has
/// replaced those from there on: they were lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpochHistory {
    starts: Vec<EpochStart>,
}

impl EpochHistory {
    /// The file's name in the partition's directory.
    pub const FILE_NAME: &'static str = "EPOCHS";

    /// Reads the history; empty where there is no file. A torn last entry was never used and is
    /// left out.
    ///
    /// # Errors
    /// `Corrupt` where neither copy of an entry before the last is valid, or they do not ascend.
    pub async fn read<W: World>(world: &W, directory: &Path) -> StorageResult<Self> {
        let path = Self::path(directory);
        if !world.exists(&path).await.map_err(|e| StorageError::io("look for", &path, e))? {
            return Ok(Self::default());
        }
        let file = world
            .open(&path, OpenMode::Read)
            .await
            .map_err(|e| StorageError::io("open", &path, e))?;
        let length = file.len().await.map_err(|e| StorageError::io("size", &path, e))?;
        let bytes = file
            .read_at(0, length as usize)
            .await
            .map_err(|e| StorageError::io("read", &path, e))?;
        Self::decode(&bytes, &path)
    }

    fn decode(bytes: &[u8], path: &Path) -> StorageResult<Self> {
        let mut starts: Vec<EpochStart> = Vec::new();
        let count = bytes.len().div_ceil(ENTRY_BYTES);
        for (index, block) in bytes.chunks(ENTRY_BYTES).enumerate() {
            let corrupt = |what: &str| StorageError::Corrupt {
                path: path.to_owned(),
                offset: (index * ENTRY_BYTES) as u64,
                what: what.to_owned(),
            };
            let copies = block.chunks(COPY_BYTES);
            let mut valid = copies.filter_map(|copy| BlockReader::new(copy, MAGIC, COPY_BYTES));
            let Some(mut fields) = valid.next() else {
                if index + 1 == count {
                    break;
                }
                return Err(corrupt("an epoch entry is not valid"));
            };
            let start = EpochStart { epoch: fields.u32(), first_sequence: fields.sequence() };
            if starts.last().is_some_and(|last| last.epoch >= start.epoch) {
                return Err(corrupt("epochs do not ascend"));
            }
            starts.push(start);
        }
        Ok(Self { starts })
    }

    /// Whether the epoch of the partition's newest segment is known. Its entry was safe before the
    /// segment was made.
    ///
    /// # Errors
    /// `Corrupt` where it is not: the entry is damaged.
    pub fn check_covers(&self, directory: &Path, newest: Option<SegmentId>) -> StorageResult<()> {
        let known = self.last().map_or(0, |last| last.epoch);
        let Some(newest) = newest.filter(|newest| newest.epoch() > known) else { return Ok(()) };
        Err(StorageError::Corrupt {
            path: Self::path(directory),
            offset: (self.starts.len() * ENTRY_BYTES) as u64,
            what: format!(
                "no valid entry for epoch {}, of which segments are there",
                newest.epoch()
            ),
        })
    }

    /// Adds the next epoch, beginning at `first_sequence`, and forces it to disk before it
    /// returns: no message of an epoch is ever written before its entry is safe.
    ///
    /// No entry is written before the one below it is safe either. A sync that failed, in this
    /// process or one before, may have left that looking written, so it is written again first.
    pub async fn begin<W: World>(
        &mut self,
        world: &W,
        directory: &Path,
        first_sequence: Sequence,
    ) -> StorageResult<Epoch> {
        let last = self.last().map_or(0, |last| last.epoch);
        let epoch = last + u32::from(!planted!(world, EpochKept));
        let path = Self::path(directory);
        let file = world
            .open(&path, OpenMode::Create)
            .await
            .map_err(|e| StorageError::io("open", &path, e))?;
        let next = EpochStart { epoch, first_sequence };
        let unproven = self.starts.len().saturating_sub(1);
        for (index, start) in self.starts.iter().chain([&next]).enumerate().skip(unproven) {
            file.write_at((index * ENTRY_BYTES) as u64, &start.entry())
                .await
                .map_err(|e| StorageError::io("write", &path, e))?;
            file.sync_data().await.map_err(|e| StorageError::io("force", &path, e))?;
        }
        world
            .sync_directory(directory)
            .await
            .map_err(|e| StorageError::io("force", directory, e))?;
        self.starts.push(next);
        Ok(epoch)
    }

    /// All openings, ascending.
    pub fn starts(&self) -> &[EpochStart] {
        &self.starts
    }

    /// The newest opening.
    pub fn last(&self) -> Option<EpochStart> {
        self.starts.last().copied()
    }

    /// The epoch that owns `sequence` now: the newest that began at or below it.
    pub fn owner(&self, sequence: Sequence) -> Option<Epoch> {
        self.starts.iter().rev().find(|start| start.first_sequence <= sequence).map(|s| s.epoch)
    }

    /// Whether a position, as an exclusive bound, is still in the history: no later epoch began
    /// below it.
    pub fn contains(&self, position: Position) -> bool {
        self.starts.iter().any(|start| start.epoch == position.epoch)
            && self
                .starts
                .iter()
                .filter(|start| start.epoch > position.epoch)
                .all(|later| later.first_sequence >= position.sequence)
    }

    /// The bound `sequence` as a position: the epoch is that of the last message below it.
    pub fn position(&self, sequence: Sequence) -> Position {
        let first = self.starts.first().map_or(1, |start| start.epoch);
        let epoch = match sequence.checked_sub(1) {
            Some(last) => self.owner(last).unwrap_or(first),
            None => first,
        };
        Position { epoch, sequence }
    }

    fn path(directory: &Path) -> PathBuf {
        directory.join(Self::FILE_NAME)
    }
}
