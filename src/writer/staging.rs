//! What waits to be written.

use crate::error::StorageResult;
use crate::sync::{Completer, Permit, Stopwatch};
use crate::types::{Epoch, Message, SegmentOffset, Sequence};

/// How far an append has come when it is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Ack {
    /// It lies in a queue of this process; it is written within the flush period. Promises
    /// nothing.
    Buffered,
    /// Every read that begins now sees it, and it survives the death of the process.
    #[default]
    Flushed,
    /// It also survives power loss.
    Synced,
}

/// Where an append went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The epoch that wrote it.
    pub epoch: Epoch,
    /// The sequence of its first message; the others follow without a gap.
    pub first_sequence: Sequence,
    /// The address of each message, in the order given.
    pub offsets: Vec<SegmentOffset>,
}

impl Appended {
    /// The sequence behind its last message: an exclusive bound.
    pub fn end(&self) -> Sequence {
        self.first_sequence + self.offsets.len() as Sequence
    }
}

/// One append in the queue.
pub(super) struct Staged {
    pub(super) messages: Vec<Message>,
    /// Encoded size, at most.
    pub(super) encoded_bytes: usize,
    /// The ids of all messages together.
    pub(super) ids_bytes: usize,
    /// Tells who waits for it; nobody does for one that is only buffered.
    pub(super) done: Option<Completer<StorageResult<Appended>>>,
    /// Runs since it was staged, where it is one that is timed.
    pub(super) watch: Stopwatch,
    /// Its share of the memory for batches under way.
    pub(super) _memory: Permit,
}

impl Staged {
    /// Says where it went, or why it did not.
    pub(super) fn complete(self, appended: StorageResult<Appended>) {
        if let Some(done) = self.done {
            done.complete(appended);
        }
    }

    /// Whether nobody waits for it, or no longer.
    pub(super) fn is_abandoned(&self) -> bool {
        self.done.as_ref().is_none_or(Completer::is_abandoned)
    }
}

/// What the pump is asked to do, in order.
pub(super) enum Work {
    /// Write a batch.
    Append(Staged),
    /// Seal the active segment and begin the next.
    Roll(Completer<StorageResult<()>>),
    /// Write a frame of no records that carries the durable mark.
    Mark(Completer<StorageResult<()>>),
    /// Give back the space that was filled ahead of use.
    GiveBack(Completer<StorageResult<()>>),
    /// Everything before it is written; nothing else.
    Barrier(Completer<StorageResult<()>>),
}
