//! Zeros ahead of use, written in the background.

use crate::error::{StorageError, StorageResult};
use crate::io::{File, World};
use crate::segment::{FillJob, SegmentWriter};
use crate::sync::{Ticket, ticket};

/// The fill of the active segment that is under way.
pub(super) struct Filling<F> {
    under_way: Option<Ticket<FillJob<F>>>,
}

impl<F> Default for Filling<F> {
    fn default() -> Self {
        Self { under_way: None }
    }
}

impl<F: File> Filling<F> {
    /// Starts the next fill, where one is due and none is under way.
    pub(super) fn begin<W: World<File = F>>(&mut self, world: &W, active: &mut SegmentWriter<F>) {
        self.collect(active);
        let Some(job) = active.begin_fill() else { return };
        let (done, ticket) = ticket();
        world.spawn("fill", async move {
            if let Err(error) = job.run().await {
                // The log is as good without.
                tracing::warn!(%error, "zeros ahead of use");
            }
            done.complete(job);
        });
        self.under_way = Some(ticket);
    }

    /// Sees that no zeros are written over a frame of `frame_bytes` that comes next.
    pub(super) async fn make_way(
        &mut self,
        active: &mut SegmentWriter<F>,
        frame_bytes: usize,
    ) -> StorageResult<()> {
        self.collect(active);
        if active.is_fill_in_the_way(frame_bytes as u64) { self.end(active).await } else { Ok(()) }
    }

    /// Waits for the fill under way.
    pub(super) async fn end(&mut self, active: &mut SegmentWriter<F>) -> StorageResult<()> {
        let Some(ticket) = self.under_way.take() else { return Ok(()) };
        // Without an answer, the world ended with the job.
        let job = ticket.await.ok_or(StorageError::Closed("the world"))?;
        active.end_fill(job);
        Ok(())
    }

    fn collect(&mut self, active: &mut SegmentWriter<F>) {
        let ended = self.under_way.as_mut().and_then(Ticket::try_take);
        if let Some(Some(job)) = ended {
            self.under_way = None;
            active.end_fill(job);
        }
    }
}
