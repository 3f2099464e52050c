#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{CatchUpFault, ModelBackend, ModelPrimary, ModelSecondary, SettleFault};
use crate::io::{
    Family, IndexBackend, IndexOptions, IndexPrimary, IndexRead, IndexSecondary, SortedRuns,
};

/// The model's calls never wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the model waits for nothing"),
    }
}

const DIRECTORY: &str = "/index/0/0";

fn runs(keys: &[&str]) -> SortedRuns {
    let mut runs = SortedRuns::default();
    for run in &mut runs {
        keys.iter().for_each(|key| run.push(key.as_bytes(), b"value"));
    }
    runs
}

fn opened() -> (ModelBackend, ModelPrimary, ModelSecondary) {
    let backend = ModelBackend::default();
    let directory = Path::new(DIRECTORY);
    let primary = now(backend.open_primary(directory, IndexOptions::default())).unwrap();
    let secondary = now(backend.open_secondary(directory, Path::new("/private"))).unwrap();
    (backend, primary, secondary)
}

fn shows(instance: &impl IndexRead, family: Family) -> Vec<String> {
    let found = now(instance.scan(family, b"".as_slice()..b"~".as_slice(), 100)).unwrap();
    found.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect()
}

#[test]
fn stale_catch_up_moves_nothing_and_the_next_one_all() {
    let (backend, primary, secondary) = opened();
    now(primary.settle(runs(&["a"]))).unwrap();
    backend.inject_catch_up(Path::new(DIRECTORY), CatchUpFault::StaleOk);
    now(secondary.catch_up()).unwrap();
    assert_eq!(shows(&secondary, Family::ById), [""; 0]);
    now(secondary.catch_up()).unwrap();
    assert_eq!(shows(&secondary, Family::ById), ["a"]);
}

#[test]
fn partial_catch_up_leaves_families_apart() {
    let (backend, primary, secondary) = opened();
    now(primary.settle(runs(&["a"]))).unwrap();
    let fault = CatchUpFault::PartialFamilies(vec![Family::ByTime]);
    backend.inject_catch_up(Path::new(DIRECTORY), fault);
    now(secondary.catch_up()).unwrap();
    assert_eq!(shows(&secondary, Family::ById), [""; 0]);
    assert_eq!(shows(&secondary, Family::ByTime), ["a"]);
}

#[test]
fn newest_only_shows_a_hole_below_the_newest_key() {
    let (backend, primary, secondary) = opened();
    now(primary.settle(runs(&["a"]))).unwrap();
    now(primary.settle(runs(&["b"]))).unwrap();
    backend.inject_catch_up(Path::new(DIRECTORY), CatchUpFault::NewestOnly);
    now(secondary.catch_up()).unwrap();
    assert_eq!(shows(&secondary, Family::ById), ["b"]);
    now(secondary.catch_up()).unwrap();
    assert_eq!(shows(&secondary, Family::ById), ["a", "b"]);
}

#[test]
fn sticky_errors_last_until_opened_anew_and_try_again_does_not() {
    let (backend, primary, secondary) = opened();
    now(primary.settle(runs(&["a"]))).unwrap();
    let directory = Path::new(DIRECTORY);
    backend.inject_catch_up(directory, CatchUpFault::TryAgain);
    assert!(!now(secondary.catch_up()).unwrap_err().sticky);
    now(secondary.catch_up()).unwrap();
    backend.inject_catch_up(directory, CatchUpFault::StickyError);
    assert!(now(secondary.catch_up()).unwrap_err().sticky);
    assert!(now(secondary.catch_up()).unwrap_err().sticky);
    let anew = now(backend.open_secondary(directory, Path::new("/private"))).unwrap();
    now(anew.catch_up()).unwrap();
}

#[test]
fn settle_faults_write_nothing_or_some_families() {
    let (backend, primary, _) = opened();
    let directory = Path::new(DIRECTORY);
    backend.inject_settle(directory, SettleFault::Refused);
    backend.inject_settle(directory, SettleFault::Uneven(vec![Family::ById]));
    assert!(now(primary.settle(runs(&["a"]))).is_err());
    assert_eq!(shows(&primary, Family::ById), [""; 0]);
    assert!(now(primary.settle(runs(&["a"]))).is_err());
    assert_eq!(shows(&primary, Family::ById), ["a"]);
    assert_eq!(shows(&primary, Family::ByTime), [""; 0]);
    now(primary.settle(runs(&["a"]))).unwrap();
    assert_eq!(shows(&primary, Family::ByTime), ["a"]);
}

#[test]
#[should_panic(expected = "write-once")]
fn another_value_for_a_key_panics() {
    let (_, primary, _) = opened();
    now(primary.settle(runs(&["a"]))).unwrap();
    let mut other = SortedRuns::default();
    other[1].push(b"a", b"other");
    now(primary.settle(other)).unwrap();
}

#[test]
fn compaction_drops_what_is_trimmed_and_views_keep_it() {
    let backend = ModelBackend::default();
    let directory = Path::new(DIRECTORY);
    let trimmed: crate::io::TrimFilter =
        Arc::new(|family, key, _| family == Family::ByTime && key < b"b".as_slice());
    let options = IndexOptions { trimmed: Some(trimmed) };
    let primary = now(backend.open_primary(directory, options)).unwrap();
    now(primary.settle(runs(&["a", "b"]))).unwrap();
    let frozen = now(backend.open_frozen(directory)).unwrap();
    now(primary.compact()).unwrap();
    assert_eq!(shows(&primary, Family::ByTime), ["b"]);
    assert_eq!(shows(&primary, Family::ById), ["a", "b"]);
    assert_eq!(shows(&frozen, Family::ByTime), ["a", "b"]);
}

#[test]
fn removal_and_rename_reach_the_databases_below() {
    let (backend, primary, secondary) = opened();
    now(primary.settle(runs(&["a"]))).unwrap();
    backend.rename(Path::new("/index"), Path::new("/gone"));
    assert!(now(backend.open_frozen(Path::new(DIRECTORY))).is_err());
    let frozen = now(backend.open_frozen(Path::new("/gone/0/0"))).unwrap();
    assert_eq!(shows(&frozen, Family::ById), ["a"]);
    backend.remove(Path::new("/gone"));
    assert!(now(backend.open_frozen(Path::new("/gone/0/0"))).is_err());
    assert!(now(secondary.catch_up()).unwrap_err().sticky);
    assert!(now(primary.settle(runs(&["b"]))).is_err());
}

#[test]
fn many_settlings_stay_few_runs() {
    let (backend, primary, _) = opened();
    for chunk in 0..1000u32 {
        let mut runs = SortedRuns::default();
        runs[0].push(&chunk.to_be_bytes(), b"");
        now(primary.settle(runs)).unwrap();
    }
    assert!(now(backend.file_count(Path::new(DIRECTORY))).unwrap() <= 11);
}

#[test]
fn gets_stay_behind_scans_until_a_catch_up_without_a_fault() {
    let (backend, primary, secondary) = opened();
    backend.inject_catch_up(Path::new(DIRECTORY), CatchUpFault::StaleGets);
    now(primary.settle(runs(&["a"]))).unwrap();
    now(secondary.catch_up()).unwrap();
    assert_eq!(shows(&secondary, Family::ById), ["a"]);
    assert_eq!(now(secondary.get(Family::ById, b"a")).unwrap(), None);
    now(secondary.catch_up()).unwrap();
    assert!(now(secondary.get(Family::ById, b"a")).unwrap().is_some());
}

#[test]
fn a_stuck_secondary_is_healed_by_another_one_only() {
    let (backend, primary, secondary) = opened();
    let directory = Path::new(DIRECTORY);
    backend.inject_catch_up(directory, CatchUpFault::StaleUntilOpenedAnew);
    now(primary.settle(runs(&["a"]))).unwrap();
    for _ in 0..3 {
        now(secondary.catch_up()).unwrap();
        assert_eq!(shows(&secondary, Family::ById), [""; 0]);
    }
    let anew = now(backend.open_secondary(directory, Path::new("/private"))).unwrap();
    assert_eq!(shows(&anew, Family::ById), ["a"]);
    backend.inject_catch_up(directory, CatchUpFault::Unreadable);
    let failed: Vec<bool> = (0..3).map(|_| now(anew.catch_up()).is_err()).collect();
    assert_eq!(failed, [true, true, false]);
}

#[test]
fn a_primary_that_stopped_writing_is_healed_by_another_one_only() {
    let (backend, primary, secondary) = opened();
    let directory = Path::new(DIRECTORY);
    backend.inject_settle(directory, SettleFault::StickyError);
    for _ in 0..2 {
        assert!(now(primary.settle(runs(&["a"]))).unwrap_err().sticky);
    }
    drop(primary);
    let anew = now(backend.open_primary(directory, IndexOptions::default())).unwrap();
    now(anew.settle(runs(&["a"]))).unwrap();
    now(secondary.catch_up()).unwrap();
    assert_eq!(shows(&secondary, Family::ById), ["a"]);
}

#[test]
fn a_loss_takes_the_newest_of_what_was_not_forced_from_each_family() {
    let (_, primary, _) = opened();
    now(primary.settle(runs(&["a"]))).unwrap();
    primary.settle_unforced(runs(&["b"])).unwrap();
    primary.settle_unforced(runs(&["c"])).unwrap();
    let mut kept = [0, 1, 2, 1].into_iter();
    let lost = primary.lose_unforced(|count| {
        assert_eq!(count, 2);
        kept.next().unwrap()
    });
    assert_eq!(lost, 4);
    assert_eq!(shows(&primary, Family::ById), ["a"]);
    assert_eq!(shows(&primary, Family::ByIdMore), ["a", "b"]);
    assert_eq!(shows(&primary, Family::ByPosition), ["a", "b", "c"]);
    assert_eq!(primary.lose_unforced(|_| 0), 0, "what is left is on disk");
}
