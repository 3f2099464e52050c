//! Whether the known findings still show.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::probe::catalogue::{self, KNOWN, Known, Shows};
use crate::probe::finding::Told;

use super::super::Failure;
use super::worker::run_plan;

/// A plan that is known to hang gets so long; it would take a tenth of a second.
const HANG: Duration = Duration::from_secs(3);

/// What came of the plan of a known finding.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Seen {
    /// Its name.
    pub(super) name: &'static str,
    /// Whether it showed.
    pub(super) shows: bool,
    /// In the run of this number, from 1.
    pub(super) runs: u32,
    /// All of them together.
    pub(super) ms: u64,
    /// What was seen, in words.
    pub(super) words: String,
    /// What else was seen, that nothing known explains.
    pub(super) unknown: Vec<Told>,
}

/// Runs the plan of every known finding.
pub(super) fn known() -> Result<Vec<Seen>, Failure> {
    KNOWN.iter().map(seen).collect()
}

/// Runs the plan of a known finding, as often as it may take.
pub(super) fn seen(known: &'static Known) -> Result<Seen, Failure> {
    let began = Instant::now();
    let plan = (known.plan)();
    let (runs_max, limit) = match known.shows {
        Shows::Always => (1, None),
        Shows::Within(runs) => (runs, None),
        Shows::Hangs => (1, Some(HANG)),
    };
    let mut seen = Seen {
        name: known.name,
        shows: false,
        runs: 0,
        ms: 0,
        words: String::new(),
        unknown: Vec::new(),
    };
    while seen.runs < runs_max && !seen.shows {
        seen.runs += 1;
        let outcome = run_plan(&plan, limit)?;
        for told in outcome.violations {
            if (known.explains)(&told.signature, &plan) {
                seen.shows = true;
                if seen.words.is_empty() {
                    seen.words = told.words;
                }
            } else if catalogue::explained(&told.signature, &plan).is_none() {
                seen.unknown.push(told);
            }
        }
    }
    seen.ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(seen)
}
