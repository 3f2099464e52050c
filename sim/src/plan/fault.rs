//! What goes wrong with the disk in a simulated plan.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::crashes::lose_commits;
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
    /// A bit of a file flips where it was written a moment ago.
    BitRot,
    /// A bit of a file flips while no process runs, behind a death.
    RotAtRest,
    /// A write lands elsewhere, in the same file or in another one.
    MisdirectedWrite,
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
    /// A block of an index cannot be read any more.
    IndexRots,
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
    pub const ALL: [Self; 30] = [
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
        Self::BitRot,
        Self::RotAtRest,
        Self::MisdirectedWrite,
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
        Self::IndexRots,
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
            Self::BitRot => "bit-rot",
            Self::RotAtRest => "rot-at-rest",
            Self::MisdirectedWrite => "misdirected-write",
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
            Self::IndexRots => "index-rots",
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
            | Self::BitRot
            | Self::RotAtRest
            | Self::Stall => &[Zone::Segment, Zone::Commit, Zone::Publication],
            Self::SyncDropsPages | Self::ClockStep | Self::MisdirectedWrite => &[Zone::Segment],
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
            | Self::SettleBreaks
            | Self::IndexRots => &[Zone::Index],
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

    /// Whether bytes of a file are not what was written from then on, until somebody repairs them.
    pub const fn is_damage(self) -> bool {
        matches!(self, Self::BitRot | Self::RotAtRest | Self::MisdirectedWrite)
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

    /// A number that decides where it happens, where calls do not.
    pub const fn pick(&self) -> u64 {
        self.nth + 1_000 * self.process as u64
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
const FORGETS_OF: u64 = 2;

/// How many syncs of such a process forget.
const FORGOTTEN_COUNT: u64 = 5;

/// In how many thirds of the plans that have faults files are damaged.
const DAMAGED_IN_3: u64 = 2;

/// How long damage lasts, in microseconds: a user who is told has the file repaired.
const DAMAGE_US: [i64; 2] = [20_000, 100_000];

/// Draws the faults of a plan. Whole classes are off in most plans.
pub(super) fn faults(seed: u64, shape: &Shape, kills: &[KillAt]) -> Vec<Fault> {
    let mut stream = Stream::new(seed, salt::DISK);
    if !shape.swarm || !shape.faults || stream.chance(1, WITHOUT_OF) {
        return Vec::new();
    }
    let on_of = *stream.pick(&[1, 2, 4, 8]);
    let mut on: Vec<FaultClass> = Vec::new();
    let is_drawn = |class: &FaultClass| !class.is_of_index() && !class.is_damage();
    let of_disk = || FaultClass::ALL.into_iter().filter(is_drawn);
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
    let mut fault = || {
        let class = *stream.pick(&on);
        let zone = *stream.pick(class.zones());
        let process = u32::try_from(stream.below(process_count)).unwrap_or(0);
        let nth = 1 + stream.below(reach);
        let lengths_us = class.lengths_us();
        let us = if lengths_us.is_empty() { 0 } else { *stream.pick(lengths_us) };
        Fault { process, class, zone, nth, us }
    };
    let mut faults: Vec<Fault> = (0..count).map(|_| fault()).collect();
    faults.extend(forgotten(&mut stream, kills));
    faults.extend(damaged(&mut stream, kills));
    faults
}

/// In some plans files are damaged: once while a process runs, or behind each death. What one
/// damage took might be what proves another, so there are not several at a time.
fn damaged(stream: &mut Stream, kills: &[KillAt]) -> Vec<Fault> {
    let loses_commits = lose_commits(kills);
    if !stream.chance(DAMAGED_IN_3, 3) && !loses_commits {
        return Vec::new();
    }
    let process_count = kills.len() as u64;
    let class = match stream.below(6) {
        0 if !loses_commits => FaultClass::BitRot,
        1 if !loses_commits => FaultClass::MisdirectedWrite,
        _ if kills.is_empty() => FaultClass::BitRot,
        _ => FaultClass::RotAtRest,
    };
    let only = stream.below(process_count.max(1));
    let processes = if class == FaultClass::RotAtRest { 0..process_count } else { only..only + 1 };
    let damage = |process| {
        // Of the segments more can be lost than of the others.
        let is_segment = stream.chance(3, 4) || loses_commits;
        let zone = if is_segment { Zone::Segment } else { *stream.pick(class.zones()) };
        let (nth, us) = (1 + stream.below(40), *stream.pick(&DAMAGE_US));
        Fault { process: u32::try_from(process).unwrap_or(0), class, zone, nth, us }
    };
    processes.map(damage).collect()
}

/// In some plans, before the power goes with a process, every second or third sync of its segments
/// fails and forgets what it was to force: whoever believes in what came later loses it then. Each
/// is one of several, since a later sync of the same page makes good what one forgot.
fn forgotten(stream: &mut Stream, kills: &[KillAt]) -> Vec<Fault> {
    if !stream.chance(1, FORGETS_OF) {
        return Vec::new();
    }
    let (class, zone, us) = (FaultClass::SyncForgetsPages, Zone::Segment, 0);
    let losing = (0..).zip(kills).filter(|(_, kill)| kill.power);
    let mut faults = Vec::new();
    for (process, _) in losing {
        let (first, step) = (1 + stream.below(4), 2 + stream.below(2));
        let nths = (0..FORGOTTEN_COUNT).map(|nth| first + nth * step);
        faults.extend(nths.map(|nth| Fault { process, class, zone, nth, us }));
    }
    faults
}

#[cfg(test)]
mod tests;
