//! One plan: of a file, or of a known finding.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::probe::catalogue::{self, Known};
use crate::probe::draw::draw;
use crate::probe::finding::Outcome;
use crate::probe::plan::{ProbePlan, Tier};
use crate::probe::reproducer::reproducer;
use crate::probe::shrink::shrink;
use crate::probe::violation::Signature;

use super::super::exit::Exit;
use super::super::{Ended, Failure, print};
use super::args::{Print, ProbeArgs, TierName};
use super::known::seen;
use super::worker::{read, run_plan};

/// Candidates that are tried at most.
const RUNS_MAX: u64 = 2_000;

/// The plan in a file.
pub(super) fn file(args: &ProbeArgs, path: &Path) -> Ended {
    let plan = read(path)?;
    if let Some(what) = args.print {
        return printed(&plan, what);
    }
    let outcome = run_plan(&plan, None)?;
    for told in &outcome.violations {
        let known = catalogue::explained(&told.signature, &plan);
        let name = known.map_or("NEW", |known| known.name);
        print(&format!(" {name:<28} {:?}: {}\n", told.signature.rule, told.words));
    }
    if args.shrink {
        let aim = worst(&outcome, &plan);
        let aim = aim.ok_or_else(|| Failure::new(Exit::Inconclusive, "it shows nothing"))?;
        let (smallest, runs) = smallest(&plan, &aim, args, Duration::MAX);
        print(&format!("{}{} runs\n", smallest.to_text(), runs));
    }
    let is_new =
        |it: &&crate::probe::finding::Told| catalogue::explained(&it.signature, &plan).is_none();
    let is_new = outcome.violations.iter().find(is_new).is_some();
    print(&format!(
        " {} violations, {} values read\n",
        outcome.violations.len(),
        outcome.value_count
    ));
    Ok(if is_new { Exit::Violation } else { Exit::Pass })
}

/// The violation to shrink: one that is new, else the first.
fn worst(outcome: &Outcome, plan: &ProbePlan) -> Option<Signature> {
    let mut all = outcome.violations.iter();
    let new = all.find(|told| catalogue::explained(&told.signature, plan).is_none());
    new.or_else(|| outcome.violations.first()).map(|told| told.signature.clone())
}

/// The smallest plan that is found within `limit` to break the same rule in the same way, in as
/// many runs as `args` say where it races; and how many candidates were tried.
pub(super) fn smallest(
    plan: &ProbePlan,
    aim: &Signature,
    args: &ProbeArgs,
    limit: Duration,
) -> (ProbePlan, u64) {
    let began = Instant::now();
    let shows_once = |plan: &ProbePlan| {
        if began.elapsed() > limit {
            return false;
        }
        let outcome = run_plan(plan, None);
        outcome.is_ok_and(|outcome| outcome.violations.iter().any(|told| told.signature == *aim))
    };
    shrink(plan, RUNS_MAX, |candidate| match candidate.tier() {
        Tier::Deterministic => shows_once(candidate),
        Tier::Racing => {
            let (mut shown, mut left) = (0, args.of);
            while shown < args.need && left > 0 && shown + left >= args.need {
                shown += u32::from(shows_once(candidate));
                left -= 1;
            }
            shown >= args.need
        }
    })
}

/// The plan of a known finding.
pub(super) fn known(args: &ProbeArgs, name: &str) -> Ended {
    let known: &'static Known = catalogue::named(name).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("no finding is called {name:?}: see duolog explain"))
    })?;
    if let Some(what) = args.print {
        return printed(&(known.plan)(), what);
    }
    let seen = seen(known)?;
    let shows = if seen.shows { "shows" } else { "does NOT show" };
    print(&format!(
        " {name} {shows}, run {}, {:.1} s\n   {}\n   {}\n",
        seen.runs,
        seconds(seen.ms),
        known.what,
        seen.words
    ));
    for told in &seen.unknown {
        print(&format!(" NEW {:?}: {}\n", told.signature.rule, told.words));
    }
    Ok(match (seen.unknown.is_empty(), seen.shows) {
        (false, _) => Exit::Violation,
        (true, false) => Exit::Inconclusive,
        (true, true) => Exit::Pass,
    })
}

/// Milliseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "for people")]
pub(super) fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

/// The plans of seeds, to be printed.
pub(super) fn of_seeds(args: &ProbeArgs) -> Ended {
    let (Some(what), Some(seeds)) = (args.print, args.seeds) else {
        return Err(Failure::new(Exit::Usage, "--print needs --seeds, --plan or --known"));
    };
    let tier = args.tier.unwrap_or(TierName::Deterministic);
    for seed in seeds.from..seeds.to {
        printed(&draw(seed, tier.into()), what)?;
    }
    Ok(Exit::Pass)
}

fn printed(plan: &ProbePlan, what: Print) -> Ended {
    print(&match (what, plan.tier()) {
        (Print::Plan, _) => plan.to_text(),
        (Print::Reproducer, Tier::Deterministic) => reproducer(plan),
        (Print::Reproducer, Tier::Racing) => {
            let text = "its threads race, and only a plan of one thread is printed as a program: \
                        see sim/examples/missing_keys.rs";
            return Err(Failure::new(Exit::Usage, text));
        }
    });
    Ok(Exit::Pass)
}
