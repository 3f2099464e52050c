//! The engine's way of settling, on the command line.

use serde::Serialize;

use crate::probe::scheme::{Scheme, SchemeRun, run};

use super::super::index::IndexDirectory;
use super::super::{Ended, Failure};
use super::args::ProbeArgs;
use super::told::Report;

/// Catch-ups of one database: what piles up in it would slow down those behind.
const CATCH_UPS_OF_A_DATABASE: u32 = 2_500;
/// Catch-ups of the check of continuous integration.
const USUAL: u32 = 2_500;
/// Catch-ups in which a mistake is seen at the latest; a run ends as soon as it is.
const MISTAKE_MAX: u32 = 40_000;

/// A scheme, and what came of it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SchemeSeen {
    /// Which one.
    pub(super) scheme: Scheme,
    /// Whether it must hold.
    pub(super) must_hold: bool,
    /// What came of it.
    pub(super) run: SchemeRun,
}

/// As many catch-ups of each scheme as were asked for.
pub(super) fn scheme(args: &ProbeArgs, catch_ups: u32) -> Ended {
    let schemes = seen(catch_ups)?;
    Report { schemes, ..Report::default() }.end(args)
}

/// What the check of continuous integration looks at.
pub(super) fn usual() -> Result<Vec<SchemeSeen>, Failure> {
    seen(USUAL)
}

fn seen(catch_ups: u32) -> Result<Vec<SchemeSeen>, Failure> {
    let mut schemes = Vec::new();
    for scheme in Scheme::ALL {
        let mut sum = SchemeRun::default();
        let must_hold = scheme.must_hold();
        let most = u64::from(if must_hold { catch_ups } else { catch_ups.max(MISTAKE_MAX) });
        // A mistake has to be seen once.
        while sum.catch_ups < most && (must_hold || sum.holds() || sum.chunks == 0) {
            let left = most - sum.catch_ups;
            let part = u32::try_from(left).unwrap_or(u32::MAX).min(CATCH_UPS_OF_A_DATABASE);
            let directory = IndexDirectory::create()?;
            let one = run(scheme, part, directory.path());
            let is_dead = one.catch_ups == 0;
            sum.add(one);
            if is_dead {
                break;
            }
        }
        schemes.push(SchemeSeen { scheme, must_hold, run: sum });
    }
    Ok(schemes)
}
