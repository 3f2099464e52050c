//! The publication record of a partition: what its writer tells other processes.

use std::path::{Path, PathBuf};

use crate::error::{StorageError, StorageResult};
use crate::io::{File, OpenMode, World};
use crate::sync::MarksView;
use crate::types::Epoch;

use super::slot::{BlockReader, BlockWriter};

const MAGIC: [u8; 4] = *b"DLMK";
/// One write of at most a sector is what a reader has the best chance to see whole; the checksum
/// tells when it did not.
const BLOCK_BYTES: usize = 80;

/// What the record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The boot that it was written in. After another one, only what lies below `durable` is
    /// certain, unless `clean`.
    pub boot_id: u128,
    /// The writer's epoch.
    pub epoch: Epoch,
    /// Whether the writer closed in order, everything forced.
    pub clean: bool,
    /// The positions.
    pub marks: MarksView,
}

/// The open record: one file for the partition's life, always the same inode, so that readers
/// may keep it open.
pub struct MarkFile<F> {
    path: PathBuf,
    file: F,
}

impl<F: File> MarkFile<F> {
    /// The file's name in the partition's directory.
    pub const FILE_NAME: &'static str = "MARK";

    /// Opens the record to write, made where it does not exist.
    pub async fn open<W: World<File = F>>(world: &W, directory: &Path) -> StorageResult<Self> {
        let path = directory.join(Self::FILE_NAME);
        let file = world
            .open(&path, OpenMode::Create)
            .await
            .map_err(|e| StorageError::io("open", &path, e))?;
        Ok(Self { path, file })
    }

    /// Reads the record; `None` where there is none, or none that is whole.
    pub async fn read<W: World<File = F>>(
        world: &W,
        directory: &Path,
    ) -> StorageResult<Option<Mark>> {
        let path = directory.join(Self::FILE_NAME);
        let io = |error| StorageError::io("read", &path, error);
        if !world.exists(&path).await.map_err(io)? {
            return Ok(None);
        }
        let file = world.open(&path, OpenMode::Read).await.map_err(io)?;
        let bytes = file.read_at(0, BLOCK_BYTES).await.map_err(io)?;
        Ok(decode(&bytes))
    }

    /// Replaces the record.
    pub async fn write(&self, mark: &Mark) -> StorageResult<()> {
        self.file
            .write_at(0, &encode(mark))
            .await
            .map_err(|e| StorageError::io("write", &self.path, e))
    }

    /// Forces the record to disk.
    pub async fn force(&self) -> StorageResult<()> {
        self.file.sync_data().await.map_err(|e| StorageError::io("force", &self.path, e))
    }
}

fn encode(mark: &Mark) -> [u8; BLOCK_BYTES] {
    let mut block = BlockWriter::<BLOCK_BYTES>::new(MAGIC);
    block.put_u32(mark.epoch);
    block.put_u128(mark.boot_id);
    block.put_u64(u64::from(mark.clean));
    block.put_u64(mark.marks.log_start);
    block.put_u64(mark.marks.settled);
    block.put_u64(mark.marks.durable);
    block.put_u64(mark.marks.high_watermark);
    block.put_u64(mark.marks.log_end);
    block.finish()
}

fn decode(bytes: &[u8]) -> Option<Mark> {
    let mut fields = BlockReader::new(bytes, MAGIC, BLOCK_BYTES)?;
    let epoch = fields.u32();
    let boot_id = fields.u128();
    let clean = fields.u64() == 1;
    let marks = MarksView {
        log_start: fields.sequence(),
        settled: fields.sequence(),
        durable: fields.sequence(),
        high_watermark: fields.sequence(),
        log_end: fields.sequence(),
    };
    Some(Mark { boot_id, epoch, clean, marks })
}
