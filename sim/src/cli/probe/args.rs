//! What `duolog probe` is told.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::probe::plan::Tier;

use super::super::duration::parse_duration;
use super::super::run::MessageFormat;
use super::super::seeds::{Seeds, parse_seeds};

/// A tier on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum TierName {
    /// On one thread: a seed is one run
    Deterministic,
    /// On threads: a seed is many schedules
    Racing,
}

impl From<TierName> for Tier {
    fn from(name: TierName) -> Self {
        match name {
            TierName::Deterministic => Self::Deterministic,
            TierName::Racing => Self::Racing,
        }
    }
}

/// What to print instead of running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Print {
    /// The plan
    Plan,
    /// A program that uses nothing but the crate rocksdb
    Reproducer,
}

#[derive(Args)]
#[cfg_attr(
    not(feature = "rocks"),
    allow(dead_code, reason = "a build without RocksDB only says that it has none")
)]
pub(in super::super) struct ProbeArgs {
    /// Seeds A..B, or the first N, instead of the check that continuous integration makes
    #[arg(long, value_parser = parse_seeds)]
    pub(super) seeds: Option<Seeds>,
    /// In which tier seeds are run [default: deterministic]
    #[arg(long)]
    pub(super) tier: Option<TierName>,
    /// Begins no seed after this time (90s, 2m, 8h)
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) r#for: Option<Duration>,
    /// Processes at the same time [default: the processors]
    #[arg(long)]
    pub(super) jobs: Option<usize>,
    /// Runs the plan in this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seeds", "known", "scheme"])]
    pub(super) plan: Option<PathBuf>,
    /// Runs the plan of this known finding
    #[arg(long, value_name = "NAME", conflicts_with_all = ["seeds", "scheme"])]
    pub(super) known: Option<String>,
    /// Prints the plan of --seeds, --plan or --known, or a program of it, and runs nothing
    #[arg(long, value_name = "WHAT")]
    pub(super) print: Option<Print>,
    /// Makes the plan of --plan as small as it goes while it shows the same
    #[arg(long, requires = "plan")]
    pub(super) shrink: bool,
    /// A racing plan shows something where so many runs show it
    #[arg(long, value_name = "K", default_value_t = 1)]
    pub(super) need: u32,
    /// See --need: of so many
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) of: u32,
    /// Shows what a read-only instance and a secondary see of writes, step by step
    #[arg(long)]
    pub(super) claim: bool,
    /// The engine's way of settling under so many racing catch-ups, right and with mistakes
    #[arg(long, value_name = "CATCH_UPS")]
    pub(super) scheme: Option<u32>,
    /// Directory for the plans of new findings [default: one below runs/]
    #[arg(long, env = "DUOLOG_OUTPUT")]
    pub(super) output: Option<PathBuf>,
    /// How results are told
    #[arg(long, default_value = "human")]
    pub(super) message_format: MessageFormat,
    /// What continuous integration runs; the default
    #[arg(long)]
    pub(super) ci: bool,
    /// A process of plans, for the one that started it
    #[arg(long, hide = true)]
    pub(super) worker: bool,
    /// Where a worker's files go
    #[arg(long, hide = true)]
    pub(super) directory: Option<PathBuf>,
}
