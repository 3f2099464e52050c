//! Recovery of a partition whose files were damaged.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use duolog::io::{File, OpenMode, World};
use duolog::types::{Message, ReadMessage, ReadPosition};
use duolog::{Ack, DiskConfig, ErrorKind, Log, StorageError, StorageResult};
use duolog_sim::world::{Latencies, Sim, SimOptions, Simulation};

use crate::Input;

const ROOT: &str = "/fuzzed";
const TOPIC: &str = "topic";
const MESSAGE_COUNT: usize = 40;
const BATCH: usize = 4;
/// A segment holds a few batches, and a chunk of the index two.
const SEGMENT_BYTES: u64 = 4096;
const CHUNK_ENTRIES: usize = 8;
const EDITS_MAX: usize = 8;

/// The first byte says how the writer ended; then come edits of six bytes, each of one file of
/// the partition: which, where, what, a number.
pub fn run(input: &[u8]) {
    check(input, |read| read);
}

/// Holds opening a damaged partition to this: it is refused as corrupt, or what is read are the
/// messages that were appended, in order and without a hole, and another one can be appended and
/// found. `shown` is done to what was read: nothing, unless a test plants a reader that lies.
///
/// # Panics
/// Where it is not so, and where the engine panics.
pub fn check(input: &[u8], shown: impl Fn(Vec<ReadMessage>) -> Vec<ReadMessage>) {
    let mut input = Input(input);
    let is_killed = input.byte() & 1 == 1;
    let options = SimOptions { latencies: no_latencies(), ..SimOptions::default() };
    let simulation = Simulation::new(1, options);
    let writer = simulation.process("writer");
    let written = async {
        let writer = write(&writer).await?;
        if is_killed { Ok(()) } else { writer.close().await }
    };
    simulation.block_on(&writer, written).expect("writing ends").expect("nothing is damaged yet");
    simulation.kill(&writer);
    simulation.run_until(damage(simulation.host(), &mut input)).expect("damaging ends");
    let reader = simulation.process("reader");
    let outcome = simulation.block_on(&reader, reopen(&reader)).expect("recovery ends");
    let read = match outcome {
        Ok(read) => shown(read),
        Err(error) => {
            let kind = error.kind();
            assert!(kind == ErrorKind::Corrupt, "damage is told as {kind:?}: {error}");
            return;
        }
    };
    let (last, before) = read.split_last().expect("the message that was appended last is there");
    assert_eq!(last.id, "after", "the message appended last is not the last");
    for message in before {
        let expected = message_of(message.sequence as usize);
        assert_eq!(message.id, expected.id, "message {} is another one", message.sequence);
        assert_eq!(message.payload, expected.payload, "message {}", message.sequence);
    }
    let has_hole = |pair: &[ReadMessage]| pair[0].sequence + 1 != pair[1].sequence;
    assert!(!read.windows(2).any(has_hole), "there is a hole in what is read");
}

fn message_of(sequence: usize) -> Message {
    Message::new(format!("id-{sequence}"), vec![sequence as u8; 20 * (sequence % 7)])
}

fn config() -> DiskConfig {
    DiskConfig {
        segment_max_bytes: SEGMENT_BYTES,
        settle_chunk_entries: CHUNK_ENTRIES,
        ..DiskConfig::new(ROOT)
    }
}

/// Fills a new partition: several segments, part of it synced, part of it settled, a commit.
async fn write(world: &Sim) -> StorageResult<duolog::Writer<Sim>> {
    let log = Log::open(world.clone(), config()).await?;
    log.create_topic(TOPIC, 1).await?;
    let writer = log.writer(TOPIC, 0).await?;
    for first in (0..MESSAGE_COUNT).step_by(BATCH) {
        let ack = if first % 12 == 0 { Ack::Synced } else { Ack::Flushed };
        writer.append((first..first + BATCH).map(message_of).collect(), ack).await?;
        if first == MESSAGE_COUNT / 4 {
            writer.roll().await?;
        }
        if first == MESSAGE_COUNT / 2 {
            writer.settle().await?;
        }
    }
    let reader = log.reader(1);
    let read = reader.next(TOPIC, 0, NonZero::new(3).expect("not 0"), 0).await?;
    reader.commit(TOPIC, 0, read.last().expect("three were read").offset()).await?;
    Ok(writer)
}

/// Opens the partition again, appends one message and reads all.
async fn reopen(world: &Sim) -> StorageResult<Vec<ReadMessage>> {
    let log = Log::open(world.clone(), config()).await?;
    let writer = log.writer(TOPIC, 0).await?;
    let appended = writer.append(vec![Message::new("after", "x")], Ack::Synced).await?;
    let reader = log.reader(2);
    reader.seek(TOPIC, 0, ReadPosition::Earliest).await?;
    let mut read = Vec::new();
    loop {
        let more = reader.next(TOPIC, 0, NonZero::new(7).expect("not 0"), 0).await?;
        if more.is_empty() {
            break;
        }
        read.extend(more);
    }
    let found = reader.index().get_by_msg_id(TOPIC, 0, "after").await?;
    assert_eq!(found, appended.offsets[0], "the index leads elsewhere");
    match log.reader(1).committed(TOPIC, 0).await {
        Ok(_) | Err(StorageError::Corrupt { .. } | StorageError::PositionLost { .. }) => {}
        Err(error) => return Err(error),
    }
    writer.close().await?;
    Ok(read)
}

/// Applies the edits of an input to the files of the partition.
async fn damage(world: &Sim, input: &mut Input<'_>) {
    let mut files = Vec::new();
    list(world, &Path::new(ROOT).join(TOPIC), &mut files).await;
    for _ in 0..EDITS_MAX {
        if input.is_empty() || files.is_empty() {
            return;
        }
        let path = &files[usize::from(input.byte()) % files.len()];
        let (at, what, number) = (u64::from(input.short()), input.byte(), input.short());
        let Ok(file) = world.open(path, OpenMode::Write).await else { continue };
        let length = file.len().await.expect("no disk fails");
        let at = at % (length + 1);
        let edited = match what % 6 {
            0 => file.write_at(at, &number.to_le_bytes()).await,
            1 => file.set_len(at).await,
            2 => file.fill_zero(at, at + u64::from(number)).await,
            3 => world.remove_file(path).await,
            4 => file.write_at(length, &vec![number as u8; usize::from(number >> 8)]).await,
            _ => {
                let moved = file.read_at(at, usize::from(number)).await.expect("no disk fails");
                file.write_at(0, &moved).await
            }
        };
        edited.expect("no disk fails");
    }
}

/// Files below `directory`, in order of their paths, but for locks and the topic's own.
async fn list(world: &Sim, directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in world.list(directory).await.expect("no disk fails") {
        let path = directory.join(&entry.name);
        if entry.is_directory {
            Box::pin(list(world, &path, files)).await;
        } else if !entry.name.to_lowercase().ends_with("lock") && entry.name != "TOPIC" {
            files.push(path);
        }
    }
}

/// Calls that take no time.
pub(crate) fn no_latencies() -> Latencies {
    Latencies {
        file_us: 0..=0,
        sync_us: 0..=0,
        name_us: 0..=0,
        index_read_us: 0..=0,
        index_write_us: 0..=0,
        step_us: 0..=0,
    }
}

/// No damage, and one edit of each kind to each of the first files, after a clean end and a kill.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![vec![0], vec![1]];
    for what in 0..6 {
        for file in 0..8 {
            seeds.push(vec![what & 1, file, 100 + what, 1, what, 0x21, 0x03]);
        }
    }
    seeds
}

#[cfg(test)]
mod tests;
