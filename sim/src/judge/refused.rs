//! I11: a refused commit changes nothing.

use std::collections::BTreeMap;

use crate::history::{Call, Outcome, Reply};

use super::invariant::Invariant;
use super::verdict::Judgement;
use super::view::View;

/// What is known of a group's committed position in a partition.
#[derive(Default)]
struct State {
    /// The value, where it is certain; a group starts with none.
    value: Option<u64>,
    uncertain: bool,
    /// Refused commits since it was last looked at.
    refused: Vec<usize>,
}

pub(super) fn judge(view: &View<'_>) -> Judgement {
    let mut judgement = Judgement::new(Invariant::RefusedCommits);
    let mut states: BTreeMap<(u32, u32), State> = BTreeMap::new();
    // The end of the latest commit or look of each group that may still have been under way.
    let mut busy: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    for (index, event) in view.events.iter().enumerate() {
        let (Call::Commit { group, .. } | Call::Committed { group }) = event.call else { continue };
        let at = (group, event.lane);
        let state = states.entry(at).or_default();
        let until = busy.entry(at).or_default();
        if *until > event.invoked {
            // Another one of the group was under way: what it left behind is not known.
            state.uncertain = true;
            state.refused.clear();
        }
        *until = (*until).max(event.returned.unwrap_or(event.invoked));
        match (&event.call, &event.outcome) {
            (Call::Commit { sequence, .. }, Outcome::Ok(_)) => {
                state.uncertain = sequence.is_none();
                state.value = sequence.map(|sequence| sequence + 1);
                state.refused.clear();
            }
            (Call::Commit { .. }, Outcome::Fail(_)) => state.refused.push(index),
            (Call::Commit { .. }, Outcome::Unknown(_)) => {
                state.uncertain = true;
                state.refused.clear();
            }
            (Call::Committed { .. }, Outcome::Ok(Reply::Committed(position))) => {
                let value = position.map(|(_, sequence)| sequence);
                for refused in std::mem::take(&mut state.refused) {
                    if state.uncertain {
                        continue;
                    }
                    judgement.check(true);
                    if value != state.value {
                        let events = [refused, index];
                        let name = |v: Option<u64>| v.map_or("none".to_owned(), |v| v.to_string());
                        let words = format!(
                            "the committed position was {} before a commit was refused and is {} \
                             afterwards.{}",
                            name(state.value),
                            name(value),
                            view.quote(&events)
                        );
                        judgement.violated("refused-commit-moved", &events, words);
                    }
                }
                state.value = value;
                state.uncertain = false;
            }
            _ => {}
        }
    }
    judgement
}
