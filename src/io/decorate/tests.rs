#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "a runtime drives tasks beside the world here")]

use std::future::{Future, pending};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};

use super::{CallKind, Death, Observed, OpenHandles};
use crate::io::conformance::suite;
use crate::io::real::Real;
use crate::io::{
    Family, File, IndexBackend, IndexOptions, IndexPrimary, IndexRead, IndexSecondary, OpenMode,
    Planted, SortedRuns, Step, World,
};

struct Bench {
    world: Observed<Real>,
    root: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { world: Observed::new(Real::new()), root: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    async fn file(&self) -> super::ObservedFile<crate::io::real::RealFile> {
        self.world.open(&self.path("file"), OpenMode::Create).await.unwrap()
    }
}

/// Polls once. Calls that the real world answers inline would be ready.
fn polled<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn runs(key: &[u8]) -> SortedRuns {
    let mut runs = SortedRuns::default();
    runs.iter_mut().for_each(|run| run.push(key, b"value"));
    runs
}

#[tokio::test]
async fn conforms_while_it_only_counts() {
    let bench = Bench::new();
    suite(bench.world.clone(), bench.root.path().to_owned()).await.unwrap();
    let counts = bench.world.counts();
    let missing: Vec<_> =
        CallKind::ALL[..19].iter().filter(|kind| counts.call(**kind) == 0).collect();
    assert!(missing.is_empty(), "the suite asks for everything but {missing:?}");
}

#[tokio::test]
async fn counts_calls_and_steps() {
    let bench = Bench::new();
    let file = bench.file().await;
    file.write_at(0, b"abc").await.unwrap();
    file.write_at(3, b"def").await.unwrap();
    file.read_at(0, 9).await.unwrap();
    bench.world.clone().step(Step::Staged).await;
    let counts = bench.world.counts();
    let found = [CallKind::Open, CallKind::WriteAt, CallKind::ReadAt, CallKind::SyncData];
    assert_eq!(found.map(|kind| counts.call(kind)), [1, 2, 1, 0]);
    assert_eq!((counts.step(Step::Staged), counts.step(Step::Encoded)), (1, 0));
}

#[tokio::test]
async fn a_kill_at_a_step_makes_every_handle_inert() {
    let bench = Bench::new();
    let file = bench.file().await;
    file.write_at(0, b"abc").await.unwrap();
    bench.world.kill_at(Step::FrameWritten, 2);
    bench.world.step(Step::FrameWritten).await;
    bench.world.step(Step::Encoded).await;
    assert_eq!(bench.world.death(), None);
    assert!(polled(bench.world.step(Step::FrameWritten)).is_pending());
    assert_eq!(bench.world.death(), Some(Death::Step(Step::FrameWritten)));
    assert_eq!(bench.world.killed().await, Death::Step(Step::FrameWritten));

    assert!(polled(file.write_at(0, b"x")).is_pending());
    assert!(polled(file.clone().read_at(0, 1)).is_pending());
    assert!(polled(bench.world.exists(&bench.path("file"))).is_pending());
    assert!(polled(bench.world.step(Step::Encoded)).is_pending());
    bench.world.kill();
    assert_eq!(bench.world.death(), Some(Death::Step(Step::FrameWritten)), "the first one");
    let inner = bench.world.inner().open(&bench.path("file"), OpenMode::Read).await.unwrap();
    assert_eq!(inner.read_at(0, 9).await.unwrap(), b"abc");
}

#[tokio::test]
async fn a_kill_at_a_call_comes_before_its_effect() {
    let bench = Bench::new();
    let file = bench.file().await;
    bench.world.kill_at_call_of(CallKind::WriteAt, 2);
    file.write_at(0, b"a").await.unwrap();
    assert!(polled(file.write_at(1, b"b")).is_pending());
    assert_eq!(bench.world.death(), Some(Death::Call(CallKind::WriteAt)));
    let inner = bench.world.inner().open(&bench.path("file"), OpenMode::Read).await.unwrap();
    assert_eq!(inner.read_at(0, 9).await.unwrap(), b"a");

    let bench = Bench::new();
    bench.world.kill_at_call(3);
    let file = bench.file().await;
    file.write_at(0, b"a").await.unwrap();
    assert!(polled(file.len()).is_pending());
    assert_eq!(bench.world.death(), Some(Death::Call(CallKind::Len)));
}

#[tokio::test]
async fn a_kill_withholds_the_answer_of_a_call_under_way() {
    let bench = Bench::new();
    let mut call = Box::pin(bench.world.sleep(0));
    let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    bench.world.kill();
    bench.world.inner().sleep(2_000).await;
    assert!(polled(call).is_pending());
}

#[test]
fn a_kill_drops_tasks_and_spawns_no_more() {
    struct OnDrop(mpsc::Sender<()>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }
    let bench = Bench::new();
    let (sender, dropped) = mpsc::channel();
    let held = OnDrop(sender);
    bench.world.spawn("waits for ever", async move {
        let _held = held;
        pending::<()>().await;
    });
    bench.world.kill();
    dropped.recv().unwrap();
    let (sender, dropped) = mpsc::channel();
    let held = OnDrop(sender);
    bench.world.spawn("never runs", async move { drop(held) });
    dropped.recv().unwrap();
    assert_eq!(bench.world.counts().call(CallKind::Spawn), 1);
}

#[tokio::test]
async fn a_kill_wakes_who_waits_for_it() {
    let bench = Bench::new();
    let waiting = tokio::spawn(bench.world.killed());
    tokio::task::yield_now().await;
    bench.world.kill();
    assert_eq!(waiting.await.unwrap(), Death::Told);
}

#[tokio::test]
async fn a_lock_outlives_the_kill_until_its_handle_drops() {
    let bench = Bench::new();
    let path = bench.path("LOCK");
    let held = bench.world.lock(&path).await.unwrap().unwrap();
    bench.world.kill();
    assert!(bench.world.inner().lock(&path).await.unwrap().is_none());
    drop(held);
    assert!(bench.world.inner().lock(&path).await.unwrap().is_some());
}

#[tokio::test]
async fn an_error_comes_once_and_without_effect() {
    let bench = Bench::new();
    let file = bench.file().await;
    bench.world.fail_at(CallKind::WriteAt, 2, ErrorKind::StorageFull);
    file.write_at(0, b"a").await.unwrap();
    let error = file.write_at(1, b"b").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert_eq!(file.read_at(0, 9).await.unwrap(), b"a");
    file.write_at(1, b"c").await.unwrap();
    assert_eq!(bench.world.counts().call(CallKind::WriteAt), 3);
}

#[tokio::test]
async fn an_error_lasts_until_it_is_healed() {
    let bench = Bench::new();
    let file = bench.file().await;
    bench.world.fail_from(CallKind::SyncData, 2, ErrorKind::Other);
    file.sync_data().await.unwrap();
    for _ in 0..3 {
        assert_eq!(file.sync_data().await.unwrap_err().kind(), ErrorKind::Other);
    }
    file.write_at(0, b"other kinds do not fail").await.unwrap();
    bench.world.heal();
    file.sync_data().await.unwrap();
}

#[tokio::test]
async fn a_hook_hears_every_step_before_a_kill() {
    let bench = Bench::new();
    let heard = Arc::<Mutex<Vec<_>>>::default();
    let (ear, world) = (heard.clone(), bench.world.clone());
    bench.world.on_step(move |step, count| {
        ear.lock().unwrap().push((step, count, world.death()));
    });
    bench.world.kill_at(Step::Closed, 1);
    bench.world.step(Step::Staged).await;
    bench.world.step(Step::Staged).await;
    assert!(polled(bench.world.step(Step::Closed)).is_pending());
    assert!(polled(bench.world.step(Step::Staged)).is_pending());
    let wanted = [(Step::Staged, 1, None), (Step::Staged, 2, None), (Step::Closed, 1, None)];
    assert_eq!(*heard.lock().unwrap(), wanted);
}

#[tokio::test]
async fn the_index_is_counted_fails_and_dies_too() {
    let bench = Bench::new();
    let at = bench.path("index");
    let index = bench.world.index().clone();
    let primary = index.open_primary(&at, IndexOptions::default()).await.unwrap();
    let secondary = index.open_secondary(&at, &bench.path("private")).await.unwrap();
    primary.settle(runs(b"a")).await.unwrap();
    secondary.catch_up().await.unwrap();
    assert_eq!(secondary.get(Family::ById, b"a").await.unwrap().unwrap(), b"value");
    let found = secondary.multi_get(Family::ById, &[b"a".to_vec(), b"z".to_vec()]).await;
    assert_eq!(found.unwrap(), [Some(b"value".to_vec()), None]);
    assert_eq!(primary.scan(Family::ByTime, b"a"..b"b", 9).await.unwrap().len(), 1);
    assert!(primary.last_in(Family::ByTime, b"a"..b"b").await.unwrap().is_some());

    bench.world.fail_at(CallKind::CatchUp, 1, ErrorKind::TimedOut);
    let error = secondary.catch_up().await.unwrap_err();
    assert_eq!((error.path, error.sticky), (at.clone(), false));
    secondary.catch_up().await.unwrap();
    let counts = bench.world.counts();
    assert_eq!((counts.call(CallKind::Settle), counts.call(CallKind::CatchUp)), (1, 3));

    bench.world.kill_at_call_of(CallKind::Settle, 1);
    assert!(polled(primary.settle(runs(b"b"))).is_pending());
    assert!(polled(secondary.get(Family::ById, b"a")).is_pending());
    assert!(polled(index.open_frozen(&at)).is_pending());
    let frozen = index.inner().open_frozen(&at).await.unwrap();
    assert_eq!(frozen.get(Family::ById, b"b").await.unwrap(), None, "nothing was settled");
}

#[test]
fn planted_mistakes_are_counted_where_they_are_made() {
    let world = Observed::new(Real::new());
    assert!(!world.planted(Planted::CommitUnknown));
    world.plant(Planted::CommitUnknown);
    assert!(world.planted(Planted::CommitUnknown));
    assert!(!world.planted(Planted::CommitBackwards));
    let mistakes: Vec<_> = world.counts().mistakes.into_iter().collect();
    assert_eq!(mistakes, [(Planted::CommitUnknown, 1)]);
}

#[test]
#[should_panic(expected = "the next one is number 1")]
fn the_zeroth_is_no_number() {
    Observed::new(Real::new()).kill_at(Step::Staged, 0);
}

#[tokio::test]
async fn handles_count_until_their_last_clone_drops() {
    let bench = Bench::new();
    let directory = bench.path("index");
    std::fs::create_dir_all(&directory).unwrap();
    let file = bench.file().await;
    let clone = file.clone();
    let primary = bench.world.index().open_primary(&directory, IndexOptions::default());
    let primary = primary.await.unwrap();
    primary.settle(runs(b"key")).await.unwrap();
    let private = bench.path("private");
    let secondary = bench.world.index().open_secondary(&directory, &private).await.unwrap();
    let all = OpenHandles { files: 1, primaries: 1, secondaries: 1, frozen: 0 };
    assert_eq!(bench.world.open_handles(), all);
    drop((file, secondary));
    assert_eq!(bench.world.open_handles(), OpenHandles { secondaries: 0, ..all });
    drop((clone, primary));
    assert_eq!(bench.world.open_handles(), OpenHandles::default());
}
