#![allow(clippy::unwrap_used)]

use crate::config::DiskConfig;
use crate::io::real::Real;
use crate::store::Log;
use crate::types::Message;
use crate::writer::Ack;

/// Buffered batches hold memory until they are written. An append that finds none left has them
/// written, and does not wait for a flush that is ages away.
#[tokio::test]
async fn an_append_without_memory_has_the_buffered_ones_written() {
    let directory = tempfile::tempdir().unwrap();
    let config = DiskConfig {
        message_max_bytes: 1 << 10,
        staged_max_bytes: 1 << 10,
        flush_bytes: 1 << 30,
        flush_period_us: u64::MAX / 8,
        ..DiskConfig::new(directory.path())
    };
    let log = Log::open(Real::new(), config).await.unwrap();
    log.create_topic("orders", 1).await.unwrap();
    let writer = log.writer("orders", 0).await.unwrap();
    for number in 0..3 {
        let message = Message::new(format!("id-{number}"), "x".repeat(600));
        writer.append(vec![message], Ack::Buffered).await.unwrap();
    }
    assert_eq!(writer.marks().high_watermark, 2);
    writer.flush(false).await.unwrap();
    assert_eq!(writer.marks().high_watermark, 3);
    writer.close().await.unwrap();
}
