//! `duolog-selftest`: the judges are judged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

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

const MODEL: &str = "a plan that is drawn has the model as its index, and every build has that";

/// The invariant that must notice a mistake.
pub(super) const fn caught_by(mistake: Planted) -> Invariant {
    match mistake {
        // It was read, and cannot be committed: the index does not know it.
        Planted::PublishBeforeTail => Invariant::Commits,
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
        Planted::SyncSkipped | Planted::RollUnlinked | Planted::AckBeforeSync => {
            Invariant::SyncedSurvives
        }
        // What the disk dropped was visible before, and readers stop where it was.
        Planted::SyncErrorIgnored | Planted::SyncRetried | Planted::RecoveryResyncs => {
            Invariant::Prefix
        }
        Planted::CutTooMuch => Invariant::FlushedSurvives,
        // The next opening finds an index that knows more than the log, and refuses.
        Planted::SettleUnforced => Invariant::Progress,
        // What rotted was synced, and nothing says so: it is cut.
        Planted::MarkNeverWritten => Invariant::SyncedSurvives,
        // What no sync had proven is lost, and taken for damage: opening is refused.
        Planted::MarkTooEarly => Invariant::Progress,
        // An end that was cut long ago is taken for damage: opening is refused.
        Planted::RecoveryOnce => Invariant::Progress,
        // The first segment of the epoch is there already, and is not written over.
        Planted::EpochKept => Invariant::Progress,
        // Where a message is counted there is none: readers are told of damage.
        Planted::CutTooLittle => Invariant::Progress,
        // Behind a torn end nobody reads on.
        Planted::CutAppendedTo => Invariant::Prefix,
        // No instance ever holds what was taken for settled: lookups fail.
        Planted::SettleFailureIgnored => Invariant::Progress,
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

/// How often a mistake is looked for, for the median.
const SIGHTINGS: usize = 5;

/// A mistake that is planted.
#[derive(Clone, Copy)]
enum Mistake {
    Model(Mutant),
    Engine(Planted),
}

impl Mistake {
    fn all() -> Vec<Self> {
        let models = Mutant::ALL.into_iter().map(Self::Model);
        models.chain(Planted::ALL.into_iter().map(Self::Engine)).collect()
    }

    fn name(self) -> String {
        match self {
            Self::Model(mutant) => format!("model {mutant:?}"),
            Self::Engine(mistake) => planted_name(mistake),
        }
    }

    /// How often it must be seen. What one seed notices by luck, the next change may hide; of a
    /// model nothing else changes.
    const fn sightings_min(self) -> usize {
        match self {
            Self::Model(_) => 1,
            Self::Engine(_) => 2,
        }
    }

    const fn invariant(self) -> Invariant {
        match self {
            Self::Model(mutant) => mutant.invariant(),
            Self::Engine(mistake) => caught_by(mistake),
        }
    }

    /// What it breaks on a seed.
    fn broken(self, seed: u64) -> Vec<String> {
        let plan = Plan::draw(seed, &Shape::simulated());
        broken(&match self {
            Self::Model(mutant) => {
                judge(&simulate(&plan, &Perfect::mutant(mutant), SimOptions::default()).history)
            }
            Self::Engine(mistake) => {
                run_plan(Target::Engine, plan, &BTreeSet::from([mistake])).expect(MODEL).judgements
            }
        })
    }
}

struct Row {
    mistake: Mistake,
    caught: Option<u64>,
    /// How often it was seen, up to [`SIGHTINGS`].
    sightings: usize,
    /// Seeds that it took, in the middle.
    median: Option<u64>,
    /// What else was broken on that seed.
    also: Vec<String>,
}

/// Plants every mistake and looks for it on the default seeds, on which the clean engine passes.
pub fn selftest() -> Exit {
    let mut exit = Exit::Pass;
    let rows = rows();
    let mut text = format!(
        " {:<26} {:<17} {:<20} {:>5} {:>6}  ALSO BROKEN\n",
        "MISTAKE", "MUST BE SEEN BY", "SEEN", "TIMES", "MEDIAN*"
    );
    for row in &rows {
        let seen = match row.caught {
            Some(seed) => format!("seed {seed} ({} tried)", seed - SEEDS.start + 1),
            None => format!("NOT IN {} SEEDS", SEEDS.end - SEEDS.start),
        };
        let (name, invariant) = (row.mistake.name(), row.mistake.invariant().name());
        let median = row.median.map_or("-".to_owned(), |median| median.to_string());
        let also = row.also.join(", ");
        let times = row.sightings;
        let _ = writeln!(
            text,
            " {name:<26} {invariant:<17} {seen:<20} {times:>5} {median:>6}   {also}"
        );
        if times < row.mistake.sightings_min() {
            exit = Exit::Inconclusive;
        }
    }
    text += "   * seeds until it is seen, the median of up to 5 times in a row; those of the \
             engine twice at least\n";
    print(&text);
    // The clean engine on every seed that any of them needed.
    let most = rows.iter().filter_map(|row| row.caught).max().unwrap_or(0);
    for seed in SEEDS.start..=most {
        let plan = Plan::draw(seed, &Shape::simulated());
        let ran = run_plan(Target::Engine, plan, &BTreeSet::new()).expect(MODEL);
        if ran.judgements.iter().any(|one| one.verdict() == Verdict::Violation) {
            let broken = broken(&ran.judgements).join(", ");
            print(&format!(" the clean engine fails seed {seed}: {broken}\n"));
            exit = Exit::Violation;
        }
    }
    print(&format!(" clean engine: seeds {}..{} looked at\n", SEEDS.start, most + 1));
    exit
}

/// A row for every mistake, several looked for at the same time.
fn rows() -> Vec<Row> {
    let (all, next) = (Mistake::all(), AtomicUsize::new(0));
    let rows = Mutex::new(BTreeMap::new());
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let work = || {
            while let Some((at, mistake)) = take(&all, &next) {
                let row = row(mistake);
                rows.lock().unwrap_or_else(PoisonError::into_inner).insert(at, row);
            }
        };
        (0..jobs).for_each(|_| drop(scope.spawn(work)));
    });
    rows.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// The next mistake that nobody has looked for, and its place.
fn take(all: &[Mistake], next: &AtomicUsize) -> Option<(usize, Mistake)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, *all.get(at)?))
}

/// Runs seeds until the named invariant was broken a few times.
fn row(mistake: Mistake) -> Row {
    let mut row = Row { mistake, caught: None, sightings: 0, median: None, also: Vec::new() };
    let (mut waits, mut since) = (Vec::new(), SEEDS.start);
    for seed in SEEDS {
        let mut broken = mistake.broken(seed);
        let name = mistake.invariant().name();
        if !broken.iter().any(|one| one == name) {
            continue;
        }
        if row.caught.is_none() {
            broken.retain(|one| one != name);
            (row.caught, row.also) = (Some(seed), broken);
        }
        waits.push(seed + 1 - since);
        since = seed + 1;
        if waits.len() == SIGHTINGS {
            break;
        }
    }
    row.sightings = waits.len();
    waits.sort_unstable();
    row.median = waits.get(waits.len() / 2).copied();
    row
}
