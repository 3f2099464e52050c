//! What one catch-up and one opening cost, against everything they may depend on.

use std::path::Path;
use std::time::Instant;

use rocksdb::DB;

use crate::Outcome;
use crate::chart::Panel;
use crate::extent::Extent;
use crate::primary::Primary;

/// RocksDB's default last.
const OPENING_THREADS: [i32; 2] = [1, 16];
const SWEPT_OPENING_THREADS: [i32; 5] = [1, 2, 4, 8, 16];
const SWEPT_FAMILIES: [u64; 2] = [1, 10];
const BATCH_KEYS: u64 = 100;
/// Keys of one size and round: catch-ups over few keys are repeated.
const ROUND_KEYS: u64 = 2_000;
/// Entries of a table file where only their number counts.
const TABLE_ENTRIES: u64 = 10;

const CATCH_UP: &str = "one catch-up";

/// Catch-ups over new keys, which came one by one or in batches.
pub(crate) fn by_keys(parent: &Path, extent: &Extent) -> Outcome<Panel> {
    let mut panel = Panel::new(CATCH_UP, "new keys");
    for _ in 0..extent.keys_rounds {
        for &count in extent.keys {
            keys_of_one_size(parent, extent, count, 1, &OPENING_THREADS, &mut panel)?;
            if count >= BATCH_KEYS {
                keys_of_one_size(parent, extent, count, BATCH_KEYS, &[1], &mut panel)?;
            }
        }
    }
    Ok(panel)
}

fn keys_of_one_size(
    parent: &Path,
    extent: &Extent,
    count: u64,
    batch: u64,
    threads: &[i32],
    panel: &mut Panel,
) -> Outcome<()> {
    let how = if batch == 1 { "one by one".to_owned() } else { format!("{batch} a batch") };
    let mut primary = Primary::open(parent, 1)?;
    let mut secondaries = Secondaries::open(&mut primary, threads)?;
    let repeats = (ROUND_KEYS / count.max(1)).clamp(1, extent.repeats);
    for _ in 0..repeats {
        primary.put(count, batch)?;
        secondaries.catch_up(&primary, |threads, sample| {
            panel.note(&format!("{how}, {}", opening(threads)), count, sample);
        })?;
    }
    Ok(())
}

/// Catch-ups over nothing and over one key, and openings, beside a live log of some size.
pub(crate) fn by_live_wal(parent: &Path, extent: &Extent) -> Outcome<[Panel; 2]> {
    let x = "live write-ahead log, MiB";
    let mut catch_up = Panel::new(CATCH_UP, x);
    let mut opens = Panel::new("opening an instance", x);
    let mut primary = Primary::open(parent, 1)?;
    let mut secondaries = Secondaries::open(&mut primary, &OPENING_THREADS)?;
    for &mib in extent.wal_mib {
        primary.fill_log(mib << 20)?;
        nothing_and_one_key(&mut primary, &mut secondaries, extent, mib, &mut catch_up)?;
        // No table files: nothing for opening threads to do.
        openings(&mut primary, &[1], extent.openings, mib, &mut opens)?;
    }
    Ok([catch_up, opens])
}

/// Catch-ups over nothing and over one key, and openings, of some table files.
pub(crate) fn by_tables(parent: &Path, extent: &Extent) -> Outcome<[Panel; 2]> {
    let x = "table files";
    let mut catch_up = Panel::new(CATCH_UP, x);
    let mut opens = Panel::new("opening an instance", x);
    let mut primary = Primary::open(parent, 1)?;
    let mut secondaries = Secondaries::open(&mut primary, &OPENING_THREADS)?;
    for &tables in extent.tables {
        primary.ingest(tables, TABLE_ENTRIES)?;
        nothing_and_one_key(&mut primary, &mut secondaries, extent, tables, &mut catch_up)?;
        openings(&mut primary, &OPENING_THREADS, extent.openings, tables, &mut opens)?;
    }
    Ok([catch_up, opens])
}

/// Catch-ups over nothing and over one key, of some families.
pub(crate) fn by_families(parent: &Path, extent: &Extent) -> Outcome<Panel> {
    let mut panel = Panel::new(CATCH_UP, "families");
    for &families in extent.families {
        let mut primary = Primary::open(parent, families)?;
        let mut secondaries = Secondaries::open(&mut primary, &OPENING_THREADS)?;
        nothing_and_one_key(&mut primary, &mut secondaries, extent, families, &mut panel)?;
    }
    Ok(panel)
}

/// Catch-ups over nothing, of secondaries that open table files with some threads.
pub(crate) fn by_opening_threads(parent: &Path, extent: &Extent) -> Outcome<Panel> {
    let mut panel = Panel::new("one catch-up, no new key", "threads that open table files");
    for families in SWEPT_FAMILIES {
        let mut primary = Primary::open(parent, families)?;
        let mut secondaries = Secondaries::open(&mut primary, &SWEPT_OPENING_THREADS)?;
        let name =
            if families == 1 { "1 family".to_owned() } else { format!("{families} families") };
        for _ in 0..extent.repeats {
            secondaries.catch_up(&primary, |threads, sample| {
                panel.note(&name, u64::from(threads.unsigned_abs()), sample);
            })?;
        }
    }
    Ok(panel)
}

fn nothing_and_one_key(
    primary: &mut Primary,
    secondaries: &mut Secondaries,
    extent: &Extent,
    x: u64,
    panel: &mut Panel,
) -> Outcome<()> {
    // What brought the database to its size is not part of the samples.
    secondaries.catch_up(primary, |_, _| ())?;
    for _ in 0..extent.repeats {
        for (keys, name) in [(0, "no new key"), (1, "1 new key")] {
            primary.put(keys, 1)?;
            secondaries.catch_up(primary, |threads, sample| {
                panel.note(&format!("{name}, {}", opening(threads)), x, sample);
            })?;
        }
    }
    Ok(())
}

fn openings(
    primary: &mut Primary,
    threads: &[i32],
    repeats: u64,
    x: u64,
    panel: &mut Panel,
) -> Outcome<()> {
    for _ in 0..repeats {
        for &count in threads {
            let (sample, secondary) = timed(|| primary.secondary(count))?;
            primary.check(&secondary)?;
            panel.note(&format!("secondary, {}", opening(count)), x, sample);
            drop(secondary);
            let (sample, _) = timed(|| primary.read_only(count))?;
            panel.note(&format!("read-only, {}", opening(count)), x, sample);
        }
    }
    Ok(())
}

fn opening(threads: i32) -> String {
    if threads == 1 { "1 opening thread".to_owned() } else { format!("{threads} opening threads") }
}

/// Secondaries of one primary, which differ in how many threads open table files.
struct Secondaries {
    members: Vec<(i32, DB)>,
}

impl Secondaries {
    /// One for each number of threads; all have caught up once.
    fn open(primary: &mut Primary, threads: &[i32]) -> Outcome<Self> {
        let mut secondaries = Self { members: Vec::new() };
        for count in threads {
            secondaries.members.push((*count, primary.secondary(*count)?));
        }
        secondaries.catch_up(primary, |_, _| ())?;
        Ok(secondaries)
    }

    /// Has each catch up once, another one first each time, and tells how long it took.
    fn catch_up(&mut self, primary: &Primary, mut note: impl FnMut(i32, f64)) -> Outcome<()> {
        let mut samples = Vec::new();
        for (threads, secondary) in &self.members {
            let (sample, ()) = timed(|| secondary.try_catch_up_with_primary())?;
            primary.check(secondary)?;
            samples.push((*threads, sample));
        }
        self.members.rotate_left(1);
        samples.sort_by_key(|(threads, _)| *threads);
        samples.into_iter().for_each(|(threads, sample)| note(threads, sample));
        Ok(())
    }
}

/// How long `call` took, in microseconds, and its result.
fn timed<T, E>(call: impl FnOnce() -> Result<T, E>) -> Result<(f64, T), E> {
    let started = Instant::now();
    let result = call()?;
    Ok((started.elapsed().as_nanos() as f64 / 1e3, result))
}
