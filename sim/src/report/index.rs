//! What a run says of its index.

use serde::{Deserialize, Serialize};

use crate::plan::IndexKind;
use crate::world::IndexLoss;

/// The index of a simulated run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexReport {
    /// Which.
    pub name: IndexKind,
    /// How many seeds ran on it.
    pub seed_count: u64,
    /// What power losses did to its databases; nothing where it is the model, whose settlings are
    /// on disk or not as a whole.
    #[serde(default, skip_serializing_if = "is_none")]
    pub losses: IndexLoss,
}

fn is_none(loss: &IndexLoss) -> bool {
    *loss == IndexLoss::default()
}

impl IndexReport {
    /// That of two runs; `None` where they had different ones.
    pub fn merged(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        let (mut sum, other) = (one?, other?);
        sum.seed_count += other.seed_count;
        sum.losses.add(&other.losses);
        (sum.name == other.name).then_some(sum)
    }

    /// In words, a line with its end; empty for the model.
    pub fn words(&self) -> String {
        if self.name.is_model() {
            return String::new();
        }
        let counts = self.losses.counts().map(|(name, count)| format!("{count} {name}"));
        let (name, seeds) = (self.name.name(), self.seed_count);
        format!(" index {name}, {seeds} seeds; the power met {}\n", counts.join(", "))
    }
}
