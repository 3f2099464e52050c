//! States of the families: lists of sorted runs that nobody changes, so that holding one costs a
//! pointer.

use std::ops::Range;
use std::sync::Arc;

use crate::index::key;
use crate::io::{Family, SortedRun, SortedRuns, TrimFilter};

/// Key and value.
pub(super) type Entry = (Vec<u8>, Vec<u8>);

/// One state of all families.
pub(super) type View = [FamilyView; 4];

/// One state of one family. Where a key is in several runs, the newest counts: a catch-up that
/// leaves some out may bring a key that was removed and written again.
#[derive(Clone, Default)]
pub(super) struct FamilyView {
    /// Oldest and largest first.
    runs: Arc<Vec<Arc<SortedRun>>>,
}

impl FamilyView {
    pub(super) fn run_count(&self) -> usize {
        self.runs.len()
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.runs
            .iter()
            .rev()
            .find_map(|run| {
                let index = run.lower_bound(key);
                (index < run.len()).then(|| run.entry(index)).filter(|(found, _)| *found == key)
            })
            .map(|(_, value)| value)
    }

    pub(super) fn last_in(&self, range: Range<&[u8]>) -> Option<Entry> {
        self.runs
            .iter()
            .filter_map(|run| bounds(run, &range).last().map(|index| run.entry(index)))
            .max_by_key(|(key, _)| *key)
            .map(|(key, value)| (key.to_vec(), value.to_vec()))
    }

    pub(super) fn scan(&self, range: Range<&[u8]>, limit: usize) -> Vec<Entry> {
        let cursors = self.runs.iter().map(|run| (&**run, bounds(run, &range))).collect();
        Merged { cursors }.take(limit).map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
    }

    /// This state and the entries of `run` that it has not.
    ///
    /// # Panics
    /// Where it has a key of `run` with another value, and the engine writes that key only once.
    pub(super) fn with(
        &self,
        family: Family,
        run: &SortedRun,
        filter: Option<&TrimFilter>,
    ) -> Self {
        let mut fresh = SortedRun::default();
        for (key, value) in run.iter() {
            match self.get(key) {
                None => fresh.push(key, value),
                Some(before) if before == value => {}
                Some(_) => {
                    assert!(
                        family == Family::ByIdMore && key::is_by_id_latest(key),
                        "{}: key {key:02x?} is write-once and has another value",
                        family.name(),
                    );
                    fresh.push(key, value);
                }
            }
        }
        self.stacked(family, Arc::new(fresh), filter)
    }

    /// This state with `run` on top of it; where the top runs are of about one size, they are
    /// merged, and what `filter` names is left out.
    pub(super) fn stacked(
        &self,
        family: Family,
        run: Arc<SortedRun>,
        filter: Option<&TrimFilter>,
    ) -> Self {
        if run.is_empty() {
            return self.clone();
        }
        let mut runs = Vec::clone(&self.runs);
        runs.push(run);
        while let [.., below, top] = &runs[..]
            && top.len() * 2 >= below.len()
        {
            let merged = Arc::new(merge(family, &runs[runs.len() - 2..], filter));
            runs.truncate(runs.len() - 2);
            runs.push(merged);
        }
        Self { runs: Arc::new(runs) }
    }

    /// The same in one run, without what `filter` names.
    pub(super) fn compacted(&self, family: Family, filter: Option<&TrimFilter>) -> Self {
        let merged = merge(family, &self.runs, filter);
        let runs = if merged.is_empty() { Vec::new() } else { vec![Arc::new(merged)] };
        Self { runs: Arc::new(runs) }
    }
}

/// `view` with `runs` added, each to its family.
pub(super) fn settled(view: &View, runs: &SortedRuns, filter: Option<&TrimFilter>) -> View {
    Family::ALL.map(|family| view[family as usize].with(family, &runs[family as usize], filter))
}

fn bounds(run: &SortedRun, range: &Range<&[u8]>) -> Range<usize> {
    run.lower_bound(range.start)..run.lower_bound(range.end)
}

fn merge(family: Family, runs: &[Arc<SortedRun>], filter: Option<&TrimFilter>) -> SortedRun {
    let cursors = runs.iter().map(|run| (&**run, 0..run.len())).collect();
    let mut merged = SortedRun::default();
    for (key, value) in (Merged { cursors }) {
        if !filter.is_some_and(|trimmed| trimmed(family, key, value)) {
            merged.push(key, value);
        }
    }
    merged
}

/// The entries of several runs in order of their keys, each key once.
struct Merged<'a> {
    cursors: Vec<(&'a SortedRun, Range<usize>)>,
}

impl<'a> Iterator for Merged<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // Of equal ones the first counts, which is that of the newest run.
        let least = self.cursors.iter().rev().filter_map(head).min_by_key(|(key, _)| *key)?;
        for cursor in &mut self.cursors {
            if head(cursor).is_some_and(|(key, _)| key == least.0) {
                cursor.1.start += 1;
            }
        }
        Some(least)
    }
}

fn head<'a>(cursor: &(&'a SortedRun, Range<usize>)) -> Option<(&'a [u8], &'a [u8])> {
    let (run, range) = cursor;
    (!range.is_empty()).then(|| run.entry(range.start))
}
