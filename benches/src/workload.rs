//! What is measured, as data.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Outcome;

/// Workloads that come with the bench, by name.
const OWN: [(&str, &str); 6] = [
    ("append", include_str!("../workloads/append.toml")),
    ("append-profile", include_str!("../workloads/append-profile.toml")),
    ("reads", include_str!("../workloads/reads.toml")),
    ("sizes", include_str!("../workloads/sizes.toml")),
    ("smoke", include_str!("../workloads/smoke.toml")),
    ("sustained", include_str!("../workloads/sustained.toml")),
];

/// Counts that may be 0.
const MAY_BE_NONE: [&str; 3] = ["duplicate_percent", "payload_bytes", "unsettled"];

/// A workload: which measurements, of how much. What is left out is not measured.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workload {
    /// How often each contender is measured; at least 1.
    pub(crate) rounds: usize,
    /// Bytes of a message's id.
    pub(crate) id_bytes: usize,
    /// Bytes of a message's payload.
    pub(crate) payload_bytes: usize,
    /// Whether baselines are measured beside the engine.
    #[serde(default = "yes")]
    pub(crate) baselines: bool,
    pub(crate) sustained: Option<Sustained>,
    #[serde(default)]
    pub(crate) append: Vec<Append>,
    #[serde(default)]
    pub(crate) visible: Vec<Visible>,
    #[serde(default)]
    pub(crate) lookup: Vec<Lookup>,
    pub(crate) busy_lookup: Option<BusyLookup>,
    #[serde(default)]
    pub(crate) next: Vec<Next>,
    pub(crate) commit: Option<Commit>,
    pub(crate) catch_up: Option<CatchUp>,
    #[serde(default)]
    pub(crate) opening: Vec<Opening>,
    #[serde(default)]
    pub(crate) size: Vec<Size>,
}

/// Appends that go on for longer than the tail has room, until nothing is left to do; then
/// lookups in what that left.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sustained {
    pub(crate) messages: u64,
    /// Messages a batch.
    pub(crate) batch: u64,
    /// Rounds of its own, since one takes minutes.
    pub(crate) rounds: usize,
    /// Rounds of the stores that are no baseline of the engine's index.
    pub(crate) peer_rounds: usize,
    /// Lookups of each kind a round, in what the last round left.
    pub(crate) lookups: usize,
    pub(crate) lookup_rounds: usize,
}

/// Appends into an empty log.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Append {
    /// Messages a batch.
    pub(crate) batch: usize,
    pub(crate) ack: Durability,
    /// Messages in all; fewer than the tail holds, so that no append waits for room.
    pub(crate) messages: usize,
    /// Producers, each of which appends one batch after the other: tasks of one runtime with a
    /// thread a processor, where there are several.
    #[serde(default = "one")]
    pub(crate) producers: usize,
    /// Whether each producer is a thread with a runtime of its own instead.
    #[serde(default)]
    pub(crate) threads: bool,
    /// Whether nothing is settled meanwhile, since a chunk takes more than there are messages:
    /// what is left is the log and the tail.
    #[serde(default)]
    pub(crate) log_alone: bool,
}

/// How far an append has come when it is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Durability {
    Buffered,
    Flushed,
    Synced,
}

/// One message appended, then looked up by another session.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Visible {
    /// Messages that are there before.
    pub(crate) preload: usize,
    /// Messages that are appended and looked up.
    pub(crate) messages: usize,
    /// Messages a chunk that is settled, where it is not the default.
    pub(crate) settle_chunk_entries: Option<usize>,
}

/// Lookups of each kind in a log that was written as in [`Sustained`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lookup {
    /// Messages that are there.
    pub(crate) messages: u64,
    pub(crate) part: Part,
    /// So many in a hundred messages have the id of an earlier one.
    pub(crate) duplicate_percent: u64,
    /// Lookups of each kind a round.
    pub(crate) lookups: usize,
}

/// Lookups by id beside a writer that appends as fast as it can.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BusyLookup {
    /// Messages that are looked up.
    pub(crate) messages: u64,
    /// Messages that are appended behind them before the first lookup: as many as the tail holds
    /// or more, where it is not to answer.
    pub(crate) ahead: u64,
    pub(crate) lookups: usize,
}

/// Which part of the index answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    Tail,
    Settled,
}

/// Reading everything in order.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Next {
    /// Messages that are there.
    pub(crate) messages: usize,
    /// Messages a call.
    pub(crate) take: usize,
    /// Threads that read, each all of them.
    #[serde(default = "one")]
    pub(crate) readers: usize,
    /// Whether another thread appends meanwhile, in batches of 1000, as fast as it can.
    #[serde(default)]
    pub(crate) beside_writer: bool,
}

/// Commits of a group, each some messages further.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Commit {
    pub(crate) messages: u64,
    pub(crate) commits: usize,
}

/// A read instance takes up what was settled since.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatchUp {
    /// Messages that are there before.
    pub(crate) preload: u64,
    /// Messages that are new to it.
    pub(crate) messages: u64,
}

/// Opening what another process left, to write and to look up.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opening {
    /// Messages that are settled.
    pub(crate) settled: u64,
    /// Messages past the settled mark of a writer that ended without closing; 0 closes it.
    pub(crate) unsettled: u64,
}

/// What everything costs in a log of that size.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Size {
    pub(crate) messages: u64,
    pub(crate) lookups: usize,
    /// Messages past the settled mark that recovery finds.
    pub(crate) unsettled: u64,
}

fn yes() -> bool {
    true
}

fn one() -> usize {
    1
}

impl Workload {
    /// The workload of that name, or in the file of that name.
    pub(crate) fn named(name: &str) -> Outcome<Self> {
        if let Some((_, text)) = OWN.iter().find(|(own, _)| *own == name) {
            return Self::parse(text);
        }
        let own = OWN.map(|(name, _)| name).join(", ");
        let text = std::fs::read_to_string(Path::new(name)).map_err(|error| {
            format!("{name} is none of the workloads {own}, and as a file: {error}")
        })?;
        Self::parse(&text).map_err(|error| format!("{name}: {error}").into())
    }

    pub(crate) fn parse(text: &str) -> Outcome<Self> {
        let workload: Self = toml::from_str(text)?;
        if has_zero(&toml::Value::try_from(&workload)?) {
            return Err("a count is 0: give at least 1, or leave the measurement out".into());
        }
        Ok(workload)
    }
}

fn has_zero(value: &toml::Value) -> bool {
    match value {
        toml::Value::Integer(number) => *number == 0,
        toml::Value::Array(values) => values.iter().any(has_zero),
        toml::Value::Table(table) => {
            let mut counts = table.iter().filter(|(key, _)| !MAY_BE_NONE.contains(&key.as_str()));
            counts.any(|(_, value)| has_zero(value))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
