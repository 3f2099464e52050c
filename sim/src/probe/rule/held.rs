//! An iterator and a snapshot show what they showed first, whatever is done meanwhile.

use std::collections::BTreeSet;

use super::super::model::{Life, WriteLog};
use super::super::observation::Instance;
use super::super::operation::Hold;
use super::super::store::Reads;
use super::super::violation::Violation;
use super::Rule;
use super::interval::words;

/// What was held of one family, and what it showed.
pub struct Held<'a> {
    /// The operation that held it.
    pub at: usize,
    /// Of whom.
    pub instance: Instance,
    /// What it was.
    pub hold: Hold,
    /// The family.
    pub family: u8,
    /// Which life of it.
    pub life: Life,
    /// Entries of the family that the instance had in memory.
    pub replayed: BTreeSet<u32>,
    /// What a read of the same kind showed when it was made.
    pub before: &'a Reads,
    /// What it showed later.
    pub after: &'a Reads,
}

/// Holds what was shown when the iterator or snapshot was made against what it shows later.
pub fn judge(log: &WriteLog, held: &Held<'_>) -> Option<Violation> {
    let anomaly = match held.hold {
        Hold::Iterator => "iterator-moved",
        Hold::Snapshot => "snapshot-moved",
    };
    let mut pairs = held.before.iter().zip(held.after);
    let ((key, was), (_, is)) = pairs.find(|((_, was), (_, is))| was != is)?;
    let what =
        format!("key {} of family {} was {} and is {}", key.0, held.family, words(was), words(is));
    let mut violation = Violation::new(Rule::Held, anomaly, held.instance, held.at, what);
    let is_shadowed = |shown| log.is_shadowed(held.life, *key, &held.replayed, shown);
    violation.signature.is_shadowed =
        held.instance.is_secondary() && (is_shadowed(was) || is_shadowed(is));
    Some(violation)
}
