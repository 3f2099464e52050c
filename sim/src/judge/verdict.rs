//! What a judge says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::invariant::Invariant;

/// The result of one invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was at risk and held.
    Pass,
    /// It was broken.
    Violation,
    /// It held, but nothing could have broken it.
    Inconclusive,
}

/// One violation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The anomaly; one of [`Invariant::anomalies`].
    pub anomaly: String,
    /// What happened and why that is wrong, in words.
    pub words: String,
    /// The events that show it, as indices into the history.
    pub events: Vec<usize>,
}

/// What a judge found in one history, or in several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// By which invariant.
    pub invariant: Invariant,
    /// How many checks were made.
    pub checked: u64,
    /// How many of them could have failed; see [`Invariant::risk`].
    pub at_risk: u64,
    /// How many failed.
    pub violations: u64,
    /// The first few of those.
    pub findings: Vec<Finding>,
    /// Further counts, by name.
    pub counts: BTreeMap<String, u64>,
}

impl Judgement {
    /// How many violations are told in words.
    pub const FINDINGS_MAX: usize = 8;

    pub(super) fn new(invariant: Invariant) -> Self {
        Self {
            invariant,
            checked: 0,
            at_risk: 0,
            violations: 0,
            findings: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Counts one check.
    pub(super) fn check(&mut self, at_risk: bool) {
        self.checked += 1;
        self.at_risk += u64::from(at_risk);
    }

    /// Notes a violation.
    pub(super) fn violated(&mut self, anomaly: &str, events: &[usize], words: String) {
        assert!(
            self.invariant.anomalies().contains(&anomaly),
            "{anomaly} is not listed for {}",
            self.invariant.name()
        );
        self.violations += 1;
        if self.findings.len() < Self::FINDINGS_MAX {
            let anomaly = anomaly.to_owned();
            self.findings.push(Finding { anomaly, words, events: events.to_vec() });
        }
    }

    /// Counts something beside the checks.
    pub(super) fn count(&mut self, name: &str, by: u64) {
        if by > 0 {
            *self.counts.entry(name.to_owned()).or_default() += by;
        }
    }

    /// Adds what was found in a part of the history, whose events are at `origin` in the whole.
    pub(super) fn absorb(&mut self, part: Judgement, origin: &[usize]) {
        self.add(&part);
        let room = Self::FINDINGS_MAX - self.findings.len();
        for mut finding in part.findings.into_iter().take(room) {
            finding.events.iter_mut().for_each(|event| *event = origin[*event]);
            self.findings.push(finding);
        }
    }

    /// The result.
    pub fn verdict(&self) -> Verdict {
        if self.violations > 0 {
            Verdict::Violation
        } else if self.at_risk > 0 {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        }
    }

    /// Adds the counts of another history. Its findings are left out: they name its events.
    ///
    /// # Panics
    /// Where `other` is about another invariant.
    pub fn add(&mut self, other: &Judgement) {
        assert_eq!(self.invariant, other.invariant, "counts of one invariant only add up");
        self.checked += other.checked;
        self.at_risk += other.at_risk;
        self.violations += other.violations;
        for (name, count) in &other.counts {
            *self.counts.entry(name.clone()).or_default() += count;
        }
    }
}
