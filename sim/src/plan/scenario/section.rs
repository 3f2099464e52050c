//! The keys of a scenario, with their bounds.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use duolog::types::MESSAGE_BYTES_MAX;

use crate::plan::{Content, IndexKind, PlanConfig, Visibility};

use super::error::ScenarioError;
use super::run::{RunMode, Seeds};

/// A section whose keys are numbers within bounds, both inclusive, and some others. With
/// `=> Target` the numbers can be put over those of the same names there.
macro_rules! section {
    (
        $(#[$about:meta])* $name:ident => $target:ident {
            $($(#[$says:meta])* $key:ident: $kind:ty = $least:expr, $most:expr;)*
        }
        $($more:tt)*
    ) => {
        section! {
            $(#[$about])* $name { $($(#[$says])* $key: $kind = $least, $most;)* }
            $($more)*
        }

        impl $name {
            /// Puts its values over those of `target`.
            pub(super) fn apply(&self, target: &mut $target) {
                $(if let Some(value) = &self.$key {
                    target.$key = *value.as_ref();
                })*
            }

            /// Takes the values of `target` where it has none.
            pub(super) fn fill(&mut self, target: &$target) {
                $(self.$key.get_or_insert_with(|| Spanned::new(0..0, target.$key));)*
            }
        }
    };
    (
        $(#[$about:meta])* $name:ident {
            $($(#[$says:meta])* $key:ident: $kind:ty = $least:expr, $most:expr;)*
        }
        $($(#[$more:meta])* $other:ident: $other_kind:ty;)*
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$says])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $key: Option<Spanned<$kind>>,
            )*
            $(
                $(#[$more])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $other: Option<$other_kind>,
            )*
        }

        impl $name {
            /// Holds every value against its bounds.
            pub(super) fn check(&self) -> Result<(), ScenarioError> {
                $(within(stringify!($key), self.$key.as_ref(), $least, $most)?;)*
                Ok(())
            }
        }
    };
}

fn within<T: PartialOrd + std::fmt::Display + Copy>(
    key: &str,
    value: Option<&Spanned<T>>,
    least: T,
    most: T,
) -> Result<(), ScenarioError> {
    let Some(value) = value else { return Ok(()) };
    let given = *value.as_ref();
    if given >= least && given <= most {
        return Ok(());
    }
    let what = format!("{key} = {given} is out of bounds: give a value from {least} to {most}");
    Err(ScenarioError::new(value.span(), what))
}

const MANY: u64 = 10_000_000;
const LONG_US: u64 = 1 << 40;

section! {
    /// What is run. The command line comes before it.
    RunSection {
        /// Ends after so many failed seeds.
        max_fail: u64 = 1, u64::MAX >> 1;
        /// Seeds at the same time.
        jobs: usize = 1, 1_024;
    }
    /// What is simulated, what is real.
    mode: RunMode;
    /// Which seeds.
    seeds: Seeds;
    /// Which index a simulated run has.
    index: IndexKind;
    /// The file whose lines are the messages.
    messages: String;
}

section! {
    /// How large plans are.
    WorkloadSection {
        /// Operations of each producer; others have about as many.
        operations_count: u64 = 1, MANY;
        /// Most messages of one append.
        batch_max_count: u64 = 1, 4_096;
        /// Most partitions, where they are drawn.
        partitions_max_count: u64 = 1, 64;
        /// Most actors of a role.
        actors_max_count: u64 = 1, 64;
    }
    /// Whether processes are killed.
    kills: bool;
    /// Whether the disk fails.
    faults: bool;
    /// Whether settings and mix are drawn for each seed.
    swarm: bool;
}

section! {
    /// One role.
    RoleSection {
        /// How many actors.
        actors: u64 = 0, 64;
        /// How many operations each of them does.
        operations: u64 = 0, MANY;
    }
}

section! {
    /// Settings of the engine.
    ConfigSection => PlanConfig {
        /// How many topics.
        topic_count: u32 = 1, 64;
        /// How many partitions each topic has.
        partition_count: u32 = 1, 64;
        /// How many index databases each topic has.
        shard_count: u32 = 1, 64;
        /// A segment that reached this is rolled.
        segment_max_bytes: u64 = 4 << 10, 1 << 40;
        /// Most bytes of one frame.
        frame_max_bytes: u32 = 4 << 10, 64 << 20;
        /// Largest encoded message.
        message_max_bytes: u32 = 1 << 10, MESSAGE_BYTES_MAX;
        /// How many entries make a chunk that is settled.
        settle_chunk_entries: u32 = 1, 1 << 20;
        /// Most entries of a tail.
        tail_max_entries: u32 = 1, 1 << 28;
        /// Most bytes of a tail.
        tail_max_bytes: u64 = 64 << 10, 1 << 40;
        /// How many bytes are staged before the engine flushes on its own.
        flush_bytes: u64 = 1, 1 << 30;
        /// How long bytes stay staged before the engine flushes on its own.
        flush_period_us: u64 = 1, LONG_US;
        /// What a reader reads ahead.
        read_ahead_bytes: u64 = 4 << 10, 64 << 20;
        /// Zeros that a writer writes ahead of use; 0 for none.
        fill_ahead_bytes: u64 = 0, 1 << 30;
        /// How long an index instance stays open that nobody uses.
        index_idle_us: u64 = 1, LONG_US;
    }
    /// When records become visible: `flushed` or `synced`.
    visibility: Visibility;
}

section! {
    /// What messages are.
    ContentSection => Content {
        /// How many different ids the repeating ones have.
        repeated_id_count: u64 = 0, LONG_US;
        /// How many messages in 16 have a repeating id.
        repeated_in_16: u64 = 0, 16;
        /// Longest payload.
        payload_max_bytes: u32 = 0, 32 << 20;
        /// Time between two messages of a producer.
        timestamp_step_us: u64 = 0, LONG_US;
        /// How far a timestamp is off that, at most, either way.
        timestamp_skew_us: u64 = 0, LONG_US;
        /// Timestamps are multiples of this.
        timestamp_grain_us: u64 = 1, LONG_US;
        /// How many messages in 16 are stored compressed.
        compressed_in_16: u64 = 0, 16;
    }
}
