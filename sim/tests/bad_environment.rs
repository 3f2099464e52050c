//! A directory without permission and a disk that is full, as the system makes them: each a typed
//! error that names the place and the remedy; nothing is lost, and the engine is usable again.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // Real users, mounts, processes.

use std::fs::{self, Permissions};
use std::num::NonZero;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use duolog::io::real::Real;
use duolog::types::{Message, ReadPosition};
use duolog::{Ack, DiskConfig, ErrorKind, Log, StorageError};

const CHILD: &str = "DUOLOG_UNPRIVILEGED_CHILD";
/// What the child ends with when it saw all that it should.
const SEEN_ALL: i32 = 42;
/// The user and group `nobody`.
const NOBODY: u32 = 65534;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

async fn open(directory: &Path) -> Result<Log, StorageError> {
    Log::open(Real::new(), DiskConfig::new(directory)).await
}

/// The call failed for want of permission: typed, with the place and the remedy in its words.
fn refused<T>(result: Result<T, StorageError>, place: &str) {
    let error = result.err().expect("permission is missing");
    assert!(matches!(error, StorageError::Io { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Retry);
    let text = error.to_string();
    assert!(text.contains(place) && text.contains("permission"), "{text}");
}

/// What a user meets who may not write in `closed/log`, read in `secret/log`, or create in either.
async fn without_permission(directory: &Path) {
    refused(open(&directory.join("closed").join("new")).await, "closed/new");
    refused(open(&directory.join("secret").join("log")).await, "secret/log");
    let log = open(&directory.join("closed").join("log")).await.unwrap();
    refused(log.writer("t", 0).await, "closed/log");
    refused(log.create_topic("u", 1).await, "closed/log");
    let own = open(&directory.join("own")).await.unwrap();
    own.create_topic("t", 1).await.unwrap();
    let writer = own.writer("t", 0).await.unwrap();
    writer.append(vec![Message::new("after", "x")], Ack::Synced).await.unwrap();
}

#[test]
fn child() {
    let Ok(directory) = std::env::var(CHILD) else { return };
    assert!(!is_root());
    block_on(without_permission(&PathBuf::from(directory)));
    std::process::exit(SEEN_ALL);
}

/// A log with one message.
async fn make(directory: &Path) {
    let log = open(directory).await.unwrap();
    log.create_topic("t", 1).await.unwrap();
    let writer = log.writer("t", 0).await.unwrap();
    writer.append(vec![Message::new("kept", "x")], Ack::Synced).await.unwrap();
    writer.close().await.unwrap();
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Takes or gives back the right to write, of `path` and all below it.
fn set_writable(path: &Path, writable: bool) {
    let may_write = if writable { 0o200 } else { 0 };
    if path.is_dir() {
        set_mode(path, 0o755);
        for entry in fs::read_dir(path).unwrap() {
            set_writable(&entry.unwrap().path(), writable);
        }
        set_mode(path, 0o555 | may_write);
    } else {
        set_mode(path, 0o444 | may_write);
    }
}

#[test]
fn without_permission_calls_name_the_place_and_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    set_mode(root, 0o755);
    for name in ["closed", "secret", "own"] {
        fs::create_dir(root.join(name)).unwrap();
    }
    block_on(async {
        make(&root.join("closed").join("log")).await;
        make(&root.join("secret").join("log")).await;
    });
    set_writable(&root.join("closed"), false);
    set_mode(&root.join("secret"), 0);
    // Root would notice nothing: its test runs as nobody, from a copy that nobody may read.
    let program = root.join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    set_mode(&program, 0o755);
    let mut child = Command::new(&program);
    child.args(["--exact", "child", "--nocapture"]).env(CHILD, root).current_dir(root);
    if is_root() {
        chown(root.join("own"), Some(NOBODY), Some(NOBODY)).unwrap();
        child.uid(NOBODY).gid(NOBODY);
    }
    let output = child.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(SEEN_ALL), "{words}");

    set_mode(&root.join("secret"), 0o755);
    set_writable(&root.join("closed"), true);
    for name in ["closed", "secret"] {
        block_on(async {
            let log = open(&root.join(name).join("log")).await.unwrap();
            assert!(log.index().get_by_msg_id("t", 0, "kept").await.is_ok());
            let writer = log.writer("t", 0).await.unwrap();
            writer.append(vec![Message::new("after", "x")], Ack::Synced).await.unwrap();
            assert!(log.verify().await.unwrap()[0].problems.is_empty());
        });
    }
}

/// A small disk, until it drops.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where the system lets nobody mount; the reason is printed.
    fn mount(size_mib: u32) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let size = format!("size={size_mib}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(directory.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(directory)),
            other => {
                eprintln!("SKIPPED, no small disk can be mounted: {other:?}");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

/// Appends until the disk is full; how many messages were acknowledged, and the error.
async fn fill(writer: &duolog::Writer) -> (u64, StorageError) {
    let payload = vec![7; 50_000];
    for batch in 0.. {
        let message = Message::new(format!("id-{batch}"), payload.clone());
        if let Err(error) = writer.append(vec![message], Ack::Flushed).await {
            return (batch, error);
        }
    }
    unreachable!("a small disk is full at last");
}

#[test]
fn a_full_disk_is_named_and_the_writer_goes_on_when_there_is_room_again() {
    let Some(disk) = SmallDisk::mount(24) else { return };
    let directory = disk.0.path().join("log");
    let ballast = disk.0.path().join("ballast");
    fs::write(&ballast, vec![1; 8 << 20]).unwrap();
    block_on(async {
        let config = DiskConfig {
            segment_max_bytes: 1 << 20,
            settle_chunk_entries: 32,
            ..DiskConfig::new(&directory)
        };
        let log = Log::open(Real::new(), config).await.unwrap();
        log.create_topic("t", 1).await.unwrap();
        let writer = log.writer("t", 0).await.unwrap();
        let (acknowledged, error) = fill(&writer).await;
        assert!(acknowledged > 32, "{acknowledged} messages, then: {error}");
        assert_eq!(error.kind(), ErrorKind::Retry, "{error:?}");
        assert!(error.to_string().contains("free space"), "{error}");
        let (none, refused) = fill(&writer).await;
        assert!(none == 0 && matches!(refused, StorageError::ReadOnly { .. }), "{refused}");
        assert!(refused.to_string().contains("resume"), "{refused}");
        let last = format!("id-{}", acknowledged - 1);
        log.index().get_by_msg_id("t", 0, &last).await.unwrap();

        fs::remove_file(&ballast).unwrap();
        writer.resume().await.unwrap();
        let after = writer.append(vec![Message::new("after", "x")], Ack::Synced).await.unwrap();
        writer.settle().await.unwrap();
        writer.close().await.unwrap();
        let reader = log.reader(1);
        reader.seek("t", 0, ReadPosition::Earliest).await.unwrap();
        let mut ids = Vec::new();
        let count = NonZero::new(100).unwrap();
        while (ids.len() as u64) < after.end() {
            let read = reader.next("t", 0, count, 0).await.unwrap();
            ids.extend(read.into_iter().map(|message| message.id.as_str().to_owned()));
        }
        assert!((0..acknowledged).all(|n| ids[n as usize] == format!("id-{n}")));
        assert_eq!(ids.last().map(String::as_str), Some("after"));
        assert!(log.verify().await.unwrap()[0].problems.is_empty());
    });
}
