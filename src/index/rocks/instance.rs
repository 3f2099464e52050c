//! Instances of RocksDB behind the seam.

use std::ops::{ControlFlow, Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rocksdb::checkpoint::Checkpoint;
use rocksdb::{DB, DBRawIterator, Error, ReadOptions, WaitForCompactOptions};

use super::call::{self, Blocking};
use super::closing::{Closing, Closings};
use super::error::{Doing, abandoned, refused, translated};
use super::options::{AT_REST, Background, at_work};
use super::private::Private;
use super::settle::{Settler, handle};
use crate::index::key;
use crate::io::{Family, IndexError, IndexPrimary, IndexRead, IndexSecondary, SortedRuns};

type Entry = (Vec<u8>, Vec<u8>);

/// What clones of an instance share. With its drop the instance closes, on a thread that may
/// wait; a call under way whose future was dropped goes to its end first.
pub(super) struct Shared {
    instance: Arc<Instance>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let closing = self.instance.closings.begin(&self.instance.path);
        *self.instance.closing.lock().unwrap_or_else(PoisonError::into_inner) = Some(closing);
    }
}

impl Deref for Shared {
    type Target = Arc<Instance>;

    fn deref(&self) -> &Arc<Instance> {
        &self.instance
    }
}

/// A database that is open.
pub(super) struct Instance {
    /// Always there but in `drop`.
    open: Option<Open>,
    path: PathBuf,
    /// Of single reads; made once, since each is an allocation in RocksDB.
    single: ReadOptions,
    blocking: Blocking,
    closings: Closings,
    /// There once the last user dropped it.
    closing: Mutex<Option<Closing>>,
}

/// What closes, in this order.
pub(super) struct Open {
    pub(super) db: DB,
    /// Of a secondary.
    pub(super) _private: Option<Private>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        let closing = self.closing.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let open = self.open.take();
        (self.blocking)(Box::new(move || {
            drop(open);
            drop(closing);
        }));
    }
}

impl Shared {
    pub(super) fn new(path: &Path, open: Open, blocking: Blocking, closings: Closings) -> Self {
        let (open, path, closing) = (Some(open), path.to_owned(), Mutex::new(None));
        let single = ReadOptions::default();
        Self { instance: Arc::new(Instance { open, path, single, blocking, closings, closing }) }
    }
}

impl Instance {
    fn db(&self) -> &DB {
        &self.open.as_ref().expect("only `drop` takes it").db
    }

    /// Runs `work` on a thread that may wait.
    async fn call(
        self: &Arc<Self>,
        doing: Doing,
        work: impl FnOnce(&DB) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), IndexError> {
        let instance = self.clone();
        let answer = call::run(&self.blocking, move || {
            work(instance.db()).map_err(|error| translated(&instance.path, doing, &error))
        });
        answer.await.unwrap_or_else(|| Err(abandoned(&self.path)))
    }

    fn read<T>(&self, result: Result<T, Error>) -> Result<T, IndexError> {
        result.map_err(|error| translated(&self.path, Doing::Read, &error))
    }

    fn read_key<T>(
        &self,
        family: Family,
        key: &[u8],
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, IndexError> {
        let found = self.db().get_pinned_cf_opt(handle(self.db(), family), key, &self.single);
        Ok(self.read(found)?.map(|value| read(&value)))
    }

    fn multi_get(
        &self,
        family: Family,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, IndexError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let family = handle(self.db(), family);
        let found = self.db().batched_multi_get_cf(family, keys, false);
        found.into_iter().map(|value| Ok(self.read(value)?.map(|value| value.to_vec()))).collect()
    }

    /// Where `seek` is of one prefix, files that hold none of its keys are passed over by their
    /// filters.
    fn iterator(&self, family: Family, range: Range<&[u8]>, seek: Seek) -> DBRawIterator<'_> {
        let mut options = ReadOptions::default();
        options.set_total_order_seek(seek == Seek::AnyKey);
        options.set_iterate_lower_bound(range.start);
        options.set_iterate_upper_bound(range.end);
        self.db().raw_iterator_cf_opt(handle(self.db(), family), options)
    }

    fn read_last<T>(
        &self,
        family: Family,
        range: Range<&[u8]>,
        read: impl FnOnce(&[u8], &[u8]) -> T,
    ) -> Result<Option<T>, IndexError> {
        if range.start >= range.end {
            return Ok(None);
        }
        let mut iterator = self.iterator(family, range, Seek::AnyKey);
        iterator.seek_to_last();
        let last = iterator.item().map(|(key, value)| read(key, value));
        self.read(iterator.status())?;
        Ok(last)
    }

    fn visit(
        &self,
        family: Family,
        range: Range<&[u8]>,
        mut visitor: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), IndexError> {
        if range.start >= range.end {
            return Ok(());
        }
        let seek = Seek::of(family, &range);
        let mut iterator = self.iterator(family, range, seek);
        iterator.seek_to_first();
        while let Some((key, value)) = iterator.item() {
            if visitor(key, value).is_break() {
                break;
            }
            iterator.next();
        }
        self.read(iterator.status())
    }

    fn scan(
        &self,
        family: Family,
        range: Range<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, IndexError> {
        let mut found = Vec::new();
        if limit > 0 {
            self.visit(family, range, |key, value| {
                found.push(owned(key, value));
                if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        Ok(found)
    }
}

/// Which keys of a range an iterator may come upon.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seek {
    AnyKey,
    /// Those of one prefix, as the family's files have filters of.
    OnePrefix,
}

impl Seek {
    fn of(family: Family, range: &Range<&[u8]>) -> Self {
        let prefix = key::by_id_more_prefix(range.start);
        let is_one = prefix.is_some() && prefix == key::by_id_more_prefix(range.end);
        if family == Family::ByIdMore && is_one { Self::OnePrefix } else { Self::AnyKey }
    }
}

fn owned(key: &[u8], value: &[u8]) -> Entry {
    (key.to_vec(), value.to_vec())
}

/// The instance of a database that writes. Reads are ready at their first poll.
#[derive(Clone)]
pub struct RocksPrimary {
    pub(super) instance: Arc<Shared>,
    pub(super) settler: Arc<Settler>,
    pub(super) background: Background,
    /// What [`IndexPrimary::expect_more`] was told last.
    pub(super) expects_more: Arc<AtomicBool>,
}

/// An instance that follows the primary of its directory, in this process or another. Reads are
/// ready at their first poll.
#[derive(Clone)]
pub struct RocksSecondary {
    pub(super) instance: Arc<Shared>,
}

/// An instance that shows the state at its opening for ever. Reads are ready at their first poll.
#[derive(Clone)]
pub struct RocksFrozen {
    pub(super) instance: Arc<Shared>,
}

impl IndexPrimary for RocksPrimary {
    async fn settle(&self, runs: SortedRuns) -> Result<(), IndexError> {
        let (settler, background) = (self.settler.clone(), self.background);
        let settle = move |db: &DB| {
            settler.settle(db, &runs)?;
            if background == Background::Rests { rest(db) } else { Ok(()) }
        };
        self.instance.call(Doing::Settle, settle).await
    }

    async fn expect_more(&self, is_more: bool) -> Result<(), IndexError> {
        if self.background == Background::Rests
            || self.expects_more.swap(is_more, Ordering::AcqRel) == is_more
        {
            return Ok(());
        }
        let set = move |db: &DB| {
            Family::ALL.into_iter().try_for_each(|family| {
                let merging = if is_more { at_work(family) } else { AT_REST };
                let settings = merging.settings();
                let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
                db.set_options_cf(handle(db, family), &settings)
            })
        };
        self.instance.call(Doing::Settle, set).await
    }

    async fn compact(&self) -> Result<(), IndexError> {
        let background = self.background;
        let compact = move |db: &DB| {
            if background == Background::Rests {
                for family in Family::ALL {
                    db.compact_range_cf(handle(db, family), None::<&[u8]>, None::<&[u8]>);
                }
            }
            rest(db)
        };
        self.instance.call(Doing::Compact, compact).await
    }

    async fn checkpoint(&self, target: &Path) -> Result<(), IndexError> {
        let target = target.to_owned();
        let copy = move |db: &DB| Checkpoint::new(db)?.create_checkpoint(target);
        self.instance.call(Doing::Checkpoint, copy).await
    }
}

/// Waits until nothing goes on in the background, removal of files included.
fn rest(db: &DB) -> Result<(), Error> {
    db.wait_for_compact(&WaitForCompactOptions::default())
}

impl IndexSecondary for RocksSecondary {
    async fn catch_up(&self) -> Result<(), IndexError> {
        self.instance.call(Doing::CatchUp, DB::try_catch_up_with_primary).await
    }
}

/// All instances read alike.
macro_rules! reads {
    ($instance:ty) => {
        impl IndexRead for $instance {
            async fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
                self.instance.read_key(family, key, <[u8]>::to_vec)
            }

            async fn read_key<T: Send>(
                &self,
                family: Family,
                key: &[u8],
                read: impl FnOnce(&[u8]) -> T + Send,
            ) -> Result<Option<T>, IndexError> {
                self.instance.read_key(family, key, read)
            }

            async fn multi_get(
                &self,
                family: Family,
                keys: &[Vec<u8>],
            ) -> Result<Vec<Option<Vec<u8>>>, IndexError> {
                self.instance.multi_get(family, keys)
            }

            async fn last_in(
                &self,
                family: Family,
                range: Range<&[u8]>,
            ) -> Result<Option<Entry>, IndexError> {
                self.instance.read_last(family, range, owned)
            }

            async fn read_last<T: Send>(
                &self,
                family: Family,
                range: Range<&[u8]>,
                read: impl FnOnce(&[u8], &[u8]) -> T + Send,
            ) -> Result<Option<T>, IndexError> {
                self.instance.read_last(family, range, read)
            }

            async fn visit(
                &self,
                family: Family,
                range: Range<&[u8]>,
                visitor: impl FnMut(&[u8], &[u8]) -> ControlFlow<()> + Send,
            ) -> Result<(), IndexError> {
                self.instance.visit(family, range, visitor)
            }

            async fn scan(
                &self,
                family: Family,
                range: Range<&[u8]>,
                limit: usize,
            ) -> Result<Vec<Entry>, IndexError> {
                self.instance.scan(family, range, limit)
            }
        }
    };
}

reads!(RocksPrimary);
reads!(RocksSecondary);
reads!(RocksFrozen);

/// The error of a directory without a database.
pub(super) fn missing(path: &Path) -> IndexError {
    refused(path, "there is no database: settle something first, or rebuild it")
}
