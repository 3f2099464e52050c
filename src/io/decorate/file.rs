//! A file of an observed world.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::call::CallKind;
use super::handles::Held;
use super::watch::Watch;
use crate::io::File;

/// An open file of [`super::Observed`].
#[derive(Clone)]
pub struct ObservedFile<F> {
    inner: F,
    watch: Arc<Watch>,
    _held: Arc<Held>,
}

impl<F> ObservedFile<F> {
    pub(super) fn new(inner: F, watch: Arc<Watch>, held: Arc<Held>) -> Self {
        Self { inner, watch, _held: held }
    }
}

impl<F: File> File for ObservedFile<F> {
    async fn read_at(&self, offset: u64, length_bytes: usize) -> io::Result<Vec<u8>> {
        self.watch.call(CallKind::ReadAt, self.inner.read_at(offset, length_bytes)).await
    }

    async fn read_block(
        &self,
        offset: u64,
        length_bytes: usize,
        spare: BytesMut,
    ) -> io::Result<Bytes> {
        let block = self.inner.read_block(offset, length_bytes, spare);
        self.watch.call(CallKind::ReadAt, block).await
    }

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.watch.call(CallKind::WriteAt, self.inner.write_at(offset, bytes)).await
    }

    async fn sync_data(&self) -> io::Result<()> {
        self.watch.call(CallKind::SyncData, self.inner.sync_data()).await
    }

    async fn set_len(&self, length_bytes: u64) -> io::Result<()> {
        self.watch.call(CallKind::SetLen, self.inner.set_len(length_bytes)).await
    }

    async fn fill_zero(&self, from: u64, to: u64) -> io::Result<()> {
        self.watch.call(CallKind::FillZero, self.inner.fill_zero(from, to)).await
    }

    async fn len(&self) -> io::Result<u64> {
        self.watch.call(CallKind::Len, self.inner.len()).await
    }
}
