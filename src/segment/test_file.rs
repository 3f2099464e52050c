//! A file in memory for the tests of this room, and a way to run them.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::io::File;

#[derive(Default)]
struct Content {
    bytes: Vec<u8>,
    read_count: usize,
    sync_count: usize,
    /// The next write keeps this many bytes and fails.
    tear_at: Option<usize>,
    fails_sync: bool,
}

/// A file in memory that counts its calls and can fail.
#[derive(Clone, Default)]
pub(super) struct TestFile(Arc<Mutex<Content>>);

impl TestFile {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        let file = Self::default();
        file.content().bytes = bytes;
        file
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.content().bytes.clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.content().bytes);
    }

    pub(super) fn read_count(&self) -> usize {
        self.content().read_count
    }

    pub(super) fn sync_count(&self) -> usize {
        self.content().sync_count
    }

    pub(super) fn tear_next_write(&self, kept_bytes: usize) {
        self.content().tear_at = Some(kept_bytes);
    }

    pub(super) fn fail_syncs(&self) {
        self.content().fails_sync = true;
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File for TestFile {
    async fn read_at(&self, offset: u64, length_bytes: usize) -> io::Result<Vec<u8>> {
        let mut content = self.content();
        content.read_count += 1;
        let start = content.bytes.len().min(offset as usize);
        let end = content.bytes.len().min(start + length_bytes);
        Ok(content.bytes[start..end].to_vec())
    }

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut content = self.content();
        let torn_at = content.tear_at.take();
        let kept = &bytes[..torn_at.unwrap_or(bytes.len())];
        let (start, end) = (offset as usize, offset as usize + kept.len());
        if content.bytes.len() < end {
            content.bytes.resize(end, 0);
        }
        content.bytes[start..end].copy_from_slice(kept);
        match torn_at {
            Some(_) => Err(io::Error::other("torn on purpose")),
            None => Ok(()),
        }
    }

    async fn sync_data(&self) -> io::Result<()> {
        let mut content = self.content();
        content.sync_count += 1;
        match content.fails_sync {
            true => Err(io::Error::other("failed on purpose")),
            false => Ok(()),
        }
    }

    async fn set_len(&self, length_bytes: u64) -> io::Result<()> {
        self.content().bytes.resize(length_bytes as usize, 0);
        Ok(())
    }

    async fn fill_zero(&self, from: u64, to: u64) -> io::Result<()> {
        let zeros = vec![0; (to - from) as usize];
        self.write_at(from, &zeros).await
    }

    async fn len(&self) -> io::Result<u64> {
        Ok(self.content().bytes.len() as u64)
    }
}

/// Runs a future that never waits, as those on a [`TestFile`] are.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a file in memory never waits"),
    }
}
