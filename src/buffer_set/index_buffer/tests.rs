#![allow(clippy::unwrap_used)]

use super::*;
use crate::error::{ErrorKind, StorageError};
use crate::store::Log;
use crate::types::{Message, SegmentId, SegmentOffset};
use crate::writer::Ack;

fn buffer(world: &Real, directory: &std::path::Path) -> PartitionIndexWriterBuffer {
    let conf = DiskConfig::new(directory);
    let directory = conf.storage_dir.clone();
    PartitionIndexWriterBuffer::with_world(world.clone(), "orders".into(), 0, &conf, directory)
}

fn entry(sequence: u64) -> MessageMeta {
    MessageMeta {
        msg_id: format!("id-{sequence}"),
        sequence,
        offset: SegmentOffset { segment_id: SegmentId::new(1, 0), offset: 64 + 100 * sequence },
        length_bytes: 100,
        timestamp_us: 1_000,
    }
}

#[tokio::test]
async fn a_buffer_used_alone_makes_a_database_that_is_no_log() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let buffer = buffer(&world, directory.path());
    buffer.flush().await.unwrap();
    (0..10).for_each(|sequence| buffer.push(entry(sequence)));
    buffer.flush().await.unwrap();
    let manager = buffer.get_read_write_index_manager();
    assert_eq!(manager.get_by_msg_id("orders", 0, "id-7").await.unwrap(), entry(7).offset);
    let id = manager.get_msg_id_by_segment_offset("orders", 0, &entry(3).offset).await.unwrap();
    assert_eq!(id, "id-3");
    let in_range = manager.get_range_by_time("orders", 0, 0, 2_000, 4).await.unwrap();
    assert_eq!(in_range, (0..4).map(entry).collect::<Vec<_>>());
    let inside = SegmentOffset { offset: 70, ..entry(0).offset };
    let error = manager.get_msg_id_by_segment_offset("orders", 0, &inside).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    let error = Log::open(world.clone(), DiskConfig::new(directory.path())).await.err().unwrap();
    assert!(matches!(error, StorageError::ConfigMismatch { .. }), "{error}");
    let error = manager.read_at("orders", 0, entry(3).offset).await.unwrap_err();
    assert!(matches!(error, StorageError::ConfigMismatch { .. }), "{error}");
    let wider = ReadWritePartitionIndexManager::with_world(world, directory.path().into(), 2);
    let error = wider.get_by_msg_id("orders", 0, "id-7").await.unwrap_err();
    assert!(matches!(error, StorageError::ConfigMismatch { .. }), "{error}");
}

#[tokio::test]
async fn entries_of_a_log_must_be_those_of_its_records() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let log = Log::open(world.clone(), DiskConfig::new(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    let messages = (0..4).map(|n| Message::new(format!("id-{n}"), "x")).collect();
    writer.append(messages, Ack::Flushed).await.unwrap();
    let true_ones = log.index().get_range_by_time("orders", 0, 0, i64::MAX, 9).await.unwrap();
    let buffer = buffer(&world, directory.path());
    true_ones.iter().cloned().for_each(|entry| buffer.push(entry));
    buffer.flush().await.unwrap();
    let lies: [fn(&mut MessageMeta); 4] = [
        |entry| entry.msg_id.push('x'),
        |entry| entry.timestamp_us += 1,
        |entry| entry.offset.offset += 8,
        |entry| entry.sequence += 1,
    ];
    for lie in lies {
        let mut entry = true_ones[1].clone();
        lie(&mut entry);
        buffer.push(entry);
        let error = buffer.flush().await.unwrap_err();
        assert!(matches!(error, StorageError::OffsetMismatch(_)), "{error}");
        buffer.clear();
    }
    buffer.flush().await.unwrap();
    writer.close().await.unwrap();
}
