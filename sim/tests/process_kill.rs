//! A process that appends is killed with SIGKILL, at every step and at random moments. Nothing
//! that it was told is flushed may be missing, the index must equal the log, and the next process
//! goes on.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // Real processes and pipes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use duolog::io::decorate::Observed;
use duolog::io::real::Real;
use duolog::io::{IndexBackend, IndexOptions, IndexPrimary, Step, World};
use duolog::types::{Message, ReadPosition};
use duolog::{Ack, DiskConfig, Log};

const CHILD: &str = "DUOLOG_KILL_CHILD";
const BATCH: u64 = 5;

fn config(directory: &Path) -> DiskConfig {
    DiskConfig {
        segment_max_bytes: 4 << 10,
        settle_chunk_entries: 20,
        retention_max_bytes: Some(64 << 10),
        ..DiskConfig::new(directory)
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "@{line}").unwrap();
    out.flush().unwrap();
}

async fn open<W: World>(world: &W, directory: &Path) -> Log<W> {
    let log = Log::open(world.clone(), config(directory)).await.unwrap();
    if log.describe_topic("t").await.is_err() {
        log.create_topic("t", 1).await.unwrap();
    }
    log
}

fn messages(first: u64, count: u64) -> Vec<Message> {
    let message = |number| Message::new(format!("id-{number}"), vec![number as u8; 100]);
    (first..first + count).map(message).collect()
}

/// Gives a log an index from before retention dropped its oldest segments, as where somebody put
/// an old copy in its place: the next opening has to note in it what can never be settled.
async fn age_index<W: World>(world: &W, directory: &Path) {
    let shard = directory.join("t/index/0");
    let (current, old) = (shard.join("0"), shard.join("old"));
    let append = async |count| {
        let writer = open(world, directory).await.writer("t", 0).await.unwrap();
        let first = writer.marks().log_end;
        let appended = writer.append(messages(first, count), Ack::Flushed).await.unwrap();
        say(&format!("acked {}", appended.end()));
        writer.roll().await.unwrap();
        writer.settle().await.unwrap();
        writer
    };
    let writer = append(BATCH).await;
    let settled = writer.marks().settled;
    writer.close().await.unwrap();
    drop(writer);
    let primary = world.index().open_primary(&current, IndexOptions::default()).await.unwrap();
    primary.checkpoint(&old).await.unwrap();
    // The index in memory has no directory of its own, and what is renamed needs one.
    world.create_directories(&old).await.unwrap();
    drop(primary);
    append(BATCH).await.close().await.unwrap();
    let writer = append(BATCH).await;
    writer.trim_to(u64::MAX).await.unwrap();
    assert!(writer.marks().log_start > settled);
    writer.close().await.unwrap();
    drop(writer);
    // Waits until it is closed.
    drop(world.index().open_primary(&current, IndexOptions::default()).await.unwrap());
    world.index().file_count(&current).await.unwrap();
    world.remove_directory(&current).await.unwrap();
    world.rename(&old, &current).await.unwrap();
}

/// What the child does: reports each acknowledgement, and stops dead at the step it is told.
#[test]
fn child() {
    let Ok(orders) = std::env::var(CHILD) else { return };
    let parts: Vec<&str> = orders.split('|').collect();
    let (directory, step, nth) = (PathBuf::from(parts[0]), parts[1], parts[2]);
    let (step, nth): (usize, u64) = (step.parse().unwrap(), nth.parse().unwrap());
    let world = Observed::new(Real::new());
    let wanted = Step::ALL.get(step).copied();
    if wanted == Some(Step::RecoveryIndexed) {
        block_on(age_index(&world, &directory));
    }
    world.on_step(move |step, count| {
        if Some(step) == wanted && count == nth {
            say("at");
            loop {
                std::thread::park();
            }
        }
    });
    block_on(async {
        let log = open(&world, &directory).await;
        let mut writer = log.writer("t", 0).await.unwrap();
        let reader = log.reader(1);
        for batch in 1_u64.. {
            if batch % 30 == 0 {
                writer.close().await.unwrap();
                writer = log.writer("t", 0).await.unwrap();
            }
            let first = writer.marks().log_end;
            let messages = messages(first, BATCH);
            let ack = if (first / BATCH).is_multiple_of(3) { Ack::Synced } else { Ack::Flushed };
            let appended = writer.append(messages, ack).await.unwrap();
            say(&format!("acked {}", appended.end()));
            if (first / BATCH).is_multiple_of(4) {
                reader.commit("t", 0, appended.offsets[0]).await.unwrap();
                say(&format!("committed {}", appended.first_sequence + 1));
            }
            if first / BATCH % 16 == 15 {
                reader.reset_group("t", 0, ReadPosition::Latest).await.unwrap();
                say(&format!("committed {}", appended.end()));
            }
            if first / BATCH % 32 == 31 {
                writer.flush(true).await.unwrap();
            }
        }
    });
}

#[derive(Default)]
struct Seen {
    acked: u64,
    committed: u64,
    between_steps: bool,
}

/// Runs a child until it stops at its step, or has acknowledged `limit` batches, and kills it.
fn run_child(directory: &Path, step: usize, nth: u64, limit: u64) -> Seen {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(CHILD, format!("{}|{step}|{nth}", directory.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut seen = Seen::default();
    let mut batches = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some((_, line)) = line.split_once('@') else { continue };
        match line.split_once(' ') {
            Some(("acked", end)) => {
                seen.acked = end.parse().unwrap();
                batches += 1;
            }
            Some(("committed", next)) => seen.committed = next.parse().unwrap(),
            _ => seen.between_steps = true,
        }
        if seen.between_steps || batches >= limit {
            child.kill().unwrap();
            break;
        }
    }
    child.wait().unwrap();
    seen
}

/// Opens what the dead child left and holds it against what the child was told.
fn examine(world: &Real, directory: &Path, seen: &Seen) {
    block_on(async {
        // Nothing is trimmed while it is counted.
        let config = DiskConfig { retention_max_bytes: None, ..config(directory) };
        let log = Log::open(world.clone(), config).await.unwrap();
        if log.describe_topic("t").await.is_err() {
            assert_eq!(seen.acked, 0, "the topic was acknowledged");
            return;
        }
        let writer = log.writer("t", 0).await.unwrap();
        let marks = writer.marks();
        assert!(marks.high_watermark >= seen.acked, "{} acknowledged, {marks:?}", seen.acked);
        let reader = log.reader(1);
        let committed = reader.committed("t", 0).await.unwrap().map_or(0, |at| at.sequence);
        assert!(committed >= seen.committed, "committed {} is {committed}", seen.committed);
        reader.seek("t", 0, ReadPosition::Earliest).await.unwrap();
        let mut next = marks.log_start;
        while next < marks.high_watermark {
            for message in reader.next("t", 0, NonZero::new(512).unwrap(), 0).await.unwrap() {
                assert_eq!(message.sequence, next);
                assert_eq!(message.id, format!("id-{next}"));
                assert_eq!(message.payload, vec![next as u8; 100]);
                next += 1;
            }
        }
        let found = log.index().get_by_msg_id("t", 0, &format!("id-{}", next.max(1) - 1)).await;
        assert_eq!(found.is_ok(), next > marks.log_start, "the newest is found by id");
        writer.settle().await.unwrap();
        for report in log.verify().await.unwrap() {
            assert!(report.problems.is_empty(), "{report:?}");
            assert_eq!(report.settled, marks.high_watermark);
        }
        writer.close().await.unwrap();
        drop((writer, reader, log));
        release(world, directory).await;
    });
}

/// Waits until this process has let go of the databases: the next one could not open them before.
async fn release(world: &Real, directory: &Path) {
    #[cfg(feature = "rocks")]
    {
        let manager = duolog::index::rocks::RocksDBInstanceManager::new(world.clone());
        while manager.cleanup_storage_root(directory) > 0 {
            tokio::task::yield_now().await;
        }
        duolog::io::World::index(world).closed(&directory.canonicalize().unwrap()).await;
    }
    #[cfg(not(feature = "rocks"))]
    let _ = (world, directory);
}

/// Leaves half a frame at the end of the newest segment, as a write that the kill cut short.
fn tear(directory: &Path) {
    let mut segments: Vec<PathBuf> = std::fs::read_dir(directory.join("t/0"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    segments.sort();
    let newest = segments.last().unwrap();
    let mut file = std::fs::OpenOptions::new().append(true).open(newest).unwrap();
    file.write_all(&[0xd5; 200]).unwrap();
}

#[test]
fn a_process_killed_anywhere_loses_nothing_that_was_flushed() {
    let directory = tempfile::tempdir().unwrap();
    // One world: it knows which databases are still closing.
    let world = Real::new();
    let mut reached: BTreeMap<Step, u32> = BTreeMap::new();
    let mut kills = 0;
    for round in 0..4_u64 {
        for (number, step) in Step::ALL.into_iter().enumerate() {
            let recovers = [Step::RecoveryCut, Step::RecoveryRewritten, Step::RecoveryIndexed];
            let once = recovers.contains(&step);
            let often = !matches!(step, Step::EpochForced | Step::Closed);
            let nth = match round {
                _ if once => 1,
                _ if often => [1, 2, 3, 7][round as usize],
                _ => 1 + round % 2,
            };
            if once {
                // What the opening is to recover from.
                let seen = run_child(directory.path(), usize::MAX, 0, 2 + round);
                kills += 1;
                if step == Step::RecoveryCut {
                    tear(directory.path());
                }
                assert!(seen.acked > 0);
            }
            let seen = run_child(directory.path(), number, nth, 90);
            examine(&world, directory.path(), &seen);
            kills += 1;
            *reached.entry(step).or_default() += u32::from(seen.between_steps);
        }
    }
    for round in 0..10_u64 {
        let seen = run_child(directory.path(), usize::MAX, 0, 3 + round * 5);
        examine(&world, directory.path(), &seen);
        kills += 1;
    }
    let between: u32 = reached.values().sum();
    println!("{kills} kills, {between} of them between two steps: {reached:?}");
    assert!(kills >= 100 && between >= 70, "{kills} kills, {between} between steps");
    let missed: Vec<_> = reached.iter().filter(|(_, count)| **count == 0).collect();
    assert!(missed.is_empty(), "no kill at {missed:?}");
}
