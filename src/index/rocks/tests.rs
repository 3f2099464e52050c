#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Waker};

use super::error::{Doing, translated};
use super::{Background, Blocking, RocksBackend, RocksOptions, RocksPrimary, SettleMethod};
use crate::index::backend_conformance::suite;
use crate::index::chunk;
use crate::index::coverage::Coverage;
use crate::index::key;
use crate::index::settled::Settled;
use crate::index::tail::TailChunk;
use crate::index::testing::{NaiveLog, PARTITION, check_settled};
use crate::io::{
    Family, IndexBackend, IndexOptions, IndexPrimary, IndexRead, IndexSecondary, SortedRuns,
};

fn threads() -> Blocking {
    Arc::new(|job| {
        std::thread::spawn(job);
    })
}

/// All of them, and where small runs are taken for large ones too.
const METHODS: [SettleMethod; 3] =
    [SettleMethod::Batch, SettleMethod::Ingest, SettleMethod::Mixed { file_entries_min: 3 }];

fn backend(settle: SettleMethod) -> RocksBackend {
    RocksBackend::new(RocksOptions { settle, ..RocksOptions::default() }, threads())
}

fn runs(first: u32, count: u32) -> SortedRuns {
    let mut runs = SortedRuns::default();
    for run in &mut runs {
        (first..first + count).for_each(|key| run.push(&key.to_be_bytes(), &key.to_le_bytes()));
    }
    runs
}

#[tokio::test]
async fn batches_pass_the_suite() {
    let root = tempfile::tempdir().unwrap();
    suite(backend(SettleMethod::Batch), root.path().to_owned()).await.unwrap();
}

#[tokio::test]
async fn ingested_files_pass_the_suite() {
    let root = tempfile::tempdir().unwrap();
    suite(backend(SettleMethod::Ingest), root.path().to_owned()).await.unwrap();
}

#[tokio::test]
async fn files_beside_batches_pass_the_suite() {
    let root = tempfile::tempdir().unwrap();
    let method = SettleMethod::Mixed { file_entries_min: 2 };
    suite(backend(method), root.path().to_owned()).await.unwrap();
}

#[tokio::test]
async fn handles_answer_several_threads_while_settling_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let backend = backend(SettleMethod::Batch);
    let primary = backend.open_primary(root.path(), IndexOptions::default()).await.unwrap();
    primary.settle(runs(0, 100)).await.unwrap();
    let private = root.path().join("private");
    let secondary = backend.open_secondary(root.path(), &private).await.unwrap();
    let tasks = (0..4).map(|_| {
        let secondary = secondary.clone();
        tokio::task::spawn(async move {
            for key in (0..100u32).cycle().take(5_000) {
                let found = secondary.get(Family::ByTime, &key.to_be_bytes()).await.unwrap();
                assert_eq!(found.as_deref(), Some(&key.to_le_bytes()[..]));
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    for chunk in 1..20 {
        primary.settle(runs(chunk * 100, 100)).await.unwrap();
        secondary.catch_up().await.unwrap();
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn catch_up_misses_nothing_that_was_settled() {
    for method in METHODS {
        let root = tempfile::tempdir().unwrap();
        let backend = backend(method);
        let primary = backend.open_primary(root.path(), IndexOptions::default()).await.unwrap();
        let private = root.path().join("private");
        let secondary = backend.open_secondary(root.path(), &private).await.unwrap();
        for key in 0..200 {
            primary.settle(runs(key, 1)).await.unwrap();
            secondary.catch_up().await.unwrap();
            for family in Family::ALL {
                let found = secondary.scan(family, &[]..&[0xff], usize::MAX).await.unwrap();
                assert_eq!(found.len(), key as usize + 1, "{method:?} {}", family.name());
            }
        }
    }
}

/// What the engine relies on: after one catch-up, the chain of markers reaches what was settled
/// before it, and every question is answered up to there.
#[tokio::test]
async fn coverage_reaches_what_was_settled_and_answers_are_whole() {
    for method in METHODS {
        let root = tempfile::tempdir().unwrap();
        let backend = backend(method);
        let primary = backend.open_primary(root.path(), IndexOptions::default()).await.unwrap();
        let private = root.path().join("private");
        let secondary = backend.open_secondary(root.path(), &private).await.unwrap();
        let (coverage, mut log) = (Coverage::new(PARTITION), NaiveLog::default());
        for number in 0..40 {
            let messages = |frame: i64| {
                let times = (0..3).map(|record| (number as i64 * 7 + record) % 11 * 60_000);
                (times.map(|time| ((time / 60_000 % 6) as u8, time)).collect(), frame == 5)
            };
            let frames: Vec<_> = (0..6).map(|frame| log.append(messages(frame))).collect();
            let chunk = TailChunk::of(frames);
            let runs = chunk::build(&primary, PARTITION, number, &chunk, None).await.unwrap();
            primary.settle(runs).await.unwrap();
            secondary.catch_up().await.unwrap();
            let covered = coverage.extend(&secondary).await.unwrap();
            assert_eq!(covered.to, log.end(), "{method:?}, chunk {number}");
            if number % 13 == 0 {
                primary.compact().await.unwrap();
                check_settled(&Settled::new(&secondary, PARTITION, covered), &log, 0..u64::MAX);
            }
        }
        let frozen = backend.open_frozen(root.path()).await.unwrap();
        let covered = Coverage::new(PARTITION).extend(&frozen).await.unwrap();
        check_settled(&Settled::new(&frozen, PARTITION, covered), &log, 0..u64::MAX);
    }
}

#[tokio::test]
async fn compaction_removes_what_is_trimmed() {
    let root = tempfile::tempdir().unwrap();
    let backend = backend(SettleMethod::Ingest);
    let trimmed: crate::io::TrimFilter =
        Arc::new(|family, key, _| family == Family::ByTime && key < &50u32.to_be_bytes()[..]);
    let options = IndexOptions { trimmed: Some(trimmed) };
    let primary = backend.open_primary(root.path(), options).await.unwrap();
    // Runs that overlap, so that they have to be merged.
    for key in 0..10u32 {
        let mut runs = SortedRuns::default();
        (0..10).for_each(|step: u32| runs[3].push(&(step * 10 + key).to_be_bytes(), b""));
        primary.settle(runs).await.unwrap();
        primary.compact().await.unwrap();
    }
    let left = primary.scan(Family::ByTime, &[]..&[0xff], usize::MAX).await.unwrap();
    let trimmed_count = left.iter().filter(|(key, _)| key < &50u32.to_be_bytes().to_vec()).count();
    assert!(trimmed_count < 50, "no compaction has dropped anything");
    assert_eq!(left.len() - trimmed_count, 50, "compaction dropped what is not trimmed");
}

/// The later records of `id` that settling left, by their keys, latest first.
async fn later_records<R: IndexRead>(reader: &R, id: &str) -> Vec<Vec<u8>> {
    let keys = key::by_id_more_range(PARTITION, id, &(0..u64::MAX));
    let found = reader.scan(Family::ByIdMore, &keys.start..&keys.end, usize::MAX).await.unwrap();
    found.into_iter().map(|(key, _)| key).collect()
}

async fn has_later_records<R: IndexRead>(reader: &R, chunks: u64) {
    for (id, step) in [("every", 1), ("third", 3), ("thir", 0), ("thirds", 0), ("fifth", 5)] {
        let holds = |number: &u64| step > 0 && number.is_multiple_of(step);
        let expected = (0..chunks).rev().filter(holds);
        let expected: Vec<_> =
            expected.map(|number| key::by_id_more(PARTITION, id, number)).collect();
        assert_eq!(later_records(reader, id).await, expected, "{id}");
    }
    let (first, last) = (key::marker(PARTITION, 0), key::marker(PARTITION, u64::MAX));
    let markers = reader.scan(Family::ByIdMore, &first..&last, usize::MAX).await.unwrap();
    assert_eq!(markers.len() as u64, chunks);
    let all = reader.scan(Family::ByIdMore, &first..&[0xff], usize::MAX).await.unwrap();
    let holding = |step| (0..chunks).step_by(step).count();
    assert_eq!(all.len(), markers.len() + holding(1) + holding(3) + holding(5));
}

/// Some files hold an id and others do not, which their filters are asked.
#[tokio::test]
async fn records_of_an_id_are_found_in_whatever_files_they_are() {
    for method in METHODS {
        let root = tempfile::tempdir().unwrap();
        let (database, private) = (root.path().join("database"), root.path().join("private"));
        let backend = backend(method);
        let primary = backend.open_primary(&database, IndexOptions::default()).await.unwrap();
        let secondary = backend.open_secondary(&database, &private).await.unwrap();
        for number in 0..20 {
            let mut runs = SortedRuns::default();
            runs[1].push(&key::marker(PARTITION, number), b"");
            for (id, step) in [("every", 1), ("fifth", 5), ("third", 3)] {
                if number % step == 0 {
                    runs[1].push(&key::by_id_more(PARTITION, id, number), b"");
                }
            }
            primary.settle(runs).await.unwrap();
            has_later_records(&primary, number + 1).await;
        }
        secondary.catch_up().await.unwrap();
        secondary.catch_up().await.unwrap();
        has_later_records(&secondary, 20).await;
        has_later_records(&backend.open_frozen(&database).await.unwrap(), 20).await;
        primary.compact().await.unwrap();
        has_later_records(&primary, 20).await;
    }
}

/// Every secondary holds every file open, so they must not grow with the number of settlings,
/// not even where keys ascend and no two runs overlap.
#[tokio::test]
async fn many_settlings_leave_few_files() {
    for method in [SettleMethod::Batch, SettleMethod::default()] {
        let root = tempfile::tempdir().unwrap();
        let backend = backend(method);
        let primary = backend.open_primary(root.path(), IndexOptions::default()).await.unwrap();
        for chunk in 0..100 {
            primary.settle(runs(chunk * 3, 3)).await.unwrap();
        }
        primary.compact().await.unwrap();
        drop(primary);
        // The opening removes what compaction left.
        let primary = backend.open_primary(root.path(), IndexOptions::default()).await.unwrap();
        let count = backend.file_count(root.path()).await.unwrap();
        assert!(count <= 48, "100 settlings into 4 families by {method:?} leave {count} files");
        drop(primary);
    }
}

const FAMILIES: u64 = Family::ALL.len() as u64;

/// A database of so many settlings while more was expected, once its merging rests.
async fn merged_at_work(chunks: u32) -> (tempfile::TempDir, RocksBackend, RocksPrimary) {
    let root = tempfile::tempdir().unwrap();
    let backend = backend(SettleMethod::Batch);
    let primary = backend.open_primary(root.path(), IndexOptions::default()).await.unwrap();
    primary.expect_more(true).await.unwrap();
    for chunk in 0..chunks {
        primary.settle(runs(chunk * 10, 10)).await.unwrap();
    }
    primary.compact().await.unwrap();
    (root, backend, primary)
}

#[tokio::test]
async fn merging_waits_while_more_is_expected() {
    let (root, backend, primary) = merged_at_work(12).await;
    assert_eq!(backend.file_count(root.path()).await.unwrap(), 3 + 12 * FAMILIES);
    primary.expect_more(false).await.unwrap();
    primary.compact().await.unwrap();
    let count = backend.file_count(root.path()).await.unwrap();
    assert!(count <= 3 + 4 * FAMILIES, "{count} files");
}

#[tokio::test]
async fn runs_by_id_wait_longer_than_others() {
    let (root, backend, _primary) = merged_at_work(20).await;
    let count = backend.file_count(root.path()).await.unwrap();
    let others = FAMILIES - 1;
    // Of the others fewer than sixteen are left.
    assert!((3 + 20 + others..=3 + 20 + 15 * others).contains(&count), "{count} files");
}

#[tokio::test]
async fn files_of_an_interrupted_settling_are_removed() {
    let root = tempfile::tempdir().unwrap();
    let backend = backend(SettleMethod::Ingest);
    let left = root.path().join("settling").join("0-by_id.sst");
    std::fs::create_dir_all(left.parent().unwrap()).unwrap();
    std::fs::write(&left, b"half a table").unwrap();
    let primary = backend.open_primary(root.path(), IndexOptions::default()).await.unwrap();
    assert!(!left.exists());
    primary.settle(runs(0, 1)).await.unwrap();
    assert_eq!(std::fs::read_dir(left.parent().unwrap()).unwrap().count(), 0);
}

/// Nothing that a caller dropped halfway keeps the next opening out.
#[tokio::test]
async fn openings_wait_for_calls_whose_future_was_dropped() {
    let root = tempfile::tempdir().unwrap();
    let backend = backend(SettleMethod::Batch);
    for chunk in 0..10 {
        let primary = backend.open_primary(root.path(), IndexOptions::default()).await.unwrap();
        let mut settle = Box::pin(primary.settle(runs(chunk * 500, 500)));
        let polled = settle.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        drop(settle);
        drop(primary);
        let primary = backend.open_primary(root.path(), IndexOptions::default()).await.unwrap();
        let found = primary.scan(Family::ByTime, &[]..&[0xff], usize::MAX).await.unwrap();
        assert_eq!(found.len(), chunk as usize * 500 + 500, "{polled:?}");
    }
    backend.closed(root.path().parent().unwrap()).await;
    std::fs::remove_dir_all(root.path()).unwrap();
}

#[tokio::test]
async fn errors_say_who_and_what_helps() {
    let root = tempfile::tempdir().unwrap();
    let backend = backend(SettleMethod::Batch);
    let open = || backend.open_primary(root.path(), IndexOptions::default());
    let primary = open().await.unwrap();
    let held = open().await.map(drop).unwrap_err();
    assert!(held.what.contains("another primary has it"), "{held}");
    assert!(!held.sticky);
    primary.settle(runs(0, 10)).await.unwrap();
    drop(primary);
    let private = root.path().join("private");
    let secondary = backend.open_secondary(root.path(), &private).await.unwrap();
    let manifest = newest(root.path(), "MANIFEST");
    let mut bytes = std::fs::read(&manifest).unwrap();
    bytes.extend([0x5a; 64]);
    std::fs::write(&manifest, bytes).unwrap();
    let mut said = Vec::new();
    for _ in 0..2 {
        said.push(secondary.catch_up().await.map_err(|error| (error.sticky, error.what)));
    }
    // RocksDB may take the torn end for one that is still being written.
    for error in said.into_iter().filter_map(Result::err) {
        assert!(error.0, "{}", error.1);
    }
    let text = std::fs::read_to_string(root.path().join("CURRENT")).unwrap();
    std::fs::write(root.path().join("CURRENT"), text.replace("MANIFEST", "MISSING")).unwrap();
    assert!(backend.open_frozen(root.path()).await.is_err());
}

#[test]
fn passing_errors_are_not_sticky() {
    let root = tempfile::tempdir().unwrap();
    let missing = rocksdb::DB::open_for_read_only(&rocksdb::Options::default(), root.path(), false);
    let error = missing.map(drop).unwrap_err();
    assert!(translated(root.path(), Doing::CatchUp, &error).sticky);
    assert!(!translated(root.path(), Doing::Open, &error).sticky);
}

#[tokio::test]
async fn jobs_that_never_run_are_errors() {
    let root = tempfile::tempdir().unwrap();
    let gone = RocksBackend::new(RocksOptions::default(), Arc::new(drop));
    let error = gone.open_primary(root.path(), IndexOptions::default()).await.map(drop);
    assert!(error.unwrap_err().what.contains("threads"));
}

fn newest(directory: &Path, prefix: &str) -> std::path::PathBuf {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let is_named =
        |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(prefix);
    entries.filter(is_named).max().unwrap()
}

#[tokio::test]
async fn private_directories_of_the_dead_are_swept_and_those_in_use_stay() {
    let root = tempfile::tempdir().unwrap();
    let (database, used) = (root.path().join("0"), root.path().join("0.secondary-used"));
    let (dead, foreign) = (root.path().join("0.secondary-dead"), root.path().join("foreign"));
    std::fs::create_dir_all(&database).unwrap();
    let backend = backend(SettleMethod::Batch);
    drop(backend.open_primary(&database, IndexOptions::default()).await.unwrap());
    let secondary = backend.open_secondary(&database, &used).await.unwrap();
    for directory in [&dead, &foreign] {
        std::fs::create_dir(directory).unwrap();
        std::fs::write(directory.join("LOG"), "x").unwrap();
    }
    // As a process leaves it that is killed: the file is there, and nobody has it locked.
    std::fs::write(dead.join("OWNER"), "").unwrap();
    let primary = backend.open_primary(&database, IndexOptions::default()).await.unwrap();
    assert!(used.exists() && foreign.exists() && !dead.exists());
    drop((primary, secondary));
    backend.closed(&database).await;
    assert!(!used.exists());
}

fn at_rest() -> RocksBackend {
    let background = Background::Rests;
    RocksBackend::new(RocksOptions { background, ..RocksOptions::default() }, Arc::new(|job| job()))
}

#[tokio::test]
async fn a_database_at_rest_passes_the_suite_on_one_thread() {
    let root = tempfile::tempdir().unwrap();
    suite(at_rest(), root.path().to_owned()).await.unwrap();
}

/// What goes on in the background would be seen as a file that comes or goes between two calls.
#[tokio::test]
async fn a_database_at_rest_merges_files_when_told_to() {
    let root = tempfile::tempdir().unwrap();
    let backend = at_rest();
    let primary = backend.open_primary(root.path(), IndexOptions::default()).await.unwrap();
    for chunk in 0..50 {
        primary.settle(runs(chunk * 3, 3)).await.unwrap();
        let files = backend.file_count(root.path()).await.unwrap();
        assert_eq!(files, 3 + 4 * (u64::from(chunk) + 1));
    }
    primary.compact().await.unwrap();
    assert_eq!(backend.file_count(root.path()).await.unwrap(), 3 + 4);
    let left = primary.scan(Family::ByTime, &[]..&[0xff], usize::MAX).await.unwrap();
    assert_eq!(left.len(), 150);
}
