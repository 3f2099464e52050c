//! Everything that a simulation knows, behind one lock. The lock is never held while a task is
//! polled, a waker woken, or anything dropped that came from outside.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use duolog::io::Step;

use super::disk::{Disk, PowerLoss};
use super::index_fault::Rotten;
use super::options::SimOptions;
use super::process::{Process, ProcessId, Revoke};
use super::tasks::{Task, TaskKey, Tasks};
use super::thread::{ThreadMark, is_foreign, this_thread};
use super::timers::Timers;
use super::trace::{Event, Kind, Trace};
use crate::seed::{Stream, salt};

/// A stream that the simulation itself draws from.
pub(super) struct NamedStream {
    name: &'static str,
    stream: Stream,
}

/// What all handles of a simulation share.
pub(super) struct Shared {
    state: Mutex<State>,
}

/// Everything that a simulation knows.
pub(super) struct State {
    pub(super) now_us: u64,
    pub(super) wall_offset_us: i64,
    pub(super) boot_id: u128,
    pub(super) trace: Trace,
    pub(super) schedule: NamedStream,
    pub(super) entropy: NamedStream,
    pub(super) latency: NamedStream,
    pub(super) power: NamedStream,
    pub(super) index: NamedStream,
    pub(super) tasks: Tasks,
    pub(super) timers: Timers,
    pub(super) processes: Vec<Process>,
    pub(super) disk: Disk,
    /// Families of indexes that cannot be read.
    pub(super) rotten: Vec<Rotten>,
    pub(super) options: SimOptions,
    /// The task that is polled.
    pub(super) current: Option<TaskKey>,
    pub(super) is_running: bool,
    /// What makes the run worthless.
    pub(super) violation: Option<String>,
    /// What died in the poll under way and is dropped after it.
    pub(super) graveyard: Vec<Task>,
    /// The thread that drives the simulation.
    pub(super) owner: ThreadMark,
    step_names: BTreeMap<Step, String>,
}

impl Shared {
    pub(super) fn new(seed: u64, options: SimOptions) -> Arc<Self> {
        let stream = |name| NamedStream { name, stream: Stream::new(seed, name) };
        let mut entropy = stream(salt::ENTROPY);
        let boot_id = u128::from(entropy.stream.draw()) << 64 | u128::from(entropy.stream.draw());
        let state = State {
            now_us: 0,
            wall_offset_us: 0,
            boot_id,
            trace: if options.keep_trace { Trace::keep() } else { Trace::hash_only() },
            schedule: stream(salt::SCHEDULE),
            entropy,
            latency: stream(salt::LATENCY),
            power: stream(salt::POWER),
            index: stream(salt::INDEX),
            tasks: Tasks::default(),
            timers: Timers::default(),
            processes: Vec::new(),
            disk: Disk::new(options.capacity_bytes, options.write_back_bytes),
            rotten: Vec::new(),
            options,
            current: None,
            is_running: false,
            violation: None,
            graveyard: Vec::new(),
            owner: this_thread(),
            step_names: Step::ALL.iter().map(|step| (*step, format!("{step:?}"))).collect(),
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// The state; notes a call made during a run by another thread than the one that drives it.
    pub(super) fn lock(&self, what: &str) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_running && is_foreign(&state.owner) && state.violation.is_none() {
            state.violation = Some(what.to_owned());
        }
        state
    }

    /// The state, from whatever thread.
    pub(super) fn lock_unchecked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Repairs whatever is damaged.
    pub(super) fn repair(&mut self) {
        self.disk.repair();
        self.rotten.clear();
    }

    pub(super) fn add(
        &mut self,
        kind: Kind,
        name: &str,
        path: Option<&Path>,
        fields: &[(&'static str, u64)],
    ) {
        self.trace.add(self.now_us, &Event { kind, name, path, fields });
    }

    /// A number below `bound` of one of the streams, which `of` chooses.
    pub(super) fn draw_below(
        &mut self,
        of: impl FnOnce(&mut Self) -> &mut NamedStream,
        bound: u64,
    ) -> u64 {
        let named = of(self);
        let (name, value) = (named.name, named.stream.below(bound));
        self.add(Kind::Draw, name, None, &[("bound", bound), ("value", value)]);
        value
    }

    /// Any number of the entropy stream.
    pub(super) fn draw_entropy(&mut self) -> u64 {
        let value = self.entropy.stream.draw();
        self.add(Kind::Draw, salt::ENTROPY, None, &[("value", value)]);
        value
    }

    /// How long a call takes, and how much of that lies before its effect.
    pub(super) fn draw_latency(&mut self, range: &RangeInclusive<u64>) -> (u64, u64) {
        let (low, high) = (*range.start(), *range.end());
        let total = match high.checked_sub(low) {
            None | Some(0) => low,
            Some(span) => low + self.draw_below(|state| &mut state.latency, span + 1),
        };
        if total == 0 {
            return (0, 0);
        }
        (total, self.draw_below(|state| &mut state.latency, total + 1))
    }

    /// Starts a process.
    pub(super) fn start(&mut self, name: &str) -> ProcessId {
        let process = self.processes.len();
        self.processes.push(Process::new(name));
        self.add(Kind::Start, name, None, &[("process", process as u64)]);
        process
    }

    pub(super) fn is_alive(&self, process: ProcessId) -> bool {
        self.processes[process].is_alive
    }

    /// Counts a step of a process, and kills the process where it is to die there. What is
    /// returned is to be let go outside of the lock.
    pub(super) fn pass(&mut self, process: ProcessId, step: Step) -> Vec<Arc<dyn Revoke>> {
        let (count, dies) = self.processes[process].passes(step);
        let name = self.step_names.get(&step).map_or("", String::as_str);
        let fields = &[("process", process as u64), ("count", count)];
        self.trace.add(self.now_us, &Event { kind: Kind::Step, name, path: None, fields });
        if dies { self.kill(process) } else { Vec::new() }
    }

    /// Makes the world of a process inert, frees its locks, and moves its tasks to the
    /// graveyard. What is returned is to be let go outside of the lock.
    pub(super) fn kill(&mut self, process: ProcessId) -> Vec<Arc<dyn Revoke>> {
        if !std::mem::replace(&mut self.processes[process].is_alive, false) {
            return Vec::new();
        }
        self.add(Kind::Kill, "", None, &[("process", process as u64)]);
        self.disk.unlock_all(process);
        self.graveyard.extend(self.tasks.remove_all(Some(process)));
        let revocable = std::mem::take(&mut self.processes[process].revocable);
        revocable.into_iter().filter_map(|held| held.upgrade()).collect()
    }

    /// Kills every process but `host`, leaves on disk what power loss may leave, and begins
    /// another boot. What is returned is to be let go outside of the lock.
    pub(super) fn cut_power(&mut self, host: ProcessId) -> (PowerLoss, Vec<Arc<dyn Revoke>>) {
        let others = (0..self.processes.len()).filter(|process| *process != host);
        let revoked = others.collect::<Vec<_>>().into_iter().flat_map(|id| self.kill(id)).collect();
        let loss = self.disk.cut_power(&mut self.power.stream);
        self.boot_id = u128::from(self.draw_entropy()) << 64 | u128::from(self.draw_entropy());
        let fields = [
            ("pages", loss.lost_page_count),
            ("torn", loss.torn_page_count),
            ("forgotten", loss.forgotten_page_count),
            ("lengths", loss.lost_length_count),
            ("entries", loss.lost_entry_count),
        ];
        self.add(Kind::Power, "", None, &fields);
        (loss, revoked)
    }

    /// The tasks there are, for people.
    pub(super) fn describe(&self, ready: bool) -> Vec<String> {
        let describe = |task: &Task| {
            format!("{}/{}#{}", self.processes[task.process].name, task.name, task.number)
        };
        self.tasks.list(ready).into_iter().map(describe).collect()
    }
}

/// Wakes one task.
pub(super) struct TaskWaker {
    pub(super) shared: Arc<Shared>,
    pub(super) key: TaskKey,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.shared.lock_unchecked();
        if is_foreign(&state.owner) {
            let name = state.tasks.get(self.key).map_or("a task that is no more", |task| task.name);
            let what = format!("{name} was woken from it");
            state.violation.get_or_insert(what);
            return;
        }
        if state.tasks.wake(self.key) {
            let by = state.current.map_or(u64::MAX, |key| key.number);
            state.add(Kind::Wake, "", None, &[("task", self.key.number), ("by", by)]);
        }
    }
}
