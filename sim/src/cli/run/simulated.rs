//! Seeds in the simulated world.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use crate::cli::apart::run_apart;
use crate::cli::progress::State;
use crate::cli::subject::{Ran, run_plan};
use crate::cli::{Exit, Failure, index};
use crate::report::{LinesReport, plan_words};

use super::keep::{Seed, keep};
use super::{Job, Results, broken};

/// Runs seeds in the simulated world, several at a time; those on RocksDB in processes of their
/// own.
pub(super) fn run(job: &Job<'_>) -> Result<Results, Failure> {
    let results = Mutex::new(Results::default());
    let next = AtomicU64::new(0);
    let jobs = thread_count(job);
    let is_apart = job.chosen.index.is_some_and(|index| !index.is_model());
    let directory = if is_apart { Some(index::IndexDirectory::create()?) } else { None };
    let directory = directory.as_ref().map(|directory| directory.path());
    let ended: Result<Vec<()>, Failure> = std::thread::scope(|scope| {
        let work = || work(job, directory, &next, &results);
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| {
                worker.join().unwrap_or_else(|_| {
                    Err(Failure::new(Exit::Harness, "a seed ended in a panic: see above"))
                })
            })
            .collect()
    });
    ended?;
    Ok(results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// How many seeds run at the same time.
pub(super) fn thread_count(job: &Job<'_>) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    job.chosen.jobs.unwrap_or(processors).max(1)
}

/// Takes seeds until there are none, or enough have failed.
fn work(
    job: &Job<'_>,
    directory: Option<&Path>,
    next: &AtomicU64,
    results: &Mutex<Results>,
) -> Result<(), Failure> {
    let args = job.args;
    let lock = || results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    loop {
        if lock().failures.len() as u64 >= job.chosen.max_fail || job.is_over() {
            return Ok(());
        }
        let nth = next.fetch_add(1, Ordering::Relaxed);
        let Some(seed) = job.chosen.part.seed(job.chosen.seeds, nth) else { return Ok(()) };
        let ran = ran(job, directory, seed)?;
        job.workload.check()?;
        let mut results = lock();
        results.tally.add(&ran.run.history.events, &ran.judgements, ran.run.virtual_us);
        let swarm = results.swarm.get_or_insert_default();
        swarm.add(&ran.run.history.events, &ran.run.crashes, &ran.run.steps);
        results.faults.add(&ran.run.history.events);
        results.add_lines(LinesReport::new(&ran.run.history));
        results.end_seed = results.end_seed.max(seed + 1);
        results.index_loss.add(&ran.run.index_loss);
        results.work = results.work.and(ran.plan.work(|_| usize::MAX));
        let seeds = (results.tally.seed_count, job.seeds_known());
        job.progress.show(&State { seeds, work: results.work, operations: None });
        let failed = broken(&ran.judgements);
        args.emit(&json!({
            "type": "seed",
            "seed": format!("{seed:#018x}"),
            "operations": ran.run.history.events.len(),
            "violated": failed,
            "trace": format!("{:?}", ran.run.trace),
        }));
        let kept = if failed.is_empty() {
            let single = job.chosen.seed_count() == 1;
            let write = || job.directory.write_seed("", &ran.plan, &ran.run.history, "");
            if single { write() } else { Ok(()) }
        } else {
            let (history, judgements) = (&ran.run.history, &ran.judgements[..]);
            let seed_ran = Seed { plan: &ran.plan, history, judgements };
            keep(job, &mut results, &seed_ran, failed)
        };
        kept.map_err(Job::unwritten)?;
    }
}

/// Runs one seed, in a process of its own where there is a directory for it.
fn ran(job: &Job<'_>, directory: Option<&Path>, seed: u64) -> Result<Ran, Failure> {
    let (log, plan, planted) = (job.args.log, job.workload.plan(seed), job.args.planted());
    if job.chosen.seed_count() == 1 {
        job.args.tell(&plan_words(&plan));
        job.args.emit(&json!({ "type": "plan", "plan": plan }));
    }
    match directory {
        None => run_plan(log, plan, &planted),
        Some(directory) => run_apart(&directory.join(format!("{seed:016x}")), log, plan, &planted),
    }
}
