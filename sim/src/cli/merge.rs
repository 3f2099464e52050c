//! `duolog merge`.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use crate::judge::Judgement;
use crate::report::{
    MergeError, Report, RunDirectory, group_words, invariant_table, junit, merge as merged,
};

use super::exit::Exit;
use super::run::ROOT;
use super::{Ended, Failure, print};

#[derive(Args)]
pub(super) struct MergeArgs {
    /// Directories of runs, each of a part of the seeds
    #[arg(required = true, value_name = "RUN_DIR")]
    runs: Vec<PathBuf>,
    /// Directory of the merged report [default: one below runs/]
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Also writes the report for servers of continuous integration
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub(super) fn merge(args: &MergeArgs) -> Ended {
    let mut reports = Vec::new();
    for run in &args.runs {
        reports.push((run.clone(), read(run)?));
    }
    let mut report = merged(&reports).map_err(|error| {
        let exit = match error {
            MergeError::None => Exit::Nothing,
            MergeError::Version(..) => Exit::Format,
            MergeError::Mode(..) | MergeError::Twice(..) => Exit::Usage,
        };
        Failure::new(exit, error)
    })?;
    let exit = Exit::of(report.verdict, report.operation_count);
    report.exit_code = exit.code();
    let unwritten = |error| Failure::new(Exit::Environment, format!("merged report: {error}"));
    let made = match &args.output {
        Some(path) => RunDirectory::create(path),
        None => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let now_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
            RunDirectory::create_below(Path::new(ROOT), "merged", now_us, report.first_seed)
        }
    };
    let directory = made.map_err(unwritten)?;
    directory.finish(&report).map_err(unwritten)?;
    if let Some(file) = &args.junit {
        write_junit(file, &report)?;
    }
    print(&group_words(&report.groups));
    let judgements: Vec<Judgement> =
        report.invariants.iter().map(|one| one.judgement.clone()).collect();
    print(&invariant_table(&judgements));
    for note in &report.notes {
        print(&format!(" NOTE  {note}\n"));
    }
    print(&format!(
        " {} runs, {} seeds, {} operations, {} kills, {} failed seeds        exit {}\n \
         report  {}\n",
        report.part_count,
        report.seed_count,
        report.operation_count,
        report.kill_count,
        report.failures.len(),
        report.exit_code,
        directory.path().join("report.json").display(),
    ));
    Ok(exit)
}

/// Writes the report for servers of continuous integration.
pub(super) fn write_junit(file: &Path, report: &Report) -> Result<(), Failure> {
    let write = || std::fs::write(file, junit(report)?);
    write().map_err(|error| Failure::new(Exit::Environment, format!("{}: {error}", file.display())))
}

fn read(run: &Path) -> Result<Report, Failure> {
    let file = run.join("report.json");
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::new(Exit::Environment, format!("{}: {error}", file.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::new(Exit::Format, format!("{}: {error}", file.display())))
}
