//! A plan of a probe: everything that is done to RocksDB, fixed before anything is done.

use serde::{Deserialize, Serialize};

use super::operation::Operation;
use super::settings::Settings;

/// The format of plan files that this build writes and reads.
pub const FORMAT: u32 = 1;

/// How a plan is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// On one thread, one operation after the other: the same plan is the same run.
    Deterministic,
    /// Writers, flushes and readers on threads of their own: the plan repeats, not its schedule.
    Racing,
}

impl Tier {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deterministic => "deterministic",
            Self::Racing => "racing",
        }
    }
}

/// What the threads of a racing plan do beside its operations, which one thread does over and
/// over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Race {
    /// Secondaries, each with a thread that catches it up and reads it.
    pub readers: u8,
    /// Ends when so many catch-ups were made, all readers together.
    pub catch_ups: u32,
    /// Keys are written once, each in a batch with the same key in all families; else the small
    /// keys are written again and again.
    pub inserts: bool,
    /// A flush by hand after so many rounds of the operations; 0 for none.
    pub flush_every: u32,
}

impl Default for Race {
    fn default() -> Self {
        Self { readers: 1, catch_ups: 400, inserts: true, flush_every: 0 }
    }
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProbePlan {
    /// [`FORMAT`] when it was written.
    pub format: u32,
    /// The seed that it was drawn from.
    pub seed: u64,
    /// How the databases are opened.
    pub settings: Settings,
    /// Where it races: how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race: Option<Race>,
    /// What is done, in this order.
    pub operations: Vec<Operation>,
}

/// A file is no plan of this format.
#[derive(Debug, thiserror::Error)]
#[error("not a plan of a probe: {0}")]
pub struct NoPlan(String);

impl ProbePlan {
    /// How it is run.
    pub const fn tier(&self) -> Tier {
        if self.race.is_some() { Tier::Racing } else { Tier::Deterministic }
    }

    /// The plan as a file.
    pub fn to_text(&self) -> String {
        let lines: Vec<String> = self.operations.iter().map(json).collect();
        let race =
            self.race.map_or(String::new(), |race| format!("  \"race\": {},\n", json(&race)));
        format!(
            "{{\n  \"format\": {},\n  \"seed\": {},\n  \"settings\": {},\n{race}  \"operations\": \
             [\n    {}\n  ]\n}}\n",
            self.format,
            self.seed,
            json(&self.settings),
            lines.join(",\n    ")
        )
    }

    /// The plan in a file.
    ///
    /// # Errors
    /// Where it is none, or one of another format.
    pub fn from_text(text: &str) -> Result<Self, NoPlan> {
        let plan: Self = serde_json::from_str(text).map_err(|error| NoPlan(error.to_string()))?;
        if plan.format != FORMAT {
            return Err(NoPlan(format!("it has format {}, not {FORMAT}", plan.format)));
        }
        Ok(plan)
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plans have text keys only")
}
