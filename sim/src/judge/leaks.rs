//! I13: what nobody uses is not open.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Call, Event, Reply};

use super::invariant::Invariant;
use super::verdict::Judgement;
use super::view::View;

/// The visitors of one process, in order of what happened.
#[derive(Default)]
struct Visitors<'a> {
    /// Those who have arrived and not left.
    here: BTreeSet<u32>,
    arrivals: Vec<&'a Event>,
    /// Departures since the last check after which nobody was there.
    last_to_leave: Vec<&'a Event>,
}

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::Leaks);
    let mut processes: BTreeMap<u32, Visitors<'_>> = BTreeMap::new();
    for (index, event) in in_order_of_return(view.events) {
        let visitors = processes.entry(event.process).or_default();
        match (&event.call, event.reply()) {
            (Call::Arrive { guest }, Some(_)) => {
                visitors.here.insert(*guest);
                visitors.arrivals.push(event);
            }
            (Call::Leave { guest }, Some(_)) => {
                visitors.here.remove(guest);
                if visitors.here.is_empty() {
                    visitors.last_to_leave.push(event);
                }
            }
            (Call::CountHandles, Some(Reply::Handles(open))) => {
                let races = visitors.races();
                judgement.check(races > 0);
                judgement.count("last users that left while another was opening", races);
                if open.total() > 0 {
                    let words = format!(
                        "{} visitors had come, all had left, and something was still open.{}",
                        visitors.arrivals.len(),
                        view.quote(&[index])
                    );
                    judgement.violated("left-open", &[index], words);
                }
                visitors.arrivals.clear();
            }
            _ => {}
        }
    }
    judgement
}

/// Events that returned, by the moment at which they did: whoever has arrived uses the log only
/// from then on.
fn in_order_of_return(events: &[Event]) -> Vec<(usize, &Event)> {
    let is_meant = |event: &Event| {
        matches!(event.call, Call::Arrive { .. } | Call::Leave { .. } | Call::CountHandles)
    };
    let mut meant: Vec<(usize, &Event)> =
        events.iter().enumerate().filter(|(_, event)| is_meant(event)).collect();
    meant.sort_by_key(|(_, event)| event.returned);
    meant
}

impl Visitors<'_> {
    /// How many of the last to leave did so while somebody else was arriving.
    fn races(&mut self) -> u64 {
        let last_to_leave = std::mem::take(&mut self.last_to_leave);
        let beside = |leave: &&Event| {
            let meets = |arrival: &&Event| {
                Some(arrival.invoked) < leave.returned && Some(leave.invoked) < arrival.returned
            };
            self.arrivals.iter().any(meets)
        };
        last_to_leave.iter().filter(|leave| beside(leave)).count() as u64
    }
}
