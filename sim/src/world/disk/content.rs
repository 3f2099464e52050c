//! The bytes of a file: what readers see, and what would be left after power loss.

/// One change that nothing has forced to disk. Undoing all of them, newest first, gives the
/// durable bytes.
pub(in crate::world) struct Change {
    /// Grows from change to change over the whole disk.
    number: u64,
    /// Where bytes were overwritten or cut off.
    offset: usize,
    /// What was there, up to the end of the file before the change.
    old: Vec<u8>,
    length_before: usize,
}

/// Live bytes and the way back to the durable ones.
#[derive(Default)]
pub(in crate::world) struct Content {
    live: Vec<u8>,
    unforced: std::collections::VecDeque<Change>,
    /// About how many bytes the unforced changes hold or made.
    unforced_bytes: usize,
}

impl Content {
    pub(in crate::world) fn len(&self) -> usize {
        self.live.len()
    }

    /// At most `length` bytes from `offset`; fewer where the file ends before.
    pub(in crate::world) fn read(&self, offset: u64, length: usize) -> &[u8] {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.live.len());
        let end = start.saturating_add(length).min(self.live.len());
        &self.live[start..end]
    }

    pub(in crate::world) fn write(&mut self, number: u64, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        self.note(number, offset, end);
        if self.live.len() < end {
            self.live.resize(end, 0);
        }
        self.live[offset..end].copy_from_slice(bytes);
    }

    pub(in crate::world) fn fill_zero(&mut self, number: u64, from: usize, to: usize) {
        if from >= to {
            return;
        }
        self.note(number, from, to);
        if self.live.len() < to {
            self.live.resize(to, 0);
        }
        self.live[from..to].fill(0);
    }

    pub(in crate::world) fn set_len(&mut self, number: u64, length: usize) {
        let before = self.live.len();
        self.note(number, length.min(before), before.max(length));
        self.live.resize(length, 0);
    }

    /// Makes the changes up to `number`, inclusive, durable.
    pub(in crate::world) fn force(&mut self, number: u64) {
        while self.unforced.front().is_some_and(|change| change.number <= number) {
            self.force_oldest();
        }
    }

    /// Makes the oldest changes durable until at most `bytes` are left.
    pub(in crate::world) fn write_back(&mut self, bytes: u64) {
        while self.unforced_bytes as u64 > bytes {
            self.force_oldest();
        }
    }

    /// What would be left if no unforced change had reached the disk.
    pub(in crate::world) fn durable(&self) -> Vec<u8> {
        let mut bytes = self.live.clone();
        for change in self.unforced.iter().rev() {
            bytes.resize(change.length_before, 0);
            bytes[change.offset..change.offset + change.old.len()].copy_from_slice(&change.old);
        }
        bytes
    }

    /// Remembers what `from..to` holds before it changes.
    fn note(&mut self, number: u64, from: usize, to: usize) {
        let length_before = self.live.len();
        let offset = from.min(length_before);
        let old = self.live[offset..to.min(length_before)].to_vec();
        self.unforced_bytes += weight(&old);
        self.unforced.push_back(Change { number, offset, old, length_before });
    }

    fn force_oldest(&mut self) {
        if let Some(change) = self.unforced.pop_front() {
            self.unforced_bytes -= weight(&change.old);
        }
    }
}

/// What a change counts for: its bytes and its own size.
fn weight(old: &[u8]) -> usize {
    old.len() + size_of::<Change>()
}
