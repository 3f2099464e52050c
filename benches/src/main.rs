//! Measures the engine beside what its users would build without it: a raw file of checksummed
//! records, and plain RocksDB with three keys a message. All figures of a run are taken
//! interleaved, and no figure is judged.

// The outside: real time, files and memory are what is measured.
#![allow(clippy::disallowed_methods)]

mod baseline;
mod cell;
mod engine;
mod environment;
mod messages;
mod report;
mod suite;
mod timing;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use environment::Environment;
use report::Report;
use suite::{Run, Suite};
use workload::Workload;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// As the harness: configuration or environment.
const EXIT_FAILED: u8 = 6;

/// Measures duolog beside raw files and plain RocksDB
#[derive(Parser)]
#[command(name = "duolog-bench", version)]
struct Cli {
    /// A workload in TOML; without one, that of the reports
    workload: Option<PathBuf>,
    /// A workload of a few seconds, to see that everything runs
    #[arg(long, conflicts_with = "workload")]
    smoke: bool,
    /// Only these measurements
    #[arg(long, value_enum)]
    only: Vec<Suite>,
    /// How often each contender is measured, instead of what the workload says
    #[arg(long)]
    rounds: Option<std::num::NonZero<usize>>,
    /// Where files are written; the system's directory for temporary files otherwise
    #[arg(long)]
    directory: Option<PathBuf>,
    /// Also writes all samples to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
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
    let mut workload = match &cli.workload {
        Some(path) => Workload::read(path)?,
        None if cli.smoke => Workload::smoke()?,
        None => Workload::first()?,
    };
    if let Some(rounds) = cli.rounds {
        workload.rounds = rounds.get();
    }
    let parent = cli.directory.clone().unwrap_or_else(std::env::temp_dir);
    let mut environment = Environment::here(&parent);
    let shared = Run { workload: &workload, parent: &parent };
    let mut cells = Vec::new();
    for suite in Suite::value_variants() {
        if cli.only.is_empty() || cli.only.contains(suite) {
            cells.extend(suite.run(&shared)?);
        }
    }
    if cells.is_empty() {
        return Err("nothing was measured: the workload has none of these measurements".into());
    }
    environment.load_after = environment::load();
    let arguments = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let command = format!("cargo run --release --bin duolog-bench -- {arguments}");
    let report = Report { command: command.trim_end().to_owned(), environment, workload, cells };
    println!("{}\n{}", report.circumstances(), report.table());
    if let Some(path) = &cli.json {
        std::fs::write(path, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    Ok(())
}
