//! A disk or an index that does not keep up: memory stays within the bounds that are set, and
//! writers wait, or are told why not.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use duolog::io::World;
use duolog::types::Message;
use duolog::{Ack, DiskConfig, Log, StorageError, Visibility, Writer};
use duolog_sim::world::{Sim, SimOptions, Simulation};

const PRODUCERS: u64 = 64;
const BATCHES: u64 = 40;
const PAYLOAD_BYTES: usize = 20_000;

fn config() -> DiskConfig {
    DiskConfig {
        visibility: Visibility::Synced,
        message_max_bytes: 64 << 10,
        segment_max_bytes: 4 << 20,
        staged_max_bytes: 256 << 10,
        settle_chunk_entries: 64,
        tail_max_entries: 400,
        backpressure_max_us: 60_000_000,
        ..DiskConfig::new("/sim/log")
    }
}

/// What the producers met, and the most memory that a watcher saw.
#[derive(Default)]
struct Seen {
    acknowledged: AtomicU64,
    refused: AtomicU64,
    done: AtomicU64,
    staged_bytes_max: AtomicU64,
    tail_entries_max: AtomicU64,
    backpressure: AtomicU64,
}

async fn produce(writer: Arc<Writer<Sim>>, producer: u64, seen: Arc<Seen>) {
    for batch in 0..BATCHES {
        let message = Message::new(format!("{producer}-{batch}"), vec![7; PAYLOAD_BYTES]);
        match writer.append(vec![message], Ack::Synced).await {
            Ok(_) => seen.acknowledged.fetch_add(1, Ordering::Relaxed),
            Err(StorageError::Backpressure { .. }) => seen.refused.fetch_add(1, Ordering::Relaxed),
            Err(error) => panic!("{error}"),
        };
    }
    seen.done.fetch_add(1, Ordering::Relaxed);
}

/// Runs the producers in a world with `options`, and looks every virtual millisecond.
fn run(options: SimOptions, config: DiskConfig) -> Arc<Seen> {
    let simulation = Simulation::new(1, options);
    let seen = Arc::new(Seen::default());
    let world = simulation.host().clone();
    let watched = seen.clone();
    simulation
        .run_until(async move {
            let log = Log::open(world.clone(), config).await.unwrap();
            log.create_topic("t", 1).await.unwrap();
            let writer = Arc::new(log.writer("t", 0).await.unwrap());
            for producer in 0..PRODUCERS {
                world.spawn("producer", produce(writer.clone(), producer, watched.clone()));
            }
            while watched.done.load(Ordering::Relaxed) < PRODUCERS {
                let metrics = writer.metrics();
                watched.staged_bytes_max.fetch_max(metrics.staged_bytes, Ordering::Relaxed);
                let entries = metrics.tail_entries as u64;
                watched.tail_entries_max.fetch_max(entries, Ordering::Relaxed);
                watched.backpressure.fetch_max(metrics.backpressure_count, Ordering::Relaxed);
                world.sleep(1_000).await;
            }
            let end = writer.marks().log_end;
            assert_eq!(end, watched.acknowledged.load(Ordering::Relaxed));
        })
        .unwrap();
    seen
}

fn slow(mut options: SimOptions) -> SimOptions {
    options.latencies.file_us = 20_000..=50_000;
    options.latencies.sync_us = 200_000..=500_000;
    options
}

#[test]
fn on_a_slow_disk_batches_under_way_stay_within_their_bound() {
    let (config, options) = (config(), slow(SimOptions::default()));
    let bound = config.staged_max_bytes as u64;
    let seen = run(options, config);
    let most = seen.staged_bytes_max.load(Ordering::Relaxed);
    // The producers together hold five times the bound: it was what held them back.
    assert!(most <= bound && most > bound * 3 / 4, "{most} of {bound} bytes");
    assert_eq!(seen.acknowledged.load(Ordering::Relaxed), PRODUCERS * BATCHES);
    println!("staged at most {most} of {bound} bytes");
}

#[test]
fn where_settling_does_not_keep_up_the_tail_stays_within_its_bound() {
    let mut options = SimOptions::default();
    options.latencies.index_write_us = 2_000_000..=3_000_000;
    let config = config();
    let bound = config.tail_max_entries as u64;
    let seen = run(options, config);
    let most = seen.tail_entries_max.load(Ordering::Relaxed);
    // Who waited for memory had been let past the bound before: one batch for each producer.
    assert!(most <= bound + PRODUCERS && most >= bound, "{most} of {bound} entries");
    assert!(seen.backpressure.load(Ordering::Relaxed) > 0);
    assert_eq!(seen.acknowledged.load(Ordering::Relaxed), PRODUCERS * BATCHES);
    println!("tail at most {most} of {bound} entries");
}

#[test]
fn where_settling_stands_still_writers_are_told_why() {
    let mut options = SimOptions::default();
    options.latencies.index_write_us = 3_600_000_000..=3_600_000_000;
    let config = DiskConfig { backpressure_max_us: 1_000_000, ..config() };
    let bound = config.tail_max_entries as u64;
    let seen = run(options, config);
    let acknowledged = seen.acknowledged.load(Ordering::Relaxed);
    assert!(acknowledged <= bound + PRODUCERS, "{acknowledged} of {bound}");
    assert_eq!(acknowledged + seen.refused.load(Ordering::Relaxed), PRODUCERS * BATCHES);
}
