//! Checking a storage directory: every frame, and the index against the log.

use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::Catalog;
use crate::error::{StorageError, StorageResult};
use crate::index::coverage::{Coverage, Covered};
use crate::index::entry::BatchEntry;
use crate::index::settled::Settled;
use crate::index::shard::Shard;
use crate::io::{IndexBackend, IndexRead, World};
use crate::log::{EpochHistory, MarkFile, TopicInfo};
use crate::partition::{ScanEnd, list_segments, scan_from};
use crate::types::{MessageMeta, Sequence};

/// Problems of one partition that are told; more are only counted.
const TOLD_MAX: usize = 20;

/// What was found in one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionReport {
    /// The topic's name.
    pub topic: String,
    /// The partition's number.
    pub partition: u32,
    /// The first sequence that is kept.
    pub log_start: Sequence,
    /// The sequence behind the last whole frame.
    pub log_end: Sequence,
    /// Below it, everything is in the index.
    pub settled: Sequence,
    /// Torn ends that recovery cuts or has cut: no problem.
    pub torn: Vec<ScanEnd>,
    /// Entries compared with the log.
    pub compared_count: u64,
    /// Why the index could not be opened, where that failed: nothing was compared. One of the
    /// problems.
    pub index_unopened: Option<String>,
    /// What is wrong, the first few; empty where nothing is.
    pub problems: Vec<String>,
    /// How many things are wrong.
    pub problem_count: u64,
}

impl PartitionReport {
    fn problem(&mut self, what: String) {
        self.problem_count += 1;
        if self.problems.len() < TOLD_MAX {
            self.problems.push(what);
        }
    }
}

/// Checks every partition of the directory: all frames and records by their checksums, epochs,
/// and for all that is settled that id, position and time find exactly the log's records.
/// Changes nothing. Messages appended meanwhile may or may not be checked.
///
/// # Errors
/// What keeps a partition from being read at all; what is wrong inside is in the reports.
pub async fn verify<W: World>(catalog: &Catalog<W>) -> StorageResult<Vec<PartitionReport>> {
    let mut reports = Vec::new();
    for topic in catalog.topics().await? {
        for partition in 0..topic.partition_count {
            reports.push(verify_partition(catalog, &topic, partition).await?);
        }
    }
    Ok(reports)
}

async fn verify_partition<W: World>(
    catalog: &Catalog<W>,
    topic: &TopicInfo,
    partition: u32,
) -> StorageResult<PartitionReport> {
    let world = &catalog.world;
    let topic_directory = TopicInfo::directory(&catalog.root().await?, &topic.name);
    let directory = topic_directory.join(partition.to_string());
    let mut report = PartitionReport {
        topic: topic.name.as_str().to_owned(),
        partition,
        ..PartitionReport::default()
    };
    let exists = world.exists(&directory).await;
    if !exists.map_err(|e| StorageError::io("look for", &directory, e))? {
        return Ok(report);
    }
    if let Err(error) = EpochHistory::read(world, &directory).await {
        report.problem(error.to_string());
    }
    let mark = MarkFile::<W::File>::read(world, &directory).await?;
    let (segments, _) = match list_segments(world, &directory, topic.topic_id).await {
        Ok(listed) => listed,
        Err(error) => {
            report.problem(error.to_string());
            return Ok(report);
        }
    };
    let base = segments.all().first().map_or(0, |first| first.base_sequence);
    let log_start = base.max(mark.map_or(0, |mark| mark.marks.log_start));
    report.log_start = log_start;
    let entries = Arc::new(Mutex::new(Vec::new()));
    let sink = entries.clone();
    let scan = scan_from(world, &segments, None, base..Sequence::MAX, move |entry| {
        sink.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    })
    .await;
    match scan {
        Ok(scan) => {
            report.log_end = scan.log_end;
            report.torn = scan.torn;
        }
        Err(error) => {
            report.problem(error.to_string());
            return Ok(report);
        }
    }
    let entries = std::mem::take(&mut *entries.lock().unwrap_or_else(PoisonError::into_inner));
    let index_directory = Shard::<W>::directory(&topic_directory, topic.shard(partition));
    let present = world.exists(&index_directory).await;
    if present.map_err(|e| StorageError::io("look for", &index_directory, e))? {
        match world.index().open_frozen(&index_directory).await {
            Ok(frozen) => compare(&frozen, &entries, &mut report).await?,
            Err(error) => {
                report.index_unopened = Some(error.to_string());
                report.problem(error.to_string());
            }
        }
    }
    Ok(report)
}

/// Compares what the index says with the log's entries.
async fn compare<R: IndexRead>(
    reader: &R,
    entries: &[BatchEntry],
    report: &mut PartitionReport,
) -> StorageResult<()> {
    let covered = match Coverage::new(report.partition).extend(reader).await {
        Ok(covered) => covered,
        Err(error) => {
            report.problem(error.to_string());
            return Ok(());
        }
    };
    report.settled = covered.to;
    if covered.to > report.log_end {
        let (settled, end) = (covered.to, report.log_end);
        report.problem(format!("the index holds messages up to {settled}, the log up to {end}"));
        return Ok(());
    }
    let settled = Settled::new(reader, report.partition, covered);
    let within = report.log_start..covered.to;
    let mut expected = Vec::new();
    for entry in entries {
        for index in 0..entry.records.len() {
            let meta = entry.meta(index);
            if within.contains(&meta.sequence) {
                compare_one(&settled, &meta, covered, report).await?;
                expected.push(meta);
            }
        }
    }
    // A range excludes its end, so the very last timestamp cannot be asked for.
    expected.retain(|meta| meta.timestamp_us < i64::MAX);
    expected.sort_by_key(|meta| (meta.timestamp_us, meta.sequence));
    let found = settled.by_time(i64::MIN..i64::MAX, &within, usize::MAX).await?;
    if found != expected {
        let first = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        report.problem(format!(
            "by time the index finds {} messages, the log has {}; first difference: {first:?}",
            found.len(),
            expected.len()
        ));
    }
    Ok(())
}

async fn compare_one<R: IndexRead>(
    settled: &Settled<'_, R>,
    meta: &MessageMeta,
    covered: Covered,
    report: &mut PartitionReport,
) -> StorageResult<()> {
    let within = report.log_start..covered.to;
    report.compared_count += 1;
    let at = settled.by_position(meta.offset, &within).await?;
    if at.as_ref() != Some(meta) {
        report.problem(format!("at {} the index has {at:?}, the log {meta:?}", meta.offset));
    }
    let latest = settled.by_id(&meta.msg_id, &within).await?;
    let finds = match &latest {
        Some(found) if found.sequence == meta.sequence => found == meta,
        Some(found) if found.sequence > meta.sequence => {
            settled.all_by_id(&meta.msg_id, &within).await?.contains(meta)
        }
        _ => false,
    };
    if !finds {
        report.problem(format!("by id {:?} the index does not find {meta:?}", meta.msg_id));
    }
    Ok(())
}
