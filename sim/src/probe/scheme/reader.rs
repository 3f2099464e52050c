//! One that follows, and asks.

use std::path::Path;
use std::sync::atomic::Ordering;

use duolog::index::coverage::Coverage;
use duolog::index::key;
use duolog::index::rocks::RocksSecondary;
use duolog::io::{Family, IndexBackend, IndexError, IndexRead, IndexSecondary};
use duolog::types::{SegmentId, SegmentOffset};

use super::primary::{PARTITION, key_of};
use super::{Proof, SchemeRun, Shared, wait};

/// Messages that are looked up behind the end of a catch-up before, and older ones.
const LOOKUPS: u64 = 48;
const OLDER: u64 = 4;

/// Catches a secondary up and asks it, until there were enough catch-ups.
pub(super) fn follow(shared: &Shared, database: &Path, own: &Path) -> SchemeRun {
    let mut run = SchemeRun::default();
    let secondary = match wait(shared.backend.open_secondary(database, own)) {
        Ok(secondary) => secondary,
        Err(error) => {
            run.errors.check(false, || error.to_string());
            return run;
        }
    };
    let coverage = Coverage::new(PARTITION);
    let mut before = 0;
    // Catch-ups before there is anything would look at nothing.
    while shared.settled.load(Ordering::SeqCst) == 0 && !shared.is_over.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    while shared.catch_ups.fetch_add(1, Ordering::SeqCst) < shared.catch_ups_max {
        let settled = shared.settled.load(Ordering::SeqCst);
        let seen = wait(secondary.catch_up()).and_then(|()| {
            run.catch_ups += 1;
            covered(shared.scheme.proof, &coverage, &secondary)
        });
        let covered = match seen {
            Ok(covered) => covered,
            Err(error) => {
                run.errors.check(false, || error.to_string());
                continue;
            }
        };
        run.errors.check(true, String::new);
        run.fresh += u64::from(covered > before);
        run.visibility.check(covered >= settled, || {
            format!("{settled} were settled before a catch-up that covers {covered}")
        });
        run.monotonic.check(covered >= before, || format!("{before} were covered, now {covered}"));
        lookups(&secondary, before..covered, &mut run);
        before = before.max(covered);
    }
    run
}

fn covered(
    proof: Proof,
    coverage: &Coverage,
    secondary: &RocksSecondary,
) -> Result<u64, IndexError> {
    match proof {
        Proof::Chain => Ok(wait(coverage.extend(secondary))?.to),
        Proof::LastKey => {
            let first = SegmentOffset { segment_id: SegmentId::new(0, 0), offset: 0 };
            let range = key::by_position_from(PARTITION, first);
            let last = secondary.last_in(Family::ByPosition, &range.start..&range.end);
            Ok(wait(last)?.map_or(0, |(_, value)| sequence(&value).map_or(0, |last| last + 1)))
        }
    }
}

/// Looks up what is new, and a few older ones, in every family.
fn lookups(secondary: &RocksSecondary, new: std::ops::Range<u64>, run: &mut SchemeRun) {
    // Those behind the old end first: holes are there.
    let step = ((new.end.saturating_sub(new.start)) / LOOKUPS).max(1);
    let fresh = (new.start..new.end).step_by(usize::try_from(step).unwrap_or(1));
    let older = (1..=OLDER).map(|part| new.start / (part + 1)).filter(|one| *one < new.end);
    for wanted in fresh.chain(older) {
        for family in Family::ALL {
            let Some(key) = key_of(family, wanted) else { continue };
            let found = match wait(secondary.get(family, &key)) {
                Ok(found) => found,
                Err(error) => {
                    run.errors.check(false, || error.to_string());
                    continue;
                }
            };
            let words = || format!("message {wanted} of {} is not in {family:?}", new.end);
            run.lookups.check(found.is_some(), words);
            if let Some(value) = found {
                let leads = sequence(&value);
                let words = || format!("{family:?} leads to {leads:?}, not to {wanted}");
                run.entries.check(leads == Some(wanted), words);
            }
        }
    }
}

fn sequence(value: &[u8]) -> Option<u64> {
    value.try_into().ok().map(u64::from_be_bytes)
}
