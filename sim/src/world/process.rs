//! Processes of a simulation: what dies together.

use std::collections::BTreeMap;
use std::sync::Weak;

use duolog::io::Step;

use super::disk::SyncFailure;
use super::faults::Faults;
use super::index_fault::IndexFaults;

/// Names a process; never used twice.
pub(super) type ProcessId = usize;

/// What a dead process must let go at once though handles of it are still held.
pub(super) trait Revoke: Send + Sync {
    /// Lets it go.
    fn revoke(&self);
}

/// A process.
pub(super) struct Process {
    pub(super) name: String,
    pub(super) is_alive: bool,
    /// How often it passed each step.
    pub(super) steps: BTreeMap<Step, u64>,
    /// Where it is to die: at the nth passing of a step, counted from its start.
    pub(super) kill_at: Vec<(Step, u64)>,
    /// At which of its steps it is to die, whichever that is.
    pub(super) kill_within: Option<u64>,
    /// How many steps it passed.
    pub(super) passed_count: u64,
    /// The step at which it died, where it died at one.
    pub(super) died_at: Option<Step>,
    /// How many syncs of files it began.
    pub(super) sync_count: u64,
    /// Which of them fail, from 1, and how.
    pub(super) sync_failures: BTreeMap<u64, SyncFailure>,
    pub(super) index_faults: IndexFaults,
    /// How many settlings of a family that nothing had forced went with it.
    pub(super) lost_run_count: u64,
    /// What else goes wrong.
    pub(super) faults: Faults,
    pub(super) revocable: Vec<Weak<dyn Revoke>>,
}

impl Process {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_alive: true,
            steps: BTreeMap::new(),
            kill_at: Vec::new(),
            kill_within: None,
            passed_count: 0,
            died_at: None,
            sync_count: 0,
            sync_failures: BTreeMap::new(),
            index_faults: IndexFaults::default(),
            lost_run_count: 0,
            faults: Faults::default(),
            revocable: Vec::new(),
        }
    }

    /// Forgets what was to go wrong.
    pub(super) fn spare(&mut self) {
        self.kill_at.clear();
        self.kill_within = None;
        self.sync_failures.clear();
        self.index_faults.spare();
        self.faults.spare();
    }

    /// Counts a sync; how it fails, where it is to fail.
    pub(super) fn syncs(&mut self) -> Option<SyncFailure> {
        self.sync_count += 1;
        self.sync_failures.get(&self.sync_count).copied()
    }

    /// Counts a step; true where the process is to die there.
    pub(super) fn passes(&mut self, step: Step) -> (u64, bool) {
        let count = self.steps.entry(step).or_insert(0);
        *count += 1;
        self.passed_count += 1;
        let is_last = self.kill_within == Some(self.passed_count);
        let dies = is_last || self.kill_at.contains(&(step, *count));
        if dies {
            self.died_at = Some(step);
        }
        (*count, dies)
    }

    /// Adds something to let go at death.
    pub(super) fn add_revocable(&mut self, revocable: Weak<dyn Revoke>) {
        if self.revocable.len() >= 64 {
            self.revocable.retain(|held| held.strong_count() > 0);
        }
        self.revocable.push(revocable);
    }
}
