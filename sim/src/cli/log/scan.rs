//! Reading a partition's frames from its files, beside whoever writes them.

use std::path::{Path, PathBuf};

use duolog::StorageError;
use duolog::io::real::Real;
use duolog::io::{File, OpenMode, World};
use duolog::record::Frame;
use duolog::segment::{
    FIRST_FRAME_OFFSET, FrameScanner, SEGMENT_HEADER_BYTES, ScanStep, SegmentFile, SegmentHeader,
    parse_segment_file_name,
};
use duolog::types::{SegmentId, Sequence};

use crate::cli::Failure;

use super::directory::failed;

/// Bytes read at a time.
const BLOCK_BYTES: usize = 1 << 20;

/// A segment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub id: SegmentId,
    /// The sequence of its first record. Records of an earlier segment from there on were cut.
    pub base: Sequence,
    /// Bytes of the file, what is written ahead of use included.
    pub file_bytes: u64,
    /// When it was made, microseconds since 1970.
    pub created_us: i64,
}

/// The segments of a partition, in order. One whose header was not finished holds nothing and is
/// left out.
pub(super) async fn segments(world: &Real, directory: &Path) -> Result<Vec<Segment>, Failure> {
    let io = |error| failed(StorageError::io("list", directory, error));
    if !world.exists(directory).await.map_err(io)? {
        return Ok(Vec::new());
    }
    let mut segments = Vec::new();
    for entry in world.list(directory).await.map_err(io)? {
        let Some(id) = parse_segment_file_name(&entry.name) else { continue };
        let file = match SegmentFile::open(world, directory, id, OpenMode::Read).await {
            Ok(file) => file,
            // Retention was faster.
            Err(StorageError::NotFound { .. }) => continue,
            Err(error) => return Err(failed(error)),
        };
        let path = file.path().to_owned();
        let length = file.file().len().await;
        let file_bytes = length.map_err(|e| failed(StorageError::io("size", &path, e)))?;
        let header = match file.read_header().await {
            Ok(header) => header,
            Err(_) if file_bytes <= SEGMENT_HEADER_BYTES as u64 => continue,
            Err(error) => return Err(failed(error)),
        };
        let SegmentHeader { base_sequence: base, created_us, .. } = header;
        segments.push(Segment { id, base, file_bytes, created_us });
    }
    Ok(segments)
}

/// Where a partition's frames end for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The segment.
    pub segment: SegmentId,
    /// The first byte that is no whole frame.
    pub offset: u64,
    /// What is there.
    pub what: String,
}

/// One segment under way.
struct Current {
    segment: Segment,
    scanner: FrameScanner<<Real as World>::File>,
    /// Messages from here on were replaced by the next segment, as far as there is one.
    bound: Sequence,
    /// Whether the end was met while a later segment was there already: nothing follows here.
    ended: bool,
}

/// The frames of a partition in order, across its segments. At the end a later call finds what
/// was written meanwhile.
pub(super) struct FrameScan {
    world: Real,
    directory: PathBuf,
    current: Option<Current>,
    /// The segment to begin with.
    from: SegmentId,
}

impl FrameScan {
    /// Frames from the segment on that holds `sequence`; the first ones may lie below it.
    pub(super) async fn new(
        world: &Real,
        directory: &Path,
        sequence: Sequence,
    ) -> Result<Self, Failure> {
        let segments = segments(world, directory).await?;
        let after = segments.partition_point(|segment| segment.base <= sequence);
        let from = segments.get(after.saturating_sub(1));
        let from = from.map_or(SegmentId::default(), |segment| segment.id);
        Ok(Self { world: world.clone(), directory: directory.to_owned(), current: None, from })
    }

    /// The next frame that counts, or where the log ends for now; `None` where it has no segment.
    pub(super) async fn next(&mut self) -> Result<Option<Result<Frame, End>>, Failure> {
        loop {
            let Some(current) = &mut self.current else {
                if self.advance().await? {
                    continue;
                }
                return Ok(None);
            };
            let end = match current.scanner.next().await.map_err(failed)? {
                ScanStep::Frame(frame) if frame.header().next_sequence() <= current.bound => {
                    return Ok(Some(Ok(frame)));
                }
                ScanStep::Frame(frame) => {
                    current.ended = true;
                    (frame.place().offset, "replaced by the next segment".to_owned())
                }
                ScanStep::End { offset, reason } => (offset, reason.to_string()),
            };
            let end = End { segment: current.segment.id, offset: end.0, what: end.1 };
            if current.ended {
                if self.advance().await? {
                    continue;
                }
                return Ok(Some(Err(end)));
            }
            // A segment is complete once a later one is there: look again, then go on.
            let id = current.segment.id;
            let all = segments(&self.world, &self.directory).await?;
            let Some(next) = all.iter().find(|one| one.id > id) else { return Ok(Some(Err(end))) };
            if let Some(current) = &mut self.current {
                current.ended = true;
                current.bound = next.base;
            }
        }
    }

    /// Goes to the next segment; whether there is one.
    async fn advance(&mut self) -> Result<bool, Failure> {
        let all = segments(&self.world, &self.directory).await?;
        let at = all.iter().position(|one| match &self.current {
            Some(current) => one.id > current.segment.id,
            None => one.id >= self.from,
        });
        let Some(at) = at else { return Ok(false) };
        let segment = all[at];
        let mode = OpenMode::Read;
        let opened = SegmentFile::open(&self.world, &self.directory, segment.id, mode).await;
        let scanner = FrameScanner::new(opened.map_err(failed)?, FIRST_FRAME_OFFSET, BLOCK_BYTES);
        let bound = all.get(at + 1).map_or(Sequence::MAX, |next| next.base);
        self.current = Some(Current { segment, scanner, bound, ended: false });
        Ok(true)
    }
}
