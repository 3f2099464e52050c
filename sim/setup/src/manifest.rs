//! Which RocksDB the workspace wants: read from its `Cargo.toml` and `Cargo.lock`.

use std::fs;
use std::path::Path;

use crate::{Failure, Outcome};

/// The RocksDB that the workspace depends on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Version of `librocksdb-sys`, which carries RocksDB's own behind the `+`.
    pub(crate) version: String,
    /// Features of the `rocksdb` crate, sorted.
    pub(crate) features: Vec<String>,
    /// The whole line of the dependency, for a package that compiles it alone.
    pub(crate) dependency: String,
}

/// Reads the two files at `root`.
pub(crate) fn wanted(root: &Path) -> Outcome<Wanted> {
    let read = |name: &str| {
        fs::read_to_string(root.join(name)).map_err(|error| {
            Failure::environment(format!("cannot read {name}: {error}; run it in a checkout"))
        })
    };
    parse(&read("Cargo.toml")?, &read("Cargo.lock")?).map_err(Failure::environment)
}

fn parse(manifest: &str, lock: &str) -> Result<Wanted, String> {
    let dependency = dependency(manifest)
        .ok_or("Cargo.toml has no line `rocksdb = {..}` in [workspace.dependencies]")?;
    let version = locked(lock, "librocksdb-sys")
        .ok_or("Cargo.lock does not name librocksdb-sys; run `cargo generate-lockfile`")?;
    Ok(Wanted {
        version: version.to_owned(),
        features: features(dependency),
        dependency: dependency.to_owned(),
    })
}

/// The line of `rocksdb` in `[workspace.dependencies]`.
fn dependency(manifest: &str) -> Option<&str> {
    let mut lines = manifest.lines().skip_while(|line| line.trim() != "[workspace.dependencies]");
    lines.next()?;
    let mut section = lines.take_while(|line| !line.starts_with('['));
    section.find(|line| line.split('=').next().is_some_and(|name| name.trim() == "rocksdb"))
}

/// The strings of `features = [..]` in one line, sorted.
fn features(dependency: &str) -> Vec<String> {
    let list = dependency
        .split_once("features = [")
        .filter(|(before, _)| !before.ends_with("default-"))
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(list, _)| list);
    let mut features: Vec<String> = list
        .split(',')
        .map(|feature| feature.trim().trim_matches('"').to_owned())
        .filter(|feature| !feature.is_empty())
        .collect();
    features.sort();
    features
}

/// The version of a package in a lock file.
fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let wanted = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != wanted);
    lines.next()?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests;
