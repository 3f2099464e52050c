//! `duolog-selftest`: the judges are judged.

use std::collections::BTreeSet;
use std::fmt::Write;

use duolog::io::Planted;

use crate::judge::{Invariant, Verdict, judge};
use crate::plan::{Plan, Shape};
use crate::run::perfect::{Mutant, Perfect};
use crate::run::simulate;
use crate::world::SimOptions;

use super::exit::Exit;
use super::print;
use super::run::broken;
use super::subject::{Target, planted_name, run_plan};

/// Seeds that a planted mistake gets: those that a run takes by default.
const SEEDS: std::ops::Range<u64> = 0..64;

/// The invariant that must notice a mistake.
pub(super) const fn caught_by(mistake: Planted) -> Invariant {
    match mistake {
        // It was acknowledged, and a lookup that began later did not find it.
        Planted::PublishBeforeTail => Invariant::Visibility,
        // What was settled since the instance was opened is missing.
        Planted::CatchUpSkipped => Invariant::Visibility,
        // It says that it sees what the instance cannot know.
        Planted::FrozenAsFresh => Invariant::Freshness,
        // A batch that lost its last record: it was acknowledged, and is never seen.
        Planted::CoverageUnchecked | Planted::RollDropsRecord => Invariant::Visibility,
        Planted::CommitUnknown | Planted::CommitBackwards => Invariant::Commits,
        // The append never returns.
        Planted::SwapLosesPush => Invariant::Progress,
        // Sequences are taken, and no message is there.
        Planted::DroppedFutureHole => Invariant::Prefix,
        Planted::EntryMisplaced => Invariant::Entries,
        Planted::SecondaryKept => Invariant::Leaks,
        Planted::SyncSkipped
        | Planted::RollUnlinked
        | Planted::AckBeforeSync
        | Planted::SyncErrorIgnored
        | Planted::SyncRetried
        | Planted::RecoveryResyncs
        | Planted::MarkUnwritten => Invariant::SyncedSurvives,
        Planted::CutTooMuch => Invariant::FlushedSurvives,
        // The next opening finds an index that knows more than the log, and refuses.
        Planted::SettleUnforced => Invariant::Progress,
        // What no sync had proven is lost, and taken for damage: opening is refused.
        Planted::MarkTooEarly => Invariant::Progress,
        // An end that was cut long ago is taken for damage: opening is refused.
        Planted::RecoveryOnce => Invariant::Progress,
        // The first segment of the epoch is there already, and is not written over.
        Planted::EpochKept => Invariant::Progress,
        // Where a message is counted there is none; behind a torn end nobody reads on.
        Planted::CutTooLittle | Planted::CutAppendedTo => Invariant::Prefix,
        Planted::SettleFailureIgnored => Invariant::Lookups,
        // Readers look for it where the settled part should begin.
        Planted::TailNotRebuilt => Invariant::Lookups,
        Planted::CommitLate | Planted::OlderSlotChosen | Planted::EpochIgnored => {
            Invariant::Commits
        }
        Planted::BatchHalved => Invariant::Contents,
        // A mistake that this table does not know yet: it counts as not caught.
        _ => Invariant::Progress,
    }
}

struct Row {
    name: String,
    invariant: Invariant,
    caught: Option<u64>,
    /// What else was broken on that seed.
    also: Vec<String>,
}

/// Plants every mistake and looks for it on the default seeds, on which the clean engine passes.
pub fn selftest() -> Exit {
    let mut exit = Exit::Pass;
    let mut rows = Vec::new();
    for mutant in Mutant::ALL {
        let invariant = mutant.invariant();
        let run = |seed| {
            let plan = Plan::draw(seed, &Shape::simulated());
            judge(&simulate(&plan, &Perfect::mutant(mutant), SimOptions::default()).history)
        };
        rows.push(row(format!("model {mutant:?}"), invariant, |seed| broken(&run(seed))));
    }
    for mistake in Planted::ALL {
        let planted = BTreeSet::from([mistake]);
        let run = |seed| {
            let plan = Plan::draw(seed, &Shape::simulated());
            run_plan(Target::Engine, plan, &planted).judgements
        };
        rows.push(row(planted_name(mistake), caught_by(mistake), |seed| broken(&run(seed))));
    }
    let mut text =
        format!(" {:<26} {:<17} {:<20} ALSO BROKEN\n", "MISTAKE", "MUST BE SEEN BY", "SEEN");
    for row in &rows {
        let seen = match row.caught {
            Some(seed) => format!("seed {seed} ({} tried)", seed - SEEDS.start + 1),
            None => format!("NOT IN {} SEEDS", SEEDS.end - SEEDS.start),
        };
        let (name, invariant) = (&row.name, row.invariant.name());
        let _ = writeln!(text, " {name:<26} {invariant:<17} {seen:<20} {}", row.also.join(", "));
        if row.caught.is_none() {
            exit = Exit::Inconclusive;
        }
    }
    print(&text);
    // The clean engine on every seed that any of them needed.
    let most = rows.iter().filter_map(|row| row.caught).max().unwrap_or(0);
    for seed in SEEDS.start..=most {
        let ran = run_plan(Target::Engine, Plan::draw(seed, &Shape::simulated()), &BTreeSet::new());
        if ran.judgements.iter().any(|one| one.verdict() == Verdict::Violation) {
            let broken = broken(&ran.judgements).join(", ");
            print(&format!(" the clean engine fails seed {seed}: {broken}\n"));
            exit = Exit::Violation;
        }
    }
    print(&format!(" clean engine: seeds {}..{} looked at\n", SEEDS.start, most + 1));
    exit
}

/// Runs seeds until the named invariant is broken.
fn row(name: String, invariant: Invariant, run: impl Fn(u64) -> Vec<String>) -> Row {
    for seed in SEEDS {
        let mut broken = run(seed);
        if broken.iter().any(|one| one == invariant.name()) {
            broken.retain(|one| one != invariant.name());
            return Row { name, invariant, caught: Some(seed), also: broken };
        }
    }
    Row { name, invariant, caught: None, also: Vec::new() }
}
