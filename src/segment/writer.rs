//! Writing a segment.

use std::fmt;
use std::path::Path;

use super::file::SegmentFile;
use super::fill::{FillJob, FillPolicy, FillState};
use super::header::{FIRST_FRAME_OFFSET, SegmentHeader};
use crate::error::{StorageError, StorageResult};
use crate::io::{File, OpenMode, World};
use crate::record::{FRAME_ALIGNMENT_BYTES, FrameFields, FrameFlags, FramePlace, encode_mark};

/// Appends frames to one segment, which it made. There is no way to go on with a segment of
/// before: one that recovery cut is never appended to.
pub struct SegmentWriter<F> {
    segment: SegmentFile<F>,
    header: SegmentHeader,
    end_offset: u64,
    fill: Option<FillState>,
    is_sealed: bool,
}

impl<F> fmt::Debug for SegmentWriter<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SegmentWriter({:?} at {})", self.segment, self.end_offset)
    }
}

impl<F: File> SegmentWriter<F> {
    /// Makes the segment's file in the partition's `directory`, writes its header and forces it.
    /// The caller forces the directory before it counts on the file being found.
    ///
    /// # Errors
    /// [`StorageError::Io`], `AlreadyExists` where there is such a file: ids are never used
    /// again. [`StorageError::Poisoned`] where the header cannot be forced.
    pub async fn create<W: World<File = F>>(
        world: &W,
        directory: &Path,
        header: SegmentHeader,
    ) -> StorageResult<Self> {
        let mode = OpenMode::CreateNew;
        let segment = SegmentFile::open(world, directory, header.segment_id, mode).await?;
        Self::begin(segment, header).await
    }

    /// Writes the header into `segment`, an empty file, and forces it.
    ///
    /// # Errors
    /// As [`SegmentWriter::create`].
    pub async fn begin(segment: SegmentFile<F>, header: SegmentHeader) -> StorageResult<Self> {
        assert_eq!(segment.segment_id(), header.segment_id, "the file is named after the segment");
        write(&segment, 0, &header.encode()).await?;
        segment.sync().await?;
        let end_offset = FIRST_FRAME_OFFSET;
        Ok(Self { segment, header, end_offset, fill: None, is_sealed: false })
    }

    /// A mistake: goes on in a segment of before, behind its `length_bytes`.
    #[cfg(feature = "planted")]
    pub(crate) fn go_on(segment: SegmentFile<F>, header: SegmentHeader, length_bytes: u64) -> Self {
        let end_offset = length_bytes.next_multiple_of(FRAME_ALIGNMENT_BYTES);
        Self { segment, header, end_offset, fill: None, is_sealed: false }
    }

    /// The segment's file; a clone of it can be forced or read while frames are written.
    pub fn segment(&self) -> &SegmentFile<F> {
        &self.segment
    }

    /// What the segment says of itself.
    pub fn header(&self) -> &SegmentHeader {
        &self.header
    }

    /// Where the next frame goes.
    pub fn place(&self) -> FramePlace {
        self.segment.place(self.end_offset)
    }

    /// Writes `frame`, which was encoded for [`SegmentWriter::place`], behind the last one.
    ///
    /// # Errors
    /// [`StorageError::Io`]: any part of it may be in the file, and the next frame goes to the
    /// same place. A mix of both is refused by their checksums.
    ///
    /// # Panics
    /// Where `frame` has no frame's length, where the segment is sealed, and where
    /// [`SegmentWriter::is_fill_in_the_way`].
    ///
    /// Dropping the future is like an error.
    pub async fn write_frame(&mut self, frame: &[u8]) -> StorageResult<()> {
        let frame_bytes = frame.len() as u64;
        assert!(!self.is_sealed, "nothing is written behind a seal");
        assert!(frame_bytes > 0 && frame_bytes.is_multiple_of(FRAME_ALIGNMENT_BYTES));
        assert!(!self.is_fill_in_the_way(frame_bytes), "zeros would be written over the frame");
        write(&self.segment, self.end_offset, frame).await?;
        self.end_offset += frame_bytes;
        Ok(())
    }

    /// Forces to disk what was written before the call began.
    ///
    /// # Errors
    /// [`StorageError::Poisoned`], see [`SegmentFile::sync`].
    pub async fn sync(&self) -> StorageResult<()> {
        self.segment.sync().await
    }

    /// Ends the segment: writes a mark of `fields` that says so, gives back the space behind it
    /// and forces all. Nothing can be written afterwards.
    ///
    /// # Errors
    /// As [`SegmentWriter::write_frame`] and [`SegmentWriter::sync`]. The segment is as good
    /// without its seal; but what is in it counts as durable only after a success.
    ///
    /// # Panics
    /// As [`SegmentWriter::write_frame`].
    pub async fn seal(&mut self, fields: FrameFields) -> StorageResult<()> {
        let mut mark = Vec::new();
        encode_mark(&mut mark, self.place(), fields, FrameFlags::SEAL);
        self.write_frame(&mark).await?;
        self.is_sealed = true;
        let cut = self.segment.file().set_len(self.end_offset).await;
        cut.map_err(|error| StorageError::io("shorten", self.segment.path(), error))?;
        self.sync().await
    }

    /// Gives back the space behind the last frame that was filled ahead of use.
    ///
    /// # Errors
    /// [`StorageError::Io`]; the log is as good without it.
    ///
    /// # Panics
    /// Where a fill is under way.
    pub async fn give_back(&mut self) -> StorageResult<()> {
        let Some(fill) = &mut self.fill else { return Ok(()) };
        fill.forget();
        let cut = self.segment.file().set_len(self.end_offset).await;
        cut.map_err(|error| StorageError::io("shorten", self.segment.path(), error))
    }

    /// From now on asks for zeros ahead of use.
    pub fn set_fill_policy(&mut self, policy: FillPolicy) {
        self.fill.get_or_insert_with(|| FillState::new(policy));
    }

    /// The next fill that the policy wants, if any. It may run while frames are written, and
    /// must be ended by [`SegmentWriter::end_fill`] after it ran.
    pub fn begin_fill(&mut self) -> Option<FillJob<F>> {
        let fill = self.fill.as_mut().filter(|_| !self.is_sealed)?;
        let range = fill.due(self.end_offset)?;
        fill.begin(range.clone());
        Some(FillJob::new(self.segment.clone(), range))
    }

    /// Notes that `job` ran to its end, with success or not.
    ///
    /// # Panics
    /// Where `job` is not the one that was begun last.
    pub fn end_fill(&mut self, job: FillJob<F>) {
        self.fill.as_mut().expect("the job came from here").end(job.range());
    }

    /// Whether a frame of `frame_bytes` must wait for the fill under way, which could write
    /// zeros over it.
    pub fn is_fill_in_the_way(&self, frame_bytes: u64) -> bool {
        self.fill.as_ref().is_some_and(|fill| fill.is_in_the_way(self.end_offset + frame_bytes))
    }
}

async fn write<F: File>(segment: &SegmentFile<F>, offset: u64, bytes: &[u8]) -> StorageResult<()> {
    let written = segment.file().write_at(offset, bytes).await;
    written.map_err(|error| StorageError::io("write", segment.path(), error))
}
