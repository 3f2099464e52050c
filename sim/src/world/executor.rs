//! The loop: one task after the other, on one thread, in an order that the schedule stream picks.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};

use super::error::SimError;
use super::process::ProcessId;
use super::state::{Shared, State, TaskWaker};
use super::tasks::{TaskFuture, TaskKey};
use super::thread::this_thread;
use super::trace::Kind;

/// What the loop does next.
enum Next {
    /// Poll this task; the future is missing where it is the one waited for.
    Poll(TaskKey, Option<TaskFuture>, Waker),
    /// Time went on; these timers fired.
    Fire(Vec<Waker>),
}

/// Adds a task.
pub(super) fn spawn(
    shared: &Arc<Shared>,
    process: ProcessId,
    name: &'static str,
    future: TaskFuture,
) {
    let mut state = shared.lock("it spawned a task");
    if state.is_alive(process) {
        add_task(&mut state, shared, process, name, Some(future));
    } else {
        drop(state);
        drop(future);
    }
}

/// Runs all tasks until `root`, which counts as a task of `process`, is done.
pub(super) fn drive<F: Future>(
    shared: &Arc<Shared>,
    process: ProcessId,
    mut root: Pin<&mut F>,
) -> Result<F::Output, SimError> {
    let root_key = begin(shared, process)?;
    let budget = shared.lock_unchecked().options.poll_budget;
    let mut polls = 0;
    let result = loop {
        let next = match next(shared, (root_key, process), polls >= budget) {
            Ok(next) => next,
            Err(error) => break Err(error),
        };
        match next {
            Next::Fire(fired) => fired.into_iter().for_each(Waker::wake),
            Next::Poll(key, None, waker) => {
                polls += 1;
                let poll = root.as_mut().poll(&mut TaskContext::from_waker(&waker));
                shared.lock_unchecked().current = None;
                if let Poll::Ready(output) = poll {
                    debug_assert_eq!(key, root_key, "only the root has no future of its own");
                    break check(shared).map(|()| output);
                }
            }
            Next::Poll(key, Some(mut future), waker) => {
                polls += 1;
                let poll = future.as_mut().poll(&mut TaskContext::from_waker(&waker));
                put_back(shared, key, future, poll);
            }
        }
        bury(shared);
    };
    finish(shared, root_key);
    result
}

/// Drops what died. Must not be called while a task is polled.
pub(super) fn bury(shared: &Shared) {
    loop {
        let dead = std::mem::take(&mut shared.lock_unchecked().graveyard);
        if dead.is_empty() {
            return;
        }
        drop(dead);
    }
}

fn begin(shared: &Arc<Shared>, process: ProcessId) -> Result<TaskKey, SimError> {
    let mut state = shared.lock_unchecked();
    assert!(!state.is_running, "a simulation runs one future at a time; spawn the other one");
    if !state.is_alive(process) {
        return Err(killed(&state, process));
    }
    state.owner = this_thread();
    state.is_running = true;
    Ok(add_task(&mut state, shared, process, "root", None))
}

fn finish(shared: &Arc<Shared>, root_key: TaskKey) {
    let mut state = shared.lock_unchecked();
    state.is_running = false;
    state.current = None;
    let root = state.tasks.remove(root_key);
    drop(state);
    drop(root);
    bury(shared);
}

fn add_task(
    state: &mut State,
    shared: &Arc<Shared>,
    process: ProcessId,
    name: &'static str,
    future: Option<TaskFuture>,
) -> TaskKey {
    let waker = |key| Waker::from(Arc::new(TaskWaker { shared: Arc::clone(shared), key }));
    let key = state.tasks.add(process, name, future, waker);
    state.add(Kind::Spawn, name, None, &[("task", key.number), ("process", process as u64)]);
    key
}

fn next(
    shared: &Shared,
    (root, process): (TaskKey, ProcessId),
    is_spent: bool,
) -> Result<Next, SimError> {
    let mut state = shared.lock_unchecked();
    check_violation(&mut state)?;
    if state.tasks.get(root).is_none() {
        return Err(killed(&state, process));
    }
    if state.tasks.ready_count() == 0 {
        let Some(at_us) = state.timers.next_at() else {
            let pending = state.describe(false);
            return Err(SimError::Deadlock { at_us: state.now_us, pending });
        };
        state.now_us = state.now_us.max(at_us);
        let mut fired = Vec::new();
        state.timers.take(at_us, &mut fired);
        state.add(Kind::Jump, "", None, &[("timers", fired.len() as u64)]);
        return Ok(Next::Fire(fired));
    }
    if is_spent {
        let polls = state.options.poll_budget;
        return Err(SimError::Livelock { polls, ready: state.describe(true) });
    }
    let ready_count = state.tasks.ready_count();
    let index = match ready_count {
        1 => 0,
        count => state.draw_below(|state| &mut state.schedule, count as u64),
    };
    let index = usize::try_from(index).expect("it is below a usize");
    let (key, task) = state.tasks.take_ready(index);
    let (future, waker) = (task.future.take(), task.waker.clone());
    state.current = Some(key);
    state.add(Kind::Poll, "", None, &[("task", key.number), ("of", ready_count as u64)]);
    Ok(Next::Poll(key, future, waker))
}

/// Keeps a future that was polled where it is not done and its process lives.
fn put_back(shared: &Shared, key: TaskKey, future: TaskFuture, poll: Poll<()>) {
    let mut state = shared.lock_unchecked();
    state.current = None;
    let finished = if poll.is_ready() {
        state.add(Kind::End, "", None, &[("task", key.number)]);
        (state.tasks.remove(key), Some(future))
    } else if let Some(task) = state.tasks.get(key) {
        task.future = Some(future);
        (None, None)
    } else {
        (None, Some(future))
    };
    drop(state);
    drop(finished);
}

fn check(shared: &Shared) -> Result<(), SimError> {
    check_violation(&mut shared.lock_unchecked())
}

fn check_violation(state: &mut State) -> Result<(), SimError> {
    match state.violation.take() {
        Some(what) => Err(SimError::ForeignThread { what }),
        None => Ok(()),
    }
}

fn killed(state: &State, process: ProcessId) -> SimError {
    SimError::Killed { process: state.processes[process].name.clone() }
}
