//! The tasks of a simulation and which of them are ready.

use std::future::Future;
use std::pin::Pin;
use std::task::Waker;

use super::process::ProcessId;

/// What a task runs.
pub(super) type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A task's place, and its number that no later task of that place has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TaskKey {
    pub(super) slot: usize,
    pub(super) number: u64,
}

/// A task.
pub(super) struct Task {
    pub(super) number: u64,
    pub(super) process: ProcessId,
    pub(super) name: &'static str,
    /// Away while it is polled; never here for the future that a run waits for.
    pub(super) future: Option<TaskFuture>,
    pub(super) waker: Waker,
    is_ready: bool,
}

/// All tasks.
#[derive(Default)]
pub(super) struct Tasks {
    slots: Vec<Option<Task>>,
    free: Vec<usize>,
    ready: Vec<usize>,
    next_number: u64,
}

impl Tasks {
    /// Adds a task, ready; `waker` makes its waker.
    pub(super) fn add(
        &mut self,
        process: ProcessId,
        name: &'static str,
        future: Option<TaskFuture>,
        waker: impl FnOnce(TaskKey) -> Waker,
    ) -> TaskKey {
        let number = self.next_number;
        self.next_number += 1;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let key = TaskKey { slot, number };
        let waker = waker(key);
        self.slots[slot] = Some(Task { number, process, name, future, waker, is_ready: true });
        self.ready.push(slot);
        key
    }

    pub(super) fn get(&mut self, key: TaskKey) -> Option<&mut Task> {
        self.slots.get_mut(key.slot)?.as_mut().filter(|task| task.number == key.number)
    }

    /// Makes a task ready; false where it is already, or is no more.
    pub(super) fn wake(&mut self, key: TaskKey) -> bool {
        let Some(task) = self.get(key) else { return false };
        if std::mem::replace(&mut task.is_ready, true) {
            return false;
        }
        self.ready.push(key.slot);
        true
    }

    pub(super) fn ready_count(&self) -> usize {
        self.ready.len()
    }

    /// Takes a ready task for a poll.
    pub(super) fn take_ready(&mut self, index: usize) -> (TaskKey, &mut Task) {
        let slot = self.ready.swap_remove(index);
        let task = self.slots[slot].as_mut().expect("ready tasks are there");
        task.is_ready = false;
        (TaskKey { slot, number: task.number }, task)
    }

    /// Removes a task.
    pub(super) fn remove(&mut self, key: TaskKey) -> Option<Task> {
        self.get(key)?;
        let task = self.slots[key.slot].take();
        self.free.push(key.slot);
        if task.as_ref().is_some_and(|task| task.is_ready) {
            self.ready.retain(|slot| *slot != key.slot);
        }
        task
    }

    /// Removes the tasks of a process, or all, in the order in which they began.
    pub(super) fn remove_all(&mut self, process: Option<ProcessId>) -> Vec<Task> {
        let mut keys: Vec<TaskKey> = self.keys(process).collect();
        keys.sort_unstable_by_key(|key| key.number);
        keys.into_iter().filter_map(|key| self.remove(key)).collect()
    }

    /// The tasks there are, ready ones only where `ready` says so, in the order in which they
    /// began.
    pub(super) fn list(&self, ready: bool) -> Vec<&Task> {
        let mut tasks: Vec<&Task> =
            self.slots.iter().flatten().filter(|task| task.is_ready || !ready).collect();
        tasks.sort_unstable_by_key(|task| task.number);
        tasks
    }

    fn keys(&self, process: Option<ProcessId>) -> impl Iterator<Item = TaskKey> {
        self.slots.iter().enumerate().filter_map(move |(slot, task)| {
            let task = task.as_ref()?;
            let chosen = process.is_none_or(|process| task.process == process);
            chosen.then_some(TaskKey { slot, number: task.number })
        })
    }
}
