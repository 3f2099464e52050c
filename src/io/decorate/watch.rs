//! What all handles of an observed world share: the counts, and what is to happen when.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, pending, poll_fn};
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::call::CallKind;
use crate::io::{IndexError, Planted, Step};

/// What was asked of a world. A kind or step that never came has no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls, those included that failed or were killed.
    pub calls: BTreeMap<CallKind, u64>,
    /// Steps passed, the one included that killed.
    pub steps: BTreeMap<Step, u64>,
    /// How often a planted mistake was asked for and made.
    pub mistakes: BTreeMap<Planted, u64>,
}

impl Counts {
    /// The calls of `kind`.
    pub fn call(&self, kind: CallKind) -> u64 {
        self.calls.get(&kind).copied().unwrap_or(0)
    }

    /// How often `step` was passed.
    pub fn step(&self, step: Step) -> u64 {
        self.steps.get(&step).copied().unwrap_or(0)
    }
}

/// What killed a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// It passed this step.
    Step(Step),
    /// It was about to do this.
    Call(CallKind),
    /// It was told to die.
    Told,
}

type Hook = Arc<dyn Fn(Step, u64) + Send + Sync>;

#[derive(Default)]
pub(super) struct Watch {
    state: Mutex<State>,
    /// Set once, before anybody is woken; `state` has why.
    is_killed: AtomicBool,
}

#[derive(Default)]
struct State {
    counts: Counts,
    death: Option<Death>,
    step_kills: Vec<(Step, Countdown)>,
    /// A kind, or any.
    call_kills: Vec<(Option<CallKind>, Countdown)>,
    faults: Vec<Fault>,
    hook: Option<Hook>,
    planted: BTreeSet<Planted>,
    /// Who wants to be woken by the kill.
    mourners: BTreeMap<u64, Waker>,
    next_mourner: u64,
}

struct Fault {
    kind: CallKind,
    countdown: Countdown,
    error: io::ErrorKind,
    lasts: bool,
}

/// Goes off at the nth beat.
struct Countdown(u64);

impl Countdown {
    fn new(nth: u64) -> Self {
        assert!(nth > 0, "the next one is number 1");
        Self(nth)
    }

    /// Whether this beat is the nth.
    fn beat(&mut self) -> bool {
        let goes_off = self.0 == 1;
        self.0 = self.0.saturating_sub(1);
        goes_off
    }

    fn is_over(&self) -> bool {
        self.0 == 0
    }
}

enum Verdict {
    Live,
    Fail(io::ErrorKind),
    Die,
}

impl Watch {
    pub(super) fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    pub(super) fn kill_at_step(&self, step: Step, nth: u64) {
        self.state().step_kills.push((step, Countdown::new(nth)));
    }

    pub(super) fn kill_at_call(&self, kind: Option<CallKind>, nth: u64) {
        self.state().call_kills.push((kind, Countdown::new(nth)));
    }

    pub(super) fn fail(&self, kind: CallKind, nth: u64, error: io::ErrorKind, lasts: bool) {
        self.state().faults.push(Fault { kind, countdown: Countdown::new(nth), error, lasts });
    }

    pub(super) fn heal(&self) {
        self.state().faults.clear();
    }

    pub(super) fn on_step(&self, hook: Hook) {
        self.state().hook = Some(hook);
    }

    pub(super) fn plant(&self, mistake: Planted) {
        self.state().planted.insert(mistake);
    }

    pub(super) fn is_planted(&self, mistake: Planted) -> bool {
        let mut state = self.state();
        let is_planted = state.planted.contains(&mistake);
        if is_planted {
            *state.counts.mistakes.entry(mistake).or_default() += 1;
        }
        is_planted
    }

    pub(super) fn kill(&self, death: Death) {
        let mut state = self.state();
        state.death.get_or_insert(death);
        self.is_killed.store(true, Ordering::SeqCst);
        let mourners = std::mem::take(&mut state.mourners);
        drop(state);
        mourners.into_values().for_each(Waker::wake);
    }

    pub(super) fn is_killed(&self) -> bool {
        self.is_killed.load(Ordering::SeqCst)
    }

    pub(super) fn death(&self) -> Option<Death> {
        self.state().death
    }

    /// Has `waker` woken by the kill, in place of the one that was given with `ticket` before;
    /// at once where it has come.
    pub(super) fn mourn(&self, ticket: &mut Option<u64>, waker: &Waker) {
        let mut state = self.state();
        if state.death.is_some() {
            drop(state);
            return waker.wake_by_ref();
        }
        let ticket = *ticket.get_or_insert(state.next_mourner);
        state.next_mourner = state.next_mourner.max(ticket + 1);
        let former = state.mourners.insert(ticket, waker.clone());
        // Not under the lock: the last waker of a task may drop it, and it comes back here.
        drop(state);
        drop(former);
    }

    pub(super) fn forget(&self, ticket: Option<u64>) {
        if let Some(ticket) = ticket {
            let waker = self.state().mourners.remove(&ticket);
            drop(waker);
        }
    }

    /// A step that may kill. Whether the world lives on.
    pub(super) fn passes(&self, step: Step) -> bool {
        if self.is_killed() {
            return false;
        }
        let mut state = self.state();
        let count = state.counts.steps.entry(step).or_default();
        *count += 1;
        let (count, hook) = (*count, state.hook.clone());
        drop(state);
        if let Some(hook) = hook {
            hook(step, count);
        }
        let mut state = self.state();
        let mut is_last = false;
        for (wanted, countdown) in &mut state.step_kills {
            is_last |= *wanted == step && countdown.beat();
        }
        drop(state);
        if is_last {
            self.kill(Death::Step(step));
        }
        !self.is_killed()
    }

    /// A call that may kill and cannot fail. Whether the world lives on.
    pub(super) fn survives(&self, kind: CallKind) -> bool {
        !matches!(self.begin(kind), Verdict::Die)
    }

    pub(super) async fn unfailing<T>(&self, kind: CallKind, call: impl Future<Output = T>) -> T {
        match self.begin(kind) {
            Verdict::Live | Verdict::Fail(_) => self.while_alive(call).await,
            Verdict::Die => pending().await,
        }
    }

    pub(super) async fn call<T>(
        &self,
        kind: CallKind,
        call: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        match self.begin(kind) {
            Verdict::Live => self.while_alive(call).await,
            Verdict::Fail(error) => Err(io::Error::new(error, "injected")),
            Verdict::Die => pending().await,
        }
    }

    pub(super) async fn index_call<T>(
        &self,
        kind: CallKind,
        path: &Path,
        call: impl Future<Output = Result<T, IndexError>>,
    ) -> Result<T, IndexError> {
        match self.begin(kind) {
            Verdict::Live => self.while_alive(call).await,
            Verdict::Fail(error) => {
                let what = format!("{kind:?}: injected: {error}");
                Err(IndexError { path: path.to_owned(), what, sticky: false })
            }
            Verdict::Die => pending().await,
        }
    }

    /// What `call` ends with, where it ends before the world does.
    pub(super) async fn while_alive<T>(&self, call: impl Future<Output = T>) -> T {
        let mut call = pin!(call);
        poll_fn(|context| {
            if self.is_killed() {
                return Poll::Pending;
            }
            match call.as_mut().poll(context) {
                // Killed meanwhile: the process does not learn what the system did for it.
                Poll::Ready(_) if self.is_killed() => Poll::Pending,
                polled => polled,
            }
        })
        .await
    }

    fn begin(&self, kind: CallKind) -> Verdict {
        if self.is_killed() {
            return Verdict::Die;
        }
        let mut state = self.state();
        *state.counts.calls.entry(kind).or_default() += 1;
        let mut is_last = false;
        for (wanted, countdown) in &mut state.call_kills {
            is_last |= wanted.is_none_or(|wanted| wanted == kind) && countdown.beat();
        }
        if is_last {
            drop(state);
            self.kill(Death::Call(kind));
            return Verdict::Die;
        }
        let mut error = None;
        for fault in state.faults.iter_mut().filter(|fault| fault.kind == kind) {
            if fault.countdown.beat() || (fault.lasts && fault.countdown.is_over()) {
                error.get_or_insert(fault.error);
            }
        }
        state.faults.retain(|fault| fault.lasts || !fault.countdown.is_over());
        error.map_or(Verdict::Live, Verdict::Fail)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
