//! The small files beside the segments: marks, epochs, commits, topics, the format.

use std::path::Path;

use duolog::group::CommitFile;
use duolog::io::{File, OpenMode, World};
use duolog::log::{EpochHistory, MarkFile, TopicInfo};
use duolog::types::TopicName;
use duolog::{DiskConfig, Log, StorageError};
use duolog_sim::world::{Sim, SimFile, SimOptions, Simulation};

use crate::recovery::no_latencies;
use crate::{Input, seal};

/// Of the bits of an input's first byte: checksums are made right.
const SEALED: u8 = 0x80;
const ROOT: &str = "/fuzzed";
const TOPIC: &str = "topic";
const GROUP: u32 = 5;
const COMMIT_STRIDE_BYTES: usize = 4096;
const MARK_BYTES: usize = 80;
const START_BYTES: usize = 32;
/// The record, a note of the log's start and its copy begin at multiples of this.
const START_STRIDE_BYTES: usize = 2048;
const MARK_BLOCKS_BYTES: [Option<usize>; 4] =
    [Some(MARK_BYTES), None, Some(START_BYTES), Some(START_BYTES)];
const EPOCH_COPY_BYTES: usize = 32;
const COMMIT_BYTES: usize = 48;
const TOPIC_BYTES: usize = 64;

/// The first byte says which file the rest is, and whether checksums are made right.
pub fn run(input: &[u8]) {
    check(input, |_| {});
}

/// Holds the readers of these files to this: what they accept has a right checksum. `mended` is
/// done to a file before it is read: nothing, unless a test plants a reader that mends it.
/// Answers whether anything was accepted.
///
/// # Panics
/// Where it is not so, and where a reader panics.
pub fn check(input: &[u8], mended: impl Fn(&mut [u8])) -> bool {
    let mut input = Input(input);
    let how = input.byte();
    let kind = how % 5;
    let mut content = input.0.to_vec();
    if how & SEALED != 0 {
        blocks(&mut content, kind).into_iter().for_each(seal::block);
    }
    let is_sealed = |content: &mut [u8]| -> Vec<bool> {
        blocks(content, kind).into_iter().map(|block| seal::is_sealed(block)).collect()
    };
    let sealed = is_sealed(&mut content);
    blocks(&mut content, kind).into_iter().for_each(mended);
    let options = SimOptions { latencies: no_latencies(), ..SimOptions::default() };
    let simulation = Simulation::new(1, options);
    let world = simulation.process("reader");
    let accepted = simulation
        .block_on(&world, read(&world, kind, &content))
        .expect("reading a small file ends");
    let any = sealed.iter().any(|sealed| *sealed);
    match (kind, accepted) {
        (_, 0) | (4, _) => {}
        (1, count) => {
            let mut counted = sealed.chunks(2).take(count);
            let is_sealed = counted.all(|copies| copies.contains(&true));
            assert!(is_sealed, "an epoch with wrong checksums counts");
        }
        (_, _) => assert!(any, "a file of kind {kind} with a wrong checksum is accepted"),
    }
    accepted > 0
}

/// The blocks of a file that have a checksum each.
fn blocks(content: &mut [u8], kind: u8) -> Vec<&mut [u8]> {
    match kind {
        0 => {
            let blocks = content.chunks_mut(START_STRIDE_BYTES).zip(MARK_BLOCKS_BYTES);
            blocks.filter_map(|(chunk, length)| chunk.get_mut(..length?)).collect()
        }
        1 => content.chunks_exact_mut(EPOCH_COPY_BYTES).collect(),
        2 => {
            let slots = content.chunks_mut(COMMIT_STRIDE_BYTES).take(2);
            slots.filter_map(|slot| slot.get_mut(..COMMIT_BYTES)).collect()
        }
        3 => content.chunks_exact_mut(TOPIC_BYTES).take(1).collect(),
        _ => Vec::new(),
    }
}

/// How much of the file its reader accepts: blocks of the epochs, 1 or 0 of the others.
async fn read(world: &Sim, kind: u8, content: &[u8]) -> usize {
    let root = Path::new(ROOT);
    match kind {
        0 => {
            write(world, &root.join(MarkFile::<SimFile>::FILE_NAME), content).await;
            let mark = MarkFile::<SimFile>::read(world, root).await.expect("no disk fails");
            let start = MarkFile::<SimFile>::log_start(world, root).await;
            usize::from(mark.is_some() || start.is_ok_and(|start| start > Some(0)))
        }
        1 => {
            write(world, &root.join(EpochHistory::FILE_NAME), content).await;
            let Ok(mut history) = EpochHistory::read(world, root).await else { return 0 };
            let Some(last) = history.last() else { return 0 };
            let position = history.position(last.first_sequence);
            assert!(history.owner(last.first_sequence).is_some_and(|it| it <= last.epoch));
            assert!(position.epoch <= last.epoch, "a position of an epoch to come");
            let count = content.len() / (2 * EPOCH_COPY_BYTES);
            if last.epoch < u32::MAX {
                let begun = history.begin(world, root, 0).await.expect("no disk fails");
                assert_eq!(begun, last.epoch + 1);
            }
            // At most the last was left out.
            count.saturating_sub(1)
        }
        2 => {
            let name = format!("{GROUP}.commit");
            let path = CommitFile::<Sim>::directory(root).join(name);
            write(world, &path, content).await;
            let committed = CommitFile::peek(world, root, GROUP).await;
            let owned = CommitFile::own(world, root, GROUP).await.map(|file| file.committed());
            assert_eq!(committed.as_ref().ok(), owned.as_ref().ok(), "two readers differ");
            usize::from(matches!(committed, Ok(Some(_))))
        }
        3 => {
            let name = TopicName::new(TOPIC).expect("a valid name");
            write(world, &TopicInfo::directory(root, &name).join("TOPIC"), content).await;
            usize::from(matches!(TopicInfo::read(world, root, &name).await, Ok(Some(_))))
        }
        _ => {
            write(world, &root.join("FORMAT"), content).await;
            let opened = Log::open(world.clone(), DiskConfig::new(root)).await;
            let is_known = matches!(
                opened.as_ref().map(|_| ()),
                Ok(()) | Err(StorageError::Corrupt { .. } | StorageError::NewerFormat { .. })
            );
            assert!(is_known, "the format is refused for another reason");
            usize::from(opened.is_ok())
        }
    }
}

async fn write(world: &Sim, path: &Path, content: &[u8]) {
    let directory = path.parent().expect("a file lies in a directory");
    world.create_directories(directory).await.expect("no disk fails");
    let file = world.open(path, OpenMode::Create).await.expect("no disk fails");
    file.write_at(0, content).await.expect("no disk fails");
}

/// A block of `length` bytes that begins with `first`, sealed, behind the byte that names it.
fn seed(kind: u8, first: &[u8], length: usize) -> Vec<u8> {
    let mut block: Vec<u8> = (0..length).map(|at| (at % 3) as u8).collect();
    block[..first.len()].copy_from_slice(first);
    seal::block(&mut block);
    [&[kind][..], &block].concat()
}

/// One of each kind, as it is and to be sealed after a mutation.
pub fn seeds() -> Vec<Vec<u8>> {
    let epoch = |number: u8| {
        let mut block = [0; EPOCH_COPY_BYTES];
        block[..4].copy_from_slice(b"DLEP");
        (block[4], block[8]) = (number, number * 10);
        seal::block(&mut block);
        [block, block].concat()
    };
    let note = &seed(0, b"DLST", START_BYTES)[1..];
    let zeros = |length| vec![0; length];
    let between = zeros(START_STRIDE_BYTES - START_BYTES);
    let mut seeds = vec![
        seed(0, b"DLMK", MARK_BYTES),
        [vec![1], epoch(1), epoch(2), epoch(4)].concat(),
        // Slot number 0, something committed.
        seed(2, b"DLCO\0\0\0\0\0\0\0\0\x01\0\0\0", COMMIT_BYTES),
        seed(3, b"DLTO", TOPIC_BYTES),
        [&zeros(1 + 2 * START_STRIDE_BYTES)[..], note, &between, note].concat(),
        b"\x04duolog\nformat 1\nreader_min 1\nwriter_min 1\n".to_vec(),
    ];
    let sealed: Vec<_> = seeds.iter().map(|seed| to_be_sealed(seed)).collect();
    seeds.extend(sealed);
    seeds
}

/// The same input with checksums made right. 128 is 3 more than a multiple of 5.
fn to_be_sealed(seed: &[u8]) -> Vec<u8> {
    let mut seed = seed.to_vec();
    seed[0] = (SEALED..=u8::MAX).find(|how| how % 5 == seed[0]).expect("one of five");
    seed
}

#[cfg(test)]
mod tests;
