//! Readers change nothing in the directory of the primary.

use super::super::observation::Instance;
use super::super::violation::Violation;
use super::Rule;

/// Holds digests of the directory before and after something that a reader did.
pub fn judge(at: usize, instance: Instance, before: u128, after: u128) -> Option<Violation> {
    let words = || "the directory of the primary has other bytes than before".to_owned();
    (before != after).then(|| Violation::new(Rule::Bytes, "changed", instance, at, words()))
}
