//! Reads, and holds what was read against the rules.

use std::collections::BTreeSet;

use super::super::model::{Life, Surely};
use super::super::observation::{FamilySeen, Instance, Moment, Observation};
use super::super::operation::{ReadKind, Role};
use super::super::rule::errors::{self, Beside, Doing};
use super::super::rule::{agreement, backwards, cut, frozen, interval, sequence};
use super::super::store::{Answer, Store, StoreError};
use super::ProbeRun;
use super::state::State;

/// Reads `kinds` of an instance, of one family or of all; `None` where it is not there.
pub(super) fn observe<S: Store>(
    at: usize,
    store: &S,
    state: &State,
    run: &mut ProbeRun,
    number: Option<u8>,
    family: Option<u8>,
    kinds: &[ReadKind],
) -> Option<Observation> {
    let instance = state.instance(number)?;
    let reader = number.and_then(|number| state.readers.get(&number));
    let families = reader.map_or(&state.families, |reader| &reader.families);
    let everything = || {
        let (next, lives) = (state.log.next(), state.families.values());
        let flushed = lives.map(|life| (*life, next)).collect();
        Surely { wal: next, file: next, flushed, ..Surely::default() }
    };
    let mut seen = Observation {
        at,
        instance,
        surely: reader.map_or_else(everything, |reader| reader.surely.clone()),
        families: Vec::new(),
        moment: Moment::Whole,
        replayed: reader.map_or_else(BTreeSet::new, |reader| reader.replayed.clone()),
    };
    for (number_of, life) in families.iter().filter(|(one, _)| family.is_none_or(|it| it == **one))
    {
        let upper = upper(state, *life, reader.and_then(|reader| reader.upper));
        let mut reads = Vec::new();
        for kind in kinds {
            match store.read(number, *number_of, *kind) {
                Ok(read) => {
                    run.value_count += read.len() as u64;
                    reads.push((*kind, read));
                }
                Err(error) => {
                    answered::<()>(at, run, state, number, Doing::Read, &Err(error));
                }
            }
        }
        seen.families.push(FamilySeen { family: *number_of, life: *life, upper, reads });
    }
    Some(seen)
}

fn upper(state: &State, life: Life, of_reader: Option<u32>) -> u32 {
    let ended = state.ended.get(&life).copied();
    let ends = [ended, of_reader].into_iter().flatten();
    ends.min().unwrap_or(state.log.next())
}

/// Holds an observation against the rules.
pub(super) fn judge(state: &mut State, run: &mut ProbeRun, seen: &Observation, moment: Moment) {
    let seen = &Observation { moment, ..seen.clone() };
    let mut found = interval::judge(&state.log, seen);
    found.extend(cut::judge(&state.log, seen));
    found.extend(agreement::judge(&state.log, seen));
    if let Instance::Reader(number, role) = seen.instance
        && let Some(reader) = state.readers.get_mut(&number)
    {
        match role {
            Role::Secondary => {
                found.extend(backwards::judge(&state.log, &mut reader.floors, seen));
            }
            Role::Frozen => found.extend(frozen::judge(&mut reader.first, seen)),
        }
    }
    run.violations.extend(found);
}

/// Looks at the sequence numbers of an instance and of the primary.
pub(super) fn count<S: Store>(
    at: usize,
    store: &S,
    state: &mut State,
    run: &mut ProbeRun,
    number: u8,
) {
    let Some(instance) = state.instance(Some(number)) else { return };
    let now = store.sequence(Some(number));
    let primary = state.is_open.then(|| store.sequence(None));
    if let Some(primary) = primary {
        let before = state.sequence;
        run.violations.extend(sequence::judge(at, Instance::Primary, before, primary, None));
        state.sequence = primary;
    }
    if let Some(reader) = state.readers.get_mut(&number) {
        let before = reader.sequence;
        run.violations.extend(sequence::judge(at, instance, before, now, primary));
        reader.sequence = now;
    }
}

/// Holds what a call answered against what is documented.
pub(super) fn answered<T>(
    at: usize,
    run: &mut ProbeRun,
    state: &State,
    number: Option<u8>,
    doing: Doing,
    answer: &Answer<T>,
) {
    let instance = state.instance(number).unwrap_or(match number {
        None => Instance::Primary,
        Some(number) => Instance::Reader(number, Role::Secondary),
    });
    answered_by(at, run, state, instance, doing, answer.as_ref().map(|_| ()));
}

/// As [`answered`], of an instance that may not be open.
pub(super) fn answered_by(
    at: usize,
    run: &mut ProbeRun,
    state: &State,
    instance: Instance,
    doing: Doing,
    answer: Result<(), &StoreError>,
) {
    let Some(mut violation) = errors::judge(at, instance, doing, Beside::Nothing, answer) else {
        return;
    };
    if let Instance::Reader(number, _) = instance {
        let reader = state.readers.get(&number);
        violation.signature.is_late_family = reader.is_some_and(|reader| reader.has_late_family);
    }
    run.violations.push(violation);
}
