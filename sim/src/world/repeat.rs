//! Whether a run repeats: the check that comes before all others, because without it no failure
//! can be replayed.

use super::error::SimError;
use super::options::SimOptions;
use super::simulation::Simulation;
use super::trace::TraceSummary;

/// A run did not repeat, or repeated where it should not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRepeatable {
    /// Two runs of one seed differ.
    #[error("two runs of seed {seed} part at event {event}: {first:?} against {second:?}")]
    Parted {
        /// The seed.
        seed: u64,
        /// The number of the first event that differs, from 0.
        event: usize,
        /// That event in the first run; empty where that run had ended.
        first: String,
        /// That event in the second run; empty where that run had ended.
        second: String,
    },
    /// Two seeds gave the same run: the seed does not reach it.
    #[error("seeds {seed} and {other} give the same run")]
    SameForBoth {
        /// The seed.
        seed: u64,
        /// The other seed.
        other: u64,
    },
    /// A run failed.
    #[error(transparent)]
    Failed(#[from] SimError),
}

/// The trace of one run of `seed`.
///
/// # Errors
/// Where `run` fails.
pub fn trace_of(
    seed: u64,
    options: SimOptions,
    run: impl FnOnce(&Simulation) -> Result<(), SimError>,
) -> Result<TraceSummary, SimError> {
    let simulation = Simulation::new(seed, options);
    run(&simulation)?;
    Ok(simulation.trace())
}

/// Runs `seed` twice, which must give the same trace, and the next seed once, which must give
/// another one.
///
/// # Errors
/// [`NotRepeatable`], with the first event that differs.
pub fn check_repeats(
    seed: u64,
    options: &SimOptions,
    run: impl Fn(&Simulation) -> Result<(), SimError>,
) -> Result<TraceSummary, NotRepeatable> {
    let options = SimOptions { keep_trace: true, ..options.clone() };
    let first = trace_of(seed, options.clone(), &run)?;
    let second = trace_of(seed, options.clone(), &run)?;
    if let Some(event) = first_difference(&first, &second) {
        let line = |trace: &TraceSummary| trace.lines.get(event).cloned().unwrap_or_default();
        let (first, second) = (line(&first), line(&second));
        return Err(NotRepeatable::Parted { seed, event, first, second });
    }
    let other = seed.wrapping_add(1);
    if trace_of(other, SimOptions { keep_trace: false, ..options }, &run)?.hash == first.hash {
        return Err(NotRepeatable::SameForBoth { seed, other });
    }
    Ok(first)
}

/// The number of the first event that differs between two traces, from 0; the number of lines
/// where no line does and the hashes do.
pub fn first_difference(first: &TraceSummary, second: &TraceSummary) -> Option<usize> {
    let common = first.lines.len().min(second.lines.len());
    let parted = (0..common).find(|index| first.lines[*index] != second.lines[*index]);
    let is_same = first.hash == second.hash && first.count == second.count;
    parted.or((!is_same).then_some(common))
}
