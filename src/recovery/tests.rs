#![allow(clippy::unwrap_used)]

use std::num::NonZero;
use std::path::{Path, PathBuf};

use crate::config::DiskConfig;
use crate::error::StorageError;
use crate::io::World;
use crate::io::real::Real;
use crate::store::Log;
use crate::types::Message;
use crate::writer::{Ack, Writer};
#[cfg(not(feature = "rocks"))]
use crate::{
    index::model::SettleFault,
    io::{File, OpenMode},
    record::FRAME_HEADER_BYTES,
};

/// A log of one message, and its writer.
async fn begun(directory: &Path) -> (Real, Log, Writer) {
    let world = Real::new();
    let log = Log::open(world.clone(), DiskConfig::new(directory)).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    writer.append(vec![Message::new("first", "x")], Ack::Flushed).await.unwrap();
    (world, log, writer)
}

/// The segments of the partition, ascending.
async fn segments(world: &Real, partition: &Path) -> Vec<PathBuf> {
    let entries = world.list(partition).await.unwrap();
    let names = entries.into_iter().map(|entry| entry.name);
    let mut paths: Vec<_> =
        names.filter(|name| name.ends_with(".seg")).map(|name| partition.join(name)).collect();
    paths.sort();
    paths
}

/// What opening the partition fails with: the file or directory, the place in it, and why.
async fn refused(log: &Log<Real>) -> (PathBuf, u64, String) {
    match log.writer("orders", 0).await {
        Err(StorageError::Corrupt { path, offset, what }) => (path, offset, what),
        other => panic!("{:?}", other.map(|writer| writer.marks())),
    }
}

/// What any family of the index has was forced before. A log that ends below it lost messages.
#[cfg(not(feature = "rocks"))]
#[tokio::test]
async fn a_log_that_ends_below_the_index_names_the_place_where_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let (world, log, writer) = begun(directory.path()).await;
    writer.append(vec![Message::new("second", "x")], Ack::Flushed).await.unwrap();
    let place = log.index().get_by_msg_id("orders", 0, "second").await.unwrap();
    let root = world.canonical(directory.path()).await.unwrap();
    let uneven = SettleFault::Uneven(vec![crate::io::Family::ById]);
    world.index().inject_settle(&root.join("orders/index/0/0"), uneven);
    assert!(writer.settle().await.is_err());
    writer.close().await.unwrap();
    let path = segments(&world, &root.join("orders/0")).await.remove(0);
    let frame = place.offset - FRAME_HEADER_BYTES as u64;
    let file = world.open(&path, OpenMode::Write).await.unwrap();
    let ends = [
        (frame + 8, "the frame needs 64 bytes and 8 are there"),
        (frame, "the frame needs 64 bytes and 0 are there"),
    ];
    for (length_bytes, found) in ends {
        file.set_len(length_bytes).await.unwrap();
        let what = format!("{found}: messages 1..2 were synced, as the index says");
        assert_eq!(refused(&log).await, (path.clone(), frame, what));
    }
    file.fill_zero(frame, frame + 4096).await.unwrap();
    let what = "the frame header is all zeros: messages 1..2 were synced, as the index says";
    assert_eq!(refused(&log).await, (path, frame, what.to_owned()));
}

/// Files that somebody removed are missed, whether or not a segment is left.
#[tokio::test]
async fn a_log_without_its_first_segments_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (world, log, writer) = begun(directory.path()).await;
    writer.roll().await.unwrap();
    writer.append(vec![Message::new("second", "x")], Ack::Flushed).await.unwrap();
    writer.close().await.unwrap();
    let partition = world.canonical(directory.path()).await.unwrap().join("orders/0");
    let (first, away) = (segments(&world, &partition).await.remove(0), partition.join("away"));
    world.rename(&first, &away).await.unwrap();
    refused(&log).await;
    // The index was not told that they were dropped.
    world.rename(&away, &first).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    writer.settle().await.unwrap();
    log.index().get_by_msg_id("orders", 0, "first").await.unwrap();
    writer.close().await.unwrap();
    for end in [1, 2] {
        world.remove_file(&segments(&world, &partition).await[0]).await.unwrap();
        let what = format!("no segment has messages 0..{end}, and retention kept them");
        assert_eq!(refused(&log).await, (partition.clone(), 0, what.clone()));
        let report = log.verify().await.unwrap().remove(0);
        let told = if end == 1 { &what } else { "the index holds messages up to 2" };
        assert!(report.problems.iter().any(|problem| problem.contains(told)), "{report:?}");
        if end == 1 {
            // Readers that no writer of their process tells look for themselves.
            let log = Log::open(Real::new(), DiskConfig::new(directory.path())).await.unwrap();
            let count = NonZero::<usize>::MIN;
            let error = log.reader(1).next("orders", 0, count, 0).await.unwrap_err();
            assert!(error.to_string().contains(&what), "{error}");
        }
    }
    // Nothing says any more that there was something: what is appended now goes on behind it.
    world.remove_file(&partition.join("MARK")).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    assert_eq!(writer.marks().log_start, 2);
    writer.close().await.unwrap();
}
