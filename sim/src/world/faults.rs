//! What goes wrong with the calls of a process, as it was planned.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{Harm, NodeId, SyncFailure};
use super::index_fault::Notice;
use super::process::ProcessId;
use super::state::State;
use super::trace::Kind;
use crate::plan::{Fault, FaultClass, Zone};

/// What became of a fault of the disk.
#[derive(Clone, Debug)]
pub struct DiskNotice<'a> {
    /// Its number in its plan.
    pub number: u32,
    /// Whether it happened, or somebody met what it did.
    pub notice: Notice,
    /// The file.
    pub path: &'a Path,
    /// The clock.
    pub now_us: u64,
    /// The bytes of the file that it damaged; none where it damages none.
    pub damaged: Range<u64>,
    /// Until when it lasts.
    pub until_us: u64,
}

/// Told what became of a fault. Must not call the world.
pub type OnFault = Arc<dyn Fn(DiskNotice<'_>) + Send + Sync>;

/// A kind of call that something can go wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// A file, or the names in a directory, are forced to disk.
    Sync,
    /// A file is read.
    Read,
    /// A file is written.
    Write,
    /// A file is opened, or made.
    Open,
    /// A file is renamed.
    Rename,
    /// A file is removed.
    Remove,
    /// A file is read, written or forced, and that takes a while.
    Take,
    /// A file is written, at some time of the clock.
    Date,
    /// An index is called.
    Index,
}

/// What a call is about: for faults, a zone.
#[derive(Clone, Copy)]
pub(super) enum About<'a> {
    /// The bytes of a file.
    Bytes(&'a Path),
    /// A name, or the names in a directory.
    Names(&'a Path),
}

/// The faults of a process that are still to come.
#[derive(Default)]
pub(super) struct Faults {
    planned: Vec<Planned>,
    told: Option<OnFault>,
    /// Until when the disk is full, and which fault that is.
    full: Option<(u64, Met)>,
}

/// More than a segment takes that nothing was appended to.
const HEADER_BYTES: u64 = 128;

struct Planned {
    number: u32,
    fault: Fault,
    /// How many calls passed that it could have happened to.
    passed: u64,
}

/// A fault that happens to a call now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    pub(super) number: u32,
    pub(super) fault: Fault,
}

impl Faults {
    /// Adds those of a process, each with its number.
    pub(super) fn plan(&mut self, faults: impl Iterator<Item = (u32, Fault)>, told: OnFault) {
        let planned = faults.map(|(number, fault)| Planned { number, fault, passed: 0 });
        self.planned.extend(planned);
        self.told = Some(told);
    }

    /// Nothing goes wrong any more.
    pub(super) fn spare(&mut self) {
        self.planned.clear();
        self.full = None;
    }

    /// Counts a call; what goes wrong with it.
    fn meets(&mut self, doing: Doing, zone: Zone) -> Option<Met> {
        let mut met = None;
        for planned in &mut self.planned {
            let Planned { number, fault, passed } = planned;
            if Doing::of(fault.class) != doing || fault.zone != zone {
                continue;
            }
            *passed += 1;
            if *passed == fault.nth {
                met.get_or_insert(Met { number: *number, fault: *fault });
            }
        }
        met
    }
}

impl Doing {
    /// What a fault goes wrong with.
    fn of(class: FaultClass) -> Self {
        match class {
            FaultClass::SyncKeepsPages
            | FaultClass::SyncForgetsPages
            | FaultClass::SyncDropsPages => Self::Sync,
            FaultClass::ReadFails => Self::Read,
            FaultClass::WriteFails
            | FaultClass::ShortWrite
            | FaultClass::DiskFull
            | FaultClass::BitRot
            | FaultClass::MisdirectedWrite => Self::Write,
            FaultClass::OpenFails => Self::Open,
            FaultClass::RenameFails => Self::Rename,
            FaultClass::RemoveFails => Self::Remove,
            FaultClass::Stall => Self::Take,
            FaultClass::ClockStep => Self::Date,
            // An index counts its calls itself.
            _ => Self::Index,
        }
    }
}

impl Met {
    /// What the caller is told. Whoever hands it on names the fault by that.
    pub(super) fn error(&self) -> io::Error {
        let (class, tag) = (self.fault.class, Fault::tag(self.number));
        let kind = match class {
            FaultClass::DiskFull => io::ErrorKind::StorageFull,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, format!("the disk failed: {} {tag}", class.name()))
    }

    /// What it does to a file, where it damages one without a word.
    pub(super) fn harm(&self, now_us: u64) -> Option<Harm> {
        let until_us = now_us.saturating_add(self.stall_us());
        let Self { number, fault } = *self;
        fault.class.is_damage().then_some(Harm { number, pick: fault.pick(), until_us })
    }

    /// How a sync fails.
    pub(super) fn sync_failure(&self) -> SyncFailure {
        match self.fault.class {
            FaultClass::SyncForgetsPages => SyncFailure::ForgetsPages,
            FaultClass::SyncDropsPages => SyncFailure::DropsPages,
            _ => SyncFailure::KeepsPages,
        }
    }

    /// How much longer the call takes.
    pub(super) fn stall_us(&self) -> u64 {
        u64::try_from(self.fault.us).unwrap_or(0)
    }

    /// How many of its bytes a write that fails writes.
    pub(super) fn part(&self, length: usize) -> usize {
        match self.fault.class {
            FaultClass::ShortWrite => {
                let eighths = usize::try_from(1 + self.fault.nth % 7).unwrap_or(1);
                length * eighths / 8
            }
            _ => 0,
        }
    }
}

impl State {
    /// Counts a call of a process; what goes wrong with it.
    pub(super) fn meets(
        &mut self,
        process: ProcessId,
        doing: Doing,
        about: About<'_>,
    ) -> Option<Met> {
        let faults = &mut self.processes[process].faults;
        let (zone, path) = match about {
            About::Bytes(path) => (zone_of(path)?, path),
            About::Names(path) => (Zone::Directory, path),
        };
        let met = faults.meets(doing, zone)?;
        if met.fault.class == FaultClass::DiskFull {
            faults.full = Some((self.now_us.saturating_add(met.stall_us()), met));
        }
        let told = faults.told.clone();
        let fields = [("process", process as u64), ("number", met.number.into())];
        self.add(Kind::Note, met.fault.class.name(), Some(path), &fields);
        // Where a file is damaged, it is not known yet which bytes.
        if let Some(told) = told.filter(|_| !met.fault.class.is_damage()) {
            told(self.notice(met.number, Notice::Happened, path));
        }
        Some(met)
    }

    fn notice<'a>(&self, number: u32, notice: Notice, path: &'a Path) -> DiskNotice<'a> {
        let now_us = self.now_us;
        DiskNotice { number, notice, path, now_us, damaged: 0..0, until_us: now_us }
    }

    fn tell_damage(&self, process: ProcessId, harm: &Harm, path: &Path, damaged: Range<u64>) {
        let Some(told) = self.processes[process].faults.told.clone() else { return };
        let notice = self.notice(harm.number, Notice::Happened, path);
        told(DiskNotice { damaged, until_us: harm.until_us, ..notice });
    }

    /// Reads for a process; tells of damage that it meets.
    pub(super) fn read(
        &self,
        process: ProcessId,
        (path, node): (&Path, NodeId),
        place: (u64, usize),
    ) -> Vec<u8> {
        let (bytes, met) = self.disk.read(node, place, self.now_us);
        if let Some(told) = &self.processes[process].faults.told {
            met.into_iter().for_each(|number| {
                told(self.notice(number, Notice::Met, path));
            });
        }
        bytes
    }

    /// Writes for a process what a fault damages: the bytes rot, or land elsewhere.
    pub(super) fn write_damaged(
        &mut self,
        process: ProcessId,
        (path, node): (&Path, NodeId),
        (offset, bytes): (u64, &[u8]),
        met: &Met,
        harm: &Harm,
    ) -> io::Result<()> {
        if met.fault.class == FaultClass::BitRot {
            self.disk.write(node, offset, bytes)?;
            if let Some(rotten) = self.disk.rot(node, harm) {
                self.tell_damage(process, harm, path, rotten);
            }
            return Ok(());
        }
        let of_directory = path.parent().unwrap_or(path);
        let is_other = |other: &Path| other != path && zone_of(other) == Some(Zone::Segment);
        let others = self.disk.files(of_directory, is_other);
        let other = others.last().filter(|_| harm.pick.is_multiple_of(2));
        let landed = self.disk.misdirect((node, offset), bytes, other.map(|one| one.1), harm)?;
        self.tell_damage(process, harm, path, offset..offset + bytes.len() as u64);
        if let Some(landed) = landed {
            self.tell_damage(process, harm, other.map_or(path, |one| &one.0), landed);
        }
        Ok(())
    }

    /// Has a file of a zone rot while nobody runs; which, and where.
    pub(super) fn rot_at_rest(&mut self, zone: Zone, harm: &Harm) -> Option<(PathBuf, Range<u64>)> {
        let files = self.disk.files(Path::new("/"), |path| zone_of(path) == Some(zone));
        // Of the segments of a partition the newest that holds anything.
        let mut picked: Vec<&(PathBuf, NodeId)> = Vec::new();
        for file in &files {
            let holds = zone != Zone::Segment || self.disk.len(file.1) > HEADER_BYTES;
            let above = picked.last().and_then(|last| last.0.parent());
            if holds && zone == Zone::Segment && above == file.0.parent() {
                picked.pop();
            }
            picked.extend(holds.then_some(file));
        }
        let at = usize::try_from(harm.pick % picked.len().max(1) as u64).unwrap_or(0);
        let (path, node) = *picked.get(at)?;
        let (path, node) = (path.clone(), *node);
        self.disk.rot(node, harm).map(|rotten| (path, rotten))
    }

    /// What goes wrong with a write of a process.
    pub(super) fn meets_write(&mut self, process: ProcessId, path: &Path) -> Option<Met> {
        if let Some(met) = self.meets(process, Doing::Date, About::Bytes(path)) {
            self.wall_offset_us = self.wall_offset_us.saturating_add(met.fault.us);
        }
        let met = self.meets(process, Doing::Write, About::Bytes(path));
        met.or_else(|| self.full(process))
    }

    /// What makes the disk full for a process now.
    pub(super) fn full(&mut self, process: ProcessId) -> Option<Met> {
        let (until_us, met) = self.processes[process].faults.full?;
        (self.now_us < until_us).then_some(met)
    }
}

/// What a file is, by its name.
fn zone_of(path: &Path) -> Option<Zone> {
    let name = path.file_name()?.to_str()?;
    match name.rsplit('.').next() {
        Some("seg") => Some(Zone::Segment),
        Some("commit") => Some(Zone::Commit),
        _ => matches!(name, "MARK" | "EPOCHS").then_some(Zone::Publication),
    }
}
