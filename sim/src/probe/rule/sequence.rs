//! Sequence numbers never go back, and no secondary is ahead of its primary.

use super::super::observation::Instance;
use super::super::violation::Violation;
use super::Rule;

/// Holds a sequence number against the one before it, where it is of the same opening, and
/// against the primary's, which is read after it.
pub fn judge(
    at: usize,
    instance: Instance,
    before: u64,
    now: u64,
    primary: Option<u64>,
) -> Vec<Violation> {
    let mut found = Vec::new();
    if now < before {
        let words = format!("its sequence number went from {before} to {now}");
        found.push(Violation::new(Rule::Sequence, "sequence-backwards", instance, at, words));
    }
    if let Some(primary) = primary.filter(|primary| *primary < now) {
        let words = format!("its sequence number is {now}, the primary's {primary}");
        found.push(Violation::new(Rule::Sequence, "sequence-ahead", instance, at, words));
    }
    found
}
