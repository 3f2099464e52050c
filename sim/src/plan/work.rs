//! How much a plan does.

use super::{Operation, Plan};

/// Operations of a plan, or of a part of it, counted by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// All of them.
    pub operations: u64,
    /// Batches that are appended.
    pub appends: u64,
    /// Messages in them.
    pub messages: u64,
    /// Lookups.
    pub lookups: u64,
}

impl Work {
    fn add(&mut self, operation: &Operation) {
        self.operations += 1;
        self.appends += u64::from(operation.message_count() > 0);
        self.messages += u64::from(operation.message_count());
        self.lookups += u64::from(operation.lookup_count());
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            operations: self.operations + other.operations,
            appends: self.appends + other.appends,
            messages: self.messages + other.messages,
            lookups: self.lookups + other.lookups,
        }
    }
}

impl Plan {
    /// What the first operations of each actor are, as many as `begun` says for the actor of that
    /// index; all, where it says more.
    pub fn work(&self, begun: impl Fn(usize) -> usize) -> Work {
        let mut work = Work::default();
        for (index, actor) in self.actors.iter().enumerate() {
            actor.operations.iter().take(begun(index)).for_each(|operation| work.add(operation));
        }
        work
    }
}
