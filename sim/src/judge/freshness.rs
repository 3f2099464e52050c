//! I12: what a lookup says of its own freshness is true.

use crate::history::{Event, Reply, Report};

use super::invariant::Invariant;
use super::verdict::Judgement;
use super::view::View;

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::Freshness);
    for (index, event) in view.events.iter().enumerate() {
        let Some(Reply::Found(found, report)) = event.reply() else { continue };
        judgement.check(report.coverage_before < report.high_watermark);
        let highest = found.iter().map(|one| one.sequence + 1).max().unwrap_or(0);
        if let Some(what) = wrong(view, event, report, highest) {
            let words = format!("{what}.{}", view.quote(&[index]));
            judgement.violated("freshness-false", &[index], words);
        }
    }
    judgement
}

fn wrong(view: &View<'_>, event: &Event, report: &Report, highest: u64) -> Option<String> {
    let acknowledged = view.lanes[event.lane as usize].acknowledged.before(event.invoked);
    if report.visible > report.high_watermark {
        return Some("it says that it sees more than is visible".to_owned());
    }
    if report.visible < highest {
        return Some(format!("it says that it sees {} and found {}", report.visible, highest - 1));
    }
    if report.high_watermark < acknowledged {
        return Some(format!(
            "it says that the high watermark is {}, and {acknowledged} was acknowledged before",
            report.high_watermark
        ));
    }
    if report.coverage < report.coverage_before && !report.reopened {
        return Some("its secondary holds less than before".to_owned());
    }
    // What is between the secondary's coverage and the tail, it cannot know.
    let known_to =
        if report.coverage >= report.tail_start { report.high_watermark } else { report.coverage };
    if report.visible > known_to {
        return Some(format!("it says that it sees {} and can know {known_to}", report.visible));
    }
    None
}
