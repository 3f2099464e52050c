//! I9: every visible record is found by id, by position and by time.

use std::collections::BTreeMap;

use crate::history::{Call, Kind, Outcome, Reply, Report};

use super::invariant::Invariant;
use super::sought;
use super::times::{Asked, Times};
use super::verdict::Judgement;
use super::view::{View, is_not_found};

/// Where the entry of a sequence came from when it was last checked.
#[derive(Default)]
pub(super) struct Sources {
    last: BTreeMap<(u32, u64), (bool, u64)>,
}

impl Sources {
    /// Whether the entry went from the tail to the settled part since its last check, or a writer
    /// was opened in between, which gives the index what it misses.
    pub(super) fn crossed(
        &mut self,
        view: &View<'_>,
        index: usize,
        sequence: u64,
        report: &Report,
    ) -> bool {
        let event = &view.events[index];
        let settled = sequence < report.tail_start;
        let now = (settled, event.invoked);
        let Some((was_settled, at)) = self.last.insert((event.lane, sequence), now) else {
            return false;
        };
        settled && !was_settled || view.lanes[event.lane as usize].opened_between(at, event.invoked)
    }
}

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::Lookups);
    let times = Times::new(view);
    let ids = Ids::new(view);
    let mut sources = Sources::default();
    for (index, event) in view.events.iter().enumerate() {
        if event.returned.is_none() {
            continue;
        }
        match &event.call {
            Call::LookupId { id, all } => {
                by_id(view, &mut judgement, (&mut sources, &ids), index, *id);
                if let (Some(id), true) = (id, all) {
                    all_of_id(view, &mut judgement, &ids, index, *id);
                }
            }
            Call::LookupPosition { sequence, .. } => {
                by_position(view, &mut judgement, &mut sources, index, *sequence);
            }
            Call::LookupTime { from_us, to_us, limit } => {
                if let Some(Reply::Found(found, report)) = event.reply() {
                    // Every one is asked, since asking notes where it was found.
                    let mut crossed = false;
                    for one in found {
                        crossed |= sources.crossed(view, index, one.sequence, report);
                    }
                    judgement.check(crossed);
                    let asked = Asked { from_us: *from_us, to_us: *to_us, limit: *limit };
                    if let Err(what) = times.compare(view, event, asked, (found, report)) {
                        let words = format!("{what}.{}", view.quote(&[index]));
                        judgement.violated("range-differs", &[index], words);
                    }
                }
            }
            _ => {}
        }
    }
    sought::judge(view, &times, &mut judgement);
    judgement
}

fn by_id(
    view: &View<'_>,
    judgement: &mut Judgement,
    (sources, ids): (&mut Sources, &Ids),
    index: usize,
    id: Option<u64>,
) {
    match (view.events[index].reply(), id) {
        (Some(Reply::Found(found, report)), Some(id)) => {
            for one in found {
                judgement.check(sources.crossed(view, index, one.sequence, report));
            }
            let latest = ids.latest(view, index, id, report.visible);
            let highest = found.iter().map(|one| one.sequence).max();
            if let Some(latest) = latest.filter(|latest| highest.is_none_or(|one| one < *latest)) {
                let words = format!(
                    "sequence {latest} has that id and was visible: the answer says that it knows \
                     everything below {}.{}",
                    report.visible,
                    view.quote(&[index])
                );
                judgement.violated("not-found", &[index], words);
            }
        }
        (Some(Reply::Found(found, _)), None) => {
            judgement.check(false);
            if !found.is_empty() {
                let words = format!("an id that nobody used was found.{}", view.quote(&[index]));
                judgement.violated("found-nothing-there", &[index], words);
            }
        }
        _ => {}
    }
}

/// All messages of an id, latest first.
fn all_of_id(view: &View<'_>, judgement: &mut Judgement, ids: &Ids, index: usize, id: u64) {
    let Some(Reply::Found(found, report)) = view.events[index].reply() else { return };
    let answered: Vec<u64> = found.iter().rev().map(|one| one.sequence).collect();
    let wrong = if answered.windows(2).any(|pair| pair[0] >= pair[1]) {
        Some("the answer is not in order, latest first".to_owned())
    } else {
        let mut due = ids.below(view, index, id, report.visible);
        due.find(|sequence| answered.binary_search(sequence).is_err())
            .map(|missed| format!("sequence {missed} has that id, was visible, and is missing"))
    };
    if let Some(what) = wrong {
        let words = format!("{what}.{}", view.quote(&[index]));
        judgement.violated("all-differ", &[index], words);
    }
}

fn by_position(
    view: &View<'_>,
    judgement: &mut Judgement,
    sources: &mut Sources,
    index: usize,
    sequence: Option<u64>,
) {
    let event = &view.events[index];
    let lane = &view.lanes[event.lane as usize];
    let Some(sequence) = sequence else {
        judgement.check(false);
        if matches!(event.reply(), Some(Reply::Found(found, _)) if !found.is_empty()) {
            let words = format!("a message was found where none lies.{}", view.quote(&[index]));
            judgement.violated("found-nothing-there", &[index], words);
        }
        return;
    };
    let acknowledged = lane.acknowledged.before(event.invoked) > sequence;
    let trimmed = lane.trimmed.before(event.returned.unwrap_or(u64::MAX)) > sequence;
    let refused = is_not_found(event)
        || matches!(&event.outcome, Outcome::Fail(f) if f.kind == Kind::OffsetMismatch);
    if refused && acknowledged && !trimmed {
        judgement.check(true);
        let words = format!(
            "sequence {sequence} is visible and not found by its position.{}",
            view.quote(&[index])
        );
        judgement.violated("not-found", &[index], words);
    }
    if let Some(Reply::Found(found, report)) = event.reply() {
        for one in found {
            judgement.check(sources.crossed(view, index, one.sequence, report));
            if one.sequence != sequence {
                let words = format!(
                    "the position of sequence {sequence} is said to be that of {}.{}",
                    one.sequence,
                    view.quote(&[index])
                );
                judgement.violated("found-nothing-there", &[index], words);
            }
        }
    }
}

/// The messages of each id that somebody looked up, in order of sequence.
struct Ids {
    sequences: BTreeMap<(u32, u64), Vec<u64>>,
}

impl Ids {
    fn new(view: &View<'_>) -> Self {
        let mut sequences: BTreeMap<(u32, u64), Vec<u64>> = BTreeMap::new();
        for event in view.events {
            if let Call::LookupId { id: Some(id), .. } = event.call {
                sequences.entry((event.lane, id)).or_default();
            }
        }
        for event in view.events {
            let (Call::Append { first, count, .. }, Some(Reply::Appended { sequence, .. })) =
                (&event.call, event.reply())
            else {
                continue;
            };
            for nth in 0..u64::from(*count) {
                let id = view.expected(event.lane, event.actor, first + nth).id;
                if let Some(of_id) = sequences.get_mut(&(event.lane, id)) {
                    of_id.push(sequence + nth);
                }
            }
        }
        sequences.values_mut().for_each(|of_id| of_id.sort_unstable());
        Self { sequences }
    }

    /// The latest message of an id below `visible`, where it is certain to be there.
    fn latest(&self, view: &View<'_>, index: usize, id: u64, visible: u64) -> Option<u64> {
        let of_id = self.sequences.get(&(view.events[index].lane, id))?;
        let below = of_id.partition_point(|sequence| *sequence < visible);
        let latest = of_id[below.checked_sub(1)?];
        Self::is_certain(view, index, id, latest).then_some(latest)
    }

    /// The messages of an id below `visible` that are certain to be there.
    fn below(
        &self,
        view: &View<'_>,
        index: usize,
        id: u64,
        visible: u64,
    ) -> impl Iterator<Item = u64> {
        let of_id = self.sequences.get(&(view.events[index].lane, id));
        let of_id = of_id.into_iter().flatten().copied();
        of_id
            .take_while(move |sequence| *sequence < visible)
            .filter(move |sequence| Self::is_certain(view, index, id, *sequence))
    }

    /// Whether the message of a sequence is kept to the end and has that id.
    fn is_certain(view: &View<'_>, index: usize, id: u64, sequence: u64) -> bool {
        let lane = view.events[index].lane;
        let kept = view.kept(lane, sequence);
        kept.is_some_and(|(producer, counter)| view.expected(lane, producer, counter).id == id)
    }
}
