#![allow(clippy::unwrap_used)]

use std::future::{Future, poll_fn};
use std::num::NonZero;
use std::pin::pin;
use std::task::Poll;

use crate::config::DiskConfig;
#[cfg(not(feature = "rocks"))]
use crate::error::StorageError;
#[cfg(not(feature = "rocks"))]
use crate::index::model::SettleFault;
use crate::io::decorate::{CallKind, Observed};
use crate::io::real::Real;
use crate::io::{File, OpenMode, World};
use crate::store::Log;
use crate::types::Message;
use crate::writer::Ack;

/// Buffered batches hold memory until they are written. An append that finds none left has them
/// written, and does not wait for a flush that is ages away.
#[tokio::test]
async fn an_append_without_memory_has_the_buffered_ones_written() {
    let directory = tempfile::tempdir().unwrap();
    let config = DiskConfig {
        message_max_bytes: 1 << 10,
        staged_max_bytes: 1 << 10,
        flush_bytes: 1 << 30,
        flush_period_us: u64::MAX / 8,
        ..DiskConfig::new(directory.path())
    };
    let log = Log::open(Real::new(), config).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    for number in 0..3 {
        let message = Message::new(format!("id-{number}"), "x".repeat(600));
        writer.append(vec![message], Ack::Buffered).await.unwrap();
    }
    assert_eq!(writer.marks().high_watermark, 2);
    writer.flush(false).await.unwrap();
    assert_eq!(writer.marks().high_watermark, 3);
    writer.close().await.unwrap();
}

/// What the caller of a synced append leaves in the queue is written without another call.
#[tokio::test]
async fn a_synced_append_that_is_dropped_in_the_queue_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let log = Log::open(Real::new(), DiskConfig::new(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    {
        let mut append = pin!(writer.append(vec![Message::new("id", "x")], Ack::Synced));
        let once = poll_fn(|context| Poll::Ready(append.as_mut().poll(context).is_ready()));
        assert!(!once.await, "it lets others run first");
        assert_eq!(writer.marks().log_end, 0);
    }
    let wait_us = 60_000_000;
    let read = log.reader(1).next("orders", 0, NonZero::<usize>::MIN, wait_us).await.unwrap();
    assert_eq!(read.first().map(|message| message.id()), Some("id"));
    writer.close().await.unwrap();
}

/// A failing index is asked less and less often, but at once where somebody asks for it.
#[cfg(not(feature = "rocks"))]
#[tokio::test]
async fn settling_that_fails_is_tried_again_after_longer_and_longer_waits() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let log = Log::open(world.clone(), DiskConfig::new(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    writer.append(vec![Message::new("id", "x")], Ack::Flushed).await.unwrap();
    let root = crate::io::World::canonical(&world, directory.path()).await.unwrap();
    let database = root.join("orders/index/0/0");
    for _ in 0..10 {
        world.index().inject_settle(&database, SettleFault::Refused);
    }
    let mut waits_us = Vec::new();
    for _ in 0..10 {
        assert!(writer.settle().await.is_err());
        waits_us.push(writer.metrics().settle_retry_us);
    }
    assert_eq!(waits_us[..3], [50_000, 100_000, 200_000]);
    assert_eq!(waits_us[8..], [10_000_000, 10_000_000]);
    writer.settle().await.unwrap();
    let metrics = writer.metrics();
    assert_eq!((metrics.settle_retry_us, metrics.settle_failure_count), (0, 10));
    assert_eq!(metrics.marks.settled, 1);
    writer.close().await.unwrap();
}

/// A primary whose background work failed refuses everything until it is opened anew.
#[cfg(not(feature = "rocks"))]
#[tokio::test]
async fn a_primary_that_failed_for_good_is_opened_anew_to_settle() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let log = Log::open(world.clone(), DiskConfig::new(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    writer.append(vec![Message::new("id", "x")], Ack::Flushed).await.unwrap();
    let root = crate::io::World::canonical(&world, directory.path()).await.unwrap();
    world.index().inject_settle(&root.join("orders/index/0/0"), SettleFault::StickyError);
    assert!(writer.settle().await.is_err());
    writer.settle().await.unwrap();
    assert_eq!(writer.marks().settled, 1);
    writer.close().await.unwrap();
}

/// A settling that began while the disk was full fails of that, not the one that is asked for once
/// there is room again.
#[cfg(not(feature = "rocks"))]
#[tokio::test]
async fn a_settling_from_before_is_over_when_the_writer_resumes() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let log = Log::open(world.clone(), DiskConfig::new(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    writer.append(vec![Message::new("id", "x")], Ack::Synced).await.unwrap();
    let root = world.canonical(directory.path()).await.unwrap();
    world.index().inject_settle(&root.join("orders/index/0/0"), SettleFault::StickyError);
    writer.core.shared.state.index.tail.seal_now();
    writer.core.start_settling();
    writer.core.shared.fail(&StorageError::ReadOnly { cause: "no space left".to_owned() });
    writer.resume().await.unwrap();
    writer.settle().await.unwrap();
    assert_eq!((writer.marks().settled, writer.metrics().settle_failure_count), (1, 1));
    writer.close().await.unwrap();
}

/// A chunk that some families lack is taken from the log again, which goes on behind it in other
/// segments.
#[cfg(not(feature = "rocks"))]
#[tokio::test]
async fn families_that_lack_a_chunk_get_it_from_the_middle_of_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let log = Log::open(world.clone(), DiskConfig::new(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    writer.append(vec![Message::new("first", "x")], Ack::Flushed).await.unwrap();
    let root = crate::io::World::canonical(&world, directory.path()).await.unwrap();
    let uneven = SettleFault::Uneven(vec![crate::io::Family::ById]);
    world.index().inject_settle(&root.join("orders/index/0/0"), uneven);
    assert!(writer.settle().await.is_err());
    writer.append(vec![Message::new("second", "x")], Ack::Flushed).await.unwrap();
    writer.roll().await.unwrap();
    writer.append(vec![Message::new("third", "x")], Ack::Flushed).await.unwrap();
    writer.close().await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    assert_eq!((writer.marks().settled, writer.marks().log_end), (1, 3));
    for id in ["first", "second", "third"] {
        log.index().get_by_msg_id("orders", 0, id).await.unwrap();
    }
    writer.close().await.unwrap();
}

/// Zeros are written ahead while messages are forced one by one, and given back at a roll and at
/// the end.
#[tokio::test]
async fn what_was_filled_ahead_of_use_is_given_back() {
    let directory = tempfile::tempdir().unwrap();
    let world = Observed::new(Real::new());
    let config = DiskConfig {
        segment_max_bytes: 1 << 20,
        fill_ahead_bytes: 256 << 10,
        ..DiskConfig::new(directory.path())
    };
    let log = Log::open(world.clone(), config).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    for number in 0..60 {
        let message = Message::new(format!("id-{number}"), vec![7; 2_000]);
        writer.append(vec![message], Ack::Synced).await.unwrap();
        if number == 20 {
            writer.roll().await.unwrap();
        }
    }
    writer.close().await.unwrap();
    assert!(world.counts().call(CallKind::FillZero) > 1);
    let partition = directory.path().join("orders/0");
    let mut lengths_bytes = Vec::new();
    for entry in world.list(&partition).await.unwrap() {
        if entry.name.ends_with(".seg") {
            let file = world.open(&partition.join(entry.name), OpenMode::Read).await.unwrap();
            lengths_bytes.push(file.len().await.unwrap());
        }
    }
    assert_eq!(lengths_bytes.len(), 2);
    assert!(
        lengths_bytes.iter().all(|bytes| (42_000..90_000).contains(bytes)),
        "{lengths_bytes:?}"
    );
    let writer = log.writer("orders", 0).await.unwrap();
    assert_eq!((writer.marks().high_watermark, &writer.recovered().cut), (60, &Vec::new()));
    writer.close().await.unwrap();
}

/// Chunks that are being settled while the writer closes do not take its clean end back.
#[tokio::test]
async fn a_writer_that_closes_while_it_settles_ends_clean() {
    let directory = tempfile::tempdir().unwrap();
    let config = DiskConfig { settle_chunk_entries: 1, ..DiskConfig::new(directory.path()) };
    let log = Log::open(Real::new(), config).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    for round in 0..8 {
        let writer = log.writer("orders", 0).await.unwrap();
        assert!(writer.recovered().clean, "round {round}");
        for number in 0..50 {
            let message = Message::new(format!("id-{round}-{number}"), "x");
            writer.append(vec![message], Ack::Buffered).await.unwrap();
        }
        writer.close().await.unwrap();
    }
}

/// One append of 64 is followed through all its stages, and one lookup of 64.
#[tokio::test]
async fn stages_of_appends_and_lookups_are_sampled() {
    let directory = tempfile::tempdir().unwrap();
    let log = Log::open(Real::new(), DiskConfig::new(directory.path())).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    for number in 0..65 {
        let ack = if number == 64 { Ack::Synced } else { Ack::Flushed };
        writer.append(vec![Message::new(format!("{number}"), "x")], ack).await.unwrap();
    }
    let index = log.index();
    for number in 0..65 {
        if number == 64 {
            writer.settle().await.unwrap();
        }
        index.get_by_msg_id("orders", 0, &format!("{number}")).await.unwrap();
    }
    let metrics = writer.metrics();
    let appends = metrics.append_stages.named().map(|(_, time)| time.sampled_count);
    assert_eq!(appends, [2, 2, 2, 2, 2, 1]);
    let lookups = metrics.lookup_stages.named().map(|(_, time)| time.sampled_count);
    assert_eq!(lookups, [2, 2, 1, 1]);
    assert_eq!(index.lookup_stages("orders", 0).await.unwrap(), metrics.lookup_stages);
    writer.close().await.unwrap();
}
