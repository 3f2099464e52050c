//! A session of the perfect log.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use duolog::io::{Step, World};
use duolog::types::{MessageMeta, Position, ReadMessage, SegmentOffset};

use crate::history::{Kind, Report};
use crate::run::subject::{Answer, Query, Refusal, Seek, SubjectReader};

use super::disk::{Disk, LaneDisk, Record, lock};
use super::mutant::Mutant;

/// What a session holds of a partition.
#[derive(Clone, Copy, Default)]
struct Held {
    cursor: Option<u64>,
    /// How much its secondary holds.
    coverage: u64,
    /// The end when it last looked; used by mutants only.
    end: u64,
    first_watermark: Option<u64>,
}

/// A session.
pub struct PerfectReader<W> {
    world: W,
    disk: Arc<Mutex<Disk>>,
    mutant: Option<Mutant>,
    group: u32,
    held: Mutex<BTreeMap<u32, Held>>,
    /// Lookups of an id so far; used by a mutant only.
    asked: AtomicU64,
}

impl<W: World> PerfectReader<W> {
    pub(super) fn new(
        world: W,
        disk: Arc<Mutex<Disk>>,
        mutant: Option<Mutant>,
        group: u32,
    ) -> Self {
        Self { world, disk, mutant, group, held: Mutex::default(), asked: AtomicU64::new(0) }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// How many catch-ups it takes.
    fn catch_ups(&self) -> u32 {
        if self.is(Mutant::SlowCatchUp) { 3 } else { 1 }
    }

    /// Reads what is there.
    fn read(&self, lane: u32, count: u32) -> Answer<Vec<ReadMessage>> {
        let disk = lock(&self.disk);
        let committed = disk.committed.get(&(self.group, lane)).map(|position| position.sequence);
        let lane_disk = &disk.lanes[lane as usize];
        let mut all = lock(&self.held);
        let held = all.entry(lane).or_default();
        let cursor = held.cursor.or(committed).unwrap_or(lane_disk.log_start);
        if cursor < lane_disk.log_start {
            let text = format!("{cursor} was trimmed");
            return Err(Refusal::certain(Kind::Trimmed, text));
        }
        let end = if self.is(Mutant::StaleRead) { held.end } else { u64::MAX };
        held.end = lane_disk.end;
        let messages: Vec<ReadMessage> = lane_disk
            .from(cursor)
            .iter()
            .take(count as usize)
            .take_while(|record| record.sequence < end)
            .map(Record::to_read)
            .collect();
        held.cursor = Some(messages.last().map_or(cursor, |message| message.sequence + 1));
        Ok(messages)
    }

    fn find(&self, lane: &LaneDisk, query: &Query, tail: u64, end: u64) -> Answer<Vec<Record>> {
        let visible = lane.from(0).iter().filter(|record| record.sequence < end);
        match query {
            Query::Id(id) => {
                let mut of_id = visible.filter(|record| record.message.id == *id);
                let is_second = self.asked.fetch_add(1, Ordering::Relaxed) % 2 == 1;
                let is_first = self.is(Mutant::FirstOfId) && is_second;
                let found = if is_first { of_id.next() } else { of_id.next_back() };
                Ok(found.cloned().into_iter().collect())
            }
            Query::AllOfId(id) => {
                let of_id = visible.filter(|record| record.message.id == *id);
                let missed = usize::from(self.is(Mutant::MissedOfId));
                let mut found: Vec<Record> = of_id.skip(missed).cloned().collect();
                found.reverse();
                Ok(found)
            }
            Query::Place(offset) => match lane.at(*offset) {
                Some(record) if record.sequence < lane.log_start => {
                    Err(Refusal::certain(Kind::Trimmed, "it was trimmed"))
                }
                record => {
                    Ok(record.filter(|record| record.sequence < end).cloned().into_iter().collect())
                }
            },
            Query::Time { from_us, to_us, limit } => {
                let mut found: Vec<Record> = visible
                    .filter(|record| {
                        let time = record.message.timestamp_us.unwrap_or_default();
                        (*from_us..*to_us).contains(&time)
                            && !(self.is(Mutant::MissedInRange) && record.sequence + 1 == tail)
                    })
                    .cloned()
                    .collect();
                found.sort_by_key(|record| (record.message.timestamp_us, record.sequence));
                found.truncate(*limit as usize);
                Ok(found)
            }
        }
    }

    /// The entry of a record.
    fn entry(&self, lane: &LaneDisk, record: &Record, tail: u64) -> MessageMeta {
        let mut entry = record.to_meta();
        if self.is(Mutant::WrongEntry)
            && record.sequence < tail
            && let Some(next) = lane.from(record.sequence + 1).first()
        {
            entry.offset = next.offset;
        }
        entry
    }
}

impl<W: World> SubjectReader for PerfectReader<W> {
    async fn next(&self, lane: u32, count: u32, wait_us: u64) -> Answer<Vec<ReadMessage>> {
        let from_us = self.world.monotonic_us();
        loop {
            let messages = self.read(lane, count)?;
            let waited_us = self.world.monotonic_us() - from_us;
            if !messages.is_empty() || waited_us >= wait_us {
                self.world.sleep(1).await;
                return Ok(messages);
            }
            self.world.sleep(100.min(wait_us - waited_us)).await;
        }
    }

    async fn seek(&self, lane: u32, to: Seek) -> Answer<()> {
        let disk = lock(&self.disk);
        let lane_disk = &disk.lanes[lane as usize];
        let cursor = match to {
            Seek::Earliest => lane_disk.log_start,
            Seek::Time(from_us) => {
                let is_since = |record: &&Record| record.message.timestamp_us >= Some(from_us);
                let first = lane_disk.from(lane_disk.log_start).iter().find(is_since);
                let beyond = u64::from(self.is(Mutant::SeekTooFar));
                first.map_or(lane_disk.end, |record| record.sequence + beyond)
            }
        };
        lock(&self.held).entry(lane).or_default().cursor = Some(cursor);
        Ok(())
    }

    async fn commit(&self, lane: u32, offset: SegmentOffset) -> Answer<()> {
        {
            let mut disk = lock(&self.disk);
            let lane_disk = &disk.lanes[lane as usize];
            let epoch = lane_disk.epoch;
            let known = lane_disk.at(offset).filter(|r| r.sequence >= lane_disk.log_start);
            let Some(sequence) = known.map(|record| record.sequence + 1) else {
                if self.is(Mutant::CommitUnknown) {
                    return Ok(());
                }
                return Err(Refusal::certain(Kind::OffsetMismatch, "no record begins there"));
            };
            let committed = disk.committed.get(&(self.group, lane)).map_or(0, |p| p.sequence);
            let position = Position { epoch, sequence };
            let backwards = sequence < committed;
            if !backwards || self.is(Mutant::CommitBackwards) || self.is(Mutant::RefusedStored) {
                disk.committed.insert((self.group, lane), position);
            }
            if backwards && !self.is(Mutant::CommitBackwards) {
                return Err(Refusal::certain(Kind::OffsetMismatch, "it lies before"));
            }
        }
        self.world.step(Step::CommitWritten).await;
        Ok(())
    }

    async fn commit_forced(&self, lane: u32, offset: SegmentOffset, _sequence: u64) -> Answer<()> {
        self.commit(lane, offset).await
    }

    async fn committed(&self, lane: u32) -> Answer<Option<Position>> {
        self.world.sleep(1).await;
        Ok(lock(&self.disk).committed.get(&(self.group, lane)).copied())
    }

    async fn lookup(&self, lane: u32, query: Query) -> Answer<(Vec<MessageMeta>, Report)> {
        let marks = lock(&self.disk).lanes[lane as usize].marks();
        let (end, tail) = (marks.high_watermark, marks.settled);
        let before = lock(&self.held).entry(lane).or_default().coverage;
        if before < tail {
            self.world.sleep(20).await;
        }
        let mut report = Report {
            high_watermark: end,
            visible: end,
            tail_start: tail,
            coverage_before: before,
            coverage: before.max(tail),
            catch_ups: if before < tail { self.catch_ups() } else { 0 },
            ..Report::default()
        };
        {
            let mut all = lock(&self.held);
            let held = all.entry(lane).or_default();
            held.coverage = held.coverage.max(tail);
            let first = *held.first_watermark.get_or_insert(end);
            if self.is(Mutant::OldFreshness) {
                report.high_watermark = first;
                report.visible = first;
            }
        }
        let disk = lock(&self.disk);
        let lane = &disk.lanes[lane as usize];
        let found = self.find(lane, &query, tail, end)?;
        let from_tail = found.iter().filter(|record| record.sequence >= tail).count();
        report.from_tail = u32::try_from(from_tail).unwrap_or(u32::MAX);
        report.from_settled = u32::try_from(found.len() - from_tail).unwrap_or(u32::MAX);
        Ok((found.iter().map(|record| self.entry(lane, record, tail)).collect(), report))
    }

    async fn read_at(&self, lane: u32, offset: SegmentOffset) -> Answer<ReadMessage> {
        let disk = lock(&self.disk);
        let lane = &disk.lanes[lane as usize];
        match lane.at(offset) {
            Some(record) if record.sequence < lane.log_start => {
                Err(Refusal::certain(Kind::Trimmed, "it was trimmed"))
            }
            Some(record) => Ok(record.to_read()),
            None => Err(Refusal::certain(Kind::NotFound, "no record begins there")),
        }
    }
}
