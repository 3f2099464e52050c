//! How much of a partition an instance is known to hold.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::chain::{self, ChainEnd};
use crate::io::{Family, IndexError, IndexRead};
use crate::types::Sequence;

#[cfg(test)]
mod tests;

/// What an instance holds of a partition, in all families.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Covered {
    /// Below it, every record is in the instance: the end of the unbroken chain of markers that
    /// all families share. 0 where there is none.
    pub to: Sequence,
    /// How many chunks that chain has.
    pub chunk_count: u64,
    /// Whether an id occurs twice below `to`: where not, `by_id_more` need not be asked.
    pub has_more: bool,
}

/// The coverage of one partition by one instance, which it never outlives: another instance may
/// hold less, so it begins again from the chain. Only moves forward.
///
/// It follows the markers and nothing else. That the newest key is there says nothing of those
/// before it: catch-ups have been seen to show it with a hole below.
#[derive(Debug)]
pub struct Coverage {
    partition: u32,
    ends: Mutex<[ChainEnd; 4]>,
}

impl Coverage {
    /// Nothing is known yet.
    pub fn new(partition: u32) -> Self {
        Self { partition, ends: Mutex::default() }
    }

    /// What is known.
    pub fn known(&self) -> Covered {
        covered(&self.ends())
    }

    fn ends(&self) -> [ChainEnd; 4] {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the chain to its end in `reader`, the instance that this coverage is of, and
    /// returns what is known then. Costs one read where there is nothing new.
    pub async fn extend<R: IndexRead>(&self, reader: &R) -> Result<Covered, IndexError> {
        let mut ends = self.ends();
        let shortest = ends.iter().map(|end| end.next_chunk).min().unwrap_or_default();
        for family in Family::ALL {
            let end = &mut ends[family as usize];
            let lacks = end.next_chunk == shortest
                && chain::marker(reader, family, self.partition, shortest).await?.is_none();
            if lacks {
                return Ok(self.known());
            }
            let known = *end;
            *end = chain::end(reader, family, self.partition, known).await?;
            // Scans have been seen to find what single reads did not. Those are what a lookup by
            // id makes, so the last marker must be found by one.
            if let Some(last) = end.next_chunk.checked_sub(1)
                && end.next_chunk > known.next_chunk
                && chain::marker(reader, family, self.partition, last).await?.is_none()
            {
                return Ok(self.known());
            }
        }
        agree(&ends)?;
        let mut known = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        for (known, found) in known.iter_mut().zip(ends) {
            if found.next_chunk > known.next_chunk {
                *known = found;
            }
        }
        Ok(covered(&known))
    }
}

/// The coverage of all partitions by one instance.
#[derive(Debug, Default)]
pub(super) struct Coverages(Mutex<BTreeMap<u32, Arc<Coverage>>>);

impl Coverages {
    /// The coverage of a partition.
    pub(super) fn of(&self, partition: u32) -> Arc<Coverage> {
        let mut coverages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let coverage = coverages.entry(partition);
        coverage.or_insert_with(|| Arc::new(Coverage::new(partition))).clone()
    }
}

fn covered(ends: &[ChainEnd; 4]) -> Covered {
    let shortest = ends.iter().min_by_key(|end| end.next_chunk).expect("there are families");
    Covered {
        to: shortest.to.unwrap_or(0),
        chunk_count: shortest.next_chunk,
        has_more: ends[Family::ByIdMore as usize].has_entries,
    }
}

/// A chunk ends at one sequence in all families.
fn agree(ends: &[ChainEnd; 4]) -> Result<(), IndexError> {
    for family in Family::ALL {
        let end = ends[family as usize];
        let other = ends.iter().find(|other| other.next_chunk == end.next_chunk);
        if other.is_some_and(|other| other.to != end.to) {
            let last = end.next_chunk.saturating_sub(1);
            return Err(chain::disorder(family, last, "is another one than in other families"));
        }
    }
    Ok(())
}
