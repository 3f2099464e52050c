//! Failures that are alike.

use serde::{Deserialize, Serialize};

use super::FailedSeed;

/// Failed seeds that broke the same invariant in the same way and, as far as they were shrunk,
/// shrank to the same plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureGroup {
    /// The invariant, by name.
    pub invariant: String,
    /// How it was broken.
    pub anomaly: String,
    /// The digest of the shrunk plan; `None` where none of the seeds was shrunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<String>,
    /// The size of that plan, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The seeds, in order.
    pub seeds: Vec<String>,
    /// The command that shows the first of them again.
    pub replay: String,
    /// Where the first one that was kept is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
}

/// Seeds of a group that are told.
const SEEDS_TOLD: usize = 8;

impl FailureGroup {
    /// The groups of these failures, the largest first.
    pub fn of(failures: &[FailedSeed]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for failure in failures {
            let one = Self::new(failure);
            let same = |group: &&mut Self| {
                (&group.invariant, &group.anomaly, &group.shrunk)
                    == (&one.invariant, &one.anomaly, &one.shrunk)
            };
            match groups.iter_mut().find(same) {
                Some(group) => {
                    group.seeds.extend(one.seeds);
                    group.directory = group.directory.take().or(one.directory);
                }
                None => groups.push(one),
            }
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.seeds.len()));
        groups
    }

    fn new(failure: &FailedSeed) -> Self {
        let shrunk = failure.shrunk.as_ref();
        Self {
            invariant: failure.invariants.first().cloned().unwrap_or_default(),
            anomaly: failure.anomaly.clone(),
            shrunk: shrunk.map(|shrunk| shrunk.digest.clone()),
            words: shrunk.map(super::ShrunkRecord::words),
            seeds: vec![format!("{:#018x}", failure.seed)],
            replay: failure.replay.clone(),
            directory: failure.directory.clone(),
        }
    }

    /// In words, over several lines.
    pub fn told(&self) -> String {
        let Self { invariant, anomaly, seeds, replay, .. } = self;
        let mut text = format!("   {invariant} ({anomaly}), {} seeds: ", seeds.len());
        let told: Vec<&str> = seeds.iter().take(SEEDS_TOLD).map(String::as_str).collect();
        text += &told.join(", ");
        text += if seeds.len() > SEEDS_TOLD { ", ...\n" } else { "\n" };
        if let Some(words) = &self.words {
            text += &format!("     shrunk to {words}\n");
        }
        text += &format!("     replay   {replay}\n");
        if let Some(directory) = &self.directory {
            text += &format!("     kept     {directory}\n");
        }
        text
    }
}

/// All groups in words; nothing where there are none.
pub fn group_words(groups: &[FailureGroup]) -> String {
    if groups.is_empty() {
        return String::new();
    }
    let count: usize = groups.iter().map(|group| group.seeds.len()).sum();
    let told: String = groups.iter().map(FailureGroup::told).collect();
    format!(" FAILURES  {count} seeds, {} of a kind\n{told}\n", groups.len())
}
