//! Directories of the operating system.

use std::fs;
use std::io;
use std::path::Path;

use crate::io::DirectoryEntry;

pub(super) fn list(path: &Path) -> io::Result<Vec<DirectoryEntry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        match entry.file_type() {
            Ok(kind) => entries.push(DirectoryEntry { name, is_directory: kind.is_dir() }),
            // Removed meanwhile, on a file system that does not list kinds.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    entries.sort();
    Ok(entries)
}

pub(super) fn sync(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}
