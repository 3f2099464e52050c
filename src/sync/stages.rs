//! How long the stages of something take, sampled.

#[cfg(all(test, not(feature = "loom")))]
mod tests;

use super::shim::{AtomicU64, Ordering};

/// One in so many is timed: what the clock costs is then not seen beside what is timed.
const SAMPLED_ONE_IN: u64 = 64;

/// How long one stage took, over those that were sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StageTime {
    /// How many were sampled.
    pub sampled_count: u64,
    /// Their time together, in microseconds. Single ones are cut to whole microseconds at both
    /// ends, which levels out over many.
    pub sum_us: u64,
    /// The longest, in microseconds.
    pub max_us: u64,
}

#[derive(Debug, Default)]
struct Counts {
    sampled: AtomicU64,
    sum_us: AtomicU64,
    max_us: AtomicU64,
}

/// Times of `N` stages that follow one another. What is noted from several threads at once adds
/// up, and is read without a common moment: these are figures, not a state.
#[derive(Debug)]
pub struct StageTimes<const N: usize> {
    turn: AtomicU64,
    stages: [Counts; N],
}

impl<const N: usize> Default for StageTimes<N> {
    fn default() -> Self {
        Self { turn: AtomicU64::new(0), stages: std::array::from_fn(|_| Counts::default()) }
    }
}

impl<const N: usize> StageTimes<N> {
    /// Whether the one that begins now is to be timed: the first, and then one in 64.
    pub fn begins_sampled(&self) -> bool {
        self.turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(SAMPLED_ONE_IN)
    }

    /// Notes that a stage took `took_us`.
    ///
    /// # Panics
    /// Where there is no such stage.
    pub fn note(&self, stage: usize, took_us: u64) {
        let counts = &self.stages[stage];
        counts.sampled.fetch_add(1, Ordering::Relaxed);
        counts.sum_us.fetch_add(took_us, Ordering::Relaxed);
        counts.max_us.fetch_max(took_us, Ordering::Relaxed);
    }

    /// What was noted so far.
    pub fn snapshot(&self) -> [StageTime; N] {
        std::array::from_fn(|stage| {
            let counts = &self.stages[stage];
            StageTime {
                sampled_count: counts.sampled.load(Ordering::Relaxed),
                sum_us: counts.sum_us.load(Ordering::Relaxed),
                max_us: counts.max_us.load(Ordering::Relaxed),
            }
        })
    }
}

/// Follows one that is timed from stage to stage; does nothing for one that is not. It is told
/// the time only where it needs it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stopwatch(Option<u64>);

impl Stopwatch {
    /// Begins where `is_sampled`.
    pub fn start(is_sampled: bool, now_us: impl FnOnce() -> u64) -> Self {
        Self(is_sampled.then(now_us))
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.0.is_some()
    }

    /// Notes that `stage` ends here and the next one begins; how long it took, in microseconds.
    pub fn lap<const N: usize>(
        &mut self,
        times: &StageTimes<N>,
        stage: usize,
        now_us: impl FnOnce() -> u64,
    ) -> u64 {
        let Some(before_us) = self.0 else { return 0 };
        let now_us = now_us();
        let took_us = now_us.saturating_sub(before_us);
        times.note(stage, took_us);
        self.0 = Some(now_us);
        took_us
    }
}
