//! A file of a world that breaks one rule.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};

use super::liar::{Spoiled, fragile_pause, pause};
use super::lie::Lie;
use crate::io::File;

#[derive(Clone)]
pub(super) struct LiarFile<F> {
    inner: F,
    lie: Lie,
    path: PathBuf,
    spoiled: Spoiled,
    /// Writes and syncs so far, through all clones.
    asked_count: Arc<AtomicU64>,
}

impl<F: File> LiarFile<F> {
    pub(super) fn new(inner: F, lie: Lie, path: &Path, spoiled: Spoiled) -> Self {
        Self { inner, lie, path: path.to_owned(), spoiled, asked_count: Arc::default() }
    }

    /// Without lying.
    pub(super) async fn empty(&self) -> io::Result<()> {
        self.inner.set_len(0).await
    }
}

impl<F: File> File for LiarFile<F> {
    async fn read_at(&self, offset: u64, length_bytes: usize) -> io::Result<Vec<u8>> {
        let limit_bytes = if self.lie == Lie::ShortRead { 64 << 10 } else { usize::MAX };
        let mut bytes = self.inner.read_at(offset, length_bytes.min(limit_bytes)).await?;
        if self.lie == Lie::ReadFlipsABit
            && let Some(byte) = bytes.first_mut()
        {
            *byte ^= 1;
        }
        Ok(bytes)
    }

    async fn read_block(
        &self,
        offset: u64,
        length_bytes: usize,
        spare: BytesMut,
    ) -> io::Result<Bytes> {
        if self.lie != Lie::BlockKeepsOldBytes {
            return self.inner.read_block(offset, length_bytes, spare).await;
        }
        let read = self.read_at(offset, length_bytes).await?;
        let kept = spare.get(read.len()..length_bytes).unwrap_or_default();
        Ok([&read, kept].concat().into())
    }

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let length_bytes = self.inner.len().await?;
        let end = offset + bytes.len() as u64;
        let asked_count = self.asked_count.fetch_add(1, Ordering::Relaxed);
        match self.lie {
            Lie::HoleHoldsGarbage if offset > length_bytes && !bytes.is_empty() => {
                self.inner.write_at(offset - 1, &[0xaa]).await?;
            }
            Lie::EmptyWriteExtends if bytes.is_empty() && offset > length_bytes => {
                self.inner.set_len(offset).await?;
            }
            Lie::WriteSpills if end < length_bytes => {
                self.inner.write_at(end, &[0]).await?;
            }
            Lie::LateWriteIsLost if asked_count == 50 => return Ok(()),
            Lie::DroppedWriteIsTorn => {
                let half = bytes.len() / 2;
                self.inner.write_at(offset, &bytes[..half]).await?;
                pause().await;
                return self.inner.write_at(offset + half as u64, &bytes[half..]).await;
            }
            _ => {}
        }
        self.inner.write_at(offset, bytes).await
    }

    async fn sync_data(&self) -> io::Result<()> {
        let asked_count = self.asked_count.fetch_add(1, Ordering::Relaxed);
        match self.lie {
            Lie::SyncFailsLater if asked_count > 1 => return Err(ErrorKind::Other.into()),
            Lie::DroppedSyncSpoils => fragile_pause(&self.spoiled, &self.path).await?,
            _ => {}
        }
        self.inner.sync_data().await
    }

    async fn set_len(&self, length_bytes: u64) -> io::Result<()> {
        let before_bytes = self.inner.len().await?;
        match self.lie {
            Lie::SetLenNeverCuts if length_bytes < before_bytes => return Ok(()),
            Lie::SetLenFillsWithOnes if length_bytes > before_bytes => {
                let added = vec![0xff; usize::try_from(length_bytes - before_bytes).unwrap()];
                return self.inner.write_at(before_bytes, &added).await;
            }
            _ => {}
        }
        self.inner.set_len(length_bytes).await
    }

    async fn fill_zero(&self, from: u64, to: u64) -> io::Result<()> {
        let before_bytes = self.inner.len().await?;
        let spills = self.lie == Lie::FillZeroSpills;
        self.inner.fill_zero(from, if spills { to + 1 } else { to }).await?;
        if self.lie == Lie::FillZeroShortens && before_bytes < 100 {
            self.inner.set_len(to).await?;
        }
        Ok(())
    }

    async fn len(&self) -> io::Result<u64> {
        self.inner.len().await
    }
}
