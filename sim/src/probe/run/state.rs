//! What a run knows of families and instances.

use std::collections::{BTreeMap, BTreeSet};

use super::super::key::Key;
use super::super::model::{Entry, Keeper, Life, Surely, WriteLog};
use super::super::observation::Instance;
use super::super::operation::{Effect, Families, Role, Write};
use super::super::rule::backwards::Floors;
use super::super::rule::frozen::First;
use super::super::store::Numbered;

/// All that a run knows.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// All writes.
    pub log: WriteLog,
    /// The families that there are.
    pub families: BTreeMap<u8, Life>,
    /// Where families ended.
    pub ended: BTreeMap<Life, u32>,
    /// What has been published.
    pub published: Surely,
    /// Whether the primary is open.
    pub is_open: bool,
    /// The newest sequence number of the primary.
    pub sequence: u64,
    /// Those who read.
    pub readers: BTreeMap<u8, Reader>,
    /// Whether a call flushed families one by one that was not told which: a merge of files.
    pub has_partial_flushes: bool,
    /// Whether a write without a write-ahead log happened.
    pub has_memory_writes: bool,
    lives: u16,
    ids: u32,
}

/// An instance that reads.
#[derive(Debug)]
pub(crate) struct Reader {
    /// What it is.
    pub role: Role,
    /// The families that it was opened with.
    pub families: BTreeMap<u8, Life>,
    /// What it surely has.
    pub surely: Surely,
    /// All that it may have; `None` for all there is.
    pub upper: Option<u32>,
    /// Entries that it replayed into memory.
    pub replayed: BTreeSet<(Life, u32)>,
    /// How far its keys have come.
    pub floors: Floors,
    /// What it showed first, where it is frozen.
    pub first: First,
    /// Its newest sequence number.
    pub sequence: u64,
    /// Whether a family was made since it was opened.
    pub has_late_family: bool,
}

impl State {
    /// Makes a family.
    pub(crate) fn create(&mut self, family: u8) {
        self.families.insert(family, Life(self.lives));
        self.lives += 1;
        self.readers.values_mut().for_each(|reader| reader.has_late_family = true);
    }

    /// Ends a family.
    pub(crate) fn drop_family(&mut self, family: u8) {
        if let Some(life) = self.families.remove(&family) {
            self.ended.insert(life, self.log.next());
        }
    }

    /// Numbers the writes of a batch; those that cannot be made are left out.
    pub(crate) fn numbered(&mut self, writes: &[Write]) -> Vec<Numbered> {
        let mut numbered: Vec<Numbered> = Vec::new();
        for write in writes {
            let Some(life) = self.families.get(&write.family) else { continue };
            // Keys of single deletes are put and deleted by turns; all else is undefined.
            let is_put = self.log.is_put(*life, write.key);
            let is_again = numbered.iter().any(|one| one.write.key == write.key);
            let is_allowed = match write.effect {
                Effect::SingleDelete => is_put && !is_again,
                Effect::Put => !write.key.is_single() || !(is_put || is_again),
                _ => !write.key.is_single(),
            };
            if is_allowed {
                numbered.push(Numbered { id: self.ids, write: *write });
                self.ids += 1;
            }
        }
        numbered
    }

    /// Keeps a batch that was written.
    pub(crate) fn written(&mut self, writes: &[Numbered], keeper: Keeper) {
        let at = self.log.next();
        for Numbered { id, write } in writes {
            let Some(life) = self.families.get(&write.family).copied() else { continue };
            let entry = Entry { at, id: *id, effect: write.effect, keeper };
            match write.effect {
                Effect::DeleteRange(to) => (write.key.0..to.min(Key::PLAIN))
                    .for_each(|key| self.log.push(life, Key(key), entry)),
                _ => self.log.push(life, write.key, entry),
            }
        }
        self.has_memory_writes |= keeper == Keeper::Memory;
        self.log.end_batch();
    }

    /// All that was written so far to these families is in files.
    pub(crate) fn flushed(&mut self, families: Families) {
        for family in families.iter() {
            if let Some(life) = self.families.get(&family) {
                self.published.flushed.insert(*life, self.log.next());
            }
        }
    }

    /// All that was written to the write-ahead log so far is in the system's hands.
    pub(crate) const fn wal_flushed(&mut self) {
        self.published.wal = self.log.next();
    }

    /// The primary was closed: what only its memory had is in files.
    pub(crate) const fn closed(&mut self) {
        self.wal_flushed();
        self.published.memory = self.log.next();
    }

    /// The primary was opened: what the write-ahead logs had is in files, and what they had of
    /// families that were dropped is gone, with its sequence numbers.
    pub(crate) fn recovered(&mut self) {
        self.sequence = 0;
        self.flushed(Families(u8::MAX));
    }

    /// A reader was opened.
    pub(crate) fn opened(&mut self, number: u8, role: Role, families: Families) {
        let families = self.families.iter().filter(|(family, _)| families.has(**family));
        let mut reader = Reader {
            role,
            families: families.map(|(family, life)| (*family, *life)).collect(),
            surely: Surely::default(),
            upper: None,
            replayed: BTreeSet::new(),
            floors: Floors::default(),
            first: First::default(),
            sequence: 0,
            has_late_family: false,
        };
        self.advance(&mut reader);
        reader.upper = (role == Role::Frozen).then(|| self.log.next());
        self.readers.insert(number, reader);
    }

    /// A secondary caught up.
    pub(crate) fn caught_up(&mut self, number: u8) {
        if let Some(mut reader) = self.readers.remove(&number) {
            self.advance(&mut reader);
            self.readers.insert(number, reader);
        }
    }

    /// From now on `reader` surely has what was published.
    fn advance(&self, reader: &mut Reader) {
        for life in reader.families.values() {
            for key in Key::small() {
                let entries = self.log.of(*life, key).iter();
                let in_memory = entries.filter(|entry| {
                    entry.keeper == Keeper::Wal && !self.published.is_flushed(*life, entry)
                });
                reader.replayed.extend(in_memory.map(|entry| (*life, entry.at)));
            }
        }
        // What was dropped is followed no more.
        let mut surely = self.published.clone();
        for life in reader.families.values().filter(|life| self.ended.contains_key(life)) {
            let was = &reader.surely;
            surely.stopped.insert(*life, was.followed(*life));
            let flushed = was.flushed.get(life).copied().unwrap_or(0);
            surely.flushed.insert(*life, flushed);
        }
        reader.surely = surely;
    }

    /// Who a number is.
    pub(crate) fn instance(&self, number: Option<u8>) -> Option<Instance> {
        match number {
            None => self.is_open.then_some(Instance::Primary),
            Some(number) => {
                self.readers.get(&number).map(|reader| Instance::Reader(number, reader.role))
            }
        }
    }
}
