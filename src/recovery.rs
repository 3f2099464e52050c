//! Opening a partition to write: what a crash left is found, told and mended.
//!
//! The log is the truth, the index is derived. Crash, recover, append, crash, recover works for
//! ever: a segment that was cut is never appended to, an epoch is never used twice, and the next
//! segment's base says where the one before it ends.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{StorageError, StorageResult};
use crate::index::chain::{self, ChainEnd};
use crate::index::chunk;
use crate::index::tail::TailChunk;
use crate::io::{Family, File, OpenMode, Step, World, make_directories, remove_file};
use crate::log::{EpochHistory, MarkFile, SegmentList};
use crate::partition::{
    FrameSpan, Partition, PartitionState, Scan, ScanEnd, build_state, check_start, list_segments,
    scan_from,
};
use crate::planted;
use crate::record::Frame;
use crate::segment::{SegmentFile, parse_segment_file_name};
use crate::types::{Epoch, SegmentOffset, Sequence};

/// What opening found and mended. Nothing in it says that an acknowledged message was lost:
/// that is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Whether the last writer closed in order.
    pub clean: bool,
    /// Torn ends that were cut: bytes of appends that nobody was told of.
    pub cut: Vec<ScanEnd>,
    /// Messages from here up to the end were not proven durable, and were written again and
    /// forced.
    pub rewritten: Option<(Sequence, Sequence)>,
    /// Messages that the index did not have settled; they are in the tail.
    pub unsettled_count: u64,
    /// Frames that were read.
    pub frame_count: u64,
    /// Segment files that held nothing and were removed.
    pub removed: Vec<String>,
}

/// What a writer starts from.
pub(crate) struct Opened<W: World> {
    pub(crate) lock: W::Lock,
    pub(crate) epoch: Epoch,
    pub(crate) state: Arc<PartitionState>,
    pub(crate) mark_file: MarkFile<W::File>,
    pub(crate) next_chunk: u64,
    pub(crate) report: RecoveryReport,
}

/// Locks the partition, recovers it and begins an epoch.
///
/// # Errors
/// `Locked` where another writer has it. `Corrupt` where synced messages are damaged or the
/// index knows more than the log holds; nothing is changed then.
pub(crate) async fn open<W: World>(partition: &Arc<Partition<W>>) -> StorageResult<Opened<W>> {
    let world = &partition.world;
    let directory = &partition.directory;
    let topic_directory = directory.parent().expect("a partition lies in its topic");
    make_directories(world, directory, topic_directory).await?;
    let lock_path = directory.join("LOCK");
    let lock = world
        .lock(&lock_path)
        .await
        .map_err(|e| StorageError::io("lock", &lock_path, e))?
        .ok_or(StorageError::Locked(lock_path))?;
    let mut report = RecoveryReport::default();
    let mut epochs = EpochHistory::read(world, directory).await?;
    let (segments, unfinished) = list_segments(world, directory, partition.topic.topic_id).await?;
    // Those without a header count too: where the power took it, nothing else tells of the epoch.
    let listed = segments.all().into_iter().map(|entry| entry.id);
    let headless = unfinished.iter().filter_map(|name| parse_segment_file_name(name));
    epochs.check_covers(directory, listed.chain(headless).max())?;
    let segments = segments.cut_by(&epochs);
    for name in unfinished {
        let path = directory.join(&name);
        remove_file(world, &path).await?;
        report.removed.push(name);
    }
    let (mark, noted) = MarkFile::<W::File>::read_with_start(world, directory).await?;
    let log_start = noted.unwrap_or(0);
    report.clean = mark.is_some_and(|mark| mark.clean) || epochs.last().is_none();
    // Its name is forced with that of the epochs.
    let mark_file = MarkFile::open(world, directory).await?;
    if log_start > 0 {
        // What is below is dropped for good: that must not come back with a power loss. Written
        // again, since a sync that failed may have left it looking written.
        mark_file.note_start(log_start).await?;
        mark_file.force().await?;
    }
    let trimmed: Vec<_> = {
        let all = segments.all();
        all.windows(2).filter(|pair| pair[1].base_sequence <= log_start).map(|p| p[0].id).collect()
    };
    for id in trimmed {
        let path = segments.path(id);
        segments.drop_first(id);
        remove_file(world, &path).await?;
        world.step(Step::TrimRemoved).await;
    }
    // Before the index is told that what is missing was dropped.
    check_start(directory, noted, segments.base())?;
    let (settled, start, next_chunk) = recover_index(partition, &segments, log_start).await?;
    check_start(directory, noted, segments.base().or(Some(settled)))?;
    let (state, scan) =
        build_state(partition, segments, EpochHistory::default(), settled, start, log_start)
            .await?;
    note_cut(world, &scan, &mut report).await;
    let log_end = scan.log_end;
    partition.shard.note_log_start(partition.number, state.index.marks.log_start());
    prove_durable(partition, &state, &scan, &mut report).await?;
    report.unsettled_count = log_end - state.index.tail.start();
    // Before anything says that another epoch began where the log seems to end.
    check_continuity(partition, &state)?;
    let epoch = epochs.begin(world, directory, log_end).await?;
    world.step(Step::EpochForced).await;
    let state = Arc::new(PartitionState { epochs, ..state });
    partition.replace(state.clone());
    Ok(Opened { lock, epoch, state, mark_file, next_chunk, report })
}

async fn note_cut<W: World>(world: &W, scan: &Scan, report: &mut RecoveryReport) {
    report.frame_count = scan.frames.len() as u64;
    report.cut = scan.torn.clone();
    if !report.cut.is_empty() {
        world.step(Step::RecoveryCut).await;
    }
}

/// Where the settled part ends, a place below it to read the log from, and the next chunk's
/// number. A family that a crash left without a chunk gets it again, from the log; what retention
/// dropped before it was settled is bridged.
async fn recover_index<W: World>(
    partition: &Arc<Partition<W>>,
    segments: &SegmentList,
    log_start: Sequence,
) -> StorageResult<(Sequence, Option<SegmentOffset>, u64)> {
    let number = partition.number;
    let log_start = log_start.max(segments.base().unwrap_or(0));
    let primary = partition.shard.primary().await?;
    loop {
        let mut ends = [ChainEnd::default(); Family::ALL.len()];
        for (family, end) in Family::ALL.into_iter().zip(&mut ends) {
            *end = chain::end(primary.as_ref(), family, number, *end).await?;
        }
        let longest = (0..ends.len()).max_by_key(|i| ends[*i].next_chunk).expect("four families");
        let shortest = ends.iter().map(|end| end.next_chunk).min().expect("four families");
        if shortest == ends[longest].next_chunk {
            let settled = ends[longest].to.unwrap_or(0);
            let Some(last) = shortest.checked_sub(1) else {
                return Ok((settled, None, shortest));
            };
            if settled < log_start {
                let runs = chunk::bridge(number, shortest, settled..log_start);
                partition.shard.settle(&primary, runs).await?;
                partition.world.step(Step::RecoveryIndexed).await;
                continue;
            }
            let marker = chain::marker(primary.as_ref(), Family::ByPosition, number, last).await?;
            let start = marker.and_then(|m| m.waypoint(settled - 1)).map(|place| place.offset());
            return Ok((settled, start, shortest));
        }
        let family = Family::ALL[longest];
        let marker = chain::marker(primary.as_ref(), family, number, shortest)
            .await?
            .expect("the chain has it");
        let start = marker.waypoint(marker.from).map(|place| place.offset());
        let chunk = read_chunk(partition, segments, start, marker.from..marker.to).await?;
        let runs = chunk::build(primary.as_ref(), number, shortest, &chunk, None).await?;
        partition.shard.settle(&primary, runs).await?;
        partition.world.step(Step::RecoveryIndexed).await;
    }
}

/// The chunk of exactly these sequences, from the log.
async fn read_chunk<W: World>(
    partition: &Arc<Partition<W>>,
    segments: &SegmentList,
    start: Option<SegmentOffset>,
    sequences: Range<Sequence>,
) -> StorageResult<TailChunk> {
    let mut batches = Vec::new();
    let scan = scan_from(&partition.world, segments, start, sequences.clone(), |entry| {
        batches.push(entry);
    })
    .await?;
    if scan.log_end != sequences.end {
        return Err(lost(partition, segments, scan.end, scan.log_end..sequences.end));
    }
    Ok(TailChunk::of(batches))
}

/// The index has messages that the log, which was forced for them, ends before.
fn lost<W: World>(
    partition: &Partition<W>,
    segments: &SegmentList,
    end: Option<ScanEnd>,
    sequences: Range<Sequence>,
) -> StorageError {
    let (path, offset, found) = match end {
        Some(end) => (segments.path(end.at.segment_id), end.at.offset, end.what),
        None => (partition.directory.clone(), 0, "no segment ends there".to_owned()),
    };
    let Range { start, end } = sequences;
    let what = format!("{found}: messages {start}..{end} were synced, as the index says");
    StorageError::Corrupt { path, offset, what }
}

/// What lies above the last proven durable message is written again where it is and forced: a
/// sync that failed before may have left pages that look written and are not.
async fn prove_durable<W: World>(
    partition: &Arc<Partition<W>>,
    state: &PartitionState,
    scan: &Scan,
    report: &mut RecoveryReport,
) -> StorageResult<()> {
    let marks = &state.index.marks;
    let (from, end) = (marks.durable(), marks.log_end());
    if from == end {
        return Ok(());
    }
    let world = &partition.world;
    let mut open: Option<SegmentFile<W::File>> = None;
    for frame in unproven(&scan.frames, from) {
        let id = frame.at.segment_id;
        if open.as_ref().is_none_or(|segment| segment.segment_id() != id) {
            if let Some(done) = open.take() {
                done.sync().await?;
            }
            let directory = state.segments.directory();
            open = Some(SegmentFile::open(world, directory, id, OpenMode::Write).await?);
        }
        let segment = open.as_ref().expect("it was just opened");
        if planted!(world, RecoveryResyncs) {
            continue;
        }
        let bytes = segment.read(frame.at.offset, frame.length_bytes as usize).await?;
        // It was whole a moment ago. What rotted since must not be written as if it were true.
        if let Err(error) = Frame::decode(bytes.clone(), segment.place(frame.at.offset)) {
            return Err(segment.corrupt(frame.at.offset, &error.to_string()));
        }
        segment
            .file()
            .write_at(frame.at.offset, &bytes)
            .await
            .map_err(|e| StorageError::io("write again", segment.path(), e))?;
    }
    if let Some(segment) = open {
        segment.sync().await?;
    }
    marks.advance_durable(end);
    world.step(Step::RecoveryRewritten).await;
    report.rewritten = Some((from, end));
    Ok(())
}

/// The frames behind the last one that holds a message below `from`. Those that hold none are
/// among them: a hole where one lay hides what follows it.
fn unproven(frames: &[FrameSpan], from: Sequence) -> &[FrameSpan] {
    let mut first = frames.partition_point(|frame| frame.end <= from);
    // Of the first frame nobody knows whether it holds any.
    while first > 0 && (first == 1 || frames[first - 1].end == frames[first - 2].end) {
        first -= 1;
    }
    &frames[first..]
}

/// Within a process what was visible stays visible.
fn check_continuity<W: World>(
    partition: &Arc<Partition<W>>,
    state: &PartitionState,
) -> StorageResult<()> {
    let Some(before) = partition.current() else { return Ok(()) };
    let was = before.index.marks.high_watermark();
    let now = state.index.marks.high_watermark();
    if now >= was {
        return Ok(());
    }
    Err(StorageError::Corrupt {
        path: partition.directory.clone(),
        offset: 0,
        what: format!("messages {now}..{was} were visible before and are gone"),
    })
}

#[cfg(test)]
mod tests;
