//! RocksDB as it should be, in memory, which can be told to lie in one way.

use std::collections::BTreeMap;

use super::key::{Key, Shown};
use super::model::{Keeper, Life, Surely, fold};
use super::operation::{Families, Hold, ReadKind, Role};
use super::run::State;
use super::store::{Answer, Fault, Numbered, Reads, Store, StoreError};

/// A way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Single reads of a secondary stay with what it had first.
    GetsStayBehind,
    /// Scans of a secondary leave out the last key.
    ScansMissOne,
    /// A catch-up leaves out the newest batch of the last family.
    FamilyLeftOut,
    /// A second catch-up goes back to what the opening found.
    CatchUpGoesBack,
    /// The first family of a secondary follows by itself, the others by catch-ups.
    FamilyFollows,
    /// The primary itself loses the newest write.
    PrimaryLosesOne,
    /// A read-only instance follows.
    FrozenFollows,
    /// What is held follows.
    HeldFollows,
    /// A reader leaves a file behind.
    LeavesFile,
    /// A catch-up fails.
    CatchUpFails,
    /// A reader can be written to.
    TakesWrites,
    /// Sequence numbers of a secondary go back.
    SequenceGoesBack,
    /// Sequence numbers of a secondary are ahead.
    SequenceAhead,
}

struct FakeReader {
    role: Role,
    families: BTreeMap<u8, Life>,
    first: Surely,
    now: Surely,
    catch_ups: u32,
}

/// The database.
#[derive(Default)]
pub(crate) struct Fake {
    state: State,
    readers: BTreeMap<u8, FakeReader>,
    lie: Option<Lie>,
    file_count: u128,
}

impl Fake {
    pub(crate) fn lying(lie: Option<Lie>) -> Self {
        Self { lie, ..Self::default() }
    }

    fn lies(&self, lie: Lie) -> bool {
        self.lie == Some(lie)
    }

    fn value(&self, life: Life, key: Key, has: &Surely) -> Shown {
        fold(self.state.log.of(life, key).iter().filter(|entry| has.has(life, entry)))
    }

    fn reader_shows(&self, reader: &FakeReader, family: u8, kind: ReadKind, key: Key) -> Shown {
        let life = reader.families[&family];
        let mut has = &reader.now;
        if self.lies(Lie::GetsStayBehind) && kind.is_point() {
            has = &reader.first;
        }
        let has_latest = self.lies(Lie::FrozenFollows) && reader.role == Role::Frozen;
        let is_first = reader.families.first_key_value().is_some_and(|(first, _)| *first == family);
        let follows = self.lies(Lie::FamilyFollows) && reader.role == Role::Secondary && is_first;
        let last = *Key::small().last().as_ref().unwrap();
        match () {
            () if has_latest || follows => self.state.log.newest(life, key),
            () if self.lies(Lie::ScansMissOne) && !kind.is_point() && key == last => None,
            () => self.value(life, key, has),
        }
    }
}

impl Store for Fake {
    fn open_primary(&mut self) -> Answer<()> {
        self.state.is_open = true;
        self.state.recovered();
        Ok(())
    }

    fn close_primary(&mut self) {
        self.state.is_open = false;
        self.state.closed();
    }

    fn write(&mut self, writes: &[Numbered], wal: bool) -> Answer<()> {
        self.state.written(writes, if wal { Keeper::Wal } else { Keeper::Memory });
        self.state.wal_flushed();
        Ok(())
    }

    fn ingest(&mut self, _family: u8, writes: &[Numbered]) -> Answer<()> {
        self.state.written(writes, Keeper::File);
        self.state.published.file = self.state.log.next();
        Ok(())
    }

    fn flush(&mut self, families: Families) -> Answer<()> {
        self.state.flushed(families);
        Ok(())
    }

    fn flush_wal(&mut self) -> Answer<()> {
        Ok(())
    }

    fn compact(&mut self, _family: u8) -> Answer<()> {
        Ok(())
    }

    fn switch_wal(&mut self) -> Answer<()> {
        Ok(())
    }

    fn create_family(&mut self, family: u8) -> Answer<()> {
        self.state.create(family);
        Ok(())
    }

    fn drop_family(&mut self, family: u8) -> Answer<()> {
        self.state.drop_family(family);
        Ok(())
    }

    fn open_reader(&mut self, reader: u8, role: Role, families: Families) -> Answer<()> {
        let there = self.state.families.iter().filter(|(family, _)| families.has(**family));
        let now = self.state.published.clone();
        let families = there.map(|(family, life)| (*family, *life)).collect();
        let opened = FakeReader { role, families, first: now.clone(), now, catch_ups: 0 };
        self.readers.insert(reader, opened);
        self.file_count += u128::from(self.lies(Lie::LeavesFile));
        Ok(())
    }

    fn close_reader(&mut self, reader: u8) {
        self.readers.remove(&reader);
    }

    fn catch_up(&mut self, reader: u8) -> Answer<()> {
        let (lie, published) = (self.lie, self.state.published.clone());
        let refused =
            || StoreError { fault: Fault::NotSupported, text: "only secondaries".to_owned() };
        let reader = self.readers.get_mut(&reader).unwrap();
        if reader.role == Role::Frozen {
            return Err(refused());
        }
        reader.catch_ups += 1;
        match lie {
            Some(Lie::CatchUpFails) => {
                return Err(StoreError { fault: Fault::Corruption, text: "bad".to_owned() });
            }
            Some(Lie::CatchUpGoesBack) if reader.catch_ups.is_multiple_of(2) => {
                reader.now = reader.first.clone();
            }
            Some(Lie::FamilyLeftOut) => {
                let last = reader.families.values().last().copied();
                let was = last.map(|life| (life, reader.first.followed(life)));
                reader.now = published;
                reader.now.stopped.extend(was);
                reader.now.flushed.clear();
            }
            _ => reader.now = published,
        }
        Ok(())
    }

    fn write_to_reader(&mut self, _reader: u8) -> Answer<()> {
        if self.lies(Lie::TakesWrites) {
            return Ok(());
        }
        Err(StoreError { fault: Fault::NotSupported, text: "reads only".to_owned() })
    }

    fn read(&self, instance: Option<u8>, family: u8, kind: ReadKind) -> Answer<Reads> {
        let shown = |key| match instance {
            Some(number) => self.reader_shows(&self.readers[&number], family, kind, key),
            None => {
                let life = self.state.families[&family];
                let all = self.state.log.of(life, key);
                let lost = usize::from(self.lies(Lie::PrimaryLosesOne)).min(all.len());
                fold(all[..all.len() - lost].iter())
            }
        };
        Ok(Key::small().map(|key| (key, shown(key))).collect())
    }

    fn sequence(&self, instance: Option<u8>) -> u64 {
        let Some(number) = instance else { return self.state.log.next().into() };
        let reader = &self.readers[&number];
        match self.lie {
            Some(Lie::SequenceGoesBack) => 100 - u64::from(reader.catch_ups),
            Some(Lie::SequenceAhead) => u64::from(self.state.log.next()) + 1,
            _ => reader.now.wal.into(),
        }
    }

    fn held(
        &mut self,
        reader: u8,
        hold: Hold,
        families: Families,
        then: &mut dyn FnMut(&mut Self),
    ) -> Vec<(u8, Answer<Reads>)> {
        let kind = if hold == Hold::Iterator { ReadKind::Forward } else { ReadKind::Get };
        let read = |store: &Self| {
            families.iter().map(|family| (family, store.read(Some(reader), family, kind))).collect()
        };
        let before = read(self);
        then(self);
        if self.lies(Lie::HeldFollows) { read(self) } else { before }
    }

    fn digest(&self) -> u128 {
        self.file_count
    }
}
