//! The engine under power loss: it dies at any step, the disk keeps any part of what no sync
//! forced, and the next opening finds everything that was acknowledged as synced, as a prefix of
//! what was appended, with an index that equals the log. Crash, recover, append, crash, recover.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // The seeds may be given in the environment.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::{Arc, Mutex};

use duolog::io::Step;
use duolog::types::{Message, ReadPosition};
use duolog::{Ack, DiskConfig, Log, StorageError};
use duolog_sim::seed::{Stream, salt};
use duolog_sim::world::{PowerLoss, Sim, SimError, SimOptions, Simulation, SyncFailure, SyncLies};

/// CI runs these seeds; `DUOLOG_SEEDS=A..B` runs others.
const SEEDS: std::ops::Range<u64> = 0..400;
const ROUNDS: u64 = 4;
const BATCHES: u64 = 40;

fn config(stream: &mut Stream) -> DiskConfig {
    DiskConfig {
        message_max_bytes: 8 << 10,
        segment_max_bytes: 4 << 10 << stream.below(4),
        settle_chunk_entries: 1 + stream.below_index(24),
        fill_ahead_bytes: if stream.chance(1, 3) { 8 << 10 } else { 0 },
        ..DiskConfig::new("/sim/log")
    }
}

/// What the callers were told.
#[derive(Clone, Debug, Default)]
struct Told {
    /// The id of each acknowledged sequence.
    ids: BTreeMap<u64, String>,
    /// All ids ever handed to the engine.
    tried: Vec<String>,
    /// What is below is synced.
    synced: u64,
    /// The newest commit that was tried.
    commit_tried: u64,
    batch: u64,
}

type Shared = Arc<Mutex<Told>>;

/// The log with its topic.
async fn open(world: &Sim, config: DiskConfig) -> Result<Log<Sim>, StorageError> {
    let log = Log::open(world.clone(), config).await?;
    if log.describe_topic("t").await.is_err() {
        log.create_topic("t", 1).await?;
    }
    Ok(log)
}

fn payload(id: &str) -> Vec<u8> {
    id.bytes().cycle().take(40 + id.len() * 37 % 900).collect()
}

/// Appends, commits, rolls and settles until it dies.
async fn work(log: &Log<Sim>, mut stream: Stream, told: &Shared) -> Result<(), StorageError> {
    let writer = log.writer("t", 0).await?;
    let reader = log.reader(1);
    for _ in 0..BATCHES {
        let ids: Vec<String> = {
            let mut told = told.lock().unwrap();
            told.batch += 1;
            let batch = told.batch;
            let ids: Vec<_> = (0..1 + stream.below(5)).map(|n| format!("b{batch}-{n}")).collect();
            told.tried.extend(ids.iter().cloned());
            ids
        };
        let messages = ids.iter().map(|id| Message::new(id, payload(id))).collect();
        let ack = if stream.chance(1, 3) { Ack::Synced } else { Ack::Flushed };
        let appended = writer.append(messages, ack).await?;
        {
            let mut told = told.lock().unwrap();
            let (first, end) = (appended.first_sequence, appended.end());
            told.ids.extend((first..end).zip(ids));
            if ack == Ack::Synced {
                told.synced = told.synced.max(end);
            }
        }
        match stream.below(12) {
            0 => writer.roll().await?,
            1 => writer.settle().await?,
            2 => {
                let end = appended.end();
                writer.flush(true).await?;
                let mut told = told.lock().unwrap();
                told.synced = told.synced.max(end);
            }
            3 if ack == Ack::Synced => {
                let next = appended.first_sequence + 1;
                told.lock().unwrap().commit_tried = next;
                reader.commit("t", 0, appended.offsets[0]).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Holds what is there against what the callers were told, and takes it as told from now on.
async fn check(log: &Log<Sim>, told: &Shared) -> Result<(), StorageError> {
    let writer = log.writer("t", 0).await?;
    let before = told.lock().unwrap().clone();
    let end = writer.marks().log_end;
    assert!(end >= before.synced, "{} messages were synced, {end} are there", before.synced);
    let ids = read_all(log, end).await?;
    for (sequence, id) in &ids {
        assert!(before.tried.contains(id), "{id} was never appended");
        let acknowledged = before.ids.get(sequence);
        assert!(acknowledged.is_none_or(|acknowledged| acknowledged == id), "{sequence}: {id}");
        log.index().get_by_msg_id("t", 0, id).await?;
    }
    let problems = &log.verify().await?[0].problems;
    assert!(problems.is_empty(), "{problems:?}");
    let committed = log.reader(1).committed("t", 0).await?;
    let committed = committed.map_or(0, |position| position.sequence);
    // A commit is with the operating system when it is acknowledged: power loss may undo it.
    assert!(committed <= before.commit_tried, "{committed} was never committed");
    writer.close().await?;
    let mut told = told.lock().unwrap();
    (told.ids, told.synced) = (ids, end);
    Ok(())
}

/// The ids of all messages, by sequence.
async fn read_all(log: &Log<Sim>, end: u64) -> Result<BTreeMap<u64, String>, StorageError> {
    let reader = log.reader(2);
    reader.seek("t", 0, ReadPosition::Earliest).await?;
    let mut ids = BTreeMap::new();
    while (ids.len() as u64) < end {
        let read = reader.next("t", 0, NonZero::new(64).unwrap(), 0).await?;
        assert!(!read.is_empty(), "{} of {end} messages are read", ids.len());
        for message in read {
            assert_eq!(message.payload.as_ref(), payload(&message.id), "{}", message.id);
            ids.insert(ids.len() as u64, message.id.to_string());
        }
    }
    Ok(ids)
}

/// What one seed did.
#[derive(Default)]
struct Counts {
    kills: u64,
    losses: u64,
    lost: PowerLoss,
    messages: u64,
}

/// Names the seed where a check panics.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("again with DUOLOG_SEEDS={}..{} --test power_loss", self.0, self.0 + 1);
        }
    }
}

/// One process: opens, checks, works; dies where the seed says, and may meet a sync that fails.
fn live(simulation: &Simulation, config: &DiskConfig, stream: &mut Stream, told: &Shared) -> bool {
    let world = simulation.process("process");
    if stream.chance(7, 8) {
        simulation.kill_at_step(&world, *stream.pick(&Step::ALL), 1 + stream.below(12));
    }
    let fails = stream.chance(1, 3);
    if fails {
        let failure = *stream.pick(&SyncFailure::ALL);
        simulation.fail_sync(&world, 1 + stream.below(30), failure);
    }
    let work_stream = Stream::new(stream.draw(), salt::WORKLOAD);
    let (inside, config, told) = (world.clone(), config.clone(), told.clone());
    let ended = simulation.block_on(&world, async move {
        let log = open(&inside, config).await?;
        check(&log, &told).await?;
        work(&log, work_stream, &told).await
    });
    match ended {
        Ok(Ok(())) => simulation.kill(&world),
        // The caller was told; what it was told before must hold for the next process.
        Ok(Err(_)) if fails => simulation.kill(&world),
        Ok(Err(error)) => panic!("{error}"),
        Err(SimError::Killed { .. }) => return true,
        Err(error) => panic!("{error}"),
    }
    false
}

fn run(seed: u64, lies: SyncLies) -> Counts {
    let options = SimOptions { write_back_bytes: 64 << 10, lies, ..SimOptions::default() };
    let simulation = Simulation::new(seed, options);
    let mut stream = Stream::new(seed, salt::FAULTS);
    let config = config(&mut stream);
    let told = Shared::default();
    let mut counts = Counts::default();
    for _ in 0..ROUNDS {
        counts.kills += u64::from(live(&simulation, &config, &mut stream, &told));
        if stream.chance(1, 4) {
            continue;
        }
        let lost = simulation.cut_power();
        counts.losses += u64::from(lost != PowerLoss::default());
        counts.lost.lost_page_count += lost.lost_page_count;
        counts.lost.torn_page_count += lost.torn_page_count;
        counts.lost.forgotten_page_count += lost.forgotten_page_count;
        counts.lost.lost_length_count += lost.lost_length_count;
        counts.lost.lost_entry_count += lost.lost_entry_count;
    }
    let world = simulation.process("last");
    let (inside, last) = (world.clone(), told.clone());
    let checked = simulation
        .block_on(&world, async move { check(&open(&inside, config).await?, &last).await });
    checked.unwrap().unwrap_or_else(|error| panic!("{error}"));
    counts.messages = told.lock().unwrap().ids.len() as u64;
    counts
}

fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("DUOLOG_SEEDS") else { return SEEDS };
    let (from, to) = text.split_once("..").expect("DUOLOG_SEEDS is A..B");
    from.parse().unwrap()..to.parse().unwrap()
}

#[test]
fn synced_messages_survive_power_loss_at_any_step() {
    let mut all = Counts::default();
    for seed in seeds() {
        let _named = Named(seed);
        let counts = run(seed, SyncLies::default());
        all.kills += counts.kills;
        all.losses += counts.losses;
        all.messages += counts.messages;
        all.lost.lost_page_count += counts.lost.lost_page_count;
        all.lost.forgotten_page_count += counts.lost.forgotten_page_count;
        all.lost.lost_length_count += counts.lost.lost_length_count;
        all.lost.torn_page_count += counts.lost.torn_page_count;
        all.lost.lost_entry_count += counts.lost.lost_entry_count;
    }
    println!(
        "{} kills, {} power losses that lost something ({:?}), {} messages left",
        all.kills, all.losses, all.lost, all.messages
    );
    assert!(all.losses > 0 && all.kills > 0 && all.messages > 0);
}

/// How many seeds may pass before a disk that does not do what it says is noticed.
const SEEDS_TO_NOTICE: u64 = 64;

fn is_noticed(lies: SyncLies) -> bool {
    let passes = |seed| std::panic::catch_unwind(|| run(seed, lies)).is_ok();
    (0..SEEDS_TO_NOTICE).any(|seed| !passes(seed))
}

#[test]
fn a_disk_that_lies_about_syncs_is_noticed() {
    assert!(is_noticed(SyncLies { files: true, directories: false }));
    assert!(is_noticed(SyncLies { files: false, directories: true }));
}
