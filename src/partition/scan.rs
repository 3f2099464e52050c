//! Reading the log from a position to its end: for recovery, and for readers without a writer.

use std::ops::Range;

use crate::error::{StorageError, StorageResult};
use crate::index::entry::{BatchEntry, RecordEntry};
use crate::io::{File, OpenMode, World};
use crate::log::{SegmentEntry, SegmentList};
use crate::planted;
use crate::record::{Frame, FrameError};
use crate::segment::{
    FIRST_FRAME_OFFSET, FrameScanner, ScanStep, SegmentFile, find_highest_durable_after,
};
use crate::types::{SegmentOffset, Sequence};

/// Bytes read at a time.
const BLOCK_BYTES: usize = 1 << 20;

/// Where a segment's whole frames end although more bytes follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanEnd {
    /// The first byte that is no whole frame.
    pub at: SegmentOffset,
    /// What is there.
    pub what: String,
    /// Whether anything but zeros is there: a torn frame, not the end of the written part.
    pub torn: bool,
}

/// What a scan found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scan {
    /// The sequence behind the last whole frame.
    pub log_end: Sequence,
    /// The newest durable mark that a frame carried.
    pub durable: Sequence,
    /// Torn ends of segments, ascending: at most one is the log's, the others were cut before.
    pub torn: Vec<ScanEnd>,
    /// Where the whole frames of the last segment end, unless reading it stopped before.
    pub end: Option<ScanEnd>,
    /// The frames that were read, in order.
    pub frames: Vec<FrameSpan>,
}

/// Where a frame lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameSpan {
    /// Its first byte.
    pub at: SegmentOffset,
    /// Its bytes.
    pub length_bytes: u32,
    /// The sequence behind its last record.
    pub end: Sequence,
}

/// Reads the frames from `start`, the place of a frame at or below the first of `sequences`, up
/// to the end of `sequences` or of the log, giving `sink` the entries of those within. Without a
/// `start` it begins at the head of the segment. Frames are taken whole.
///
/// # Errors
/// `Corrupt` where a whole frame follows something that is none, and says that what is missing
/// was durable: that is damage, not a crash.
pub(crate) async fn scan_from<W: World>(
    world: &W,
    segments: &SegmentList,
    start: Option<SegmentOffset>,
    sequences: Range<Sequence>,
    mut sink: impl FnMut(BatchEntry),
) -> StorageResult<Scan> {
    let all = segments.all();
    let mut scan = Scan { log_end: sequences.start, ..Scan::default() };
    let first = match start {
        Some(place) => all.iter().position(|entry| entry.id == place.segment_id),
        None => all.partition_point(|entry| entry.base_sequence <= sequences.start).checked_sub(1),
    };
    let first = first.unwrap_or(0);
    for (index, entry) in all.iter().enumerate().skip(first) {
        if scan.log_end >= sequences.end {
            break;
        }
        if entry.base_sequence > scan.log_end {
            return Err(missing(segments, &all[index - 1], scan.log_end, entry.base_sequence));
        }
        let offset = start.filter(|place| place.segment_id == entry.id).map(|place| place.offset);
        let next_base = all.get(index + 1).map(|next| next.base_sequence);
        let cut = segments.cut_of(entry.id.epoch());
        let ends = [next_base, cut, Some(sequences.end)];
        let bound = ends.into_iter().flatten().min().expect("the last one is there");
        let segment = open_segment(world, segments, entry).await?;
        let end = scan_segment(segment, offset, bound, &mut scan, &mut sink).await?;
        scan.end.clone_from(&end);
        let Some(end) = end else { continue };
        let was_cut = next_base.is_some_and(|base| base <= scan.log_end);
        // Everything below the start is settled, and was forced before.
        let read_to = scan.frames.last().map_or(entry.base_sequence, |frame| frame.end);
        if read_to < sequences.start && next_base.is_none_or(|base| base > read_to) {
            let what = format!(
                "{}: messages {read_to}..{} were synced, as the index says",
                end.what, sequences.start
            );
            let path = segments.path(entry.id);
            return Err(StorageError::Corrupt { path, offset: end.at.offset, what });
        }
        if !was_cut || planted!(world, RecoveryOnce) {
            refuse_damage(world, segments, &all[index..], &end, scan.log_end).await?;
        }
        if end.torn {
            if planted!(world, CutTooLittle) && next_base.is_none() {
                scan.log_end += 1;
            }
            scan.torn.push(end);
        }
    }
    Ok(scan)
}

async fn open_segment<W: World>(
    world: &W,
    segments: &SegmentList,
    entry: &SegmentEntry,
) -> StorageResult<SegmentFile<W::File>> {
    SegmentFile::open(world, segments.directory(), entry.id, OpenMode::Read).await
}

/// Reads one segment up to `bound`, exclusive; answers where its frames end before that.
async fn scan_segment<F: File>(
    segment: SegmentFile<F>,
    offset: Option<u64>,
    bound: Sequence,
    scan: &mut Scan,
    sink: &mut impl FnMut(BatchEntry),
) -> StorageResult<Option<ScanEnd>> {
    let segment_id = segment.segment_id();
    let mut scanner = FrameScanner::new(segment, offset.unwrap_or(FIRST_FRAME_OFFSET), BLOCK_BYTES);
    loop {
        match scanner.next().await? {
            ScanStep::Frame(frame) => {
                let header = *frame.header();
                if header.next_sequence() > bound {
                    return Ok(None);
                }
                scan.frames.push(FrameSpan {
                    at: SegmentOffset { segment_id, offset: frame.place().offset },
                    length_bytes: header.frame_length_bytes() as u32,
                    end: header.next_sequence(),
                });
                scan.durable = scan.durable.max(header.durable);
                if header.next_sequence() <= scan.log_end {
                    continue;
                }
                if header.first_sequence != scan.log_end {
                    let (found, wanted) = (header.first_sequence, scan.log_end);
                    let what = format!("sequence {found} where {wanted} is due");
                    return Err(scanner.segment().corrupt(frame.place().offset, &what));
                }
                scan.log_end = header.next_sequence();
                sink(entry_of(&frame));
            }
            ScanStep::End { offset, reason } => {
                return Ok(Some(ScanEnd {
                    at: SegmentOffset { segment_id, offset },
                    torn: !is_end(&reason),
                    what: reason.to_string(),
                }));
            }
        }
    }
}

/// What the index is told of a frame.
fn entry_of(frame: &Frame) -> BatchEntry {
    let header = frame.header();
    let place = frame.place();
    BatchEntry {
        first_sequence: header.first_sequence,
        segment_id: place.segment_id,
        frame_offset: place.offset,
        frame_length_bytes: header.frame_length_bytes() as u32,
        append_time_us: header.append_time_us,
        records: frame
            .records()
            .map(|record| RecordEntry {
                id: record.id(),
                timestamp_us: record.timestamp_us(),
                offset_in_frame: (record.offset().offset - place.offset) as u32,
                length_bytes: record.length_bytes(),
            })
            .collect(),
    }
}

/// Whether nothing was ever written there: the file's end, or zeros written ahead of use.
fn is_end(reason: &FrameError) -> bool {
    matches!(reason, FrameError::AllZero | FrameError::Truncated { have_bytes: 0, .. })
}

/// A hole is a crash's only where nothing behind it says that it was durable.
async fn refuse_damage<W: World>(
    world: &W,
    segments: &SegmentList,
    rest: &[SegmentEntry],
    end: &ScanEnd,
    log_end: Sequence,
) -> StorageResult<()> {
    let mut from = end.at.offset;
    for entry in rest {
        let segment = open_segment(world, segments, entry).await?;
        let found = find_highest_durable_after(&segment, from, BLOCK_BYTES).await?;
        if let Some(found) = found.filter(|found| found.header.durable > log_end) {
            let durable = found.header.durable;
            let what = format!(
                "{}: messages {log_end}..{durable} were synced, as segment {} says",
                end.what, entry.id
            );
            let path = segments.path(end.at.segment_id);
            return Err(StorageError::Corrupt { path, offset: end.at.offset, what });
        }
        from = FIRST_FRAME_OFFSET;
    }
    Ok(())
}

fn missing(
    segments: &SegmentList,
    before: &SegmentEntry,
    log_end: Sequence,
    base: Sequence,
) -> StorageError {
    StorageError::Corrupt {
        path: segments.path(before.id),
        offset: before.end_bytes,
        what: format!("sequences {log_end}..{base} are missing before the next segment"),
    }
}
