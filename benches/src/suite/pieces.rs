//! Pieces of the write path on their own: no file, no index database, no waiting.

use std::hint::black_box;
use std::time::Instant;

use duolog::index::entry::{BatchEntry, RecordEntry};
use duolog::index::tail::{Tail, TailLimits};
use duolog::record::{FrameFields, FramePlace, encode_frame};
use duolog::segment::FIRST_FRAME_OFFSET;
use duolog::sync::SwitchQueue;
use duolog::types::{Message, SegmentId};

use super::{ENGINE, Run};
use crate::Outcome;
use crate::cell::{Cell, Contender, Unit, interleave};
use crate::messages::messages;
use crate::timing::rate;
use crate::workload::Pieces;

const FIRST: FramePlace =
    FramePlace { segment_id: SegmentId::new(1, 0), offset: FIRST_FRAME_OFFSET };

const METRICS: [(&str, Unit); 4] = [
    ("encoded with checksums", Unit::MessagesPerSecond),
    ("pushed into the tail", Unit::MessagesPerSecond),
    ("found by id in the tail", Unit::MessagesPerSecond),
    ("through the switch queue", Unit::MessagesPerSecond),
];

/// All of it by one thread.
pub(super) fn measure(run: &Run<'_>, pieces: &Pieces) -> Outcome<Vec<Cell>> {
    let workload = run.workload;
    let all = messages(6, pieces.messages, workload.id_bytes, workload.payload_bytes);
    let contender = Contender::new(ENGINE, || {
        let tail = Tail::new(0, TailLimits { entries_max: usize::MAX, ..TailLimits::default() });
        let entries = entries(&all, pieces.batch);
        Ok(vec![
            encoded(&all, pieces.batch),
            pushed(&tail, entries, all.len()),
            found(&tail, &all),
            queued(all.len(), pieces.batch),
        ])
    });
    let name = format!("pieces, batch {}", pieces.batch);
    interleave(&name, &METRICS, workload.rounds, vec![contender])
}

fn encoded(all: &[Message], batch: usize) -> f64 {
    let mut frame = Vec::new();
    let started = Instant::now();
    for (number, messages) in all.chunks(batch).enumerate() {
        let first_sequence = (number * batch) as u64;
        let fields = FrameFields { first_sequence, durable: 0, append_time_us: 1 };
        black_box(encode_frame(&mut frame, FIRST, fields, [messages]));
    }
    rate(all.len(), started)
}

/// What the pump would tell the tail of these messages.
fn entries(all: &[Message], batch: usize) -> Vec<BatchEntry> {
    let entry = |(number, messages): (usize, &[Message])| BatchEntry {
        first_sequence: (number * batch) as u64,
        segment_id: FIRST.segment_id,
        frame_offset: FIRST.offset + ((number * batch) << 10) as u64,
        frame_length_bytes: 0,
        append_time_us: 1,
        records: messages.iter().enumerate().map(record).collect(),
    };
    all.chunks(batch).enumerate().map(entry).collect()
}

fn record((index, message): (usize, &Message)) -> RecordEntry {
    RecordEntry {
        id: message.id.as_str().into(),
        timestamp_us: 1,
        offset_in_frame: (index << 8) as u32,
        length_bytes: 1 << 8,
    }
}

fn pushed(tail: &Tail, entries: Vec<BatchEntry>, count: usize) -> f64 {
    let started = Instant::now();
    entries.into_iter().for_each(|entry| tail.push(entry));
    rate(count, started)
}

/// The first lookup of each chunk makes its index of ids, which is part of this.
fn found(tail: &Tail, all: &[Message]) -> f64 {
    let started = Instant::now();
    let view = tail.pin();
    for message in all {
        black_box(view.by_id(&message.id, u64::MAX));
    }
    rate(all.len(), started)
}

fn queued(count: usize, batch: usize) -> f64 {
    let queue = SwitchQueue::new();
    let mut taken = Vec::new();
    let started = Instant::now();
    for number in 0..count {
        queue.push(number);
        if number % batch == 0 {
            queue.swap_into(&mut taken);
            taken.clear();
        }
    }
    rate(count, started)
}
