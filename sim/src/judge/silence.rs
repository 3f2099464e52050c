//! I2: after a silence in which nothing is broken, everything acknowledged is visible to every
//! open session, and no secondary takes more than two catch-ups for it.

use std::collections::BTreeMap;

use crate::history::{Call, Event, Reply, Report};

use super::invariant::Invariant;
use super::sessions::reads;
use super::verdict::Judgement;
use super::view::{View, is_not_found};

/// A catch-up may miss what was settled before it; the one after it brings that.
const CATCH_UPS_MAX: u32 = 2;

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::AfterSilence);
    for (index, event) in view.events.iter().enumerate() {
        let (Call::Silence, Some(returned)) = (&event.call, event.returned) else { continue };
        judgement.count("silences", 1);
        let after = After { view, silence: index, process: event.process, returned };
        after.by_lookup(&mut judgement);
        after.by_next(&mut judgement);
    }
    judgement
}

/// What a process did after a silence.
struct After<'a> {
    view: &'a View<'a>,
    silence: usize,
    process: u32,
    returned: u64,
}

impl After<'_> {
    fn has(&self, event: &Event) -> bool {
        event.process == self.process && event.invoked > self.returned && event.returned.is_some()
    }

    /// The end of what was visible in a partition when the silence began; 0 where retention may
    /// have taken all of it.
    fn needed(&self, lane: u32) -> u64 {
        let lane = &self.view.lanes[lane as usize];
        let needed = lane.visible_before(self.view.events[self.silence].invoked);
        if needed > lane.trimmed.before(u64::MAX) { needed } else { 0 }
    }

    fn by_lookup(&self, judgement: &mut Judgement) {
        for (index, event) in self.view.events.iter().enumerate().skip(self.silence) {
            if !self.has(event) {
                continue;
            }
            let needed = self.needed(event.lane);
            match (&event.call, event.reply()) {
                (_, Some(Reply::Found(found, report))) if needed > 0 => {
                    // It held less than was settled, else it would not have been caught up.
                    judgement.check(report.catch_ups > 0 || report.reopened);
                    judgement.count("lookups", 1);
                    self.check_report(judgement, index, needed, report);
                    if found.is_empty() {
                        self.check_place(judgement, index, needed);
                    }
                }
                (Call::LookupPosition { .. }, _) if is_not_found(event) => {
                    judgement.check(true);
                    self.check_place(judgement, index, needed);
                }
                _ => {}
            }
        }
    }

    fn check_report(&self, judgement: &mut Judgement, index: usize, needed: u64, report: &Report) {
        if report.catch_ups > CATCH_UPS_MAX {
            let words = format!(
                "nothing was broken, nothing had happened for a while, and this lookup took {} \
                 catch-ups.{}",
                report.catch_ups,
                self.view.quote(&[self.silence, index])
            );
            judgement.violated("many-catch-ups", &[self.silence, index], words);
        }
        if report.visible < needed {
            self.unseen(judgement, index, needed - 1);
        }
    }

    /// A lookup by position that found nothing.
    fn check_place(&self, judgement: &mut Judgement, index: usize, needed: u64) {
        let event = &self.view.events[index];
        let Call::LookupPosition { sequence: Some(sequence), .. } = event.call else { return };
        let trimmed = self.view.lanes[event.lane as usize].trimmed.before(u64::MAX);
        if (trimmed..needed).contains(&sequence) {
            self.unseen(judgement, index, sequence);
        }
    }

    fn by_next(&self, judgement: &mut Judgement) {
        // Where each session stood at last, and the read that says so.
        let mut ends: BTreeMap<(u32, u32), (u64, usize)> = BTreeMap::new();
        reads(self.view.events, |index, event, before| {
            let (true, Some(Reply::Messages(runs))) = (self.has(event), event.reply()) else {
                return;
            };
            let needed = self.needed(event.lane);
            let at = (event.session, event.lane);
            if needed > 0 && !ends.contains_key(&at) {
                judgement.check(before.cursor.is_none_or(|cursor| cursor < needed));
                let name = if before.last.is_some() { "sessions open before" } else { "others" };
                judgement.count(name, 1);
            }
            if before.is_unplaced(runs) {
                return;
            }
            let end = runs.last().map(|run| run.end()).or(before.cursor).unwrap_or(0);
            ends.insert(at, (end, index));
        });
        for ((_, lane), (end, index)) in ends {
            if end < self.needed(lane) {
                self.unseen(judgement, index, end);
            }
        }
    }

    fn unseen(&self, judgement: &mut Judgement, index: usize, sequence: u64) {
        let words = format!(
            "sequence {sequence} was visible before the silence, and is not after it.{}",
            self.view.quote(&[self.silence, index])
        );
        judgement.violated("unseen-after-silence", &[self.silence, index], words);
    }
}
