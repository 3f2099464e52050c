//! One report for runs that each ran a part of the seeds.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::judge::{Judgement, Verdict};

use super::{FailedSeed, FailureGroup, IndexReport, REPORT_VERSION, Report, Swarm, Tally};

/// Why reports do not make one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("no report was named")]
    None,
    /// They are of another version.
    #[error("{0:?} has version {1}, this build reads {REPORT_VERSION}: use a newer duolog")]
    Version(PathBuf, u32),
    /// It is no simulated run.
    #[error("{0:?} is of mode {1}: only simulated runs are parts of one")]
    Mode(PathBuf, String),
    /// Seeds would count twice.
    #[error("{0:?} and {1:?} ran the same seeds: name one of them")]
    Twice(PathBuf, PathBuf),
}

/// Adds the reports of several simulated runs, each with the directory it lies in. Counts are
/// added; what took time is the longest; medians are worked out anew from the counts of all seeds.
///
/// # Errors
/// Where they are not parts of one run.
pub fn merge(reports: &[(PathBuf, Report)]) -> Result<Report, MergeError> {
    let ((_, first), rest) = reports.split_first().ok_or(MergeError::None)?;
    for (index, (path, report)) in reports.iter().enumerate() {
        if report.schema_version != REPORT_VERSION {
            return Err(MergeError::Version(path.clone(), report.schema_version));
        }
        if report.mode != "sim" {
            return Err(MergeError::Mode(path.clone(), report.mode.clone()));
        }
        let same = reports[..index].iter().find(|(_, other)| overlaps(report, other));
        if let Some((other, _)) = same {
            return Err(MergeError::Twice(other.clone(), path.clone()));
        }
    }
    let mut merged = first.clone();
    for (_, report) in rest {
        add(&mut merged, report);
    }
    merged.failures = reports.iter().flat_map(|(path, report)| failures(path, report)).collect();
    merged.failures.sort_by_key(|failure| failure.seed);
    merged.groups = FailureGroup::of(&merged.failures);
    let judgements: Vec<Judgement> =
        merged.invariants.iter().map(|one| one.judgement.clone()).collect();
    let tally = Tally { judgements, ..Tally::default() };
    (merged.verdict, merged.invariants) = (tally.verdict(), tally.invariants());
    // What nobody ever met in any part says nothing.
    let is_unmet = merged.faults.iter().any(|count| count.complaint().is_some())
        || merged.swarm.as_ref().is_some_and(|swarm| !swarm.complaints().is_empty());
    if merged.verdict == Verdict::Pass && is_unmet {
        merged.verdict = Verdict::Inconclusive;
    }
    merged.partition = None;
    merged.part_count = u64::try_from(reports.len()).unwrap_or(u64::MAX);
    merged.notes = notes(reports);
    Ok(merged)
}

/// Whether two runs had a seed in common, as far as their ranges and parts tell.
fn overlaps(one: &Report, other: &Report) -> bool {
    let meets = one.first_seed < other.end_seed && other.first_seed < one.end_seed;
    let apart = |a: &str, b: &str| a != b && a.rsplit('/').next() == b.rsplit('/').next();
    let parts = (one.partition.as_deref(), other.partition.as_deref());
    let is_apart = matches!(parts, (Some(a), Some(b)) if apart(a, b));
    let name = |report: &Report| report.index.map(|index| index.name);
    meets && !(is_apart && one.first_seed == other.first_seed) && name(one) == name(other)
}

fn add(merged: &mut Report, report: &Report) {
    merged.first_seed = merged.first_seed.min(report.first_seed);
    merged.end_seed = merged.end_seed.max(report.end_seed);
    merged.seed_count += report.seed_count;
    merged.index = IndexReport::merged(merged.index, report.index);
    merged.operation_count += report.operation_count;
    merged.kill_count += report.kill_count;
    merged.power_loss_count += report.power_loss_count;
    merged.virtual_us += report.virtual_us;
    merged.elapsed_us = merged.elapsed_us.max(report.elapsed_us);
    merged.memory_peak_bytes = merged.memory_peak_bytes.max(report.memory_peak_bytes);
    for (kind, outcomes) in &report.operations {
        let sum = merged.operations.entry(kind.clone()).or_default();
        *sum = added(sum, outcomes);
    }
    for one in &report.invariants {
        match merged.invariants.iter_mut().find(|sum| sum.code == one.code) {
            Some(sum) => sum.judgement.add(&one.judgement),
            None => merged.invariants.push(one.clone()),
        }
    }
    let swarms = (merged.swarm.take(), report.swarm.as_ref());
    merged.swarm = match swarms {
        (Some(one), Some(other)) => Some(Swarm::merged(&one, other)),
        (one, other) => one.or_else(|| other.cloned()),
    };
    for count in &report.faults {
        match merged.faults.iter_mut().find(|sum| sum.class == count.class) {
            Some(sum) => {
                sum.injected += count.injected;
                sum.observed += count.observed;
            }
            None => merged.faults.push(*count),
        }
    }
    let read = |report: &Report| report.messages.as_ref().map(|lines| lines.read_back_count);
    if read(report) > read(merged) {
        merged.messages.clone_from(&report.messages);
    }
}

/// The failures of a run, each with the way to its directory.
fn failures(path: &Path, report: &Report) -> Vec<FailedSeed> {
    let mut failures = report.failures.clone();
    for failure in &mut failures {
        let directory = failure.directory.take();
        failure.directory = directory.map(|name| path.join(name).display().to_string());
    }
    failures
}

/// What the merged report does not tell, and why.
fn notes(reports: &[(PathBuf, Report)]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let (_, first) = &reports[0];
    let differs = |report: &Report| {
        let (one, other) = (&first.environment, &report.environment);
        (&one.version, one.planted, one.debug_assertions)
            != (&other.version, other.planted, other.debug_assertions)
    };
    if reports.iter().any(|(_, report)| differs(report)) {
        notes.push("environment: the builds differ; the first one's is told".to_owned());
    }
    if reports.iter().any(|(_, report)| !report.latencies.is_empty()) {
        notes.push("latencies: those of the first run; percentiles do not add up".to_owned());
    }
    notes
}

/// Two objects of counts, every number added to the one of the same name.
pub(super) fn added<T: Serialize + DeserializeOwned + Clone>(one: &T, other: &T) -> T {
    let value = |counts: &T| serde_json::to_value(counts).unwrap_or(Value::Null);
    let mut sum = value(one);
    add_value(&mut sum, &value(other));
    serde_json::from_value(sum).unwrap_or_else(|_| one.clone())
}

fn add_value(sum: &mut Value, other: &Value) {
    match (sum, other) {
        (Value::Object(sum), Value::Object(other)) => {
            for (name, value) in other {
                match sum.get_mut(name) {
                    Some(sum) => add_value(sum, value),
                    None => {
                        sum.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Number(sum), Value::Number(other)) => {
            if let (Some(one), Some(more)) = (sum.as_u64(), other.as_u64()) {
                *sum = (one + more).into();
            }
        }
        _ => {}
    }
}
