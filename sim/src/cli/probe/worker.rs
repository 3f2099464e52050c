//! Processes that run plans: the one that works, and the one that starts it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::probe::draw::draw;
use crate::probe::finding::Outcome;
use crate::probe::plan::{ProbePlan, Tier};
use crate::probe::rocks::Rocks;
use crate::probe::run::{deterministic, racing};
use crate::probe::watchdog::{Ended as ProcessEnd, watch};

use super::super::exit::Exit;
use super::super::index::IndexDirectory;
use super::super::seeds::Seeds;
use super::super::{Ended, Failure, print};
use super::args::{ProbeArgs, TierName};

/// A plan that says nothing for so long hangs.
const SILENCE_MAX: Duration = Duration::from_secs(40);

/// A line of a worker.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// A plan begins.
    Begins(u64),
    /// It ended.
    Ended(Outcome),
}

/// What a worker is to run.
#[derive(Clone, Copy)]
pub(super) enum Job<'a> {
    /// Seeds.
    Seeds(Seeds, TierName),
    /// The plan in a file.
    File(&'a Path),
}

/// The process that works.
pub(super) fn work(args: &ProbeArgs) -> Ended {
    let Some(directory) = &args.directory else {
        return Err(Failure::new(Exit::Usage, "a worker needs --directory"));
    };
    if let Some(path) = &args.plan {
        let plan = read(path)?;
        tell(&Line::Begins(plan.seed))?;
        let outcome = run_below(&directory.join("plan"), &plan)?;
        tell(&Line::Ended(outcome))?;
        return Ok(Exit::Pass);
    }
    let seeds = args.seeds.unwrap_or(Seeds { from: 0, to: 0 });
    let tier = args.tier.unwrap_or(TierName::Deterministic);
    for seed in seeds.from..seeds.to {
        tell(&Line::Begins(seed))?;
        let plan = draw(seed, tier.into());
        let outcome = run_below(&directory.join(seed.to_string()), &plan)?;
        tell(&Line::Ended(outcome))?;
    }
    Ok(Exit::Pass)
}

fn tell(line: &Line) -> Result<(), Failure> {
    let text = serde_json::to_string(line)
        .map_err(|error| Failure::new(Exit::Harness, format!("a line of a worker: {error}")))?;
    print(&format!("{text}\n"));
    Ok(())
}

/// The plan in a file.
pub(super) fn read(path: &Path) -> Result<ProbePlan, Failure> {
    let named = |error: String| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Usage, named(error.to_string())))?;
    let plan = ProbePlan::from_text(&text);
    plan.map_err(|error| Failure::new(Exit::Format, named(error.to_string())))
}

/// Runs a plan in this process, with its files in `root`, which is made and removed.
fn run_below(root: &Path, plan: &ProbePlan) -> Result<Outcome, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Environment, format!("{}: {error}", root.display()))
    };
    std::fs::create_dir_all(root).map_err(failed)?;
    let run = match plan.tier() {
        Tier::Deterministic => deterministic::run(plan, &mut Rocks::new(root, &plan.settings)),
        Tier::Racing => racing::run(plan, root),
    };
    std::fs::remove_dir_all(root).map_err(failed)?;
    Ok(Outcome::of(plan.seed, run))
}

/// Has processes run a job, one after the other where they end early, and gives every outcome to
/// `each` as it comes; where that answers no, no further seed is begun.
pub(super) fn run_apart(
    job: Job<'_>,
    limit: Option<Duration>,
    mut each: impl FnMut(Outcome) -> bool,
) -> Result<(), Failure> {
    let directory = IndexDirectory::create()?;
    let mut job = job;
    loop {
        let (mut begun, mut goes_on) = (None, true);
        let ended =
            watch(&mut command(job, directory.path())?, limit.unwrap_or(SILENCE_MAX), |text| {
                match serde_json::from_str(text) {
                    Ok(Line::Begins(seed)) => begun = Some(seed),
                    Ok(Line::Ended(outcome)) => {
                        begun = None;
                        goes_on &= each(outcome);
                    }
                    // Whatever else a library prints.
                    Err(_) => {}
                }
            });
        let ended = ended.map_err(|error| {
            Failure::new(Exit::Environment, format!("a process of plans: {error}"))
        })?;
        let Some(seed) = begun else {
            return match ended {
                ProcessEnd::Badly => {
                    Err(Failure::new(Exit::Environment, "a process of plans could not work"))
                }
                _ => Ok(()),
            };
        };
        goes_on &= each(Outcome::ended(seed, ended == ProcessEnd::Hung));
        match job {
            Job::Seeds(seeds, tier) if goes_on && seed + 1 < seeds.to => {
                job = Job::Seeds(Seeds { from: seed + 1, to: seeds.to }, tier);
            }
            _ => return Ok(()),
        }
    }
}

fn command(job: Job<'_>, directory: &Path) -> Result<Command, Failure> {
    let program = std::env::current_exe();
    let program = program.map_err(|error| Failure::new(Exit::Environment, error))?;
    let mut command = Command::new(program);
    command.args(["probe", "--worker", "--directory"]).arg(directory);
    // The system's allocator overwrites what is freed, so that using it shows in every run.
    command.env("MALLOC_PERTURB_", "165");
    match job {
        Job::File(path) => {
            command.arg("--plan").arg(path);
        }
        Job::Seeds(seeds, tier) => {
            let tier = Tier::from(tier).name();
            command.arg("--seeds").arg(format!("{}..{}", seeds.from, seeds.to));
            command.args(["--tier", tier]);
        }
    }
    Ok(command)
}

/// Runs one plan in a process of its own.
pub(super) fn run_plan(plan: &ProbePlan, limit: Option<Duration>) -> Result<Outcome, Failure> {
    let directory = IndexDirectory::create()?;
    let path = directory.path().join("plan.json");
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Environment, format!("{}: {error}", path.display()))
    };
    std::fs::write(&path, plan.to_text()).map_err(failed)?;
    let mut outcome = None;
    run_apart(Job::File(&path), limit, |it| {
        outcome = Some(it);
        true
    })?;
    outcome.ok_or_else(|| Failure::new(Exit::Harness, "a process of plans said nothing"))
}
