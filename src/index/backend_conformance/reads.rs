//! Reads: what they find, and in what order.

use std::future::Future;
use std::path::Path;
use std::pin::{Pin, pin};
use std::task::Poll;

use super::reference::{Draw, Reference};
use super::{Verdict, Wrong, caught_up, ensure, places};
use crate::io::{Family, IndexBackend, IndexOptions, IndexPrimary, IndexRead, SortedRuns};

fn runs_of(keys: &[&[u8]]) -> SortedRuns {
    let mut runs = SortedRuns::default();
    for run in &mut runs {
        keys.iter().for_each(|key| run.push(key, key));
    }
    runs
}

pub(super) async fn bounds_are_half_open<B: IndexBackend>(backend: &B, at: &Path) -> Verdict {
    let (database, _) = places(at);
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    let empty: [(&[u8], &[u8]); 2] = [(b"", b"\xff"), (b"a", b"a")];
    for (start, end) in empty {
        let last = primary.last_in(Family::ById, start..end).await?;
        ensure(last.is_none(), || format!("an empty database has a last entry: {last:?}"))?;
    }
    primary.settle(runs_of(&[b"a", b"b", b"c"])).await?;
    let ranges: [(&[u8], &[u8], &[&[u8]]); 8] = [
        (b"a", b"c", &[b"a", b"b"]),
        (b"a", b"c\0", &[b"a", b"b", b"c"]),
        (b"a\0", b"c", &[b"b"]),
        (b"", b"a", &[]),
        (b"", b"b", &[b"a"]),
        (b"b", b"b", &[]),
        (b"c", b"a", &[]),
        (b"d", b"e", &[]),
    ];
    for (start, end, expected) in ranges {
        let range = format!("{start:?}..{end:?}");
        let last = primary.last_in(Family::ByTime, start..end).await?.map(|(key, _)| key);
        ensure(last.as_deref() == expected.last().copied(), || {
            format!("last of {range} is {last:?} of {expected:?}")
        })?;
        for limit in [0, 1, 2, usize::MAX] {
            let found = primary.scan(Family::ByTime, start..end, limit).await?;
            let found: Vec<&[u8]> = found.iter().map(|(key, _)| &key[..]).collect();
            ensure(found == expected[..limit.min(expected.len())], || {
                format!("{limit} of {range} are {found:?} of {expected:?}")
            })?;
        }
    }
    Ok(())
}

pub(super) async fn bytes_of_keys_are_kept_and_ordered<B: IndexBackend>(
    backend: &B,
    at: &Path,
) -> Verdict {
    let (database, _) = places(at);
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    let keys: [&[u8]; 9] =
        [b"\0", b"\0\0", b"\0\0\0", b"\0\x01", b"a", b"a\0", b"a\xff", b"\xff", b"\xff\xff"];
    primary.settle(runs_of(&keys)).await?;
    for family in Family::ALL {
        for key in keys {
            let found = primary.get(family, key).await?;
            ensure(found.as_deref() == Some(key), || format!("get of {key:?} finds {found:?}"))?;
        }
        let found = primary.scan(family, b"\0"..b"\xff\xff\0", usize::MAX).await?;
        let found: Vec<&[u8]> = found.iter().map(|(key, _)| &key[..]).collect();
        ensure(found == keys, || format!("keys by unsigned bytes are {keys:?}, found: {found:?}"))?;
        let long = primary.get(family, &[b'a'; 3000]).await?;
        ensure(long.is_none(), || "a key that was never settled is found".to_owned())?;
        let none = primary.multi_get(family, &[]).await?;
        ensure(none.is_empty(), || format!("multi_get of no keys finds {none:?}"))?;
    }
    Ok(())
}

pub(super) async fn answers_agree_with_a_map<B: IndexBackend>(backend: &B, at: &Path) -> Verdict {
    let (database, private) = places(at);
    let (mut draw, mut reference) = (Draw::new(1), Reference::default());
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    reference.matches(&primary, "primary of an empty database").await?;
    let secondary = backend.open_secondary(&database, &private).await?;
    reference.matches(&secondary, "secondary of an empty database").await?;
    for chunk in 0..12 {
        let count = [3, 40, 400][chunk % 3];
        primary.settle(reference.grow(&mut draw, count)).await?;
        reference.matches(&primary, "primary").await?;
        caught_up(&secondary).await?;
        reference.matches(&secondary, "secondary caught up").await?;
        if chunk == 8 {
            primary.compact().await?;
            reference.matches(&primary, "primary after compaction").await?;
        }
    }
    reference.matches(&backend.open_frozen(&database).await?, "frozen").await
}

pub(super) async fn many_reads_run_at_once<B: IndexBackend>(backend: &B, at: &Path) -> Verdict {
    let (database, private) = places(at);
    let (mut draw, mut reference) = (Draw::new(2), Reference::default());
    let primary = backend.open_primary(&database, IndexOptions::default()).await?;
    primary.settle(reference.grow(&mut draw, 200)).await?;
    let secondary = backend.open_secondary(&database, &private).await?;
    let before = reference.clone();
    let more = reference.grow(&mut draw, 200);
    let reads = (0..8).map(|reader| {
        let (secondary, before) = (secondary.clone(), before.clone());
        let who = format!("reader {reader} beside a settling");
        async move { before.matches(&secondary, &who).await }
    });
    let mut reads: Vec<Pin<Box<dyn Future<Output = Verdict> + Send>>> =
        reads.map(|read| Box::pin(read) as _).collect();
    let settle = primary.settle(more);
    reads.insert(0, Box::pin(async move { settle.await.map_err(Wrong::from) }));
    all(reads).await?;
    caught_up(&secondary).await?;
    reference.matches(&secondary, "secondary caught up").await
}

/// Polls all of `futures` until each is done, in turn.
async fn all(mut futures: Vec<Pin<Box<dyn Future<Output = Verdict> + Send + '_>>>) -> Verdict {
    let joined = std::future::poll_fn(|context| {
        let mut failed = None;
        futures.retain_mut(|future| match pin!(future).poll(context) {
            Poll::Pending => true,
            Poll::Ready(verdict) => {
                failed = failed.take().or(verdict.err());
                false
            }
        });
        match failed {
            Some(wrong) => Poll::Ready(Err(wrong)),
            None if futures.is_empty() => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    });
    joined.await
}
