//! The real RocksDB behind the seam, for plans of one thread.

// The outside: the files of a database are looked at as they lie.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rocksdb::{
    ColumnFamily, DB, DBRawIterator, Error, ErrorKind, FlushOptions, ReadOptions, SstFileWriter,
    WaitForCompactOptions, WriteBatch, WriteOptions,
};
use xxhash_rust::xxh3::Xxh3;

use super::key::{Key, MALFORMED, Shown, piece, pieces};
use super::operation::{Effect, Families, Hold, ReadKind, Role};
use super::options;
use super::settings::Settings;
use super::store::{Answer, Fault, Numbered, Reads, Store, StoreError};

/// Databases of one plan, with everything below one directory.
pub struct Rocks {
    root: PathBuf,
    settings: Settings,
    primary: Option<DB>,
    families: Vec<u8>,
    readers: BTreeMap<u8, Rc<DB>>,
    file_count: u64,
}

impl Rocks {
    /// Nothing yet; files will lie below `root`, which exists and is empty.
    pub fn new(root: &Path, settings: &Settings) -> Self {
        Self {
            root: root.to_owned(),
            settings: settings.clone(),
            primary: None,
            families: Vec::new(),
            readers: BTreeMap::new(),
            file_count: 0,
        }
    }

    fn directory(&self) -> PathBuf {
        self.root.join("primary")
    }

    fn primary(&self) -> &DB {
        self.primary.as_ref().expect("the runner calls an open primary only")
    }

    fn instance(&self, number: Option<u8>) -> &DB {
        match number {
            None => self.primary(),
            Some(number) => &self.readers[&number],
        }
    }

    /// Waits until nothing goes on behind the calls that were made.
    fn rest(&self) -> Answer<()> {
        let waited = self.primary().wait_for_compact(&WaitForCompactOptions::default());
        waited.map_err(said)
    }
}

impl Store for Rocks {
    fn open_primary(&mut self) -> Answer<()> {
        let families = options::descriptors(&self.settings, self.families.iter().copied());
        let options = options::primary(&self.settings);
        let opened = DB::open_cf_descriptors(&options, self.directory(), families);
        self.primary = Some(opened.map_err(said)?);
        self.rest()
    }

    fn close_primary(&mut self) {
        self.primary = None;
    }

    fn write(&mut self, writes: &[Numbered], wal: bool) -> Answer<()> {
        let db = self.primary();
        let batch = batch(db, writes, self.settings.filler_bytes);
        let mut how = WriteOptions::default();
        how.disable_wal(!wal);
        db.write_opt(batch, &how).map_err(said)?;
        if self.settings.flushes_by_itself() { self.rest() } else { Ok(()) }
    }

    fn ingest(&mut self, family: u8, writes: &[Numbered]) -> Answer<()> {
        self.file_count += 1;
        let path = self.root.join(format!("{}.sst", self.file_count));
        let options = options::family(&self.settings);
        let mut file = SstFileWriter::create(&options);
        file.open(&path).map_err(said)?;
        for Numbered { id, write } in writes {
            let value = piece(*id, self.settings.filler_bytes);
            file.put(write.key.bytes(), value).map_err(said)?;
        }
        file.finish().map_err(said)?;
        let db = self.primary();
        db.ingest_external_file_cf(handle(db, family)?, vec![path]).map_err(said)?;
        self.rest()
    }

    fn flush(&mut self, families: Families) -> Answer<()> {
        let db = self.primary();
        let handles: Answer<Vec<_>> = families.iter().map(|family| handle(db, family)).collect();
        db.flush_cfs_opt(&handles?, &FlushOptions::default()).map_err(said)?;
        self.rest()
    }

    fn flush_wal(&mut self) -> Answer<()> {
        self.primary().flush_wal(false).map_err(said)
    }

    fn compact(&mut self, family: u8) -> Answer<()> {
        let db = self.primary();
        db.compact_range_cf::<&[u8], &[u8]>(handle(db, family)?, None, None);
        self.rest()
    }

    fn switch_wal(&mut self) -> Answer<()> {
        let db = self.primary();
        db.put(b"beat", b"").and_then(|()| db.flush()).map_err(said)?;
        self.rest()
    }

    fn create_family(&mut self, family: u8) -> Answer<()> {
        let options = options::family(&self.settings);
        let db = self.primary.as_mut().expect("the runner calls an open primary only");
        db.create_cf(options::name(family), &options).map_err(said)?;
        self.families.push(family);
        Ok(())
    }

    fn drop_family(&mut self, family: u8) -> Answer<()> {
        let db = self.primary.as_mut().expect("the runner calls an open primary only");
        db.drop_cf(&options::name(family)).map_err(said)?;
        self.families.retain(|one| *one != family);
        self.rest()
    }

    fn open_reader(&mut self, reader: u8, role: Role, families: Families) -> Answer<()> {
        let descriptors = options::descriptors(&self.settings, families.iter());
        let (options, directory) = (options::reader(&self.settings), self.directory());
        let own = self.root.join(format!("reader-{reader}"));
        let opened = match role {
            Role::Secondary => {
                DB::open_cf_descriptors_as_secondary(&options, &directory, &own, descriptors)
            }
            Role::Frozen => {
                DB::open_cf_descriptors_read_only(&options, &directory, descriptors, false)
            }
        };
        self.readers.insert(reader, Rc::new(opened.map_err(said)?));
        Ok(())
    }

    fn close_reader(&mut self, reader: u8) {
        self.readers.remove(&reader);
    }

    fn catch_up(&mut self, reader: u8) -> Answer<()> {
        self.readers[&reader].try_catch_up_with_primary().map_err(said)
    }

    fn write_to_reader(&mut self, reader: u8) -> Answer<()> {
        self.readers[&reader].put(b"beat", b"").map_err(said)
    }

    fn read(&self, instance: Option<u8>, family: u8, kind: ReadKind) -> Answer<Reads> {
        let keys: Vec<Key> = Key::small().collect();
        read(self.instance(instance), family, kind, &keys)
    }

    fn sequence(&self, instance: Option<u8>) -> u64 {
        self.instance(instance).latest_sequence_number()
    }

    fn held(
        &mut self,
        reader: u8,
        hold: Hold,
        families: Families,
        then: &mut dyn FnMut(&mut Self),
    ) -> Vec<(u8, Answer<Reads>)> {
        // The runner may close the reader meanwhile: what is held keeps it open.
        let db = Rc::clone(&self.readers[&reader]);
        match hold {
            Hold::Iterator => {
                let iterators: Vec<_> = families
                    .iter()
                    .map(|family| (family, handle(&db, family).map(|of| ordered(&db, of))))
                    .collect();
                then(self);
                let read = |it: Answer<DBRawIterator<'_>>| {
                    let mut it = it?;
                    it.seek_to_first();
                    scanned(&mut it, true, &Key::small().collect::<Vec<_>>())
                };
                iterators.into_iter().map(|(family, it)| (family, read(it))).collect()
            }
            Hold::Snapshot => {
                let snapshot = db.snapshot();
                then(self);
                let get = |family, key: Key| {
                    let value = snapshot.get_cf(handle(&db, family)?, key.bytes());
                    Ok((key, value.map_err(said)?.map(|value| pieces(&value))))
                };
                let read = |family| Key::small().map(|key| get(family, key)).collect();
                families.iter().map(|family| (family, read(family))).collect()
            }
        }
    }

    fn digest(&self) -> u128 {
        let mut digest = Xxh3::new();
        let mut paths: Vec<PathBuf> = match fs::read_dir(self.directory()) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(_) => Vec::new(),
        };
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // What the primary says in its own log is its own affair.
            if name.starts_with("LOG") {
                continue;
            }
            digest.update(name.as_bytes());
            digest.update(&fs::read(&path).unwrap_or_default());
        }
        digest.digest128()
    }
}

/// An error of RocksDB in the words of the seam.
pub(super) fn said(error: Error) -> StoreError {
    let fault = match error.kind() {
        ErrorKind::Corruption => Fault::Corruption,
        ErrorKind::NotSupported | ErrorKind::InvalidArgument => Fault::NotSupported,
        ErrorKind::IOError => Fault::Io,
        ErrorKind::TryAgain => Fault::TryAgain,
        _ => Fault::Other,
    };
    StoreError { fault, text: error.into_string() }
}

/// The handle of a family.
pub(super) fn handle(db: &DB, family: u8) -> Answer<&ColumnFamily> {
    db.cf_handle(&options::name(family)).ok_or_else(|| StoreError {
        fault: Fault::Other,
        text: format!("no handle of family {family}"),
    })
}

/// A batch of writes to families that exist.
pub(super) fn batch(db: &DB, writes: &[Numbered], filler_bytes: u32) -> WriteBatch {
    let mut batch = WriteBatch::default();
    for Numbered { id, write } in writes {
        let Some(family) = db.cf_handle(&options::name(write.family)) else { continue };
        let (key, value) = (write.key.bytes(), piece(*id, filler_bytes));
        match write.effect {
            Effect::Put => batch.put_cf(family, key, value),
            Effect::Merge => batch.merge_cf(family, key, value),
            Effect::Delete => batch.delete_cf(family, key),
            Effect::SingleDelete => batch.single_delete_cf(family, key),
            Effect::DeleteRange(to) => batch.delete_range_cf(family, key, options::range_end(to)),
        }
    }
    batch
}

/// Reads `keys`, ascending, of a family.
pub(super) fn read(db: &DB, family: u8, kind: ReadKind, keys: &[Key]) -> Answer<Reads> {
    let of = handle(db, family)?;
    let bytes: Vec<Vec<u8>> = keys.iter().map(|key| key.bytes()).collect();
    let values = |found: Vec<Result<Option<Vec<u8>>, Error>>| {
        let shown = |value: Result<Option<Vec<u8>>, Error>| {
            Ok::<Shown, StoreError>(value.map_err(said)?.map(|value| pieces(&value)))
        };
        keys.iter().zip(found).map(|(key, value)| Ok((*key, shown(value)?))).collect()
    };
    match kind {
        ReadKind::Get => values(bytes.iter().map(|key| db.get_cf(of, key)).collect()),
        ReadKind::Pinned => {
            let get = |key| db.get_pinned_cf(of, key).map(|found| found.map(|it| it.to_vec()));
            values(bytes.iter().map(get).collect())
        }
        ReadKind::MultiGet => values(db.multi_get_cf(bytes.iter().map(|key| (of, key)))),
        ReadKind::BatchedGet => {
            let found = db.batched_multi_get_cf(of, &bytes, true).into_iter();
            values(found.map(|it| it.map(|it| it.map(|it| it.to_vec()))).collect())
        }
        ReadKind::Forward => {
            let mut it = ordered(db, of);
            match bytes.first() {
                Some(first) => it.seek(first),
                None => it.seek_to_first(),
            }
            scanned(&mut it, true, keys)
        }
        ReadKind::Backward => {
            let mut it = ordered(db, of);
            it.seek_to_last();
            scanned(&mut it, false, keys)
        }
        ReadKind::Prefix => prefixes(db, of, keys),
    }
}

fn ordered<'a>(db: &'a DB, family: &ColumnFamily) -> DBRawIterator<'a> {
    let mut options = ReadOptions::default();
    options.set_total_order_seek(true);
    db.raw_iterator_cf_opt(family, options)
}

fn prefixes(db: &DB, family: &ColumnFamily, keys: &[Key]) -> Answer<Reads> {
    let mut reads = Reads::new();
    for with_prefix in keys.chunk_by(|one, next| one.bytes()[0] == next.bytes()[0]) {
        let mut options = ReadOptions::default();
        options.set_prefix_same_as_start(true);
        let mut it = db.raw_iterator_cf_opt(family, options);
        it.seek(&with_prefix[0].bytes()[..1]);
        reads.extend(scanned(&mut it, true, with_prefix)?);
    }
    Ok(reads)
}

/// What an iterator shows of `keys` from its place on. A key that is none of them, and one that
/// comes twice or out of order, counts as a value that nobody wrote.
fn scanned(it: &mut DBRawIterator<'_>, ascends: bool, keys: &[Key]) -> Answer<Reads> {
    let mut shown: BTreeMap<Key, Shown> = keys.iter().map(|key| (*key, None)).collect();
    let mut last: Option<Vec<u8>> = None;
    while let Some((key, value)) = it.item() {
        let is_in_order = last.as_deref().is_none_or(|last| (last < key) == ascends && last != key);
        let name = Key::parse(key).filter(|_| is_in_order).unwrap_or(Key(u32::MAX));
        let ids = if name.0 == u32::MAX { vec![MALFORMED] } else { pieces(value) };
        // Keys behind those that were asked for are none of this read.
        if name.0 == u32::MAX || shown.contains_key(&name) {
            shown.insert(name, Some(ids));
        }
        last = Some(key.to_vec());
        if ascends { it.next() } else { it.prev() }
    }
    it.status().map_err(said)?;
    Ok(shown.into_iter().collect())
}
