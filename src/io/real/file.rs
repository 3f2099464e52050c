//! A file of the operating system.

use std::fs;
use std::future::Future;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rustix::buffer::spare_capacity;

use super::threads::Threads;
use crate::io::{File, OpenMode};

static ZEROS: [u8; 256 << 10] = [0; 256 << 10];

/// An open file of [`super::Real`].
#[derive(Clone)]
pub struct RealFile {
    file: Arc<fs::File>,
    threads: Arc<Threads>,
}

impl RealFile {
    pub(super) fn new(file: fs::File, threads: Arc<Threads>) -> Self {
        Self { file: Arc::new(file), threads }
    }

    fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&fs::File) -> io::Result<T> + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send + 'static {
        let file = self.file.clone();
        self.threads.call(move || work(&file))
    }
}

impl File for RealFile {
    async fn read_at(&self, offset: u64, length_bytes: usize) -> io::Result<Vec<u8>> {
        read_at(&self.file, offset, length_bytes)
    }

    async fn read_block(
        &self,
        offset: u64,
        length_bytes: usize,
        spare: BytesMut,
    ) -> io::Result<Bytes> {
        if spare.capacity() < length_bytes {
            drop(spare);
            return Ok(read_at(&self.file, offset, length_bytes)?.into());
        }
        read_over(&self.file, offset, length_bytes, spare)
    }

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    async fn sync_data(&self) -> io::Result<()> {
        let pace = self.threads.sync_pace();
        if pace.is_quick() {
            return pace.timed(|| self.file.sync_data());
        }
        let threads = self.threads.clone();
        self.call(move |file| threads.sync_pace().timed(|| file.sync_data())).await
    }

    async fn set_len(&self, length_bytes: u64) -> io::Result<()> {
        self.call(move |file| file.set_len(length_bytes)).await
    }

    async fn fill_zero(&self, from: u64, to: u64) -> io::Result<()> {
        self.call(move |file| fill_zero(file, from, to)).await
    }

    async fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

pub(super) fn open(path: &Path, mode: OpenMode) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    match mode {
        OpenMode::Read => &mut options,
        OpenMode::Write => options.write(true),
        OpenMode::Create => options.write(true).create(true).truncate(false),
        OpenMode::CreateNew => options.write(true).create_new(true),
    };
    options.open(path)
}

/// Reads into memory that is not zeroed first.
fn read_at(file: &fs::File, offset: u64, length_bytes: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length_bytes)?;
    while bytes.len() < length_bytes {
        let at = offset.saturating_add(bytes.len() as u64);
        match rustix::io::pread(file, spare_capacity(&mut bytes), at) {
            Ok(0) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // The allocator may have given more than was asked for.
    bytes.truncate(length_bytes);
    Ok(bytes)
}

/// Reads over what `block` holds, so that its memory is zeroed only where nothing was.
fn read_over(
    file: &fs::File,
    offset: u64,
    length_bytes: usize,
    mut block: BytesMut,
) -> io::Result<Bytes> {
    block.resize(length_bytes, 0);
    let mut filled = 0;
    while filled < length_bytes {
        match file.read_at(&mut block[filled..], offset.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    block.truncate(filled);
    Ok(block.freeze())
}

fn fill_zero(file: &fs::File, from: u64, to: u64) -> io::Result<()> {
    let mut at = from;
    while at < to {
        let length_bytes = usize::try_from(to - at).unwrap_or(usize::MAX).min(ZEROS.len());
        file.write_all_at(&ZEROS[..length_bytes], at)?;
        at += length_bytes as u64;
    }
    Ok(())
}
