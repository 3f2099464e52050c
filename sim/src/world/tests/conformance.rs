//! The simulated world keeps the contract that the real one keeps.

use std::path::PathBuf;

use duolog::io::conformance::{cases, suite};

use super::super::{Sim, SimOptions, Simulation};
use super::{no_latencies, simulation};

#[test]
fn world_keeps_the_contract() {
    for seed in 0..10 {
        let (simulation, process) = simulation(seed);
        for case in cases::<Sim>() {
            let run = case.run(process.clone(), PathBuf::from("/sim"));
            let result = simulation.block_on(&process, run);
            result.unwrap_or_else(|error| panic!("{}: {error}", case.name)).unwrap();
        }
    }
}

#[test]
fn world_without_latencies_keeps_the_contract() {
    let options = SimOptions { latencies: no_latencies(), ..SimOptions::default() };
    let simulation = Simulation::new(1, options);
    let process = simulation.process("writer");
    let run = suite(process.clone(), PathBuf::from("/sim"));
    simulation.block_on(&process, run).unwrap().unwrap();
}

#[test]
fn world_that_runs_again_keeps_the_contract_in_other_names() {
    let (simulation, first) = simulation(1);
    simulation.block_on(&first, suite(first.clone(), PathBuf::from("/sim/a"))).unwrap().unwrap();
    simulation.kill(&first);
    let second = simulation.process("second");
    simulation.block_on(&second, suite(second.clone(), PathBuf::from("/sim/b"))).unwrap().unwrap();
}
