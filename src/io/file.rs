//! A file of a world.

use std::future::Future;
use std::io;

use bytes::{Bytes, BytesMut};

/// How [`super::World::open`] treats what is there and what is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// To read only; `NotFound` where it does not exist.
    Read,
    /// To read and write; `NotFound` where it does not exist.
    Write,
    /// To read and write; made where it does not exist.
    Create,
    /// To read and write; `AlreadyExists` where it exists.
    CreateNew,
}

/// An open file. Clones share it; it closes when the last one drops. Calls may run at the same
/// time from several tasks. Positions are bytes from the start; nothing keeps a cursor.
#[allow(clippy::len_without_is_empty, reason = "the length is asked of the outside")]
pub trait File: Clone + Send + Sync + 'static {
    /// Reads `length_bytes` bytes from `offset`; fewer only where the file ends before that.
    fn read_at(
        &self,
        offset: u64,
        length_bytes: usize,
    ) -> impl Future<Output = io::Result<Vec<u8>>> + Send;

    /// As [`File::read_at`], into the memory of `spare` where the file can: the content of `spare`
    /// goes. For who reads block after block.
    fn read_block(
        &self,
        offset: u64,
        length_bytes: usize,
        spare: BytesMut,
    ) -> impl Future<Output = io::Result<Bytes>> + Send {
        async move {
            drop(spare);
            Ok(self.read_at(offset, length_bytes).await?.into())
        }
    }

    /// Writes all of `bytes` at `offset`, extending the file where needed. After an error any
    /// part of it may have been written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Forces to disk what was written before the call began, and the length (`fdatasync`).
    /// After an error what was written since the last success may be lost, whatever later calls
    /// say. Goes on to its end even where the future is dropped.
    fn sync_data(&self) -> impl Future<Output = io::Result<()>> + Send;

    /// Sets the length; bytes added read as zero.
    fn set_len(&self, length_bytes: u64) -> impl Future<Output = io::Result<()>> + Send;

    /// Writes zeros over `from..to` (for space taken ahead of use: overwriting blocks that exist
    /// makes later `sync_data` calls cheaper). Never shortens the file.
    fn fill_zero(&self, from: u64, to: u64) -> impl Future<Output = io::Result<()>> + Send;

    /// The length in bytes.
    fn len(&self) -> impl Future<Output = io::Result<u64>> + Send;
}
