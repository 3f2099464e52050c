use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use duolog::io::{File, OpenMode, Step, World};

use super::super::{Sim, SimError};
use super::simulation;

#[test]
fn lock_is_exclusive_and_freed_by_drop_and_death() {
    let (simulation, first) = simulation(1);
    let second = simulation.process("second");
    let path = PathBuf::from("/sim/LOCK");
    simulation
        .run_until(async {
            let held = first.lock(&path).await.unwrap();
            assert!(held.is_some());
            assert!(first.lock(&path).await.unwrap().is_none());
            assert!(second.lock(&path).await.unwrap().is_none());
            drop(held);
            let held = first.lock(&path).await.unwrap();
            simulation.kill(&first);
            let taken = second.lock(&path).await.unwrap();
            assert!(taken.is_some());
            drop(held);
            assert!(second.lock(&path).await.unwrap().is_none());
        })
        .unwrap();
}

/// Writes to a file when it drops, as a careless engine might.
struct Careless(Sim);

impl Drop for Careless {
    fn drop(&mut self) {
        let world = self.0.clone();
        let write = async move {
            world.open(Path::new("/sim/harm"), OpenMode::Create).await.unwrap();
        };
        self.0.spawn("harm", write);
        self.0.entropy();
    }
}

#[test]
fn kill_is_not_a_shutdown() {
    let (simulation, process) = simulation(1);
    let other = simulation.process("other");
    let held = Careless(process.clone());
    let world = process.clone();
    simulation.spawn(&process, "worker", async move {
        world.sleep(1_000).await;
        drop(held);
    });
    simulation
        .block_on(&other, async {
            other.sleep(10).await;
            simulation.kill(&process);
            assert!(!process.is_alive());
            other.sleep(10_000).await;
            assert!(!other.exists(Path::new("/sim/harm")).await.unwrap());
        })
        .unwrap();
}

#[test]
fn calls_of_the_dead_stay_pending_and_change_nothing() {
    let (simulation, process) = simulation(1);
    let path = Path::new("/sim/file");
    let changed = Arc::new(Mutex::new(false));
    simulation
        .run_until(async {
            let file = process.open(path, OpenMode::Create).await.unwrap();
            file.write_at(0, b"old").await.unwrap();
            let flag = Arc::clone(&changed);
            let kept = file.clone();
            simulation.spawn(simulation.host(), "caller", async move {
                kept.write_at(0, b"new").await.unwrap();
                *flag.lock().unwrap() = true;
            });
            simulation.kill(&process);
            simulation.host().sleep(100_000).await;
            let file = simulation.host().open(path, OpenMode::Read).await.unwrap();
            assert_eq!(file.read_at(0, 10).await.unwrap(), b"old");
        })
        .unwrap();
    assert!(!*changed.lock().unwrap());
}

#[test]
fn process_dies_at_the_step_it_is_to_die_at() {
    let (simulation, process) = simulation(1);
    simulation.kill_at_step(&process, Step::FrameWritten, 3);
    let world = process.clone();
    let result = simulation.block_on(&process, async move {
        loop {
            world.step(Step::Encoded).await;
            world.step(Step::FrameWritten).await;
        }
    });
    assert_eq!(result, Err::<(), _>(SimError::Killed { process: "writer".to_owned() }));
    assert_eq!(simulation.step_count(&process, Step::FrameWritten), 3);
    assert_eq!(simulation.step_count(&process, Step::Encoded), 3);
    assert!(simulation.block_on(&process, async {}).is_err());
    let restarted = simulation.process("writer again");
    assert_eq!(simulation.block_on(&restarted, async { 5 }), Ok(5));
}

#[test]
fn processes_share_the_disk_and_not_the_registry() {
    let (simulation, first) = simulation(1);
    let second = simulation.process("second");
    let path = Path::new("/sim");
    let held = first.registry().get_or_insert("kind", path, || 1_u32);
    assert_eq!(first.clone().registry().get::<u32>("kind", path), Some(held));
    assert_eq!(second.registry().get::<u32>("kind", path), None);
}

#[test]
fn wall_clock_steps_and_the_other_clock_does_not() {
    let (simulation, process) = simulation(1);
    let before_us = process.wall_us();
    simulation.step_wall_clock(-5_000_000);
    assert_eq!(process.wall_us(), before_us - 5_000_000);
    assert_eq!(process.monotonic_us(), 0);
}
