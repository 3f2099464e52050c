//! A run in the real world: files, threads, time. Its workload repeats, its interleaving does not.

// This is the outside: the thread that waits for the run is not one of the world's.
#![allow(clippy::disallowed_methods)]

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use duolog::io::World;
use duolog::io::real::Real;

use crate::history::History;
use crate::plan::{Plan, Work};

use super::driver::{drain, play};
use super::state::RunState;
use super::subject::{Answer, Subject};

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

/// Runs `plan` against `subject` on threads; tells every now and then what was begun.
pub fn run_threads<S: Subject<Real>>(
    plan: &Plan,
    subject: &S,
    mut progress: impl FnMut(Work),
) -> Threaded {
    let state = Arc::new(RunState::new(plan));
    let world = Real::new();
    let from_us = world.monotonic_us();
    let played = play(world.clone(), subject.clone(), state.clone(), 0);
    let ended = wait(&world, played, || progress(state.begun()));
    let elapsed_us = world.monotonic_us() - from_us;
    let ended = ended.and_then(|()| {
        let drained = drain(world.clone(), subject.clone(), state.clone(), 1);
        wait(&world, drained, || {})
    });
    let broken = ended.err().map(|refusal| refusal.failure.text.into());
    Threaded { history: History::new(plan, state.recorder.take()), elapsed_us, broken }
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
                return Err(super::subject::Refusal::certain(crate::history::Kind::Died, text));
            }
        }
    }
}
