//! What is measured, as data.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Outcome;

const FIRST: &str = include_str!("../workloads/first.toml");
const SMOKE: &str = include_str!("../workloads/smoke.toml");

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
    #[serde(default)]
    pub(crate) append: Vec<Append>,
    pub(crate) visible: Option<Visible>,
    pub(crate) lookup: Option<Lookup>,
    pub(crate) next: Option<Next>,
    pub(crate) pieces: Option<Pieces>,
}

/// Appends by one producer into an empty log.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Append {
    /// Messages a batch.
    pub(crate) batch: usize,
    pub(crate) ack: Durability,
    /// Messages in all; fewer than the tail holds, so that no append waits for room.
    pub(crate) messages: usize,
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
}

/// Lookups by id where everything is settled.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lookup {
    /// Messages that are there.
    pub(crate) messages: usize,
    /// Lookups a round.
    pub(crate) lookups: usize,
}

/// Reading everything in order.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Next {
    /// Messages that are there.
    pub(crate) messages: usize,
    /// Messages a call.
    pub(crate) take: usize,
}

/// Pieces of the write path on their own.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pieces {
    pub(crate) messages: usize,
    /// Messages a frame.
    pub(crate) batch: usize,
}

fn yes() -> bool {
    true
}

impl Workload {
    /// The workload of the reports.
    pub(crate) fn first() -> Outcome<Self> {
        Self::parse(FIRST)
    }

    /// One of a few seconds.
    pub(crate) fn smoke() -> Outcome<Self> {
        Self::parse(SMOKE)
    }

    /// The workload in a file.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    pub(crate) fn parse(text: &str) -> Outcome<Self> {
        let workload: Self = toml::from_str(text)?;
        let mut counts = vec![workload.rounds, workload.id_bytes];
        counts.extend(workload.append.iter().flat_map(|it| [it.batch, it.messages]));
        counts.extend(workload.visible.iter().flat_map(|it| [it.preload, it.messages]));
        counts.extend(workload.lookup.iter().flat_map(|it| [it.messages, it.lookups]));
        counts.extend(workload.next.iter().flat_map(|it| [it.messages, it.take]));
        counts.extend(workload.pieces.iter().flat_map(|it| [it.messages, it.batch]));
        if counts.contains(&0) {
            return Err("a count is 0: give at least 1, or leave the measurement out".into());
        }
        Ok(workload)
    }
}

#[cfg(test)]
mod tests;
