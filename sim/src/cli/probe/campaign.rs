//! Many seeds, and what is new in them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::probe::draw::draw;
use crate::probe::finding::Tally;
use crate::probe::plan::Tier;

use super::super::Failure;
use super::super::seeds::Seeds;
use super::args::{ProbeArgs, TierName};
use super::worker::{Job, run_apart};

/// Seeds that one process runs.
const SEEDS_OF_A_PROCESS: u64 = 50;
const DEFAULT: Seeds = Seeds { from: 0, to: 1_000 };
/// What the check of continuous integration runs.
const USUAL: [(Seeds, TierName); 2] = [
    (Seeds { from: 0, to: 300 }, TierName::Deterministic),
    (Seeds { from: 0, to: 20 }, TierName::Racing),
];

/// Runs the seeds that were asked for.
pub(super) fn campaign(args: &ProbeArgs) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let tier = args.tier.unwrap_or(TierName::Deterministic);
    run(args, args.seeds.unwrap_or(DEFAULT), tier, &mut tally)?;
    Ok(tally)
}

/// Runs the seeds that are always run.
pub(super) fn usual(args: &ProbeArgs) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for (seeds, tier) in USUAL {
        run(args, seeds, tier, &mut tally)?;
    }
    Ok(tally)
}

fn run(args: &ProbeArgs, seeds: Seeds, tier: TierName, tally: &mut Tally) -> Result<(), Failure> {
    let began = Instant::now();
    let is_over = |limit: Option<Duration>| limit.is_some_and(|limit| began.elapsed() >= limit);
    let next = AtomicU64::new(seeds.from);
    let results = Mutex::new((&mut *tally, None));
    let work = || {
        loop {
            let from = next.fetch_add(SEEDS_OF_A_PROCESS, Ordering::Relaxed);
            if from >= seeds.to || is_over(args.r#for) {
                return;
            }
            let to = (from + SEEDS_OF_A_PROCESS).min(seeds.to);
            let ran = run_apart(Job::Seeds(Seeds { from, to }, tier), None, |outcome| {
                let plan = draw(outcome.seed, tier.into());
                let after_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                results.0.add(&plan, &outcome, after_ms);
                !is_over(args.r#for)
            });
            if let Err(failure) = ran {
                results.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(failure);
                return;
            }
        }
    };
    let jobs = args.jobs.unwrap_or_else(|| match Tier::from(tier) {
        Tier::Deterministic => std::thread::available_parallelism().map_or(1, usize::from),
        // Its own threads are to race, not those of others.
        Tier::Racing => 1,
    });
    std::thread::scope(|scope| (0..jobs.max(1)).for_each(|_| drop(scope.spawn(work))));
    let (_, failure) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    failure.map_or(Ok(()), Err)
}
