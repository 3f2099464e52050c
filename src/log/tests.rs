#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;
use crate::io::real::Real;
use crate::io::{File, OpenMode, World};
use crate::sync::MarksView;
use crate::types::{Position, SegmentId};

async fn open(world: &Real, path: &Path) -> <Real as World>::File {
    world.open(path, OpenMode::Create).await.unwrap()
}

#[tokio::test]
async fn epochs_are_kept_in_order_and_a_torn_last_entry_was_never_used() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let mut history = EpochHistory::default();
    assert_eq!(history.begin(&world, directory.path(), 0).await.unwrap(), 1);
    assert_eq!(history.begin(&world, directory.path(), 10).await.unwrap(), 2);
    assert_eq!(history.begin(&world, directory.path(), 10).await.unwrap(), 3);
    assert_eq!(EpochHistory::read(&world, directory.path()).await.unwrap(), history);
    let file = open(&world, &directory.path().join(EpochHistory::FILE_NAME)).await;
    file.write_at(192, b"half an entry").await.unwrap();
    assert_eq!(EpochHistory::read(&world, directory.path()).await.unwrap(), history);
    for one_copy in [40, 170] {
        file.write_at(one_copy, b"rot").await.unwrap();
        assert_eq!(EpochHistory::read(&world, directory.path()).await.unwrap(), history);
    }
    file.write_at(8, b"rot").await.unwrap();
    file.write_at(40, b"rot").await.unwrap();
    let rotten = EpochHistory::read(&world, directory.path()).await.unwrap_err();
    assert_eq!(rotten.kind(), crate::ErrorKind::Corrupt, "{rotten}");
}

/// A sync that fails may leave an entry that looks written until the power goes. Here it is gone
/// as soon as it was read.
#[tokio::test]
async fn the_entry_below_a_new_one_is_written_again() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let mut history = EpochHistory::default();
    for first_sequence in [0, 10, 12] {
        history.begin(&world, directory.path(), first_sequence).await.unwrap();
    }
    let file = open(&world, &directory.path().join(EpochHistory::FILE_NAME)).await;
    file.write_at(128, &[0; 64]).await.unwrap();
    history.begin(&world, directory.path(), 20).await.unwrap();
    assert_eq!(EpochHistory::read(&world, directory.path()).await.unwrap(), history);
}

#[tokio::test]
async fn a_segment_of_an_epoch_without_an_entry_is_damage() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let mut history = EpochHistory::default();
    history.begin(&world, directory.path(), 0).await.unwrap();
    let covers = |epoch| history.check_covers(directory.path(), Some(SegmentId::new(epoch, 0)));
    assert!(history.check_covers(directory.path(), None).is_ok() && covers(1).is_ok());
    assert_eq!(covers(2).unwrap_err().kind(), crate::ErrorKind::Corrupt);
}

#[tokio::test]
async fn what_a_later_epoch_replaced_stays_cut() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let mut history = EpochHistory::default();
    for first_sequence in [0, 10, 8] {
        history.begin(&world, directory.path(), first_sequence).await.unwrap();
    }
    let segments = SegmentList::new(directory.path(), Vec::new());
    assert_eq!(segments.cut_of(1), None);
    let segments = segments.cut_by(&history);
    assert_eq!([1, 2, 3].map(|epoch| segments.cut_of(epoch)), [Some(8), Some(8), None]);
}

#[tokio::test]
async fn positions_above_the_start_of_a_later_epoch_were_lost() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let mut history = EpochHistory::default();
    for first_sequence in [0, 10, 8] {
        history.begin(&world, directory.path(), first_sequence).await.unwrap();
    }
    let contains = |epoch, sequence| history.contains(Position { epoch, sequence });
    assert!(contains(1, 8) && contains(2, 8) && contains(3, 8) && contains(3, 99));
    assert!(!contains(1, 9) && !contains(2, 11) && !contains(4, 0));
    assert_eq!(history.owner(7), Some(1));
    assert_eq!(history.owner(8), Some(3));
    assert_eq!(history.position(0), Position { epoch: 1, sequence: 0 });
    assert_eq!(history.position(9), Position { epoch: 3, sequence: 9 });
}

#[tokio::test]
async fn a_publication_record_is_read_whole_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let read = || MarkFile::<<Real as World>::File>::read(&world, directory.path());
    assert_eq!(read().await.unwrap(), None);
    let file = MarkFile::open(&world, directory.path()).await.unwrap();
    let marks = MarksView { log_start: 1, settled: 2, durable: 4, high_watermark: 3, log_end: 5 };
    let mark = Mark { boot_id: 7, epoch: 9, clean: true, marks };
    file.write(&mark).await.unwrap();
    assert_eq!(read().await.unwrap(), Some(mark));
    let path = directory.path().join(MarkFile::<<Real as World>::File>::FILE_NAME);
    open(&world, &path).await.write_at(30, &[0xff]).await.unwrap();
    assert_eq!(read().await.unwrap(), None);
}

#[tokio::test]
async fn the_start_of_the_log_is_known_though_the_record_and_one_note_are_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let start = || MarkFile::<<Real as World>::File>::log_start(&world, directory.path());
    assert_eq!(start().await.unwrap(), None);
    let file = MarkFile::open(&world, directory.path()).await.unwrap();
    let marks = MarksView { log_start: 5, settled: 5, durable: 5, high_watermark: 5, log_end: 5 };
    file.write(&Mark { boot_id: 7, epoch: 9, clean: false, marks }).await.unwrap();
    assert_eq!(start().await.unwrap(), Some(5));
    file.note_start(8).await.unwrap();
    assert_eq!(start().await.unwrap(), Some(8));
    let path = directory.path().join(MarkFile::<<Real as World>::File>::FILE_NAME);
    let damage = async |at| open(&world, &path).await.write_at(at, &[0xff]).await.unwrap();
    for survived in [30, 4096 + 2] {
        damage(survived).await;
        assert_eq!(start().await.unwrap(), Some(8));
    }
    damage(4096 + 2048 + 9).await;
    let error = start().await.unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Corrupt, "{error}");
    file.note_start(11).await.unwrap();
    assert_eq!(start().await.unwrap(), Some(11));
}
