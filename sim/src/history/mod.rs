//! What happened: one format for every mode, written by the runner, read by the judges.

mod describe;
mod event;
mod file;
mod recorder;
#[cfg(test)]
mod tests;

pub use event::{
    Call, Damage, Event, Failure, Found, HandlesSeen, InstancesSeen, Kind, MarksSeen, Outcome,
    Place, Reply, Report, Run, WriterSeen,
};
pub use file::{FILE_NAME, HistoryError, read, write, write_compressed};
pub use recorder::{Journal, Pending, Recorder};

use serde::{Deserialize, Serialize};

use crate::plan::{Content, Visibility};

/// The version of the history format: appended to, never changed.
pub const HISTORY_VERSION: u32 = 1;

/// What judges must know of a run beside its events; the first line of a history file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always `duolog.history`.
    pub schema: String,
    /// [`HISTORY_VERSION`].
    pub version: u32,
    /// The seed of the plan.
    #[serde(with = "crate::plan::text")]
    pub seed: u64,
    /// How many partitions there are, over all topics.
    pub lane_count: u32,
    /// When records become visible.
    pub visibility: Visibility,
    /// The law that messages follow.
    pub content: Content,
    /// Whether the power may go in such a run; else nobody asks what survives that.
    #[serde(default)]
    pub loses_power: bool,
    /// Whether such a run ends with a silence; else nobody asks what is visible after it.
    #[serde(default)]
    pub falls_silent: bool,
}

/// A run: its header, and its events in order of their invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// What judges must know beside the events.
    pub header: Header,
    /// The events, by [`Event::invoked`].
    pub events: Vec<Event>,
}

impl History {
    /// A history of `plan`'s run.
    pub fn new(plan: &crate::plan::Plan, mut events: Vec<Event>) -> Self {
        events.sort_unstable_by_key(|event| event.invoked);
        let header = Header {
            schema: "duolog.history".to_owned(),
            version: HISTORY_VERSION,
            seed: plan.seed,
            lane_count: plan.lane_count(),
            visibility: plan.config.visibility,
            content: plan.config.content.clone(),
            loses_power: false,
            falls_silent: false,
        };
        Self { header, events }
    }
}
