//! The plans of known findings, as small as they were found.

use super::super::key::Key;
use super::super::operation::{Effect, Families, Hold, Operation, ReadKind, Role, Write};
use super::super::plan::{FORMAT, ProbePlan, Race};
use super::super::settings::Settings;

const ALL: Families = Families(1);

fn plan(settings: Settings, race: Option<Race>, operations: Vec<Operation>) -> ProbePlan {
    ProbePlan { format: FORMAT, seed: 0, settings, race, operations }
}

pub(super) fn steps(operations: Vec<Operation>) -> ProbePlan {
    plan(Settings::default(), None, operations)
}

pub(super) fn write(key: u32, effect: Effect) -> Operation {
    Operation::Write { writes: vec![Write { family: 0, key: Key(key), effect }], wal: true }
}

pub(super) const OPEN: Operation =
    Operation::OpenReader { reader: 0, role: Role::Secondary, families: ALL };
pub(super) const CATCH_UP: Operation = Operation::CatchUp { reader: 0 };
const DROP: Operation = Operation::Drop { family: 0 };
const FLUSH: Operation = Operation::Flush { families: ALL };
const GET: Operation = Operation::Read { reader: Some(0), family: 0, kind: ReadKind::Get };
const SCAN: Operation = Operation::Read { reader: Some(0), family: 0, kind: ReadKind::Forward };

pub(super) fn stale_read() -> ProbePlan {
    let put = || write(0, Effect::Put);
    steps(vec![put(), OPEN, put(), FLUSH, CATCH_UP, GET])
}

pub(super) fn merge_twice() -> ProbePlan {
    steps(vec![write(0, Effect::Merge), OPEN, FLUSH, CATCH_UP, GET])
}

pub(super) fn range_delete() -> ProbePlan {
    let delete = write(0, Effect::DeleteRange(2));
    steps(vec![write(0, Effect::Put), OPEN, delete, FLUSH, CATCH_UP, SCAN])
}

pub(super) fn stale_scan() -> ProbePlan {
    // Two files, since one alone would be moved as it is, and two keys, since the last one in a
    // file keeps its number.
    let put = |key| Write { family: 0, key: Key(key), effect: Effect::Put };
    let put = || Operation::Write { writes: vec![put(0), put(1)], wal: true };
    let merge = Operation::Compact { family: 0 };
    steps(vec![put(), OPEN, FLUSH, put(), merge, CATCH_UP, SCAN])
}

pub(super) fn late_family() -> ProbePlan {
    let writes = vec![Write { family: 1, key: Key(0), effect: Effect::Put }];
    let put = Operation::Write { writes, wal: true };
    let flush = Operation::Flush { families: Families(2) };
    steps(vec![OPEN, Operation::Create { family: 1 }, put, flush, CATCH_UP])
}

pub(super) fn snapshot_ignored() -> ProbePlan {
    let hold = Operation::Hold { reader: 0, hold: Hold::Snapshot, span: 2 };
    steps(vec![OPEN, hold, write(0, Effect::Put), CATCH_UP])
}

pub(super) fn missed_log() -> ProbePlan {
    let settings =
        Settings { write_buffer_bytes: 64 << 10, filler_bytes: 100, ..Settings::default() };
    let race = Race { readers: 1, catch_ups: 500, inserts: true, flush_every: 0 };
    plan(settings, Some(race), vec![write(0, Effect::Put)])
}

pub(super) fn backward_scan() -> ProbePlan {
    let read = Operation::Read { reader: Some(0), family: 0, kind: ReadKind::Backward };
    let delete = write(0, Effect::DeleteRange(1));
    // A merge of files, where a flush alone does not do it.
    steps(vec![OPEN, delete, CATCH_UP, Operation::Compact { family: 0 }, CATCH_UP, read])
}

pub(super) fn unordered_write() -> ProbePlan {
    let settings =
        Settings { manual_wal_flush: true, unordered_write: true, ..Settings::default() };
    plan(settings, None, vec![write(0, Effect::Put)])
}

pub(super) fn recycled_log() -> ProbePlan {
    let settings = Settings { recycle_wal_count: 4, ..Settings::default() };
    let put = || write(0, Effect::Put);
    plan(settings, None, vec![OPEN, put(), FLUSH, put(), FLUSH, CATCH_UP])
}

pub(super) fn few_open_files() -> ProbePlan {
    let settings = Settings { open_files_max: 16, ..Settings::default() };
    let file = || Operation::Ingest { family: 0, keys: vec![Key(0)] };
    let open = Operation::OpenReader { reader: 0, role: Role::Frozen, families: ALL };
    let merge = Operation::Compact { family: 0 };
    plan(settings, None, vec![file(), file(), file(), open, merge, SCAN])
}

pub(super) fn dropped_family() -> ProbePlan {
    let put = |key| write(key, Effect::Put);
    // Two memtables: the newer one stays.
    steps(vec![put(0), Operation::SwitchWal, put(1), OPEN, FLUSH, DROP, CATCH_UP, GET])
}

pub(super) fn recreated_family() -> ProbePlan {
    steps(vec![DROP, Operation::Create { family: 0 }, OPEN, CATCH_UP])
}

pub(super) fn reused_numbers() -> ProbePlan {
    // The first opening still finds the number in the log.
    let reopen = || [Operation::Close, Operation::Open];
    let first = [write(0, Effect::Put), OPEN, DROP];
    steps(first.into_iter().chain(reopen()).chain(reopen()).chain([CATCH_UP]).collect())
}
