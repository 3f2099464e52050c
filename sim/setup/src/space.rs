//! Free space on disk.

use std::path::Path;
use std::process::Command;

/// Wanted for the builds of a checkout.
pub(crate) const BUILDS_BYTES: u64 = 2 << 30;
/// Wanted for compiling RocksDB and keeping the library.
pub(crate) const LIBRARY_BYTES: u64 = 1 << 30;

/// Bytes free for this user where `path` lies or would lie; `None` where it cannot be told.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|ancestor| ancestor.exists())?;
    let output = Command::new("df").arg("-Pk").arg(existing).env("LC_ALL", "C").output().ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// The fourth column of the last line of `df -Pk`, in bytes.
fn parse(text: &str) -> Option<u64> {
    let columns: Vec<&str> = text.lines().nth(1)?.split_whitespace().collect();
    // The name of a device may hold spaces; the columns are counted from the percent sign.
    let percent = columns.iter().rposition(|column| column.ends_with('%'))?;
    columns.get(percent.checked_sub(1)?)?.parse::<u64>().ok()?.checked_mul(1024)
}

/// A count of bytes for people.
pub(crate) fn gibibytes(bytes: u64) -> String {
    format!("{}.{} GiB", bytes >> 30, ((bytes & ((1 << 30) - 1)) * 10) >> 30)
}

#[cfg(test)]
mod tests;
