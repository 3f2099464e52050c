//! What of the perfect log outlives its process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use duolog::types::{Message, MessageMeta, Position, ReadMessage, SegmentOffset};

use crate::history::MarksSeen;
use crate::plan::PlanConfig;

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A message with its place.
#[derive(Clone)]
pub(super) struct Record {
    pub sequence: u64,
    pub offset: SegmentOffset,
    pub message: Message,
}

impl Record {
    /// How many bytes it takes.
    pub(super) fn length_bytes(message: &Message) -> u64 {
        64 + message.payload.len() as u64
    }

    pub(super) fn to_read(&self) -> ReadMessage {
        let message = &self.message;
        ReadMessage {
            sequence: self.sequence,
            epoch: self.offset.segment_id.epoch(),
            offset: self.offset,
            id: message.id.as_str().into(),
            timestamp_us: message.timestamp_us.unwrap_or_default(),
            key: message.key.clone(),
            headers: message.headers.clone(),
            payload: message.payload.clone(),
            attributes: message.attributes,
        }
    }

    pub(super) fn to_meta(&self) -> MessageMeta {
        MessageMeta {
            msg_id: self.message.id.clone(),
            sequence: self.sequence,
            offset: self.offset,
            length_bytes: u32::try_from(Self::length_bytes(&self.message)).unwrap_or(u32::MAX),
            timestamp_us: self.message.timestamp_us.unwrap_or_default(),
        }
    }
}

/// One partition. Everything in it is visible.
#[derive(Default)]
pub(super) struct LaneDisk {
    /// Ascending.
    pub records: Vec<Record>,
    pub end: u64,
    pub log_start: u64,
    pub settled: u64,
    pub epoch: u32,
    /// With [`super::Mutant::LostFlushed`]: what a new process finds.
    pub kept: u64,
    pub flushes: u64,
}

impl LaneDisk {
    pub(super) fn marks(&self) -> MarksSeen {
        MarksSeen {
            log_start: self.log_start,
            settled: self.settled,
            durable: self.end,
            high_watermark: self.end,
            log_end: self.end,
        }
    }

    /// The records that are kept, from `sequence` on.
    pub(super) fn from(&self, sequence: u64) -> &[Record] {
        let first = sequence.max(self.log_start);
        &self.records[self.records.partition_point(|record| record.sequence < first)..]
    }

    /// The record at a position, where one begins there.
    pub(super) fn at(&self, offset: SegmentOffset) -> Option<&Record> {
        let index = self.records.partition_point(|record| record.offset < offset);
        self.records.get(index).filter(|record| record.offset == offset)
    }

    /// Drops whole segments below `to`.
    pub(super) fn trim(&mut self, to: u64) {
        let Some(kept) = self.from(to).first() else { return };
        let segment = kept.offset.segment_id;
        let first = self.records.partition_point(|record| record.offset.segment_id < segment);
        self.log_start = self.log_start.max(self.records[first].sequence);
    }
}

/// Everything.
#[derive(Default)]
pub(super) struct Disk {
    pub lanes: Vec<LaneDisk>,
    pub committed: BTreeMap<(u32, u32), Position>,
    pub segment_max_bytes: u64,
    pub settle_chunk_entries: u64,
}

impl Disk {
    pub(super) fn start(&mut self, lane_count: u32, config: &PlanConfig) {
        self.lanes.resize_with(lane_count as usize, LaneDisk::default);
        self.segment_max_bytes = config.segment_max_bytes;
        self.settle_chunk_entries = u64::from(config.settle_chunk_entries);
    }
}
