//! Checking a storage directory: every frame, and the index against the log.

mod comparison;

use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::Catalog;
use crate::error::{StorageError, StorageResult};
use crate::index::shard::Shard;
use crate::io::{IndexBackend, World};
use crate::log::{EpochHistory, MarkFile, TopicInfo};
use crate::partition::{ScanEnd, check_start, list_segments, scan_from};
use crate::types::Sequence;

use self::comparison::compare;

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
    /// Settled messages that were compared with the index.
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
/// and for all that is settled that id, position and time find exactly the log's records, no
/// fewer and no others. Changes nothing. Messages appended meanwhile may or may not be checked.
///
/// Log and index are read from one end to the other, once; what the log says of a partition is
/// kept in memory meanwhile, about 50 bytes and the id a message.
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
    let epochs = EpochHistory::read(world, &directory).await.unwrap_or_else(|error| {
        report.problem(error.to_string());
        EpochHistory::default()
    });
    let (segments, _) = match list_segments(world, &directory, topic.topic_id).await {
        Ok(listed) => listed,
        Err(error) => {
            report.problem(error.to_string());
            return Ok(report);
        }
    };
    // Read behind the list: what is not in it any more was noted before.
    let noted = MarkFile::<W::File>::log_start(world, &directory).await.unwrap_or_else(|error| {
        report.problem(error.to_string());
        None
    });
    let segments = segments.cut_by(&epochs);
    if let Err(error) = check_start(&directory, noted, segments.base()) {
        report.problem(error.to_string());
    }
    let log_start = segments.base().max(noted).unwrap_or(0);
    report.log_start = log_start;
    let entries = Arc::new(Mutex::new(Vec::new()));
    let sink = entries.clone();
    let scan = scan_from(world, &segments, None, log_start..Sequence::MAX, move |entry| {
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
