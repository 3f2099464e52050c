//! Which frames of a damaged segment tell recovery what was synced: whole ones that were written
//! later. A frame says up to where the log was forced when it was written.

use duolog::record::FRAME_HEADER_BYTES;
use duolog::segment::parse_segment_file_name;

use crate::history::{Call, Damage, Event, Place, Reply};
use crate::plan::Ack;

use super::view::View;

/// When the latest of some appends began whose frame is whole and lies below `end`, the end of
/// what is synced, so that no power loss took it; 0 where there is none.
pub(super) fn latest_proof(view: &View<'_>, lane: u32, appends: &[usize], end: u64) -> u64 {
    let mut appends: Vec<(Place, &Event)> =
        appends.iter().filter_map(|index| placed(&view.events[*index], end)).collect();
    appends.sort_by_key(|append| append.0);
    let damages: Vec<(u64, &Damage)> =
        view.events.iter().filter(|event| event.lane == lane).filter_map(damaged).collect();
    let is_whole = |nth: &usize| {
        let segment = appends[*nth].0.0;
        let (from, to) = frame(&appends, *nth);
        let hits = |damage: &Damage| damage.bytes.start < to && from < damage.bytes.end;
        !damages.iter().any(|(other, damage)| *other == segment && hits(damage))
    };
    let whole = (0..appends.len()).filter(is_whole);
    whole.map(|nth| appends[nth].1.invoked).max().unwrap_or(0)
}

/// An append whose messages all lie below `end`, and where its first one lies.
fn placed(append: &Event, end: u64) -> Option<(Place, &Event)> {
    match (&append.call, append.reply()) {
        (Call::Append { count, .. }, Some(Reply::Appended { sequence, place, .. })) => {
            (sequence + u64::from(*count) <= end).then_some((*place, append))
        }
        _ => None,
    }
}

/// The segment that a fault damaged, and where.
fn damaged(fault: &Event) -> Option<(u64, &Damage)> {
    let Call::Fault { damage: Some(damage), .. } = &fault.call else { return None };
    let name = damage.file.rsplit('/').next()?;
    Some((parse_segment_file_name(name)?.0, damage))
}

/// Within what the frame of an append lies, of those in the order of the log: appends that wait at
/// the same time may share one, and how long a frame is nobody tells.
fn frame(appends: &[(Place, &Event)], nth: usize) -> (u64, u64) {
    let (place, append) = appends[nth];
    let before = appends[..nth].iter().rev().find(|(_, other)| !may_share(other, append));
    let after = appends[nth + 1..].iter().find(|(_, other)| !may_share(append, other));
    let same = |other: Option<&(Place, &Event)>| {
        other.filter(|(other, _)| other.0 == place.0).map(|(other, _)| other.1)
    };
    let header_bytes = FRAME_HEADER_BYTES as u64;
    (same(before).unwrap_or(0), same(after).map_or(u64::MAX, |at| at - header_bytes))
}

/// Whether two appends may be in one frame: the first one waited when the second began, or nobody
/// knows how long it did.
fn may_share(first: &Event, second: &Event) -> bool {
    let is_buffered = matches!(first.call, Call::Append { ack: Ack::Buffered, .. });
    is_buffered || first.returned.is_none_or(|returned| second.invoked < returned)
}
