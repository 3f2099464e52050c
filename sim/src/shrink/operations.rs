//! Fewer operations, and simpler ones.

use super::Trial;
use super::ddmin::ddmin;
use super::search::Search;
use super::structure::smaller;
use crate::plan::{Ack, Actor, CommitChoice, Operation, Plan, Target};

/// Leaves operations out, whatever actors they belong to.
pub(super) fn fewer(search: &mut Search<'_, impl Trial>) {
    let plan = search.best.clone();
    let places: Vec<(usize, usize)> = plan
        .actors
        .iter()
        .enumerate()
        .flat_map(|(actor, does)| (0..does.operations.len()).map(move |nth| (actor, nth)))
        .collect();
    ddmin(places.clone(), |kept| {
        kept.len() == places.len() || search.take(with_operations(&plan, kept))
    });
}

/// The plan with these operations of its actors only, each named by actor and number.
fn with_operations(plan: &Plan, kept: &[(usize, usize)]) -> Plan {
    let mut candidate = plan.clone();
    for (index, actor) in candidate.actors.iter_mut().enumerate() {
        let of = |(actor, _): &&(usize, usize)| *actor == index;
        let operations = kept.iter().filter(of).map(|(_, nth)| plan.actors[index].operations[*nth]);
        *actor = Actor { operations: operations.collect(), ..*actor };
    }
    candidate
}

/// Payloads that make up for the number of messages, where their bytes matter.
const PAYLOADS_BYTES: [u32; 3] = [1_500, 16_000, 100_000];

/// Fewer messages, each of them larger: with few bytes it takes many to fill a segment.
pub(super) fn larger_messages(search: &mut Search<'_, impl Trial>) {
    for most in [1, 2, 3] {
        let counts = || operations(&search.best).map(Operation::message_count);
        if counts().all(|count| count <= most) {
            return;
        }
        for payload_max_bytes in PAYLOADS_BYTES {
            let mut candidate = search.best.clone();
            candidate.config.content.payload_max_bytes = payload_max_bytes;
            candidate.config.content.compressed_in_16 = 0;
            candidate.config.frame_max_bytes = 1 << 20;
            for operation in candidate.actors.iter_mut().flat_map(|actor| &mut actor.operations) {
                if let Operation::Append { count, .. } = operation {
                    *count = (*count).min(most);
                }
            }
            if search.take(candidate) {
                return;
            }
        }
    }
}

fn operations(plan: &Plan) -> impl Iterator<Item = &Operation> {
    plan.actors.iter().flat_map(|actor| &actor.operations)
}

/// Brings each operation to simple values, one after the other.
pub(super) fn simpler(search: &mut Search<'_, impl Trial>) {
    for actor in 0..search.best.actors.len() {
        for nth in 0..search.best.actors[actor].operations.len() {
            simplify(search, actor, nth);
        }
    }
}

fn simplify(search: &mut Search<'_, impl Trial>, actor: usize, nth: usize) {
    loop {
        let operation = search.best.actors[actor].operations[nth];
        let taken = simpler_than(operation).into_iter().any(|simpler| {
            let mut candidate = search.best.clone();
            candidate.actors[actor].operations[nth] = simpler;
            simpler != operation && search.take(candidate)
        });
        if !taken {
            return;
        }
    }
}

/// Operations that are simpler in one respect. None of them leads back.
fn simpler_than(operation: Operation) -> Vec<Operation> {
    let mut simpler = values(operation);
    if operation.lane().is_some_and(|lane| lane > 0) {
        simpler.push(operation.at_lane(0));
    }
    simpler
}

fn values(operation: Operation) -> Vec<Operation> {
    use Operation as Op;
    match operation {
        Op::Append { lane, count, ack, drop_after_polls } => {
            let append =
                |count, ack, polls| Op::Append { lane, count, ack, drop_after_polls: polls };
            let mut simpler = vec![append(count, ack, None), append(count, Ack::Flushed, None)];
            simpler.extend(at_least_one(count).map(|count| append(count, ack, drop_after_polls)));
            simpler.push(append(count, Ack::Flushed, drop_after_polls));
            simpler
        }
        Op::Next { lane, count, wait_us } => {
            let next = |count, wait_us| Op::Next { lane, count, wait_us };
            let waits = smaller(wait_us).map(|wait_us| next(count, wait_us));
            waits.chain(at_least_one(count).map(|count| next(count, wait_us))).collect()
        }
        Op::LookupId { lane, target, all } => {
            let mut simpler: Vec<Op> =
                targets(target).map(|target| Op::LookupId { lane, target, all }).collect();
            simpler.extend(all.then_some(Op::LookupId { lane, target, all: false }));
            simpler
        }
        Op::LookupPosition { lane, target } => {
            targets(target).map(|target| Op::LookupPosition { lane, target }).collect()
        }
        Op::LookupTime { lane, target, span_us, limit } => {
            let range = |target, span_us, limit| Op::LookupTime { lane, target, span_us, limit };
            let mut simpler: Vec<Op> =
                targets(target).map(|at| range(at, span_us, limit)).collect();
            simpler.extend((span_us > 1).then(|| range(target, 1, limit)));
            simpler.extend(at_least_one(limit).map(|limit| range(target, span_us, limit)));
            simpler
        }
        Op::SeekTime { lane, target, after_us } => {
            let seek = |target, after_us| Op::SeekTime { lane, target, after_us };
            let mut simpler: Vec<Op> = targets(target).map(|at| seek(at, after_us)).collect();
            simpler.extend((after_us > 0).then(|| seek(target, 0)));
            simpler
        }
        Op::LookupSettled { lane, count } => {
            at_least_one(count).map(|count| Op::LookupSettled { lane, count }).collect()
        }
        Op::Commit { lane, .. } => vec![Op::Commit { lane, which: CommitChoice::Processed }],
        Op::Flush { lane, .. } => vec![Op::Flush { lane, fsync: false }],
        Op::Trim { lane, keep } => smaller(keep).map(|keep| Op::Trim { lane, keep }).collect(),
        Op::Silence { us } => smaller(us).map(|us| Op::Silence { us }).collect(),
        Op::At { us } => smaller(us).map(|us| Op::At { us }).collect(),
        Op::Await { lane, count } => {
            smaller(count).map(|count| Op::Await { lane, count }).collect()
        }
        Op::Follow { lane, count } => {
            smaller(count).map(|count| Op::Follow { lane, count }).collect()
        }
        _ => Vec::new(),
    }
}

fn at_least_one(count: u32) -> impl Iterator<Item = u32> {
    smaller(count.into()).filter(|count| *count > 0).filter_map(|count| count.try_into().ok())
}

/// The latest message is the simplest to mean.
fn targets(target: Target) -> impl Iterator<Item = Target> {
    let nearer: Vec<Target> = match target {
        Target::Latest => Vec::new(),
        Target::Back(back) => smaller(back).map(Target::Back).collect(),
        Target::Begun | Target::Missing => vec![Target::Back(0)],
    };
    let latest = (target != Target::Latest).then_some(Target::Latest);
    latest.into_iter().chain(nearer)
}
