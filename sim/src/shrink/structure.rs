//! Fewer actors, kills, partitions and guests.

use super::Trial;
use super::ddmin::ddmin;
use super::search::Search;
use crate::plan::{Operation, Plan, Role, Visits};

/// Nobody comes at the end, or fewer do.
pub(super) fn visits(search: &mut Search<'_, impl Trial>) {
    let Visits { rounds, guests, times } = search.best.visits;
    let few = |rounds, guests, times| Visits { rounds, guests, times };
    let candidates = [
        Visits::default(),
        few(rounds.min(1), guests.min(1), times.min(1)),
        few(rounds.min(1), guests, times),
        few(rounds, guests.min(2), times),
        few(rounds, guests, times.min(1)),
    ];
    let plan = search.best.clone();
    for visits in candidates {
        if search.take(Plan { visits, ..plan.clone() }) {
            return;
        }
    }
}

/// Leaves actors out, those without operations too.
pub(super) fn actors(search: &mut Search<'_, impl Trial>) {
    let plan = search.best.clone();
    ddmin((0..plan.actors.len()).collect(), |kept| {
        let actors = kept.iter().map(|index| plan.actors[*index].clone()).collect();
        let candidate = Plan { actors, ..plan.clone() };
        candidate.actors.len() == plan.actors.len() || search.take(candidate)
    });
}

/// Leaves kills out.
pub(super) fn kills(search: &mut Search<'_, impl Trial>) {
    let plan = search.best.clone();
    ddmin((0..plan.kills.len()).collect(), |kept| {
        let kills = kept.iter().map(|index| plan.kills[*index].clone()).collect();
        let candidate = Plan { kills, ..plan.clone() };
        candidate.kills.len() == plan.kills.len() || search.take(candidate)
    });
}

/// Leaves faults of the disk out.
pub(super) fn faults(search: &mut Search<'_, impl Trial>) {
    let plan = search.best.clone();
    ddmin((0..plan.faults.len()).collect(), |kept| {
        let faults = kept.iter().map(|index| plan.faults[*index]).collect();
        let candidate = Plan { faults, ..plan.clone() };
        candidate.faults.len() == plan.faults.len() || search.take(candidate)
    });
}

/// Kills leave the power on, and come early.
pub(super) fn simpler_kills(search: &mut Search<'_, impl Trial>) {
    for index in 0..search.best.kills.len() {
        let mut candidate = search.best.clone();
        candidate.kills[index].power = false;
        search.take(candidate);
        let within = search.best.kills[index].within_steps;
        let fewer = within.into_iter().flat_map(smaller).filter(|within| *within > 0).map(Some);
        for within_steps in std::iter::once(None).chain(fewer) {
            let mut candidate = search.best.clone();
            candidate.kills[index].within_steps = within_steps;
            if search.take(candidate) {
                break;
            }
        }
        for nth in smaller(search.best.kills[index].nth) {
            let mut candidate = search.best.clone();
            candidate.kills[index].nth = nth;
            if nth > 0 && search.take(candidate) {
                break;
            }
        }
    }
}

/// Simpler values of a count, the simplest first. Large ones are not brought down one by one.
pub(super) fn smaller(count: u64) -> impl Iterator<Item = u64> {
    let less = if count > 64 { count / 4 * 3 } else { count.saturating_sub(1) };
    let mut values = vec![0, 1, 2, 3, count / 4, count / 2, less];
    values.retain(|value| *value < count);
    values.sort_unstable();
    values.dedup();
    values.into_iter()
}

/// One actor does what two did: first its own operations, or first the other's.
pub(super) fn merged(search: &mut Search<'_, impl Trial>) {
    let mut upper = search.best.actors.len();
    while upper > 1 {
        upper -= 1;
        let taken = (0..upper).any(|lower| {
            let ways = [(lower, upper, false), (lower, upper, true), (upper, lower, false)];
            let ways = ways.into_iter().chain([(upper, lower, true)]);
            let merged = |(into, from, first)| merge(&search.best, into, from, first);
            let candidates: Vec<Plan> = ways.filter_map(merged).collect();
            candidates.into_iter().any(|candidate| search.take(candidate))
        });
        if taken {
            upper = upper.min(search.best.actors.len());
        }
    }
}

/// The plan in which actor `from` is gone and `into` does its operations, `first` or at the end.
fn merge(plan: &Plan, into: usize, from: usize, first: bool) -> Option<Plan> {
    let (taking, leaving) = (&plan.actors[into], &plan.actors[from]);
    let is_able = taking.role.has_session() || !leaving.operations.iter().any(needs_session);
    // A mortal actor lives in processes of its own.
    let is_mortal = |role| role == Role::Mortal;
    if !is_able || is_mortal(taking.role) != is_mortal(leaving.role) {
        return None;
    }
    let mut plan = plan.clone();
    let operations = std::mem::take(&mut plan.actors[from].operations);
    let at = if first { 0 } else { plan.actors[into].operations.len() };
    plan.actors[into].operations.splice(at..at, operations);
    plan.actors.remove(from);
    Some(plan)
}

fn needs_session(operation: &Operation) -> bool {
    operation.needs_session()
}

/// All in one partition; else without those that nobody uses, each on its own.
pub(super) fn lanes(search: &mut Search<'_, impl Trial>) {
    if search.best.lane_count() == 1 {
        return;
    }
    let one = on_lanes(&search.best, &vec![0; search.best.lane_count() as usize], (1, 1));
    if search.take(one) {
        return;
    }
    let mut used: Vec<u32> =
        search.best.actors.iter().flat_map(|a| &a.operations).filter_map(Operation::lane).collect();
    used.sort_unstable();
    used.dedup();
    let all = search.best.lane_count();
    let last = used.last().map_or(1, |last| last + 1);
    let dense = |lane: u32| used.iter().position(|one| *one == lane).unwrap_or(0);
    let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let places: Vec<u32> = (0..all).map(|lane| narrow(dense(lane))).collect();
    let kept: Vec<u32> = (0..all).collect();
    for (count, places) in [(narrow(used.len()).max(1), &places), (last, &kept)] {
        for shape in [(1, count), (count, 1)] {
            if count < all && search.take(on_lanes(&search.best, places, shape)) {
                return;
            }
        }
    }
}

/// The plan with so many topics of so many partitions, each partition at its new place.
fn on_lanes(plan: &Plan, places: &[u32], (topics, partitions): (u32, u32)) -> Plan {
    let mut plan = plan.clone();
    (plan.config.topic_count, plan.config.partition_count) = (topics, partitions);
    for operation in plan.actors.iter_mut().flat_map(|actor| &mut actor.operations) {
        if let Some(lane) = operation.lane() {
            *operation = operation.at_lane(places[lane as usize]);
        }
    }
    plan
}
