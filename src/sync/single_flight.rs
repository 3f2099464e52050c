//! One run for all who ask for the same thing at the same time.

use std::fmt;
use std::future::Future;

use super::shim::{Arc, Mistake, Mutex, lock, mistake};
use super::waiters::Waiters;

#[cfg(all(test, feature = "loom"))]
mod model;
#[cfg(all(test, not(feature = "loom")))]
mod tests;

/// Lets concurrent callers share one run. The first leads: its own future does the work, on its
/// own thread. Whoever comes while it is under way follows and gets a clone of its output; so the
/// output may stem from a run that began before the caller came, never from one that was over.
///
/// At most one run is under way. Where a leader is dropped, or panics, its run is over without an
/// output, and the first follower to be polled leads a run of its own.
pub struct SingleFlight<T> {
    current: Mutex<Option<Arc<Flight<T>>>>,
}

struct Flight<T> {
    outcome: Mutex<Outcome<T>>,
    over: Waiters,
}

enum Outcome<T> {
    UnderWay,
    Output(T),
    Dropped,
}

impl<T: Clone> SingleFlight<T> {
    /// No run is under way.
    pub fn new() -> Self {
        Self { current: Mutex::new(None) }
    }

    /// The output of the run under way, else of the one that `make` begins. `make` is called at
    /// most once, and with no lock held.
    pub async fn run<F: Future<Output = T>>(&self, make: impl FnOnce() -> F) -> T {
        loop {
            match self.board() {
                Boarded::Leader(leader) => {
                    let output = make().await;
                    leader.land(output.clone());
                    return output;
                }
                Boarded::Follower(flight) => {
                    if let Some(output) = flight.output().await {
                        return output;
                    }
                }
            }
        }
    }

    fn board(&self) -> Boarded<'_, T> {
        let mut current = lock(&self.current);
        if let Some(flight) = &*current {
            return Boarded::Follower(flight.clone());
        }
        let outcome = Mutex::new(Outcome::UnderWay);
        let flight = Arc::new(Flight { outcome, over: Waiters::new() });
        *current = Some(flight.clone());
        Boarded::Leader(Leader { flights: self, flight })
    }
}

impl<T: Clone> Default for SingleFlight<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for SingleFlight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let under_way = lock(&self.current).is_some();
        f.debug_struct("SingleFlight").field("under_way", &under_way).finish()
    }
}

enum Boarded<'a, T> {
    Leader(Leader<'a, T>),
    Follower(Arc<Flight<T>>),
}

impl<T: Clone> Flight<T> {
    /// The output once the run is over; `None` where its leader was dropped.
    async fn output(&self) -> Option<T> {
        let over = || match &*lock(&self.outcome) {
            Outcome::UnderWay => None,
            Outcome::Output(output) => Some(Some(output.clone())),
            Outcome::Dropped => Some(None),
        };
        self.over.wait_until(over).await
    }
}

/// Whoever does the work. Dropped before it landed, it gives the run up.
struct Leader<'a, T> {
    flights: &'a SingleFlight<T>,
    flight: Arc<Flight<T>>,
}

impl<T> Leader<'_, T> {
    fn land(self, output: T) {
        self.end(Outcome::Output(output));
    }

    /// Whoever comes after the first line begins a new run, so nobody follows one that is over.
    fn end(&self, outcome: Outcome<T>) {
        let ended = lock(&self.flights.current).take();
        *lock(&self.flight.outcome) = outcome;
        self.flight.over.wake_all();
        drop(ended);
    }
}

impl<T> Drop for Leader<'_, T> {
    fn drop(&mut self) {
        if !matches!(*lock(&self.flight.outcome), Outcome::UnderWay) {
            return;
        }
        if mistake(Mistake::FlightDropsSilently) {
            lock(&self.flights.current).take();
            return;
        }
        self.end(Outcome::Dropped);
    }
}
