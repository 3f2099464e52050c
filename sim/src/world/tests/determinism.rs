//! A run repeats, and the check that says so notices when it does not.

use std::path::{Path, PathBuf};

use duolog::io::{
    Family, File, IndexBackend, IndexOptions, IndexPrimary, IndexRead, OpenMode, SortedRun, Step,
    World,
};

use super::super::{
    NotRepeatable, Sim, SimError, SimOptions, Simulation, check_repeats, leaks, trace_of,
};

/// What one task does: a little of everything that a world offers.
async fn work(world: Sim, number: u64, control: super::super::Control) {
    let directory = PathBuf::from(format!("/sim/{number}"));
    world.create_directories(&directory).await.unwrap();
    let _lock = world.lock(&directory.join("LOCK")).await.unwrap();
    let file = world.open(&directory.join("file"), OpenMode::Create).await.unwrap();
    for round in 0..5 {
        world.step(Step::Encoded).await;
        let bytes = (world.entropy() ^ world.wall_us() as u64).to_le_bytes();
        file.write_at(round * 8, &bytes).await.unwrap();
        world.step(Step::FrameWritten).await;
        file.sync_data().await.unwrap();
        world.sleep(number * 7).await;
        control.note("read", file.read_at(0, 100).await.unwrap().len() as u64);
    }
    let index = world.index();
    let primary = index.open_primary(&directory, IndexOptions::default()).await.unwrap();
    let runs = std::array::from_fn(|_| {
        let mut run = SortedRun::default();
        run.push(&number.to_be_bytes(), b"value");
        run
    });
    primary.settle(runs).await.unwrap();
    primary.get(Family::ByTime, &number.to_be_bytes()).await.unwrap();
    world.rename(&directory.join("file"), &directory.join("renamed")).await.unwrap();
    world.sync_directory(&directory).await.unwrap();
    world.list(Path::new("/sim")).await.unwrap();
}

/// A run of three processes, one of which dies.
fn run(simulation: &Simulation) -> Result<(), SimError> {
    for number in 0..3 {
        let process = simulation.process("worker");
        if number == 1 {
            simulation.kill_at_step(&process, Step::FrameWritten, 3);
        }
        let world = process.clone();
        simulation.spawn(&process, "work", work(world, number, simulation.control()));
    }
    simulation.run_until(simulation.host().sleep(1_000_000))
}

#[test]
fn one_seed_gives_one_run() {
    for seed in 0..20 {
        let trace = check_repeats(seed, &SimOptions::default(), run).unwrap();
        assert_eq!(trace.lines.len() as u64, trace.count);
    }
}

#[test]
fn trace_is_the_same_whether_its_lines_are_kept() {
    let kept = SimOptions { keep_trace: true, ..SimOptions::default() };
    let hashed = trace_of(1, SimOptions::default(), run).unwrap();
    let kept = trace_of(1, kept, run).unwrap();
    assert!(hashed.lines.is_empty());
    assert_eq!((hashed.hash, hashed.count), (kept.hash, kept.count));
}

/// The same on every machine, in every process, with every toolchain. Where a change of the
/// simulation is meant to change its runs, take the new value; recorded seeds lose their meaning
/// with it.
#[test]
fn run_of_one_seed_is_frozen() {
    let trace = trace_of(1, SimOptions::default(), run).unwrap();
    assert_eq!((trace.hash, trace.count), (252685461443832669863307193487329554773, 820));
}

#[test]
fn trace_tells_enough_of_a_call() {
    let kept = SimOptions { keep_trace: true, ..SimOptions::default() };
    let lines = |writes: u64| {
        let trace = trace_of(1, kept.clone(), |simulation| {
            let world = simulation.host().clone();
            simulation.run_until(async move {
                let file = world.open(Path::new("/sim/file"), OpenMode::Create).await.unwrap();
                for write in 0..writes {
                    file.write_at(write, b"x").await.unwrap();
                    world.step(Step::FrameWritten).await;
                    file.sync_data().await.unwrap();
                }
            })
        });
        trace.unwrap().lines.len()
    };
    // What is least of an append, many times over.
    assert!(lines(101) - lines(1) >= 100 * 20, "{} lines", lines(101) - lines(1));
}

fn expect_parted(leak: impl Fn(&Simulation) -> Result<(), SimError>) -> (String, String) {
    match check_repeats(1, &SimOptions::default(), leak) {
        Err(NotRepeatable::Parted { first, second, .. }) => (first, second),
        other => panic!("the leak was not caught: {other:?}"),
    }
}

#[test]
fn real_time_is_caught() {
    let (first, second) = expect_parted(leaks::real_time);
    assert!(first.contains("note seen"), "{first} against {second}");
}

#[test]
fn order_of_a_hash_map_is_caught() {
    let (first, second) = expect_parted(leaks::hash_map_order);
    assert!(first.contains("/sim/"), "{first} against {second}");
}

#[test]
fn address_is_caught() {
    let (first, second) = expect_parted(leaks::address);
    assert!(first.contains("note seen"), "{first} against {second}");
}

#[test]
fn foreign_thread_is_caught() {
    let result = check_repeats(1, &SimOptions::default(), leaks::foreign_thread);
    let is_caught = matches!(result, Err(NotRepeatable::Failed(SimError::ForeignThread { .. })));
    assert!(is_caught, "{result:?}");
}

#[test]
fn seed_that_reaches_nothing_is_caught() {
    let result = check_repeats(1, &SimOptions::default(), |simulation| {
        simulation.run_until(simulation.host().sleep(5))
    });
    assert_eq!(result, Err(NotRepeatable::SameForBoth { seed: 1, other: 2 }));
}
