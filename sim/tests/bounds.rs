//! Many partitions and many topics, used in turn: memory and descriptors stay bounded.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // What the process uses is asked of the system.

use std::num::NonZero;

use duolog::io::real::Real;
use duolog::types::Message;
use duolog::{Ack, DiskConfig, Log};

/// How many partitions, and topics: `DUOLOG_BOUNDS` says another number than the usual one. Opening
/// a database of RocksDB forces files to disk: fewer of them in the same time.
fn count() -> u32 {
    let usual = if cfg!(feature = "rocks") { 200 } else { 1000 };
    std::env::var("DUOLOG_BOUNDS").map_or(usual, |said| said.parse().unwrap())
}

const MESSAGES: usize = 3;

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The most memory that the process has taken so far, in bytes.
fn memory_peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}

/// Writes, settles, reads and looks up one partition.
async fn use_partition(log: &Log, topic: &str, partition: u32) {
    let writer = log.writer(topic, partition).await.unwrap();
    let messages = (0..MESSAGES).map(|n| Message::new(format!("{topic}-{partition}-{n}"), "x"));
    writer.append(messages.collect(), Ack::Flushed).await.unwrap();
    writer.settle().await.unwrap();
    let reader = log.reader(1);
    let count = NonZero::new(MESSAGES + 1).unwrap();
    assert_eq!(reader.next(topic, partition, count, 0).await.unwrap().len(), MESSAGES);
    let id = format!("{topic}-{partition}-1");
    log.index().get_by_msg_id(topic, partition, &id).await.unwrap();
    writer.close().await.unwrap();
}

async fn use_all(log: &Log, places: impl Iterator<Item = (String, u32)>) -> usize {
    let mut most = 0;
    for (topic, partition) in places {
        use_partition(log, &topic, partition).await;
        most = most.max(open_descriptors());
    }
    most
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn many_partitions_and_many_topics_stay_within_their_bounds() {
    let (directory, count) = (tempfile::tempdir().unwrap(), count());
    block_on(async {
        let log = Log::open(Real::new(), DiskConfig::new(directory.path())).await.unwrap();
        log.create_topic("wide", count).await.unwrap();
        let partitions = (0..count).map(|partition| ("wide".to_owned(), partition));
        let wide = use_all(&log, partitions).await;
        for number in 0..count {
            log.create_topic(&format!("topic-{number}"), 1).await.unwrap();
        }
        let topics = (0..count).map(|number| (format!("topic-{number}"), 0));
        let many = use_all(&log, topics).await;
        let memory_mib = memory_peak_bytes() >> 20;
        println!(
            "1 topic x {count} partitions: at most {wide} descriptors; \
             {count} topics x 1 partition: {many}; memory at most {memory_mib} MiB"
        );
        assert!(wide < 1024 && many < 1024, "{wide} and {many} descriptors");
        assert!(memory_mib < 1024, "{memory_mib} MiB");
    });
}
