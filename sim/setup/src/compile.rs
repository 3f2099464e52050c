//! Compiling RocksDB, in a package made for nothing else.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cache::{LIBRARY, Slot, target_cpu};
use crate::manifest::Wanted;
use crate::{Failure, Outcome};

/// Variables that would steer the build away from the slot's key.
const FOREIGN: [&str; 8] = [
    "ROCKSDB_LIB_DIR",
    "ROCKSDB_STATIC",
    "ROCKSDB_COMPILE",
    "RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET_DIR",
];

/// How often the user hears that the build is alive.
const NEWS: Duration = Duration::from_secs(60);

/// Compiles the wanted RocksDB and puts it into its slot. The caller holds the cache's lock.
pub(crate) fn compile(root: &Path, wanted: &Wanted, slot: &Slot) -> Outcome<()> {
    let place = slot.building.display();
    let failed =
        |text: String| Failure::environment(format!("{text}; see {place}, then try again"));
    write_package(root, wanted, &slot.building)
        .map_err(|error| failed(format!("cannot prepare the build of RocksDB: {error}")))?;

    let target = slot.building.join("target");
    let child = command(&slot.building, &target)
        .spawn()
        .map_err(|error| failed(format!("cannot start cargo: {error}")))?;
    let status = watch(child, &target)
        .map_err(|error| failed(format!("lost sight of the build of RocksDB: {error}")))?;
    if !status.success() {
        return Err(failed(format!("RocksDB does not compile ({status})")));
    }
    let built = files_named(&target, |name| name == LIBRARY);
    let Some(library) = built.first() else {
        return Err(failed(format!("the build of RocksDB left no {LIBRARY}")));
    };
    slot.fill(library)?;
    // What is left is of no use to anybody, and no harm either.
    let _ = fs::remove_dir_all(&slot.building);
    Ok(())
}

fn command(package: &Path, target: &Path) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--package", "librocksdb-sys", "--target-dir"]);
    command.arg(target).current_dir(package).stdin(Stdio::null());
    for variable in FOREIGN {
        command.env_remove(variable);
    }
    let flags = target_cpu().map(|cpu| format!("-Ctarget-cpu={cpu}")).unwrap_or_default();
    command.env("CARGO_ENCODED_RUSTFLAGS", flags);
    command
}

/// A package that depends on RocksDB as the workspace does, locked to the same versions.
fn write_package(root: &Path, wanted: &Wanted, package: &Path) -> io::Result<()> {
    let _ = fs::remove_dir_all(package);
    fs::create_dir_all(package.join("src"))?;
    fs::write(package.join("src/lib.rs"), "")?;
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock"))?;
    fs::write(package.join("Cargo.toml"), package_manifest(wanted))
}

fn package_manifest(wanted: &Wanted) -> String {
    format!(
        "[package]\nname = \"rocksdb-alone\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[dependencies]\n{}\n",
        wanted.dependency
    )
}

/// Waits for the build and counts compiled files aloud.
fn watch(mut child: Child, target: &Path) -> io::Result<ExitStatus> {
    let started = Instant::now();
    let mut told = started;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(500));
        if told.elapsed() >= NEWS {
            told = Instant::now();
            let objects = files_named(target, |name| name.ends_with(".o")).len();
            let minutes = started.elapsed().as_secs() / 60;
            println!("    {minutes} min: {objects} files of RocksDB compiled, of about 350");
        }
    }
}

/// Files below `directory` whose name is `wanted`.
fn files_named(directory: &Path, wanted: impl Fn(&str) -> bool + Copy) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files_named(&path, wanted));
        } else if entry.file_name().to_str().is_some_and(wanted) {
            found.push(path);
        }
    }
    found
}
