//! Operations through the writer.

use duolog::io::World;

use crate::history::{Call, Place, Reply};
use crate::plan::{Ack, Mark};

use super::actor::Player;
use super::mending::failed;
use super::stage::end;
use super::subject::{Appended, SubjectLog, SubjectWriter};
use super::waiting::Limited;

impl<W: World, L: SubjectLog> Player<W, L> {
    pub(super) async fn append(
        &mut self,
        lane: u32,
        count: u32,
        ack: Ack,
        drop_after_polls: Option<u32>,
    ) {
        let Some(writer) = self.stage.writer(lane).await else { return };
        let first = self.stage.state.take_counters(self.actor, lane, count);
        let messages = (0..u64::from(count))
            .map(|nth| Mark { lane, producer: self.actor, counter: first + nth })
            .map(|mark| self.stage.content().message(mark))
            .collect();
        let call = Call::Append { first, count, ack };
        let pending = self.begin_in(0, lane, call);
        let append = writer.append(messages, ack);
        let answer = match drop_after_polls {
            None => append.await,
            Some(polls) => match Limited::new(append, polls).await {
                Some(answer) => answer,
                None => {
                    pending.dropped(self.stage.now_us());
                    return;
                }
            },
        };
        // Where a buffered batch lies is not known yet.
        let reply = |appended: &Appended| match appended.offsets.first() {
            Some(first) if ack > Ack::Buffered => Reply::Appended {
                epoch: appended.epoch,
                sequence: appended.first_sequence,
                place: Place::from(*first),
            },
            _ => Reply::Done,
        };
        let failed = failed(&answer);
        let Some(appended) = end(pending, answer, reply, &self.stage.world) else {
            return self.mend(lane, failed).await;
        };
        if ack > Ack::Buffered {
            let Appended { first_sequence, offsets, .. } = appended;
            self.stage.state.acknowledge(lane, (self.actor, first), first_sequence, offsets);
        }
    }

    pub(super) async fn flush(&mut self, lane: u32, fsync: bool) {
        let Some(writer) = self.stage.writer(lane).await else { return };
        let pending = self.begin(lane, Call::Flush { fsync });
        let answer = writer.flush(fsync).await;
        let failed = failed(&answer);
        end(pending, answer, |()| Reply::Done, &self.stage.world);
        self.mend(lane, failed).await;
    }

    pub(super) async fn marks(&mut self, lane: u32) {
        let Some(writer) = self.stage.writer(lane).await else { return };
        let pending = self.begin(lane, Call::Marks);
        let marks = writer.marks();
        pending.ok(Reply::Marks(marks), self.stage.now_us());
    }

    pub(super) async fn settle(&mut self, lane: u32) {
        let Some(writer) = self.stage.writer(lane).await else { return };
        let pending = self.begin(lane, Call::Settle);
        let answer = writer.settle().await.map(|()| writer.marks());
        let failed = failed(&answer);
        end(pending, answer, |marks| Reply::Marks(*marks), &self.stage.world);
        self.mend(lane, failed).await;
    }

    pub(super) async fn trim(&mut self, lane: u32, keep: u64) {
        let Some(writer) = self.stage.writer(lane).await else { return };
        let to = writer.marks().high_watermark.saturating_sub(keep);
        if to == 0 {
            return;
        }
        let pending = self.begin(lane, Call::Trim { to });
        let answer = writer.trim(to).await.map(|()| writer.marks());
        let failed = failed(&answer);
        end(pending, answer, |marks| Reply::Marks(*marks), &self.stage.world);
        self.mend(lane, failed).await;
    }

    pub(super) async fn restart_writer(&mut self, lane: u32) {
        if self.close_writer(lane).await {
            // The outcome is recorded there; where it failed, producers go on without.
            let _ = self.stage.open_writer(&self.journal, lane).await;
        }
    }

    /// Counts the index instances that are open.
    pub(super) async fn count_instances(&self) {
        let pending = self.begin(0, Call::Instances);
        let answer = self.stage.log.instances().await;
        end(pending, answer, |open| Reply::Instances(*open), &self.stage.world);
    }

    /// Closes the writer of a partition; whether there was one.
    pub(super) async fn close_writer(&self, lane: u32) -> bool {
        let Some(writer) = self.stage.take_writer(lane) else { return false };
        let pending = self.begin(lane, Call::CloseWriter);
        let answer = writer.close().await;
        end(pending, answer, |()| Reply::Closed(writer.seen()), &self.stage.world);
        true
    }
}
