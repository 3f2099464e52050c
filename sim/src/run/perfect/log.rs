//! The perfect log in one process.

use std::sync::{Arc, Mutex};

use duolog::io::{Step, World};
use duolog::types::{Message, SegmentId, SegmentOffset};

use crate::history::{InstancesSeen, Kind, MarksSeen, WriterSeen};
use crate::plan::Ack;
use crate::run::subject::{Answer, Appended, Refusal, SubjectLog, SubjectWriter};

use super::disk::{Disk, Record, lock};
use super::mutant::Mutant;
use super::reader::PerfectReader;

/// What goes with the process.
#[derive(Default)]
struct Staging {
    is_open: bool,
    staged: Vec<Record>,
    /// Where the next message goes.
    next: u64,
    place: SegmentOffset,
    batches: u64,
}

/// The open log.
#[derive(Clone)]
pub struct PerfectLog<W> {
    world: W,
    disk: Arc<Mutex<Disk>>,
    mutant: Option<Mutant>,
    lanes: Arc<Vec<Mutex<Staging>>>,
}

impl<W: World> PerfectLog<W> {
    pub(super) fn new(
        world: W,
        disk: Arc<Mutex<Disk>>,
        mutant: Option<Mutant>,
        lane_count: u32,
    ) -> Self {
        let lanes = (0..lane_count).map(|_| Mutex::default()).collect();
        Self { world, disk, mutant, lanes: Arc::new(lanes) }
    }
}

impl<W: World> SubjectLog for PerfectLog<W> {
    type Writer = PerfectWriter<W>;
    type Reader = PerfectReader<W>;

    async fn writer(&self, lane: u32) -> Answer<PerfectWriter<W>> {
        self.world.step(Step::EpochForced).await;
        let mut staging = lock(&self.lanes[lane as usize]);
        if std::mem::replace(&mut staging.is_open, true) {
            return Err(Refusal::certain(Kind::Locked, "the partition has a writer"));
        }
        let mut disk = lock(&self.disk);
        let disk = &mut disk.lanes[lane as usize];
        if self.mutant == Some(Mutant::LostFlushed) && disk.kept < disk.end {
            let kept = disk.kept;
            disk.records.retain(|record| record.sequence < kept);
            disk.end = kept;
            disk.settled = disk.settled.min(kept);
        }
        disk.epoch += 1;
        staging.next = disk.end;
        staging.place = SegmentOffset { segment_id: SegmentId::new(disk.epoch, 0), offset: 64 };
        drop(staging);
        Ok(PerfectWriter { log: self.clone(), lane })
    }

    async fn reader(&self, group: u32) -> Answer<PerfectReader<W>> {
        Ok(PerfectReader::new(self.world.clone(), self.disk.clone(), self.mutant, group))
    }

    /// It needs none.
    async fn instances(&self) -> Answer<InstancesSeen> {
        Ok(InstancesSeen::default())
    }
}

/// The writer of a partition.
#[derive(Clone)]
pub struct PerfectWriter<W> {
    log: PerfectLog<W>,
    lane: u32,
}

impl<W: World> PerfectWriter<W> {
    fn stage(&self, messages: Vec<Message>) -> Answer<Vec<(u64, SegmentOffset)>> {
        let most = lock(&self.log.disk).segment_max_bytes;
        let mut staging = lock(&self.log.lanes[self.lane as usize]);
        if !staging.is_open {
            return Err(Refusal::certain(Kind::Closed, "the writer is closed"));
        }
        staging.batches += 1;
        let twice = self.log.mutant == Some(Mutant::Duplicate) && staging.batches.is_multiple_of(5);
        let copies = if twice { 2 } else { 1 };
        let mut places = Vec::new();
        for _ in 0..copies {
            places.clear();
            if staging.place.offset > most {
                let segment = staging.place.segment_id;
                let segment_id = SegmentId::new(segment.epoch(), segment.ordinal() + 1);
                staging.place = SegmentOffset { segment_id, offset: 64 };
            }
            for message in &messages {
                let (sequence, offset) = (staging.next, staging.place);
                places.push((sequence, offset));
                staging.next += 1;
                staging.place.offset += Record::length_bytes(message);
                staging.staged.push(Record { sequence, offset, message: message.clone() });
            }
        }
        Ok(places)
    }

    /// Writes what is staged: it is visible then.
    fn write(&self) {
        let mut staging = lock(&self.log.lanes[self.lane as usize]);
        let mut disk = lock(&self.log.disk);
        let chunk = disk.settle_chunk_entries;
        let disk = &mut disk.lanes[self.lane as usize];
        for record in staging.staged.drain(..) {
            let rolled = disk.records.last().is_some_and(|last| {
                last.offset.segment_id.ordinal() + 1 == record.offset.segment_id.ordinal()
            });
            disk.end = record.sequence + 1;
            if !(rolled && self.log.mutant == Some(Mutant::Hole)) {
                disk.records.push(record);
            }
        }
        disk.flushes += 1;
        if self.log.mutant != Some(Mutant::LostFlushed) || disk.flushes.is_multiple_of(4) {
            disk.kept = disk.end;
        }
        if disk.end - disk.settled >= chunk {
            disk.settled = disk.end;
        }
    }
}

impl<W: World> SubjectWriter for PerfectWriter<W> {
    async fn append(&self, messages: Vec<Message>, ack: Ack) -> Answer<Appended> {
        let world = &self.log.world;
        let torn = self.log.mutant == Some(Mutant::TornBatch) && messages.len() > 1;
        let mut places = if torn {
            let (first, second) = messages.split_at(messages.len() / 2);
            let mut places = self.stage(first.to_vec())?;
            world.step(Step::Staged).await;
            places.extend(self.stage(second.to_vec())?);
            places
        } else {
            self.stage(messages)?
        };
        world.step(Step::Staged).await;
        if ack > Ack::Buffered {
            world.step(Step::Encoded).await;
            self.write();
            world.step(Step::FrameWritten).await;
            world.step(Step::Published).await;
        }
        if ack == Ack::Synced {
            world.step(Step::Synced).await;
        }
        let epoch = places.first().map_or(0, |place| place.1.segment_id.epoch());
        let first_sequence = places.first().map_or(0, |place| place.0);
        let offsets = places.drain(..).map(|place| place.1).collect();
        Ok(Appended { epoch, first_sequence, offsets })
    }

    async fn flush(&self, fsync: bool) -> Answer<()> {
        self.write();
        self.log.world.step(Step::FrameWritten).await;
        if fsync {
            self.log.world.step(Step::Synced).await;
        }
        Ok(())
    }

    async fn settle(&self) -> Answer<()> {
        self.log.world.step(Step::SettleForced).await;
        let mut disk = lock(&self.log.disk);
        let lane = &mut disk.lanes[self.lane as usize];
        lane.settled = lane.end;
        Ok(())
    }

    async fn trim(&self, to: u64) -> Answer<()> {
        self.log.world.step(Step::TrimMarked).await;
        lock(&self.log.disk).lanes[self.lane as usize].trim(to);
        Ok(())
    }

    fn marks(&self) -> MarksSeen {
        lock(&self.log.disk).lanes[self.lane as usize].marks()
    }

    fn seen(&self) -> WriterSeen {
        WriterSeen::default()
    }

    async fn resume(&self) -> Answer<()> {
        Ok(())
    }

    async fn close(&self) -> Answer<()> {
        self.write();
        {
            let mut disk = lock(&self.log.disk);
            let lane = &mut disk.lanes[self.lane as usize];
            lane.kept = lane.end;
        }
        self.log.world.step(Step::Closed).await;
        lock(&self.log.lanes[self.lane as usize]).is_open = false;
        Ok(())
    }
}
