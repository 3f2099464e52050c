#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use super::threads::Threads;
use super::{Real, clock};
use crate::io::conformance::{cases, suite};
use crate::io::{File, OpenMode, World};

/// An executor of a few lines, to show that the world needs none of its own kind.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("not ready at its first poll"),
    }
}

#[test]
fn conforms_without_a_runtime() {
    let root = tempfile::tempdir().unwrap();
    let failures: Vec<_> = cases::<Real>()
        .iter()
        .filter_map(|case| block_on(case.run(Real::new(), root.path().to_owned())).err())
        .collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn conforms_inside_a_foreign_runtime() {
    let root = tempfile::tempdir().unwrap();
    suite(Real::new(), root.path().to_owned()).await.unwrap();
}

#[tokio::test]
async fn ends_inside_an_async_context() {
    let world = Real::new();
    world.sleep(1).await;
    drop(world);
}

#[test]
fn ends_on_a_thread_of_its_own() {
    let world = Real::new();
    let (sender, receiver) = mpsc::channel();
    let last = world.clone();
    world.spawn("last holder", async move {
        last.sleep(1).await;
        drop(last);
        sender.send(()).unwrap();
    });
    drop(world);
    receiver.recv().unwrap();
}

#[test]
fn page_cache_calls_are_ready_at_once() {
    let root = tempfile::tempdir().unwrap();
    let world = Real::new();
    let path = root.path().join("file");
    let file = block_on(world.open(&path, OpenMode::Create)).unwrap();
    ready(file.write_at(0, b"abc")).unwrap();
    assert_eq!(ready(file.read_at(1, 9)).unwrap(), b"bc");
    assert_eq!(ready(file.len()).unwrap(), 3);
    assert!(ready(world.exists(&path)).unwrap());
    ready(world.step(crate::io::Step::Staged));
}

#[test]
fn a_dropped_call_goes_on_after_the_world() {
    let threads = Arc::new(Threads::default());
    let (go_on, wait) = mpsc::channel::<()>();
    let (ended, end) = mpsc::channel();
    {
        let mut call = pin!(threads.call(move || {
            wait.recv().unwrap();
            ended.send(()).unwrap();
        }));
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    drop(threads);
    go_on.send(()).unwrap();
    end.recv().unwrap();
}

#[test]
fn an_unpolled_call_does_nothing() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a");
    let world = Real::new();
    drop(world.create_directories(&path));
    assert!(!block_on(world.exists(&path)).unwrap());
}

#[test]
fn a_lock_of_a_replaced_file_is_not_one() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("LOCK");
    let world = Real::new();
    let held = block_on(world.lock(&path)).unwrap().unwrap();
    block_on(world.remove_file(&path)).unwrap();
    let again = block_on(world.lock(&path)).unwrap();
    assert!(again.is_some(), "the file at the path is another one");
    drop(held);
    assert!(block_on(world.lock(&path)).unwrap().is_none());
}

#[test]
fn locks_hold_between_worlds() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("LOCK");
    let (one, other) = (Real::new(), Real::new());
    let held = block_on(one.lock(&path)).unwrap();
    assert!(held.is_some());
    assert!(block_on(other.lock(&path)).unwrap().is_none());
}

#[test]
fn the_world_of_the_process_is_one() {
    let at = std::path::Path::new("/the/world/of/the/process");
    let held = Real::default().registry().get_or_insert("number", at, || 7_u32);
    assert_eq!(Real::shared().registry().get::<u32>("number", at), Some(held));
    assert_eq!(Real::new().registry().get::<u32>("number", at), None);
}

#[test]
fn worlds_agree_on_clock_and_boot() {
    let (one, other) = (Real::new(), Real::new());
    assert_eq!(one.boot_id(), other.boot_id());
    let first_us = one.monotonic_us();
    let second_us = other.monotonic_us();
    assert!(first_us <= second_us && second_us <= one.monotonic_us());
    assert!(one.wall_us() > 1_600_000_000_000_000, "microseconds since 1970");
}

#[test]
fn boot_ids_parse() {
    let text = "0f0e0d0c-0b0a-0908-0706-050403020100\n";
    assert_eq!(clock::parse_boot_id(text), Some(0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100));
    for wrong in ["", "12", "0f0e0d0c-0b0a-0908-0706-05040302010g", &text.repeat(2)] {
        assert_eq!(clock::parse_boot_id(wrong), None, "{wrong:?}");
    }
}
