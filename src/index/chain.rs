//! The markers of a partition: what each settled chunk leaves in every family, numbered without
//! a hole.

use super::key;
use super::value::MarkerValue;
use crate::io::{Family, IndexError, IndexRead};
use crate::types::Sequence;

/// How many markers are read at once.
pub(super) const PAGE: usize = 128;

/// The end of an unbroken chain of markers from the first chunk on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ChainEnd {
    /// The number of the chunk that the chain lacks: how many it holds.
    pub next_chunk: u64,
    /// The sequence that the next chunk begins at; `None` where the chain is empty.
    pub to: Option<Sequence>,
    /// Whether a chunk of the chain has entries in this family.
    pub has_entries: bool,
}

impl ChainEnd {
    /// The chain with `marker` behind its end.
    ///
    /// An error where the marker does not begin where the chain ends.
    fn with(self, marker: &MarkerValue, family: Family) -> Result<Self, IndexError> {
        if self.to.is_some_and(|to| to != marker.from) {
            return Err(disorder(family, self.next_chunk, "does not follow the one before"));
        }
        Ok(Self {
            next_chunk: self.next_chunk + 1,
            to: Some(marker.to),
            has_entries: self.has_entries || marker.entry_count > 0,
        })
    }
}

pub(super) fn disorder(family: Family, chunk: u64, what: &str) -> IndexError {
    IndexError {
        path: family.name().into(),
        what: format!("the marker of chunk {chunk} {what}: rebuild the index from the log"),
        sticky: false,
    }
}

/// The marker of a chunk in one family; `None` where the family has not got the chunk.
pub async fn marker<R: IndexRead>(
    reader: &R,
    family: Family,
    partition: u32,
    chunk: u64,
) -> Result<Option<MarkerValue>, IndexError> {
    let key = key::marker(partition, chunk);
    let value = reader.get(family, &key).await?;
    let marker = value.map(|value| MarkerValue::decode(&value)).transpose();
    marker.map_err(|error| error.in_family(family, &key))
}

/// Follows the chain of one family from `known` on to its end.
///
/// For coverage all families have to be asked, see [`super::coverage`]; recovery asks each one,
/// to find those that lack a chunk.
pub async fn end<R: IndexRead>(
    reader: &R,
    family: Family,
    partition: u32,
    known: ChainEnd,
) -> Result<ChainEnd, IndexError> {
    let mut end = known;
    loop {
        let links = links(reader, family, partition, end.next_chunk, PAGE).await?;
        for marker in &links {
            end = end.with(marker, family)?;
        }
        if links.len() < PAGE {
            return Ok(end);
        }
    }
}

/// Up to `limit` markers from number `from` on, up to the first that is missing.
pub(super) async fn links<R: IndexRead>(
    reader: &R,
    family: Family,
    partition: u32,
    from: u64,
    limit: usize,
) -> Result<Vec<MarkerValue>, IndexError> {
    let (start, end) = (key::marker(partition, from), key::marker(partition, u64::MAX));
    let found = reader.scan(family, &start..&end, limit).await?;
    let mut links = Vec::with_capacity(found.len());
    for (number, (key, value)) in (from..).zip(found) {
        if key != key::marker(partition, number) {
            break;
        }
        let marker = MarkerValue::decode(&value);
        links.push(marker.map_err(|error| error.in_family(family, &key))?);
    }
    Ok(links)
}
