//! What goes wrong with the disk in a simulated plan.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{KillAt, Shape};
use crate::seed::{Stream, salt};

/// What a disk, or a clock, does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultClass {
    /// A sync fails; its pages stay to be written.
    SyncKeepsPages,
    /// A sync fails; its pages look written, and are lost with the power.
    SyncForgetsPages,
    /// A sync fails; what it did not write is gone from now on.
    SyncDropsPages,
    /// A read fails.
    ReadFails,
    /// A write fails and writes nothing.
    WriteFails,
    /// A write fails after a part of its bytes.
    ShortWrite,
    /// The disk is full for a while: nothing can be written, nothing made.
    DiskFull,
    /// A file cannot be opened.
    OpenFails,
    /// A file cannot be renamed.
    RenameFails,
    /// A file cannot be removed.
    RemoveFails,
    /// A call takes very long.
    Stall,
    /// The wall clock jumps, either way.
    ClockStep,
    /// A catch-up of a secondary says that it is done, and moves nothing.
    CatchUpStale,
    /// A catch-up brings what scans find; single reads stay behind.
    CatchUpStaleGets,
    /// A catch-up says that it is done, and brings some families only.
    CatchUpMissesFamilies,
    /// A catch-up brings what is newest, and not what lies between.
    CatchUpSkips,
    /// This catch-up and all later ones of the instance move nothing.
    CatchUpStuck,
    /// A catch-up fails, and asks to be tried again.
    CatchUpTriesAgain,
    /// A catch-up and the next one fail.
    CatchUpFails,
    /// A catch-up fails, and so do all later ones of the instance.
    CatchUpBreaks,
    /// A secondary does not open: a file that it was about to read is gone.
    OpenMissesFile,
    /// A secondary opens, and takes long for it.
    OpenTakesLong,
    /// A primary does not open.
    PrimaryRefused,
    /// A settling fails and writes nothing.
    SettleFails,
    /// A settling fails after some families were written.
    SettleUneven,
    /// A settling fails, and so do all later ones of the instance.
    SettleBreaks,
}

/// Which files it happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zone {
    /// Segment files.
    Segment,
    /// What groups committed.
    Commit,
    /// What the writer of a partition publishes, and the history of its epochs.
    Publication,
    /// Names: files that are opened, made, renamed, removed, and their directories.
    Directory,
    /// The calls of an index.
    Index,
}

/// One fault. It can be taken out of a plan, and nothing else in the plan moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The process that meets it, numbered as in a history.
    pub process: u32,
    /// What goes wrong.
    pub class: FaultClass,
    /// With which files.
    pub zone: Zone,
    /// With which of the calls that it could happen to, counted from 1.
    pub nth: u64,
    /// How long it lasts, or how far the clock jumps, in microseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub us: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the format's library calls it like this")]
const fn is_zero(us: &i64) -> bool {
    *us == 0
}

impl FaultClass {
    /// All of them, in the order above.
    pub const ALL: [Self; 26] = [
        Self::SyncKeepsPages,
        Self::SyncForgetsPages,
        Self::SyncDropsPages,
        Self::ReadFails,
        Self::WriteFails,
        Self::ShortWrite,
        Self::DiskFull,
        Self::OpenFails,
        Self::RenameFails,
        Self::RemoveFails,
        Self::Stall,
        Self::ClockStep,
        Self::CatchUpStale,
        Self::CatchUpStaleGets,
        Self::CatchUpMissesFamilies,
        Self::CatchUpSkips,
        Self::CatchUpStuck,
        Self::CatchUpTriesAgain,
        Self::CatchUpFails,
        Self::CatchUpBreaks,
        Self::OpenMissesFile,
        Self::OpenTakesLong,
        Self::PrimaryRefused,
        Self::SettleFails,
        Self::SettleUneven,
        Self::SettleBreaks,
    ];

    /// The name, as in plans and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SyncKeepsPages => "sync-keeps-pages",
            Self::SyncForgetsPages => "sync-forgets-pages",
            Self::SyncDropsPages => "sync-drops-pages",
            Self::ReadFails => "read-fails",
            Self::WriteFails => "write-fails",
            Self::ShortWrite => "short-write",
            Self::DiskFull => "disk-full",
            Self::OpenFails => "open-fails",
            Self::RenameFails => "rename-fails",
            Self::RemoveFails => "remove-fails",
            Self::Stall => "stall",
            Self::ClockStep => "clock-step",
            Self::CatchUpStale => "catch-up-stale",
            Self::CatchUpStaleGets => "catch-up-stale-gets",
            Self::CatchUpMissesFamilies => "catch-up-misses-families",
            Self::CatchUpSkips => "catch-up-skips",
            Self::CatchUpStuck => "catch-up-stuck",
            Self::CatchUpTriesAgain => "catch-up-tries-again",
            Self::CatchUpFails => "catch-up-fails",
            Self::CatchUpBreaks => "catch-up-breaks",
            Self::OpenMissesFile => "open-misses-file",
            Self::OpenTakesLong => "open-takes-long",
            Self::PrimaryRefused => "primary-refused",
            Self::SettleFails => "settle-fails",
            Self::SettleUneven => "settle-uneven",
            Self::SettleBreaks => "settle-breaks",
        }
    }

    /// Where it happens. Which zones are left out, and why, stands in `sim/README.md`.
    pub const fn zones(self) -> &'static [Zone] {
        match self {
            Self::SyncKeepsPages => {
                &[Zone::Segment, Zone::Commit, Zone::Publication, Zone::Directory]
            }
            Self::SyncForgetsPages
            | Self::ReadFails
            | Self::WriteFails
            | Self::ShortWrite
            | Self::DiskFull
            | Self::Stall => &[Zone::Segment, Zone::Commit, Zone::Publication],
            Self::SyncDropsPages | Self::ClockStep => &[Zone::Segment],
            Self::OpenFails | Self::RenameFails | Self::RemoveFails => &[Zone::Directory],
            Self::CatchUpStale
            | Self::CatchUpStaleGets
            | Self::CatchUpMissesFamilies
            | Self::CatchUpSkips
            | Self::CatchUpStuck
            | Self::CatchUpTriesAgain
            | Self::CatchUpFails
            | Self::CatchUpBreaks
            | Self::OpenMissesFile
            | Self::OpenTakesLong
            | Self::PrimaryRefused
            | Self::SettleFails
            | Self::SettleUneven
            | Self::SettleBreaks => &[Zone::Index],
        }
    }

    /// Lengths of which one is drawn, in microseconds; none where it has no length.
    const fn lengths_us(self) -> &'static [i64] {
        match self {
            Self::DiskFull => &[1_000, 20_000, 100_000],
            Self::Stall => &[20_000, 1_000_000, 20_000_000],
            Self::ClockStep => &[-86_400_000_000, -1_000_000, 50_000, 3_600_000_000],
            _ => &[],
        }
    }

    /// Whether what was flushed and not synced may be gone after it.
    pub const fn takes_back(self) -> bool {
        matches!(self, Self::SyncDropsPages)
    }
}

impl Zone {
    /// All of them, in the order above.
    pub const ALL: [Self; 5] =
        [Self::Segment, Self::Commit, Self::Publication, Self::Directory, Self::Index];

    /// The name, as in plans and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Commit => "commit",
            Self::Publication => "publication",
            Self::Directory => "directory",
            Self::Index => "index",
        }
    }
}

impl Fault {
    /// What every [`Fault::tag`] begins with.
    pub(crate) const TAG: &'static str = "(fault #";

    /// What names the fault of this number in the words of an error.
    pub fn tag(number: u32) -> String {
        format!("{}{number})", Self::TAG)
    }

    /// Whether there can be such a fault.
    pub fn is_possible(&self) -> bool {
        self.nth > 0 && self.class.zones().contains(&self.zone)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, zone) = (self.class.name(), self.zone.name());
        write!(f, "meets {class} ({zone}), time {}", self.nth)?;
        if self.us == 0 { Ok(()) } else { write!(f, ", {} us", self.us) }
    }
}

/// One plan in so many has no fault but deaths.
const WITHOUT_OF: u64 = 4;

/// One plan in so many of those that have faults and power losses has both where it hurts.
const FORGETS_OF: u64 = 3;

/// Draws the faults of a plan. Whole classes are off in most plans.
pub(super) fn faults(seed: u64, shape: &Shape, kills: &[KillAt]) -> Vec<Fault> {
    let mut stream = Stream::new(seed, salt::DISK);
    if !shape.swarm || !shape.faults || stream.chance(1, WITHOUT_OF) {
        return Vec::new();
    }
    let on_of = *stream.pick(&[1, 2, 4, 8]);
    let mut on: Vec<FaultClass> = Vec::new();
    let of_disk = || FaultClass::ALL.into_iter().filter(|class| !class.is_of_index());
    for class in of_disk() {
        // One number a class, whichever are on.
        let is_on = stream.below(8) < on_of;
        on.extend(is_on.then_some(class));
    }
    if on.is_empty() {
        let of_disk: Vec<FaultClass> = of_disk().collect();
        on.push(*stream.pick(&of_disk));
    }
    let reach = *stream.pick(&[2, 8, 40]);
    let count = 1 + stream.below(6);
    let process_count = kills.len().max(1) as u64;
    let loses_power = kills.iter().any(|kill| kill.power);
    let mut fault = || {
        let class = *stream.pick(&on);
        let mut zone = *stream.pick(class.zones());
        if loses_power && (class, zone) == (FaultClass::ShortWrite, Zone::Commit) {
            zone = Zone::Segment;
        }
        let process = u32::try_from(stream.below(process_count)).unwrap_or(0);
        let nth = 1 + stream.below(reach);
        let lengths_us = class.lengths_us();
        let us = if lengths_us.is_empty() { 0 } else { *stream.pick(lengths_us) };
        Fault { process, class, zone, nth, us }
    };
    let mut faults: Vec<Fault> = (0..count).map(|_| fault()).collect();
    faults.extend(forgotten(&mut stream, kills));
    faults
}

/// In some plans, before the power goes with a process, syncs of its segments fail and forget what
/// they were to force: whoever believes in what came later loses it then.
fn forgotten(stream: &mut Stream, kills: &[KillAt]) -> Vec<Fault> {
    if !stream.chance(1, FORGETS_OF) {
        return Vec::new();
    }
    let (class, zone, us) = (FaultClass::SyncForgetsPages, Zone::Segment, 0);
    let losing = (0..).zip(kills).filter(|(_, kill)| kill.power);
    losing
        .map(|(process, _)| Fault { process, class, zone, nth: 1 + stream.below(4), us })
        .collect()
}

#[cfg(test)]
mod tests;
