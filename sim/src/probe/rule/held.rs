//! An iterator and a snapshot show what they showed first, whatever is done meanwhile.

use super::super::observation::Instance;
use super::super::operation::Hold;
use super::super::store::Reads;
use super::super::violation::Violation;
use super::Rule;
use super::interval::words;

/// Holds what a family showed when the iterator or snapshot was made against what it shows later.
pub fn judge(
    at: usize,
    instance: Instance,
    hold: Hold,
    family: u8,
    before: &Reads,
    after: &Reads,
) -> Vec<Violation> {
    let anomaly = match hold {
        Hold::Iterator => "iterator-moved",
        Hold::Snapshot => "snapshot-moved",
    };
    let differs = |((_, was), (_, is)): &(&(_, _), &(_, _))| was != is;
    let pairs = before.iter().zip(after).filter(differs);
    pairs
        .take(1)
        .map(|((key, was), (_, is))| {
            let (was, is) = (words(was), words(is));
            let what = format!("key {} of family {family} was {was} and is {is}", key.0);
            Violation::new(Rule::Held, anomaly, instance, at, what)
        })
        .collect()
}
