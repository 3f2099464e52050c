//! What a user does whose disk fails: resume the writer, open it anew, or begin a new process.

use duolog::io::World;

use crate::history::{Call, Kind, Reply};

use super::actor::Player;
use super::stage::end;
use super::subject::{Answer, SubjectLog, SubjectWriter};

/// The kind of failure, where it failed.
pub(super) fn failed<T>(answer: &Answer<T>) -> Option<Kind> {
    answer.as_ref().err().map(|refusal| refusal.failure.kind)
}

impl<W: World, L: SubjectLog> Player<W, L> {
    /// Has the writer of a partition write again, where a call of it failed like this.
    pub(super) async fn mend(&self, lane: u32, failed: Option<Kind>) {
        if !self.stage.state.has_faults() {
            return;
        }
        match failed {
            Some(Kind::Poisoned) => {
                self.stage.collapse_where_lost(lane, false).await;
                if self.close_writer(lane).await {
                    // The outcome is recorded there.
                    let _ = self.stage.open_writer(&self.journal, lane).await;
                }
            }
            Some(Kind::Retry) => {
                let Some(writer) = self.stage.writer(lane).await else { return };
                let pending = self.begin(lane, Call::Resume);
                let answer = writer.resume().await;
                end(pending, answer, |()| Reply::Done, &self.stage.world);
            }
            _ => {}
        }
    }

    /// Sees that the writer of a partition writes, now that nothing goes wrong any more.
    pub(super) async fn restore(&mut self, lane: u32) {
        if self.stage.state.has_faults() {
            // Where it fails it is mended; then it must not fail again.
            self.flush(lane, false).await;
            self.flush(lane, true).await;
        }
    }
}
