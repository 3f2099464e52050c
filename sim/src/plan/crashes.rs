//! Where the processes of a simulated plan die.

use duolog::io::Step;

use super::{KillAt, Shape};
use crate::seed::{Stream, salt};

/// One plan in so many has no kill at all.
const WITHOUT_OF: u64 = 8;

/// Steps inside of something that takes several, and how often a process comes past them before
/// it dies there, at most.
const AIMS: [(&[Step], u64); 3] = [
    (&[Step::RollForced, Step::RollCreated], 3),
    (&[Step::CommitWritten], 8),
    (&[Step::SettleForced, Step::SettleApplied], 12),
];

/// Steps of an opening.
const RECOVERY: [Step; 4] =
    [Step::RecoveryIndexed, Step::RecoveryCut, Step::RecoveryRewritten, Step::EpochForced];

/// What a plan has, beside where each of its processes dies.
struct Habits {
    /// How often the power goes with a process, in quarters.
    power: u64,
    /// Whether recoveries are interrupted.
    nests: bool,
    /// About how many steps a process gets, where it does not come to the one it is to die at.
    reach: u64,
    /// Which of `AIMS` all its deaths have; any, and none, where it has none.
    aim: Option<u64>,
}

/// Aims of whole plans. A commit and what it names are seldom parted by chance.
const PLAN_AIMS: [Option<u64>; 8] = [Some(0), Some(1), Some(1), Some(1), Some(2), None, None, None];

/// The place of commits in `AIMS`.
const COMMITS: u64 = 1;

/// What all deaths of the plan of a seed are aimed at. A stream of its own: what actors do depends
/// on it too, and must not move where deaths are switched off.
fn aim(seed: u64) -> Option<u64> {
    *Stream::new(seed, salt::AIM).pick(&PLAN_AIMS)
}

/// Whether processes are to die again and again where a commit was just written: what it names is
/// to be lost, so that others take the places.
pub(super) fn aims_at_commits(seed: u64) -> bool {
    aim(seed) == Some(COMMITS)
}

/// Draws where each process dies, of which the last one dies at its end in any case.
pub(super) fn crashes(
    seed: u64,
    stream: &mut Stream,
    shape: &Shape,
    lane_count: u32,
) -> Vec<KillAt> {
    if !shape.kills || stream.chance(1, WITHOUT_OF) {
        return Vec::new();
    }
    let habits = Habits {
        power: *stream.pick(&[0, 1, 2, 3, 4]),
        nests: stream.chance(1, 3),
        reach: *stream.pick(&[60, 200, 500]),
        aim: aim(seed),
    };
    let mut kills = Vec::new();
    for _ in 0..2 + stream.below(3) {
        kills.push(at_work(stream, shape, &habits));
        if habits.nests && stream.chance(1, 2) {
            for _ in 0..1 + stream.below(2) {
                kills.push(at_recovery(stream, lane_count, &habits));
            }
        }
    }
    kills
}

/// Whether processes die again and again where a commit was just written.
pub(super) fn lose_commits(kills: &[KillAt]) -> bool {
    let is_aimed = |kill: &KillAt| kill.step() == Some(Step::CommitWritten);
    kills.iter().filter(|kill| is_aimed(kill)).count() > 1
}

/// A death while the actors are at work.
fn at_work(stream: &mut Stream, shape: &Shape, habits: &Habits) -> KillAt {
    let drawn = stream.below(6);
    let (steps, most) = match habits.aim.unwrap_or(drawn) {
        aim @ 0..3 => AIMS[usize::try_from(aim).expect("one of three")],
        _ => (&Step::ALL[..], *stream.pick(&[2, 12, shape.operations_count])),
    };
    let step = stream.pick(steps);
    let nth = 1 + stream.below(most);
    let within = habits.reach / 2 + stream.below(habits.reach);
    kill(stream, *step, nth, within, habits)
}

/// A death before all partitions are recovered: each of them takes a step at least.
fn at_recovery(stream: &mut Stream, lane_count: u32, habits: &Habits) -> KillAt {
    let step = stream.pick(&RECOVERY);
    let within = 1 + stream.below(lane_count.into());
    kill(stream, *step, 1, within, habits)
}

fn kill(stream: &mut Stream, step: Step, nth: u64, within: u64, habits: &Habits) -> KillAt {
    // What a commit names is lost more often than not where the power goes right behind it.
    let power = if step == Step::CommitWritten { habits.power * 2 } else { habits.power };
    let power = stream.chance(power.min(4), 4);
    KillAt { step: format!("{step:?}"), nth, within_steps: Some(within), power }
}
