#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{BareFrozen, BareOptions, BarePrimary, BareReader, Beat, WriteBatch};

struct Opened {
    _root: tempfile::TempDir,
    primary: BarePrimary,
    reader: BareReader,
}

fn opened(options: &BareOptions) -> Opened {
    let root = tempfile::tempdir().unwrap();
    let beat = Arc::new(Beat::default());
    let (database, private) = (root.path().join("database"), root.path().join("private"));
    let primary = BarePrimary::open(&database, beat.clone(), options).unwrap();
    let reader = BareReader::open(&database, &private, beat, options).unwrap();
    Opened { _root: root, primary, reader }
}

fn small(fresh: bool) -> BareOptions {
    BareOptions { write_buffer_bytes: 64 << 10, fresh }
}

/// The scenario that its user wrote down, `count` times on one pair of handles.
fn written_then_read(opened: &Opened, count: u32) -> Result<(), String> {
    for round in 0..count {
        let (key, value) = (format!("test_key_{round}"), format!("test_value_{round}"));
        let mut batch = WriteBatch::default();
        batch.put(&key, &value);
        opened.primary.write(batch).unwrap();
        let found = opened.reader.get(&key).unwrap();
        if found.as_deref() != Some(value.as_bytes()) {
            return Err(format!("round {round}: {found:?} is read after {value:?} was written"));
        }
    }
    Ok(())
}

#[test]
fn what_was_written_is_read_at_once() {
    written_then_read(&opened(&BareOptions::default()), 1000).unwrap();
}

#[test]
fn without_freshness_it_is_not() {
    let stale = opened(&BareOptions { fresh: false, ..BareOptions::default() });
    assert!(written_then_read(&stale, 1000).is_err());
}

/// What one key went through last, by a writer that owns it.
struct Owner<'a> {
    opened: &'a Opened,
    draw: u64,
    model: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Owner<'_> {
    fn draw(&mut self, below: u64) -> u64 {
        self.draw = self.draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.draw >> 33) % below
    }

    /// Overwrites, deletes, adds again, flushes, or is silent; then every key is read.
    fn round(&mut self, round: u64) -> Result<(), String> {
        let keys: Vec<Vec<u8>> = (0..4).map(|key| format!("key_{key}").into_bytes()).collect();
        let key = keys[self.draw(4) as usize].clone();
        let primary = &self.opened.primary;
        match self.draw(10) {
            0..5 => {
                let value = format!("value {round}").into_bytes();
                primary.put(&key, &value).unwrap();
                self.model.insert(key, value);
            }
            5..8 => {
                primary.delete(&key).unwrap();
                self.model.remove(&key);
            }
            8 => primary.flush().unwrap(),
            _ => {}
        }
        for key in keys {
            let found = self.opened.reader.get(&key).unwrap();
            if found.as_ref() != self.model.get(&key) {
                let expected = self.model.get(&key);
                return Err(format!("round {round}: {key:?} reads {found:?}, not {expected:?}"));
            }
        }
        Ok(())
    }
}

/// `rounds` of an owner beside a writer that fills the small write buffer.
fn owned_beside_a_writer(opened: &Opened, rounds: u64) -> Result<(), String> {
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::SeqCst) {
                let number = written.fetch_add(1, Ordering::SeqCst);
                opened.primary.put(format!("other_{}", number % 500), [7; 200]).unwrap();
            }
        });
        let mut owner = Owner { opened, draw: 11, model: BTreeMap::new() };
        let result = (0..rounds).try_for_each(|round| owner.round(round));
        stop.store(true, Ordering::SeqCst);
        result
    })
}

#[test]
fn newest_value_is_read_beside_flushes_and_a_writer() {
    let opened = opened(&small(true));
    owned_beside_a_writer(&opened, 1000).unwrap();
    assert!(opened.reader.reopened_count() > 0, "no flush came between, so nothing was shown");
}

#[test]
fn without_freshness_it_is_not_beside_a_writer() {
    assert!(owned_beside_a_writer(&opened(&small(false)), 1000).is_err());
}

/// Known to be wrong in a secondary that only catches up: an old value in its memory hides the
/// flushed one, and a delete hides the value that was added again.
#[test]
fn flushed_values_are_not_hidden_by_older_ones() {
    let opened = opened(&BareOptions::default());
    let Opened { primary, reader, .. } = &opened;
    for round in 0..20u8 {
        primary.put(b"k", [round, 1]).unwrap();
        assert_eq!(reader.get(b"k").unwrap().unwrap(), [round, 1]);
        primary.put(b"k", [round, 2]).unwrap();
        primary.flush().unwrap();
        assert_eq!(reader.get(b"k").unwrap().unwrap(), [round, 2]);
        primary.delete(b"k").unwrap();
        assert_eq!(reader.get(b"k").unwrap(), None);
        primary.put(b"k", [round, 2]).unwrap();
        primary.flush().unwrap();
        assert_eq!(reader.get(b"k").unwrap().unwrap(), [round, 2]);
        primary.delete(b"k").unwrap();
        primary.flush().unwrap();
        primary.compact();
        assert_eq!(reader.get(b"k").unwrap(), None);
    }
}

/// Why readers open anew: what the binding calls a secondary is wrong after a flush, however
/// often it catches up. Where this fails, RocksDB is repaired, and so much can go.
#[test]
fn catching_up_alone_leaves_old_values() {
    let opened = opened(&BareOptions::default());
    let Opened { _root: root, primary, .. } = &opened;
    let options = rocksdb::Options::default();
    let (database, private) = (root.path().join("database"), root.path().join("other"));
    let secondary = rocksdb::DB::open_as_secondary(&options, &database, &private).unwrap();
    primary.put(b"k", b"old").unwrap();
    secondary.try_catch_up_with_primary().unwrap();
    primary.put(b"k", b"new").unwrap();
    primary.flush().unwrap();
    for _ in 0..3 {
        secondary.try_catch_up_with_primary().unwrap();
        assert_eq!(secondary.get(b"k").unwrap().unwrap(), b"old");
    }
}

#[test]
fn a_reader_outlives_primaries() {
    let root = tempfile::tempdir().unwrap();
    let (database, private) = (root.path().join("database"), root.path().join("private"));
    let beat = Arc::new(Beat::default());
    let open = || BarePrimary::open(&database, beat.clone(), &small(true)).unwrap();
    let primary = open();
    let reader = BareReader::open(&database, &private, beat.clone(), &small(true)).unwrap();
    primary.put(b"k", b"first").unwrap();
    assert_eq!(reader.get(b"k").unwrap().unwrap(), b"first");
    primary.put(b"k", b"second").unwrap();
    drop(primary);
    assert_eq!(reader.get(b"k").unwrap().unwrap(), b"second");
    let primary = open();
    assert_eq!(reader.get(b"k").unwrap().unwrap(), b"second");
    let frozen = BareFrozen::open(&database).unwrap();
    primary.put(b"k", b"third").unwrap();
    assert_eq!(reader.get(b"k").unwrap().unwrap(), b"third");
    assert_eq!(frozen.get(b"k").unwrap().unwrap(), b"second");
    drop(reader);
    assert!(!private.exists());
}

#[test]
fn a_missing_database_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let missing: &Path = &root.path().join("missing");
    let private = root.path().join("private");
    let options = BareOptions::default();
    assert!(BareReader::open(missing, &private, Arc::default(), &options).is_err());
    assert!(BareFrozen::open(missing).is_err());
    assert!(!missing.exists() && !private.exists(), "an opening that failed left something");
}
