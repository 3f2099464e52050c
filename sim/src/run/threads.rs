//! A run in the real world: files, threads, time. Its workload repeats, its interleaving does not.

// This is the outside: the thread that waits for the run is not one of the world's.
#![allow(clippy::disallowed_methods)]

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use duolog::io::World;
use duolog::io::decorate::Observed;
use duolog::io::real::Real;

use crate::history::{History, Kind};
use crate::plan::{KillAt, Plan, Work};

use super::driver::{Cast, drain, play};
use super::state::RunState;
use super::subject::{Answer, Refusal, Subject};
use super::visiting::visit;
use super::waiting::Either;

/// What came of a run in the real world.
pub struct Threaded {
    /// What happened.
    pub history: History,
    /// How long the plan took, without the reading at the end.
    pub elapsed_us: u64,
    /// Why the run ended early, where it did.
    pub broken: Option<String>,
}

/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// How long a process may take, after its end, to let go of what it held, and how often that is
/// looked at.
const RELEASE_MAX: Duration = Duration::from_secs(10);
const RELEASE_EVERY: Duration = Duration::from_millis(1);

/// Runs `plan` against `subject` on threads; tells every now and then what was begun. First one
/// process in which nobody dies; then those of the mortal actors, killed one after the other; then
/// one that reads everything; then one of guests.
pub fn run_threads<S>(plan: &Plan, subject: &S, mut progress: impl FnMut(Work)) -> Threaded
where
    S: Subject<Real> + Subject<Observed<Real>>,
{
    let state = Arc::new(RunState::new(plan));
    let run = Run { world: Real::new(), state: state.clone() };
    let from_us = run.world.monotonic_us();
    let played = play(run.world.clone(), subject.clone(), state.clone(), 0, Cast::Lasting);
    let ended = run.wait(played, || progress(state.begun()));
    let elapsed_us = run.world.monotonic_us() - from_us;
    let mut process = 0;
    let ended = ended.and_then(|()| {
        for kill in &plan.kills {
            process += 1;
            run.kill(subject.clone(), process, kill)?;
        }
        let drained = drain(run.world.clone(), subject.clone(), state.clone(), process + 1);
        run.wait(drained, || {})?;
        run.wait(visit(run.world.clone(), subject.clone(), state.clone(), process + 2), || {})
    });
    let broken = ended.err().map(|refusal| refusal.failure.text.into());
    Threaded { history: History::new(plan, state.recorder.take()), elapsed_us, broken }
}

struct Run {
    world: Real,
    state: Arc<RunState>,
}

impl Run {
    /// One process of the mortal actors, until it is killed.
    fn kill<S: Subject<Observed<Real>>>(
        &self,
        subject: S,
        process: u32,
        kill: &KillAt,
    ) -> Answer<()> {
        let world = Observed::new(self.world.clone());
        if let Some(step) = kill.step() {
            world.kill_at(step, kill.nth);
        }
        let played = play(world.clone(), subject, self.state.clone(), process, Cast::Mortal);
        let (state, observed) = (self.state.clone(), world.clone());
        let until_killed = async move {
            let ended = Either::new(world.killed(), played).await;
            if ended.is_none() {
                state.note_death(process, world.monotonic_us());
            }
            ended.unwrap_or(Ok(()))
        };
        self.wait(until_killed, || {})?;
        // Where its actors had nothing left to do, it ends as a process does that just exits.
        observed.kill();
        Ok(())
    }

    /// Runs `future` as a process and waits for it, and until it has let go of all that it held.
    fn wait(
        &self,
        future: impl Future<Output = Answer<()>> + Send + 'static,
        meanwhile: impl FnMut(),
    ) -> Answer<()> {
        let ended = wait(&self.world, future, meanwhile);
        let mut waited = Duration::ZERO;
        while self.world.registry().held_count() > 0 {
            if waited >= RELEASE_MAX {
                let text = "a process has ended, and what it held is still held";
                return ended.and(Err(Refusal::certain(Kind::Died, text)));
            }
            std::thread::sleep(RELEASE_EVERY);
            waited += RELEASE_EVERY;
        }
        ended
    }
}

/// Runs `future` in the world and waits for it.
fn wait(
    world: &Real,
    future: impl Future<Output = Answer<()>> + Send + 'static,
    mut meanwhile: impl FnMut(),
) -> Answer<()> {
    let (done, result) = channel();
    world.spawn("run", async move {
        // The other side is gone only where this thread panicked.
        let _ = done.send(future.await);
    });
    loop {
        match result.recv_timeout(PROGRESS_EVERY) {
            Ok(answer) => return answer,
            Err(RecvTimeoutError::Timeout) => meanwhile(),
            Err(RecvTimeoutError::Disconnected) => {
                let text = "the run ended in a panic";
                return Err(Refusal::certain(Kind::Died, text));
            }
        }
    }
}
