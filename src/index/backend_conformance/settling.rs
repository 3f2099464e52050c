//! Settling, and what is made of what was settled.

use std::path::Path;
use std::sync::Arc;

use super::reference::{Draw, Reference};
use super::{Verdict, caught_up, ensure, places};
use crate::index::key;
use crate::io::{
    Family, IndexBackend, IndexOptions, IndexPrimary, IndexRead, IndexSecondary, SortedRuns,
};

/// After `runs` are settled, `primary` shows what was settled so far, and so does `secondary` once
/// it caught up.
async fn both_match<P: IndexPrimary, S: IndexSecondary>(
    reference: &mut Reference,
    runs: SortedRuns,
    (primary, secondary): (&P, &S),
    what: &str,
) -> Verdict {
    reference.add(&runs);
    primary.settle(runs).await?;
    reference.matches(primary, &format!("primary, {what}")).await?;
    caught_up(secondary).await?;
    reference.matches(secondary, &format!("secondary, {what}")).await
}

pub(super) async fn families_are_settled_together<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, private) = places(at);
    let mut reference = Reference::default();
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    let secondary = backend.open_secondary(&database, &private).await?;
    // Every subset of families, the empty one included; one key, one value a family.
    for subset in 0..16usize {
        let mut runs = SortedRuns::default();
        for (index, run) in runs.iter_mut().enumerate().filter(|(index, _)| subset >> index & 1 > 0)
        {
            run.push(&[subset as u8], &[index as u8]);
        }
        let what = format!("families {subset:04b} settled");
        both_match(&mut reference, runs, (&primary, &secondary), &what).await?;
    }
    drop(primary);
    reference.matches(&backend.open_frozen(&database).await?, "frozen after the drop").await
}

pub(super) async fn same_entry_may_be_settled_again<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, private) = places(at);
    let (mut draw, mut reference) = (Draw::new(10), Reference::default());
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    let secondary = backend.open_secondary(&database, &private).await?;
    let first = reference.grow(&mut draw, 60);
    primary.settle(first.clone()).await?;
    primary.settle(reference.grow(&mut draw, 60)).await?;
    primary.settle(first).await?;
    reference.matches(&primary, "primary that settled a chunk twice").await?;
    primary.compact().await?;
    reference.matches(&primary, "the same after compaction").await?;
    caught_up(&secondary).await?;
    reference.matches(&secondary, "its secondary").await
}

/// Enough entries for a file of their own, where a backend makes one.
const MANY: u32 = 20_000;

pub(super) async fn newer_value_takes_the_place_of_the_older<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, private) = places(at);
    let mut reference = Reference::default();
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    let secondary = backend.open_secondary(&database, &private).await?;
    // The engine writes no other keys than these anew.
    let latest = key::by_id_latest(7, "id");
    for (round, count) in [1, MANY, 1, MANY].into_iter().enumerate() {
        let mut runs = SortedRuns::default();
        let run = &mut runs[Family::ByIdMore as usize];
        run.push(&latest, &[round as u8]);
        (1..count).for_each(|number| run.push(&[&[1], &number.to_be_bytes()[..]].concat(), b""));
        let what = format!("value {round} settled");
        both_match(&mut reference, runs, (&primary, &secondary), &what).await?;
    }
    primary.compact().await?;
    reference.matches(&primary, "primary after compaction").await?;
    caught_up(&secondary).await?;
    reference.matches(&secondary, "secondary after compaction").await?;
    drop(primary);
    reference.matches(&backend.open_frozen(&database).await?, "frozen after the drop").await
}

pub(super) async fn compaction_keeps_what_is_not_trimmed<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, _) = places(at);
    let trimmed = |family: Family, key: &[u8]| family != Family::ById && key[0] < b'm';
    let options =
        IndexOptions { trimmed: Some(Arc::new(move |family, key, _| trimmed(family, key))) };
    let primary = backend.open_primary(&database, options).await?;
    let mut settled = Vec::new();
    for chunk in 0..12u8 {
        let mut runs = SortedRuns::default();
        for (family, run) in Family::ALL.into_iter().zip(&mut runs) {
            for first in *b"amz" {
                let key = vec![first, chunk];
                run.push(&key, b"value");
                settled.push((family, key));
            }
        }
        primary.settle(runs).await?;
    }
    primary.compact().await?;
    for (family, key) in settled {
        let found = primary.get(family, &key).await?;
        ensure(found.is_some() || trimmed(family, &key), || {
            format!("compaction lost {key:?} of {}, which is not trimmed", family.name())
        })?;
    }
    Ok(())
}

pub(super) async fn checkpoint_is_equal_and_apart<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, _) = places(at);
    let target = at.join("copy");
    let (mut draw, mut reference) = (Draw::new(11), Reference::default());
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    for _ in 0..4 {
        primary.settle(reference.grow(&mut draw, 60)).await?;
    }
    primary.checkpoint(&target).await?;
    let mut copied = reference.clone();
    let again = primary.checkpoint(&target).await.is_ok();
    ensure(!again, || "a checkpoint is made where there is one".to_owned())?;
    primary.settle(reference.grow(&mut draw, 60)).await?;
    primary.compact().await?;
    copied.matches(&backend.open_frozen(&target).await?, "checkpoint").await?;
    let copy = backend.open_primary(&target, IndexOptions::default()).await?;
    copy.settle(copied.grow(&mut draw, 60)).await?;
    copied.matches(&copy, "primary of the checkpoint").await?;
    reference.matches(&primary, "primary that the checkpoint was taken of").await
}

pub(super) async fn files_are_counted<B: IndexBackend>(backend: &B, at: &Path) -> Verdict {
    let (database, _) = places(at);
    let (mut draw, mut reference) = (Draw::new(12), Reference::default());
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    primary.settle(reference.grow(&mut draw, 60)).await?;
    let count = backend.file_count(&database).await?;
    ensure(count > 0, || "a database with entries would hold no file open".to_owned())
}
