//! What a run says: for people, and as data.

mod activity;
mod demand;
mod directory;
mod environment;
mod failure;
mod faults;
mod group;
mod index;
mod interval_log;
mod junit;
mod latency;
mod lines;
mod marks;
mod measure;
mod merge;
mod retention;
mod swarm;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod words;

pub use activity::Activity;
pub use demand::{Demand, demand_table};
pub use directory::RunDirectory;
pub use environment::{Environment, memory_peak_bytes};
pub use failure::{FailureRecord, ShrunkRecord};
pub use faults::{FaultCount, FaultTally, fault_table};
pub use group::{FailureGroup, group_words};
pub use index::IndexReport;
pub use interval_log::interval_log;
pub use junit::junit;
pub use latency::{Latency, latencies, latency_table};
pub use lines::LinesReport;
pub use marks::Mark;
pub use merge::{MergeError, merge};
pub use retention::Retention;
pub use swarm::{CrashCounts, Medians, Swarm, SwarmTally};
pub use table::invariant_table;
pub use timeline::timeline;
pub use words::{failure_words, plan_words, shrunk_words};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::{Call, Event, Outcome};
use crate::judge::{Judgement, Verdict};

/// The version of the report format: appended to, never changed.
pub const REPORT_VERSION: u32 = 1;

/// A seed on which an invariant was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedSeed {
    /// The seed.
    #[serde(with = "crate::plan::text")]
    pub seed: u64,
    /// The invariants that were broken, by name.
    pub invariants: Vec<String>,
    /// The command that runs it again.
    pub replay: String,
    /// Where plan, history and explanation are, within the run directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// How the first of the invariants was broken.
    #[serde(default)]
    pub anomaly: String,
    /// What its plan was shrunk to, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<ShrunkRecord>,
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always `duolog.report`.
    pub schema: String,
    /// [`REPORT_VERSION`].
    pub schema_version: u32,
    /// `sim` or `threads`.
    pub mode: String,
    /// The result over all invariants.
    pub verdict: Verdict,
    /// What the process exits with.
    pub exit_code: u8,
    /// The index of a simulated run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<IndexReport>,
    /// How many seeds ran.
    pub seed_count: u64,
    /// The first of them.
    #[serde(with = "crate::plan::text")]
    pub first_seed: u64,
    /// The one behind the last of them; 0 in reports that do not say.
    #[serde(default, with = "crate::plan::text")]
    pub end_seed: u64,
    /// Which part of these seeds ran, as `i/n`; all, where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// Of how many runs this is the report.
    #[serde(default = "one")]
    pub part_count: u64,
    /// What is not told, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How many operations were recorded.
    pub operation_count: u64,
    /// How many processes were killed.
    pub kill_count: u64,
    /// How often the power went with one.
    #[serde(default)]
    pub power_loss_count: u64,
    /// How long it took.
    pub elapsed_us: u64,
    /// How much virtual time passed, in simulated runs.
    pub virtual_us: u64,
    /// Operations by kind: how many ended how.
    pub operations: BTreeMap<String, Outcomes>,
    /// How long operations took, by kind; empty in simulated runs, whose time is not real.
    pub latencies: BTreeMap<String, Latency>,
    /// The file that messages were taken from, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<LinesReport>,
    /// What happened, over all seeds that ran on threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
    /// How much simulated seeds did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swarm: Option<Swarm>,
    /// What went wrong with the disk in simulated seeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultCount>,
    /// What had to happen for a pass.
    #[serde(default)]
    pub demands: Vec<Demand>,
    /// The most memory that the process held at any time; 0 where it cannot be read.
    #[serde(default)]
    pub memory_peak_bytes: u64,
    /// The invariants.
    pub invariants: Vec<InvariantReport>,
    /// The seeds that failed.
    pub failures: Vec<FailedSeed>,
    /// Those that are alike.
    #[serde(default)]
    pub groups: Vec<FailureGroup>,
    /// Where it ran.
    pub environment: Environment,
}

const fn one() -> u64 {
    1
}

/// One invariant over all seeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvariantReport {
    /// Its short name.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its result.
    pub verdict: Verdict,
    /// The counts.
    #[serde(flatten)]
    pub judgement: Judgement,
}

/// How operations of a kind ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// They succeeded.
    pub ok: u64,
    /// They failed and changed nothing.
    pub failed: u64,
    /// Nobody knows.
    pub unknown: u64,
}

/// Adds up seeds.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How many seeds.
    pub seed_count: u64,
    /// How many operations.
    pub operation_count: u64,
    /// How many kills.
    pub kill_count: u64,
    /// How many power losses.
    pub power_loss_count: u64,
    /// Virtual time.
    pub virtual_us: u64,
    /// By kind.
    pub operations: BTreeMap<String, Outcomes>,
    /// By invariant, in order.
    pub judgements: Vec<Judgement>,
}

impl Tally {
    /// Adds a seed.
    pub fn add(&mut self, events: &[Event], judgements: &[Judgement], virtual_us: u64) {
        self.seed_count += 1;
        self.virtual_us += virtual_us;
        for event in events {
            self.kill_count += u64::from(event.call == Call::Kill);
            self.power_loss_count += u64::from(event.call == Call::PowerLoss);
            if event.call.is_fault() {
                continue;
            }
            self.operation_count += 1;
            let outcomes = self.operations.entry(kind_name(&event.call).to_owned()).or_default();
            match event.outcome {
                Outcome::Ok(_) => outcomes.ok += 1,
                Outcome::Fail(_) => outcomes.failed += 1,
                Outcome::Unknown(_) => outcomes.unknown += 1,
            }
        }
        if self.judgements.is_empty() {
            self.judgements = judgements.to_vec();
            return;
        }
        for (sum, judgement) in self.judgements.iter_mut().zip(judgements) {
            sum.add(judgement);
        }
    }

    /// The result over all invariants: any violation, else anything inconclusive, else pass.
    pub fn verdict(&self) -> Verdict {
        let verdicts = || self.judgements.iter().map(Judgement::verdict);
        if verdicts().any(|verdict| verdict == Verdict::Violation) {
            Verdict::Violation
        } else if self.judgements.is_empty() || verdicts().any(|v| v == Verdict::Inconclusive) {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        }
    }

    /// The invariants, for a report.
    pub fn invariants(&self) -> Vec<InvariantReport> {
        self.judgements
            .iter()
            .map(|judgement| InvariantReport {
                code: judgement.invariant.code().to_owned(),
                name: judgement.invariant.name().to_owned(),
                verdict: judgement.verdict(),
                judgement: judgement.clone(),
            })
            .collect()
    }
}

/// The name of a kind of operation.
pub fn kind_name(call: &Call) -> &'static str {
    match call {
        Call::Append { .. } => "append",
        Call::Flush { .. } => "flush",
        Call::Next { .. } => "next",
        Call::SeekEarliest => "seek",
        Call::SeekTime { .. } => "seek-time",
        Call::Commit { .. } => "commit",
        Call::Committed { .. } => "committed",
        Call::LookupId { all: false, .. } => "lookup-id",
        Call::LookupId { all: true, .. } => "lookup-all",
        Call::LookupPosition { .. } => "lookup-position",
        Call::LookupTime { .. } => "lookup-time",
        Call::Marks => "marks",
        Call::Settle => "settle",
        Call::Trim { .. } => "trim",
        Call::OpenSession { .. } => "open-session",
        Call::OpenWriter => "open-writer",
        Call::CloseWriter => "close-writer",
        Call::Instances => "instances",
        Call::Arrive { .. } => "arrive",
        Call::Leave { .. } => "leave",
        Call::CountHandles => "count-handles",
        Call::Kill => "kill",
        Call::Resume => "resume",
        Call::Fault { .. } => "fault",
        Call::FaultMet { .. } => "fault-met",
        Call::PowerLoss => "power-loss",
        Call::Silence => "silence",
    }
}
