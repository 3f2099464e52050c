//! `duolog check`.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::Args;
use duolog::catalog::Catalog;
use duolog::verify::{PartitionReport, verify};
use serde_json::{Value, json};

use crate::history::{self, History, HistoryError};
use crate::judge::{Verdict, judge};
use crate::report::{Tally, failure_words, invariant_table};

use super::exit::Exit;
use super::log::{failed, is_data, wait};
use super::run::{MessageFormat, broken};
use super::{Ended, Failure};

#[cfg(test)]
mod tests;

#[derive(Args)]
pub(super) struct CheckArgs {
    /// A recorded history, the directory of a run or of a kept failure, or a storage directory
    path: PathBuf,
    /// How results are told
    #[arg(long, default_value = "human")]
    message_format: MessageFormat,
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A history.
    History(PathBuf),
    /// The directory of a run: its histories, and the storage directories that it kept.
    Run(Vec<PathBuf>, Vec<PathBuf>),
    /// A storage directory.
    Data(PathBuf),
}

/// The names that a history may have.
const HISTORIES: [&str; 2] = [history::FILE_NAME, "history.jsonl"];

impl Subject {
    /// What lies at `path`.
    pub(super) fn at(path: &Path) -> Result<Self, Failure> {
        let io = |error| Failure::new(Exit::Environment, format!("{}: {error}", path.display()));
        if !std::fs::metadata(path).map_err(io)?.is_dir() {
            return Ok(Self::History(path.to_owned()));
        }
        if is_data(path) {
            return Ok(Self::Data(path.to_owned()));
        }
        let list = |directory: &Path| -> Result<Vec<PathBuf>, Failure> {
            let mut paths = Vec::new();
            if directory.is_dir() {
                for entry in std::fs::read_dir(directory).map_err(io)? {
                    paths.push(entry.map_err(io)?.path());
                }
            }
            paths.sort();
            Ok(paths)
        };
        let mut places = vec![path.to_owned()];
        places.extend(list(&path.join("failures"))?);
        let histories: Vec<_> = places.iter().filter_map(|place| history_in(place)).collect();
        let data: Vec<_> = list(path)?.into_iter().filter(|place| is_data(place)).collect();
        if histories.is_empty() && data.is_empty() {
            let text = format!(
                "{} holds neither a history nor a storage directory: a run keeps histories of \
                 seeds that failed, and of one that ran alone",
                path.display()
            );
            return Err(Failure::new(Exit::Nothing, text));
        }
        Ok(Self::Run(histories, data))
    }
}

fn history_in(directory: &Path) -> Option<PathBuf> {
    HISTORIES.iter().map(|name| directory.join(name)).find(|path| path.is_file())
}

pub(super) fn check(args: &CheckArgs) -> Ended {
    let format = args.message_format;
    let exit = match Subject::at(&args.path)? {
        Subject::History(path) => judged(&[path], format)?,
        Subject::Data(path) => verified(path, format)?,
        Subject::Run(histories, data) => {
            let mut ends = Vec::new();
            if !histories.is_empty() {
                ends.push(judged(&histories, format)?);
            }
            for path in data {
                ends.push(verified(path, format)?);
            }
            let worst = |exit: &Exit| match exit {
                Exit::Violation => 3,
                Exit::Inconclusive => 2,
                Exit::Nothing => 1,
                _ => 0,
            };
            ends.into_iter().max_by_key(worst).unwrap_or(Exit::Nothing)
        }
    };
    format.emit(&json!({"type": "check", "exit_code": exit.code()}));
    Ok(exit)
}

/// Judges histories again.
fn judged(paths: &[PathBuf], format: MessageFormat) -> Ended {
    let mut tally = Tally::default();
    for path in paths {
        let history = read(path)?;
        let judgements = judge(&history);
        tally.add(&history.events, &judgements, 0);
        format.emit(&json!({"type": "history", "path": path, "invariants": judgements}));
        if !broken(&judgements).is_empty() {
            let replay = format!("duolog replay {:#018x}", history.header.seed);
            format.tell(&failure_words(&history, &judgements, &replay));
        }
    }
    format.tell(&invariant_table(&tally.judgements));
    Ok(Exit::of(tally.verdict(), tally.operation_count))
}

fn read(path: &Path) -> Result<History, Failure> {
    let told = |exit, error: &dyn std::fmt::Display| {
        Failure::new(exit, format!("{}: {error}", path.display()))
    };
    let file = std::fs::File::open(path).map_err(|error| told(Exit::Environment, &error))?;
    history::read(BufReader::new(file)).map_err(|error| {
        let exit = match &error {
            // What is there can be read, and is no whole file.
            HistoryError::Io(error) if is_torn(error.kind()) => Exit::Format,
            HistoryError::Io(_) => Exit::Environment,
            HistoryError::Line { .. } | HistoryError::Version(_) => Exit::Format,
        };
        told(exit, &error)
    })
}

fn is_torn(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(kind, InvalidData | InvalidInput | UnexpectedEof)
}

/// Checks a storage directory: every frame, and the index against the log.
fn verified(path: PathBuf, format: MessageFormat) -> Ended {
    let told = path.display().to_string();
    let reports = wait(|world| async move {
        let config = duolog::DiskConfig::new(path);
        let catalog = Catalog::new(world, std::sync::Arc::new(config));
        verify(&catalog).await.map_err(failed)
    })?;
    let reports: Vec<_> = reports.into_iter().map(|one| known(one, READS_INDEX)).collect();
    reports.iter().for_each(|report| format.emit(&object(&told, report)));
    format.tell(&format!(" {told}\n{}", reports.iter().map(words).collect::<String>()));
    let verdict = verdict(&reports, READS_INDEX);
    let message_count: u64 = reports.iter().map(|one| one.log_end - one.log_start).sum();
    let problem_count: u64 = reports.iter().map(|one| one.problem_count).sum();
    let exit = Exit::of(verdict, message_count);
    format.tell(&format!(
        " {}  {} partitions, {message_count} messages, {problem_count} problems        exit {}\n",
        match (verdict, exit) {
            (Verdict::Violation, _) => "DAMAGED",
            (_, Exit::Nothing) => "EMPTY",
            (Verdict::Inconclusive, _) => {
                "INCONCLUSIVE: the log is whole; its index was not compared, which takes a build \
                 with the feature rocks\n"
            }
            (Verdict::Pass, _) => "PASS",
        },
        reports.len(),
        exit.code()
    ));
    Ok(exit)
}

/// Whether this build reads the index of another process.
const READS_INDEX: bool = cfg!(feature = "rocks");

/// Leaves out what only says that this build cannot open any index.
fn known(mut report: PartitionReport, reads_index: bool) -> PartitionReport {
    if let Some(unopened) = report.index_unopened.take_if(|_| !reads_index) {
        report.problem_count -= 1;
        report.problems.retain(|problem| *problem != unopened);
    }
    report
}

/// What reports say together; an index that this build cannot read is no pass.
fn verdict(reports: &[PartitionReport], reads_index: bool) -> Verdict {
    if reports.iter().any(|report| report.problem_count > 0) {
        Verdict::Violation
    } else if reads_index {
        Verdict::Pass
    } else {
        Verdict::Inconclusive
    }
}

/// As `log inspect` tells of a partition: sequences are text.
fn object(directory: &str, report: &PartitionReport) -> Value {
    let torn = report.torn.iter();
    let torn = torn.map(|end| json!({"position": end.at.to_string(), "what": end.what}));
    json!({
        "type": "partition",
        "directory": directory,
        "topic": report.topic,
        "partition": report.partition,
        "log_start": report.log_start.to_string(),
        "settled": report.settled.to_string(),
        "log_end": report.log_end.to_string(),
        "compared_count": report.compared_count,
        "torn": torn.collect::<Vec<_>>(),
        "problem_count": report.problem_count,
        "problems": report.problems,
    })
}

fn words(report: &PartitionReport) -> String {
    let mut words = format!(
        "  {}/{}: messages {} up to {}, settled up to {}, {} compared with the index\n",
        report.topic,
        report.partition,
        report.log_start,
        report.log_end,
        report.settled,
        report.compared_count
    );
    for torn in &report.torn {
        words += &format!("    cut end at {}: {}\n", torn.at, torn.what);
    }
    for problem in &report.problems {
        words += &format!("    PROBLEM: {problem}\n");
    }
    let untold = report.problem_count - report.problems.len() as u64;
    if untold > 0 {
        words += &format!("    and {untold} more\n");
    }
    words
}
