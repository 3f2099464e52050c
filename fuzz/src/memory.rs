//! A file in memory whose calls are ready at once.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use duolog::io::File;

/// Bytes to read.
#[derive(Clone)]
pub struct MemoryFile {
    bytes: Arc<Vec<u8>>,
    /// A mistake for tests: reads that do not begin at 0 return this many bytes less.
    short_bytes: usize,
}

impl MemoryFile {
    /// A file of `bytes`.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: Arc::new(bytes), short_bytes: 0 }
    }

    /// A file whose reads miss their last bytes, unless they begin at its start.
    pub fn reading_short(bytes: Vec<u8>, short_bytes: usize) -> Self {
        Self { short_bytes, ..Self::new(bytes) }
    }
}

impl File for MemoryFile {
    async fn read_at(&self, offset: u64, length_bytes: usize) -> io::Result<Vec<u8>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        let end = start.saturating_add(length_bytes).min(self.bytes.len());
        let lost = if start == 0 { 0 } else { self.short_bytes.min(end - start) };
        Ok(self.bytes[start..end - lost].to_vec())
    }

    async fn write_at(&self, _offset: u64, _bytes: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    async fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    async fn set_len(&self, _length_bytes: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    async fn fill_zero(&self, _from: u64, _to: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    async fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.len() as u64)
    }
}

/// What a future comes to that never waits.
///
/// # Panics
/// Where it waits.
pub fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a file in memory waits for nothing"),
    }
}
