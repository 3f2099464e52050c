//! How much disk the directories of runs may take.

// This is the outside: results of runs, never an input of one.
#![allow(clippy::disallowed_methods)]

use std::io;
use std::path::{Path, PathBuf};

use super::directory::stamp;

/// Which runs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// What all runs together may take before the oldest ones go.
    pub max_bytes: u64,
    /// Runs with failures, and runs that did not end, stay for this long whatever they take.
    pub failures_us: i64,
}

/// A run that is there.
struct Kept {
    name: String,
    path: PathBuf,
    bytes: u64,
    /// Whether it found nothing and ended.
    is_clean: bool,
}

impl Retention {
    /// Removes the oldest runs below `root` until the others fit; which ones. Only directories
    /// that are named as those of runs are touched.
    ///
    /// # Errors
    /// Where one cannot be looked at or removed.
    pub fn make_room(&self, root: &Path, now_us: i64) -> io::Result<Vec<PathBuf>> {
        let mut runs = runs(root)?;
        runs.sort_by(|one, other| one.name.cmp(&other.name));
        let mut used_bytes: u64 = runs.iter().map(|run| run.bytes).sum();
        // Names begin with the time, so that they sort as times do.
        let kept_from = stamp(now_us.saturating_sub(self.failures_us));
        let mut removed = Vec::new();
        for run in runs {
            if used_bytes <= self.max_bytes {
                break;
            }
            if run.is_clean || run.name.as_str() < kept_from.as_str() {
                std::fs::remove_dir_all(&run.path)?;
                used_bytes -= run.bytes;
                removed.push(run.path);
            }
        }
        Ok(removed)
    }
}

/// All runs below `root`.
fn runs(root: &Path) -> io::Result<Vec<Kept>> {
    let mut runs = Vec::new();
    for mode in directories(root)? {
        for path in directories(&mode)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if is_run(&name) {
                let is_clean =
                    path.join("report.json").is_file() && !path.join("failures").is_dir();
                runs.push(Kept { name, bytes: bytes(&path)?, path, is_clean });
            }
        }
    }
    Ok(runs)
}

/// The directories in one; links are none. Nothing where there is nothing.
fn directories(path: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Whether a directory is named as a run is: its time, a dash, its seed.
fn is_run(name: &str) -> bool {
    let pattern = stamp(0);
    let Some((time, seed)) = name.split_at_checked(pattern.len()) else { return false };
    let fits = |(letter, like): (char, char)| match like {
        digit if digit.is_ascii_digit() => letter.is_ascii_digit(),
        other => letter == other,
    };
    let is_seed = |seed: &str| seed.len() == 16 && seed.chars().all(|c| c.is_ascii_hexdigit());
    time.chars().zip(pattern.chars()).all(fits) && seed.strip_prefix('-').is_some_and(is_seed)
}

/// Bytes of all files below.
fn bytes(path: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        sum += if kind.is_dir() {
            bytes(&entry.path())?
        } else {
            // Another process may have removed it meanwhile.
            entry.metadata().map_or(0, |metadata| metadata.len())
        };
    }
    Ok(sum)
}
