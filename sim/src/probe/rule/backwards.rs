//! What an instance has shown of a key it never un-shows.

use std::collections::BTreeMap;

use super::super::key::Key;
use super::super::model::{Life, WriteLog};
use super::super::observation::Observation;
use super::super::operation::ReadKind;
use super::super::violation::Violation;
use super::Rule;

/// How far each key of an instance has come, in writes of that key, by way of reading: at least.
#[derive(Clone, Debug, Default)]
pub struct Floors(BTreeMap<(Life, Key, ReadKind), usize>);

/// Holds what was seen against what was seen before, and remembers it. Values that no prefix of
/// the key's writes makes are left to the interval.
pub fn judge(log: &WriteLog, floors: &mut Floors, seen: &Observation) -> Vec<Violation> {
    let mut found = Vec::new();
    for (family, kind, key, shown) in seen.shown() {
        let Some((first, last)) = log.positions(family.life, key, shown) else { continue };
        let floor = floors.0.entry((family.life, key, kind)).or_default();
        if last < *floor {
            let words = format!(
                "key {} of family {} went back to its write {last} from {floor}",
                key.0, family.family
            );
            let mut violation =
                Violation::new(Rule::Backwards, "backwards", seen.instance, seen.at, words);
            violation.kinds = vec![kind];
            violation.signature.is_dropped_family = seen.is_dropped(family.life);
            violation.signature.is_shadowed = seen.is_shadowed(log, family.life, key, shown);
            found.push(violation);
        }
        *floor = (*floor).max(first);
    }
    found
}
