#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;
use crate::io::real::Real;
use crate::types::{SegmentId, SegmentOffset};

fn entry(sequence: u64) -> MessageMeta {
    let place = SegmentOffset { segment_id: SegmentId::new(1, 0), offset: 64 + 100 * sequence };
    MessageMeta {
        msg_id: format!("id-{}", sequence % 4),
        sequence,
        offset: place,
        length_bytes: 90,
        timestamp_us: 1_000 - sequence as i64,
    }
}

fn entries(sequences: std::ops::Range<u64>) -> Vec<MessageMeta> {
    sequences.map(entry).collect()
}

fn alone(world: &Real, directory: &Path) -> Arc<AloneIndex<Real>> {
    AloneIndex::of(world, &directory.join("topic"), 0, 0, 1_000_000)
}

async fn found(index: &AloneIndex<Real>, query: Query) -> Vec<u64> {
    let answer = index.lookup(&query, Freshness::Fresh).await.unwrap();
    answer.found.iter().map(|meta| meta.sequence).collect()
}

#[tokio::test]
async fn what_was_put_is_found_in_every_way_now_and_after_opening_again() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let mut index = alone(&world, directory.path());
    index.put(&entries(0..5)).await.unwrap();
    index.put(&entries(5..9)).await.unwrap();
    for reopened in [false, true] {
        if reopened {
            drop(index);
            index = alone(&world, directory.path());
        }
        assert_eq!(found(&index, Query::Id("id-2".to_owned())).await, [6]);
        assert_eq!(found(&index, Query::AllOfId("id-0".to_owned())).await, [8, 4, 0]);
        assert_eq!(found(&index, Query::Position(entry(7).offset)).await, [7]);
        let times = Query::Time { from_us: 993, to_us: 996, limit: 9 };
        assert_eq!(found(&index, times).await, [7, 6, 5]);
        let inside = SegmentOffset { offset: 65, ..entry(0).offset };
        assert!(found(&index, Query::Position(inside)).await.is_empty());
    }
}

#[tokio::test]
async fn what_does_not_go_on_from_what_is_there_is_refused_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let index = alone(&world, directory.path());
    index.put(&entries(0..3)).await.unwrap();
    let refused: [(&str, fn(&mut Vec<MessageMeta>)); 5] = [
        ("a hole", |entries| entries[0].sequence = 4),
        ("no id", |entries| entries[1].msg_id.clear()),
        ("no length", |entries| entries[1].length_bytes = 0),
        ("a place inside the one before", |entries| entries[1].offset.offset -= 20),
        ("a place inside what is there", |entries| entries[0].offset = entry(2).offset),
    ];
    for (what, spoil) in refused {
        let mut given = entries(3..6);
        spoil(&mut given);
        let error = index.put(&given).await.unwrap_err();
        assert!(matches!(error, StorageError::Invalid { .. }), "{what}: {error}");
    }
    assert_eq!(found(&index, Query::Sequence(2)).await, [2]);
    assert!(found(&index, Query::Sequence(3)).await.is_empty());
    index.put(&entries(3..6)).await.unwrap();
    assert_eq!(found(&index, Query::Sequence(5)).await, [5]);
}

#[tokio::test]
async fn an_entry_may_be_given_again_but_not_another_in_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let index = alone(&world, directory.path());
    index.put(&entries(0..3)).await.unwrap();
    index.put(&entries(1..5)).await.unwrap();
    assert_eq!(found(&index, Query::Sequence(4)).await, [4]);
    let other = MessageMeta { timestamp_us: 7, ..entry(1) };
    let error = index.put(&[other]).await.unwrap_err();
    assert!(matches!(error, StorageError::OffsetMismatch(_)), "{error}");
}
