//! Messages by their timestamps, and what a range of time must hold.

use std::collections::BTreeSet;

use crate::history::{Call, Event, Found, Reply, Report};
use crate::plan::Ack;

use super::view::View;

/// A range of time that was looked up.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub from_us: i64,
    pub to_us: i64,
    pub limit: u32,
}

/// A message by time. Where its append was not acknowledged, it may be there.
pub(super) struct Stamped {
    pub timestamp_us: i64,
    pub sequence: u64,
    producer: u32,
    counter: u64,
    /// When its append was acknowledged as visible; `u64::MAX` where it never was.
    acknowledged: u64,
}

impl Stamped {
    /// Whether it is certainly there to the end.
    fn is_kept(&self, view: &View<'_>, lane: u32) -> bool {
        view.kept(lane, self.sequence) == Some((self.producer, self.counter))
    }
}

/// The messages of each partition in order of timestamp and sequence.
pub(super) struct Times {
    lanes: Vec<Vec<Stamped>>,
}

impl Times {
    pub(super) fn new(view: &View<'_>) -> Self {
        let is_asked =
            |event: &&Event| matches!(event.call, Call::LookupTime { .. } | Call::SeekTime { .. });
        let wanted: BTreeSet<u32> =
            view.events.iter().filter(is_asked).map(|event| event.lane).collect();
        let lanes = (0..view.header.lane_count)
            .map(|lane| if wanted.contains(&lane) { Self::lane(view, lane) } else { Vec::new() })
            .collect();
        Self { lanes }
    }

    fn lane(view: &View<'_>, lane: u32) -> Vec<Stamped> {
        let mut stamped = Vec::new();
        for index in &view.lanes[lane as usize].appends {
            let event = &view.events[*index];
            let (Call::Append { first, count, ack }, Some(Reply::Appended { sequence, .. })) =
                (&event.call, event.reply())
            else {
                continue;
            };
            let acknowledged = match event.returned {
                Some(returned) if *ack > Ack::Buffered => returned,
                _ => u64::MAX,
            };
            for nth in 0..u64::from(*count) {
                let (producer, counter) = (event.actor, first + nth);
                let timestamp_us = view.expected(lane, producer, counter).timestamp_us;
                let sequence = sequence + nth;
                stamped.push(Stamped { timestamp_us, sequence, producer, counter, acknowledged });
            }
        }
        stamped.sort_unstable_by_key(|one| (one.timestamp_us, one.sequence));
        stamped
    }

    /// Whether an answer is ordered, within its range and misses nothing that it had to hold.
    pub(super) fn compare(
        &self,
        view: &View<'_>,
        event: &Event,
        asked: Asked,
        (found, report): (&[Found], &Report),
    ) -> Result<(), String> {
        let key = |one: &Found| (one.timestamp_us, one.sequence);
        if found.windows(2).any(|pair| key(&pair[0]) >= key(&pair[1])) {
            return Err("the answer is not in order of time and sequence".to_owned());
        }
        let range = asked.from_us..asked.to_us;
        if let Some(one) = found.iter().find(|one| !range.contains(&one.timestamp_us)) {
            return Err(format!("sequence {} lies outside the range", one.sequence));
        }
        if found.len() as u64 > u64::from(asked.limit) {
            return Err(format!("{} are more than asked for", found.len()));
        }
        let full = found.len() as u64 == u64::from(asked.limit);
        let until = match found.last() {
            Some(last) if full => key(last),
            _ if full => return Ok(()),
            _ => (asked.to_us, 0),
        };
        let answered: BTreeSet<u64> = found.iter().map(|one| one.sequence).collect();
        let all = &self.lanes[event.lane as usize];
        let first = all.partition_point(|one| one.timestamp_us < asked.from_us);
        let missed = all[first..]
            .iter()
            .take_while(|one| (one.timestamp_us, one.sequence) < until)
            .find(|one| {
                (one.acknowledged < event.invoked || one.sequence < report.visible)
                    && one.is_kept(view, event.lane)
                    && !answered.contains(&one.sequence)
            });
        match missed {
            Some(one) => Err(format!(
                "sequence {} with time {} lies in the range, was visible before, and is missing",
                one.sequence, one.timestamp_us
            )),
            None => Ok(()),
        }
    }

    /// The messages that were certainly visible before this call, and are kept to the end, in
    /// order of timestamp and sequence.
    pub(super) fn visible_before<'a>(
        &'a self,
        view: &'a View<'_>,
        event: &'a Event,
    ) -> impl Iterator<Item = &'a Stamped> {
        let all = self.lanes[event.lane as usize].iter();
        all.filter(|one| one.acknowledged < event.invoked && one.is_kept(view, event.lane))
    }
}
