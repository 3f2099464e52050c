//! A seed runs the same way wherever it runs: the trace, an event for every poll, wake, draw and
//! call of the world, is equal in two processes that differ in working directory, temporary
//! folder, size of the environment, processors and start time.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // Processes and environments are what this is about.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use duolog_sim::plan::{Plan, Shape};
use duolog_sim::run::engine::Engine;
use duolog_sim::run::simulate;
use duolog_sim::world::SimOptions;

const CHILD: &str = "DUOLOG_REPEAT_CHILD";
const SEEDS: u64 = 200;
/// Events that an operation must have left at least, on average: less would hide differences.
const EVENTS_AN_OPERATION: u64 = 20;

/// What the child does: one line a seed.
#[test]
fn child() {
    if std::env::var(CHILD).is_err() {
        return;
    }
    for seed in 0..SEEDS {
        let plan = Plan::draw(seed, &Shape::simulated());
        let run = simulate(&plan, &Engine::default(), SimOptions::default());
        let operations = run.history.events.len();
        println!("@{seed} {:032x} {} {operations}", run.trace.hash, run.trace.count);
    }
}

fn spawn(directory: &Path, variables: usize, one_processor: bool) -> Child {
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
        .env(CHILD, "1")
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

#[test]
fn a_seed_leaves_the_same_trace_in_two_processes() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let has_taskset = Command::new("taskset").arg("--version").output().is_ok();
    let first = spawn(here.path(), 0, false);
    // The second begins after the first has ended, in another second or not: no clock is asked.
    let first = lines(first);
    let second = lines(spawn(there.path(), 100, has_taskset));
    assert_eq!(first.len() as u64, SEEDS);
    for (one, other) in first.iter().zip(&second) {
        assert_eq!(one, other, "seed, hash of the trace, events, operations");
    }
    let fields = |line: &String| -> Vec<String> { line.split(' ').map(str::to_owned).collect() };
    let mut hashes: Vec<String> = first.iter().map(|line| fields(line)[1].clone()).collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len() as u64, SEEDS, "each seed leaves a trace of its own");
    let sum =
        |at: usize| -> u64 { first.iter().map(|l| fields(l)[at].parse::<u64>().unwrap()).sum() };
    let (events, operations) = (sum(2), sum(3));
    println!("{SEEDS} seeds, {operations} operations, {events} events");
    assert!(events >= EVENTS_AN_OPERATION * operations, "{events} events");
}
