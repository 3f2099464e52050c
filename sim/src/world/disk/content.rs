//! The bytes of a file: what readers see, and what would be left after power loss.

use std::collections::{BTreeMap, VecDeque};

use super::damage::Damages;
use super::power::{Aftermath, PAGE_BYTES, SECTOR_BYTES};

/// One change that nothing has forced to disk. Undoing all of them, newest first, gives the
/// durable bytes.
pub(in crate::world) struct Change {
    /// Grows from change to change over the whole disk.
    number: u64,
    /// Where bytes were overwritten or cut off.
    offset: usize,
    /// What was there, up to the end of the file before the change.
    old: Vec<u8>,
    /// Where it ended; exclusive.
    end: usize,
    length_before: usize,
}

/// Live bytes and the way back to the durable ones.
#[derive(Default)]
pub(in crate::world) struct Content {
    live: Vec<u8>,
    unforced: VecDeque<Change>,
    /// Pages that a failed sync left clean though nothing reached the disk, by number, as the disk
    /// has them. A page is as the disk has it again once a later change of it is forced.
    stale: BTreeMap<usize, Vec<u8>>,
    /// About how many bytes the unforced changes hold or made.
    unforced_bytes: usize,
    /// What readers see instead of what was written.
    pub(super) damages: Damages,
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
        self.damages.write(offset, end);
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
        self.damages.write(from, to);
        if self.live.len() < to {
            self.live.resize(to, 0);
        }
        self.live[from..to].fill(0);
    }

    pub(in crate::world) fn set_len(&mut self, number: u64, length: usize) {
        let before = self.live.len();
        self.note(number, length.min(before), before.max(length));
        self.live.resize(length, 0);
        self.damages.write(length, usize::MAX);
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
            change.undo(&mut bytes);
        }
        self.overlay_stale(&mut bytes);
        bytes
    }

    /// A sync of the changes up to `number`, inclusive, failed and left their pages clean: they
    /// look written, no later sync writes them, and the disk does not have them.
    pub(in crate::world) fn forget(&mut self, number: u64) {
        let durable = self.durable();
        while self.unforced.front().is_some_and(|change| change.number <= number) {
            let Some(change) = self.unforced.pop_front() else { break };
            self.unforced_bytes -= weight(&change.old);
            for page in change.pages() {
                self.stale.entry(page).or_insert_with(|| {
                    let start = (page * PAGE_BYTES).min(durable.len());
                    durable[start..(start + PAGE_BYTES).min(durable.len())].to_vec()
                });
            }
        }
    }

    /// A sync failed and the system dropped what it could not write: readers see the durable
    /// bytes again.
    pub(in crate::world) fn revert(&mut self) {
        self.live = self.durable();
        self.unforced.clear();
        self.stale.clear();
        self.unforced_bytes = 0;
    }

    fn overlay_stale(&self, bytes: &mut [u8]) {
        for (page, old) in &self.stale {
            let start = (page * PAGE_BYTES).min(bytes.len());
            let end = (start + PAGE_BYTES).min(bytes.len());
            let here = &mut bytes[start..end];
            let known = old.len().min(here.len());
            here[..known].copy_from_slice(&old[..known]);
            here[known..].fill(0);
        }
    }

    /// The first and the last number of the changes that nothing has forced.
    pub(in crate::world) fn unforced(&self) -> Option<(u64, u64)> {
        Some((self.unforced.front()?.number, self.unforced.back()?.number))
    }

    /// Leaves what `aftermath` decides that a power loss leaves.
    pub(in crate::world) fn cut_power(&mut self, aftermath: &mut Aftermath<'_>) {
        aftermath.loss.forgotten_page_count += self.stale.len() as u64;
        if self.unforced.is_empty() {
            self.revert();
            return;
        }
        let sectors = self.decide(aftermath);
        let numbers: Vec<u64> = self.unforced.iter().map(|change| change.number).collect();
        let mut lengths = self.lengths();
        let reached = lengths.swap_remove(aftermath.reached(&numbers));
        let length = *aftermath.pick(&reached);
        aftermath.loss.lost_length_count += u64::from(length != self.live.len());
        let mut bytes = std::mem::take(&mut self.live);
        let mut kept = Vec::new();
        for (count, change) in self.unforced.iter().enumerate().rev() {
            let after = sectors.get(&(count + 1)).into_iter().flatten();
            kept.extend(after.map(|start| (*start, sector(&bytes, *start))));
            change.undo(&mut bytes);
        }
        self.overlay_stale(&mut bytes);
        for (start, sector) in kept {
            bytes.resize(bytes.len().max(start + SECTOR_BYTES), 0);
            bytes[start..start + SECTOR_BYTES].copy_from_slice(&sector);
        }
        bytes.resize(length, 0);
        self.live = bytes;
        self.unforced.clear();
        self.stale.clear();
        self.unforced_bytes = 0;
    }

    /// Whether `left` may be left after power loss.
    ///
    /// # Errors
    /// What of it may not, in words.
    pub(in crate::world) fn allows(&self, left: &[u8]) -> Result<(), String> {
        let lengths = self.lengths();
        if !lengths.iter().any(|lengths| lengths.contains(&left.len())) {
            return Err(format!("its length is {}, not one of {lengths:?}", left.len()));
        }
        let mut open: Vec<usize> = (0..left.len()).step_by(SECTOR_BYTES).collect();
        let mut bytes = self.live.clone();
        let differs = |bytes: &[u8], start: usize| {
            let there = &left[start..(start + SECTOR_BYTES).min(left.len())];
            sector(bytes, start)[..there.len()] != *there
        };
        open.retain(|start| differs(&bytes, *start));
        for change in self.unforced.iter().rev() {
            change.undo(&mut bytes);
            open.retain(|start| differs(&bytes, *start));
        }
        match open.first() {
            None => Ok(()),
            Some(start) => Err(format!("the sector at {start} was never like that")),
        }
    }

    /// The lengths that the file may have after so many of its changes. A change that lengthens it
    /// may have done so by some of its pages only, as the blocks of a write are allotted.
    fn lengths(&self) -> Vec<Vec<usize>> {
        let mut lengths = Vec::with_capacity(self.unforced.len() + 1);
        let mut partly: Vec<usize> = Vec::new();
        let after = self.unforced.iter().skip(1).map(|change| change.length_before);
        for (change, after) in self.unforced.iter().zip(after.chain([self.live.len()])) {
            let before = change.length_before;
            partly.push(before);
            lengths.push(std::mem::take(&mut partly));
            let first_page = before / PAGE_BYTES + 1;
            partly.extend((first_page * PAGE_BYTES..after).step_by(PAGE_BYTES));
        }
        partly.push(self.live.len());
        lengths.push(partly);
        lengths
    }

    /// The sectors that unforced changes touched, by how many changes of the file each is after.
    fn decide(&self, aftermath: &mut Aftermath<'_>) -> BTreeMap<usize, Vec<usize>> {
        let mut pages: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, change) in self.unforced.iter().enumerate() {
            for page in change.pages() {
                pages.entry(page).or_default().push(index);
            }
        }
        let mut sectors: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (page, changes) in pages {
            let numbers: Vec<u64> = changes.iter().map(|i| self.unforced[*i].number).collect();
            let is_torn = aftermath.tears();
            let mut reached = aftermath.reached(&numbers);
            let mut lost = 0;
            for start in (page * PAGE_BYTES..(page + 1) * PAGE_BYTES).step_by(SECTOR_BYTES) {
                if is_torn {
                    reached = aftermath.reached(&numbers);
                }
                lost += u64::from(reached < numbers.len());
                let count = reached.checked_sub(1).map_or(0, |last| changes[last] + 1);
                sectors.entry(count).or_default().push(start);
            }
            let all = (PAGE_BYTES / SECTOR_BYTES) as u64;
            aftermath.loss.lost_page_count += u64::from(lost > 0);
            aftermath.loss.torn_page_count += u64::from(lost > 0 && lost < all);
        }
        sectors
    }

    /// Remembers what `from..to` holds before it changes.
    fn note(&mut self, number: u64, from: usize, to: usize) {
        let length_before = self.live.len();
        let offset = from.min(length_before);
        let old = self.live[offset..to.min(length_before)].to_vec();
        self.unforced_bytes += weight(&old);
        self.unforced.push_back(Change { number, offset, old, end: to, length_before });
    }

    fn force_oldest(&mut self) {
        if let Some(change) = self.unforced.pop_front() {
            self.unforced_bytes -= weight(&change.old);
            for page in change.pages() {
                self.stale.remove(&page);
            }
        }
    }
}

impl Change {
    /// The numbers of the pages that it touched.
    fn pages(&self) -> std::ops::Range<usize> {
        self.offset / PAGE_BYTES..self.end.div_ceil(PAGE_BYTES)
    }

    /// Gives `bytes` back what they were before this newest change.
    fn undo(&self, bytes: &mut Vec<u8>) {
        bytes.resize(self.length_before, 0);
        bytes[self.offset..self.offset + self.old.len()].copy_from_slice(&self.old);
    }
}

/// A sector of `bytes`, with zeros past their end.
fn sector(bytes: &[u8], start: usize) -> [u8; SECTOR_BYTES] {
    let mut sector = [0; SECTOR_BYTES];
    let there = &bytes[start.min(bytes.len())..(start + SECTOR_BYTES).min(bytes.len())];
    sector[..there.len()].copy_from_slice(there);
    sector
}

/// What a change counts for: its bytes and its own size.
fn weight(old: &[u8]) -> usize {
    old.len() + size_of::<Change>()
}
