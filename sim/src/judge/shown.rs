//! What a run shows, in short: enough to say whether another run shows the same.

use serde::{Deserialize, Serialize};

use super::{Invariant, Judgement, Verdict};

/// A broken invariant, and how it was broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shown {
    /// Which invariant.
    pub invariant: Invariant,
    /// The anomaly; one of [`Invariant::anomalies`].
    pub anomaly: String,
}

impl Shown {
    /// The first violation: of one of `wanted` where there is one, else of another invariant than
    /// [`Invariant::Progress`], which is broken by many a consequence of what was wrong before.
    pub fn first(judgements: &[Judgement], wanted: &[Invariant]) -> Option<Self> {
        let rank = |one: &&Judgement| {
            (!wanted.contains(&one.invariant), one.invariant == Invariant::Progress)
        };
        let broken = judgements.iter().filter(|one| one.verdict() == Verdict::Violation);
        let judgement = broken.min_by_key(rank)?;
        let anomaly = judgement.findings.first()?.anomaly.clone();
        Some(Self { invariant: judgement.invariant, anomaly })
    }

    /// Whether `judgements` tell of the same.
    pub fn is_in(&self, judgements: &[Judgement]) -> bool {
        let of = judgements.iter().filter(|one| one.invariant == self.invariant);
        of.flat_map(|one| &one.findings).any(|finding| finding.anomaly == self.anomaly)
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.invariant.code(), self.invariant.name(), self.anomaly)
    }
}
