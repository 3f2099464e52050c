//! Retention: whole old segments are dropped.

use crate::error::StorageResult;
use crate::io::{Step, World, remove_file};
use crate::log::{ReadFiles, SegmentEntry};
use crate::types::Sequence;

use super::core::WriterCore;

impl<W: World> WriterCore<W> {
    /// Drops the segments that the settings do not keep.
    pub(super) async fn trim_by_settings(&self) -> StorageResult<()> {
        let config = &self.shared.config;
        if config.retention_max_bytes.is_none() && config.retention_max_age_us.is_none() {
            return Ok(());
        }
        let now_us = self.shared.world.wall_us();
        let mut kept_bytes: u64 =
            self.shared.state.segments.all().iter().map(|s| s.end_bytes).sum();
        self.trim_while(|segment, _| {
            let large = config.retention_max_bytes.is_some_and(|limit| kept_bytes > limit);
            let age_us = now_us.saturating_sub(segment.last_append_us).max(0) as u64;
            let old = config.retention_max_age_us.is_some_and(|limit| age_us > limit);
            kept_bytes = kept_bytes.saturating_sub(segment.end_bytes);
            large || old
        })
        .await
    }

    /// Drops the segments that hold nothing at or above `sequence`.
    pub(super) async fn trim_to(&self, sequence: Sequence) -> StorageResult<()> {
        self.trim_while(|_, end| end <= sequence).await
    }

    /// Drops the oldest segments as long as `drops` says so of a segment and its exclusive end.
    /// The active segment and what is not settled yet stay.
    async fn trim_while(
        &self,
        mut drops: impl FnMut(&SegmentEntry, Sequence) -> bool,
    ) -> StorageResult<()> {
        let shared = &self.shared;
        let _turn = shared.trim_turn.acquire(1).await;
        let segments = shared.state.segments.all();
        for pair in segments.windows(2) {
            let (segment, end) = (&pair[0], pair[1].base_sequence);
            if end > shared.marks.settled() || !drops(segment, end) {
                break;
            }
            // The next writer may have the partition once this one is closed.
            shared.check()?;
            // Readers learn of it before the file goes: they answer `Trimmed`, not an error.
            shared.marks.advance_log_start(end);
            shared.write_mark(false).await?;
            // Forced: after power loss an older file may be back while a newer one is gone, and
            // nothing else says that both lie below the start.
            shared.note_start(end).await?;
            // Only now may compaction drop its entries: a start that comes back needs them.
            self.shard.note_log_start(shared.partition, end);
            shared.world.step(Step::TrimMarked).await;
            let path = shared.state.segments.path(segment.id);
            shared.state.segments.drop_first(segment.id);
            ReadFiles::of(&shared.world).forget(&path);
            remove_file(&shared.world, &path).await?;
            shared.counters.count_trim();
            shared.world.step(Step::TrimRemoved).await;
        }
        Ok(())
    }
}
