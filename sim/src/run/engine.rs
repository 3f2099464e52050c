//! The engine as the runner wants a log.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use duolog::io::World;
use duolog::types::{Message, MessageMeta, Position, ReadMessage, ReadPosition, SegmentOffset};
use duolog::{
    DiskConfig, ErrorKind, Log, ReadMessages, Reader, StorageError, StorageResult, Writer,
};

use crate::history::{Failure, InstancesSeen, Kind, MarksSeen, Report, WriterSeen};
use crate::plan::{Ack, PlanConfig, Visibility};

use super::subject::{
    Answer, Appended, Query, Refusal, Seek, Subject, SubjectLog, SubjectReader, SubjectWriter,
};

/// The engine in a directory.
#[derive(Clone, Debug)]
pub struct Engine {
    directory: PathBuf,
}

impl Default for Engine {
    /// In a directory of a simulated disk.
    fn default() -> Self {
        Self::at("/duolog")
    }
}

impl Engine {
    /// In this directory.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    fn config(&self, plan: &PlanConfig) -> DiskConfig {
        let bytes = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        DiskConfig {
            partition_index_num_per_topic: plan.shard_count,
            visibility: match plan.visibility {
                Visibility::Flushed => duolog::Visibility::Flushed,
                Visibility::Synced => duolog::Visibility::Synced,
            },
            segment_max_bytes: plan.segment_max_bytes,
            message_max_bytes: plan.message_max_bytes,
            staged_max_bytes: (64 << 20).max(2 * plan.message_max_bytes as usize),
            frame_max_bytes: plan.frame_max_bytes,
            settle_chunk_entries: plan.settle_chunk_entries as usize,
            tail_max_entries: plan.tail_max_entries as usize,
            tail_max_bytes: bytes(plan.tail_max_bytes),
            flush_bytes: bytes(plan.flush_bytes),
            flush_period_us: plan.flush_period_us,
            read_ahead_bytes: bytes(plan.read_ahead_bytes),
            fill_ahead_bytes: plan.fill_ahead_bytes,
            index_idle_us: plan.index_idle_us,
            ..DiskConfig::new(&self.directory)
        }
    }
}

/// What an error of the engine means for a history.
fn refusal(error: &StorageError) -> Refusal {
    let kind = match error {
        StorageError::OffsetMismatch(_) => Kind::OffsetMismatch,
        StorageError::PositionLost { .. } => Kind::PositionLost,
        StorageError::Trimmed { .. } => Kind::Trimmed,
        StorageError::Locked(_) => Kind::Locked,
        StorageError::Backpressure { .. } => Kind::Backpressure,
        _ => match error.kind() {
            ErrorKind::Caller => Kind::Caller,
            ErrorKind::NotFound => Kind::NotFound,
            ErrorKind::Corrupt => Kind::Corrupt,
            ErrorKind::Poisoned => Kind::Poisoned,
            ErrorKind::Closed => Kind::Closed,
            _ => Kind::Retry,
        },
    };
    let certain = matches!(
        kind,
        Kind::OffsetMismatch
            | Kind::PositionLost
            | Kind::Trimmed
            | Kind::Locked
            | Kind::Backpressure
            | Kind::Caller
            | Kind::NotFound
    );
    Refusal { failure: Failure { kind, text: error.to_string().into() }, certain }
}

fn answer<T>(result: StorageResult<T>) -> Answer<T> {
    result.map_err(|error| refusal(&error))
}

impl<W: World> Subject<W> for Engine {
    type Log = EngineLog<W>;

    async fn open(&self, world: &W, config: &PlanConfig) -> Answer<EngineLog<W>> {
        let log = answer(Log::open(world.clone(), self.config(config)).await)?;
        for topic in 0..config.topic_count {
            let (name, _) = config.place(topic * config.partition_count);
            match log.create_topic(&name, config.partition_count).await {
                Ok(_) | Err(StorageError::Exists(_)) => {}
                Err(error) => return Err(refusal(&error)),
            }
        }
        Ok(EngineLog { log, config: Arc::new(config.clone()) })
    }
}

/// The open engine.
pub struct EngineLog<W: World> {
    log: Log<W>,
    config: Arc<PlanConfig>,
}

impl<W: World> Clone for EngineLog<W> {
    fn clone(&self) -> Self {
        Self { log: self.log.clone(), config: self.config.clone() }
    }
}

impl<W: World> SubjectLog for EngineLog<W> {
    type Writer = EngineWriter<W>;
    type Reader = EngineReader<W>;

    async fn writer(&self, lane: u32) -> Answer<EngineWriter<W>> {
        let (topic, partition) = self.config.place(lane);
        Ok(EngineWriter { writer: answer(self.log.writer(&topic, partition).await)? })
    }

    async fn reader(&self, group: u32) -> Answer<EngineReader<W>> {
        Ok(EngineReader { reader: self.log.reader(group), config: self.config.clone() })
    }

    async fn instances(&self) -> Answer<InstancesSeen> {
        let open = answer(self.log.instances().await)?;
        Ok(InstancesSeen {
            primaries: open.primary_count as u64,
            secondaries: open.secondary_count as u64,
            opens: open.secondaries.opens,
            reopens: open.secondaries.reopens,
            catch_ups: open.secondaries.catch_ups,
            gaps: open.secondaries.gaps,
            idle_closes: open.secondaries.idle_closes,
        })
    }
}

/// A writer of the engine.
pub struct EngineWriter<W: World> {
    writer: Writer<W>,
}

impl<W: World> Clone for EngineWriter<W> {
    fn clone(&self) -> Self {
        Self { writer: self.writer.clone() }
    }
}

impl<W: World> SubjectWriter for EngineWriter<W> {
    async fn append(&self, messages: Vec<Message>, ack: Ack) -> Answer<Appended> {
        let ack = match ack {
            Ack::Buffered => duolog::Ack::Buffered,
            Ack::Flushed => duolog::Ack::Flushed,
            Ack::Synced => duolog::Ack::Synced,
        };
        let appended = answer(self.writer.append(messages, ack).await)?;
        Ok(Appended {
            epoch: appended.epoch,
            first_sequence: appended.first_sequence,
            offsets: appended.offsets,
        })
    }

    async fn flush(&self, fsync: bool) -> Answer<()> {
        answer(self.writer.flush(fsync).await)
    }

    async fn settle(&self) -> Answer<()> {
        answer(self.writer.settle().await)
    }

    async fn trim(&self, to: u64) -> Answer<()> {
        answer(self.writer.trim_to(to).await)
    }

    fn marks(&self) -> MarksSeen {
        let marks = self.writer.marks();
        MarksSeen {
            log_start: marks.log_start,
            settled: marks.settled,
            durable: marks.durable,
            high_watermark: marks.high_watermark,
            log_end: marks.log_end,
        }
    }

    fn seen(&self) -> WriterSeen {
        let metrics = self.writer.metrics();
        WriterSeen {
            rolls: metrics.roll_count,
            settles: metrics.settle_count,
            syncs: metrics.sync_count,
            backpressure: metrics.backpressure_count,
        }
    }

    async fn resume(&self) -> Answer<()> {
        answer(self.writer.resume().await)
    }

    async fn close(&self) -> Answer<()> {
        answer(self.writer.close().await)
    }
}

/// A session of the engine.
pub struct EngineReader<W: World> {
    reader: Reader<W>,
    config: Arc<PlanConfig>,
}

impl<W: World> SubjectReader for EngineReader<W> {
    async fn next(&self, lane: u32, count: u32, wait_us: u64) -> Answer<Vec<ReadMessage>> {
        let (topic, partition) = self.config.place(lane);
        let count = NonZero::new(count as usize).unwrap_or(NonZero::<usize>::MIN);
        let read = self.reader.next(&topic, partition, count, wait_us).await;
        answer(read.map(ReadMessages::into_vec))
    }

    async fn seek(&self, lane: u32, to: Seek) -> Answer<()> {
        let (topic, partition) = self.config.place(lane);
        let position = match to {
            Seek::Earliest => ReadPosition::Earliest,
            Seek::Time(from_us) => ReadPosition::Time(from_us),
        };
        answer(self.reader.seek(&topic, partition, position).await)
    }

    async fn commit(&self, lane: u32, offset: SegmentOffset) -> Answer<()> {
        let (topic, partition) = self.config.place(lane);
        answer(self.reader.commit(&topic, partition, offset).await)
    }

    async fn commit_forced(&self, lane: u32, offset: SegmentOffset, sequence: u64) -> Answer<()> {
        self.commit(lane, offset).await?;
        let (topic, partition) = self.config.place(lane);
        let position = ReadPosition::Sequence(sequence + 1);
        let forced = answer(self.reader.reset_group(&topic, partition, position).await);
        // What was committed stays so.
        forced.map_err(|refusal| Refusal { certain: false, ..refusal })
    }

    async fn committed(&self, lane: u32) -> Answer<Option<Position>> {
        let (topic, partition) = self.config.place(lane);
        answer(self.reader.committed(&topic, partition).await)
    }

    async fn lookup(&self, lane: u32, query: Query) -> Answer<(Vec<MessageMeta>, Report)> {
        let (topic, partition) = self.config.place(lane);
        let query = match query {
            Query::Id(id) => duolog::Query::Id(id),
            Query::AllOfId(id) => duolog::Query::AllOfId(id),
            Query::Place(offset) => duolog::Query::Position(offset),
            Query::Time { from_us, to_us, limit } => {
                duolog::Query::Time { from_us, to_us, limit: limit as usize }
            }
        };
        let manager = self.reader.index();
        let found = manager.lookup(&topic, partition, query, duolog::Freshness::Fresh).await;
        let found = answer(found)?;
        Ok((found.found, report(&found.report)))
    }

    async fn read_at(&self, lane: u32, offset: SegmentOffset) -> Answer<ReadMessage> {
        let (topic, partition) = self.config.place(lane);
        answer(self.reader.index().read_at(&topic, partition, offset).await)
    }
}

fn report(report: &duolog::LookupReport) -> Report {
    Report {
        high_watermark: report.high_watermark,
        visible: report.visible,
        tail_start: report.tail_start,
        coverage_before: report.coverage_before,
        coverage: report.coverage,
        from_tail: report.from_tail,
        from_settled: report.from_settled,
        catch_ups: report.catch_ups,
        catch_up_wait_us: report.catch_up_wait_us,
        catch_up_own_us: report.catch_up_own_us,
        reopened: report.reopened,
    }
}
