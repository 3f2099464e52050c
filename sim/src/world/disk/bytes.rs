//! Calls on the bytes of open files.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use super::content::Content;
use super::power::SyncFailure;
use super::{Body, Disk, NodeId};

impl Disk {
    /// What readers see, and the numbers of the faults whose damage is in it.
    pub(in crate::world) fn read(
        &self,
        id: NodeId,
        (offset, length): (u64, usize),
        now_us: u64,
    ) -> (Vec<u8>, Vec<u32>) {
        let content = self.content(id);
        let mut seen = content.read(offset, length).to_vec();
        let start = usize::try_from(offset).unwrap_or(usize::MAX - seen.len());
        let met = content.damages.show(start, &mut seen, now_us);
        (seen, met)
    }

    /// Writes; where the disk gets full, what still fits, and says so.
    pub(in crate::world) fn write(&mut self, id: NodeId, offset: u64, bytes: &[u8]) -> Result<()> {
        let end = offset.checked_add(bytes.len() as u64).ok_or(ErrorKind::FileTooLarge)?;
        let room = self.room(id, end);
        let start = index(offset)?;
        let taken = index(room.saturating_sub(offset))?.min(bytes.len());
        if taken > 0 {
            self.change(id, |content, number| content.write(number, start, &bytes[..taken]));
        }
        if room < end { Err(full()) } else { Ok(()) }
    }

    /// Writes zeros; where the disk gets full, what still fits, and says so.
    pub(in crate::world) fn fill_zero(&mut self, id: NodeId, from: u64, to: u64) -> Result<()> {
        if from >= to {
            return Ok(());
        }
        let room = self.room(id, to);
        let (start, end) = (index(from)?, index(room)?);
        self.change(id, |content, number| content.fill_zero(number, start, end));
        if room < to { Err(full()) } else { Ok(()) }
    }

    pub(in crate::world) fn set_len(&mut self, id: NodeId, length_bytes: u64) -> Result<()> {
        if self.room(id, length_bytes) < length_bytes {
            return Err(full());
        }
        let length = index(length_bytes)?;
        self.change(id, |content, number| content.set_len(number, length));
        Ok(())
    }

    pub(in crate::world) fn len(&self, id: NodeId) -> u64 {
        self.content(id).len() as u64
    }

    /// The number of the last change that an [`Disk::end_sync`]
    /// or [`Disk::sync_directory`]
    /// begun now makes durable.
    pub(in crate::world) fn begin_sync(&self) -> u64 {
        self.change
    }

    pub(in crate::world) fn end_sync(&mut self, id: NodeId, number: u64) {
        self.content_mut(id).force(number);
    }

    /// As [`Disk::end_sync`], where the sync fails.
    pub(in crate::world) fn fail_sync(&mut self, id: NodeId, number: u64, failure: SyncFailure) {
        let before = self.len(id);
        let content = self.content_mut(id);
        match failure {
            SyncFailure::KeepsPages => {}
            SyncFailure::ForgetsPages => content.forget(number),
            SyncFailure::DropsPages => content.revert(),
        }
        self.used_bytes = self.used_bytes - before + self.len(id);
    }

    /// What the file at `path` would hold if no unforced change had reached the disk.
    pub(in crate::world) fn durable_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        let id = self.find(path)?;
        if self.is_directory(id) {
            return Err(ErrorKind::IsADirectory.into());
        }
        Ok(self.content(id).durable())
    }

    /// The length that a file may have, at most `wanted`. Before the disk is full the removals
    /// of files are written back, as file systems do, so that their space counts.
    fn room(&mut self, id: NodeId, wanted: u64) -> u64 {
        let length = self.len(id);
        let fits = |disk: &Self| length + disk.capacity_bytes.saturating_sub(disk.used_bytes);
        if fits(self) < wanted {
            self.write_back_names();
        }
        fits(self).min(wanted)
    }

    fn change(&mut self, id: NodeId, change: impl FnOnce(&mut Content, u64)) {
        let number = self.next_change();
        let write_back_bytes = self.write_back_bytes;
        let content = self.content_mut(id);
        let before = content.len() as u64;
        change(content, number);
        content.write_back(write_back_bytes);
        let after = content.len() as u64;
        self.used_bytes = self.used_bytes - before + after;
    }

    pub(super) fn content(&self, id: NodeId) -> &Content {
        match &self.node(id).body {
            Body::File(content) => content,
            Body::Directory(_) => unreachable!("directories are not opened"),
        }
    }

    pub(super) fn content_mut(&mut self, id: NodeId) -> &mut Content {
        match &mut self.node_mut(id).body {
            Body::File(content) => content,
            Body::Directory(_) => unreachable!("directories are not opened"),
        }
    }
}

fn full() -> Error {
    ErrorKind::StorageFull.into()
}

fn index(bytes: u64) -> Result<usize> {
    usize::try_from(bytes).map_err(|_| ErrorKind::FileTooLarge.into())
}
