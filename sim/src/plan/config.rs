//! Settings of the engine for one run, drawn from the seed like the rest.

use serde::{Deserialize, Serialize};

use super::content::Content;

/// When records become visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// When they are written to the operating system.
    Flushed,
    /// When they are forced to disk.
    Synced,
}

/// Settings of the engine and shape of the messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanConfig {
    /// How many topics, from 1.
    pub topic_count: u32,
    /// How many partitions each topic has, from 1.
    pub partition_count: u32,
    /// How many index databases each topic has, from 1.
    pub shard_count: u32,
    /// When records become visible.
    pub visibility: Visibility,
    /// A segment that reached this is rolled.
    pub segment_max_bytes: u64,
    /// Most bytes of one frame.
    pub frame_max_bytes: u32,
    /// Largest encoded message.
    #[serde(default = "message_max_bytes")]
    pub message_max_bytes: u32,
    /// How many entries make a chunk that is settled; 1 settles every batch.
    pub settle_chunk_entries: u32,
    /// Most entries of a tail; past it writers wait.
    pub tail_max_entries: u32,
    /// Most bytes of a tail; past it writers wait.
    pub tail_max_bytes: u64,
    /// How many bytes are staged before the engine flushes on its own.
    pub flush_bytes: u64,
    /// How long bytes stay staged before the engine flushes on its own.
    pub flush_period_us: u64,
    /// What a reader reads ahead.
    pub read_ahead_bytes: u64,
    /// Zeros that a writer writes ahead of use; 0 for none.
    #[serde(default)]
    pub fill_ahead_bytes: u64,
    /// How long an index instance stays open that nobody uses.
    pub index_idle_us: u64,
    /// What the messages are.
    pub content: Content,
}

/// What the engine takes for it where nothing is said.
pub(super) const fn message_max_bytes() -> u32 {
    8 << 20
}

impl PlanConfig {
    /// The name of the topic that `lane` belongs to, and the partition within it.
    pub fn place(&self, lane: u32) -> (String, u32) {
        (format!("topic-{}", lane / self.partition_count), lane % self.partition_count)
    }
}
