//! One at a time, and the others share what comes of it.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::io::IndexError;
use crate::sync::Waiters;

/// Turns at something that one task does for all who wait. A turn that was under way when
/// somebody asked may have missed what they want, so nobody follows it: they follow the next.
#[derive(Debug, Default)]
pub(super) struct Turns {
    state: Mutex<State>,
    waiters: Waiters,
}

#[derive(Debug)]
struct State {
    /// How many have begun.
    begun: u64,
    under_way: bool,
    /// The number and outcome of the last one that came to its end.
    ended: (u64, Result<(), IndexError>),
}

impl Default for State {
    fn default() -> Self {
        Self { begun: 0, under_way: false, ended: (0, Ok(())) }
    }
}

/// Who takes a turn.
pub(super) enum Turn<'a> {
    /// The caller.
    Lead(Lead<'a>),
    /// Another did, from its beginning to its end, after the caller had asked.
    Follow(Result<(), IndexError>),
}

/// A turn under way. Dropped without [`Lead::end`] it passes to another who waits.
pub(super) struct Lead<'a> {
    turns: &'a Turns,
}

impl Turns {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn that begins after this call, whoever takes it.
    pub(super) async fn next(&self) -> Turn<'_> {
        let asked = self.state().begun;
        self.waiters
            .wait_until(|| {
                let mut state = self.state();
                if state.ended.0 > asked {
                    return Some(Turn::Follow(state.ended.1.clone()));
                }
                if state.under_way {
                    return None;
                }
                state.under_way = true;
                state.begun += 1;
                Some(Turn::Lead(Lead { turns: self }))
            })
            .await
    }
}

impl Turns {
    /// Waits for the end of the turn that is under way; whether there was one.
    pub(super) async fn under_way(&self) -> bool {
        let begun = {
            let state = self.state();
            if !state.under_way {
                return false;
            }
            state.begun
        };
        let is_over = |state: MutexGuard<'_, State>| state.begun > begun || !state.under_way;
        self.waiters.wait_until(|| is_over(self.state()).then_some(())).await;
        true
    }
}

impl Lead<'_> {
    /// Tells those who wait what came of it.
    pub(super) fn end(self, outcome: Result<(), IndexError>) {
        let mut state = self.turns.state();
        state.ended = (state.begun, outcome);
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.turns.state().under_way = false;
        self.turns.waiters.wake_all();
    }
}
