//! Tests of the simulated world.
#![allow(clippy::unwrap_used)]

mod conformance;
mod damage;
mod determinism;
mod executor;
mod files;
mod index;
mod power;
mod process;

use std::future::Future;

use super::{Latencies, Sim, SimOptions, Simulation};

/// A simulation that keeps its trace, and a process of it.
fn simulation(seed: u64) -> (Simulation, Sim) {
    let options = SimOptions { keep_trace: true, ..SimOptions::default() };
    let simulation = Simulation::new(seed, options);
    let process = simulation.process("writer");
    (simulation, process)
}

/// What `run` comes to in a process of a new simulation.
fn run<T, F: Future<Output = T>>(seed: u64, run: impl FnOnce(Sim) -> F) -> T {
    let (simulation, process) = simulation(seed);
    simulation.block_on(&process, run(process.clone())).unwrap()
}

/// Calls that take no time.
fn no_latencies() -> Latencies {
    Latencies {
        file_us: 0..=0,
        sync_us: 0..=0,
        name_us: 0..=0,
        index_read_us: 0..=0,
        index_write_us: 0..=0,
        step_us: 0..=0,
    }
}
