//! A simulated seed in a process of its own: where its index is RocksDB, a crash of that one ends
//! one seed and no more. The plan goes in on standard input, what came of it out on standard
//! output, each as one JSON object.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use clap::{Args, ValueEnum};
use duolog::io::{Planted, Step};
use serde::{Deserialize, Serialize};

use crate::history::{Event, Header, History};
use crate::judge::{Finding, Invariant, Judgement, judge};
use crate::plan::{Plan, PlanFormat};
use crate::run::{Crash, Simulated};
use crate::world::{IndexLoss, PowerLoss, TraceSummary};

use super::exit::Exit;
use super::run::refused;
use super::subject::{Ran, Target, planted_name, run_plan_below};
use super::{Ended, Failure, print};

#[derive(Args)]
pub(super) struct RunSeedArgs {
    /// Where the files of its index go; there, and empty
    #[arg(long)]
    directory: PathBuf,
    /// The log to run
    #[arg(long, default_value = "engine")]
    log: Target,
    /// Plants a mistake in the engine
    #[cfg(feature = "planted")]
    #[arg(long, value_parser = super::subject::parse_planted)]
    planted: Vec<Planted>,
}

/// What the process of a seed tells.
#[derive(Serialize, Deserialize)]
struct Told {
    header: Header,
    events: Vec<Event>,
    judgements: Vec<Judgement>,
    /// In hexadecimal.
    trace_hash: String,
    trace_count: u64,
    process_count: u32,
    virtual_us: u64,
    broken: Option<String>,
    index_loss: IndexLoss,
    crashes: Vec<CrashTold>,
    /// How often its processes passed each step, in the order of all steps.
    steps: Vec<u64>,
}

/// A [`Crash`], with its step by name.
#[derive(Serialize, Deserialize)]
struct CrashTold {
    step: Option<String>,
    depth: u32,
    power: Option<PowerLoss>,
    lost_run_count: u64,
}

impl From<Crash> for CrashTold {
    fn from(crash: Crash) -> Self {
        let Crash { step, depth, power, lost_run_count } = crash;
        Self { step: step.map(|step| format!("{step:?}")), depth, power, lost_run_count }
    }
}

impl From<CrashTold> for Crash {
    fn from(told: CrashTold) -> Self {
        let named = |name: String| Step::ALL.into_iter().find(|step| format!("{step:?}") == name);
        let CrashTold { step, depth, power, lost_run_count } = told;
        Self { step: step.and_then(named), depth, power, lost_run_count }
    }
}

/// The process of one seed.
pub(super) fn run_seed(args: &RunSeedArgs) -> Ended {
    let environment = |what: String| Failure::new(Exit::Environment, what);
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| environment(format!("standard input: {error}")))?;
    let mut plan = Plan::from_text(&text).map_err(|error| environment(error.to_string()))?;
    plan.open_lines().map_err(refused)?;
    #[cfg(feature = "planted")]
    let planted = args.planted.iter().copied().collect();
    #[cfg(not(feature = "planted"))]
    let planted = BTreeSet::new();
    let Ran { run, judgements, .. } = run_plan_below(&args.directory, args.log, plan, &planted)?;
    let told = Told {
        header: run.history.header,
        events: run.history.events,
        judgements,
        trace_hash: format!("{:032x}", run.trace.hash),
        trace_count: run.trace.count,
        process_count: run.process_count,
        virtual_us: run.virtual_us,
        broken: run.broken,
        index_loss: run.index_loss,
        crashes: run.crashes.into_iter().map(CrashTold::from).collect(),
        steps: Step::ALL.iter().map(|step| run.steps.get(step).copied().unwrap_or(0)).collect(),
    };
    let text = serde_json::to_string(&told)
        .map_err(|error| Failure::new(Exit::Harness, format!("the result: {error}")))?;
    print(&text);
    Ok(Exit::Pass)
}

/// Runs `plan` in a process of its own, with the files of its index below `directory`. Where the
/// process ends without a result, that is a violation of progress.
///
/// # Errors
/// Where no process can be started, or it says that the machine is not right.
pub(super) fn run_apart(
    directory: &Path,
    target: Target,
    plan: Plan,
    planted: &BTreeSet<Planted>,
) -> Result<Ran, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Environment, format!("the process of a seed: {error}"))
    };
    std::fs::create_dir(directory).map_err(failed)?;
    let output = output(directory, target, &plan, planted);
    // It goes with the run at the latest.
    let _ = std::fs::remove_dir_all(directory);
    let output = output.map_err(failed)?;
    let told: Option<Told> = serde_json::from_slice(&output.stdout).ok();
    match told {
        Some(told) => ran(plan, told),
        None if output.status.code() == Some(i32::from(Exit::Environment.code())) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(Failure::new(Exit::Environment, said.trim_end()))
        }
        None => Ok(ended(plan, &output)),
    }
}

fn output(
    directory: &Path,
    target: Target,
    plan: &Plan,
    planted: &BTreeSet<Planted>,
) -> std::io::Result<Output> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("run-seed").arg("--directory").arg(directory);
    if let Some(value) = target.to_possible_value() {
        command.arg("--log").arg(value.get_name());
    }
    for mistake in planted {
        command.arg("--planted").arg(planted_name(*mistake));
    }
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = piped.spawn()?;
    let mut input = process.stdin.take().expect("it was asked for");
    // A process that ends before it has read all of it is told of below.
    let _ = input.write_all(plan.to_text(PlanFormat::Json).as_bytes());
    drop(input);
    process.wait_with_output()
}

fn ran(plan: Plan, told: Told) -> Result<Ran, Failure> {
    let hash = u128::from_str_radix(&told.trace_hash, 16)
        .map_err(|error| Failure::new(Exit::Harness, format!("the trace of a seed: {error}")))?;
    let run = Simulated {
        history: History { header: told.header, events: told.events },
        trace: TraceSummary { hash, count: told.trace_count, lines: Vec::new() },
        process_count: told.process_count,
        virtual_us: told.virtual_us,
        broken: told.broken,
        index_loss: told.index_loss,
        crashes: told.crashes.into_iter().map(Crash::from).collect(),
        steps: Step::ALL.into_iter().zip(told.steps).filter(|(_, count)| *count > 0).collect(),
    };
    Ok(Ran { plan, run, judgements: told.judgements })
}

/// A seed whose process ended without a result.
fn ended(plan: Plan, output: &Output) -> Ran {
    let history = History::new(&plan, Vec::new());
    let mut judgements = judge(&history);
    let said = String::from_utf8_lossy(&output.stderr);
    let words = format!("the process of the seed ended early ({}): {said}", output.status);
    for judgement in judgements.iter_mut().filter(|one| one.invariant == Invariant::Progress) {
        let anomaly = Invariant::Progress.anomalies()[0].to_owned();
        judgement.violations += 1;
        judgement.findings.push(Finding { anomaly, words: words.clone(), events: Vec::new() });
    }
    let run = Simulated {
        history,
        trace: TraceSummary { hash: 0, count: 0, lines: Vec::new() },
        process_count: 0,
        virtual_us: 0,
        broken: Some(words),
        index_loss: IndexLoss::default(),
        crashes: Vec::new(),
        steps: BTreeMap::new(),
    };
    Ran { plan, run, judgements }
}
