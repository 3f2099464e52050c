#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // The test macro builds a runtime.

use super::lying::{Liar, Lie};
use super::suite;
use crate::index::model::ModelBackend;

#[tokio::test]
async fn model_passes() {
    let root = tempfile::tempdir().unwrap();
    suite(ModelBackend::default(), root.path().to_owned()).await.unwrap();
}

#[tokio::test]
async fn wrapper_without_a_lie_passes() {
    let root = tempfile::tempdir().unwrap();
    let liar = Liar { honest: ModelBackend::default(), lie: Lie::None };
    suite(liar, root.path().to_owned()).await.unwrap();
}

/// Each lie, and the case that must be the first to see it.
const CAUGHT: [(Lie, &str); 19] = [
    (Lie::EndInclusive, "bounds_are_half_open"),
    (Lie::LimitIgnored, "bounds_are_half_open"),
    (Lie::LastIsFirst, "bounds_are_half_open"),
    (Lie::KeysEndAtZero, "bytes_of_keys_are_kept_and_ordered"),
    (Lie::MultiGetSorted, "answers_agree_with_a_map"),
    (Lie::GetForgets, "answers_agree_with_a_map"),
    (Lie::MissingIsMade, "missing_database_is_an_error"),
    (Lie::SecondPrimary, "second_primary_is_refused"),
    (Lie::ReopenLoses, "primary_keeps_all_when_reopened"),
    (Lie::SecondaryRunsAhead, "many_reads_run_at_once"),
    (Lie::CatchUpMovesNothing, "answers_agree_with_a_map"),
    (Lie::FrozenMoves, "frozen_stands_still"),
    (Lie::LastFamilyForgotten, "families_are_settled_together"),
    (Lie::PrivateStays, "private_directories_are_removed"),
    (Lie::OlderValueStays, "newer_value_takes_the_place_of_the_older"),
    (Lie::CompactionLoses, "compaction_keeps_what_is_not_trimmed"),
    (Lie::CheckpointEmpty, "checkpoint_is_equal_and_apart"),
    (Lie::CheckpointOverwrites, "checkpoint_is_equal_and_apart"),
    (Lie::NoFiles, "files_are_counted"),
];

#[tokio::test]
async fn every_lie_is_caught_by_its_case() {
    for (lie, case) in CAUGHT {
        let root = tempfile::tempdir().unwrap();
        let liar = Liar { honest: ModelBackend::default(), lie };
        let failure = suite(liar, root.path().to_owned()).await.unwrap_err();
        assert_eq!(failure.case, case, "{lie:?}: {failure}");
    }
}
