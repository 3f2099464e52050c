//! A reader that stops, with a message in its hands, holds up nobody and costs no memory that
//! grows with what is written meanwhile; then it goes on where it stopped.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // What the process uses is asked of the system.

use std::num::NonZero;

use duolog::io::real::Real;
use duolog::types::{Message, ReadPosition};
use duolog::{Ack, DiskConfig, Log};

const MESSAGES: usize = 4_000;
const PAYLOAD_BYTES: usize = 64 << 10;
const BATCH: usize = 16;
/// The most that may be added, a fraction of the 250 MiB that are written.
const GROWTH_MIB_MAX: u64 = 64;

fn memory_peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

/// A payload that no other message has.
fn payload(number: usize) -> Vec<u8> {
    let mut payload = vec![number as u8; PAYLOAD_BYTES];
    payload[..8].copy_from_slice(&(number as u64).to_le_bytes());
    payload
}

async fn append(writer: &duolog::Writer, numbers: std::ops::Range<usize>) {
    for first in numbers.clone().step_by(BATCH) {
        let batch = first..(first + BATCH).min(numbers.end);
        let messages = batch.map(|n| Message::new(format!("id-{n}"), payload(n))).collect();
        writer.append(messages, Ack::Flushed).await.unwrap();
    }
}

#[test]
fn a_stopped_reader_costs_nothing_that_grows() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = DiskConfig {
            segment_max_bytes: 32 << 20,
            settle_chunk_entries: 512,
            ..DiskConfig::new(directory.path())
        };
        let log = Log::open(Real::new(), config).await.unwrap();
        log.create_topic("t", 1).await.unwrap();
        let writer = log.writer("t", 0).await.unwrap();
        append(&writer, 0..MESSAGES / 10).await;
        writer.settle().await.unwrap();
        let reader = log.reader(1);
        reader.seek("t", 0, ReadPosition::Earliest).await.unwrap();
        let held = reader.next("t", 0, NonZero::<usize>::MIN, 0).await.unwrap();
        log.index().get_by_msg_id("t", 0, "id-1").await.unwrap();

        let before_mib = memory_peak_mib();
        append(&writer, MESSAGES / 10..MESSAGES).await;
        writer.settle().await.unwrap();
        let growth_mib = memory_peak_mib() - before_mib;
        let written_mib = (MESSAGES * PAYLOAD_BYTES) >> 20;
        println!("{written_mib} MiB written beside a stopped reader: {growth_mib} MiB more memory");
        assert!(growth_mib <= GROWTH_MIB_MAX, "{growth_mib} MiB");

        assert_eq!(held.first().unwrap().payload(), payload(0));
        let mut next = 1;
        while next < MESSAGES {
            for message in reader.next("t", 0, NonZero::new(64).unwrap(), 0).await.unwrap() {
                assert_eq!(message.payload.as_ref(), payload(next));
                next += 1;
            }
        }
    });
}
