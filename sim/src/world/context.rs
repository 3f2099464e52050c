//! How a process calls the world: every call suspends, takes time, takes effect at one moment,
//! and does nothing any more once the process is dead.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context as TaskContext, Poll, Waker};

use duolog::io::{Family, IndexError, Step};

use super::faults::{About, Doing};
use super::index_fault::{IndexCall, IndexFault, Notice, Rotten, Struck};
use super::options::CallKind;
use super::process::ProcessId;
use super::state::{Shared, State};
use super::timers::TimerKey;
use super::trace::Kind;
use super::traced::Traced;

/// A simulation, as one process has it.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) shared: Arc<Shared>,
    pub(super) process: ProcessId,
}

/// A call of the world.
pub(super) struct Call<'a> {
    /// Its name.
    pub(super) name: &'static str,
    /// What it is about.
    pub(super) path: &'a Path,
    /// Its numbers; a digest stands for bytes.
    pub(super) fields: &'a [(&'static str, u64)],
    /// What decides how long it takes.
    pub(super) kind: CallKind,
}

impl Context {
    /// The state, where the process is alive.
    pub(super) fn lock(&self, what: &str) -> Option<MutexGuard<'_, State>> {
        let state = self.shared.lock(what);
        state.is_alive(self.process).then_some(state)
    }

    /// Calls the world. Dropped before the effect it has none; where the process dies it stays
    /// pending for ever.
    pub(super) async fn call<T: Traced>(
        &self,
        call: Call<'_>,
        effect: impl FnOnce(&mut State) -> T,
    ) -> T {
        let Some((before_us, after_us)) = self.begin(&call) else { return dead().await };
        self.delay(before_us).await;
        let Some(result) = self.take_effect(&call, effect) else { return dead().await };
        if after_us > 0 {
            self.delay(after_us).await;
            self.answered(&call);
        }
        result
    }

    /// Notes the call and draws how long it takes before and after its effect.
    pub(super) fn begin(&self, call: &Call<'_>) -> Option<(u64, u64)> {
        let mut state = self.lock("it called the world")?;
        state.add(Kind::Call, call.name, Some(call.path), call.fields);
        let range = state.options.latencies.of(call.kind).clone();
        let (total, before) = state.draw_latency(&range);
        let stall_us = match call.kind {
            CallKind::File | CallKind::Sync => {
                let met = state.meets(self.process, Doing::Take, About::Bytes(call.path));
                met.map_or(0, |met| met.stall_us())
            }
            _ => 0,
        };
        Some((before + stall_us, total - before))
    }

    /// Lets the call take effect and notes what came of it.
    pub(super) fn take_effect<T: Traced>(
        &self,
        call: &Call<'_>,
        effect: impl FnOnce(&mut State) -> T,
    ) -> Option<T> {
        let mut state = self.lock("it called the world")?;
        let result = effect(&mut state);
        let fields = &[("process", self.process as u64), ("result", result.digest())];
        let failure = result.failure();
        let name = if failure.is_empty() { call.name } else { &failure };
        state.add(Kind::Effect, name, None, fields);
        Some(result)
    }

    /// Lets a call about a name fail where it is to.
    pub(super) fn goes_wrong(
        &self,
        state: &mut State,
        doing: Doing,
        path: &Path,
    ) -> io::Result<()> {
        let met = state.meets(self.process, doing, About::Names(path));
        met.map_or(Ok(()), |met| Err(met.error()))
    }

    /// Ready after some time; at the second poll where it is none.
    pub(super) fn delay(&self, duration_us: u64) -> Delay {
        let now_us = self.shared.lock("it read the time").now_us;
        Delay {
            context: self.clone(),
            at_us: now_us.saturating_add(duration_us),
            is_yield: duration_us == 0,
            state: DelayState::New,
        }
    }

    /// Passes a step, and dies where the process is to die there.
    pub(super) fn pass(&self, step: Step) {
        let Some(mut state) = self.lock("it passed a step") else { return };
        let revoked = state.pass(self.process, step);
        drop(state);
        revoked.iter().for_each(|held| held.revoke());
    }

    /// Counts a call of the index in `directory`; what goes wrong with it.
    pub(super) fn index_call(&self, call: IndexCall, directory: &Path) -> Option<Struck> {
        let mut state = self.lock("it called an index")?;
        let now_us = state.now_us;
        let faults = &mut state.processes[self.process].index_faults;
        let (struck, met) = faults.begin(call, directory, now_us);
        drop(state);
        met.iter().for_each(|met| (met.told)(Notice::Met, directory, now_us));
        struck
    }

    /// Counts a read of a family of the index in `directory`; what it is told where a block of it
    /// rotted.
    pub(super) fn index_read(&self, family: Family, directory: &Path) -> Result<(), IndexError> {
        let struck = self.index_call(IndexCall::Read, directory);
        let Some(mut state) = self.lock("it read an index") else { return Ok(()) };
        let now_us = state.now_us;
        state.rotten.retain(|rotten| now_us < rotten.until_us);
        if let Some(struck) = struck
            && let IndexFault::Rot { us } = struck.fault
        {
            (struck.told)(Notice::Happened, directory, now_us);
            let (directory, until_us) = (directory.to_owned(), now_us.saturating_add(us));
            state.rotten.push(Rotten { directory, family, until_us, struck });
        }
        let is_it = |rotten: &&Rotten| rotten.directory == directory && rotten.family == family;
        match state.rotten.iter().find(is_it) {
            Some(rotten) => Err(rotten.error()),
            None => Ok(()),
        }
    }

    /// Notes that a call of the index in `directory` goes wrong now.
    pub(super) fn index_struck(&self, struck: &Struck, directory: &Path) {
        let Some(mut state) = self.lock("it called an index") else { return };
        let now_us = state.now_us;
        state.processes[self.process].index_faults.happened(struck.clone(), directory);
        drop(state);
        (struck.told)(Notice::Happened, directory, now_us);
    }

    /// Notes that a call of the index in `directory` returned.
    pub(super) fn index_answered(&self, call: IndexCall, directory: &Path) {
        let Some(mut state) = self.lock("it called an index") else { return };
        let now_us = state.now_us;
        let faults = &mut state.processes[self.process].index_faults;
        let met = faults.answered(call, directory, now_us);
        drop(state);
        if let Some(met) = met {
            (met.told)(Notice::Met, directory, now_us);
        }
    }

    fn answered(&self, call: &Call<'_>) {
        if let Some(mut state) = self.lock("it called the world") {
            state.add(Kind::Answer, call.name, None, &[("process", self.process as u64)]);
        }
    }
}

/// What a call of a dead process comes to.
pub(super) async fn dead<T>() -> T {
    std::future::pending().await
}

/// Ready at a moment of virtual time.
pub(super) struct Delay {
    context: Context,
    at_us: u64,
    is_yield: bool,
    state: DelayState,
}

enum DelayState {
    New,
    Waiting(TimerKey),
    Done,
}

impl Future for Delay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut replaced: Option<Waker> = None;
        let Some(mut state) = this.context.lock("it waited") else { return Poll::Pending };
        let is_done = match this.state {
            DelayState::New if this.is_yield => {
                this.state = DelayState::Done;
                drop(state);
                task.waker().wake_by_ref();
                return Poll::Pending;
            }
            DelayState::New => {
                this.state =
                    DelayState::Waiting(state.timers.set(this.at_us, task.waker().clone()));
                false
            }
            DelayState::Waiting(key) if state.timers.is_set(key) => {
                replaced = state.timers.replace(key, task.waker());
                false
            }
            DelayState::Waiting(_) | DelayState::Done => true,
        };
        drop(state);
        drop(replaced);
        if is_done {
            this.state = DelayState::Done;
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Drop for Delay {
    fn drop(&mut self) {
        if let DelayState::Waiting(key) = self.state {
            let cancelled = self.context.shared.lock("it dropped a wait").timers.cancel(key);
            drop(cancelled);
        }
    }
}
