//! Who drives a shared task, and whether it is to be polled. It does not own the task, so that
//! the task's waker, which is this, does not either.

use std::collections::VecDeque;
use std::task::{Wake, Waker};

use super::Idle;
use crate::sync::shim::{Mistake, Mutex, StdArc, lock, mistake};

#[derive(Default)]
pub(super) struct Signal {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// A poll was asked for, and not by a driver that may still find its own work done.
    kicked: bool,
    /// The task's waker asked for a poll.
    woken: bool,
    /// Drivers that came since the task was last taken out: each asks for a poll.
    asking: usize,
    /// How often the task was taken out.
    rounds: u64,
    /// A driver has the task out.
    running: bool,
    outcome: Outcome,
    next_place: u64,
    /// In the order in which they came, each with its place. Most leave in that order too.
    drivers: VecDeque<(u64, Driver)>,
}

struct Driver {
    /// `None` once woken, until the driver is polled again.
    waker: Option<Waker>,
    /// Woken after each poll of the task, whoever polled.
    each_round: bool,
    /// The rounds when it came: it asks for a poll as long as there was none since.
    came: u64,
}

/// What became of the task.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Outcome {
    #[default]
    Pending,
    Ended,
    Panicked,
}

/// What a driver that left has to do, with no lock held.
#[must_use]
pub(super) enum After {
    Nothing,
    Orphan,
}

impl State {
    fn wanted(&self) -> bool {
        (self.kicked || self.woken || self.asking > 0) && self.outcome == Outcome::Pending
    }

    fn unfinished(&self, idle: &Idle) -> bool {
        self.outcome == Outcome::Pending && (self.wanted() || !idle.is_idle())
    }

    /// Puts the driver at `place` to sleep, or a new one, which asks for a poll. Returns its place
    /// and the waker that it replaced.
    fn register(
        &mut self,
        place: &mut Option<u64>,
        waker: Waker,
        each_round: bool,
    ) -> (u64, Option<Waker>) {
        if let Some(place) = *place
            && let Ok(index) = self.find(place)
        {
            return (place, self.drivers[index].1.waker.replace(waker));
        }
        let new = self.next_place;
        self.next_place += 1;
        *place = Some(new);
        if !(self.running && mistake(Mistake::TaskForgetsKick)) {
            self.asking += 1;
        }
        let driver = Driver { waker: Some(waker), each_round, came: self.rounds };
        self.drivers.push_back((new, driver));
        (new, None)
    }

    fn find(&self, place: u64) -> Result<usize, usize> {
        self.drivers.binary_search_by_key(&place, |(place, _)| *place)
    }

    /// Takes the driver at `place` out. What it asked for is void where its work is done, and
    /// else passes to the others: it may have left work behind.
    fn unregister(&mut self, place: u64, done: bool) -> Option<Driver> {
        let (_, driver) = self.find(place).ok().and_then(|index| self.drivers.remove(index))?;
        if driver.came == self.rounds && self.asking > 0 {
            self.asking -= 1;
            self.kicked |= !done;
        }
        Some(driver)
    }

    /// Takes the wakers of all drivers, in the order in which they came.
    fn sleepers(&mut self) -> Vec<Waker> {
        self.drivers.iter_mut().filter_map(|(_, driver)| driver.waker.take()).collect()
    }

    /// Takes the wakers of those who ask after each poll of the task, but not of the one at
    /// `place`, which polled it.
    fn watchers(&mut self, place: u64) -> Vec<Waker> {
        let others = self.drivers.iter_mut().filter(|(other, _)| *other != place);
        let watching = others.filter(|(_, driver)| driver.each_round);
        watching.filter_map(|(_, driver)| driver.waker.take()).collect()
    }
}

impl Signal {
    /// Registers a driver, which asks for a poll where it is new, and has to poll the task now
    /// where it gets it out. `again` is set where it has polled the task just before: then it goes
    /// on only for drivers, and leaves to a later poll what the task's own waker asks for.
    pub(super) fn claim(
        &self,
        place: &mut Option<u64>,
        waker: &Waker,
        each_round: bool,
        again: bool,
    ) -> Option<Running<'_>> {
        let waker = waker.clone();
        let mut state = lock(&self.state);
        let (place, replaced) = state.register(place, waker, each_round);
        let reason = if again { state.kicked || state.asking > 0 } else { state.wanted() };
        let claimed = reason && !state.running && state.outcome == Outcome::Pending;
        if claimed {
            state.running = true;
            state.rounds += 1;
            state.kicked = false;
            state.woken = false;
            state.asking = 0;
        }
        let panicked = state.outcome == Outcome::Panicked;
        drop(state);
        drop(replaced);
        assert!(!panicked, "the shared task panicked in another drive of it");
        claimed.then(|| Running { signal: self, place, outcome: Outcome::Panicked })
    }

    /// The task is back, or over.
    fn release(&self, place: u64, outcome: Outcome) {
        let mut state = lock(&self.state);
        state.running = false;
        state.outcome = outcome;
        let all = state.woken || outcome != Outcome::Pending;
        let sleepers = if all { state.sleepers() } else { state.watchers(place) };
        drop(state);
        wake(sleepers);
    }

    /// The driver at `place` goes, with its work `done` or not. What is asked for passes on.
    pub(super) fn leave(&self, place: u64, done: bool, idle: &Idle) -> After {
        let mut state = lock(&self.state);
        let left = state.unregister(place, done);
        let passes_on = state.wanted() && !state.running && !mistake(Mistake::TaskLeavesSilently);
        let sleepers = if passes_on { state.sleepers() } else { Vec::new() };
        let orphan = state.drivers.is_empty() && state.unfinished(idle);
        drop(state);
        drop(left);
        wake(sleepers);
        if orphan && !mistake(Mistake::TaskHidesOrphan) { After::Orphan } else { After::Nothing }
    }

    pub(super) fn kick(&self) {
        self.ask(|state| state.kicked = true);
    }

    pub(super) fn wake_drivers(&self) {
        let sleepers = lock(&self.state).sleepers();
        wake(sleepers);
    }

    pub(super) fn abandoned(&self, idle: &Idle) -> bool {
        let state = lock(&self.state);
        state.drivers.is_empty() && state.unfinished(idle)
    }

    /// Nobody polls the task, and nobody asked for it.
    pub(super) fn rests(&self) -> bool {
        let state = lock(&self.state);
        !state.running && !state.wanted()
    }

    pub(super) fn ended(&self) -> bool {
        lock(&self.state).outcome != Outcome::Pending
    }

    pub(super) fn drivers(&self) -> usize {
        lock(&self.state).drivers.len()
    }

    /// Notes the wish. While the task is polled nobody is woken: whoever polls it looks after.
    fn ask(&self, note: impl FnOnce(&mut State)) {
        let mut state = lock(&self.state);
        note(&mut state);
        let sleepers = if state.running { Vec::new() } else { state.sleepers() };
        drop(state);
        wake(sleepers);
    }
}

impl Wake for Signal {
    fn wake(self: StdArc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &StdArc<Self>) {
        self.ask(|state| state.woken = true);
    }
}

/// The task is out. Dropped, it tells what became of it: without an outcome, that it panicked.
pub(super) struct Running<'a> {
    signal: &'a Signal,
    place: u64,
    outcome: Outcome,
}

impl Running<'_> {
    pub(super) fn set(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.signal.release(self.place, self.outcome);
    }
}

fn wake(sleepers: Vec<Waker>) {
    sleepers.into_iter().for_each(Waker::wake);
}
