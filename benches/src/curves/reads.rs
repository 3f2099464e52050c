//! What gets from a secondary cost while a thread has it catch up all the time.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rocksdb::{DB, Error};

use crate::Outcome;
use crate::chart::Panel;
use crate::extent::Extent;
use crate::primary::{Primary, ingested_key};

/// Entries of all table files together.
const ENTRIES: u64 = 100_000;
/// What a recommended secondary has.
const OPENING_THREADS: i32 = 1;
/// Between two puts of the writer, which therefore hardly needs a processor.
const PAUSE: Duration = Duration::from_millis(1);

/// What goes on beside the reader.
#[derive(Clone, Copy)]
struct Condition {
    name: &'static str,
    catches_up: bool,
    writes: bool,
}

const CONDITIONS: [Condition; 4] = [
    Condition { name: "no catch-up, primary idle", catches_up: false, writes: false },
    Condition { name: "no catch-up, primary written", catches_up: false, writes: true },
    Condition { name: "catch-ups, primary idle", catches_up: true, writes: false },
    Condition { name: "catch-ups, primary written", catches_up: true, writes: true },
];

/// The 50th and the 99th percentile of gets, against table files: a sample each for each time that
/// the reader reads.
pub(crate) fn beside_catch_ups(parent: &Path, extent: &Extent) -> Outcome<[Panel; 2]> {
    let mut median = Panel::new("one get, 50th percentile", "table files");
    let mut rare = Panel::new("one get, 99th percentile", "table files");
    for &tables in extent.read_tables {
        let mut primary = Primary::open(parent, 1)?;
        primary.ingest(tables, ENTRIES / tables)?;
        let secondary = primary.secondary(OPENING_THREADS)?;
        for number in 0..ENTRIES {
            secondary.get(ingested_key(number))?.ok_or("an entry is missing")?;
        }
        for round in 0..extent.read_rounds {
            let mut conditions = CONDITIONS;
            conditions.rotate_left(usize::try_from(round)? % CONDITIONS.len());
            let mut measured = Vec::new();
            for condition in conditions {
                measured.push((condition, read(&primary, &secondary, condition, extent)?));
            }
            measured.rotate_right(usize::try_from(round)? % CONDITIONS.len());
            for (condition, mut nanoseconds) in measured {
                nanoseconds.sort_unstable();
                let last = nanoseconds.len() - 1;
                let at = |percent: usize| nanoseconds[last * percent / 100] as f64 / 1e3;
                median.note(condition.name, tables, at(50));
                rare.note(condition.name, tables, at(99));
            }
        }
    }
    Ok([median, rare])
}

/// How long each get took; at least one.
fn read(
    primary: &Primary,
    secondary: &DB,
    condition: Condition,
    extent: &Extent,
) -> Outcome<Vec<u64>> {
    let is_over = AtomicBool::new(false);
    thread::scope(|threads| {
        let writer = condition.writes.then(|| threads.spawn(|| write(primary, &is_over)));
        let follower = condition.catches_up.then(|| threads.spawn(|| follow(secondary, &is_over)));
        let read = gets(secondary, Duration::from_millis(extent.read_ms));
        is_over.store(true, Relaxed);
        for beside in [writer, follower].into_iter().flatten() {
            beside.join().expect("neither thread panics")?;
        }
        Ok(read?)
    })
}

fn gets(secondary: &DB, time: Duration) -> Result<Vec<u64>, Error> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(0);
    let mut nanoseconds = Vec::new();
    let started = Instant::now();
    while nanoseconds.is_empty() || started.elapsed() < time {
        let key = ingested_key(random.next_u64() % ENTRIES);
        let before = Instant::now();
        std::hint::black_box(secondary.get_pinned(key)?);
        nanoseconds.push(u64::try_from(before.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(nanoseconds)
}

fn follow(secondary: &DB, is_over: &AtomicBool) -> Result<(), Error> {
    while !is_over.load(Relaxed) {
        secondary.try_catch_up_with_primary()?;
    }
    Ok(())
}

fn write(primary: &Primary, is_over: &AtomicBool) -> Result<(), Error> {
    let mut number = 0;
    while !is_over.load(Relaxed) {
        primary.put_beside(number)?;
        number += 1;
        thread::sleep(PAUSE);
    }
    Ok(())
}
