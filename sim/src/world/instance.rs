//! Index instances of a simulated process.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use duolog::io::{
    Family, IndexError, IndexPrimary, IndexRead, IndexSecondary, SortedRun, SortedRuns,
};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::context::{Call, Context, dead};
use super::databases::{Following, Instance, Settling};
use super::index::{around, refused};
use super::index_fault::{IndexCall, IndexFault, Struck};
use super::options::CallKind;
use super::process::Revoke;
use super::traced::Traced;

/// An instance of a simulated process. Its calls stay pending for ever once the process is dead,
/// and the database's instance is let go at that moment whoever still holds this one.
pub struct SimInstance<I> {
    inner: Arc<Inner<I>>,
}

struct Inner<I> {
    context: Context,
    directory: PathBuf,
    /// Its own directory, removed with it.
    private: Option<PathBuf>,
    instance: Mutex<Option<I>>,
    /// Names the last fault that happened to it.
    tag: Mutex<String>,
}

impl<I> Clone for SimInstance<I> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<I: Instance> Revoke for Inner<I> {
    fn revoke(&self) {
        let instance = self.instance.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(instance) = instance else { return };
        let state = || self.context.shared.lock("it died with an index");
        let lost = instance.killed(|count| {
            let kept = state().draw_below(|state| &mut state.index, count as u64 + 1);
            usize::try_from(kept).unwrap_or(count)
        });
        state().processes[self.context.process].lost_run_count += lost as u64;
    }
}

impl<I> Drop for Inner<I> {
    fn drop(&mut self) {
        let Some(private) = &self.private else { return };
        if let Some(mut state) = self.context.lock("it closed an index") {
            // Somebody may have removed it already.
            let _ = state.disk.remove_directory(private);
        }
    }
}

impl<I: Instance> SimInstance<I> {
    pub(super) fn new(
        context: &Context,
        directory: &Path,
        private: Option<PathBuf>,
        instance: I,
    ) -> Self {
        let inner = Arc::new(Inner {
            context: context.clone(),
            directory: directory.to_owned(),
            private,
            instance: Mutex::new(Some(instance)),
            tag: Mutex::default(),
        });
        let revocable: Arc<dyn Revoke> = inner.clone();
        let mut state = context.shared.lock("it opened an index");
        state.processes[context.process].add_revocable(Arc::downgrade(&revocable));
        drop(state);
        Self { inner }
    }

    /// Makes the directory of a copy, and the name that the database will be known by.
    fn new_directory(&self, target: &Path) -> Result<PathBuf, IndexError> {
        let mut state = self.inner.context.shared.lock("it copied an index");
        let made = if state.disk.exists(target).is_ok_and(|exists| exists) {
            Err(std::io::ErrorKind::AlreadyExists.into())
        } else {
            state.disk.create_directories(target)
        };
        let made = made.and_then(|()| state.disk.canonical(target));
        made.map_err(|error| refused(target, &error.to_string()))
    }

    /// A call that changes the database returned to its caller.
    pub(super) fn returned(&self) {
        if let Some(held) = &*self.inner.instance.lock().unwrap_or_else(PoisonError::into_inner) {
            held.returned();
        }
    }

    /// The database's instance; must be asked for at the moment of the effect, because it counts
    /// as open for as long as it is held.
    async fn live(&self) -> I {
        let held = self.inner.instance.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match held {
            Some(instance) => instance,
            None => dead().await,
        }
    }

    /// Has a fault happen to a call.
    fn strike(&self, struck: Option<Struck>) {
        let Some(struck) = struck else { return };
        self.inner.context.index_struck(&struck, &self.inner.directory);
        *self.inner.tag.lock().unwrap_or_else(PoisonError::into_inner) = struck.tag;
    }

    /// An error with the tag of the last fault that happened to this instance.
    fn tagged(&self, result: Result<(), IndexError>) -> Result<(), IndexError> {
        let tag = self.inner.tag.lock().unwrap_or_else(PoisonError::into_inner);
        result.map_err(|error| IndexError { what: format!("{} {tag}", error.what), ..error })
    }

    fn read<'a>(&'a self, name: &'static str, fields: &'a [(&'static str, u64)]) -> Call<'a> {
        Call { name, path: &self.inner.directory, fields, kind: CallKind::IndexRead }
    }

    fn write<'a>(&'a self, name: &'static str, fields: &'a [(&'static str, u64)]) -> Call<'a> {
        Call { kind: CallKind::IndexWrite, ..self.read(name, fields) }
    }
}

impl<I: IndexRead + Instance> IndexRead for SimInstance<I> {
    async fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        let fields = [("family", family as u64), ("key", xxh3_64(key))];
        let effect = async {
            self.inner.context.index_read(family, &self.inner.directory)?;
            self.live().await.get(family, key).await
        };
        around(&self.inner.context, self.read("get", &fields), effect).await
    }

    async fn multi_get(
        &self,
        family: Family,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, IndexError> {
        let fields = [("family", family as u64), ("keys", keys.digest())];
        let effect = async {
            self.inner.context.index_read(family, &self.inner.directory)?;
            self.live().await.multi_get(family, keys).await
        };
        around(&self.inner.context, self.read("multi_get", &fields), effect).await
    }

    async fn last_in(
        &self,
        family: Family,
        range: Range<&[u8]>,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, IndexError> {
        let fields =
            [("family", family as u64), ("from", xxh3_64(range.start)), ("to", xxh3_64(range.end))];
        let effect = async {
            self.inner.context.index_read(family, &self.inner.directory)?;
            self.live().await.last_in(family, range).await
        };
        around(&self.inner.context, self.read("last_in", &fields), effect).await
    }

    async fn scan(
        &self,
        family: Family,
        range: Range<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, IndexError> {
        let fields = [
            ("family", family as u64),
            ("from", xxh3_64(range.start)),
            ("to", xxh3_64(range.end)),
            ("limit", limit as u64),
        ];
        let effect = async {
            self.inner.context.index_read(family, &self.inner.directory)?;
            self.live().await.scan(family, range, limit).await
        };
        around(&self.inner.context, self.read("scan", &fields), effect).await
    }
}

impl<I: Settling> IndexPrimary for SimInstance<I> {
    async fn settle(&self, runs: SortedRuns) -> Result<(), IndexError> {
        let fields =
            [("entries", runs.iter().map(SortedRun::len).sum::<usize>() as u64), digest(&runs)];
        let Inner { context, directory, .. } = &*self.inner;
        let struck = context.index_call(IndexCall::Settle, directory);
        let effect = async {
            let live = self.live().await;
            self.strike(struck.filter(|struck| match &struck.fault {
                IndexFault::Settle(fault) => live.inject_settle(fault.clone()),
                _ => true,
            }));
            self.tagged(live.settle_unforced(runs).await)
        };
        let settled = around(context, self.write("settle", &fields), effect).await;
        if settled.is_ok() {
            self.live().await.settled();
        }
        settled
    }

    async fn expect_more(&self, is_more: bool) -> Result<(), IndexError> {
        self.live().await.expect_more(is_more).await
    }

    async fn compact(&self) -> Result<(), IndexError> {
        let effect = async { self.live().await.compact().await };
        around(&self.inner.context, self.write("compact", &[]), effect).await?;
        self.returned();
        Ok(())
    }

    async fn checkpoint(&self, target: &Path) -> Result<(), IndexError> {
        let fields = [("to", xxh3_64(target.as_os_str().as_encoded_bytes()))];
        let effect = async {
            let canonical = self.new_directory(target)?;
            self.live().await.checkpoint(&canonical).await
        };
        around(&self.inner.context, self.write("checkpoint", &fields), effect).await
    }
}

impl<I: Following> IndexSecondary for SimInstance<I> {
    async fn catch_up(&self) -> Result<(), IndexError> {
        let Inner { context, directory, .. } = &*self.inner;
        let struck = context.index_call(IndexCall::CatchUp, directory);
        let effect = async {
            let live = self.live().await;
            self.strike(struck.filter(|struck| match &struck.fault {
                IndexFault::CatchUp(fault) => live.inject_catch_up(fault.clone()),
                _ => true,
            }));
            self.tagged(live.catch_up().await)
        };
        let caught_up = around(context, self.write("catch_up", &[]), effect).await;
        context.index_answered(IndexCall::CatchUp, directory);
        caught_up
    }
}

fn digest(runs: &SortedRuns) -> (&'static str, u64) {
    let mut hasher = Xxh3::new();
    for (key, value) in runs.iter().flat_map(SortedRun::iter) {
        hasher.update(&xxh3_64(key).to_le_bytes());
        hasher.update(&xxh3_64(value).to_le_bytes());
    }
    ("digest", hasher.digest())
}

impl<I> Traced for SimInstance<I> {
    fn digest(&self) -> u64 {
        0
    }
}
