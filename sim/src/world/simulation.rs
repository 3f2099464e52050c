//! A simulation, as the harness has it.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Deref;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, MutexGuard};

use duolog::index::model::ModelBackend;
use duolog::io::Step;

use super::databases::{Databases, IndexLoss};
use super::disk::{Harm, PowerLoss, Survivor, SyncFailure};
use super::error::SimError;
use super::executor;
use super::faults::OnFault;
use super::index_fault::{IndexFault, OnIndexFault, Struck};
use super::options::SimOptions;
use super::process::Revoke;
use super::sim::Sim;
use super::state::{Shared, State};
use super::trace::{Kind, TraceSummary};
use crate::plan::{Fault, Zone};

/// A machine with a disk, time, and processes that can be killed, all of it decided by a seed.
/// When it drops, everything in it does.
pub struct Simulation {
    control: Control,
}

/// A handle of a [`Simulation`], for tasks inside of it that start and kill processes. Must not
/// be used once the simulation has dropped.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
    databases: Databases,
    /// The harness itself: a process that is never killed.
    host: Sim,
}

impl Simulation {
    /// A machine with an empty disk.
    pub fn new(seed: u64, options: SimOptions) -> Self {
        let databases = Databases::new(seed, &options.index);
        let shared = Shared::new(seed, options);
        let host = start(&shared, &databases, "host");
        Self { control: Control { shared, databases, host } }
    }

    /// A handle for tasks inside of it.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Runs until `future`, as part of `process`, is done. Other tasks stay where they are then,
    /// and go on with the next call.
    ///
    /// # Errors
    /// [`SimError`]: the future cannot end, took too long, died, or the run cannot be repeated.
    ///
    /// # Panics
    /// Where a future of this simulation is run already, or a task panics.
    pub fn block_on<F: Future>(&self, process: &Sim, future: F) -> Result<F::Output, SimError> {
        executor::drive(&self.shared, process.process_id(), pin!(future))
    }

    /// As [`Simulation::block_on`], as part of the harness.
    ///
    /// # Errors
    /// As [`Simulation::block_on`].
    ///
    /// # Panics
    /// As [`Simulation::block_on`].
    pub fn run_until<F: Future>(&self, future: F) -> Result<F::Output, SimError> {
        self.block_on(&self.control.host, future)
    }
}

impl Deref for Simulation {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        let process_count = self.shared.lock_unchecked().processes.len();
        for process in 0..process_count {
            let revoked = self.shared.lock_unchecked().kill(process);
            revoked.iter().for_each(|held| held.revoke());
        }
        executor::bury(&self.shared);
        let timers = self.shared.lock_unchecked().timers.clear();
        drop(timers);
    }
}

impl Control {
    /// Starts a process, with a registry of its own. A restart is a new process on the same
    /// disk.
    pub fn process(&self, name: &str) -> Sim {
        start(&self.shared, &self.databases, name)
    }

    /// The harness's own process: sleeps, tasks and files beside those under test.
    pub fn host(&self) -> &Sim {
        &self.host
    }

    /// Kills a process: its world is inert from now on, its locks are free, its tasks are
    /// dropped. Not a shutdown: what its destructors do has no effect. Nothing where it is dead.
    ///
    /// Called inside a task, tasks are dropped when that one suspends.
    pub fn kill(&self, process: &Sim) {
        let mut state = self.shared.lock("it killed a process");
        let revoked = state.kill(process.process_id());
        self.let_go(state, &revoked);
    }

    /// Cuts the power: every process but the harness's own is dead, what no sync had forced is on
    /// disk or not as the seed decides, and the next process begins in another boot. A database
    /// whose directory is gone is gone; else it holds every settling that returned, and of others
    /// what the death of their process left. One of RocksDB that was changing files has made that
    /// change in part.
    pub fn cut_power(&self) -> PowerLoss {
        let mut state = self.shared.lock("it cut the power");
        let (loss, revoked) = state.cut_power(self.host.process_id());
        let gone = |path: &PathBuf| !state.disk.exists(path).unwrap_or(false);
        let databases: Vec<PathBuf> =
            self.databases.directories().into_iter().filter(gone).collect();
        self.let_go(state, &revoked);
        databases.iter().for_each(|path| self.databases.remove(path));
        let index = self.databases.cut_power();
        if index.database_count > 0 {
            let mut state = self.shared.lock("it cut the power");
            state.add(Kind::Power, "index", None, &index.counts());
        }
        loss
    }

    /// Whether `found`, all that another disk kept of what is below `top`, by path from there, is
    /// something that a power loss now might leave here; a rename is taken as two changes.
    ///
    /// # Errors
    /// The path that contradicts, in words.
    pub fn allows(&self, top: &Path, found: &BTreeMap<PathBuf, Survivor>) -> Result<(), String> {
        self.shared.lock("it looked at the disk").disk.allows(top, found)
    }

    fn let_go(&self, state: MutexGuard<'_, State>, revoked: &[Arc<dyn Revoke>]) {
        let is_polling = state.current.is_some();
        drop(state);
        revoked.iter().for_each(|held| held.revoke());
        if !is_polling {
            executor::bury(&self.shared);
        }
    }

    /// Kills a process when it passes `step` for the `nth` time since its start, from 1.
    pub fn kill_at_step(&self, process: &Sim, step: Step, nth: u64) {
        let mut state = self.shared.lock("it planned a kill");
        state.processes[process.process_id()].kill_at.push((step, nth));
    }

    /// Kills a process at its `nth` step since its start, from 1, whichever that is.
    pub fn kill_within(&self, process: &Sim, nth: u64) {
        let mut state = self.shared.lock("it planned a kill");
        state.processes[process.process_id()].kill_within = Some(nth);
    }

    /// Nothing that was planned for a process goes wrong from now on.
    pub fn spare(&self, process: &Sim) {
        let mut state = self.shared.lock("it spared a process");
        state.processes[process.process_id()].spare();
        state.repair();
    }

    /// Has a file of a zone rot while nobody runs, at a place that `pick` decides, until it is
    /// repaired `us` from now; which file and which of its bytes, where there is one.
    pub fn rot_at_rest(
        &self,
        zone: Zone,
        number: u32,
        pick: u64,
        us: u64,
    ) -> Option<(PathBuf, Range<u64>)> {
        let mut state = self.shared.lock("it had a file rot");
        let until_us = state.now_us.saturating_add(us);
        state.rot_at_rest(zone, &Harm { number, pick, until_us })
    }

    /// The step at which a process died, where it died at one.
    pub fn died_at(&self, process: &Sim) -> Option<Step> {
        self.shared.lock("it asked for a death").processes[process.process_id()].died_at
    }

    /// Has the `nth` sync of a file that a process begins from its start, from 1, fail with an I/O
    /// error, and leave behind what `failure` says.
    pub fn fail_sync(&self, process: &Sim, nth: u64, failure: SyncFailure) {
        let mut state = self.shared.lock("it planned a failure");
        state.processes[process.process_id()].sync_failures.insert(nth, failure);
    }

    /// Has the `nth` call of its kind that a process makes of its indexes, from 1, go wrong. Errors
    /// that come of it have `tag` in their words; `told` hears what becomes of it.
    pub fn fail_index(
        &self,
        process: &Sim,
        nth: u64,
        fault: IndexFault,
        tag: String,
        told: OnIndexFault,
    ) {
        let mut state = self.shared.lock("it planned a failure");
        let faults = &mut state.processes[process.process_id()].index_faults;
        faults.plan(nth, Struck { fault, tag, told });
    }

    /// How many settlings, each family for itself, a process took along with its death: those
    /// that had not returned.
    pub fn lost_run_count(&self, process: &Sim) -> u64 {
        let state = self.shared.lock("it asked for a loss");
        state.processes[process.process_id()].lost_run_count
    }

    /// Has these go wrong in a process, each with its number; `told` hears of each when it does.
    pub fn plan_faults(
        &self,
        process: &Sim,
        faults: impl Iterator<Item = (u32, Fault)>,
        told: OnFault,
    ) {
        let mut state = self.shared.lock("it planned a failure");
        state.processes[process.process_id()].faults.plan(faults, told);
    }

    /// How often a process passed `step`.
    pub fn step_count(&self, process: &Sim, step: Step) -> u64 {
        let state = self.shared.lock("it counted steps");
        state.processes[process.process_id()].steps.get(&step).copied().unwrap_or(0)
    }

    /// How often all processes together passed each step.
    pub fn step_counts(&self) -> BTreeMap<Step, u64> {
        let state = self.shared.lock("it counted steps");
        let mut counts = BTreeMap::new();
        for (step, count) in state.processes.iter().flat_map(|process| &process.steps) {
            *counts.entry(*step).or_default() += count;
        }
        counts
    }

    /// Runs `future` as a task of `process`; drops it where the process is dead.
    pub fn spawn(
        &self,
        process: &Sim,
        name: &'static str,
        future: impl Future<Output = ()> + Send + 'static,
    ) {
        executor::spawn(&self.shared, process.process_id(), name, Box::pin(future));
    }

    /// Virtual time since the start.
    pub fn now_us(&self) -> u64 {
        self.shared.lock("it read the time").now_us
    }

    /// Moves the wall clock by `step_us`, either way.
    pub fn step_wall_clock(&self, step_us: i64) {
        let mut state = self.shared.lock("it stepped the clock");
        state.wall_offset_us = state.wall_offset_us.saturating_add(step_us);
        state.add(Kind::Note, "wall clock", None, &[("step", step_us as u64)]);
    }

    /// Puts something into the trace: what the harness saw is part of what must repeat.
    pub fn note(&self, name: &str, value: u64) {
        self.shared.lock("it noted something").add(Kind::Note, name, None, &[("value", value)]);
    }

    /// The trace so far.
    pub fn trace(&self) -> TraceSummary {
        self.shared.lock("it read the trace").trace.summary()
    }

    /// The databases of the model, to make them misbehave.
    pub fn model(&self) -> &ModelBackend {
        self.databases.model()
    }

    /// What power losses so far did to databases of RocksDB.
    pub fn index_loss(&self) -> IndexLoss {
        self.databases.loss()
    }

    /// What the file at `path` would hold after power loss if nothing unforced had reached the
    /// disk.
    ///
    /// # Errors
    /// Where there is no file at `path`.
    pub fn durable_bytes(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        self.shared.lock("it looked at the disk").disk.durable_bytes(path)
    }

    /// As [`Control::durable_bytes`], the names in a directory.
    ///
    /// # Errors
    /// Where there is no directory at `path`.
    pub fn durable_names(&self, path: &Path) -> std::io::Result<Vec<String>> {
        self.shared.lock("it looked at the disk").disk.durable_names(path)
    }
}

fn start(shared: &Arc<Shared>, databases: &Databases, name: &str) -> Sim {
    let process = shared.lock("it started a process").start(name);
    Sim::new(Arc::clone(shared), process, name, databases.clone())
}
