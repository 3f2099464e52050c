//! Open files and locks of a simulated process.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duolog::io::{File, OpenMode};
use xxhash_rust::xxh3::xxh3_64;

use super::context::{Call, Context, dead};
use super::disk::{NodeId, SyncFailure};
use super::faults::{About, Doing};
use super::options::CallKind;
use super::traced::Traced;

/// An open file of the simulated disk.
#[derive(Clone)]
pub struct SimFile {
    open: Arc<Open>,
}

/// The lock of a file of the simulated disk. Freed by drop, and by its process's death.
pub struct SimLock {
    open: Open,
}

/// A reference to a node.
struct Open {
    context: Context,
    path: PathBuf,
    node: NodeId,
    is_writable: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.context.shared.lock("it closed a file").disk.release(self.node);
    }
}

impl Drop for SimLock {
    fn drop(&mut self) {
        if let Some(mut state) = self.open.context.lock("it dropped a lock") {
            state.disk.unlock(self.open.node, self.open.context.process);
        }
    }
}

impl SimFile {
    pub(super) fn new(context: Context, path: &Path, node: NodeId, mode: OpenMode) -> Self {
        let is_writable = mode != OpenMode::Read;
        let open = Open { context, path: path.to_owned(), node, is_writable };
        Self { open: Arc::new(open) }
    }

    fn call<'a>(&'a self, name: &'static str, fields: &'a [(&'static str, u64)]) -> Call<'a> {
        Call { name, path: &self.open.path, fields, kind: CallKind::File }
    }

    fn writable(&self) -> io::Result<()> {
        if self.open.is_writable {
            return Ok(());
        }
        let what = format!("{:?} was opened to read only", self.open.path);
        Err(io::Error::new(io::ErrorKind::PermissionDenied, what))
    }
}

impl SimLock {
    pub(super) fn new(context: Context, path: &Path, node: NodeId) -> Self {
        Self { open: Open { context, path: path.to_owned(), node, is_writable: true } }
    }
}

impl File for SimFile {
    async fn read_at(&self, offset: u64, length_bytes: usize) -> io::Result<Vec<u8>> {
        let open = &*self.open;
        let fields = [("offset", offset), ("length", length_bytes as u64)];
        let call = self.call("read_at", &fields);
        let read = open.context.call(call, |state| {
            let about = About::Bytes(&open.path);
            match state.meets(open.context.process, Doing::Read, about) {
                Some(met) => Err(met.error()),
                None => {
                    let file = (&*open.path, open.node);
                    Ok(state.read(open.context.process, file, (offset, length_bytes)))
                }
            }
        });
        read.await
    }

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.writable()?;
        let open = &*self.open;
        let fields =
            [("offset", offset), ("length", bytes.len() as u64), ("digest", xxh3_64(bytes))];
        let call = self.call("write_at", &fields);
        let write = open.context.call(call, |state| {
            let Some(met) = state.meets_write(open.context.process, &open.path) else {
                return state.disk.write(open.node, offset, bytes);
            };
            if let Some(harm) = met.harm(state.now_us) {
                let file = (&*open.path, open.node);
                let process = open.context.process;
                return state.write_damaged(process, file, (offset, bytes), &met, &harm);
            }
            let part = met.part(bytes.len());
            state.disk.write(open.node, offset, &bytes[..part])?;
            Err(met.error())
        });
        write.await
    }

    fn sync_data(&self) -> impl Future<Output = io::Result<()>> + Send {
        let file = self.clone();
        async move {
            let Some((sync, error)) = Sync::begin(&file) else { return dead().await };
            let (before_us, after_us) = sync.latency_us;
            file.open.context.delay(before_us).await;
            drop(sync);
            file.open.context.delay(after_us).await;
            error.map_or(Ok(()), Err)
        }
    }

    async fn set_len(&self, length_bytes: u64) -> io::Result<()> {
        self.writable()?;
        let open = &*self.open;
        let fields = [("length", length_bytes)];
        let call = self.call("set_len", &fields);
        open.context.call(call, |state| state.disk.set_len(open.node, length_bytes)).await
    }

    async fn fill_zero(&self, from: u64, to: u64) -> io::Result<()> {
        self.writable()?;
        let open = &*self.open;
        let fields = [("from", from), ("to", to)];
        let call = self.call("fill_zero", &fields);
        let fill = open.context.call(call, |state| match state.full(open.context.process) {
            Some(met) => Err(met.error()),
            None => state.disk.fill_zero(open.node, from, to),
        });
        fill.await
    }

    async fn len(&self) -> io::Result<u64> {
        let open = &*self.open;
        let call = self.call("len", &[]);
        open.context.call(call, |state| Ok::<_, io::Error>(state.disk.len(open.node))).await
    }
}

impl Traced for SimLock {
    fn digest(&self) -> u64 {
        0
    }
}

/// A sync under way. It forces what was written before it began, and goes on to its end where
/// the future that began it is dropped; not where the process died.
struct Sync {
    file: SimFile,
    up_to: u64,
    failure: Option<SyncFailure>,
    latency_us: (u64, u64),
}

impl Sync {
    /// Begins; with the error that it will end with, where it fails.
    fn begin(file: &SimFile) -> Option<(Self, Option<io::Error>)> {
        let context = &file.open.context;
        let latency_us = context.begin(&Self::call(file))?;
        let mut state = context.lock("it forced a file")?;
        let up_to = state.disk.begin_sync();
        let (failure, error) = match state.processes[context.process].syncs() {
            Some(failure) => {
                let error = io::Error::other(format!("the disk failed ({failure:?})"));
                (Some(failure), Some(error))
            }
            None => {
                let met = state.meets(context.process, Doing::Sync, About::Bytes(&file.open.path));
                (met.map(|met| met.sync_failure()), met.map(|met| met.error()))
            }
        };
        drop(state);
        Some((Self { file: file.clone(), up_to, failure, latency_us }, error))
    }

    fn call(file: &SimFile) -> Call<'_> {
        Call { kind: CallKind::Sync, ..file.call("sync_data", &[]) }
    }
}

impl Drop for Sync {
    fn drop(&mut self) {
        let open = &*self.file.open;
        let _ = open.context.take_effect(&Self::call(&self.file), |state| match self.failure {
            Some(failure) => state.disk.fail_sync(open.node, self.up_to, failure),
            None if state.options.lies.files => {}
            None => state.disk.end_sync(open.node, self.up_to),
        });
    }
}
