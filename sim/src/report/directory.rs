//! The directory of a run. Each file is written under another name and renamed; the report comes
//! last, so that its presence means that the directory is complete.

// This is the outside: results of a run, never an input of one.
#![allow(clippy::disallowed_methods)]

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::history::{self, History};
use crate::plan::{Plan, PlanFormat};

use super::{FailureRecord, Report};

/// A run directory.
pub struct RunDirectory {
    path: PathBuf,
}

impl RunDirectory {
    /// Makes the directory `path`.
    ///
    /// # Errors
    /// Where it cannot be made, or is there already and not empty.
    pub fn create(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        if std::fs::read_dir(path)?.next().is_some() {
            let text = format!("{path:?} is not empty: name another directory");
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Makes `root/mode/<time>-<seed>`, and points `root/latest` at it.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn create_below(root: &Path, mode: &str, now_us: i64, seed: u64) -> io::Result<Self> {
        let name = format!("{}-{seed:016x}", stamp(now_us));
        let directory = Self::create(&root.join(mode).join(&name))?;
        let latest = root.join("latest");
        // The link is a convenience: a file system without links does without.
        let _ = std::fs::remove_file(&latest);
        let _ = std::os::unix::fs::symlink(Path::new(mode).join(&name), &latest);
        Ok(directory)
    }

    /// A directory that is there already.
    pub fn open(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.write_with(name, |file| file.write_all(bytes))
    }

    fn write_with(
        &self,
        name: &str,
        fill: impl FnOnce(&mut BufWriter<std::fs::File>) -> io::Result<()>,
    ) -> io::Result<()> {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let unfinished = path.with_extension("unfinished");
        let mut file = BufWriter::new(std::fs::File::create(&unfinished)?);
        fill(&mut file)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(unfinished, path)
    }

    /// Writes plan, history and explanation of a seed below `name`.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn write_seed(
        &self,
        name: &str,
        plan: &Plan,
        run: &History,
        words: &str,
    ) -> io::Result<()> {
        let file = |file: &str| {
            if name.is_empty() { file.to_owned() } else { format!("{name}/{file}") }
        };
        self.write(&file("plan.json"), plan.to_text(PlanFormat::Json).as_bytes())?;
        self.write_with(&file(history::FILE_NAME), |to| history::write_compressed(run, to))?;
        if !words.is_empty() {
            self.write(&file("explanation.txt"), words.as_bytes())?;
        }
        Ok(())
    }

    /// Writes what is known of the failure below `name`.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write_failure(&self, name: &str, failure: &FailureRecord) -> io::Result<()> {
        let path = Path::new(name).join(FailureRecord::FILE_NAME);
        let mut text = serde_json::to_vec_pretty(failure)?;
        text.push(b'\n');
        self.write(&path.to_string_lossy(), &text)
    }

    /// Writes the report: the last file.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(&self, report: &Report) -> io::Result<()> {
        let environment = serde_json::to_vec_pretty(&report.environment)?;
        self.write("environment.json", &environment)?;
        self.write("report.json", &serde_json::to_vec_pretty(report)?)
    }
}

/// A time as `2026-11-23T16-40-12Z`.
pub(super) fn stamp(now_us: i64) -> String {
    let seconds = now_us.div_euclid(1_000_000);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 0000-03-01, in eras of 400 years: leap days come last in each year.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{second:02}Z")
}
