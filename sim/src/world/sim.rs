//! A simulation as the world of one process.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duolog::io::{DirectoryEntry, OpenMode, Planted, Registry, Step, World};
use xxhash_rust::xxh3::xxh3_64;

use super::context::{Call, Context, dead};
use super::databases::Databases;
use super::executor;
use super::faults::Doing;
use super::file::{SimFile, SimLock};
use super::index::SimIndex;
use super::options::CallKind;
use super::process::ProcessId;
use super::state::{Shared, State};
use super::traced::Traced;

/// The world of one simulated process. Clones are handles of the same process.
#[derive(Clone)]
pub struct Sim {
    inner: Arc<Inner>,
}

struct Inner {
    context: Context,
    name: String,
    registry: Registry,
    index: SimIndex,
}

impl Sim {
    pub(super) fn new(
        shared: Arc<Shared>,
        process: ProcessId,
        name: &str,
        databases: Databases,
    ) -> Self {
        let context = Context { shared, process };
        let index = SimIndex::new(context.clone(), databases);
        let inner = Inner { context, name: name.to_owned(), registry: Registry::default(), index };
        Self { inner: Arc::new(inner) }
    }

    /// The name that the process was started with.
    pub fn process_name(&self) -> &str {
        &self.inner.name
    }

    /// Whether the process has not been killed.
    pub fn is_alive(&self) -> bool {
        self.context().shared.lock("it asked for a process").is_alive(self.process_id())
    }

    pub(super) fn process_id(&self) -> ProcessId {
        self.inner.context.process
    }

    pub(super) fn context(&self) -> &Context {
        &self.inner.context
    }

    /// Calls the world about a name.
    async fn name<T: Traced>(
        &self,
        name: &'static str,
        path: &Path,
        effect: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        self.context().call(Call { name, path, fields: &[], kind: CallKind::Name }, effect).await
    }

    /// As [`Sim::name`], for calls with a second path; the trace has it as a digest.
    async fn two_names<T: Traced>(
        &self,
        name: &'static str,
        (path, to): (&Path, &Path),
        effect: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        let fields = [("to", xxh3_64(to.as_os_str().as_encoded_bytes()))];
        self.context()
            .call(Call { name, path, fields: &fields, kind: CallKind::Name }, effect)
            .await
    }
}

impl World for Sim {
    type File = SimFile;
    type Lock = SimLock;
    type Index = SimIndex;

    fn wall_us(&self) -> i64 {
        let state = self.context().shared.lock("it read the wall clock");
        let since_start = i64::try_from(state.now_us).unwrap_or(i64::MAX);
        state.options.start_wall_us.saturating_add(since_start).saturating_add(state.wall_offset_us)
    }

    fn monotonic_us(&self) -> u64 {
        self.context().shared.lock("it read the clock").now_us
    }

    fn boot_id(&self) -> u128 {
        self.context().shared.lock("it asked for the boot").boot_id
    }

    fn entropy(&self) -> u64 {
        self.context().lock("it drew a number").map_or(0, |mut state| state.draw_entropy())
    }

    fn sleep(&self, duration_us: u64) -> impl Future<Output = ()> + Send + 'static {
        self.context().delay(duration_us)
    }

    fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        executor::spawn(&self.context().shared, self.process_id(), name, Box::pin(future));
    }

    async fn open(&self, path: &Path, mode: OpenMode) -> io::Result<SimFile> {
        let context = self.context();
        let open = self.name("open", path, |state| {
            context.goes_wrong(state, Doing::Open, path)?;
            if matches!(mode, OpenMode::Create | OpenMode::CreateNew)
                && !state.disk.exists(path)?
                && let Some(met) = state.full(context.process)
            {
                return Err(met.error());
            }
            let node = state.disk.open(path, mode)?;
            Ok(NewFile(SimFile::new(context.clone(), path, node, mode)))
        });
        open.await.map(|new| new.0)
    }

    async fn lock(&self, path: &Path) -> io::Result<Option<SimLock>> {
        let context = self.context();
        let lock = self.name("lock", path, |state| {
            let node = state.disk.lock(path, context.process)?;
            Ok(node.map(|node| SimLock::new(context.clone(), path, node)))
        });
        lock.await
    }

    async fn create_directories(&self, path: &Path) -> io::Result<()> {
        self.name("create_directories", path, |state| state.disk.create_directories(path)).await
    }

    async fn list(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        self.name("list", path, |state| state.disk.list(path)).await
    }

    async fn exists(&self, path: &Path) -> io::Result<bool> {
        self.name("exists", path, |state| state.disk.exists(path)).await
    }

    async fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let databases = self.inner.index.databases();
        let rename = self.two_names("rename", (from, to), |state| {
            self.context().goes_wrong(state, Doing::Rename, from)?;
            let before = state.disk.canonical(from);
            state.disk.rename(from, to)?;
            if let (Ok(before), Ok(after)) = (before, state.disk.canonical(to)) {
                databases.rename(&before, &after);
            }
            Ok(())
        });
        rename.await
    }

    async fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let link = self.two_names("hard_link", (from, to), |state| state.disk.hard_link(from, to));
        link.await
    }

    async fn remove_file(&self, path: &Path) -> io::Result<()> {
        let remove = self.name("remove_file", path, |state| {
            self.context().goes_wrong(state, Doing::Remove, path)?;
            state.disk.remove_file(path)
        });
        remove.await
    }

    async fn remove_directory(&self, path: &Path) -> io::Result<()> {
        let databases = self.inner.index.databases();
        let remove = self.name("remove_directory", path, |state| {
            let canonical = state.disk.canonical(path);
            state.disk.remove_directory(path)?;
            canonical.map(|canonical| databases.remove(&canonical))
        });
        remove.await
    }

    async fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let context = self.context();
        let call = Call { name: "sync_directory", path, fields: &[], kind: CallKind::Sync };
        let Some((before_us, after_us)) = context.begin(&call) else { return dead().await };
        let begun = context.lock("it forced a directory").map(|state| state.disk.begin_sync());
        let Some(up_to) = begun else { return dead().await };
        context.delay(before_us).await;
        let effect = |state: &mut State| {
            context.goes_wrong(state, Doing::Sync, path)?;
            let forced = if state.options.lies.directories { 0 } else { up_to };
            state.disk.sync_directory(path, forced)
        };
        let Some(result) = context.take_effect(&call, effect) else { return dead().await };
        context.delay(after_us).await;
        result
    }

    async fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.name("canonical", path, |state| state.disk.canonical(path)).await
    }

    fn index(&self) -> &SimIndex {
        &self.inner.index
    }

    async fn step(&self, step: Step) {
        let context = self.context();
        context.pass(step);
        let held_up_us = context.lock("it passed a step").map_or(0, |mut state| {
            let range = state.options.latencies.step_us.clone();
            state.draw_latency(&range).0
        });
        context.delay(held_up_us).await;
    }

    fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    fn planted(&self, mistake: Planted) -> bool {
        self.context().shared.lock("it asked for a mistake").options.planted.contains(&mistake)
    }
}

/// A file just opened.
struct NewFile(SimFile);

impl Traced for NewFile {
    fn digest(&self) -> u64 {
        0
    }
}
