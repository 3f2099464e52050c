//! I7: what was acknowledged as flushed survives a kill.

use std::collections::BTreeMap;

use crate::history::{Call, Event, Outcome, Reply, Run};
use crate::plan::Ack;

use super::invariant::Invariant;
use super::verdict::Judgement;
use super::view::View;

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::FlushedSurvives);
    let drained = Drained::new(view);
    let kills: Vec<usize> =
        (0..view.events.len()).filter(|index| view.events[*index].call == Call::Kill).collect();
    for (nth, kill) in kills.iter().enumerate() {
        judgement.count("kills", 1);
        let death = &view.events[*kill];
        for lane in 0..view.header.lane_count {
            let Some(seen) = drained.after(lane, death) else {
                judgement.count("kills without a reading afterwards", 1);
                continue;
            };
            let appends = &view.lanes[lane as usize].appends;
            let of_dead = |index: &usize| view.events[*index].process == death.process;
            let appends: Vec<usize> = appends.iter().copied().filter(of_dead).collect();
            let mut at_risk = unflushed(view, &appends);
            for append in &appends {
                let Some((first, count, sequence)) = acknowledged(&view.events[*append], death)
                else {
                    continue;
                };
                judgement.check(std::mem::take(&mut at_risk));
                if let Err(lost) = seen.holds(view.events[*append].actor, first, count, sequence) {
                    let events = [*append, *kill, seen.first_event];
                    let words = format!(
                        "sequence {lost} was acknowledged as flushed; the process died (kill {}), \
                         and reading everything afterwards did not find it.{}",
                        nth + 1,
                        view.quote(&events)
                    );
                    judgement.violated("lost-write", &events, words);
                }
            }
        }
    }
    judgement
}

/// First counter, count and first sequence of an append acknowledged before `death`.
fn acknowledged(append: &Event, death: &Event) -> Option<(u64, u32, u64)> {
    match (&append.call, append.reply()) {
        (Call::Append { first, count, ack }, Some(Reply::Appended { sequence, .. })) => {
            let promised = *ack > Ack::Buffered && append.before(death);
            promised.then_some((*first, *count, *sequence))
        }
        _ => None,
    }
}

/// Whether bytes lay in the process only when it died: an append of unknown outcome, or one
/// acknowledged as buffered that nothing flushed since.
fn unflushed(view: &View<'_>, appends: &[usize]) -> bool {
    let mut buffered = false;
    let mut unknown = false;
    for index in appends {
        let event = &view.events[*index];
        match (&event.call, &event.outcome) {
            (_, Outcome::Unknown(_)) => unknown = true,
            (Call::Append { ack: Ack::Buffered, .. }, Outcome::Ok(_)) => buffered = true,
            (Call::Append { .. }, Outcome::Ok(_)) => buffered = false,
            _ => {}
        }
    }
    buffered || unknown
}

/// What one session read of a partition, everything that there was.
struct Seen<'a> {
    runs: Vec<&'a Run>,
    first_event: usize,
    /// Where the log may begin at most, as trimmed by then.
    start_max: u64,
}

impl Seen<'_> {
    /// Whether the batch is there; else the first sequence that is not. What lies before the
    /// earliest message was trimmed.
    fn holds(&self, producer: u32, first: u64, count: u32, sequence: u64) -> Result<(), u64> {
        let start = self.runs.first().map_or(self.start_max, |run| run.sequence);
        let end = sequence + u64::from(count);
        let mut at = sequence.max(start);
        while at < end {
            let after = self.runs.partition_point(|run| run.end() <= at);
            let run = self.runs.get(after).ok_or(at)?;
            let same = run.producer == producer
                && run.sequence <= at
                && run.first + (at - run.sequence) == first + (at - sequence);
            if !same {
                return Err(at);
            }
            at = run.end();
        }
        Ok(())
    }
}

/// The sessions that read everything at the end, by partition.
struct Drained<'a> {
    lanes: BTreeMap<u32, Vec<Seen<'a>>>,
    events: &'a [Event],
}

impl<'a> Drained<'a> {
    fn new(view: &View<'a>) -> Self {
        let mut drains: BTreeMap<u32, ()> = BTreeMap::new();
        let mut open: BTreeMap<(u32, u32), Seen<'a>> = BTreeMap::new();
        let mut lanes: BTreeMap<u32, Vec<Seen<'a>>> = BTreeMap::new();
        for (index, event) in view.events.iter().enumerate() {
            match (&event.call, event.reply()) {
                (Call::OpenSession { drains: true, .. }, Some(_)) => {
                    drains.insert(event.session, ());
                }
                (Call::Next { .. }, Some(Reply::Messages(runs)))
                    if drains.contains_key(&event.session) =>
                {
                    let at = (event.session, event.lane);
                    let trimmed = &view.lanes[event.lane as usize].trimmed;
                    let start_max = trimmed.before(event.returned.unwrap_or(u64::MAX));
                    let fresh = Seen { runs: Vec::new(), first_event: index, start_max };
                    if runs.is_empty() {
                        // The end: what it read until here is all that there is.
                        let all = open.remove(&at);
                        lanes.entry(event.lane).or_default().push(all.unwrap_or(fresh));
                    } else {
                        open.entry(at).or_insert(fresh).runs.extend(runs);
                    }
                }
                _ => {}
            }
        }
        Self { lanes, events: view.events }
    }

    /// The first such reading of `lane` that began after `death`.
    fn after(&self, lane: u32, death: &Event) -> Option<&Seen<'a>> {
        let all = self.lanes.get(&lane)?;
        all.iter().find(|seen| self.events[seen.first_event].invoked > death.invoked)
    }
}
