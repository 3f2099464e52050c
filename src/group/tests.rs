#![allow(clippy::unwrap_used)]

use super::*;
use crate::error::StorageError;
use crate::io::real::Real;
use crate::io::{File, OpenMode, World};
use crate::types::Position;

fn committed(sequence: u64) -> Option<Committed> {
    Some(Committed { position: Position { epoch: 3, sequence }, record_checksum: 11 })
}

#[tokio::test]
async fn the_newest_valid_slot_counts_and_two_invalid_ones_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let mut file = CommitFile::own(&world, directory.path(), 5).await.unwrap();
    assert_eq!(file.committed(), None);
    for sequence in 1..=4 {
        file.write(committed(sequence), false).await.unwrap();
    }
    let peek = || CommitFile::peek(&world, directory.path(), 5);
    assert_eq!(peek().await.unwrap(), committed(4));
    assert_eq!(CommitFile::peek(&world, directory.path(), 6).await.unwrap(), None);
    // Slots are written alternately: the fourth lies at the start, the third behind it.
    let path = CommitFile::<Real>::directory(directory.path()).join("5.commit");
    let raw = world.open(&path, OpenMode::Write).await.unwrap();
    raw.write_at(20, &[0xff]).await.unwrap();
    assert_eq!(peek().await.unwrap(), committed(4), "one of its two copies is whole");
    raw.write_at(2048 + 20, &[0xff]).await.unwrap();
    assert_eq!(peek().await.unwrap(), committed(3));
    raw.write_at(4096 + 20, &[0xff]).await.unwrap();
    raw.write_at(4096 + 2048 + 20, &[0xff]).await.unwrap();
    let lost = peek().await.unwrap_err();
    assert!(matches!(lost, StorageError::Corrupt { .. }), "{lost}");
}

#[tokio::test]
async fn a_group_has_one_owner_and_a_gone_one_frees_it() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let mut owner = CommitFile::own(&world, directory.path(), 5).await.unwrap();
    owner.write(committed(1), true).await.unwrap();
    let other = CommitFile::own(&world, directory.path(), 5).await.err().unwrap();
    assert!(matches!(other, StorageError::Locked(_)), "{other}");
    drop(owner);
    let next = CommitFile::own(&world, directory.path(), 5).await.unwrap();
    assert_eq!(next.committed(), committed(1));
}
