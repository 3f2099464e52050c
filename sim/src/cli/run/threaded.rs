//! Seeds on threads.

use std::time::SystemTime;

use crate::cli::Failure;
use crate::cli::progress::State;
use crate::judge::judge;
use crate::report::{Activity, LinesReport, interval_log, latencies};
use crate::run::engine::Engine;
use crate::run::run_threads;

use super::keep::{Seed, keep};
use super::{Job, Results, broken};

/// Runs seeds on threads, one after the other; each has a data directory of its own, removed
/// where it passes.
pub(super) fn run(job: &Job<'_>) -> Result<Results, Failure> {
    let Job { args, chosen, directory, workload, progress, .. } = job;
    let seed_count = chosen.seed_count();
    let mut results = Results::default();
    // One seed is the rule: its files have plain names.
    let suffix = |seed: u64| {
        if seed_count == 1 { String::new() } else { format!("-{seed:016x}") }
    };
    for (nth, seed) in chosen.each_seed().enumerate() {
        if job.is_over() {
            break;
        }
        results.end_seed = seed + 1;
        let plan = workload.plan(seed);
        let data = directory.path().join(format!("data-{seed:016x}"));
        let start = SystemTime::now();
        let operations = Some(plan.operation_count() as u64);
        let run = run_threads(&plan, &Engine::at(&data), |work| {
            let seeds = (nth as u64, job.seeds_known());
            progress.show(&State { seeds, work, operations });
        });
        workload.check()?;
        if let Some(broken) = &run.broken {
            progress.aside(|| args.tell(&format!(" the run ended early: {broken}\n")));
        }
        let judgements = judge(&run.history);
        results.tally.add(&run.history.events, &judgements, 0);
        results.activity = Some(Activity::of(&run.history.events));
        results.latencies = latencies(&run.history.events, run.elapsed_us);
        results.add_lines(LinesReport::new(&run.history));
        let failed = broken(&judgements);
        let seed_ran = Seed { plan: &plan, history: &run.history, judgements: &judgements };
        let log = interval_log(&run.history.events, start);
        directory.write(&format!("latency{}.hlog", suffix(seed)), &log).map_err(Job::unwritten)?;
        let kept = if failed.is_empty() {
            directory
                .write_seed("", &plan, &run.history, "")
                .and_then(|()| std::fs::remove_dir_all(&data))
        } else {
            keep(job, &mut results, &seed_ran, failed)
        };
        kept.map_err(Job::unwritten)?;
        if results.failures.len() as u64 >= chosen.max_fail {
            break;
        }
    }
    Ok(results)
}
