//! The records of a chunk by id.

use std::sync::Arc;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::index::entry::BatchEntry;
use crate::types::{MessageMeta, Sequence};

/// No record before this one.
const NONE: u32 = u32::MAX;

/// A record, and the one before it whose id has the same hash.
#[derive(Debug)]
struct Link {
    batch: u32,
    record: u32,
    before: u32,
}

/// A hash index from ids to records, latest first. The hash has no seed, so that every run does
/// the same; what has one hash is told apart by comparing the ids.
#[derive(Debug, Default)]
pub(super) struct IdIndex {
    batches: Vec<Arc<BatchEntry>>,
    links: Vec<Link>,
    /// Hash and latest link.
    latest: HashTable<(u64, u32)>,
}

impl IdIndex {
    /// How many frames it knows.
    pub(super) fn batch_count(&self) -> usize {
        self.batches.len()
    }

    /// Adds the frames that follow.
    pub(super) fn add(&mut self, new: Vec<Arc<BatchEntry>>) {
        for batch in new {
            let number = u32::try_from(self.batches.len()).expect("a chunk's frames are few");
            for (record, entry) in batch.records.iter().enumerate() {
                self.link(xxh3_64(entry.id.as_bytes()), number, record as u32);
            }
            self.batches.push(batch);
        }
    }

    fn link(&mut self, hash: u64, batch: u32, record: u32) {
        let link = u32::try_from(self.links.len()).expect("a chunk's records are few");
        assert!(link < NONE, "a chunk's records are few");
        let slot = self.latest.entry(hash, |slot| slot.0 == hash, |slot| slot.0);
        let mut slot = slot.or_insert((hash, NONE));
        let before = std::mem::replace(&mut slot.get_mut().1, link);
        self.links.push(Link { batch, record, before });
    }

    /// The records of `id` below `below`, latest first.
    pub(super) fn latest(&self, id: &str, below: Sequence) -> impl Iterator<Item = MessageMeta> {
        let hash = xxh3_64(id.as_bytes());
        let mut link = self.latest.find(hash, |slot| slot.0 == hash).map_or(NONE, |slot| slot.1);
        let chain = std::iter::from_fn(move || {
            let found = self.links.get(link as usize)?;
            link = found.before;
            Some((&self.batches[found.batch as usize], found.record as usize))
        });
        chain
            .filter(move |(batch, record)| batch.first_sequence + (*record as u64) < below)
            .filter(move |(batch, record)| batch.records.get(*record).id == id)
            .map(|(batch, record)| batch.meta(record))
    }
}
