//! The files of a database at one moment.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Result};
use std::path::Path;

/// The file that names the MANIFEST. It is replaced as a whole.
pub(super) const CURRENT: &str = "CURRENT";

/// Names and lengths of files, and what CURRENT says. Files that RocksDB needs only while a
/// database is open, or writes for people, are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) lengths_bytes: BTreeMap<String, u64>,
    pub(super) current: Option<String>,
}

impl Stage {
    /// What is in `directory` now; nothing where there is none.
    pub(super) fn scan(directory: &Path) -> Result<Self> {
        let mut stage = Self::default();
        let entries = match fs::read_dir(directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(stage),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let metadata = entry.metadata()?;
            if name == CURRENT {
                stage.current = Some(fs::read_to_string(entry.path())?);
            } else if metadata.is_file() && name != "LOCK" && !name.starts_with("LOG") {
                stage.lengths_bytes.insert(name, metadata.len());
            }
        }
        Ok(stage)
    }

    /// The MANIFEST that is in force.
    pub(super) fn manifest(&self) -> Option<&str> {
        self.current.as_deref().map(str::trim_end)
    }

    pub(super) fn length_bytes(&self, name: &str) -> u64 {
        self.lengths_bytes.get(name).copied().unwrap_or(0)
    }

    /// The files that `later` has and this has not.
    pub(super) fn added<'a>(&'a self, later: &'a Self) -> impl Iterator<Item = (&'a str, u64)> {
        let is_new = |(name, _): &(&String, &u64)| !self.lengths_bytes.contains_key(*name);
        later.lengths_bytes.iter().filter(is_new).map(|(name, bytes)| (&**name, *bytes))
    }
}

/// Whether the file holds entries.
pub(super) fn is_table(name: &str) -> bool {
    name.ends_with(".sst")
}

/// Whether the file lists the others.
pub(super) fn is_manifest(name: &str) -> bool {
    name.starts_with("MANIFEST-")
}
