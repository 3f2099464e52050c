//! After a catch-up all keys of all families show one moment: there is a place in the order of
//! all writes such that everything is shown as it was there. Where writes without a write-ahead
//! log meet flushes that come about by themselves, each family has a moment of its own. A family
//! that was dropped before the catch-up is left to the interval, and so are all where writes that a
//! log keeps become visible apart from others.

use std::collections::BTreeMap;

use super::super::key::{Key, Shown};
use super::super::model::{Cuts, Life, WriteLog, common};
use super::super::observation::{Moment, Observation};
use super::super::operation::ReadKind;
use super::super::violation::Violation;
use super::Rule;

/// Holds each way of reading against the rule. Keys that break the interval are left out: they
/// show no moment at all.
pub fn judge(log: &WriteLog, seen: &Observation) -> Vec<Violation> {
    let mut found = Vec::new();
    if seen.moment == Moment::Keeper {
        return found;
    }
    let upper = seen.families.iter().map(|family| family.upper).max();
    for kind in ReadKind::ALL {
        let mut moments: BTreeMap<Option<Life>, Cuts> = BTreeMap::new();
        let of_kind = seen.shown().filter(|(_, of, ..)| *of == kind);
        for (family, _, key, shown) in of_kind {
            let cuts = log.cuts(family.life, key, &seen.surely, family.upper, shown);
            // It has no moment: its files may have been followed further than its log.
            if seen.is_dropped(family.life) {
                continue;
            }
            let is_alone = seen.moment == Moment::Family || Some(family.upper) < upper;
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

/// Whether memory of a secondary over newer files explains a value that is not the newest, of what
/// it surely has or of all that it may have.
fn has_shadow(log: &WriteLog, seen: &Observation, kind: ReadKind) -> bool {
    let is_newest = |life: Life, key: Key, shown: &Shown| {
        *shown == log.newest_of(life, key, &seen.surely) && *shown == log.newest(life, key)
    };
    let mut old = seen
        .shown()
        .filter(|(family, of, key, shown)| *of == kind && !is_newest(family.life, *key, shown));
    old.any(|(family, _, key, shown)| seen.is_shadowed(log, family.life, key, shown))
}
