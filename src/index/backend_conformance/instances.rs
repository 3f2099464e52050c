//! Instances: who may open what, what they show, and what stays when they drop.

// The suite looks at what an instance left on the disk, which is what it is about.
#![allow(clippy::disallowed_methods)]

use std::path::Path;

use super::reference::{Draw, Reference};
use super::{Verdict, caught_up, ensure, places};
use crate::io::{IndexBackend, IndexOptions, IndexPrimary, IndexSecondary};

pub(super) async fn missing_database_is_an_error<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, private) = places(at);
    for time in ["first", "second"] {
        let opened = backend.open_secondary(&database, &private).await.is_ok();
        ensure(!opened, || format!("a secondary opens a missing database at the {time} call"))?;
        let opened = backend.open_frozen(&database).await.is_ok();
        ensure(!opened, || format!("a frozen instance opens a missing database ({time} call)"))?;
        let counted = backend.file_count(&database).await.is_ok();
        ensure(!counted, || format!("a missing database has a file count at the {time} call"))?;
    }
    ensure(!private.exists(), || format!("{private:?} is left by an opening that failed"))
}

pub(super) async fn second_primary_is_refused<B: IndexBackend>(backend: &B, at: &Path) -> Verdict {
    let (database, _) = places(at);
    let (mut draw, mut reference) = (Draw::new(3), Reference::default());
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    let second = backend.open_primary(&database, IndexOptions::default()).await.is_ok();
    ensure(!second, || "two primaries have one directory".to_owned())?;
    primary.settle(reference.grow(&mut draw, 20)).await?;
    reference.matches(&primary, "primary after another was refused").await
}

pub(super) async fn primary_keeps_all_when_reopened<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, _) = places(at);
    let (mut draw, mut reference) = (Draw::new(4), Reference::default());
    for opening in 0..4 {
        let primary = backend.open_primary(&database, IndexOptions::default()).await?;
        reference.matches(&primary, &format!("primary at opening {opening}")).await?;
        primary.settle(reference.grow(&mut draw, 100)).await?;
    }
    reference.matches(&backend.open_frozen(&database).await?, "frozen after the last drop").await
}

pub(super) async fn clones_keep_an_instance_open<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, private) = places(at);
    let (mut draw, mut reference) = (Draw::new(5), Reference::default());
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    let clone = primary.clone();
    drop(primary);
    let second = backend.open_primary(&database, IndexOptions::default()).await.is_ok();
    ensure(!second, || "another primary opens while a clone of the first lives".to_owned())?;
    let secondary = backend.open_secondary(&database, &private).await?;
    let follower = secondary.clone();
    drop(secondary);
    clone.settle(reference.grow(&mut draw, 50)).await?;
    caught_up(&follower).await?;
    reference.matches(&follower, "clone of a dropped secondary").await
}

pub(super) async fn secondary_moves_only_when_told<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, private) = places(at);
    let (mut draw, mut reference) = (Draw::new(6), Reference::default());
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    primary.settle(reference.grow(&mut draw, 50)).await?;
    let secondary = backend.open_secondary(&database, &private).await?;
    reference.matches(&secondary, "secondary at its opening").await?;
    let before = reference.clone();
    for _ in 0..3 {
        primary.settle(reference.grow(&mut draw, 50)).await?;
        before.matches(&secondary, "secondary that was not told to catch up").await?;
    }
    drop(primary);
    caught_up(&secondary).await?;
    reference.matches(&secondary, "secondary caught up after the primary dropped").await
}

pub(super) async fn secondaries_move_on_their_own<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, private) = places(at);
    let (mut draw, mut reference) = (Draw::new(7), Reference::default());
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    let still = backend.open_secondary(&database, &private.join("still")).await?;
    let moving = backend.open_secondary(&database, &private.join("moving")).await?;
    let before = reference.clone();
    primary.settle(reference.grow(&mut draw, 50)).await?;
    caught_up(&moving).await?;
    reference.matches(&moving, "secondary that caught up").await?;
    before.matches(&still, "secondary beside one that caught up").await
}

pub(super) async fn frozen_stands_still<B: IndexBackend>(backend: &B, at: &Path) -> Verdict {
    let (database, private) = places(at);
    let (mut draw, mut reference) = (Draw::new(8), Reference::default());
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    primary.settle(reference.grow(&mut draw, 100)).await?;
    let frozen = backend.open_frozen(&database).await?;
    let before = reference.clone();
    for _ in 0..8 {
        primary.settle(reference.grow(&mut draw, 100)).await?;
    }
    primary.compact().await?;
    backend.open_secondary(&database, &private).await?.catch_up().await?;
    drop(primary);
    before.matches(&frozen, "frozen").await
}

pub(super) async fn private_directories_are_removed<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, private) = places(at);
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    let secondary = backend.open_secondary(&database, &private).await?;
    drop(secondary);
    drop(primary);
    // An opening waits for the closings of its directory.
    backend.open_primary(&database, IndexOptions::default()).await?;
    ensure(!private.exists(), || format!("{private:?} outlives its secondary"))
}

pub(super) async fn private_directory_can_be_used_again<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, private) = places(at);
    let (mut draw, mut reference) = (Draw::new(9), Reference::default());
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    for _ in 0..5 {
        let secondary = backend.open_secondary(&database, &private).await?;
        primary.settle(reference.grow(&mut draw, 20)).await?;
        caught_up(&secondary).await?;
        reference.matches(&secondary, "secondary in a directory used before").await?;
    }
    Ok(())
}
