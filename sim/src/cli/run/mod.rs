//! `duolog run`.

mod chosen;
mod finish;
mod keep;
mod shrinking;
mod simulated;
mod threaded;
mod workload;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use duolog::io::Planted;

use crate::judge::{Judgement, Verdict};
use crate::plan::{IndexKind, RunMode, Work};
use crate::report::{
    Activity, FailedSeed, FaultTally, Latency, LinesReport, Retention, RunDirectory, SwarmTally,
    Tally,
};
use crate::world::IndexLoss;

use self::chosen::Chosen;
pub(super) use self::chosen::read as read_scenario;
pub(super) use self::workload::{Workload, refused};

use super::duration::parse_duration;
use super::exit::Exit;
use super::progress::{Progress, ShowProgress};
use super::seeds::{Part, Seeds, parse_seed, parse_seeds};
use super::subject::Target;
use super::{Ended, Failure, print};

/// How results are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum MessageFormat {
    /// Words and tables
    Human,
    /// One JSON object a line on standard output, words on standard error
    Json,
}

impl MessageFormat {
    /// Tells people; where standard output is for programs, on standard error.
    pub(super) fn tell(self, text: &str) {
        match self {
            Self::Human => print(text),
            Self::Json => eprint!("{text}"),
        }
    }

    /// Tells programs.
    pub(super) fn emit(self, message: &serde_json::Value) {
        if self == Self::Json {
            print(&format!("{message}\n"));
        }
    }
}

#[derive(Args)]
pub(super) struct RunArgs {
    /// What is simulated, what is real
    ///
    /// [default: threads where the index on RocksDB is built in, else sim]
    #[arg(long, env = "DUOLOG_MODE")]
    mode: Option<Mode>,
    /// One seed, in decimal or behind 0x
    #[arg(long, value_parser = parse_seed, conflicts_with_all = ["seeds", "seed_from"])]
    seed: Option<u64>,
    /// Seeds A..B, or the first N [default: 64 in mode sim, 1 in mode threads]
    #[arg(long, value_parser = parse_seeds, env = "DUOLOG_SEEDS")]
    seeds: Option<Seeds>,
    /// Begins at a seed made from this revision, or from any other text
    #[arg(long, value_name = "REV")]
    seed_from: Option<String>,
    /// Every n-th seed only, beginning with the i-th: 1/4 to 4/4; see duolog merge
    #[arg(long, value_name = "I/N", value_parser = Part::parse)]
    partition: Option<Part>,
    /// Begins no seed after this time (90s, 2m, 8h), and says how many were run
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    r#for: Option<Duration>,
    /// Also writes the report for servers of continuous integration
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// The index of a simulated run [default: model]
    #[arg(long, env = "DUOLOG_INDEX")]
    index: Option<IndexKind>,
    /// Seeds at the same time [default: the processors]
    #[arg(long, env = "DUOLOG_JOBS")]
    jobs: Option<usize>,
    /// Ends after so many failed seeds [default: 1]
    #[arg(long, env = "DUOLOG_MAX_FAIL")]
    max_fail: Option<u64>,
    /// Directory of the results [default: one below runs/]
    #[arg(long, short, env = "DUOLOG_OUTPUT")]
    output: Option<PathBuf>,
    /// Numbers chosen by hand: see sim/README.md for the keys. The command line comes first
    #[arg(long, value_name = "FILE", env = "DUOLOG_SCENARIO")]
    scenario: Option<PathBuf>,
    /// Prints the scenario with everything resolved, and runs nothing
    #[arg(long)]
    print_config: bool,
    /// Appends the lines of this file, one message a line: in mode threads all of them
    #[arg(long, value_name = "FILE", env = "DUOLOG_MESSAGES")]
    messages: Option<PathBuf>,
    /// Before a run, the oldest ones below runs/ are removed until the others take no more
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 30, env = "DUOLOG_RUNS_MAX_BYTES")]
    runs_max_bytes: u64,
    /// Runs with failures, or that did not end, stay for so many days whatever they take
    #[arg(long, value_name = "DAYS", default_value_t = 30, env = "DUOLOG_FAILURES_DAYS")]
    failures_days: i64,
    /// Keeps failed seeds as they are; else the first ones are shrunk, in mode sim
    #[arg(long)]
    no_shrink: bool,
    /// How progress is shown
    #[arg(long, default_value = "auto", env = "DUOLOG_SHOW_PROGRESS")]
    show_progress: ShowProgress,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    /// One thread, virtual time, simulated disk: repeats exactly
    Sim,
    /// Real files, threads and time: the workload repeats, the interleaving does not
    Threads,
}

impl From<RunMode> for Mode {
    fn from(mode: RunMode) -> Self {
        match mode {
            RunMode::Sim => Self::Sim,
            RunMode::Threads => Self::Threads,
        }
    }
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

    fn tell(&self, text: &str) {
        self.message_format.tell(text);
    }

    fn emit(&self, message: &serde_json::Value) {
        self.message_format.emit(message);
    }
}

/// What the seeds said so far.
#[derive(Default)]
struct Results {
    tally: Tally,
    /// Of simulated seeds.
    swarm: Option<SwarmTally>,
    faults: FaultTally,
    failures: Vec<FailedSeed>,
    latencies: BTreeMap<String, Latency>,
    /// Of the last seed that ran on threads.
    activity: Option<Activity>,
    /// Of the seed that read the most lines back.
    lines: Option<LinesReport>,
    /// What the plans of the seeds were.
    work: Work,
    /// The one behind the last seed that was begun.
    end_seed: u64,
    /// What power losses did to databases of RocksDB.
    index_loss: IndexLoss,
}

impl Results {
    fn add_lines(&mut self, lines: Option<LinesReport>) {
        let read = |lines: &Option<LinesReport>| lines.as_ref().map(|one| one.read_back_count);
        if read(&lines) > read(&self.lines) {
            self.lines = lines;
        }
    }
}

/// What a run is made of.
struct Job<'a> {
    args: &'a RunArgs,
    chosen: &'a Chosen,
    workload: &'a Workload,
    directory: &'a RunDirectory,
    progress: Progress,
    start: Instant,
}

impl Job<'_> {
    /// What the command that runs a seed again needs beside the seed.
    fn replay(&self) -> String {
        let scenario = self.args.scenario.as_ref();
        let scenario = scenario.map(|path| format!(" --scenario {}", path.display()));
        let index = self.chosen.index.filter(|index| !index.is_model());
        let index = index.map(|index| format!(" --index {}", index.name()));
        scenario.unwrap_or_default() + &self.workload.replay() + &index.unwrap_or_default()
    }

    /// How many seeds will be run; 0 where time decides.
    fn seeds_known(&self) -> u64 {
        if self.args.r#for.is_some() { 0 } else { self.chosen.seed_count() }
    }

    /// Whether the time is over that the run was given.
    fn is_over(&self) -> bool {
        self.args.r#for.is_some_and(|time| self.start.elapsed() >= time)
    }

    /// A failure to write a result.
    fn unwritten(error: std::io::Error) -> Failure {
        Failure::new(Exit::Environment, format!("run directory: {error}"))
    }
}

/// Failed seeds that are kept with plan and history.
const KEPT_MAX: usize = 8;

pub(super) fn run(args: &RunArgs) -> Ended {
    let chosen = Chosen::new(args)?;
    let (mode, seeds) = (chosen.mode, chosen.seeds);
    if chosen.seed_count() == 0 {
        return Err(Failure::new(Exit::Nothing, "no seed was selected"));
    }
    let start = Instant::now();
    let workload = Workload::new(mode, &chosen.scenario, chosen.messages.as_deref())?
        .with_index(chosen.index.unwrap_or_default());
    let resolved = workload.resolved(chosen.said(), seeds.from);
    if args.print_config {
        print(&resolved);
        return Ok(Exit::Pass);
    }
    let directory = open_directory(args, &chosen)?;
    directory.write("config.resolved.toml", resolved.as_bytes()).map_err(Job::unwritten)?;
    args.tell(&format!(
        " duolog {} · {} · {}\n   Replay: {}   Output: {}\n{}",
        env!("CARGO_PKG_VERSION"),
        mode.name(),
        chosen.seeds_told(args),
        if mode == Mode::Sim { "exact" } else { "workload only" },
        directory.path().display(),
        workload.told(),
    ));
    let progress = Progress::new(args.show_progress, args.message_format == MessageFormat::Json);
    let (workload, directory) = (&workload, &directory);
    let job = Job { args, chosen: &chosen, workload, directory, progress, start };
    let results = match mode {
        Mode::Sim => simulated::run(&job),
        Mode::Threads => threaded::run(&job),
    };
    job.progress.end();
    let mut results = results?;
    if mode == Mode::Sim {
        shrinking::shrink_first(&job, &mut results)?;
    }
    finish::finish(&job, results)
}

impl RunArgs {
    /// Removes old runs below `root` where they take too much.
    fn make_room(&self, root: &Path, now_us: i64) -> Result<(), Failure> {
        let failures_us = self.failures_days.saturating_mul(DAY_US);
        let retention = Retention { max_bytes: self.runs_max_bytes, failures_us };
        let removed = retention.make_room(root, now_us).map_err(Job::unwritten)?;
        if !removed.is_empty() {
            self.tell(&format!(
                " {} old runs removed: those below {} took more than {} bytes\n",
                removed.len(),
                root.display(),
                self.runs_max_bytes
            ));
        }
        Ok(())
    }
}

/// Where runs go that are told no other place.
pub(super) const ROOT: &str = "runs";

const DAY_US: i64 = 24 * 3_600 * 1_000_000;

fn open_directory(args: &RunArgs, chosen: &Chosen) -> Result<RunDirectory, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    let made = match &args.output {
        Some(path) => RunDirectory::create(path),
        None => {
            let (mode, seed) = (chosen.mode.name(), chosen.seeds.from);
            args.make_room(ROOT.as_ref(), now_us)?;
            RunDirectory::create_below(ROOT.as_ref(), mode, now_us, seed)
        }
    };
    made.map_err(Job::unwritten)
}

/// The invariants that were broken, by name.
pub(super) fn broken(judgements: &[Judgement]) -> Vec<String> {
    let violated = judgements.iter().filter(|one| one.verdict() == Verdict::Violation);
    violated.map(|one| one.invariant.name().to_owned()).collect()
}
