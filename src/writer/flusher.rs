//! When buffered messages are written.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::DiskConfig;

/// Period and bytes after which buffered messages are written, and the memory of whether a
/// durable mark is already on its way. One a writer.
#[derive(Debug)]
pub struct Flusher {
    period_us: u64,
    bytes: u64,
    mark_scheduled: AtomicBool,
}

impl Flusher {
    /// Buffered messages are written after `period_us` microseconds, or once they take `bytes`
    /// bytes, whichever comes first.
    pub fn new(period_us: u64, bytes: usize) -> Self {
        Self { period_us, bytes: bytes as u64, mark_scheduled: AtomicBool::new(false) }
    }

    /// As the settings say.
    pub fn of(config: &DiskConfig) -> Self {
        Self::new(config.flush_period_us, config.flush_bytes)
    }

    /// The period, in microseconds.
    pub fn period_us(&self) -> u64 {
        self.period_us
    }

    /// The bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the caller is to schedule a mark: nobody else has.
    pub(super) fn begin_mark(&self) -> bool {
        !self.mark_scheduled.swap(true, Ordering::AcqRel)
    }

    pub(super) fn end_mark(&self) {
        self.mark_scheduled.store(false, Ordering::Release);
    }
}

impl Default for Flusher {
    fn default() -> Self {
        Self::of(&DiskConfig::new(""))
    }
}
