//! A key has a value that it had between what the instance surely has and what was written when
//! the read ended. The primary surely has everything.

use super::super::key::{Key, MALFORMED, Shown};
use super::super::model::WriteLog;
use super::super::observation::{FamilySeen, Moment, Observation};
use super::super::violation::Violation;
use super::Rule;

/// Holds every value against the rule; keys that are wrong in several ways of reading are told
/// once for each way in which they are.
pub fn judge(log: &WriteLog, seen: &Observation) -> Vec<Violation> {
    let mut found: Vec<Violation> = Vec::new();
    for (family, kind, key, shown) in seen.shown() {
        let (life, surely) = (family.life, &seen.surely);
        let may_show = if seen.moment == Moment::Keeper || seen.is_dropped(life) {
            log.may_show(life, key, surely, family.upper, shown)
        } else {
            !log.cuts(life, key, surely, family.upper, shown).is_empty()
        };
        if may_show {
            continue;
        }
        let violation = violation(log, seen, family, key, shown);
        match found.iter_mut().find(|one| one.words == violation.words) {
            Some(same) => same.kinds.push(kind),
            None => found.push(Violation { kinds: vec![kind], ..violation }),
        }
    }
    found
}

fn violation(
    log: &WriteLog,
    seen: &Observation,
    family: &FamilySeen,
    key: Key,
    shown: &Shown,
) -> Violation {
    let newest = log.newest(family.life, key);
    let anomaly = match (log.positions(family.life, key, shown), shown, &newest) {
        _ if shown.iter().flatten().any(|id| *id == MALFORMED) => "malformed",
        (Some(_), None, _) => "missing",
        (Some(_), Some(_), None) => "deleted-shown",
        (Some(_), Some(_), Some(_)) => "stale",
        (None, Some(ids), _) if has_twice(ids) => "counted-twice",
        (None, ..) => "phantom",
    };
    let words = format!(
        "key {} of family {} is {}; newest is {}",
        key.0,
        family.family,
        words(shown),
        words(&newest)
    );
    let mut violation = Violation::new(Rule::Interval, anomaly, seen.instance, seen.at, words);
    violation.signature.is_dropped_family = seen.is_dropped(family.life);
    violation.signature.is_shadowed = seen.is_shadowed(log, family.life, key, shown);
    violation
}

fn has_twice(ids: &[u32]) -> bool {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.windows(2).any(|pair| pair[0] == pair[1])
}

/// A value in words.
pub fn words(shown: &Shown) -> String {
    match shown {
        None => "not there".to_owned(),
        Some(ids) => format!("{ids:?}"),
    }
}
