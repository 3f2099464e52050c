//! What a user may expect of an instance, a rule a file. Each is a function of what was seen, and
//! each is shown a lie that it must notice (`tests.rs`).

pub mod agreement;
pub mod backwards;
pub mod bytes;
pub mod cut;
pub mod errors;
pub mod frozen;
pub mod held;
pub mod interval;
pub mod sequence;
pub mod silence;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// See [`interval`].
    Interval,
    /// See [`cut`].
    Cut,
    /// See [`backwards`].
    Backwards,
    /// See [`silence`].
    Silence,
    /// See [`agreement`].
    Agreement,
    /// See [`frozen`].
    Frozen,
    /// See [`held`].
    Held,
    /// See [`bytes`].
    Bytes,
    /// See [`errors`].
    Errors,
    /// See [`sequence`].
    Sequence,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Interval,
        Self::Cut,
        Self::Backwards,
        Self::Silence,
        Self::Agreement,
        Self::Frozen,
        Self::Held,
        Self::Bytes,
        Self::Errors,
        Self::Sequence,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interval => "interval",
            Self::Cut => "cut",
            Self::Backwards => "backwards",
            Self::Silence => "silence",
            Self::Agreement => "agreement",
            Self::Frozen => "frozen",
            Self::Held => "held",
            Self::Bytes => "bytes",
            Self::Errors => "errors",
            Self::Sequence => "sequence",
        }
    }

    /// What it says.
    pub const fn promise(self) -> &'static str {
        match self {
            Self::Interval => {
                "a key has a value that it had between what the instance surely has, all that was \
                 published when its catch-up began, and what was written when the read ended"
            }
            Self::Cut => "after a catch-up all keys of all families show one moment",
            Self::Backwards => "what an instance has shown of a key it never un-shows",
            Self::Silence => {
                "when nobody writes, a secondary that caught up twice shows what the primary shows"
            }
            Self::Agreement => "all ways to read a key of one instance show the same",
            Self::Frozen => "a read-only instance shows for ever what it showed first",
            Self::Held => "an iterator and a snapshot show what they showed first",
            Self::Bytes => "readers change nothing in the directory of the primary",
            Self::Errors => "a call fails only where that is documented, and refuses what it must",
            Self::Sequence => {
                "sequence numbers never go back, and no secondary is ahead of its primary"
            }
        }
    }
}
