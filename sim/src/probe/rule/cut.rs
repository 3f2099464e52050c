//! After a catch-up all keys of all families show one moment: there is a place in the order of
//! all writes such that everything is shown as it was there. Where writes without a write-ahead
//! log meet flushes that come about by themselves, each family has a moment of its own.

use std::collections::BTreeMap;

use super::super::model::{Cuts, Life, WriteLog, common};
use super::super::observation::Observation;
use super::super::operation::ReadKind;
use super::super::violation::Violation;
use super::Rule;

/// Holds each way of reading against the rule. Keys that break the interval are left out: they
/// show no moment at all.
pub fn judge(log: &WriteLog, seen: &Observation) -> Vec<Violation> {
    let mut found = Vec::new();
    let upper = seen.families.iter().map(|family| family.upper).max();
    for kind in ReadKind::ALL {
        let mut moments: BTreeMap<Option<Life>, Cuts> = BTreeMap::new();
        let of_kind = seen.shown().filter(|(_, of, ..)| *of == kind);
        for (family, _, key, shown) in of_kind {
            let cuts = log.cuts(family.life, key, &seen.surely, family.upper, shown);
            // A family that was dropped has no later moments; what it shows is as of then.
            let is_followed = !seen.surely.stopped.contains_key(&family.life);
            let is_alone = seen.is_uneven || Some(family.upper) < upper || !is_followed;
            let group = is_alone.then_some(family.life);
            if cuts.is_empty() {
                continue;
            }
            let whole = || vec![(0, u32::MAX)];
            let moment = moments.entry(group).or_insert_with(whole);
            *moment = common(moment, &cuts);
        }
        if moments.values().any(Vec::is_empty) {
            let words = format!("{kind:?} shows no one moment of all writes");
            let mut violation = Violation::new(Rule::Cut, "torn", seen.instance, seen.at, words);
            violation.kinds = vec![kind];
            violation.signature.is_shadowed = has_shadow(log, seen, kind);
            found.push(violation);
        }
    }
    found
}

/// Whether memory of a secondary over newer files explains a value that is not the newest.
fn has_shadow(log: &WriteLog, seen: &Observation, kind: ReadKind) -> bool {
    let mut old = seen
        .shown()
        .filter(|(family, of, key, shown)| *of == kind && **shown != log.newest(family.life, *key));
    seen.instance.is_secondary()
        && old.any(|(family, _, key, shown)| {
            log.is_shadowed(family.life, key, &seen.replayed_of(family.life), shown)
        })
}
