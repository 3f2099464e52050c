//! Where the high watermark was at some moments of the past.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::types::Sequence;

#[cfg(test)]
mod tests;

/// Most moments that are remembered.
const MOMENTS_MAX: usize = 32;

/// Remembers the high watermark at moments in which lookups that may be stale looked at it. An
/// answer that shows all below the mark of a moment is no older than that moment.
#[derive(Debug, Default)]
pub(super) struct MarkHistory {
    /// Ascending in both.
    moments: Mutex<VecDeque<(u64, Sequence)>>,
}

impl MarkHistory {
    /// What an answer must show to be no older than `age_us`, given the mark now: the lowest
    /// mark known to have been the mark at a moment since then.
    pub(super) fn need(&self, age_us: u64, now_us: u64, mark: Sequence) -> Sequence {
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        // So far apart that the ones remembered reach back as far as is asked for.
        let apart_us = age_us / (MOMENTS_MAX as u64 / 2);
        let last_us = moments.back().map(|moment| moment.0);
        if last_us.is_none_or(|last_us| now_us.saturating_sub(last_us) > apart_us) {
            moments.push_back((now_us, mark));
        }
        if moments.len() > MOMENTS_MAX {
            moments.pop_front();
        }
        let since_us = now_us.saturating_sub(age_us);
        let known = moments.iter().find(|moment| moment.0 >= since_us);
        known.map_or(mark, |moment| moment.1.min(mark))
    }
}
