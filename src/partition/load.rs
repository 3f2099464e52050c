//! What the disk says of a partition.

use std::path::Path;
use std::sync::Arc;

use crate::config::DiskConfig;
use crate::error::{StorageError, StorageResult};
use crate::index::PartitionIndex;
use crate::index::tail::{Tail, TailLimits};
use crate::io::{File, OpenMode, World};
use crate::log::{EpochHistory, MarkFile, SegmentEntry, SegmentList};
use crate::planted;
use crate::segment::{SEGMENT_HEADER_BYTES, SegmentHeader, parse_segment_file_name};
use crate::sync::{Marks, MarksView};
use crate::types::Sequence;

use super::{Partition, PartitionState, Scan, scan_from};

/// The segments of a directory, ascending, and the names of files that no header was finished
/// in: made by a writer that died then, holding nothing.
pub(crate) async fn list_segments<W: World>(
    world: &W,
    directory: &Path,
    topic_id: u128,
) -> StorageResult<(SegmentList, Vec<String>)> {
    let io = |error| StorageError::io("list", directory, error);
    let mut entries: Vec<SegmentEntry> = Vec::new();
    let mut unfinished = Vec::new();
    for name in world.list(directory).await.map_err(io)?.into_iter().map(|entry| entry.name) {
        let Some(id) = parse_segment_file_name(&name) else { continue };
        let path = directory.join(&name);
        let file = world
            .open(&path, OpenMode::Read)
            .await
            .map_err(|e| StorageError::io("open", &path, e))?;
        let bytes = file
            .read_at(0, SEGMENT_HEADER_BYTES)
            .await
            .map_err(|e| StorageError::io("read", &path, e))?;
        let length = file.len().await.map_err(|e| StorageError::io("size", &path, e))?;
        match SegmentHeader::decode(&bytes, id) {
            Ok(header) if header.topic_id == topic_id => {
                // Its newest message is not younger than the next segment.
                if let Some(last) = entries.last_mut() {
                    last.last_append_us = header.created_us;
                }
                entries.push(SegmentEntry {
                    id,
                    base_sequence: header.base_sequence,
                    end_bytes: length,
                    last_append_us: header.created_us,
                });
            }
            Ok(_) => {
                return Err(StorageError::Corrupt {
                    path,
                    offset: 0,
                    what: "the header is another topic's".to_owned(),
                });
            }
            Err(error) if length > SEGMENT_HEADER_BYTES as u64 => {
                return Err(StorageError::Corrupt { path, offset: 0, what: error.to_string() });
            }
            Err(_) => unfinished.push(name),
        }
    }
    Ok((SegmentList::new(directory, entries), unfinished))
}

/// The state that `epochs` and `segments` give, the index holding everything below `settled`:
/// the rest of the log is read into the tail.
pub(crate) async fn build_state<W: World>(
    partition: &Partition<W>,
    segments: SegmentList,
    epochs: EpochHistory,
    settled: Sequence,
    start: Option<crate::types::SegmentOffset>,
    log_start_hint: Sequence,
) -> StorageResult<(PartitionState, Scan)> {
    let log_start = log_start_hint.max(segments.base().unwrap_or(settled));
    let settled = settled.max(log_start);
    let tail = Tail::new(settled, tail_limits(&partition.config));
    let world = &partition.world;
    let mut end = Sequence::MAX;
    if planted!(world, CutTooMuch) {
        let whole = scan_from(world, &segments, start, settled..end, |_| {}).await?;
        let kept = whole.frames.iter().rev().find(|frame| frame.end < whole.log_end);
        end = kept.map_or(settled, |frame| frame.end.max(settled));
    }
    let scan = scan_from(world, &segments, start, settled..end, |entry| {
        if !planted!(world, TailNotRebuilt) {
            tail.push(entry);
        }
    })
    .await?;
    let marks = MarksView {
        log_start,
        settled,
        durable: scan.durable.clamp(settled, scan.log_end),
        high_watermark: scan.log_end,
        log_end: scan.log_end,
    };
    let index = PartitionIndex::new(partition.number, Arc::new(Marks::new(marks)), tail);
    Ok((PartitionState { index, segments, epochs }, scan))
}

pub(crate) fn tail_limits(config: &DiskConfig) -> TailLimits {
    TailLimits {
        chunk_entries: config.settle_chunk_entries,
        entries_max: config.tail_max_entries,
        bytes_max: config.tail_max_bytes,
    }
}

/// Retention notes where the log starts before it drops anything: what lies between that and the
/// `first` message that is there was lost. Where nothing is noted, the log is a copy without the
/// note, and starts there.
pub(crate) fn check_start(
    directory: &Path,
    noted: Option<Sequence>,
    first: Option<Sequence>,
) -> StorageResult<()> {
    let (Some(log_start), Some(first)) = (noted, first) else { return Ok(()) };
    if first <= log_start {
        return Ok(());
    }
    Err(StorageError::Corrupt {
        path: directory.to_owned(),
        offset: 0,
        what: format!("no segment has messages {log_start}..{first}, and retention kept them"),
    })
}

/// The state as a reader finds it where no writer of the process knows better. Repairs nothing.
pub(super) async fn load<W: World>(partition: &Arc<Partition<W>>) -> StorageResult<PartitionState> {
    let world = &partition.world;
    let directory = &partition.directory;
    let exists =
        world.exists(directory).await.map_err(|e| StorageError::io("look for", directory, e))?;
    if !exists {
        // Nobody ever wrote: an empty log.
        let segments = SegmentList::new(directory, Vec::new());
        let (state, _) =
            build_state(partition, segments, EpochHistory::default(), 0, None, 0).await?;
        return Ok(state);
    }
    let epochs = EpochHistory::read(world, directory).await?;
    let (segments, _) = list_segments(world, directory, partition.topic.topic_id).await?;
    let segments = segments.cut_by(&epochs);
    epochs.check_covers(directory, segments.all().last().map(|newest| newest.id))?;
    let noted = MarkFile::<W::File>::log_start(world, directory).await?;
    check_start(directory, noted, segments.base())?;
    let log_start = noted.unwrap_or(0);
    let (settled, start) = partition.shard.secondary.settled_end(partition.number).await?;
    let (state, _) = build_state(partition, segments, epochs, settled, start, log_start).await?;
    Ok(state)
}
