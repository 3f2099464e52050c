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

/// What each case begins with: a topic with one synced message.
async fn begin(directory: &Path) -> Opened {
    let (log, world) = open(directory).await;
    let writer = log.writer("t", 0).await.unwrap();
    writer.append(message("kept"), Ack::Synced).await.unwrap();
    writer.close().await.unwrap();
    (log, world)
}

/// What each case ends with: nothing was lost, nothing came in but `count` messages and the first
/// one, and all of it can be used.
async fn is_whole_and_usable(log: &Log<Observed<Real>>, count: u64) {
    let writer = log.writer("t", 0).await.unwrap();
    assert_eq!(writer.marks().log_end, 1 + count);
    let appended = writer.append(message("after"), Ack::Synced).await.unwrap();
    let index = log.index();
    let kept = index.get_by_msg_id("t", 0, "kept").await.unwrap();
    assert_eq!(index.get_msg_id_by_segment_offset("t", 0, &kept).await.unwrap(), "kept");
    let reader = log.reader(9);
    reader.seek("t", 0, ReadPosition::Sequence(0)).await.unwrap();
    let read = reader.next("t", 0, NonZero::<usize>::MIN, 0).await.unwrap();
    assert_eq!(read.first().unwrap().id(), "kept");
    reader.commit("t", 0, appended.offsets[0]).await.unwrap();
    writer.settle().await.unwrap();
    writer.close().await.unwrap();
    assert_eq!(log.verify().await.unwrap()[0].problems, Vec::<String>::new());
}

#[test]
fn names_that_are_no_topics_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, _) = begin(directory.path()).await;
        let long = "x".repeat(121);
        let letters = "use a-z, 0-9, '-' and '_'";
        for (name, remedy) in [
            ("", "1 to 120 bytes"),
            ("a/b", letters),
            ("a\\b", letters),
            ("..", letters),
            (".", letters),
            ("a.b", letters),
            ("Orders", letters),
            ("-x", letters),
            ("\u{e4}", letters),
            ("a b", letters),
            (&long, "120"),
        ] {
            let error = log.create_topic(name, 1).await.unwrap_err();
            assert!(matches!(error, StorageError::Invalid { field: "topic", .. }), "{error}");
            names(&error, &[remedy]);
            let error = log.reader(1).next(name, 0, NonZero::<usize>::MIN, 0).await.unwrap_err();
            assert!(matches!(error, StorageError::Invalid { field: "topic", .. }), "{error}");
            let error = log.writer(name, 0).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Caller, "{error}");
        }
        let exists = log.create_topic("t", 1).await.unwrap_err();
        assert!(matches!(exists, StorageError::Exists(_)), "{exists}");
        names(&exists, &["\"t\"", "exists", "another name"]);
        names(&log.create_topic("u", 0).await.unwrap_err(), &["partition_count", "1"]);
        assert_eq!(log.topics().await.unwrap().len(), 1);
        is_whole_and_usable(&log, 0).await;
    });
}

#[test]
fn topics_and_partitions_that_are_not_there_are_named() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, _) = begin(directory.path()).await;
        let unknown = [
            log.writer("nobody", 0).await.err().unwrap(),
            log.index().get_by_msg_id("nobody", 0, "kept").await.unwrap_err(),
            log.reader(1).next("nobody", 0, NonZero::<usize>::MIN, 0).await.unwrap_err(),
            log.describe_topic("nobody").await.unwrap_err(),
            log.delete_topic("nobody").await.unwrap_err(),
        ];
        for error in unknown {
            assert!(matches!(error, StorageError::NotFound { .. }), "{error}");
            names(&error, &["\"nobody\"", "create it first"]);
        }
        let beyond = log.writer("t", 1).await.err().unwrap();
        assert!(matches!(beyond, StorageError::NotFound { .. }), "{beyond}");
        names(&beyond, &["partition 1", "\"t\"", "below the topic's partition count"]);
        assert!(!directory.path().join("nobody").exists(), "asking makes nothing");
        is_whole_and_usable(&log, 0).await;
    });
}

#[test]
fn messages_out_of_bounds_are_refused_and_nothing_of_their_batch_is_appended() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, _) = begin(directory.path()).await;
        let writer = log.writer("t", 0).await.unwrap();
        let long = "i".repeat(1025);
        let large = Message::new("large", Bytes::from(vec![0; 9 << 20]));
        for (bad, words) in [
            (Message::new("", "x"), ["message.id", "give it 1 to 1024 bytes"]),
            (Message::new(long, "x"), ["1025", "give it 1 to 1024 bytes"]),
            (large, ["8388608", "split the message"]),
        ] {
            let batch = vec![Message::new("good", "x"), bad];
            let error = writer.append(batch, Ack::Flushed).await.unwrap_err();
            assert!(matches!(error, StorageError::Invalid { .. }), "{error}");
            names(&error, &words);
            assert_eq!(writer.marks().log_end, 1);
        }
        let empty = writer.append(Vec::new(), Ack::Flushed).await.unwrap_err();
        assert!(matches!(empty, StorageError::Invalid { .. }), "{empty}");
        names(&empty, &["empty batch", "append at least one message"]);
        // The writer that refused goes on.
        writer.append(message("more"), Ack::Synced).await.unwrap();
        let missing = log.index().get_by_msg_id("t", 0, "").await.unwrap_err();
        assert!(matches!(missing, StorageError::Invalid { field: "msg_id", .. }), "{missing}");
        names(&missing, &["at least one byte"]);
        let none = log.index().get_by_msg_id("t", 0, "good").await.unwrap_err();
        assert!(matches!(none, StorageError::NotFound { .. }), "{none}");
        writer.close().await.unwrap();
        is_whole_and_usable(&log, 1).await;
    });
}

#[test]
fn positions_that_are_no_message_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, _) = begin(directory.path()).await;
        let writer = log.writer("t", 0).await.unwrap();
        let batch = (0..3).map(|n| Message::new(format!("id-{n}"), vec![0; 100])).collect();
        let offsets = writer.append(batch, Ack::Flushed).await.unwrap().offsets;
        writer.close().await.unwrap();
        let index = log.index();
        let reader = log.reader(1);
        reader.commit("t", 0, offsets[0]).await.unwrap();
        let inside = SegmentOffset { offset: offsets[1].offset + 8, ..offsets[1] };
        let beyond = SegmentOffset { offset: 1 << 50, ..offsets[2] };
        for bad in [inside, beyond] {
            let error = index.get_msg_id_by_segment_offset("t", 0, &bad).await.unwrap_err();
            assert!(matches!(error, StorageError::NotFound { .. }), "{error}");
            names(&error, &[&bad.to_string(), "give the first byte of a visible message"]);
            let error = reader.commit("t", 0, bad).await.unwrap_err();
            assert!(matches!(error, StorageError::OffsetMismatch(_)), "{error}");
            names(&error, &[&bad.to_string(), "give the first byte of a visible message"]);
        }
        let backwards = log.index().get_by_msg_id("t", 0, "kept").await.unwrap();
        let error = reader.commit("t", 0, backwards).await.unwrap_err();
        assert!(matches!(error, StorageError::OffsetMismatch(_)), "{error}");
        names(&error, &["reset_group"]);
        let committed = reader.committed("t", 0).await.unwrap().map(|next| next.sequence);
        assert_eq!(committed, Some(2), "what was refused changed nothing");
        let far = reader.seek("t", 0, ReadPosition::Sequence(5)).await.unwrap_err();
        assert!(matches!(far, StorageError::OffsetMismatch(_)), "{far}");
        names(&far, &["5", "give 4 or less"]);
        is_whole_and_usable(&log, 3).await;
    });
}

#[test]
fn what_was_trimmed_is_told_as_such() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, _) = open(directory.path()).await;
        let writer = log.writer("t", 0).await.unwrap();
        let mut offsets = Vec::new();
        for number in 0..200 {
            let batch = vec![Message::new(format!("id-{number}"), vec![0; 100])];
            offsets.extend(writer.append(batch, Ack::Flushed).await.unwrap().offsets);
        }
        let (index, reader) = (log.index(), log.reader(1));
        reader.seek("t", 0, ReadPosition::Earliest).await.unwrap();
        writer.settle().await.unwrap();
        writer.trim_to(150).await.unwrap();
        let log_start = writer.marks().log_start;
        assert!(log_start > 0);
        let remedy = "go on from the earliest or the latest message";
        let trimmed = reader.next("t", 0, NonZero::<usize>::MIN, 0).await.unwrap_err();
        assert!(matches!(trimmed, StorageError::Trimmed { given: 0, .. }), "{trimmed}");
        names(&trimmed, &[&log_start.to_string(), remedy]);
        let gone = index.get_msg_id_by_segment_offset("t", 0, &offsets[0]).await.unwrap_err();
        assert!(matches!(gone, StorageError::Trimmed { .. }), "{gone}");
        names(&gone, &[remedy]);
        // As it says: from the earliest on, everything that is kept is there.
        reader.seek("t", 0, ReadPosition::Earliest).await.unwrap();
        let read = reader.next("t", 0, NonZero::new(200).unwrap(), 0).await.unwrap();
        assert_eq!(read.first().map(|first| first.sequence()), Some(log_start));
        writer.append(message("after"), Ack::Synced).await.unwrap();
        writer.close().await.unwrap();
        assert_eq!(log.verify().await.unwrap()[0].problems, Vec::<String>::new());
    });
}

#[test]
fn a_second_writer_is_told_who_is_in_its_way() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, _) = begin(directory.path()).await;
        let writer = log.writer("t", 0).await.unwrap();
        let second = log.writer("t", 0).await.err().unwrap();
        assert!(matches!(second, StorageError::Locked(_)), "{second}");
        names(&second, &["LOCK", "close that one first"]);
        writer.append(message("more"), Ack::Synced).await.unwrap();
        writer.close().await.unwrap();
        let closed = writer.append(message("late"), Ack::Flushed).await.unwrap_err();
        assert_eq!(closed.kind(), ErrorKind::Closed);
        names(&closed, &["open it again"]);
        is_whole_and_usable(&log, 1).await;
    });
}

#[test]
fn directories_that_do_not_fit_are_refused_as_a_whole() {
    let directory = tempfile::tempdir().unwrap();
    block_on(async {
        let (log, world) = begin(directory.path()).await;
        let config =
            DiskConfig { partition_index_num_per_topic: 3, ..DiskConfig::new(directory.path()) };
        let other = Log::open(world.clone(), config).await.unwrap();
        for mismatch in [
            other.describe_topic("t").await.unwrap_err(),
            other.writer("t", 0).await.err().unwrap(),
        ] {
            assert!(matches!(mismatch, StorageError::ConfigMismatch { .. }), "{mismatch}");
            names(&mismatch, &["partition_index_num_per_topic", "as 3", "pass 1"]);
        }
        drop((log, other));
        let format = directory.path().join("FORMAT");
        let text = std::fs::read_to_string(&format).unwrap();
        std::fs::write(&format, text.replace("reader_min 1", "reader_min 9")).unwrap();
        let newer = Log::open(world.clone(), DiskConfig::new(directory.path())).await;
        let newer = newer.err().unwrap();
        assert!(matches!(newer, StorageError::NewerFormat { found: 9, .. }), "{newer}");
        names(&newer, &["FORMAT", "use a newer duolog"]);
        std::fs::write(&format, text).unwrap();
        let (log, _) = open(directory.path()).await;
        is_whole_and_usable(&log, 0).await;
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
        let ids: Vec<_> = read.iter().map(|message| message.id()).collect();
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
