//! An open segment file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::header::{SEGMENT_HEADER_BYTES, SegmentHeader, SegmentHeaderError};
use super::name::segment_file_name;
use crate::error::{StorageError, StorageResult};
use crate::io::{File, OpenMode, World};
use crate::record::FramePlace;
use crate::types::SegmentId;

/// An open segment file: which segment it is, and its path for errors. Clones share the file.
#[derive(Clone)]
pub struct SegmentFile<F> {
    file: F,
    path: Arc<Path>,
    segment_id: SegmentId,
}

impl<F> fmt::Debug for SegmentFile<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SegmentFile({:?})", self.path)
    }
}

impl<F: File> SegmentFile<F> {
    /// Takes `file`, which lies at `path` and is that of the segment.
    pub fn new(file: F, path: impl Into<Arc<Path>>, segment_id: SegmentId) -> Self {
        Self { file, path: path.into(), segment_id }
    }

    /// Opens the segment's file in the partition's `directory`. Reads nothing.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] where `mode` wants a file and there is none, as after a trim;
    /// [`StorageError::Io`] for all else that the system says.
    pub async fn open<W: World<File = F>>(
        world: &W,
        directory: &Path,
        segment_id: SegmentId,
        mode: OpenMode,
    ) -> StorageResult<Self> {
        let path: PathBuf = directory.join(segment_file_name(segment_id));
        match world.open(&path, mode).await {
            Ok(file) => Ok(Self::new(file, path, segment_id)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(StorageError::NotFound {
                    what: format!("segment file {path:?}"),
                    remedy: "it was trimmed, or never was: read from the log's start",
                })
            }
            Err(error) => Err(StorageError::io("open", &path, error)),
        }
    }

    /// Reads and checks the segment's header.
    ///
    /// # Errors
    /// [`StorageError::NewerFormat`] where a newer build wrote it, [`StorageError::Corrupt`]
    /// where it is none of this segment, [`StorageError::Io`].
    pub async fn read_header(&self) -> StorageResult<SegmentHeader> {
        let bytes = self.read(0, SEGMENT_HEADER_BYTES).await?;
        SegmentHeader::decode(&bytes, self.segment_id).map_err(|error| match error {
            SegmentHeaderError::NewerFormat(found) => StorageError::NewerFormat {
                path: self.path.to_path_buf(),
                found,
                supported: super::header::SEGMENT_VERSION,
            },
            other => self.corrupt(0, &other),
        })
    }

    /// The segment.
    pub fn segment_id(&self) -> SegmentId {
        self.segment_id
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file itself.
    pub fn file(&self) -> &F {
        &self.file
    }

    /// The place of a frame in this segment.
    pub fn place(&self, offset: u64) -> FramePlace {
        FramePlace { segment_id: self.segment_id, offset }
    }

    /// Reads up to `length_bytes` from `offset`; fewer only where the file ends before that, and
    /// none where it ends before `offset`, be that beyond what any file can have.
    ///
    /// # Errors
    /// [`StorageError::Io`].
    pub async fn read(&self, offset: u64, length_bytes: usize) -> StorageResult<Bytes> {
        let is_in_reach = offset.checked_add(length_bytes as u64).is_some_and(i64_holds);
        if !is_in_reach {
            return Ok(Bytes::new());
        }
        let read = self.file.read_at(offset, length_bytes).await;
        read.map(Bytes::from).map_err(|error| StorageError::io("read", &self.path, error))
    }

    /// The file's length in bytes.
    ///
    /// # Errors
    /// [`StorageError::Io`].
    pub async fn length_bytes(&self) -> StorageResult<u64> {
        let length = self.file.len().await;
        length.map_err(|error| StorageError::io("read the length of", &self.path, error))
    }

    /// Forces to disk what was written before the call began.
    ///
    /// # Errors
    /// [`StorageError::Poisoned`]: what was written since the last success may be lost although
    /// a later call succeeds, so the caller must not go on with this file.
    pub async fn sync(&self) -> StorageResult<()> {
        self.file.sync_data().await.map_err(|error| StorageError::Poisoned {
            cause: format!("fdatasync {:?}: {error}", self.path),
        })
    }

    /// What is wrong at `offset`, as an error that names the file.
    pub fn corrupt(&self, offset: u64, what: &dyn fmt::Display) -> StorageError {
        StorageError::Corrupt { path: self.path.to_path_buf(), offset, what: what.to_string() }
    }
}

fn i64_holds(offset: u64) -> bool {
    i64::try_from(offset).is_ok()
}
