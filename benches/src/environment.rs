//! Where a run took place.

use std::path::PathBuf;

use serde::Serialize;

/// Facts of build and machine that a reader of figures needs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Environment {
    pub(crate) version: &'static str,
    /// Of the crate of RocksDB; empty where the build has none.
    pub(crate) rocksdb: &'static str,
    pub(crate) profile: &'static str,
    pub(crate) target: String,
    pub(crate) kernel: String,
    pub(crate) processor: String,
    pub(crate) processor_count: usize,
    pub(crate) memory: String,
    /// The file system that holds the contenders' directories.
    pub(crate) file_system: String,
    /// Processes ready to run, on average, over the last minute before the run and of it.
    pub(crate) load_before: String,
    pub(crate) load_after: String,
}

impl Environment {
    /// This build on this machine, before a run in `directory`.
    pub(crate) fn here(directory: &std::path::Path) -> Self {
        let processors = read("/proc/cpuinfo");
        Self {
            version: env!("CARGO_PKG_VERSION"),
            rocksdb: if cfg!(feature = "rocks") { "0.25.0 (RocksDB 11.8.1)" } else { "" },
            profile: if cfg!(debug_assertions) { "with debug assertions" } else { "release" },
            target: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            processor: field(&processors, "model name"),
            processor_count: std::thread::available_parallelism().map_or(1, usize::from),
            memory: field(&read("/proc/meminfo"), "MemTotal"),
            file_system: file_system(directory),
            load_before: load(),
            load_after: String::new(),
        }
    }
}

/// The system's directory for temporary files, or the one that outlives a boot where that lies in
/// memory.
pub(crate) fn temporary_directory() -> PathBuf {
    let usual = std::env::temp_dir();
    if file_system(&usual) == "tmpfs" { PathBuf::from("/var/tmp") } else { usual }
}

/// The load of the last minute.
pub(crate) fn load() -> String {
    read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// What follows the colon in the first line that begins with `name`.
fn field(text: &str, name: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim()).to_owned()
}

/// The type of the mount that holds `directory`: the longest mount point that begins its path.
fn file_system(directory: &std::path::Path) -> String {
    let mounts = read("/proc/mounts");
    let mount = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (point, kind) = (words.next()?, words.next()?);
        directory.starts_with(point).then_some((point.len(), kind))
    });
    mount.max_by_key(|(length, _)| *length).map_or("", |(_, kind)| kind).to_owned()
}
