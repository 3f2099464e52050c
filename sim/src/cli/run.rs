//! `duolog run`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use duolog::io::Planted;
use serde_json::json;

use crate::history::History;
use crate::judge::{Invariant, Judgement, Verdict, judge};
use crate::plan::{Plan, Shape};
use crate::report::{
    Environment, FailedSeed, Latency, REPORT_VERSION, Report, RunDirectory, Tally, failure_words,
    invariant_table, latencies, latency_table,
};
use crate::run::engine::Engine;
use crate::run::run_threads;

use super::exit::Exit;
use super::seeds::{Seeds, from_revision, parse_seed, parse_seeds};
use super::subject::{Target, run_plan};
use super::{Ended, Failure, print};

/// How results are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum MessageFormat {
    /// Words and tables
    Human,
    /// One JSON object a line on standard output, words on standard error
    Json,
}

#[derive(Args)]
pub(super) struct RunArgs {
    /// What is simulated, what is real
    #[arg(long, default_value_t = Mode::DEFAULT, env = "DUOLOG_MODE")]
    mode: Mode,
    /// One seed, in decimal or behind 0x
    #[arg(long, value_parser = parse_seed, conflicts_with_all = ["seeds", "seed_from"])]
    seed: Option<u64>,
    /// Seeds A..B, or the first N [default: 64 in mode sim, 1 in mode threads]
    #[arg(long, value_parser = parse_seeds, env = "DUOLOG_SEEDS")]
    seeds: Option<Seeds>,
    /// Begins at a seed made from this revision
    #[arg(long, value_name = "REV")]
    seed_from: Option<String>,
    /// Seeds at the same time [default: the processors]
    #[arg(long, env = "DUOLOG_JOBS")]
    jobs: Option<usize>,
    /// Ends after so many failed seeds
    #[arg(long, default_value_t = 1, env = "DUOLOG_MAX_FAIL")]
    max_fail: u64,
    /// Directory of the results [default: one below runs/]
    #[arg(long, short, env = "DUOLOG_OUTPUT")]
    output: Option<PathBuf>,
    /// How results are told
    #[arg(long, default_value = "human")]
    message_format: MessageFormat,
    /// The log to run
    #[arg(long, default_value = "engine", hide = true)]
    log: Target,
    /// Plants a mistake in the engine
    #[cfg(feature = "planted")]
    #[arg(long, value_parser = super::subject::parse_planted)]
    planted: Vec<Planted>,
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// One thread, virtual time, simulated disk: repeats exactly
    Sim,
    /// Real files, threads and time: the workload repeats, the interleaving does not
    Threads,
}

impl Mode {
    /// The real world where the index on RocksDB is built in.
    const DEFAULT: Self = if cfg!(feature = "rocks") { Self::Threads } else { Self::Sim };

    fn name(self) -> &'static str {
        match self {
            Self::Sim => "sim",
            Self::Threads => "threads",
        }
    }
}

impl RunArgs {
    #[cfg(feature = "planted")]
    fn planted(&self) -> BTreeSet<Planted> {
        self.planted.iter().copied().collect()
    }

    #[cfg(not(feature = "planted"))]
    fn planted(&self) -> BTreeSet<Planted> {
        BTreeSet::new()
    }

    fn seeds(&self) -> Seeds {
        if let Some(seed) = self.seed {
            return Seeds { from: seed, to: seed.saturating_add(1) };
        }
        let most = if self.mode == Mode::Sim { 64 } else { 1 };
        let seeds = self.seeds.unwrap_or(Seeds { from: 0, to: most });
        let base = self.seed_from.as_deref().map_or(0, from_revision);
        Seeds { from: base + seeds.from, to: base + seeds.to }
    }

    /// Tells people; where standard output is for programs, on standard error.
    fn tell(&self, text: &str) {
        match self.message_format {
            MessageFormat::Human => print(text),
            MessageFormat::Json => eprint!("{text}"),
        }
    }

    fn emit(&self, message: &serde_json::Value) {
        if self.message_format == MessageFormat::Json {
            print(&format!("{message}\n"));
        }
    }
}

/// What the seeds said so far.
#[derive(Default)]
struct Results {
    tally: Tally,
    failures: Vec<FailedSeed>,
    latencies: BTreeMap<String, Latency>,
}

/// Failed seeds that are kept with plan and history.
const KEPT_MAX: usize = 8;

pub(super) fn run(args: &RunArgs) -> Ended {
    let seeds = args.seeds();
    if seeds.count() == 0 {
        return Err(Failure::new(Exit::Nothing, "no seed was selected"));
    }
    let start = Instant::now();
    let directory = open_directory(args, seeds)?;
    args.tell(&format!(
        " duolog {} · {} · seeds {:#x}..{:#x}\n   Replay: {}   Output: {}\n",
        env!("CARGO_PKG_VERSION"),
        args.mode.name(),
        seeds.from,
        seeds.to,
        if args.mode == Mode::Sim { "exact" } else { "workload only" },
        directory.path().display()
    ));
    let results = match args.mode {
        Mode::Sim => simulated(args, seeds, &directory)?,
        Mode::Threads => threaded(args, seeds, &directory)?,
    };
    finish(args, seeds, &directory, results, start)
}

/// Runs seeds in the simulated world, several at a time.
fn simulated(args: &RunArgs, seeds: Seeds, directory: &RunDirectory) -> Result<Results, Failure> {
    let results = Mutex::new(Results::default());
    let next = AtomicU64::new(seeds.from);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or(processors).max(1);
    let ended: Result<Vec<()>, Failure> = std::thread::scope(|scope| {
        let work = || work(args, seeds, &next, directory, &results);
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| {
                worker.join().unwrap_or_else(|_| {
                    Err(Failure::new(Exit::Harness, "a seed ended in a panic: see above"))
                })
            })
            .collect()
    });
    ended?;
    Ok(results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Runs seeds on threads, one after the other; each has a data directory of its own, removed
/// where it passes.
fn threaded(args: &RunArgs, seeds: Seeds, directory: &RunDirectory) -> Result<Results, Failure> {
    let mut results = Results::default();
    for seed in seeds.from..seeds.to {
        let plan = Plan::draw(seed, &Shape::main());
        let most = plan.operation_count();
        let data = directory.path().join(format!("data-{seed:016x}"));
        let mut told = Instant::now();
        let run = run_threads(&plan, &Engine::at(&data), |begun| {
            let every = if std::io::stderr().is_terminal() { 0 } else { 10 };
            if told.elapsed().as_secs() >= every {
                told = Instant::now();
                let end = if every == 0 { '\r' } else { '\n' };
                eprint!("   {begun} of {most} operations begun{end}");
            }
        });
        if let Some(broken) = &run.broken {
            args.tell(&format!(" the run ended early: {broken}\n"));
        }
        let mut judgements = judge(&run.history);
        // Nobody is killed on threads: other processes are for that.
        judgements.retain(|one| one.invariant != Invariant::FlushedSurvives);
        results.tally.add(&run.history.events, &judgements, 0);
        results.latencies = latencies(&run.history.events, run.elapsed_us);
        let failed = broken(&judgements);
        let seed_ran = Seed { plan: &plan, history: &run.history, judgements: &judgements };
        let kept = if failed.is_empty() {
            directory
                .write_seed("", &plan, &run.history, "")
                .and_then(|()| std::fs::remove_dir_all(&data))
        } else {
            keep(args, directory, &mut results, &seed_ran, failed)
        };
        kept.map_err(|error| Failure::new(Exit::Environment, format!("run directory: {error}")))?;
        if results.failures.len() as u64 >= args.max_fail {
            break;
        }
    }
    Ok(results)
}

/// A seed that ran, in any mode.
struct Seed<'a> {
    plan: &'a Plan,
    history: &'a History,
    judgements: &'a [Judgement],
}

fn open_directory(args: &RunArgs, seeds: Seeds) -> Result<RunDirectory, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    let made = match &args.output {
        Some(path) => RunDirectory::create(path),
        None => RunDirectory::create_below("runs".as_ref(), args.mode.name(), now_us, seeds.from),
    };
    made.map_err(|error| Failure::new(Exit::Environment, format!("run directory: {error}")))
}

/// Takes seeds until there are none, or enough have failed.
fn work(
    args: &RunArgs,
    seeds: Seeds,
    next: &AtomicU64,
    directory: &RunDirectory,
    results: &Mutex<Results>,
) -> Result<(), Failure> {
    let lock = || results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= seeds.to || lock().failures.len() as u64 >= args.max_fail {
            return Ok(());
        }
        let ran = run_plan(args.log, Plan::draw(seed, &Shape::simulated()), &args.planted());
        let mut results = lock();
        results.tally.add(&ran.run.history.events, &ran.judgements, ran.run.virtual_us);
        let failed = broken(&ran.judgements);
        args.emit(&json!({
            "type": "seed",
            "seed": format!("{seed:#018x}"),
            "operations": ran.run.history.events.len(),
            "violated": failed,
            "trace": format!("{:?}", ran.run.trace),
        }));
        let kept = if failed.is_empty() {
            let single = seeds.count() == 1;
            let write = || directory.write_seed("", &ran.plan, &ran.run.history, "");
            if single { write() } else { Ok(()) }
        } else {
            let (history, judgements) = (&ran.run.history, &ran.judgements[..]);
            let seed_ran = Seed { plan: &ran.plan, history, judgements };
            keep(args, directory, &mut results, &seed_ran, failed)
        };
        kept.map_err(|error| Failure::new(Exit::Environment, format!("run directory: {error}")))?;
    }
}

/// The invariants that were broken, by name.
pub(super) fn broken(judgements: &[Judgement]) -> Vec<String> {
    let violated = judgements.iter().filter(|one| one.verdict() == Verdict::Violation);
    violated.map(|one| one.invariant.name().to_owned()).collect()
}

fn keep(
    args: &RunArgs,
    directory: &RunDirectory,
    results: &mut Results,
    ran: &Seed<'_>,
    invariants: Vec<String>,
) -> std::io::Result<()> {
    let seed = ran.plan.seed;
    let planted: String = args
        .planted()
        .iter()
        .map(|one| format!(" --planted {}", super::subject::planted_name(*one)))
        .collect();
    let replay = match args.mode {
        Mode::Sim => format!("duolog replay {seed:#018x}{planted}"),
        Mode::Threads => format!("duolog run --mode threads --seed {seed:#018x}{planted}"),
    };
    let words = failure_words(ran.history, ran.judgements, &replay);
    args.tell(&words);
    let mut kept = None;
    if results.failures.len() < KEPT_MAX {
        let name = format!("failures/{}-{seed:016x}", invariants[0]);
        directory.write_seed(&name, ran.plan, ran.history, &words)?;
        args.tell(&format!("   kept     {}\n\n", directory.path().join(&name).display()));
        kept = Some(name);
    }
    results.failures.push(FailedSeed { seed, invariants, replay, directory: kept });
    Ok(())
}

fn finish(
    args: &RunArgs,
    seeds: Seeds,
    directory: &RunDirectory,
    results: Results,
    start: Instant,
) -> Ended {
    let Results { tally, mut failures, latencies } = results;
    failures.sort_by_key(|failure| failure.seed);
    let verdict = tally.verdict();
    let exit = Exit::of(verdict, tally.operation_count);
    let report = Report {
        schema: "duolog.report".to_owned(),
        schema_version: REPORT_VERSION,
        mode: args.mode.name().to_owned(),
        verdict,
        exit_code: exit.code(),
        seed_count: tally.seed_count,
        first_seed: seeds.from,
        operation_count: tally.operation_count,
        kill_count: tally.kill_count,
        elapsed_us: u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
        virtual_us: tally.virtual_us,
        operations: tally.operations.clone(),
        latencies,
        invariants: tally.invariants(),
        failures,
        environment: Environment::here(),
    };
    args.tell(&invariant_table(&tally.judgements));
    if !report.latencies.is_empty() {
        args.tell(&latency_table(&report.latencies));
    }
    args.tell(&format!(
        " {}  {} seeds, {} operations, {} kills, {} failed seeds; {:.1} s{}        exit {}\n \
         report  {}\n",
        match verdict {
            Verdict::Pass => "PASS",
            Verdict::Violation => "FAIL",
            Verdict::Inconclusive => "INCONCLUSIVE",
        },
        report.seed_count,
        report.operation_count,
        report.kill_count,
        report.failures.len(),
        report.elapsed_us as f64 / 1e6,
        match args.mode {
            Mode::Sim => format!(" for {:.1} s of virtual time", report.virtual_us as f64 / 1e6),
            Mode::Threads => String::new(),
        },
        exit.code(),
        directory.path().join("report.json").display(),
    ));
    let resolved = json!({
        "mode": args.mode.name(),
        "seeds": [format!("{:#018x}", seeds.from), format!("{:#018x}", seeds.to)],
        "max_fail": args.max_fail,
        "planted": args.planted().iter().map(|one| format!("{one:?}")).collect::<Vec<_>>(),
    });
    let written = directory
        .write("config.resolved.json", format!("{resolved:#}\n").as_bytes())
        .and_then(|()| directory.finish(&report));
    written.map_err(|error| Failure::new(Exit::Environment, format!("report: {error}")))?;
    args.emit(&json!({"type": "report", "report": report}));
    Ok(exit)
}
