//! How long something took.

use std::time::Instant;

/// Messages a second since `started`.
pub(crate) fn rate(messages: usize, started: Instant) -> f64 {
    messages as f64 / started.elapsed().as_secs_f64()
}

/// How long each of many short calls took.
#[derive(Default)]
pub(crate) struct Latencies {
    nanoseconds: Vec<u64>,
}

impl Latencies {
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { nanoseconds: Vec::with_capacity(count) }
    }

    /// Notes a call that began at `started` and ends now.
    pub(crate) fn note(&mut self, started: Instant) {
        self.nanoseconds.push(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }

    /// The 50th and the 99th percentile, in microseconds.
    ///
    /// # Panics
    /// Where nothing was noted.
    pub(crate) fn percentiles(mut self) -> Vec<f64> {
        self.nanoseconds.sort_unstable();
        let last = self.nanoseconds.len() - 1;
        [50, 99].map(|percent| self.nanoseconds[last * percent / 100] as f64 / 1e3).to_vec()
    }
}
