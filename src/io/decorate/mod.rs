//! A world around another that counts, kills and injects errors; the engine inside notices
//! nothing.

mod call;
mod file;
mod handles;
mod index;
mod mortal;
#[cfg(test)]
mod tests;
mod watch;

use std::future::{Future, pending};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DirectoryEntry, OpenMode, Planted, Registry, Step, World};

pub use call::CallKind;
pub use file::ObservedFile;
pub use handles::OpenHandles;
use handles::{HandleKind, Handles};
pub use index::{ObservedIndex, ObservedInstance};
use mortal::Mortal;
use watch::Watch;
pub use watch::{Counts, Death};

/// Counts what is asked of a world, kills it at a chosen moment, and makes chosen calls fail.
/// Clones are the same world. All numbers count from the call that names them, 1 being the next.
///
/// A killed world is *inert*: what was not carried out yet never is, every call under way and
/// every later one stays pending for ever, and its tasks are dropped at their next poll, which
/// the kill asks for. So a kill is what the death of a process looks like from the disk; the
/// harness then drops the engine's handles, which frees the locks as the death would. Effects
/// that the inner world carries out on its own after the call began (a forced file, a rename on
/// another thread) may still happen.
///
/// Clocks, entropy and the registry pass through, are not counted, and still answer after a kill.
#[derive(Clone)]
pub struct Observed<W: World> {
    inner: W,
    index: ObservedIndex<W::Index>,
    watch: Arc<Watch>,
    handles: Arc<Handles>,
}

impl<W: World> Observed<W> {
    /// A world around `inner` that does nothing yet but count.
    pub fn new(inner: W) -> Self {
        let (watch, handles) = (Arc::<Watch>::default(), Arc::<Handles>::default());
        let index = ObservedIndex::new(inner.index().clone(), watch.clone(), handles.clone());
        Self { inner, index, watch, handles }
    }

    /// The world inside, of which this one's kills and errors are not.
    pub fn inner(&self) -> &W {
        &self.inner
    }

    /// What was asked of this world so far.
    pub fn counts(&self) -> Counts {
        self.watch.counts()
    }

    /// What was opened through this world and is still held.
    pub fn open_handles(&self) -> OpenHandles {
        self.handles.count()
    }

    /// Kills at the `nth` time that `step` is passed: the step's effect is done, nothing after it.
    /// The first of several kills that comes is the one.
    ///
    /// # Panics
    /// Where `nth` is zero, as all of them.
    pub fn kill_at(&self, step: Step, nth: u64) {
        self.watch.kill_at_step(step, nth);
    }

    /// Kills at the `nth` call of any kind, before its effect. Steps are no calls.
    pub fn kill_at_call(&self, nth: u64) {
        self.watch.kill_at_call(None, nth);
    }

    /// Kills at the `nth` call of `kind`, before its effect.
    pub fn kill_at_call_of(&self, kind: CallKind, nth: u64) {
        self.watch.kill_at_call(Some(kind), nth);
    }

    /// Kills now.
    pub fn kill(&self) {
        self.watch.kill(Death::Told);
    }

    /// What killed it, where something did.
    pub fn death(&self) -> Option<Death> {
        self.watch.death()
    }

    /// Ready once it was killed. The one future of this world that a kill makes ready.
    pub fn killed(&self) -> impl Future<Output = Death> + Send + 'static {
        mortal::killed(self.watch.clone())
    }

    /// Makes the `nth` call of `kind` fail with `error`, without effect. Calls to the index say
    /// `error` in words. Sleeps and spawned tasks cannot fail; for them it is ignored.
    pub fn fail_at(&self, kind: CallKind, nth: u64, error: io::ErrorKind) {
        self.watch.fail(kind, nth, error, false);
    }

    /// As [`Observed::fail_at`], for the `nth` call and all that follow, until
    /// [`Observed::heal`].
    pub fn fail_from(&self, kind: CallKind, nth: u64, error: io::ErrorKind) {
        self.watch.fail(kind, nth, error, true);
    }

    /// Takes back the errors that have not come and those that last.
    pub fn heal(&self) {
        self.watch.heal();
    }

    /// Calls `hook` at every step from now on with how often that step was passed, before a kill
    /// at it. Replaces an earlier hook. It may call this world's methods.
    pub fn on_step(&self, hook: impl Fn(Step, u64) + Send + Sync + 'static) {
        self.watch.on_step(Arc::new(hook));
    }

    /// Wants this mistake made, in builds that can; see [`planted!`](crate::planted!).
    pub fn plant(&self, mistake: Planted) {
        self.watch.plant(mistake);
    }
}

impl<W: World> World for Observed<W> {
    type File = ObservedFile<W::File>;
    type Lock = W::Lock;
    type Index = ObservedIndex<W::Index>;

    fn wall_us(&self) -> i64 {
        self.inner.wall_us()
    }

    fn monotonic_us(&self) -> u64 {
        self.inner.monotonic_us()
    }

    fn boot_id(&self) -> u128 {
        self.inner.boot_id()
    }

    fn entropy(&self) -> u64 {
        self.inner.entropy()
    }

    fn sleep(&self, duration_us: u64) -> impl Future<Output = ()> + Send + 'static {
        let watch = self.watch.clone();
        let sleep = self.inner.sleep(duration_us);
        async move { watch.unfailing(CallKind::Sleep, sleep).await }
    }

    fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        if self.watch.survives(CallKind::Spawn) {
            self.inner.spawn(name, Mortal::new(self.watch.clone(), future));
        }
    }

    async fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Self::File> {
        let file = self.watch.call(CallKind::Open, self.inner.open(path, mode)).await?;
        Ok(ObservedFile::new(file, self.watch.clone(), self.handles.opened(HandleKind::File)))
    }

    async fn lock(&self, path: &Path) -> io::Result<Option<Self::Lock>> {
        self.watch.call(CallKind::Lock, self.inner.lock(path)).await
    }

    async fn create_directories(&self, path: &Path) -> io::Result<()> {
        self.watch.call(CallKind::CreateDirectories, self.inner.create_directories(path)).await
    }

    async fn list(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        self.watch.call(CallKind::List, self.inner.list(path)).await
    }

    async fn exists(&self, path: &Path) -> io::Result<bool> {
        self.watch.call(CallKind::Exists, self.inner.exists(path)).await
    }

    async fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.watch.call(CallKind::Rename, self.inner.rename(from, to)).await
    }

    async fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.watch.call(CallKind::HardLink, self.inner.hard_link(from, to)).await
    }

    async fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.watch.call(CallKind::RemoveFile, self.inner.remove_file(path)).await
    }

    async fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.watch.call(CallKind::RemoveDirectory, self.inner.remove_directory(path)).await
    }

    async fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.watch.call(CallKind::SyncDirectory, self.inner.sync_directory(path)).await
    }

    async fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.watch.call(CallKind::Canonical, self.inner.canonical(path)).await
    }

    fn index(&self) -> &Self::Index {
        &self.index
    }

    async fn step(&self, step: Step) {
        if self.watch.passes(step) {
            // A simulated world may suspend here.
            self.watch.while_alive(self.inner.step(step)).await;
        } else {
            pending().await
        }
    }

    fn registry(&self) -> &Registry {
        self.inner.registry()
    }

    fn planted(&self, mistake: Planted) -> bool {
        self.watch.is_planted(mistake) || self.inner.planted(mistake)
    }
}
