//! Where a run took place: what a reader of a report must know to compare it.

// This is the outside: facts of the machine, never an input of a run.
#![allow(clippy::disallowed_methods)]

use serde::{Deserialize, Serialize};

/// Facts of build and machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Version of duolog.
    pub version: String,
    /// Whether this build has the index on RocksDB.
    pub rocks: bool,
    /// Whether mistakes can be planted in this build.
    pub planted: bool,
    /// Whether it was built with debug assertions.
    pub debug_assertions: bool,
    /// Operating system and architecture.
    pub target: String,
    /// Kernel release, where it can be read.
    pub kernel: String,
    /// Model of the processor, where it can be read.
    pub processor: String,
    /// Processors that this process may use.
    pub processor_count: usize,
}

impl Environment {
    /// This build on this machine.
    pub fn here() -> Self {
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = cpu
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split(':').nth(1))
            .unwrap_or_default();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rocks: cfg!(feature = "rocks"),
            planted: cfg!(feature = "planted"),
            debug_assertions: cfg!(debug_assertions),
            target: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
            kernel: kernel.trim().to_owned(),
            processor: processor.trim().to_owned(),
            processor_count: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// The most memory that this process has held so far, in bytes; 0 where it cannot be read.
pub fn memory_peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}
