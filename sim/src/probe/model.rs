//! What each instance may show: all writes in order, and which of them an instance must have.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::key::{Key, Shown};
use super::operation::Effect;

/// A family of one life: one that is dropped and made again is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Life(pub u16);

/// What is known to keep a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keeper {
    /// The write-ahead log.
    Wal,
    /// Memory, until it is flushed.
    Memory,
    /// A file that was taken in.
    File,
}

/// A write, as the model keeps it: of one key, ranges are spread over theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The place of its batch among all batches, from 0.
    pub at: u32,
    /// Its number, as values have it.
    pub id: u32,
    /// What it does.
    pub effect: Effect,
    /// What keeps it.
    pub keeper: Keeper,
}

/// What an instance surely has: all that was published when it last caught up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surely {
    /// All entries of the write-ahead log below this place.
    pub wal: u32,
    /// All files taken in below this place.
    pub file: u32,
    /// All entries that only memory had below this place: the primary was closed since.
    pub memory: u32,
    /// All entries of a family below its place, since it was flushed.
    pub flushed: BTreeMap<Life, u32>,
    /// Families that it follows no more, since they were dropped, and how far it had.
    pub stopped: BTreeMap<Life, Followed>,
}

/// How far all writes of each keeper are surely there: places, exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Of the write-ahead log.
    pub wal: u32,
    /// Of files taken in.
    pub file: u32,
    /// Of memory.
    pub memory: u32,
}

impl Surely {
    /// Whether it has this entry.
    pub fn has(&self, life: Life, entry: &Entry) -> bool {
        let is_logged = entry.keeper == Keeper::Wal && entry.at < self.followed(life).wal;
        is_logged || self.is_flushed(life, entry)
    }

    /// Whether a file surely has this entry.
    pub fn is_flushed(&self, life: Life, entry: &Entry) -> bool {
        let followed = self.followed(life);
        let by_keeper = match entry.keeper {
            Keeper::Wal => false,
            Keeper::File => entry.at < followed.file,
            Keeper::Memory => entry.at < followed.memory,
        };
        by_keeper || self.flushed.get(&life).is_some_and(|to| entry.at < *to)
    }

    /// How far it has what was written to a family.
    pub fn followed(&self, life: Life) -> Followed {
        let all = Followed { wal: self.wal, file: self.file, memory: self.memory };
        self.stopped.get(&life).copied().unwrap_or(all)
    }
}

/// Ranges of places, ascending and apart: where a prefix of all writes may end.
pub type Cuts = Vec<(u32, u32)>;

/// All writes of a run.
#[derive(Clone, Debug, Default)]
pub struct WriteLog {
    /// Those of each key, in order.
    entries: BTreeMap<(Life, Key), Vec<Entry>>,
    /// How many batches there were.
    next: u32,
}

impl WriteLog {
    /// The place of the next batch.
    pub const fn next(&self) -> u32 {
        self.next
    }

    /// Adds an entry of the next batch.
    pub fn push(&mut self, life: Life, key: Key, entry: Entry) {
        self.entries.entry((life, key)).or_default().push(entry);
    }

    /// The batch is whole.
    pub const fn end_batch(&mut self) {
        self.next += 1;
    }

    /// The entries of a key, in order.
    pub fn of(&self, life: Life, key: Key) -> &[Entry] {
        self.entries.get(&(life, key)).map_or(&[], Vec::as_slice)
    }

    /// The value of a key after every write.
    pub fn newest(&self, life: Life, key: Key) -> Shown {
        fold(self.of(life, key).iter())
    }

    /// The value of a key after every write that an instance surely has.
    pub fn newest_of(&self, life: Life, key: Key, surely: &Surely) -> Shown {
        fold(self.of(life, key).iter().filter(|one| surely.has(life, one)))
    }

    /// Where a prefix of all writes below `upper` may end such that, with all that the instance
    /// surely has, `key` has the value that was `shown`. Empty where it may not have it.
    pub fn cuts(&self, life: Life, key: Key, surely: &Surely, upper: u32, shown: &Shown) -> Cuts {
        let entries = self.of(life, key);
        let entries = &entries[..entries.partition_point(|one| one.at < upper)];
        let unsure = entries.iter().filter(|one| !surely.has(life, one)).map(|one| one.at + 1);
        let mut bounds: Vec<u32> = [0].into_iter().chain(unsure).collect();
        bounds.dedup();
        let ends = bounds.iter().skip(1).copied().chain([upper + 1]);
        let mut cuts = Cuts::new();
        for (start, end) in bounds.iter().copied().zip(ends) {
            let visible = entries.iter().filter(|one| one.at < start || surely.has(life, one));
            if fold(visible) == *shown {
                match cuts.last_mut() {
                    Some(last) if last.1 == start => last.1 = end,
                    _ => cuts.push((start, end)),
                }
            }
        }
        cuts
    }

    /// Whether `key` may have the value that was `shown` where the entries of each keeper end at a
    /// place of their own; else as [`Self::cuts`].
    pub fn may_show(
        &self,
        life: Life,
        key: Key,
        surely: &Surely,
        upper: u32,
        shown: &Shown,
    ) -> bool {
        // Mostly they end together, and that is soon found.
        if !self.cuts(life, key, surely, upper, shown).is_empty() {
            return true;
        }
        let entries = self.of(life, key);
        let entries = &entries[..entries.partition_point(|one| one.at < upper)];
        let unsure = |one: &&Entry| !surely.has(life, one);
        let ends = |keeper| -> Vec<u32> {
            let of_keeper = entries.iter().filter(|one| one.keeper == keeper).filter(unsure);
            [0].into_iter().chain(of_keeper.map(|one| one.at + 1)).collect()
        };
        let comes = |wal: u32, memory: u32, file: u32| {
            let end = |keeper| match keeper {
                Keeper::Wal => wal,
                Keeper::Memory => memory,
                Keeper::File => file,
            };
            let is_visible = |one: &&Entry| surely.has(life, one) || one.at < end(one.keeper);
            fold(entries.iter().filter(is_visible)) == *shown
        };
        let [wals, memories, files] = [Keeper::Wal, Keeper::Memory, Keeper::File].map(ends);
        wals.iter().any(|wal| {
            memories.iter().any(|memory| files.iter().any(|file| comes(*wal, *memory, *file)))
        })
    }

    /// The places of writes of `key` after which its value was `shown`, counted in writes of the
    /// key, given that they become visible in order.
    pub fn positions(&self, life: Life, key: Key, shown: &Shown) -> Option<(usize, usize)> {
        let entries = self.of(life, key);
        let (mut value, mut found) = (None, None);
        for count in 0..=entries.len() {
            if count > 0 {
                apply(&mut value, &entries[count - 1]);
            }
            if value == *shown {
                let (first, _) = found.unwrap_or((count, count));
                found = Some((first, count));
            }
        }
        found
    }

    /// Whether `shown` is what comes of files with a prefix of the writes and of some of the newest
    /// of `replayed`, the entries that a secondary once held in memory, in an order in which a
    /// secondary may have them.
    ///
    /// Single reads have memory over all files. Scans go by sequence numbers; but a merge of files
    /// into the last level takes the numbers of what it wrote, which then lies below memory, merge
    /// operands that a flush made one come where the last of them was, before or after the same
    /// one in memory and after older ones there, and a range that is deleted in a file ends above
    /// memory.
    pub fn is_shadowed(
        &self,
        life: Life,
        key: Key,
        replayed: &BTreeSet<u32>,
        shown: &Shown,
    ) -> bool {
        let entries = self.of(life, key);
        let held: Vec<&Entry> = entries.iter().filter(|one| replayed.contains(&one.at)).collect();
        if held.is_empty() {
            return false;
        }
        if entries.len() > SHADOW_MAX {
            // Too many ways: any value that is made of writes to this key.
            let is_written = |id: &u32| entries.iter().any(|one| one.id == *id);
            return shown.iter().flatten().all(is_written);
        }
        // `files` without numbers up to `merged`; what lies above goes by them, or is one entry.
        let shows = |files: &[Entry], merged: usize, memory: &[&Entry]| {
            let (merged, above) = files.split_at(merged);
            let memory = || memory.iter().copied();
            let mut numbered: Vec<&Entry> = above.iter().chain(memory()).collect();
            numbered.sort_by_key(|one| one.at);
            fold(merged.iter().chain(numbered)) == *shown
                || fold(merged.iter().chain(memory()).chain(above)) == *shown
        };
        let is_over = |files: &[Entry]| {
            let mut slices =
                (0..held.len()).flat_map(|from| (from + 1..=held.len()).map(move |to| from..to));
            slices.any(|slice| {
                (0..=files.len()).any(|merged| shows(files, merged, &held[slice.clone()]))
            })
        };
        let is_range = |one: &&Entry| {
            matches!(one.effect, Effect::DeleteRange(_)) && !replayed.contains(&one.at)
        };
        let unranged: Vec<Entry> = entries.iter().filter(|one| !is_range(one)).copied().collect();
        let is_unranged = unranged.len() < entries.len()
            && shown.is_some()
            && (1..=unranged.len()).any(|end| fold(unranged[..end].iter()) == *shown);
        let all: Vec<&Entry> = entries.iter().collect();
        is_unranged
            || (0..=entries.len()).any(|end| is_over(&entries[..end]))
            || shown.as_ref().is_some_and(|shown| is_interleaved(&all, &held, shown))
    }

    /// Whether the last that was done to `key` was a put.
    pub fn is_put(&self, life: Life, key: Key) -> bool {
        self.of(life, key).last().is_some_and(|entry| entry.effect == Effect::Put)
    }
}

/// Keys with more writes than this are not looked at for every way in which memory may lie over
/// files: their number grows with the fourth power of it.
const SHADOW_MAX: usize = 20;

/// What comes of writes to one key, in order.
pub fn fold<'a>(entries: impl DoubleEndedIterator<Item = &'a Entry>) -> Shown {
    // From the last one on that does not ask what was there.
    let mut last = Vec::new();
    for entry in entries.rev() {
        last.push(entry);
        if entry.effect != Effect::Merge {
            break;
        }
    }
    let mut value = None;
    last.into_iter().rev().for_each(|entry| apply(&mut value, entry));
    value
}

/// Whether `shown` has operands of files and of memory, both in order, in any order of the two.
fn is_interleaved(files: &[&Entry], memory: &[&Entry], shown: &[u32]) -> bool {
    (1..shown.len()).any(|of_memory| {
        let lower = || values(files, shown.len() - of_memory);
        values(memory, of_memory).any(|upper| lower().any(|lower| is_shuffle(lower, upper, shown)))
    })
}

/// Neighbours of which `count` are in one value: only the first may be a put.
fn values<'a>(entries: &'a [&Entry], count: usize) -> impl Iterator<Item = &'a [&'a Entry]> {
    let is_merge = |entry: &&Entry| entry.effect == Effect::Merge;
    entries.windows(count).filter(move |run| {
        run[1..].iter().all(is_merge) && (is_merge(&run[0]) || run[0].effect == Effect::Put)
    })
}

/// Whether `shown` is made of `one` and `other`, each in order. What a put is above is gone, so a
/// put comes first.
fn is_shuffle(one: &[&Entry], other: &[&Entry], shown: &[u32]) -> bool {
    // How much of `one` may have been met after so much of `shown`, and so the rest of `other`.
    let mut met = BTreeSet::from([0]);
    for (count, id) in shown.iter().enumerate() {
        let comes = |entry: Option<&&Entry>| {
            entry.is_some_and(|it| it.id == *id && (count == 0 || it.effect == Effect::Merge))
        };
        let further = met.iter().flat_map(|of_one| {
            let is_one = comes(one.get(*of_one)).then_some(of_one + 1);
            let is_other = comes(other.get(count - of_one)).then_some(*of_one);
            [is_one, is_other].into_iter().flatten()
        });
        met = further.collect();
    }
    met.contains(&one.len())
}

fn apply(value: &mut Shown, entry: &Entry) {
    match entry.effect {
        Effect::Put => *value = Some(vec![entry.id]),
        Effect::Merge => value.get_or_insert_default().push(entry.id),
        Effect::Delete | Effect::SingleDelete | Effect::DeleteRange(_) => *value = None,
    }
}

/// Where both may end.
pub fn common(one: &[(u32, u32)], other: &[(u32, u32)]) -> Cuts {
    let mut cuts = Cuts::new();
    for (from, to) in one {
        for (start, end) in other {
            let (start, end) = ((*from).max(*start), (*to).min(*end));
            if start < end {
                cuts.push((start, end));
            }
        }
    }
    cuts
}
