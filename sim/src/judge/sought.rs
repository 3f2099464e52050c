//! I9, for sessions that went to a time: they go on at the first message since then, by the order
//! of the log.

use crate::history::{Call, Reply};

use super::sessions::reads;
use super::times::Times;
use super::verdict::Judgement;
use super::view::View;

pub(super) fn judge(view: &View<'_>, times: &Times, judgement: &mut Judgement) {
    reads(view.events, |index, event, before| {
        let Some(seek) = before.sought else { return };
        let (Call::SeekTime { from_us }, Some(Reply::Done)) =
            (&view.events[seek].call, view.events[seek].reply())
        else {
            return;
        };
        let Some(Reply::Messages(runs)) = event.reply() else { return };
        let visible = times.visible_before(view, &view.events[seek]);
        let (earlier, since): (Vec<_>, Vec<_>) =
            visible.partition(|one| one.timestamp_us < *from_us);
        let since = since.iter().map(|one| one.sequence).min();
        let at = &view.lanes[event.lane as usize];
        judgement.check(since.is_some_and(|since| at.settled_within(since, u64::MAX)));
        let first = runs.first().map(|run| run.sequence);
        let wrong = match (first, since) {
            (Some(first), Some(since)) if first > since => Some(format!(
                "sequence {since} is stamped since then and was visible, and the session goes on \
                 at {first}"
            )),
            (None, Some(since)) => Some(format!(
                "sequence {since} is stamped since then and was visible, and the session finds \
                 nothing"
            )),
            // Where nothing is stamped since then, it stands at the end, and what came later is
            // stamped as it is.
            (Some(first), _) if earlier.iter().any(|one| one.sequence == first) => {
                Some(format!("sequence {first} is stamped before, and the session goes on there"))
            }
            _ => None,
        };
        if let Some(what) = wrong {
            let words = format!("{what}.{}", view.quote(&[seek, index]));
            judgement.violated("seek-differs", &[seek, index], words);
        }
    });
}
