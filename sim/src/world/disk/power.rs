//! Power loss: of what nothing has forced to disk, any part may be there afterwards.
//!
//! The model is that of a page cache over a file system that promises nothing but what a sync
//! promises: each page of a file is as it was after some change of it, each sector for itself
//! where the page is torn; the length is one that the file had; of the changes of names any may
//! be missing, a rename as a whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Body, Disk, NodeId};
use crate::seed::Stream;

/// What is written in one piece where nothing tears.
pub(super) const PAGE_BYTES: usize = 4096;
/// What is always written in one piece.
pub(super) const SECTOR_BYTES: usize = 512;

/// One page in so many is torn, in one power loss or another.
const TORN_OF: [u64; 3] = [2, 8, 32];

/// What a power loss took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PowerLoss {
    /// Pages of files that are not as they were last.
    pub lost_page_count: u64,
    /// Pages of which only some sectors are as they were last.
    pub torn_page_count: u64,
    /// Pages that a failed sync left looking written.
    pub forgotten_page_count: u64,
    /// Files whose length is not the last one.
    pub lost_length_count: u64,
    /// Changes of names that are missing.
    pub lost_entry_count: u64,
}

/// What a sync of a file that failed leaves behind; all three are known of file systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncFailure {
    /// Pages stay to be written: a later sync would do.
    KeepsPages,
    /// Pages look written and are not: a later sync succeeds and they are lost with the power.
    ForgetsPages,
    /// What was not written is not read any more either.
    DropsPages,
}

impl SyncFailure {
    /// All of them, in the order above.
    pub const ALL: [Self; 3] = [Self::KeepsPages, Self::ForgetsPages, Self::DropsPages];
}

/// How much reached the disk in time.
enum Reach {
    /// Nothing that was not forced.
    Nothing,
    /// Everything.
    Everything,
    /// What had happened up to this change, inclusive, in the order in which it happened.
    UpTo(u64),
    /// Each piece or not, whatever came before it.
    Any,
}

impl Reach {
    /// `first` and `last` are the numbers of the changes that nothing has forced.
    fn draw(stream: &mut Stream, (first, last): (u64, u64)) -> Self {
        match stream.below(8) {
            0 => Self::Nothing,
            1 => Self::Everything,
            2..=4 => Self::UpTo(stream.range(first.saturating_sub(1)..last + 1)),
            _ => Self::Any,
        }
    }
}

/// Decides what is there afterwards, and counts what is not.
pub(super) struct Aftermath<'a> {
    stream: &'a mut Stream,
    reach: Reach,
    /// Whether each file is for itself: a system writes one file back long before another.
    is_by_file: bool,
    /// One page in so many is torn.
    torn_of: u64,
    /// Changes of names, decided once each.
    entries: BTreeMap<u64, bool>,
    pub(super) loss: PowerLoss,
}

impl<'a> Aftermath<'a> {
    /// `changes` are the first and the last number of what nothing has forced.
    fn new(stream: &'a mut Stream, changes: (u64, u64)) -> Self {
        let is_by_file = stream.chance(1, 2);
        let torn_of = *stream.pick(&TORN_OF);
        let reach = Reach::draw(stream, changes);
        let (entries, loss) = Default::default();
        Self { stream, reach, is_by_file, torn_of, entries, loss }
    }

    /// Turns to a file, with the numbers of its changes that nothing has forced.
    fn turn_to(&mut self, changes: Option<(u64, u64)>) {
        if let Some(changes) = changes.filter(|_| self.is_by_file) {
            self.reach = match self.stream.below(3) {
                0 => Reach::Nothing,
                1 => Reach::Everything,
                _ => Reach::draw(self.stream, changes),
            };
        }
    }

    /// How many of the changes of one piece, by their ascending numbers, reached the disk.
    pub(super) fn reached(&mut self, numbers: &[u64]) -> usize {
        match self.reach {
            Reach::Nothing => 0,
            Reach::Everything => numbers.len(),
            Reach::UpTo(last) => numbers.partition_point(|number| *number <= last),
            Reach::Any => self.stream.below_index(numbers.len() + 1),
        }
    }

    /// One of several outcomes of the same change, the last one being the whole of it.
    pub(super) fn pick<'b, T>(&mut self, outcomes: &'b [T]) -> &'b T {
        match self.reach {
            Reach::Any => self.stream.pick(outcomes),
            _ => outcomes.last().expect("there is one"),
        }
    }

    /// Whether a page is torn.
    pub(super) fn tears(&mut self) -> bool {
        matches!(self.reach, Reach::UpTo(_) | Reach::Any) && self.stream.chance(1, self.torn_of)
    }

    /// Whether the change `number` of names reached the disk.
    pub(super) fn keeps_entry(&mut self, number: u64) -> bool {
        if let Some(kept) = self.entries.get(&number) {
            return *kept;
        }
        let kept = self.reached(&[number]) == 1;
        self.loss.lost_entry_count += u64::from(!kept);
        self.entries.insert(number, kept);
        kept
    }
}

impl Disk {
    /// Leaves on disk what `stream` decides that a power loss leaves. What processes hold open
    /// must not be used any more.
    pub(in crate::world) fn cut_power(&mut self, stream: &mut Stream) -> PowerLoss {
        let mut aftermath = Aftermath::new(stream, self.unforced().unwrap_or((1, 1)));
        let mut before = Vec::new();
        let mut after = Vec::new();
        for node in self.nodes.iter_mut().flatten() {
            match &mut node.body {
                Body::File(content) => {
                    self.used_bytes -= content.len() as u64;
                    aftermath.turn_to(content.unforced());
                    content.cut_power(&mut aftermath);
                    self.used_bytes += content.len() as u64;
                }
                Body::Directory(directory) => {
                    before.extend(directory.referred());
                    directory.cut_power(|number| aftermath.keeps_entry(number));
                    after.extend(directory.referred());
                }
            }
        }
        let loss = aftermath.loss;
        after.into_iter().for_each(|id| self.refer(id));
        before.into_iter().for_each(|id: NodeId| self.release(id));
        loss
    }

    /// The first and the last number of the changes that nothing has forced.
    fn unforced(&self) -> Option<(u64, u64)> {
        let of = |body: &Body| match body {
            Body::File(content) => content.unforced(),
            Body::Directory(directory) => directory.unforced(),
        };
        let ranges = self.nodes.iter().flatten().filter_map(|node| of(&node.body));
        ranges.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
    }
}
