//! What one group committed in one partition, on disk.

use std::path::{Path, PathBuf};

use crate::error::{StorageError, StorageResult};
use crate::io::{File, OpenMode, World};
use crate::log::slot::{self, BlockReader, BlockWriter, COPY_OFFSET_BYTES};
use crate::planted;
use crate::types::Position;

use super::GroupId;

const MAGIC: [u8; 4] = *b"DLCO";
/// Slots lie a page apart, so that a torn write of one leaves the other whole.
const SLOT_STRIDE_BYTES: u64 = 4096;
const SLOT_BYTES: usize = 48;
/// A slot with its copy.
const PAIR_BYTES: usize = COPY_OFFSET_BYTES + SLOT_BYTES;

/// A committed position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The next message to process, exclusive bound of what was processed.
    pub position: Position,
    /// The checksum of the last processed record: tells a record from another one that took its
    /// place after a loss.
    pub record_checksum: u32,
}

/// The open file, and the lock that makes its holder the group's owner in this partition. Held
/// for life: a stopped owner keeps it, a dead one frees it.
pub struct CommitFile<W: World> {
    world: W,
    path: PathBuf,
    file: W::File,
    _lock: W::Lock,
    /// Until a forced write, the file's name may be gone after power loss.
    name_is_forced: bool,
    /// Number of the newest valid slot; slots are written alternately.
    newest: u64,
    committed: Option<Committed>,
}

impl<W: World> CommitFile<W> {
    /// The directory of a partition's groups.
    pub fn directory(partition_directory: &Path) -> PathBuf {
        partition_directory.join("groups")
    }

    fn path(partition_directory: &Path, group: GroupId) -> PathBuf {
        Self::directory(partition_directory).join(format!("{group}.commit"))
    }

    /// Opens the file, made where there is none, and becomes the group's owner.
    ///
    /// # Errors
    /// `Locked` where another session owns it; `Corrupt` where slots were written and none is
    /// valid.
    pub async fn own(world: &W, partition_directory: &Path, group: GroupId) -> StorageResult<Self> {
        let directory = Self::directory(partition_directory);
        world
            .create_directories(&directory)
            .await
            .map_err(|e| StorageError::io("make", &directory, e))?;
        let lock_path = directory.join(format!("{group}.lock"));
        let lock = world
            .lock(&lock_path)
            .await
            .map_err(|e| StorageError::io("lock", &lock_path, e))?
            .ok_or(StorageError::Locked(lock_path))?;
        let path = Self::path(partition_directory, group);
        let file = world
            .open(&path, OpenMode::Create)
            .await
            .map_err(|e| StorageError::io("open", &path, e))?;
        let newest = read_newest(world, &file, &path).await?;
        Ok(Self {
            world: world.clone(),
            path,
            file,
            _lock: lock,
            name_is_forced: false,
            newest: newest.map_or(0, |(number, _)| number),
            committed: newest.and_then(|(_, committed)| committed),
        })
    }

    /// What the group committed, read without becoming its owner; `None` where it has nothing.
    pub async fn peek(
        world: &W,
        partition_directory: &Path,
        group: GroupId,
    ) -> StorageResult<Option<Committed>> {
        let path = Self::path(partition_directory, group);
        let io = |error| StorageError::io("read", &path, error);
        if !world.exists(&path).await.map_err(io)? {
            return Ok(None);
        }
        let file = world.open(&path, OpenMode::Read).await.map_err(io)?;
        Ok(read_newest(world, &file, &path).await?.and_then(|(_, committed)| committed))
    }

    /// What is committed now.
    pub fn committed(&self) -> Option<Committed> {
        self.committed
    }

    /// Replaces what is committed; `None` forgets it. On disk before it returns where `force`,
    /// with the operating system otherwise.
    pub async fn write(&mut self, committed: Option<Committed>, force: bool) -> StorageResult<()> {
        let number = self.newest + 1;
        let offset = number % 2 * SLOT_STRIDE_BYTES;
        let late = planted!(&self.world, CommitLate);
        let saved = if late { self.committed } else { committed };
        self.file
            .write_at(offset, &slot::with_copy(&encode(number, saved)))
            .await
            .map_err(|e| StorageError::io("write", &self.path, e))?;
        if force {
            self.force().await?;
        }
        self.newest = number;
        self.committed = committed;
        Ok(())
    }

    async fn force(&mut self) -> StorageResult<()> {
        self.file.sync_data().await.map_err(|e| StorageError::io("force", &self.path, e))?;
        if !self.name_is_forced {
            for above in self.path.ancestors().skip(1).take(2) {
                let forced = self.world.sync_directory(above).await;
                forced.map_err(|e| StorageError::io("force", above, e))?;
            }
            self.name_is_forced = true;
        }
        Ok(())
    }
}

async fn read_newest<W: World>(
    world: &W,
    file: &W::File,
    path: &Path,
) -> StorageResult<Option<(u64, Option<Committed>)>> {
    let mut newest = None;
    let mut written = false;
    let is_older_wanted = planted!(world, OlderSlotChosen);
    for number in 0..2 {
        let bytes = file
            .read_at(number * SLOT_STRIDE_BYTES, PAIR_BYTES)
            .await
            .map_err(|e| StorageError::io("read", path, e))?;
        // The newer one of the two: a torn write left the other as it was.
        let found = slot::copies(&bytes, decode).max_by_key(|(number, _)| *number);
        // What is cut short at the end of the file is a first commit whose write failed: nobody
        // was told that it is there.
        written |= bytes.len() >= SLOT_BYTES && bytes.iter().any(|byte| *byte != 0);
        if let Some(found) = found
            && newest.is_none_or(|(number, _)| (number < found.0) != is_older_wanted)
        {
            newest = Some(found);
        }
    }
    if written && newest.is_none() {
        return Err(StorageError::Corrupt {
            path: path.to_owned(),
            offset: 0,
            what: "neither slot of the commit file is valid: reset the group".to_owned(),
        });
    }
    Ok(newest)
}

fn encode(number: u64, committed: Option<Committed>) -> [u8; SLOT_BYTES] {
    let mut block = BlockWriter::<SLOT_BYTES>::new(MAGIC);
    block.put_u64(number);
    block.put_u32(u32::from(committed.is_some()));
    if let Some(committed) = committed {
        block.put_u32(committed.position.epoch);
        block.put_u64(committed.position.sequence);
        block.put_u32(committed.record_checksum);
    }
    block.finish()
}

fn decode(bytes: &[u8]) -> Option<(u64, Option<Committed>)> {
    let mut fields = BlockReader::new(bytes, MAGIC, SLOT_BYTES)?;
    let number = fields.u64();
    let present = fields.u32() == 1;
    let position = Position { epoch: fields.u32(), sequence: fields.u64() };
    let committed = Committed { position, record_checksum: fields.u32() };
    Some((number, present.then_some(committed)))
}
