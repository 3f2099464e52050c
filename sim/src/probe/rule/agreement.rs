//! All ways to read a key of one instance show the same, when nothing happens in between.

use std::collections::BTreeMap;

use super::super::key::{Key, Shown};
use super::super::model::{Life, WriteLog};
use super::super::observation::Observation;
use super::super::operation::ReadKind;
use super::super::violation::Violation;
use super::Rule;
use super::interval::words;

/// Holds the ways of reading against the first of them.
pub fn judge(log: &WriteLog, seen: &Observation) -> Vec<Violation> {
    let mut firsts: BTreeMap<(Life, Key), (ReadKind, &Shown)> = BTreeMap::new();
    let mut found = Vec::new();
    for (family, kind, key, shown) in seen.shown() {
        let (first, said) = *firsts.entry((family.life, key)).or_insert((kind, shown));
        if said == shown {
            continue;
        }
        let what = format!(
            "key {} of family {} is {} by {first:?} and {} by {kind:?}",
            key.0,
            family.family,
            words(said),
            words(shown)
        );
        let mut violation =
            Violation::new(Rule::Agreement, "disagree", seen.instance, seen.at, what);
        violation.kinds = vec![first, kind];
        let is_shadowed = |value| seen.is_shadowed(log, family.life, key, value);
        violation.signature.is_shadowed = is_shadowed(said) || is_shadowed(shown);
        found.push(violation);
    }
    found
}
