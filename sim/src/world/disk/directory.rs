//! A directory: its entries as readers see them, and the way back to the durable ones.

use std::collections::{BTreeMap, VecDeque};

use super::NodeId;

/// One change of an entry that nothing has forced to disk. Changes of one number are one: power
/// loss takes all or none of them.
struct Change {
    number: u64,
    name: String,
    before: Option<NodeId>,
}

/// Entries by name.
#[derive(Default)]
pub(super) struct Directory {
    live: BTreeMap<String, NodeId>,
    unforced: VecDeque<Change>,
}

impl Directory {
    pub(super) fn get(&self, name: &str) -> Option<NodeId> {
        self.live.get(name).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, NodeId)> {
        self.live.iter().map(|(name, id)| (name, *id))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// The number of changes that nothing has forced.
    pub(super) fn unforced_count(&self) -> usize {
        self.unforced.len()
    }

    /// Sets or removes an entry. The reference to what was there moves to the change, that to
    /// `after` must be new.
    pub(super) fn set(&mut self, number: u64, name: &str, after: Option<NodeId>) {
        let before = match after {
            Some(id) => self.live.insert(name.to_owned(), id),
            None => self.live.remove(name),
        };
        self.unforced.push_back(Change { number, name: name.to_owned(), before });
    }

    /// Makes the changes up to `number`, inclusive, durable; `release` gets the nodes that power
    /// loss can no longer bring back.
    pub(super) fn force(&mut self, number: u64, mut release: impl FnMut(NodeId)) {
        while self.unforced.front().is_some_and(|change| change.number <= number) {
            self.force_oldest(&mut release);
        }
    }

    /// Makes the oldest changes durable until at most `count` are left.
    pub(super) fn write_back(&mut self, count: usize, mut release: impl FnMut(NodeId)) {
        while self.unforced.len() > count {
            self.force_oldest(&mut release);
        }
    }

    /// The entries that would be left if no unforced change had reached the disk.
    pub(super) fn durable(&self) -> BTreeMap<String, NodeId> {
        let mut entries = self.live.clone();
        for change in self.unforced.iter().rev() {
            match change.before {
                Some(id) => entries.insert(change.name.clone(), id),
                None => entries.remove(&change.name),
            };
        }
        entries
    }

    /// The first and the last number of the changes that nothing has forced.
    pub(super) fn unforced(&self) -> Option<(u64, u64)> {
        Some((self.unforced.front()?.number, self.unforced.back()?.number))
    }

    /// For each name that there is or was, what it may name after power loss.
    pub(super) fn states(&self) -> BTreeMap<String, Vec<Option<NodeId>>> {
        let mut states: BTreeMap<String, Vec<Option<NodeId>>> = BTreeMap::new();
        for change in &self.unforced {
            states.entry(change.name.clone()).or_default().push(change.before);
        }
        for name in self.live.keys() {
            states.entry(name.clone()).or_default();
        }
        for (name, before) in &mut states {
            before.push(self.get(name));
        }
        states
    }

    /// Leaves the durable entries and, in their order, the changes that `keeps` keeps.
    pub(super) fn cut_power(&mut self, mut keeps: impl FnMut(u64) -> bool) {
        let mut entries = self.durable();
        let changes = std::mem::take(&mut self.unforced);
        let mut after = BTreeMap::new();
        let mut known: Vec<_> = Vec::with_capacity(changes.len());
        for change in changes.into_iter().rev() {
            let live = self.live.get(&change.name).copied();
            let to = after.insert(change.name.clone(), change.before).unwrap_or(live);
            known.push((change, to));
        }
        for (change, to) in known.into_iter().rev() {
            match to {
                _ if !keeps(change.number) => None,
                Some(id) => entries.insert(change.name, id),
                None => entries.remove(&change.name),
            };
        }
        self.live = entries;
    }

    /// All nodes that it refers to, once a reference.
    pub(super) fn referred(&self) -> impl Iterator<Item = NodeId> {
        let before = self.unforced.iter().filter_map(|change| change.before);
        self.live.values().copied().chain(before)
    }

    fn force_oldest(&mut self, release: &mut impl FnMut(NodeId)) {
        if let Some(before) = self.unforced.pop_front().and_then(|change| change.before) {
            release(before);
        }
    }
}
