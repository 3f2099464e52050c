//! Wrong calls get a typed error that names the thing and the remedy; nothing is lost, and the
//! engine is usable afterwards.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // Files are damaged from outside, as a user would.

use std::num::NonZero;
use std::path::Path;

use bytes::Bytes;
use duolog::io::decorate::{CallKind, Observed};
use duolog::io::real::Real;
use duolog::types::{Message, ReadPosition, SegmentOffset};
use duolog::{Ack, DiskConfig, ErrorKind, Log, StorageError, Visibility};

type Opened = (Log<Observed<Real>>, Observed<Real>);

async fn open(directory: &Path) -> Opened {
    let world = Observed::new(Real::new());
    let config = DiskConfig { segment_max_bytes: 4 << 10, ..DiskConfig::new(directory) };
    let log = Log::open(world.clone(), config).await.unwrap();
    if log.describe_topic("t").await.is_err() {
        log.create_topic("t", 1).await.unwrap();
    }
    (log, world)
}

fn message(id: &str) -> Vec<Message> {
    vec![Message::new(id, "payload")]
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The error names what is wrong: all of `words` are in its text.
fn names(error: &StorageError, words: &[&str]) {
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

#[test]
fn names_that_are_no_topics_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, _) = open(directory.path()).await;
        let long = "x".repeat(121);
        for name in ["", "a/b", "..", "a.b", "Orders", "-x", "ä", "a b", &long] {
            let error = log.create_topic(name, 1).await.unwrap_err();
            assert!(matches!(error, StorageError::Invalid { field: "topic", .. }), "{error}");
            let error = log.reader(1).next(name, 0, NonZero::<usize>::MIN, 0).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Caller, "{error}");
        }
        names(&log.create_topic("t", 1).await.unwrap_err(), &["\"t\"", "exists"]);
        names(&log.create_topic("u", 0).await.unwrap_err(), &["partition_count", "1"]);
        let unknown = log.writer("nobody", 0).await.err().unwrap();
        assert!(matches!(unknown, StorageError::NotFound { .. }));
        names(&unknown, &["nobody", "create"]);
        names(&log.writer("t", 1).await.err().unwrap(), &["partition 1", "\"t\""]);
        assert_eq!(log.topics().await.unwrap().len(), 1);
    });
}

#[test]
fn messages_out_of_bounds_are_refused_and_nothing_of_their_batch_is_appended() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, _) = open(directory.path()).await;
        let writer = log.writer("t", 0).await.unwrap();
        let long = "i".repeat(1025);
        let large = Message::new("large", Bytes::from(vec![0; 9 << 20]));
        for bad in [Message::new("", "x"), Message::new(long, "x"), large] {
            let batch = vec![Message::new("good", "x"), bad];
            let error = writer.append(batch, Ack::Flushed).await.unwrap_err();
            assert!(matches!(error, StorageError::Invalid { .. }), "{error}");
        }
        let empty = writer.append(Vec::new(), Ack::Flushed).await.unwrap_err();
        names(&empty, &["empty batch"]);
        assert_eq!(writer.marks().log_end, 0);
        writer.append(message("after"), Ack::Synced).await.unwrap();
        let missing = log.index().get_by_msg_id("t", 0, "").await.unwrap_err();
        names(&missing, &["msg_id"]);
    });
}

#[test]
fn positions_that_are_no_message_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, _) = open(directory.path()).await;
        let writer = log.writer("t", 0).await.unwrap();
        let mut offsets = Vec::new();
        for number in 0..200 {
            let batch = vec![Message::new(format!("id-{number}"), vec![0; 100])];
            offsets.extend(writer.append(batch, Ack::Flushed).await.unwrap().offsets);
        }
        let index = log.index();
        let inside = SegmentOffset { offset: offsets[7].offset + 8, ..offsets[7] };
        let beyond = SegmentOffset { offset: 1 << 50, ..offsets[199] };
        for bad in [inside, beyond] {
            let error = index.get_msg_id_by_segment_offset("t", 0, &bad).await.unwrap_err();
            assert!(matches!(error, StorageError::NotFound { .. }), "{error}");
            let error = log.reader(1).commit("t", 0, bad).await.unwrap_err();
            assert!(matches!(error, StorageError::OffsetMismatch(_)), "{error}");
        }
        let reader = log.reader(1);
        let far = reader.seek("t", 0, ReadPosition::Sequence(201)).await.unwrap_err();
        names(&far, &["201", "200"]);
        reader.seek("t", 0, ReadPosition::Earliest).await.unwrap();
        writer.settle().await.unwrap();
        writer.trim_to(150).await.unwrap();
        assert!(writer.marks().log_start > 0);
        let trimmed = reader.next("t", 0, NonZero::<usize>::MIN, 0).await.unwrap_err();
        assert!(matches!(trimmed, StorageError::Trimmed { given: 0, .. }), "{trimmed}");
        let gone = index.get_msg_id_by_segment_offset("t", 0, &offsets[0]).await.unwrap_err();
        assert!(matches!(gone, StorageError::Trimmed { .. }), "{gone}");
        reader.seek("t", 0, ReadPosition::Earliest).await.unwrap();
        assert!(!reader.next("t", 0, NonZero::<usize>::MIN, 0).await.unwrap().is_empty());
    });
}

#[test]
fn directories_that_do_not_fit_are_refused_as_a_whole() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, world) = open(directory.path()).await;
        let writer = log.writer("t", 0).await.unwrap();
        writer.append(message("kept"), Ack::Synced).await.unwrap();
        names(&log.writer("t", 0).await.err().unwrap(), &["LOCK", "close"]);
        let config =
            DiskConfig { partition_index_num_per_topic: 3, ..DiskConfig::new(directory.path()) };
        let other = Log::open(world.clone(), config).await.unwrap();
        let mismatch = other.describe_topic("t").await.unwrap_err();
        assert!(matches!(mismatch, StorageError::ConfigMismatch { .. }));
        names(&mismatch, &["partition_index_num_per_topic", "1", "3"]);
        writer.close().await.unwrap();
        let closed = writer.append(message("late"), Ack::Flushed).await.unwrap_err();
        assert_eq!(closed.kind(), ErrorKind::Closed);
        let format = directory.path().join("FORMAT");
        let text = std::fs::read_to_string(&format).unwrap();
        std::fs::write(&format, text.replace("reader_min 1", "reader_min 9")).unwrap();
        let newer = Log::open(world.clone(), DiskConfig::new(directory.path())).await;
        let newer = newer.err().unwrap();
        assert!(matches!(newer, StorageError::NewerFormat { found: 9, .. }), "{newer}");
        std::fs::write(&format, text).unwrap();
        let (log, _) = open(directory.path()).await;
        assert!(log.index().get_by_msg_id("t", 0, "kept").await.is_ok());
    });
}

#[test]
fn settings_out_of_bounds_are_named() {
    let bad = DiskConfig { settle_chunk_entries: 0, ..DiskConfig::new("x") };
    names(&bad.validate().unwrap_err(), &["settle_chunk_entries", "0", "1"]);
    let bad = DiskConfig { segment_max_bytes: 5, ..DiskConfig::new("x") };
    names(&bad.validate().unwrap_err(), &["segment_max_bytes", "5", "4096"]);
}

#[test]
fn a_full_disk_makes_the_writer_read_only_until_it_is_resumed() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, world) = open(directory.path()).await;
        let writer = log.writer("t", 0).await.unwrap();
        writer.append(message("before"), Ack::Flushed).await.unwrap();
        world.fail_from(CallKind::WriteAt, 1, std::io::ErrorKind::StorageFull);
        writer.append(message("lost"), Ack::Flushed).await.unwrap_err();
        let refused = writer.append(message("lost too"), Ack::Flushed).await.unwrap_err();
        assert!(matches!(refused, StorageError::ReadOnly { .. }), "{refused}");
        names(&refused, &["resume"]);
        assert!(log.index().get_by_msg_id("t", 0, "before").await.is_ok());
        world.heal();
        writer.resume().await.unwrap();
        let appended = writer.append(message("after"), Ack::Synced).await.unwrap();
        assert_eq!(appended.first_sequence, 1);
        let reader = log.reader(1);
        let read = reader.next("t", 0, NonZero::new(9).unwrap(), 0).await.unwrap();
        let ids: Vec<_> = read.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids, ["before", "after"]);
        writer.close().await.unwrap();
        assert!(log.verify().await.unwrap()[0].problems.is_empty());
    });
}

#[test]
fn a_failed_sync_poisons_the_writer_until_it_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let world = Observed::new(Real::new());
        let config =
            DiskConfig { visibility: Visibility::Synced, ..DiskConfig::new(directory.path()) };
        let log = Log::open(world.clone(), config).await.unwrap();
        log.create_topic("t", 1).await.unwrap();
        let writer = log.writer("t", 0).await.unwrap();
        writer.append(message("safe"), Ack::Synced).await.unwrap();
        world.fail_at(CallKind::SyncData, 1, std::io::ErrorKind::Other);
        let error = writer.append(message("unknown"), Ack::Synced).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Poisoned, "{error}");
        assert_eq!(writer.resume().await.unwrap_err().kind(), ErrorKind::Poisoned);
        drop(writer);
        let writer = log.writer("t", 0).await.unwrap();
        assert!(writer.marks().high_watermark >= 1);
        writer.append(message("after"), Ack::Synced).await.unwrap();
        assert!(log.index().get_by_msg_id("t", 0, "safe").await.is_ok());
    });
}
