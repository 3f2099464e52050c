//! When nobody writes, a secondary that caught up twice shows what the primary shows, but for what
//! only the primary's memory has.

use super::super::model::WriteLog;
use super::super::observation::Observation;
use super::super::violation::Violation;
use super::Rule;
use super::interval::words;

/// Holds a secondary against the primary, both seen in the same silence. Families of another life
/// are left out, and so are keys with a write that nothing published.
pub fn judge(log: &WriteLog, primary: &Observation, seen: &Observation) -> Vec<Violation> {
    let mut found = Vec::new();
    for (family, kind, key, shown) in seen.shown() {
        let mut entries = log.of(family.life, key).iter();
        if !entries.all(|entry| seen.surely.has(family.life, entry)) {
            continue;
        }
        let same = |(of, _, at, _): &(&super::super::observation::FamilySeen, _, _, _)| {
            of.life == family.life && *at == key
        };
        let Some((_, _, _, truth)) = primary.shown().find(same) else { continue };
        if truth == shown {
            continue;
        }
        let what = format!(
            "key {} of family {} is {} by {kind:?}, the primary has {}",
            key.0,
            family.family,
            words(shown),
            words(truth)
        );
        let mut violation = Violation::new(Rule::Silence, "differs", seen.instance, seen.at, what);
        violation.kinds = vec![kind];
        violation.signature.is_shadowed = seen.is_shadowed(log, family.life, key, shown);
        found.push(violation);
    }
    found
}
