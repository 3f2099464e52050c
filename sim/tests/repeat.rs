//! A seed runs the same way wherever it runs: the trace, an event for every poll, wake, draw and
//! call of the world, is equal in two processes that differ in working directory, temporary
//! folder, size of the environment, processors and start second. What leaks from outside into a
//! run makes those traces differ, or ends the run.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // Processes and environments are what this is about.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use duolog_sim::plan::{Plan, Shape};
use duolog_sim::run::engine::Engine;
use duolog_sim::run::simulate;
use duolog_sim::world::{SimError, SimOptions, Simulation, leaks, trace_of};

/// What the child is to run: [`WORKLOAD`], or a leak by name.
const CHILD: &str = "DUOLOG_REPEAT_CHILD";
const WORKLOAD: &str = "workload";
/// How many seeds, where it is set.
const SEEDS: &str = "DUOLOG_REPEAT_SEEDS";
const SEEDS_USUAL: u64 = 200;
/// Events that an operation must have left at least, on average: less would hide differences.
const EVENTS_AN_OPERATION: u64 = 20;

fn seed_count() -> u64 {
    std::env::var(SEEDS).map_or(SEEDS_USUAL, |said| said.parse().unwrap())
}

/// What the child does: one line a seed.
#[test]
fn child() {
    let Ok(what) = std::env::var(CHILD) else { return };
    let leak: fn(&Simulation) -> Result<(), SimError> = match what.as_str() {
        WORKLOAD => {
            (0..seed_count()).for_each(|seed| println!("@{seed} {}", workload(seed)));
            return;
        }
        "wall-clock" => leaks::real_time,
        "hash-map-order" => leaks::hash_map_order,
        "foreign-thread" => leaks::foreign_thread,
        other => panic!("no leak is named {other}"),
    };
    match trace_of(0, SimOptions::default(), leak) {
        Ok(trace) => println!("@{:032x} {}", trace.hash, trace.count),
        Err(error) => println!("@{error:?}"),
    }
}

/// Hash and events of the trace, and operations.
fn workload(seed: u64) -> String {
    let plan = Plan::draw(seed, &Shape::simulated());
    let run = simulate(&plan, &Engine::default(), SimOptions::default());
    format!("{:032x} {} {}", run.trace.hash, run.trace.count, run.history.events.len())
}

/// The second that it is now.
fn second() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn spawn(what: &str, directory: &Path, variables: usize, one_processor: bool) -> Child {
    let program = std::env::current_exe().unwrap();
    let mut command = if one_processor {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "0"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    for number in 0..variables {
        command.env(format!("DUOLOG_PADDING_{number}"), "x".repeat(number));
    }
    command
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(CHILD, what)
        .env("TMPDIR", directory)
        .current_dir(directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn lines(child: Child) -> Vec<String> {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the child ends well");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| Some(line.split_once('@')?.1.to_owned())).collect()
}

/// What two processes tell that differ in all that must not matter.
fn twice(what: &str) -> (Vec<String>, Vec<String>) {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let has_taskset = Command::new("taskset").arg("--version").output().is_ok();
    let begun = second();
    let first = lines(spawn(what, here.path(), 0, false));
    while second() == begun {
        std::hint::spin_loop();
    }
    (first, lines(spawn(what, there.path(), 100, has_taskset)))
}

#[test]
fn a_seed_leaves_the_same_trace_in_two_processes() {
    let seeds = seed_count();
    let (first, second) = twice(WORKLOAD);
    assert_eq!(first.len() as u64, seeds);
    assert_eq!(first.len(), second.len());
    for (one, other) in first.iter().zip(&second) {
        assert_eq!(one, other, "seed, hash of the trace, events, operations");
    }
    let fields = |line: &String| -> Vec<String> { line.split(' ').map(str::to_owned).collect() };
    let mut hashes: Vec<String> = first.iter().map(|line| fields(line)[1].clone()).collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len() as u64, seeds, "each seed leaves a trace of its own");
    let sum =
        |at: usize| -> u64 { first.iter().map(|l| fields(l)[at].parse::<u64>().unwrap()).sum() };
    let (events, operations) = (sum(2), sum(3));
    println!("{seeds} seeds, {operations} operations, {events} events");
    assert!(events >= EVENTS_AN_OPERATION * operations, "{events} events");
}

#[test]
fn what_leaks_into_a_run_is_noticed() {
    for leak in ["wall-clock", "hash-map-order"] {
        let (first, second) = twice(leak);
        assert_eq!((first.len(), second.len()), (1, 1));
        assert_ne!(first, second, "{leak}");
    }
    let (first, second) = twice("foreign-thread");
    for line in first.iter().chain(&second) {
        assert!(line.contains("ForeignThread"), "{line}");
    }
    assert_eq!((first.len(), second.len()), (1, 1));
}
