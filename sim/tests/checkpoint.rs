//! A log is copied while it is appended to, settled and trimmed; then the power is cut. The copy
//! holds everything that was acknowledged before the call, its index equals it, and both logs go
//! on.
#![allow(clippy::unwrap_used)]

use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use duolog::io::World;
use duolog::types::{Message, ReadPosition};
use duolog::{Ack, DiskConfig, Log, StorageError, Writer};
use duolog_sim::seed::{Stream, salt};
use duolog_sim::world::{Sim, SimOptions, Simulation, SyncLies};

const SEEDS: u64 = 150;
const BATCHES: u64 = 60;

const ROOT: &str = "/sim/log";
const COPY: &str = "/sim/copy";

fn config(directory: &str) -> DiskConfig {
    DiskConfig {
        message_max_bytes: 4 << 10,
        segment_max_bytes: 4 << 10,
        settle_chunk_entries: 7,
        ..DiskConfig::new(directory)
    }
}

/// What the callers were told.
#[derive(Default)]
struct Told {
    acknowledged: AtomicU64,
    committed: AtomicU64,
    trims: AtomicU64,
    ended: AtomicBool,
}

async fn append(log: Log<Sim>, writer: Writer<Sim>, mut stream: Stream, told: Arc<Told>) {
    let reader = log.reader(1);
    for _ in 0..BATCHES {
        let first = told.acknowledged.load(Ordering::Relaxed);
        let count = 1 + stream.below(9);
        let messages = (first..first + count)
            .map(|number| Message::new(format!("id-{number}"), vec![number as u8; 60]))
            .collect();
        let appended = writer.append(messages, Ack::Flushed).await.unwrap();
        told.acknowledged.store(appended.end(), Ordering::Relaxed);
        match stream.below(8) {
            0 => writer.settle().await.unwrap(),
            1 => {
                let before = writer.marks().log_start;
                writer.trim_to(appended.end().saturating_sub(stream.below(60))).await.unwrap();
                let moved = u64::from(writer.marks().log_start > before);
                told.trims.fetch_add(moved, Ordering::Relaxed);
            }
            2 => writer.roll().await.unwrap(),
            3 => {
                reader.commit("t", 0, appended.offsets[0]).await.unwrap();
                told.committed.store(appended.first_sequence + 1, Ordering::Relaxed);
            }
            _ => {}
        }
    }
    told.ended.store(true, Ordering::Relaxed);
}

/// Reads everything, holds the index against it, and appends once more.
async fn check(world: &Sim, directory: &str, at_least: u64) -> Result<u64, StorageError> {
    let log = Log::open(world.clone(), config(directory)).await?;
    let writer = log.writer("t", 0).await?;
    let marks = writer.marks();
    assert!(marks.high_watermark >= at_least, "{at_least} in {directory}: {marks:?}");
    let reader = log.reader(2);
    reader.seek("t", 0, ReadPosition::Earliest).await?;
    let mut next = marks.log_start;
    while next < marks.high_watermark {
        for message in reader.next("t", 0, NonZero::new(64).unwrap(), 0).await? {
            assert_eq!((message.sequence, &*message.id), (next, &*format!("id-{next}")));
            next += 1;
        }
    }
    let appended = writer.append(vec![Message::new("last", "")], Ack::Flushed).await?;
    assert_eq!(appended.first_sequence, next);
    writer.settle().await?;
    let problems = &log.verify().await?[0].problems;
    assert!(problems.is_empty(), "{directory}: {problems:?}");
    let committed = log.reader(1).committed("t", 0).await?;
    Ok(committed.map_or(0, |position| position.sequence))
}

/// How often something was dropped while the copy was made, and how many messages came.
fn run(seed: u64, lies: SyncLies) -> (u64, u64) {
    let options = SimOptions { write_back_bytes: 64 << 10, lies, ..SimOptions::default() };
    let simulation = Simulation::new(seed, options);
    let mut stream = Stream::new(seed, salt::WORKLOAD);
    let told = Arc::new(Told::default());
    let before = Arc::new(Mutex::new((0, 0, 0)));
    let world = simulation.process("copied");
    let (inside, seen, noted) = (world.clone(), told.clone(), before.clone());
    let wait_us = stream.below(30_000);
    let copied = simulation.block_on(&world, async move {
        let log = Log::open(inside.clone(), config(ROOT)).await.unwrap();
        log.create_topic("t", 1).await.unwrap();
        let writer = log.writer("t", 0).await.unwrap();
        let appending = append(log.clone(), writer, stream, seen.clone());
        inside.spawn("append", appending);
        inside.sleep(wait_us).await;
        let acknowledged = seen.acknowledged.load(Ordering::Relaxed);
        let committed = seen.committed.load(Ordering::Relaxed);
        let trims = seen.trims.load(Ordering::Relaxed);
        *noted.lock().unwrap() = (acknowledged, committed, trims);
        log.checkpoint(Path::new(COPY)).await.unwrap();
        let (during, trims) =
            (seen.acknowledged.load(Ordering::Relaxed), seen.trims.load(Ordering::Relaxed));
        while !seen.ended.load(Ordering::Relaxed) {
            inside.sleep(1_000).await;
        }
        (trims, during)
    });
    let (trims, during) = copied.unwrap();
    let (acknowledged, committed, trims_before) = *before.lock().unwrap();
    simulation.cut_power();
    let world = simulation.process("next");
    let inside = world.clone();
    let checked = simulation.block_on(&world, async move {
        let of_copy = check(&inside, COPY, acknowledged).await.unwrap();
        assert!(of_copy >= committed, "{committed} was committed, the copy has {of_copy}");
        // Its commits may be left where what they name is not.
        match check(&inside, ROOT, 0).await {
            Ok(_) | Err(StorageError::PositionLost { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    });
    checked.unwrap();
    (trims - trims_before, during - acknowledged)
}

#[test]
fn a_copy_is_whole_whatever_goes_on_meanwhile() {
    let (mut trims, mut messages) = (0, 0);
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let counts = run(seed, SyncLies::default());
        trims += counts.0;
        messages += counts.1;
    }
    println!("{SEEDS} copies, {trims} trims and {messages} messages while they were made");
    assert!(trims > 0 && messages > 0);
}

/// How many seeds may pass before a disk that does not do what it says is noticed.
const SEEDS_TO_NOTICE: u64 = 64;

#[test]
fn a_copy_that_is_not_forced_is_noticed() {
    for (files, directories) in [(true, false), (false, true)] {
        let lies = SyncLies { files, directories };
        let passes = |seed| std::panic::catch_unwind(|| run(seed, lies)).is_ok();
        assert!((0..SEEDS_TO_NOTICE).any(|seed| !passes(seed)), "{lies:?}");
    }
}
