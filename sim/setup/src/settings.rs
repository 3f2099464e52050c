//! What tells cargo in this checkout where the library lies.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Failure, Outcome};

/// The settings of one checkout: a file of its own, which `.cargo/config.toml` includes if it is
/// there and git ignores.
pub(crate) struct Settings {
    path: PathBuf,
    text: String,
}

impl Settings {
    /// Those that make builds below `root` link the library in `directory`.
    pub(crate) fn new(root: &Path, directory: &Path) -> Outcome<Settings> {
        let text = text(directory).ok_or_else(|| {
            Failure::environment(format!(
                "the cache's path holds characters that cargo's settings cannot: {}; \
                 set XDG_CACHE_HOME to a plain one",
                directory.display()
            ))
        })?;
        Ok(Settings { path: root.join(".cargo/rocksdb.toml"), text })
    }

    /// Whether the file says so already.
    pub(crate) fn are_written(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|text| text == self.text)
    }

    /// Writes the file, whole or not at all.
    pub(crate) fn write(&self) -> Outcome<()> {
        let fresh = self.path.with_extension("toml.new");
        let written = fs::write(&fresh, &self.text).and_then(|()| fs::rename(&fresh, &self.path));
        written.map_err(|error| {
            let place = self.path.display();
            Failure::environment(format!("cannot write {place}: {error}; make it writable"))
        })
    }
}

fn text(directory: &Path) -> Option<String> {
    let directory = directory.to_str()?;
    if directory.contains(['\'', '\n', '\r']) {
        return None;
    }
    Some(format!(
        "# Written by `cargo setup`. Without this file cargo compiles RocksDB itself.\n\
         [env]\nROCKSDB_LIB_DIR = '{directory}'\nROCKSDB_STATIC = '1'\n"
    ))
}

#[cfg(test)]
mod tests;
