#![allow(clippy::unwrap_used)]

use std::num::NonZero;

use crate::config::DiskConfig;
use crate::error::StorageError;
use crate::io::real::Real;
use crate::io::{OpenMode, World};
use crate::store::Log;
use crate::types::{Message, ReadPosition};
use crate::writer::Ack;

fn config(directory: &std::path::Path) -> DiskConfig {
    DiskConfig {
        segment_max_bytes: 8 << 10,
        settle_chunk_entries: 16,
        partition_index_num_per_topic: 2,
        ..DiskConfig::new(directory)
    }
}

fn messages(from: u64, count: u64) -> Vec<Message> {
    (from..from + count).map(|n| Message::new(format!("id-{n}"), vec![n as u8; 200])).collect()
}

async fn read_all(log: &Log<Real>, partition: u32) -> Vec<(u64, String)> {
    let reader = log.reader(9);
    reader.seek("orders", partition, ReadPosition::Earliest).await.unwrap();
    let mut all = Vec::new();
    loop {
        let count = NonZero::new(100).unwrap();
        let read = reader.next("orders", partition, count, 0).await.unwrap();
        if read.is_empty() {
            return all;
        }
        all.extend(read.into_iter().map(|message| (message.sequence, message.id.into())));
    }
}

#[tokio::test]
async fn a_copy_holds_what_was_acknowledged_before_and_both_logs_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let (root, copy) = (directory.path().join("log"), directory.path().join("copies/first"));
    let log = Log::open(Real::new(), config(&root)).await.unwrap();
    log.create_topic("orders", 3).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    let other = log.writer("orders", 1).await.unwrap();
    for batch in 0..30 {
        writer.append(messages(batch * 10, 10), Ack::Flushed).await.unwrap();
        other.append(messages(batch * 2, 2), Ack::Flushed).await.unwrap();
    }
    other.settle().await.unwrap();
    writer.settle().await.unwrap();
    writer.trim_to(100).await.unwrap();
    let appended = writer.append(messages(300, 7), Ack::Flushed).await.unwrap();
    log.reader(1).commit("orders", 0, appended.offsets[3]).await.unwrap();
    let before = (read_all(&log, 0).await, read_all(&log, 1).await);
    log.checkpoint(&copy).await.unwrap();
    writer.append(messages(307, 50), Ack::Flushed).await.unwrap();

    let copied = Log::open(Real::new(), config(&copy)).await.unwrap();
    for report in copied.verify().await.unwrap() {
        assert!(report.problems.is_empty(), "{report:?}");
    }
    assert_eq!((read_all(&copied, 0).await, read_all(&copied, 1).await), before);
    assert!(read_all(&copied, 2).await.is_empty());
    let committed = copied.reader(1).committed("orders", 0).await.unwrap();
    assert_eq!(committed.map(|at| at.sequence), Some(304));
    let writer_of_copy = copied.writer("orders", 0).await.unwrap();
    let appended = writer_of_copy.append(messages(307, 1), Ack::Synced).await.unwrap();
    assert_eq!(appended.first_sequence, 307);
    writer_of_copy.settle().await.unwrap();
    let found = copied.index().get_by_msg_id("orders", 0, "id-307").await.unwrap();
    assert_eq!(found, appended.offsets[0]);
    for log in [&log, &copied] {
        assert!(log.verify().await.unwrap().iter().all(|report| report.problems.is_empty()));
    }
    assert_eq!(read_all(&log, 0).await.len(), before.0.len() + 50);
    writer_of_copy.close().await.unwrap();
    writer.close().await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test]
async fn a_target_that_holds_something_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let log = Log::open(Real::new(), config(&directory.path().join("log"))).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let target = directory.path().join("copy");
    let (world, mine) = (Real::new(), target.join("mine"));
    world.create_directories(&target).await.unwrap();
    drop(world.open(&mine, OpenMode::Create).await.unwrap());
    let error = log.checkpoint(&target).await.unwrap_err();
    assert!(matches!(error, StorageError::Exists(_)), "{error}");
    assert_eq!(world.list(&target).await.unwrap().len(), 1);
    world.remove_file(&mine).await.unwrap();
    log.checkpoint(&target).await.unwrap();
    let copied = Log::open(Real::new(), config(&target)).await.unwrap();
    assert_eq!(copied.topics().await.unwrap().len(), 1);
    let error = log.checkpoint(&target).await.unwrap_err();
    assert!(matches!(error, StorageError::Exists(_)), "{error}");
}
