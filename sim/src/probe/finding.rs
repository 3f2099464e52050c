//! What many plans showed: counts, findings that are known, and those that are not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::catalogue::{self, DIES, HANGS};
use super::plan::{ProbePlan, Tier};
use super::rule::Rule;
use super::run::ProbeRun;
use super::violation::{Signature, Who};

/// A violation, as the process of a plan tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How a promise was broken.
    pub signature: Signature,
    /// What was seen, in words.
    pub words: String,
}

/// What came of one plan, as its process tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Operations that were done, by name.
    pub counts: BTreeMap<String, u64>,
    /// Values that were judged.
    pub value_count: u64,
    /// A violation of each kind, the first one.
    pub violations: Vec<Told>,
}

impl Outcome {
    /// Of a run.
    pub fn of(seed: u64, run: ProbeRun) -> Self {
        let mut violations: Vec<Told> = Vec::new();
        for violation in run.violations {
            if violations.iter().all(|told| told.signature != violation.signature) {
                let (signature, words) = (violation.signature, violation.words);
                violations.push(Told { signature, words });
            }
        }
        let named = |(name, count): (&str, u64)| (name.to_owned(), count);
        let counts = run.counts.into_iter().map(named).collect();
        Self { seed, counts, value_count: run.value_count, violations }
    }

    /// Of a process that ended early, or never.
    pub fn ended(seed: u64, is_hung: bool) -> Self {
        let anomaly = if is_hung { HANGS } else { DIES };
        let signature = Signature {
            rule: Rule::Errors,
            anomaly: anomaly.to_owned(),
            who: Who::Primary,
            is_shadowed: false,
            is_late_family: false,
            is_dropped_family: false,
            is_healed: false,
        };
        let words = format!("the process of the plan {anomaly}");
        Self { seed, violations: vec![Told { signature, words }], ..Self::default() }
    }
}

/// Findings of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The name of the known finding that explains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// How it showed.
    pub signature: Signature,
    /// In which tier.
    pub tier: Tier,
    /// In how many plans.
    pub plans: u64,
    /// The first seed that showed it, and after how many milliseconds.
    pub first_seed: u64,
    /// See `first_seed`.
    pub first_ms: u64,
    /// What was seen there.
    pub words: String,
}

/// What came of many plans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Plans that were run.
    pub plans: u64,
    /// Operations that were done, by name.
    pub operations: BTreeMap<String, u64>,
    /// Plans by each setting that was not the default.
    pub settings: BTreeMap<String, u64>,
    /// Values that were judged.
    pub values: u64,
    /// What was found, each kind once.
    pub found: Vec<Found>,
}

impl Tally {
    /// Adds what came of a plan, `after_ms` after the first one began.
    pub fn add(&mut self, plan: &ProbePlan, outcome: &Outcome, after_ms: u64) {
        self.plans += 1;
        self.values += outcome.value_count;
        for (name, count) in &outcome.counts {
            *self.operations.entry(name.clone()).or_default() += count;
        }
        for setting in plan.settings.named() {
            *self.settings.entry(setting).or_default() += 1;
        }
        let tier = plan.tier();
        for told in &outcome.violations {
            let known = catalogue::explained(&told.signature, plan).map(|known| known.name);
            let same = |one: &&mut Found| {
                one.signature == told.signature && one.tier == tier && one.known.as_deref() == known
            };
            if let Some(found) = self.found.iter_mut().find(same) {
                found.plans += 1;
                continue;
            }
            self.found.push(Found {
                known: known.map(str::to_owned),
                signature: told.signature.clone(),
                tier,
                plans: 1,
                first_seed: outcome.seed,
                first_ms: after_ms,
                words: told.words.clone(),
            });
        }
    }

    /// How many operations were done.
    pub fn operation_count(&self) -> u64 {
        self.operations.values().sum()
    }

    /// What nothing known explains.
    pub fn unknown(&self) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(|found| found.known.is_none())
    }
}
