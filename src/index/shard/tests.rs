#![allow(clippy::unwrap_used)]

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::*;
use crate::index::chunk;
use crate::index::model::SettleFault;
use crate::io::real::Real;

/// Two partitions of a database settle through one primary. Where it fails for good under the one,
/// the other may still hold it.
#[tokio::test]
async fn a_primary_that_failed_for_good_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let world = Real::new();
    let root = world.canonical(directory.path()).await.unwrap();
    let path = Shard::<Real>::directory(&root.join("orders"), 0);
    let shard = Shard::of(&world, &path, 1_000_000);
    let failed = shard.primary().await.unwrap();
    let held = shard.primary().await.unwrap();
    world.index().inject_settle(&path, SettleFault::StickyError);
    assert!(shard.settle(&failed, chunk::bridge(0, 0, 0..1)).await.is_err());
    drop(failed);
    let mut opening = pin!(shard.primary());
    let first = poll_fn(|context| Poll::Ready(opening.as_mut().poll(context).is_pending())).await;
    assert!(first, "it opens beside the one that is held");
    drop(held);
    let opened = opening.await.unwrap();
    shard.settle(&opened, chunk::bridge(0, 0, 0..1)).await.unwrap();
}
