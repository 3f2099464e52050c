//! Measures the engine beside what its users would build without it: a raw file of checksummed
//! records, and plain RocksDB with three keys a message. All figures of a run are taken
//! interleaved, and no figure is judged.

#![allow(clippy::disallowed_methods, reason = "real time, files and memory are measured")]
// What only the baselines on RocksDB change, use or call.
#![cfg_attr(not(feature = "rocks"), allow(unused_mut, unused_variables, dead_code))]

mod baseline;
mod cell;
mod engine;
mod environment;
mod messages;
mod quiet;
mod report;
mod suite;
mod timing;
mod workload;

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use environment::Environment;
use report::Report;
use suite::Run;
use workload::Workload;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// As the harness: configuration or environment.
const EXIT_FAILED: u8 = 6;

/// Measures duolog beside raw files and plain RocksDB
#[derive(Parser)]
#[command(name = "duolog-bench", version)]
struct Cli {
    /// A workload: append, sustained, reads, sizes, or a file in TOML
    #[arg(default_value = "append")]
    workload: String,
    /// A workload of a few seconds, to see that everything runs
    #[arg(long, conflicts_with = "workload")]
    smoke: bool,
    /// Only measurements whose names have this part; may be given again
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,
    /// How often each contender is measured, instead of what the workload says
    #[arg(long)]
    rounds: Option<std::num::NonZero<usize>>,
    /// Where files are written; a directory for temporary files on disk otherwise
    #[arg(long)]
    directory: Option<PathBuf>,
    /// Also writes all samples to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Also puts the figures in the place of those in this document
    #[arg(long)]
    into: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(EXIT_FAILED)
        }
    }
}

fn run(cli: &Cli) -> Outcome<()> {
    let mut workload = Workload::named(if cli.smoke { "smoke" } else { &cli.workload })?;
    if let Some(rounds) = cli.rounds {
        workload.rounds = rounds.get();
        if let Some(sustained) = &mut workload.sustained {
            sustained.rounds = rounds.get();
        }
    }
    let parent = cli.directory.clone().unwrap_or_else(environment::temporary_directory);
    let mut environment = Environment::here(&parent);
    let shared = Run {
        workload: &workload,
        parent: &parent,
        only: &cli.only,
        breakdowns: RefCell::default(),
        notes: RefCell::default(),
    };
    let cells = shared.measure()?;
    let (breakdowns, notes) = (shared.breakdowns.into_inner(), shared.notes.into_inner());
    if cells.is_empty() {
        return Err("nothing was measured: the workload has no such measurement".into());
    }
    environment.load_after = environment::load();
    let arguments = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let features = if cfg!(feature = "peers") { " -p duolog-bench --features peers" } else { "" };
    let command = format!("cargo run --release{features} --bin duolog-bench -- {arguments}");
    let command = command.trim_end().to_owned();
    let report = Report { command, environment, workload, cells, breakdowns, notes };
    println!("{}", report.markdown());
    if let Some(path) = &cli.json {
        std::fs::write(path, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    if let Some(path) = &cli.into {
        report.write_into(path)?;
    }
    Ok(())
}
