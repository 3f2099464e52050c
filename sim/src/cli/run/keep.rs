//! What is kept of a failed seed.

use crate::cli::subject::planted_name;
use crate::history::History;
use crate::judge::Judgement;
use crate::plan::Plan;
use crate::report::{FailedSeed, failure_words};

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
    invariants: Vec<String>,
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
    let mut kept = None;
    if results.failures.len() < KEPT_MAX {
        let name = format!("failures/{}-{seed:016x}", invariants[0]);
        directory.write_seed(&name, ran.plan, ran.history, &words)?;
        let path = directory.path().join(&name);
        job.progress.aside(|| args.tell(&format!("   kept     {}\n\n", path.display())));
        kept = Some(name);
    }
    results.failures.push(FailedSeed { seed, invariants, replay, directory: kept });
    Ok(())
}
