//! Which directories have instances that are still closing: their lock is not free yet, and
//! their files are not gone.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Closings under way, by database directory.
#[derive(Clone, Default)]
pub(super) struct Closings {
    directories: Arc<Mutex<BTreeMap<PathBuf, Directory>>>,
}

#[derive(Default)]
struct Directory {
    count: usize,
    waiters: Vec<Waker>,
}

/// A closing, until it drops.
pub(super) struct Closing {
    closings: Closings,
    directory: PathBuf,
}

impl Closings {
    /// A closing begins.
    pub(super) fn begin(&self, directory: &Path) -> Closing {
        self.locked().entry(directory.to_owned()).or_default().count += 1;
        Closing { closings: self.clone(), directory: directory.to_owned() }
    }

    /// Waits until nothing closes in `directory`.
    pub(super) async fn ended(&self, directory: &Path) {
        self.none(|closing| closing == directory).await;
    }

    /// Waits until nothing closes in `directory` or below it.
    pub(super) async fn ended_below(&self, directory: &Path) {
        self.none(|closing| closing.starts_with(directory)).await;
    }

    async fn none(&self, is_meant: impl Fn(&Path) -> bool) {
        poll_fn(|context| {
            match self.locked().iter_mut().find(|(directory, _)| is_meant(directory)) {
                None => Poll::Ready(()),
                Some((_, closing)) => {
                    closing.waiters.push(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await;
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Directory>> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let mut directories = self.closings.locked();
        let directory = directories.get_mut(&self.directory).expect("counted at its beginning");
        directory.count -= 1;
        if directory.count > 0 {
            return;
        }
        let ended = directories.remove(&self.directory);
        drop(directories);
        ended.into_iter().flat_map(|directory| directory.waiters).for_each(Waker::wake);
    }
}
