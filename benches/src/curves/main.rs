//! Measures what a catch-up of a RocksDB secondary costs, what it does to reads beside it, and what
//! opening an instance costs; draws the curves. No figure is judged.

#![allow(clippy::disallowed_methods, reason = "real time, files and threads are measured")]

mod chart;
mod cost;
#[path = "../environment.rs"]
mod environment;
mod extent;
mod plot;
mod primary;
mod reads;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use chart::Chart;
use environment::Environment;
use extent::Extent;
use report::Report;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// As the harness: configuration or environment.
const EXIT_FAILED: u8 = 6;

/// Measures what catching up and opening cost a RocksDB secondary
#[derive(Parser)]
#[command(name = "duolog-curves", version)]
struct Cli {
    /// A few seconds, to see that everything runs
    #[arg(long)]
    smoke: bool,
    /// Where databases are made; a directory for temporary files on disk otherwise
    #[arg(long)]
    directory: Option<PathBuf>,
    /// Also writes catch-up-curves.json and a plot for each chart to this directory, and renews the
    /// figures in its catch-up-curves.md where there is one
    #[arg(long)]
    output: Option<PathBuf>,
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
    let extent = if cli.smoke { &extent::SMOKE } else { &extent::FULL };
    let parent = cli.directory.clone().unwrap_or_else(environment::temporary_directory);
    extent.check_descriptors()?;
    let mut environment = Environment::here(&parent);
    let charts = measure(&parent, extent)?;
    environment.load_after = environment::load();
    let arguments = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let command = format!("cargo run --release --bin duolog-curves -- {arguments}");
    let report = Report { command: command.trim_end().to_owned(), environment, charts };
    println!("{}", report.figures());
    let plots: Vec<String> = report.charts.iter().map(plot::draw).collect::<Outcome<_>>()?;
    match &cli.output {
        Some(output) => report.write(output, &plots),
        None => Ok(()),
    }
}

fn measure(parent: &Path, extent: &Extent) -> Outcome<Vec<Chart>> {
    let keys = cost::by_keys(parent, extent)?;
    let [wal, wal_opening] = cost::by_live_wal(parent, extent)?;
    let [tables, tables_opening] = cost::by_tables(parent, extent)?;
    let families = cost::by_families(parent, extent)?;
    let threads = cost::by_opening_threads(parent, extent)?;
    let [median, rare] = reads::beside_catch_ups(parent, extent)?;
    Ok(vec![
        Chart::new("catch-up-keys", vec![keys]),
        Chart::new("catch-up-wal", vec![wal]),
        Chart::new("catch-up-tables", vec![tables]),
        Chart::new("catch-up-families", vec![families]),
        Chart::new("catch-up-threads", vec![threads]),
        Chart::new("catch-up-reads", vec![median, rare]),
        Chart::new("catch-up-opening", vec![wal_opening, tables_opening]),
    ])
}
