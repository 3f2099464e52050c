//! The user's cache of compiled libraries: one directory a (version, features, compiler,
//! processor), complete as soon as it has its name.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::compiler::Compiler;
use crate::manifest::Wanted;
use crate::{Failure, Outcome};

/// The library's name in its directory.
pub(crate) const LIBRARY: &str = "librocksdb.a";

/// The processor that RocksDB is compiled for, as `-Ctarget-cpu` names it: with SSE 4.2, which its
/// checksums want. `None` stands for the compiler's default.
pub(crate) fn target_cpu() -> Option<&'static str> {
    cfg!(target_arch = "x86_64").then_some("x86-64-v2")
}

/// The place of one library in the cache.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Where the library lies once it is there.
    pub(crate) directory: PathBuf,
    /// Where it is compiled before.
    pub(crate) building: PathBuf,
    /// Where it is put together before it gets its name.
    fresh: PathBuf,
}

impl Slot {
    /// The slot for a library in the cache of the user.
    pub(crate) fn of_user(wanted: &Wanted, compiler: &Compiler) -> Outcome<Slot> {
        let base = match (set("XDG_CACHE_HOME"), set("HOME")) {
            (Some(cache), _) => cache,
            (None, Some(home)) => home.join(".cache"),
            (None, None) => {
                let text = "neither XDG_CACHE_HOME nor HOME is set; set one of them";
                return Err(Failure::environment(text));
            }
        };
        Ok(Slot::below(&base.join("duolog"), &key(wanted, compiler)))
    }

    fn below(cache: &Path, key: &str) -> Slot {
        let beside = |end: &str| cache.join(format!("{key}.{end}"));
        Slot { directory: cache.join(key), building: beside("building"), fresh: beside("fresh") }
    }

    /// Whether the library is there.
    pub(crate) fn is_filled(&self) -> bool {
        self.directory.join(LIBRARY).is_file()
    }

    /// Waits until no other set-up fills a slot of this cache; held until it drops.
    pub(crate) fn lock(&self) -> Outcome<File> {
        let lock = || -> io::Result<File> {
            let cache = self.directory.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(cache)?;
            let path = cache.join("LOCK");
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            if file.try_lock().is_err() {
                println!("waiting for another set-up that fills the cache ..");
                file.lock()?;
            }
            Ok(file)
        };
        lock().map_err(|error| self.failure("lock", &error))
    }

    /// Copies the library at `from` into the slot, whole or not at all.
    pub(crate) fn fill(&self, from: &Path) -> Outcome<()> {
        let fill = || -> io::Result<()> {
            let _ = fs::remove_dir_all(&self.fresh);
            fs::create_dir_all(&self.fresh)?;
            fs::copy(from, self.fresh.join(LIBRARY))?;
            File::open(self.fresh.join(LIBRARY))?.sync_all()?;
            let _ = fs::remove_dir_all(&self.directory);
            fs::rename(&self.fresh, &self.directory)
        };
        check_library(from)?;
        fill().map_err(|error| self.failure("fill", &error))
    }

    fn failure(&self, verb: &str, error: &io::Error) -> Failure {
        let place = self.directory.display();
        Failure::environment(format!(
            "cannot {verb} the cache for {place}: {error}; make it writable, or set XDG_CACHE_HOME"
        ))
    }
}

fn set(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The name of a slot: everything that two builds must have in common to share a library.
fn key(wanted: &Wanted, compiler: &Compiler) -> String {
    let mut parts = vec!["rocksdb", wanted.version.as_str()];
    parts.extend(wanted.features.iter().map(String::as_str));
    parts.extend([compiler.name.as_str(), target_cpu().unwrap_or(env::consts::ARCH)]);
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    parts.join("-").chars().map(plain).collect()
}

/// Refuses a file that is no archive with RocksDB's secondary instances in it.
fn check_library(path: &Path) -> Outcome<()> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| file.read_to_end(&mut bytes));
    let wrong =
        |why: &str| Failure::environment(format!("{}: {why}; give a librocksdb.a", path.display()));
    read.map_err(|error| wrong(&error.to_string()))?;
    let symbol = b"rocksdb_try_catch_up_with_primary";
    if !bytes.starts_with(b"!<arch>\n") {
        return Err(wrong("not an archive"));
    }
    if !bytes.windows(symbol.len()).any(|window| window == symbol) {
        return Err(wrong("not RocksDB"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
