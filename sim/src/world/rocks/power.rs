//! What a power loss leaves of a database.
//!
//! RocksDB forces files in this order: tables, their directory, what it appends to the MANIFEST;
//! where it begins another MANIFEST, that one, then the renamed CURRENT. Only then does it remove
//! what is no longer needed, and forces no directory for that. So what returned is there, and of
//! a change under way a part is, in that order.
//!
//! A file system that makes a file longer before its bytes are there may leave zeros amid a record
//! of the MANIFEST. RocksDB takes that for corruption and refuses to open, so it is left out; file
//! systems with ordered data do not. Zeros behind the last whole record are borne.

use super::database::Moments;
use super::left::Left;
use super::stage::{Stage, is_manifest, is_table};
use crate::seed::Stream;
use crate::world::databases::IndexLoss;

/// One of the states that a power loss may leave; `moments` has one stage at least.
pub(super) fn left(moments: &Moments, stream: &mut Stream, loss: &mut IndexLoss) -> Left {
    let Moments { stages, floor, .. } = moments;
    let reached = floor + stream.below_index(stages.len() - floor);
    loss.database_count += 1;
    loss.in_flight_count += u64::from(stages.len() - floor > 1);
    let mut left = match stages.get(reached + 1) {
        None => Left::whole(&stages[reached]),
        Some(next) => between(&stages[reached], next, stream, loss),
    };
    for stage in &stages[..=reached] {
        for (name, bytes) in &stage.lengths_bytes {
            if !left.files.contains_key(name) && stream.chance(1, 2) {
                left.keep(name, *bytes, 0);
                loss.resurrected_count += 1;
            }
        }
    }
    left
}

/// A part of the change from `from` to `to`.
fn between(from: &Stage, to: &Stage, stream: &mut Stream, loss: &mut IndexLoss) -> Left {
    match (from.manifest(), to.manifest()) {
        (Some(before), Some(after)) if before == after => appended(from, to, before, stream, loss),
        _ => renamed(from, to, stream, loss),
    }
}

/// A part of a change that appends to the MANIFEST in force.
fn appended(
    from: &Stage,
    to: &Stage,
    manifest: &str,
    stream: &mut Stream,
    loss: &mut IndexLoss,
) -> Left {
    let (low, high) = (from.length_bytes(manifest), to.length_bytes(manifest));
    let kept = match stream.below(4) {
        0 => low,
        1 => high,
        _ => stream.range(low..high + 1),
    };
    if kept == high {
        return Left::whole(to);
    }
    let mut left = Left::whole(from);
    loss.cut_manifest_count += u64::from(kept > low);
    let is_longer = kept == low && stream.chance(1, 2);
    let zeros = if is_longer { stream.range(1..high - kept + 1) } else { 0 };
    loss.zeroed_tail_count += u64::from(zeros > 0);
    left.keep(manifest, kept, zeros);
    // Of the MANIFEST nothing is written before the new files are forced.
    add_files(&mut left, from, to, kept > low, stream, loss);
    left
}

/// A part of a change that begins another MANIFEST.
fn renamed(from: &Stage, to: &Stage, stream: &mut Stream, loss: &mut IndexLoss) -> Left {
    if stream.chance(1, 2) {
        return Left::whole(to);
    }
    let mut left = Left::whole(from);
    loss.unsynced_current_count += 1;
    let mut is_begun = false;
    for (name, bytes) in from.added(to).filter(|(name, _)| is_manifest(name)) {
        match stream.below(3) {
            0 => continue,
            1 => left.keep(name, bytes, 0),
            _ => left.keep(name, stream.below(bytes + 1), 0),
        }
        is_begun = true;
    }
    add_files(&mut left, from, to, is_begun, stream, loss);
    left
}

/// Adds the new files but MANIFESTs: all where they were forced, else any part of them.
fn add_files(
    left: &mut Left,
    from: &Stage,
    to: &Stage,
    are_forced: bool,
    stream: &mut Stream,
    loss: &mut IndexLoss,
) {
    for (name, bytes) in from.added(to).filter(|(name, _)| !is_manifest(name)) {
        let kept = match stream.below(4) {
            _ if are_forced => bytes,
            0 => continue,
            1 => bytes,
            2 => 0,
            _ => stream.below(bytes + 1),
        };
        left.keep(name, kept, 0);
        loss.orphan_count += u64::from(is_table(name));
        loss.short_file_count += u64::from(is_table(name) && kept < bytes);
    }
}
