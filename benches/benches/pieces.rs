//! Pieces of the engine on their own: no file, no thread, no waiting.
//!
//! `cargo bench -p duolog-bench --no-default-features --features pieces`

#![allow(clippy::disallowed_methods, reason = "real time is measured")]

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use duolog::index::chunk;
use duolog::index::coverage::Coverage;
use duolog::index::entry::{BatchEntry, RecordEntry};
use duolog::index::model::ModelBackend;
use duolog::index::tail::{Tail, TailChunk, TailLimits};
use duolog::io::{IndexBackend, IndexOptions, IndexPrimary};
use duolog::record::{Frame, FrameFields, FramePlace, encode_frame};
use duolog::segment::FIRST_FRAME_OFFSET;
use duolog::sync::SwitchQueue;
use duolog::types::{Message, SegmentId};
use tokio::runtime::Runtime;

const BATCH: usize = 1000;
/// What is settled at a time.
const CHUNK: usize = 65_536;
const PLACE: FramePlace =
    FramePlace { segment_id: SegmentId::new(1, 0), offset: FIRST_FRAME_OFFSET };
const FIELDS: FrameFields = FrameFields { first_sequence: 0, durable: 0, append_time_us: 1 };

/// Ids of 25 bytes in no order, payloads of 100.
fn messages(count: usize) -> Vec<Message> {
    let message = |number: usize| {
        let mixed = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        Message::new(format!("{mixed:020}{:05}", number % 100_000), vec![number as u8; 100])
    };
    (0..count).map(message).collect()
}

fn record((index, message): (usize, &Message)) -> RecordEntry<'_> {
    RecordEntry {
        id: &message.id,
        timestamp_us: index as i64,
        offset_in_frame: 64 + (index as u32) * 168,
        length_bytes: 165,
    }
}

/// What the pump would tell the tail of `messages`.
fn entries(messages: &[Message]) -> Vec<BatchEntry> {
    let entry = |(number, messages): (usize, &[Message])| BatchEntry {
        first_sequence: (number * BATCH) as u64,
        segment_id: PLACE.segment_id,
        frame_offset: PLACE.offset + ((number * BATCH) as u64) * 168,
        frame_length_bytes: 64 + 168 * BATCH as u32,
        append_time_us: 1,
        records: messages.iter().enumerate().map(record).collect(),
    };
    messages.chunks(BATCH).enumerate().map(entry).collect()
}

fn boundless() -> Tail {
    let limits = TailLimits { entries_max: 1 << 28, bytes_max: 1 << 40, ..TailLimits::default() };
    Tail::new(0, limits)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime without threads")
}

fn frames(criterion: &mut Criterion) {
    let messages = messages(BATCH);
    let mut group = criterion.benchmark_group("frame of 1000");
    group.throughput(Throughput::Elements(BATCH as u64));
    let mut frame = Vec::new();
    group.bench_function("encode", |bencher| {
        bencher.iter(|| encode_frame(&mut frame, PLACE, FIELDS, [messages.as_slice()]));
    });
    encode_frame(&mut frame, PLACE, FIELDS, [messages.as_slice()]);
    let bytes = bytes::Bytes::from(frame);
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            let frame = Frame::decode(bytes.clone(), PLACE).expect("it was just encoded");
            frame.records().map(|record| u64::from(record.length_bytes())).sum::<u64>()
        });
    });
    group.bench_function("decode to messages", |bencher| {
        bencher.iter(|| {
            let frame = Frame::decode(bytes.clone(), PLACE).expect("it was just encoded");
            frame.records().filter_map(|record| record.to_message().ok()).count()
        });
    });
    group.finish();
}

fn tail(criterion: &mut Criterion) {
    let messages = messages(CHUNK);
    let mut group = criterion.benchmark_group("tail");
    group.throughput(Throughput::Elements(CHUNK as u64));
    group.bench_function("push a chunk", |bencher| {
        bencher.iter_batched(
            || (boundless(), entries(&messages)),
            |(tail, entries)| {
                entries.into_iter().for_each(|entry| tail.push(entry));
                tail
            },
            BatchSize::LargeInput,
        );
    });
    let tail = boundless();
    entries(&messages).into_iter().for_each(|entry| tail.push(entry));
    group.throughput(Throughput::Elements(1));
    let mut number = 0;
    group.bench_function("pin and find by id", |bencher| {
        bencher.iter(|| {
            number = (number + 7_919) % CHUNK;
            tail.pin().by_id(&messages[number].id, u64::MAX)
        });
    });
    group.finish();
}

fn queue(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("switch queue");
    group.throughput(Throughput::Elements(BATCH as u64));
    let queue = SwitchQueue::new();
    let mut taken = Vec::new();
    group.bench_function("push 1000, then swap", |bencher| {
        bencher.iter(|| {
            (0..BATCH).for_each(|number| queue.push(number));
            queue.swap_into(&mut taken);
            black_box(&taken);
            taken.clear();
        });
    });
    group.finish();
}

fn index(criterion: &mut Criterion) {
    let runtime = runtime();
    let open = || {
        let backend = ModelBackend::default();
        let opening = backend.open_primary(Path::new("a"), IndexOptions::default());
        runtime.block_on(opening).expect("it lies in memory")
    };
    let chunk = TailChunk::of(entries(&messages(CHUNK)));
    let build = |primary: &_, number| {
        runtime.block_on(chunk::build(primary, 0, number, &chunk, None)).expect("it lies in memory")
    };
    let mut group = criterion.benchmark_group("index");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Elements(CHUNK as u64));
    let empty = open();
    group.bench_function("build a chunk of new ids", |bencher| {
        bencher.iter(|| build(&empty, 0));
    });
    let primary = open();
    runtime.block_on(primary.settle(build(&primary, 0))).expect("it lies in memory");
    let coverage = Coverage::new(0);
    group.throughput(Throughput::Elements(1));
    group.bench_function("coverage where nothing is new", |bencher| {
        bencher.iter(|| runtime.block_on(coverage.extend(&primary)).expect("it lies in memory"));
    });
    group.finish();
}

criterion_group!(pieces, frames, tail, queue, index);
criterion_main!(pieces);
