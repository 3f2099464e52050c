//! A process may end at any moment without closing anything: its end waits for what is inside
//! RocksDB, whose statics are destroyed then, and the process ends as it was told.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // Real processes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use duolog::io::real::Real;
use duolog::types::Message;
use duolog::{Ack, DiskConfig, Log};

const CHILD: &str = "DUOLOG_EXIT_CHILD";
const EXITS: u32 = 40;
/// What the child ends with, so that a test that ran nothing is not taken for a good end.
const CODE: i32 = 42;

/// Has databases opening, settling and closing, and ends amid them.
async fn end_amid_work(directory: &Path, topics: u32) {
    let config = DiskConfig { settle_chunk_entries: 4, ..DiskConfig::new(directory) };
    let log = Log::open(Real::new(), config).await.unwrap();
    for number in 0..topics {
        let topic = format!("topic-{number}");
        log.create_topic(&topic, 1).await.unwrap();
        let writer = log.writer(&topic, 0).await.unwrap();
        let messages = (0..20).map(|n| Message::new(format!("{number}-{n}"), "x")).collect();
        writer.append(messages, Ack::Flushed).await.unwrap();
        writer.settle().await.unwrap();
        log.index().get_by_msg_id(&topic, 0, &format!("{number}-1")).await.unwrap();
    }
    drop(log);
    std::process::exit(CODE);
}

#[test]
fn child() {
    let Ok(orders) = std::env::var(CHILD) else { return };
    let (topics, directory) = orders.split_once('|').unwrap();
    let directory = PathBuf::from(directory);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(end_amid_work(&directory, topics.parse().unwrap()));
}

#[test]
fn a_process_ends_as_it_was_told_while_databases_open_settle_and_close() {
    for round in 0..EXITS {
        let directory = tempfile::tempdir().unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(CHILD, format!("{}|{}", 1 + round % 4, directory.path().display()))
            .stdout(Stdio::null())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(CODE), "{}: {words}", output.status);
    }
}
