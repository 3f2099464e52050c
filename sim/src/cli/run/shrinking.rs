//! Shrinks the first failures of a run.

use std::time::Duration;

use crate::cli::Failure;
use crate::cli::shrink::{Failed, Limit, SimulatedTrial, Tested, write_shrunk};
use crate::report::{FailureRecord, RunDirectory, ShrunkRecord};
use crate::shrink::{Effort, shrink};

use super::{Job, Results};
use crate::cli::source::read_record;

/// Failures that are shrunk.
const SHRUNK_MAX: usize = 3;

/// How long one may take, and how many runs.
const TIME_MAX: Duration = Duration::from_secs(60);
const RUNS_MAX: u64 = 20_000;

/// Shrinks the first failures that were kept, and tells of them.
pub(super) fn shrink_first(job: &Job<'_>, results: &mut Results) -> Result<(), Failure> {
    if job.args.no_shrink {
        return Ok(());
    }
    results.failures.sort_by_key(|failure| failure.seed);
    let tested = Tested { log: job.args.log, planted: job.args.planted() };
    let kept = results.failures.iter_mut().filter(|failure| failure.directory.is_some());
    for failure in kept.take(SHRUNK_MAX) {
        let path = job.directory.path().join(failure.directory.as_deref().unwrap_or_default());
        let Some(FailureRecord { shown, .. }) = read_record(&path)? else { continue };
        let directory = RunDirectory::open(&path);
        let failed = Failed { directory, shown, tested: tested.clone() };
        let limit = Limit::new(TIME_MAX, job.args.show_progress);
        let mut trial = SimulatedTrial { tested: &tested, shown: &failed.shown, limit };
        let plan = job.workload.plan(failure.seed);
        let effort = Effort { runs_max: RUNS_MAX, ..Effort::default() };
        let shrunk = shrink(&plan, &mut trial, effort);
        trial.limit.end();
        let words = write_shrunk(&failed, &shrunk, &tested.run(&shrunk.plan))?;
        job.args.tell(&format!("{words}\n"));
        failure.shrunk = Some(ShrunkRecord::new(&shrunk));
    }
    Ok(())
}
