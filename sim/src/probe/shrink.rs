//! Makes a plan that shows something smaller, as long as it still shows it.

#[cfg(test)]
mod tests;

use crate::shrink::ddmin;

use super::operation::{Effect, Families, Operation, Write};
use super::plan::ProbePlan;
use super::settings::Settings;

/// The smallest plan found for which `shows` is true, and how often it was asked. It is not asked
/// about `plan` itself, nor once it was asked `runs_max` times.
pub fn shrink(
    plan: &ProbePlan,
    runs_max: u64,
    mut shows: impl FnMut(&ProbePlan) -> bool,
) -> (ProbePlan, u64) {
    let (mut best, mut runs) = (plan.clone(), 0);
    let mut take = |candidate: &ProbePlan| {
        runs += 1;
        runs <= runs_max && shows(candidate)
    };
    loop {
        let before = best.clone();
        let kept = ddmin(best.operations.clone(), |operations| {
            operations.len() < best.operations.len()
                && take(&ProbePlan { operations: operations.to_vec(), ..best.clone() })
        });
        best.operations = kept;
        simplify(&mut best, &mut take);
        settings(&mut best, &mut take);
        if best == before {
            break;
        }
    }
    (best, runs.min(runs_max))
}

/// Brings operations to simple values, one after the other.
fn simplify(best: &mut ProbePlan, take: &mut impl FnMut(&ProbePlan) -> bool) {
    for at in 0..best.operations.len() {
        'again: loop {
            for simpler in simpler_than(&best.operations[at]) {
                let mut candidate = best.clone();
                candidate.operations[at] = simpler;
                if candidate != *best && take(&candidate) {
                    *best = candidate;
                    continue 'again;
                }
            }
            break;
        }
    }
}

/// Operations that are simpler in one respect. None of them leads back.
fn simpler_than(operation: &Operation) -> Vec<Operation> {
    match operation.clone() {
        Operation::Write { writes, wal } => {
            let with = |writes| Operation::Write { writes, wal };
            let without = |at: usize| {
                let mut fewer = writes.clone();
                fewer.remove(at);
                with(fewer)
            };
            let mut simpler: Vec<_> = match writes.len() {
                0 | 1 => Vec::new(),
                count => (0..count).map(without).collect(),
            };
            for at in 0..writes.len() {
                for one in simpler_writes(writes[at]) {
                    let mut changed = writes.clone();
                    changed[at] = one;
                    simpler.push(with(changed));
                }
            }
            if !wal {
                simpler.push(Operation::Write { writes, wal: true });
            }
            simpler
        }
        Operation::Ingest { family, keys } if keys.len() > 1 => {
            (0..keys.len()).map(|at| Operation::Ingest { family, keys: vec![keys[at]] }).collect()
        }
        Operation::Flush { families } => {
            let fewer = families.iter().map(|family| Families(1 << family));
            fewer.map(|families| Operation::Flush { families }).collect()
        }
        Operation::OpenReader { reader, role, families } => {
            let fewer = families.iter().map(|family| Families(1 << family));
            fewer.map(|families| Operation::OpenReader { reader, role, families }).collect()
        }
        Operation::Hold { reader, hold, span } if span > 1 => [1, span / 2, span - 1]
            .map(|span| Operation::Hold { reader, hold, span })
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

fn simpler_writes(write: Write) -> Vec<Write> {
    let mut simpler = Vec::new();
    if write.effect == Effect::Merge {
        simpler.push(Write { effect: Effect::Put, ..write });
    }
    if matches!(write.effect, Effect::DeleteRange(_) | Effect::SingleDelete) {
        simpler.push(Write { effect: Effect::Delete, ..write });
    }
    simpler
}

/// Brings settings back to the default, one after the other; fewer families first.
fn settings(best: &mut ProbePlan, take: &mut impl FnMut(&ProbePlan) -> bool) {
    let default = Settings::default();
    let simpler: [fn(&mut Settings, &Settings); 14] = [
        |it, to| it.families = to.families,
        |it, to| it.filler_bytes = to.filler_bytes,
        |it, to| it.manual_wal_flush = to.manual_wal_flush,
        |it, to| it.unordered_write = to.unordered_write,
        |it, to| it.pipelined_write = to.pipelined_write,
        |it, to| it.wal_compression = to.wal_compression,
        |it, to| it.atomic_flush = to.atomic_flush,
        |it, to| it.universal = to.universal,
        |it, to| it.memtable = to.memtable,
        |it, to| it.write_buffer_bytes = to.write_buffer_bytes,
        |it, to| it.manifest_max_bytes = to.manifest_max_bytes,
        |it, to| it.open_files_max = to.open_files_max,
        |it, to| it.bloom_bits = to.bloom_bits,
        |it, to| it.merges_by_itself = to.merges_by_itself,
    ];
    for change in simpler {
        let mut candidate = best.clone();
        change(&mut candidate.settings, &default);
        if candidate != *best && take(&candidate) {
            *best = candidate;
        }
    }
    let mut candidate = best.clone();
    candidate.settings.watches_bytes = false;
    if candidate != *best && take(&candidate) {
        *best = candidate;
    }
}
