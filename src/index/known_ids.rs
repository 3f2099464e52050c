//! Which ids the settled part of a partition may hold, so that settling new ones asks the
//! database nothing.

use super::id_filter::{self, IdFilter};
use super::key;
use crate::io::{Family, IndexError, IndexRead, key_after};

#[cfg(all(test, not(feature = "rocks")))]
mod tests;

/// How many entries are read at once.
const PAGE: usize = 4096;

/// A filter of the ids in the family `by_id` of one partition. A new index begins with a whole
/// one; that of an index which is there already is read from it, piece by piece, and says nothing
/// before it is whole.
#[derive(Debug)]
pub struct KnownIds {
    filter: IdFilter,
    /// Where reading goes on; `None` once all that was there is known.
    unread_from: Option<Vec<u8>>,
}

impl KnownIds {
    /// Of an index that holds nothing of the partition yet.
    pub fn of_nothing(bytes_max: usize) -> Self {
        Self { filter: IdFilter::new(bytes_max), unread_from: None }
    }

    /// Of an index that was settled by somebody before.
    pub fn unread(bytes_max: usize, partition: u32) -> Self {
        let unread_from = Some(key::by_id(partition, ""));
        Self { filter: IdFilter::new(bytes_max), unread_from }
    }

    /// Whether [`KnownIds::note`] knows.
    pub fn is_whole(&self) -> bool {
        self.unread_from.is_none()
    }

    /// Reads at least `count` more of the ids that were there before, where there are as many.
    pub async fn read_on<R: IndexRead>(
        &mut self,
        reader: &R,
        partition: u32,
        count: usize,
    ) -> Result<(), IndexError> {
        let end = key::by_id_end(partition);
        for _ in 0..count.div_ceil(PAGE) {
            let Some(from) = &self.unread_from else { return Ok(()) };
            let page = reader.scan(Family::ById, from..&end, PAGE).await?;
            for (key, _) in &page {
                self.filter.add(id_filter::hash(key::id_of(key)));
            }
            let last = page.last().filter(|_| page.len() == PAGE);
            self.unread_from = last.map(|(key, _)| key_after(key));
        }
        Ok(())
    }

    /// Of each hash, whether its id may be there, or is that of one before it; `false` is certain.
    /// From then on those ids are taken for ones that are there.
    pub fn note(&mut self, hashes: &[u64]) -> Vec<bool> {
        let maybe = self.filter.note(hashes);
        if self.is_whole() { maybe } else { vec![true; hashes.len()] }
    }

    /// Its memory in bytes.
    pub fn bytes(&self) -> usize {
        self.filter.bytes()
    }
}
