//! The files that a death leaves of a database.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Result, copy};
use std::path::Path;

use super::stage::{CURRENT, Stage};

/// What is left of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its first bytes.
    pub(super) kept_bytes: u64,
    /// Zeros behind them.
    pub(super) zero_bytes: u64,
}

/// All that is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) current: Option<String>,
    pub(super) files: BTreeMap<String, Piece>,
}

impl Left {
    /// Everything that `stage` has.
    pub(super) fn whole(stage: &Stage) -> Self {
        let mut left = Self { current: stage.current.clone(), files: BTreeMap::new() };
        stage.lengths_bytes.iter().for_each(|(name, bytes)| left.keep(name, *bytes, 0));
        left
    }

    /// Leaves the first bytes of a file, and zeros behind them.
    pub(super) fn keep(&mut self, name: &str, kept_bytes: u64, zero_bytes: u64) {
        self.files.insert(name.to_owned(), Piece { kept_bytes, zero_bytes });
    }

    /// Makes `target` of it, with what the files of the same names in `attic` hold.
    pub(super) fn write(&self, attic: &Path, target: &Path) -> Result<()> {
        fs::create_dir_all(target)?;
        for (name, piece) in &self.files {
            let (from, to) = (attic.join(name), target.join(name));
            let is_whole = piece.zero_bytes == 0 && fs::metadata(&from)?.len() == piece.kept_bytes;
            if is_whole && !is_appended_to(name) {
                fs::hard_link(&from, &to)?;
                continue;
            }
            let mut file = File::create(&to)?;
            copy(&mut File::open(&from)?.take(piece.kept_bytes), &mut file)?;
            file.set_len(piece.kept_bytes + piece.zero_bytes)?;
        }
        if let Some(current) = &self.current {
            fs::write(target.join(CURRENT), current)?;
        }
        Ok(())
    }
}

/// Whether RocksDB appends to a file after it gave it its name, so that a second name of it does
/// not keep what it held.
fn is_appended_to(name: &str) -> bool {
    super::stage::is_manifest(name) || name.ends_with(".log")
}
