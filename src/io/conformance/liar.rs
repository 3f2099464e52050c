//! Worlds that break one rule each, to see that the suite notices it.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use super::check::content_at;
use super::liar_file::LiarFile;
use super::lie::Lie;
use crate::io::{DirectoryEntry, OpenMode, Registry, Step, World};

/// A world that tells `lie` and is `inner` otherwise.
pub(super) struct Liar<W: World> {
    inner: W,
    lie: Lie,
    state: Arc<State<W::Lock>>,
    registry: Arc<Registry>,
}

struct State<L> {
    asked_count: AtomicU64,
    kept_locks: Mutex<Vec<Arc<L>>>,
    spoiled: Spoiled,
}

/// What a dropped call spoils for ever.
pub(super) type Spoiled = Arc<Mutex<BTreeSet<PathBuf>>>;

impl<W: World> Liar<W> {
    pub(super) fn new(inner: W, lie: Lie) -> Self {
        let state = State {
            asked_count: AtomicU64::new(0),
            kept_locks: Mutex::default(),
            spoiled: Spoiled::default(),
        };
        Self { inner, lie, state: Arc::new(state), registry: Arc::default() }
    }

    fn is_spoiled(&self, path: &Path) -> bool {
        self.state.spoiled.lock().unwrap().contains(path)
    }

    fn asked_count(&self) -> u64 {
        self.state.asked_count.fetch_add(1, Ordering::Relaxed)
    }
}

impl<W: World> Clone for Liar<W> {
    fn clone(&self) -> Self {
        let registry = match self.lie {
            Lie::RegistryPerHandle => Arc::default(),
            _ => self.registry.clone(),
        };
        Self { inner: self.inner.clone(), lie: self.lie, state: self.state.clone(), registry }
    }
}

/// Pending at its first poll.
pub(super) async fn pause() {
    let mut is_first = true;
    poll_fn(|context| {
        if std::mem::take(&mut is_first) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await
}

/// A pause that spoils `path` where it is dropped in the middle, and fails where it was.
pub(super) async fn fragile_pause(spoiled: &Spoiled, path: &Path) -> io::Result<()> {
    if spoiled.lock().unwrap().contains(path) {
        return Err(io::Error::other("spoiled by a dropped call"));
    }
    spoiled.lock().unwrap().insert(path.to_owned());
    pause().await;
    spoiled.lock().unwrap().remove(path);
    Ok(())
}

impl<W: World> World for Liar<W> {
    type File = LiarFile<W::File>;
    type Lock = Arc<W::Lock>;
    type Index = W::Index;

    fn wall_us(&self) -> i64 {
        self.inner.wall_us()
    }

    fn monotonic_us(&self) -> u64 {
        let goes_back = self.lie == Lie::ClockGoesBack && self.asked_count() == 500;
        self.inner.monotonic_us() - if goes_back { 1_000_000 } else { 0 }
    }

    fn boot_id(&self) -> u128 {
        match self.lie {
            Lie::BootsOften => u128::from(self.asked_count()),
            _ => self.inner.boot_id(),
        }
    }

    fn entropy(&self) -> u64 {
        match self.lie {
            Lie::EntropyRepeats => self.asked_count() % 63,
            _ => self.inner.entropy(),
        }
    }

    fn sleep(&self, duration_us: u64) -> impl Future<Output = ()> + Send + 'static {
        let is_short = self.lie == Lie::ShortSleep;
        self.inner.sleep(if is_short { duration_us / 2 } else { duration_us })
    }

    fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        match self.lie {
            Lie::SpawnRunsNothing => drop(future),
            Lie::SpawnPollsOnce => self.inner.spawn(name, async move {
                super::wait::polled_once(future).await;
            }),
            _ => self.inner.spawn(name, future),
        }
    }

    async fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Self::File> {
        let is_lost = self.lie == Lie::DroppedRenameLosesFile && self.is_spoiled(path);
        if is_lost {
            return Err(ErrorKind::NotFound.into());
        }
        let is_there = self.inner.exists(path).await?;
        let lied = match (self.lie, mode) {
            (Lie::ReadMakesFiles, OpenMode::Read) => OpenMode::Create,
            (Lie::ReadMayWrite, OpenMode::Read) => OpenMode::Write,
            (Lie::WriteMakesFiles, OpenMode::Write) => OpenMode::Create,
            (Lie::CreateNewReuses, OpenMode::CreateNew) => OpenMode::Create,
            _ => mode,
        };
        let parent = path.parent().expect("cases open in directories");
        if self.lie == Lie::OpenMakesDirectories && mode == OpenMode::Create {
            self.inner.create_directories(parent).await?;
        }
        let file = self.inner.open(path, lied).await?;
        let file = LiarFile::new(file, self.lie, path, self.state.spoiled.clone());
        if self.lie == Lie::CreateEmpties && mode == OpenMode::Create && is_there {
            file.empty().await?;
        }
        Ok(file)
    }

    async fn lock(&self, path: &Path) -> io::Result<Option<Self::Lock>> {
        let parent = path.parent().expect("cases lock in directories");
        let lied = match self.lie {
            Lie::LockTwice => path.with_extension(self.asked_count().to_string()),
            Lie::LockOnePerDirectory => parent.join("ONE"),
            Lie::LockWithoutFile => path.with_extension("elsewhere"),
            _ => path.to_owned(),
        };
        match self.lie {
            Lie::LockMakesDirectories => self.inner.create_directories(parent).await?,
            Lie::DroppedLockIsHeld if fragile_pause(&self.state.spoiled, path).await.is_err() => {
                return Ok(None);
            }
            _ => {}
        }
        let held = self.inner.lock(&lied).await?.map(Arc::new);
        if self.lie == Lie::LockIsNotFreed {
            self.state.kept_locks.lock().unwrap().extend(held.clone());
        }
        Ok(held)
    }

    async fn create_directories(&self, path: &Path) -> io::Result<()> {
        let parent = path.parent().expect("cases have a root");
        match self.lie {
            Lie::CreateDirectoryNeedsParent if !self.inner.exists(parent).await? => Ok(()),
            Lie::CreateDirectoryOnce if self.inner.exists(path).await? => {
                Err(ErrorKind::AlreadyExists.into())
            }
            _ => self.inner.create_directories(path).await,
        }
    }

    async fn list(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        let listed = self.inner.list(path).await;
        match self.lie {
            Lie::ListUnsorted => listed.map(|entries| entries.into_iter().rev().collect()),
            Lie::ListHidesDirectories => listed.map(|mut entries| {
                entries.iter_mut().for_each(|entry| entry.is_directory = false);
                entries
            }),
            Lie::ListOfMissing => Ok(listed.unwrap_or_default()),
            _ => listed,
        }
    }

    async fn exists(&self, path: &Path) -> io::Result<bool> {
        match self.lie {
            Lie::DirectoriesDoNotExist if self.inner.list(path).await.is_ok() => Ok(false),
            _ => self.inner.exists(path).await,
        }
    }

    async fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.lie == Lie::DroppedRenameLosesFile {
            fragile_pause(&self.state.spoiled, from).await?;
        }
        let is_directory = self.inner.list(from).await.is_ok();
        match self.lie {
            Lie::RenameKeepsOld if !is_directory && self.inner.exists(from).await? => {
                return self.inner.hard_link(from, to).await;
            }
            Lie::RenameRefusesToReplace if self.inner.exists(to).await? => {
                return Err(ErrorKind::AlreadyExists.into());
            }
            _ => {}
        }
        self.inner.rename(from, to).await?;
        if self.lie == Lie::RenameLeavesDirectory && is_directory {
            self.inner.create_directories(from).await?;
        }
        Ok(())
    }

    async fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let has_target = self.inner.exists(to).await?;
        match self.lie {
            Lie::LinkCopies if !has_target => {
                let bytes = content_at(&self.inner, from).await?;
                super::check::put(&self.inner, to, &bytes).await.map(drop)
            }
            Lie::LinkReplaces if has_target => {
                self.inner.remove_file(to).await?;
                self.inner.hard_link(from, to).await
            }
            _ => self.inner.hard_link(from, to).await,
        }
    }

    async fn remove_file(&self, path: &Path) -> io::Result<()> {
        if matches!(self.lie, Lie::RemoveOnlyEmpties | Lie::RemoveEmpties) {
            let file = self.inner.open(path, OpenMode::Write).await?;
            LiarFile::new(file, self.lie, path, self.state.spoiled.clone()).empty().await?;
        }
        match self.lie {
            Lie::RemoveOnlyEmpties => Ok(()),
            _ => self.inner.remove_file(path).await,
        }
    }

    async fn remove_directory(&self, path: &Path) -> io::Result<()> {
        match self.lie {
            Lie::RemoveDirectoryKeeps if self.inner.exists(path).await? => Ok(()),
            _ => self.inner.remove_directory(path).await,
        }
    }

    async fn sync_directory(&self, path: &Path) -> io::Result<()> {
        match self.lie {
            Lie::SyncDirectoryOfMissing => Ok(()),
            _ => self.inner.sync_directory(path).await,
        }
    }

    async fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        let name = self.inner.canonical(path).await?;
        Ok(if self.lie == Lie::CanonicalAsGiven { path.to_owned() } else { name })
    }

    fn index(&self) -> &Self::Index {
        self.inner.index()
    }

    async fn step(&self, step: Step) {
        self.inner.step(step).await;
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }
}
