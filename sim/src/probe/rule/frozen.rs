//! A read-only instance shows for ever what it showed first.

use std::collections::BTreeMap;

use super::super::key::{Key, Shown};
use super::super::model::Life;
use super::super::observation::Observation;
use super::super::violation::Violation;
use super::Rule;
use super::interval::words;

/// What a read-only instance showed first.
#[derive(Clone, Debug, Default)]
pub struct First(BTreeMap<(Life, Key), Shown>);

/// Holds what was seen against what was seen first.
pub fn judge(first: &mut First, seen: &Observation) -> Vec<Violation> {
    let mut found = Vec::new();
    for (family, kind, key, shown) in seen.shown() {
        let was = first.0.entry((family.life, key)).or_insert_with(|| shown.clone());
        if was != shown {
            let what = format!(
                "key {} of family {} was {} and is {} by {kind:?}",
                key.0,
                family.family,
                words(was),
                words(shown)
            );
            let mut violation =
                Violation::new(Rule::Frozen, "thawed", seen.instance, seen.at, what);
            violation.kinds = vec![kind];
            found.push(violation);
        }
    }
    found
}
