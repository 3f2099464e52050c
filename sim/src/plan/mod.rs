//! What a run will do, drawn from the seed before anything runs: it can be printed, stored,
//! edited, replayed and shrunk.

mod actor;
mod config;
mod content;
mod crashes;
mod deaths;
mod draw;
mod fault;
mod file;
mod index;
mod index_fault;
mod lines;
mod mix;
mod operation;
mod scenario;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod words;
mod work;

pub use actor::{Actor, Role};
pub use config::{PlanConfig, Visibility};
pub use content::{Content, Expected, Mark};
pub use draw::{RoleShape, Shape};
pub use fault::{Fault, FaultClass, Zone};
pub use file::{PlanError, PlanFormat};
pub use index::IndexKind;
pub use lines::{LineFile, Lines, LinesError};
pub use operation::{Ack, CommitChoice, Operation, Target};
pub use scenario::{
    ConfigSection, ContentSection, RoleSection, RunMode, RunSection, Scenario, ScenarioError,
    Seeds, WorkloadSection,
};

pub use work::Work;

use duolog::io::Step;
use serde::{Deserialize, Serialize};

/// The version of the plan format: appended to, never changed.
pub const PLAN_VERSION: u32 = 1;

/// Everything that a run does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The format, [`PLAN_VERSION`].
    pub version: u32,
    /// The seed it was drawn from; also seeds schedule, latencies and entropy of the run.
    #[serde(with = "text")]
    pub seed: u64,
    /// Settings of the engine and shape of the messages.
    pub config: PlanConfig,
    /// Which index it runs on where it is simulated.
    #[serde(default, skip_serializing_if = "IndexKind::is_model")]
    pub index: IndexKind,
    /// Where processes die, in order: the first entry kills the first process, and so on. On
    /// threads these are processes of the mortal actors, behind the one of all others.
    pub kills: Vec<KillAt>,
    /// What goes wrong with the disk, in simulated plans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Who comes and goes at the end, when nobody else uses the log.
    #[serde(default)]
    pub visits: Visits,
    /// Who does what. An actor does its operations one after the other.
    pub actors: Vec<Actor>,
}

/// Guests of a process of their own: each opens the log for itself, looks something up, and drops
/// all that it has. After each round nobody is there, and what is open is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visits {
    /// How many rounds.
    pub rounds: u32,
    /// How many guests at the same time.
    pub guests: u32,
    /// How often each of them comes in a round.
    pub times: u32,
}

/// Kills the process at a step of the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillAt {
    /// The name of the step, as in [`duolog::io::Step`].
    pub step: String,
    /// Which time the process comes past it, counted from 1.
    pub nth: u64,
    /// Where it has not come there before, it dies at its so many-th step, whichever that is;
    /// not, where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_steps: Option<u64>,
    /// Whether the power goes with the process: what no sync forced is lost, or any part of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub power: bool,
}

impl KillAt {
    /// The step, where there is one of that name.
    pub fn step(&self) -> Option<Step> {
        Step::ALL.into_iter().find(|step| format!("{step:?}") == self.step)
    }
}

impl Plan {
    /// Draws a plan of `shape` from `seed`.
    pub fn draw(seed: u64, shape: &Shape) -> Self {
        Self::draw_with(seed, shape, |_| {})
    }

    /// As [`Plan::draw`]; `adjust` may change the settings before operations are drawn for them.
    pub fn draw_with(seed: u64, shape: &Shape, adjust: impl FnOnce(&mut PlanConfig)) -> Self {
        draw::draw(seed, shape, adjust)
    }

    /// The number of operations of all actors.
    pub fn operation_count(&self) -> usize {
        self.actors.iter().map(|actor| actor.operations.len()).sum()
    }

    /// The number of partitions, over all topics.
    pub fn lane_count(&self) -> u32 {
        self.config.topic_count * self.config.partition_count
    }
}
