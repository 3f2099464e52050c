//! The publication record of a partition: what its writer tells other processes.

use std::path::{Path, PathBuf};

use crate::error::{StorageError, StorageResult};
use crate::io::{File, OpenMode, World};
use crate::sync::MarksView;
use crate::types::{Epoch, Sequence};

use super::slot::{self, BlockReader, BlockWriter, COPY_OFFSET_BYTES};

const MAGIC: [u8; 4] = *b"DLMK";
/// One write of at most a sector is what a reader has the best chance to see whole; the checksum
/// tells when it did not.
const BLOCK_BYTES: usize = 80;

const START_MAGIC: [u8; 4] = *b"DLST";
/// The note of the log's start lies in a page of its own, which no acknowledgement writes.
const START_OFFSET_BYTES: usize = 4096;
const START_BYTES: usize = 32;
/// The note with its copy.
const START_PAIR_BYTES: usize = COPY_OFFSET_BYTES + START_BYTES;

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
        Ok(decode(&Self::bytes(world, directory, BLOCK_BYTES).await?))
    }

    /// Where the log starts, inclusive: the highest that the record, the note of a start or its
    /// copy says. `None` where nothing says it: none was written, or only a record that is not
    /// whole, of a log that nothing was dropped from.
    ///
    /// # Errors
    /// `Corrupt` where a start was noted and nothing valid is left of it.
    pub async fn log_start<W: World<File = F>>(
        world: &W,
        directory: &Path,
    ) -> StorageResult<Option<Sequence>> {
        Ok(Self::read_with_start(world, directory).await?.1)
    }

    /// What [`MarkFile::read`] and [`MarkFile::log_start`] answer, read at once.
    ///
    /// # Errors
    /// As those.
    pub async fn read_with_start<W: World<File = F>>(
        world: &W,
        directory: &Path,
    ) -> StorageResult<(Option<Mark>, Option<Sequence>)> {
        let bytes = Self::bytes(world, directory, START_OFFSET_BYTES + START_PAIR_BYTES).await?;
        let pair = bytes.get(START_OFFSET_BYTES..).unwrap_or_default();
        let mark = decode(&bytes);
        let marked = mark.map(|mark| mark.marks.log_start);
        // One that is cut short was never forced, so nothing was dropped for it.
        let is_noted = pair.len() >= START_PAIR_BYTES && pair.iter().any(|byte| *byte != 0);
        match slot::copies(pair, decode_start).chain(marked).max() {
            None if is_noted => Err(StorageError::Corrupt {
                path: directory.join(Self::FILE_NAME),
                offset: START_OFFSET_BYTES as u64,
                what: "neither note of the log's start is valid, nor is the record".to_owned(),
            }),
            log_start => Ok((mark, log_start)),
        }
    }

    /// At most the first `length_bytes` of the file; none where there is no file.
    async fn bytes<W: World<File = F>>(
        world: &W,
        directory: &Path,
        length_bytes: usize,
    ) -> StorageResult<Vec<u8>> {
        let path = directory.join(Self::FILE_NAME);
        let io = |error| StorageError::io("read", &path, error);
        if !world.exists(&path).await.map_err(io)? {
            return Ok(Vec::new());
        }
        let file = world.open(&path, OpenMode::Read).await.map_err(io)?;
        file.read_at(0, length_bytes).await.map_err(io)
    }

    /// Notes, twice, that the log starts at `log_start`. To be forced before what lies below is
    /// dropped: nothing else tells of it once the record is damaged.
    pub async fn note_start(&self, log_start: Sequence) -> StorageResult<()> {
        self.file
            .write_at(START_OFFSET_BYTES as u64, &slot::with_copy(&encode_start(log_start)))
            .await
            .map_err(|e| StorageError::io("write", &self.path, e))
    }

    /// Replaces the record.
    pub async fn write(&self, mark: &Mark) -> StorageResult<()> {
        self.file
            .write_at(0, &encode(mark))
            .await
            .map_err(|e| StorageError::io("write", &self.path, e))
    }

    /// Forces the record and the note to disk.
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

fn encode_start(log_start: Sequence) -> [u8; START_BYTES] {
    let mut block = BlockWriter::<START_BYTES>::new(START_MAGIC);
    block.put_u64(log_start);
    block.finish()
}

fn decode_start(bytes: &[u8]) -> Option<Sequence> {
    Some(BlockReader::new(bytes, START_MAGIC, START_BYTES)?.sequence())
}
