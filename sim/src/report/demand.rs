//! What must have happened in the main run at least, for its pass to say something.

use comfy_table::{CellAlignment, Table, TableStyle};
use serde::{Deserialize, Serialize};

use crate::judge::{Invariant, Judgement};

use super::activity::Activity;
use super::table::grouped;

#[cfg(test)]
mod tests;

/// Something that had to happen so often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// What.
    pub what: String,
    /// How often it happened.
    pub count: u64,
    /// How often it had to.
    pub wanted: u64,
}

/// Checks at risk that an invariant needs.
const AT_RISK_WANTED: u64 = 200;

impl Demand {
    fn new(what: impl Into<String>, count: u64, wanted: u64) -> Self {
        Self { what: what.into(), count, wanted }
    }

    /// Whether it happened often enough.
    pub const fn is_met(&self) -> bool {
        self.count >= self.wanted
    }

    /// Those of the main run.
    pub fn of_main(activity: &Activity, judgements: &[Judgement]) -> Vec<Self> {
        let fifth = activity.lookups.div_ceil(5);
        let all_promised = activity.messages_promised.max(500_000);
        // The index in memory catches up at once, before anybody can wait for it.
        let catch_ups = if cfg!(feature = "rocks") { fifth } else { 0 };
        let mut demands = vec![
            Self::new("producers", activity.producers, 4),
            Self::new("appends", activity.appends, 20_000),
            Self::new("messages", activity.messages, 500_000),
            Self::new("messages read back", activity.messages_read_back, all_promised),
            Self::new("reading sessions", activity.reading_sessions, 4),
            Self::new("lookups", activity.lookups, 100_000),
            Self::new("lookups from the tail", activity.lookups_from_tail, fifth),
            Self::new("lookups after a catch-up", activity.lookups_after_catch_up, catch_ups),
            Self::new("rolls", activity.rolls, 20),
            Self::new("settlings", activity.settles, 50),
            Self::new("reopenings", activity.reopenings(), 10),
        ];
        demands.extend(judgements.iter().map(|judgement| {
            let invariant: Invariant = judgement.invariant;
            let what = format!("{} at risk", invariant.code());
            let wanted = if invariant == Invariant::Leaks { 20 } else { AT_RISK_WANTED };
            Self::new(what, judgement.at_risk, wanted)
        }));
        demands
    }

    /// In words, where it is not met.
    pub fn complaint(&self) -> Option<String> {
        let (count, wanted) = (grouped(self.count), grouped(self.wanted));
        (!self.is_met()).then(|| format!("{}: {count}, and it takes {wanted}", self.what))
    }
}

/// The table of demands, where there are any. What is at risk stands in the table of invariants.
pub fn demand_table(demands: &[Demand]) -> String {
    if demands.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(["WHAT HAPPENED", "COUNT", "AT LEAST"]);
    for demand in demands.iter().filter(|demand| !demand.what.ends_with(" at risk")) {
        let (count, wanted) = (grouped(demand.count), grouped(demand.wanted));
        table.add_row([demand.what.clone(), count, wanted]);
    }
    for column in [1, 2] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| format!(" {}\n", line.trim_end())).collect();
    lines.concat()
}
