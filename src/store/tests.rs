#![allow(clippy::unwrap_used)]

use super::*;
use crate::error::StorageError;
use crate::types::Message;
use crate::writer::Ack;

fn messages(from: u64, count: u64) -> Vec<Message> {
    (from..from + count)
        .map(|number| Message::new(format!("id-{number}"), format!("payload {number}")))
        .collect()
}

fn count(n: usize) -> NonZero<usize> {
    NonZero::new(n).unwrap()
}

fn small(directory: &std::path::Path) -> DiskConfig {
    DiskConfig {
        segment_max_bytes: 8 << 10,
        settle_chunk_entries: 16,
        ..DiskConfig::new(directory)
    }
}

#[tokio::test]
async fn what_is_appended_is_read_back_in_order_across_rolls() {
    let directory = tempfile::tempdir().unwrap();
    let log = Log::open(Real::new(), small(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    for batch in 0..50 {
        let appended = writer.append(messages(batch * 10, 10), Ack::Flushed).await.unwrap();
        assert_eq!(appended.first_sequence, batch * 10);
        assert_eq!(appended.offsets.len(), 10);
    }
    let reader = log.reader(1);
    let mut next = 0;
    while next < 500 {
        for message in reader.next("orders", 0, count(7), 0).await.unwrap() {
            assert_eq!(message.sequence, next);
            assert_eq!(message.id, format!("id-{next}"));
            assert_eq!(message.payload, format!("payload {next}"));
            next += 1;
        }
    }
    assert!(reader.next("orders", 0, count(7), 0).await.unwrap().is_empty());
    assert!(writer.marks().log_end == 500);
    writer.close().await.unwrap();
}

/// By the order of the log, not by that of the timestamps.
#[tokio::test]
async fn a_session_begins_at_the_first_message_since_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let log = Log::open(Real::new(), small(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    let stamped = |(number, timestamp_us)| Message {
        timestamp_us: Some(timestamp_us),
        ..Message::new(format!("id-{number}"), "x")
    };
    let times_us = [10, 20, 90, 30, 40, 80, 100];
    writer.append((0..).zip(times_us).map(stamped).collect(), Ack::Flushed).await.unwrap();
    for _ in ["in the tail", "settled"] {
        let reader = log.reader(1);
        for (from_us, expected) in [(i64::MIN, 0), (11, 1), (25, 2), (90, 2), (91, 6), (101, 7)] {
            reader.seek("orders", 0, ReadPosition::Time(from_us)).await.unwrap();
            let first = reader.next("orders", 0, count(1), 0).await.unwrap();
            let sequence = first.into_iter().next().map_or(7, |message| message.sequence);
            assert_eq!(sequence, expected, "since {from_us}");
        }
        writer.settle().await.unwrap();
    }
    writer.close().await.unwrap();
}

#[tokio::test]
async fn lookups_agree_before_and_after_settling() {
    let directory = tempfile::tempdir().unwrap();
    let log = Log::open(Real::new(), small(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    let appended = writer.append(messages(0, 100), Ack::Synced).await.unwrap();
    let index = log.index();
    for settled in [false, true] {
        if settled {
            writer.settle().await.unwrap();
            assert_eq!(writer.marks().settled, 100);
        }
        for (number, offset) in appended.offsets.iter().enumerate() {
            let id = format!("id-{number}");
            assert_eq!(index.get_by_msg_id("orders", 0, &id).await.unwrap(), *offset);
            let found = index.get_msg_id_by_segment_offset("orders", 0, offset).await.unwrap();
            assert_eq!(found, id);
        }
        let range = index.get_range_by_time("orders", 0, i64::MIN, i64::MAX, 1000).await.unwrap();
        assert_eq!(range.len(), 100);
    }
    let missing = index.get_by_msg_id("orders", 0, "nobody").await.unwrap_err();
    assert!(matches!(missing, StorageError::NotFound { .. }), "{missing}");
}

#[tokio::test]
async fn a_writer_opened_again_goes_on_where_the_last_one_ended() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    for round in 0..6_u64 {
        let log = Log::open(world.clone(), small(directory.path())).await.unwrap();
        if round == 0 {
            log.create_topic("orders", 1).await.unwrap();
        }
        let writer = log.writer("orders", 0).await.unwrap();
        assert_eq!(writer.marks().log_end, round * 30);
        let second = log.writer("orders", 0).await.err().unwrap();
        assert!(matches!(second, StorageError::Locked(_)), "{second}");
        let appended = writer.append(messages(round * 30, 30), Ack::Flushed).await.unwrap();
        assert_eq!(u64::from(appended.epoch), round + 1);
        if round % 2 == 0 {
            writer.close().await.unwrap();
        } else {
            writer.settle().await.unwrap();
        }
        drop(writer);
        let reader = log.reader(9);
        reader.seek("orders", 0, ReadPosition::Earliest).await.unwrap();
        let read = reader.next("orders", 0, count(1000), 0).await.unwrap();
        assert_eq!(read.len() as u64, (round + 1) * 30);
    }
}

#[tokio::test]
async fn commits_move_forward_only_and_only_to_known_positions() {
    let directory = tempfile::tempdir().unwrap();
    let log = Log::open(Real::new(), small(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    let offsets = writer.append(messages(0, 20), Ack::Flushed).await.unwrap().offsets;
    let reader = log.reader(3);
    reader.commit("orders", 0, offsets[9]).await.unwrap();
    let committed = reader.committed("orders", 0).await.unwrap().unwrap();
    assert_eq!(committed.sequence, 10);
    let inside = SegmentOffset { offset: offsets[12].offset + 1, ..offsets[12] };
    for bad in [offsets[3], inside, SegmentOffset { offset: 1 << 40, ..offsets[0] }] {
        let refused = reader.commit("orders", 0, bad).await.unwrap_err();
        assert!(matches!(refused, StorageError::OffsetMismatch(_)), "{refused}");
        assert_eq!(reader.committed("orders", 0).await.unwrap(), Some(committed));
    }
    let other = log.reader(3);
    let locked = other.commit("orders", 0, offsets[15]).await.unwrap_err();
    assert!(matches!(locked, StorageError::Locked(_)), "{locked}");
    drop(reader);
    assert_eq!(other.next("orders", 0, count(1), 0).await.unwrap().first().unwrap().sequence(), 10);
    other.reset_group("orders", 0, ReadPosition::Earliest).await.unwrap();
    assert_eq!(other.next("orders", 0, count(1), 0).await.unwrap().first().unwrap().sequence(), 0);
}

#[tokio::test]
async fn what_is_open_and_what_it_did_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let log = Log::open(Real::new(), small(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    assert_eq!(log.instances().await.unwrap().secondaries.opens, 0);
    for batch in 0..4 {
        writer.append(messages(batch * 100, 100), Ack::Flushed).await.unwrap();
        writer.settle().await.unwrap();
        let query = crate::Query::Id(format!("id-{}", batch * 100));
        let fresh = crate::Freshness::Fresh;
        let report = log.index().lookup("orders", 0, query, fresh).await.unwrap().report;
        assert_eq!(report.from_settled, 1);
        assert!(report.catch_up_own_us <= report.catch_up_wait_us);
    }
    let metrics = writer.metrics();
    assert!(metrics.roll_count > 0 && metrics.settle_count >= 4, "{metrics:?}");
    let open = log.instances().await.unwrap();
    assert_eq!((open.primary_count, open.secondary_count), (1, 1));
    assert_eq!((open.secondaries.opens, open.secondaries.catch_ups), (1, 3));
    writer.close().await.unwrap();
}
