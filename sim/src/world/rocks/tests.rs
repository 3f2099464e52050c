#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;

use duolog::io::{
    Family, IndexBackend, IndexOptions, IndexPrimary, IndexRead, IndexSecondary, SortedRun,
    SortedRuns, World,
};

use super::super::{IndexLoss, Sim, SimIndexKind, SimOptions, Simulation, TraceSummary};

const DIRECTORY: &str = "/sim/index/0";

struct Machine {
    // Dropped in this order: RocksDB closes before its files go.
    simulation: Simulation,
    _root: tempfile::TempDir,
}

fn machine(seed: u64) -> Machine {
    // In memory where there is such a place: RocksDB forces much.
    let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let index = SimIndexKind::Rocks(root.path().to_owned());
    let options = SimOptions { index, keep_trace: true, ..SimOptions::default() };
    Machine { simulation: Simulation::new(seed, options), _root: root }
}

/// Entries `from..to` of every family.
fn runs(from: u32, to: u32) -> SortedRuns {
    std::array::from_fn(|_| {
        let mut run = SortedRun::default();
        (from..to).for_each(|key| run.push(&key.to_be_bytes(), &key.to_le_bytes()));
        run
    })
}

/// How many entries each family has; they must be the first ones.
async fn counts(instance: &impl IndexRead) -> BTreeSet<u32> {
    let mut counts = BTreeSet::new();
    for family in Family::ALL {
        let found = instance.scan(family, &[]..&[0xff], usize::MAX).await.unwrap();
        let count = found.len() as u32;
        let expected = (0..count).map(|key| (key.to_be_bytes().into(), key.to_le_bytes().into()));
        assert!(found.into_iter().eq(expected), "{} has a hole", family.name());
        counts.insert(count);
    }
    counts
}

async fn open(process: &Sim) -> impl IndexPrimary + use<> {
    process.create_directories(Path::new("/sim/index")).await.unwrap();
    process.index().open_primary(Path::new(DIRECTORY), IndexOptions::default()).await.unwrap()
}

/// Has the name of the database on disk, so that a power loss leaves it.
async fn force_names(process: &Sim) {
    for path in ["/sim", "/sim/index"] {
        process.sync_directory(Path::new(path)).await.unwrap();
    }
}

#[test]
fn backend_keeps_the_contract() {
    let machine = machine(1);
    let process = machine.simulation.process("writer");
    let root = Path::new("/sim/index").to_owned();
    let suite = async {
        process.create_directories(&root).await.unwrap();
        duolog::index::backend_conformance::suite(process.index().clone(), root.clone()).await
    };
    machine.simulation.block_on(&process, suite).unwrap().unwrap();
}

#[test]
fn what_is_settled_outlives_a_kill_and_names_of_the_run_are_told_to_nobody() {
    let machine = machine(1);
    let simulation = &machine.simulation;
    let (first, second) = (simulation.process("first"), simulation.process("second"));
    let lived = async {
        let primary = open(&first).await;
        primary.settle(runs(0, 10)).await.unwrap();
        let directory = Path::new(DIRECTORY);
        let held = second.index().open_primary(directory, IndexOptions::default()).await;
        let held = held.map(drop).unwrap_err().to_string();
        assert!(held.contains("/sim/index/0/LOCK") && !held.contains("live"), "{held}");
        let private = Path::new("/sim/private");
        let secondary = second.index().open_secondary(directory, private).await.unwrap();
        simulation.kill(&first);
        let reopened = open(&second).await;
        assert_eq!(counts(&reopened).await, BTreeSet::from([10]));
        reopened.settle(runs(10, 20)).await.unwrap();
        secondary.catch_up().await.unwrap();
        assert_eq!(counts(&secondary).await, BTreeSet::from([20]));
    };
    simulation.run_until(lived).unwrap();
}

/// Processes settle one entry after the other until the power goes, most often amid a call; then
/// what had returned must be there. Several lives, one after the other.
fn lives(seed: u64) -> (IndexLoss, TraceSummary) {
    let machine = machine(seed);
    let simulation = &machine.simulation;
    let settled = std::cell::Cell::new((0, 0));
    for life in 0..6 {
        let process = simulation.process("writer");
        let host = simulation.host().clone();
        let settle = async {
            let primary = open(&process).await;
            force_names(&process).await;
            let (returned, begun) = settled.get();
            let found = counts(&primary).await;
            let count = *found.first().unwrap();
            assert!(found.len() == 1 && (returned..=begun).contains(&count), "{found:?}");
            settled.set((count, count));
            for key in count.. {
                settled.set((key, key + 1));
                primary.settle(runs(key, key + 1)).await.unwrap();
                settled.set((key + 1, key + 1));
            }
        };
        let mut settle = Box::pin(settle);
        // Every other life ends about where the database opens.
        let step_us = if life % 2 == 0 { 2_900 } else { 400 };
        let until_us = 700 + step_us * ((seed + 5 * life) % 11);
        let until = async {
            let mut sleep = Box::pin(host.sleep(until_us));
            std::future::poll_fn(|context| {
                // The power goes while the one is wherever it is by then.
                let _ = settle.as_mut().poll(context);
                sleep.as_mut().poll(context)
            })
            .await;
        };
        simulation.run_until(until).unwrap();
        drop(settle);
        simulation.cut_power();
    }
    (simulation.index_loss(), simulation.trace())
}

#[test]
fn what_returned_survives_every_state_that_a_power_loss_may_leave() {
    let mut loss = IndexLoss::default();
    (0..30).for_each(|seed| loss.add(&lives(seed).0));
    for (name, count) in loss.counts() {
        assert!(count > 0, "no {name} in {loss:?}");
    }
}

#[test]
fn a_seed_is_one_run() {
    for seed in 0..3 {
        let ((loss, first), (again, second)) = (lives(seed), lives(seed));
        assert_eq!(first.lines, second.lines);
        assert_eq!(loss, again);
    }
}
