//! Topics that several sessions make and widen at once, in a directory that is new to all of them.
#![allow(clippy::unwrap_used)]

use std::num::NonZero;
use std::sync::{Arc, Mutex};

use duolog::io::World;
use duolog::types::Message;
use duolog::{
    Appended, DiskConfig, Flusher, Log, PartitionBufferSet, StorageError, StorageResult,
    WriterPositionPtr,
};
use duolog_sim::world::{Sim, SimOptions, Simulation};

const SEEDS: u64 = 64;
const PARTITIONS: u32 = 4;

/// Each partition has an index database of its own: one process writes to a database.
fn config() -> DiskConfig {
    DiskConfig { partition_index_num_per_topic: PARTITIONS, ..DiskConfig::new("/sim/log") }
}

/// Writes one message to a partition of a topic that may not be there.
async fn write(world: Sim, number: u32) -> StorageResult<Appended> {
    let directory = config().storage_dir.join("t").join(number.to_string());
    let (pointer, flusher) = (Arc::new(WriterPositionPtr::new()), Arc::new(Flusher::default()));
    let set =
        PartitionBufferSet::with_world(world, directory, Arc::new(config()), pointer, flusher)?;
    let appended = set.write_batch(vec![Message::new("id", number.to_string())], true).await;
    set.close().await?;
    appended
}

/// Spawns what `run` makes of each number, and waits for all.
async fn at_once<T, F>(worlds: &[Sim], run: impl Fn(Sim, u32) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let ended = Arc::new(Mutex::new(Vec::new()));
    for number in 0..PARTITIONS {
        let world = &worlds[number as usize % worlds.len()];
        let (ended, run) = (ended.clone(), run(world.clone(), number));
        world.spawn("one of several", async move {
            let value = run.await;
            ended.lock().unwrap().push(value);
        });
    }
    while ended.lock().unwrap().len() < PARTITIONS as usize {
        worlds[0].sleep(1_000).await;
    }
    std::mem::take(&mut ended.lock().unwrap())
}

/// The sessions share a process, or come from two.
fn simulated(seed: u64, process_count: usize) -> (Simulation, Vec<Sim>) {
    let simulation = Simulation::new(seed, SimOptions::default());
    let worlds = (0..process_count).map(|_| simulation.process("writes")).collect();
    (simulation, worlds)
}

#[test]
fn writers_that_open_at_once_share_a_topic() {
    for (seed, process_count) in (0..SEEDS).flat_map(|seed| [(seed, 1), (seed, 2)]) {
        let (simulation, worlds) = simulated(seed, process_count);
        let run = async {
            for appended in at_once(&worlds, write).await {
                appended.unwrap();
            }
            let log = Log::open(worlds[0].clone(), config()).await.unwrap();
            assert_eq!(log.describe_topic("t").await.unwrap().partition_count, PARTITIONS);
            let reader = log.reader(1);
            for number in 0..PARTITIONS {
                let messages = reader.next("t", number, NonZero::<usize>::MIN, 0).await.unwrap();
                let payload = messages.first().unwrap().payload();
                assert_eq!(payload, number.to_string().as_bytes(), "seed {seed}");
            }
        };
        simulation.block_on(&worlds[0], run).unwrap();
    }
}

#[test]
fn one_of_several_makes_a_topic() {
    for (seed, process_count) in (0..SEEDS).flat_map(|seed| [(seed, 1), (seed, 2)]) {
        let (simulation, worlds) = simulated(seed, process_count);
        let create =
            async |world: Sim| Log::open(world, config()).await?.create_topic("t", 1).await;
        let run = async {
            let made = at_once(&worlds, |world, _| create(world)).await;
            let topics: Vec<_> = made.iter().flatten().collect();
            let exists =
                |result: &&StorageResult<_>| matches!(result, Err(StorageError::Exists(_)));
            assert_eq!(topics.len(), 1, "seed {seed}: {made:?}");
            assert_eq!(made.iter().filter(exists).count(), PARTITIONS as usize - 1, "{made:?}");
            let log = Log::open(worlds[0].clone(), config()).await.unwrap();
            assert_eq!(log.describe_topic("t").await.unwrap(), *topics[0]);
        };
        simulation.block_on(&worlds[0], run).unwrap();
    }
}
