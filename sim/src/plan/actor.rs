//! Who does what.

use serde::{Deserialize, Serialize};

use super::operation::Operation;

/// What an actor is there for. Decides which operations are drawn for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Appends.
    Producer,
    /// Reads with `next`.
    Reader,
    /// Reads, and commits what it read; also positions that must be refused.
    Committer,
    /// Looks up by id and by position.
    Looker,
    /// Looks up by time.
    TimeRanger,
    /// Settles, rolls, trims, flushes, looks at the marks.
    Maintainer,
    /// Closes the writer and opens it again.
    Restarter,
    /// Settles, and looks up at once what was settled, in many sessions at the same time.
    Settler,
    /// Appends, in processes that are killed.
    Mortal,
    /// Reads one partition at its end, and waits there for more.
    Tailer,
    /// Appends, reads and looks up by a timetable, whether or not the last call took longer.
    Punctual,
}

impl Role {
    /// All of them, in the order above.
    pub const ALL: [Role; 11] = [
        Role::Producer,
        Role::Reader,
        Role::Committer,
        Role::Looker,
        Role::TimeRanger,
        Role::Maintainer,
        Role::Restarter,
        Role::Settler,
        Role::Mortal,
        Role::Tailer,
        Role::Punctual,
    ];

    /// The name in words and files.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Producer => "producer",
            Role::Reader => "reader",
            Role::Committer => "committer",
            Role::Looker => "looker",
            Role::TimeRanger => "time-ranger",
            Role::Maintainer => "maintainer",
            Role::Restarter => "restarter",
            Role::Settler => "settler",
            Role::Mortal => "mortal",
            Role::Tailer => "tailer",
            Role::Punctual => "punctual",
        }
    }

    /// Whether it has a reader session, and with it a consumer group, of its own.
    pub const fn has_session(self) -> bool {
        matches!(
            self,
            Role::Reader
                | Role::Committer
                | Role::Looker
                | Role::TimeRanger
                | Role::Tailer
                | Role::Punctual
        )
    }
}

/// One actor: a task that does its operations one after the other. Its index in the plan is its
/// id; its consumer group, where it has one, is that id + 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// What it is there for.
    pub role: Role,
    /// What it does, in order.
    pub operations: Vec<Operation>,
}
