//! Which entries retention has dropped.

use std::sync::Arc;

use super::key::{self, KeyKind};
use super::value::{CellValue, RecordValue, TimeValue};
use crate::io::{Family, TrimFilter};
use crate::types::Sequence;

#[cfg(test)]
mod tests;

/// A filter for compactions that removes entries whose records all lie below `log_start` of
/// their partition. Markers stay, so that a chain never loses its beginning: a chunk's four take
/// about a kilobyte. What is malformed stays as well, for reads to report it.
///
/// `log_start` must be cheap, must not block, and must not go back; 0 where nothing is known.
pub fn trim_filter(log_start: impl Fn(u32) -> Sequence + Send + Sync + 'static) -> TrimFilter {
    Arc::new(move |family, key, value| match key::parse(key) {
        Some((partition, KeyKind::Entry)) => {
            let log_start = log_start(partition);
            log_start > 0 && end(family, value).is_some_and(|end| end <= log_start)
        }
        _ => false,
    })
}

/// One past the last sequence that an entry is about.
fn end(family: Family, value: &[u8]) -> Option<Sequence> {
    let last = match family {
        Family::ById | Family::ByIdMore => RecordValue::decode(value).ok()?.sequence,
        Family::ByPosition => CellValue::decode(value).ok()?.records().last()?.ok()?.sequence,
        Family::ByTime => TimeValue::decode(value).ok()?.last_sequence().ok()?,
    };
    last.checked_add(1)
}
