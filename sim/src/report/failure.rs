//! What is known of a failure beside its plan, as data: `failure.json` in its directory.

use serde::{Deserialize, Serialize};

use crate::judge::Shown;
use crate::plan::{Plan, PlanFormat};
use crate::shrink::{Progress, Shrunk};

/// A failure in a directory of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// Always `duolog.failure`.
    pub schema: String,
    /// [`FailureRecord::VERSION`].
    pub schema_version: u32,
    /// What it shows.
    #[serde(flatten)]
    pub shown: Shown,
    /// The mistakes that were planted, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub planted: Vec<String>,
    /// The command that shows it again.
    pub replay: String,
    /// Its shrunk plan, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<ShrunkRecord>,
}

/// What a plan was shrunk to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShrunkRecord {
    /// How many operations.
    pub operations: usize,
    /// How many messages they append.
    pub messages: u64,
    /// How many actors.
    pub actors: usize,
    /// How many faults.
    pub faults: usize,
    /// How many runs it took.
    pub runs: u64,
    /// Whether nothing was left to try; else runs or time were over.
    pub is_done: bool,
    /// XXH3 of the plan without its seed, in hexadecimal: equal for plans that differ in the
    /// schedule only.
    pub digest: String,
}

impl FailureRecord {
    /// The version of the format: appended to, never changed.
    pub const VERSION: u32 = 1;

    /// Its name in the directory of the failure.
    pub const FILE_NAME: &str = "failure.json";

    /// The shrunk plan beside it.
    pub const SHRUNK_NAME: &str = "shrunk.json";

    /// A failure that shows this.
    pub fn new(shown: Shown, planted: Vec<String>, replay: String) -> Self {
        let schema = "duolog.failure".to_owned();
        Self { schema, schema_version: Self::VERSION, shown, planted, replay, shrunk: None }
    }
}

impl ShrunkRecord {
    /// What came of shrinking.
    pub fn new(shrunk: &Shrunk) -> Self {
        let Progress { operations, messages, actors, faults, .. } = Progress::of(&shrunk.plan);
        let without_seed = Plan { seed: 0, ..shrunk.plan.clone() }.to_text(PlanFormat::Json);
        let digest = format!("{:016x}", xxhash_rust::xxh3::xxh3_64(without_seed.as_bytes()));
        let (runs, is_done) = (shrunk.runs, shrunk.is_done);
        Self { operations, messages, actors, faults, runs, is_done, digest }
    }

    /// In words: how large it is.
    pub fn words(&self) -> String {
        let many = |count: u64, one: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {one}s"),
        };
        format!(
            "{} and {} by {}, {}",
            many(self.operations as u64, "operation"),
            many(self.messages, "message"),
            many(self.actors as u64, "actor"),
            many(self.faults as u64, "fault"),
        )
    }
}
