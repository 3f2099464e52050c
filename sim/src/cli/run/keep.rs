//! What is kept of a failed seed.

use crate::cli::selftest::caught_by;
use crate::cli::subject::planted_name;
use crate::history::History;
use crate::judge::{Invariant, Judgement, Shown};
use crate::plan::Plan;
use crate::report::{FailedSeed, FailureRecord, failure_words};

use super::{Job, KEPT_MAX, Mode, Results};

/// A seed that ran, in any mode.
pub(super) struct Seed<'a> {
    pub plan: &'a Plan,
    pub history: &'a History,
    pub judgements: &'a [Judgement],
}

/// Tells of a failed seed, and keeps it where not too many are kept already.
pub(super) fn keep(
    job: &Job<'_>,
    results: &mut Results,
    ran: &Seed<'_>,
    mut invariants: Vec<String>,
) -> std::io::Result<()> {
    let (args, directory) = (job.args, job.directory);
    let (seed, flags) = (ran.plan.seed, job.replay());
    let planted: String =
        args.planted().iter().map(|one| format!(" --planted {}", planted_name(*one))).collect();
    let replay = match job.chosen.mode {
        Mode::Sim => format!("duolog replay {seed:#018x}{flags}{planted}"),
        Mode::Threads => {
            format!("duolog run --mode threads --seed {seed:#018x}{flags}{planted}")
        }
    };
    let words = failure_words(ran.history, ran.judgements, &replay);
    job.progress.aside(|| args.tell(&words));
    let wanted: Vec<Invariant> = args.planted().into_iter().map(caught_by).collect();
    let shown = Shown::first(ran.judgements, &wanted);
    // What the failure is told by comes first.
    if let Some(shown) = &shown {
        invariants.sort_by_key(|name| name != shown.invariant.name());
    }
    let anomaly = shown.as_ref().map(|shown| shown.anomaly.clone()).unwrap_or_default();
    let mut kept = None;
    if results.failures.len() < KEPT_MAX {
        let name = format!("failures/{}-{seed:016x}", invariants[0]);
        directory.write_seed(&name, ran.plan, ran.history, &words)?;
        if let Some(shown) = shown {
            let planted = args.planted().iter().map(|one| planted_name(*one)).collect();
            let record = FailureRecord::new(shown, planted, replay.clone());
            directory.write_failure(&name, &record)?;
        }
        let path = directory.path().join(&name);
        job.progress.aside(|| args.tell(&format!("   kept     {}\n\n", path.display())));
        kept = Some(name);
    }
    let shrunk = None;
    let failed = FailedSeed { seed, invariants, replay, directory: kept, anomaly, shrunk };
    results.failures.push(failed);
    Ok(())
}
