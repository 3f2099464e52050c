//! When the background work of a store has come to rest, and what the process spent until then:
//! seen from outside, so it is the same for every store.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// At rest is who for this long neither wrote nor used more of a processor than `BUSY_SHARE`.
const WINDOW: Duration = Duration::from_millis(700);
const LOOK: Duration = Duration::from_millis(20);
const BUSY_SHARE: f64 = 0.02;
/// Who does not come to rest within this time is given up.
const LIMIT: Duration = Duration::from_secs(600);

/// What the process had used at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) at: Instant,
    /// Time of all processors.
    pub(crate) cpu: Duration,
    /// Bytes given to the system by calls that write.
    pub(crate) written_bytes: u64,
}

impl Usage {
    /// At this moment.
    pub(crate) fn now() -> Self {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        let cpu = Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32);
        Self { at: Instant::now(), cpu, written_bytes: number_after("/proc/self/io", "wchar:") }
    }
}

/// Returns once the process is at rest, with what it had used when the rest began.
pub(crate) fn wait_until_quiet() -> Usage {
    let started = Instant::now();
    let mut begin = Usage::now();
    loop {
        std::thread::sleep(LOOK);
        let now = Usage::now();
        let window = now.at - begin.at;
        let used = (now.cpu - begin.cpu).as_secs_f64();
        let allowed = (window.as_secs_f64() * BUSY_SHARE).max(0.004);
        if now.written_bytes != begin.written_bytes || used > allowed {
            begin = now;
        } else if window >= WINDOW {
            return begin;
        }
        if started.elapsed() > LIMIT {
            eprintln!("note: no rest within {} s", LIMIT.as_secs());
            return now;
        }
    }
}

/// Memory of the process that lies in memory chips, in bytes.
pub(crate) fn resident_bytes() -> u64 {
    number_after("/proc/self/status", "VmRSS:") * 1024
}

/// The bytes on disk of all files below `directory`; a file that has several names counts once.
pub(crate) fn disk_bytes(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let mut seen = std::collections::BTreeSet::new();
    let mut bytes = 0;
    let mut left = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                left.push(entry.path());
            } else if seen.insert(metadata.ino()) {
                bytes += metadata.blocks() * 512;
            }
        }
    }
    bytes
}

fn number_after(path: &str, field: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
