//! libclang, which writes the declarations of RocksDB's C interface at build time.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where libclang lies, looked for as the build does: `LIBCLANG_PATH`, else `llvm-config`, the
/// library paths of the environment and the system's folders. The error says what is missing.
pub(crate) fn find() -> Result<PathBuf, String> {
    let library = library()?;
    if env::var_os("BINDGEN_EXTRA_CLANG_ARGS").is_none() && !has_headers(&library) {
        let place = library.display();
        return Err(format!("{place} is there, but not its headers (stddef.h)"));
    }
    Ok(library)
}

fn library() -> Result<PathBuf, String> {
    if let Some(path) = env::var_os("LIBCLANG_PATH").map(PathBuf::from) {
        let found = if path.is_file() { Some(path.clone()) } else { in_directory(&path) };
        return found.ok_or(format!("none at LIBCLANG_PATH={}", path.display()));
    }
    let mut directories = Vec::new();
    if let Some(prefix) = llvm_prefix() {
        directories.extend(["bin", "lib", "lib64"].map(|below| prefix.join(below)));
    }
    for variable in ["LD_LIBRARY_PATH", "LIBRARY_PATH"] {
        if let Some(paths) = env::var_os(variable) {
            directories.extend(env::split_paths(&paths));
        }
    }
    directories.extend(system_directories());
    directories.iter().find_map(|directory| in_directory(directory)).ok_or("none found".to_owned())
}

fn llvm_prefix() -> Option<PathBuf> {
    let command = env::var_os("LLVM_CONFIG_PATH").unwrap_or_else(|| "llvm-config".into());
    let output = Command::new(command).arg("--prefix").output().ok()?;
    let prefix = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(prefix.lines().next()?))
}

/// `/usr/lib*` and `/usr/local/lib*` to the second level below, and `/usr/local/llvm*/lib*`.
fn system_directories() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for base in ["/usr/local", "/usr"] {
        for (name, directory) in subdirectories(Path::new(base)) {
            if name.starts_with("lib") {
                for (_, below) in subdirectories(&directory) {
                    found.extend(subdirectories(&below).into_iter().map(|(_, second)| second));
                    found.push(below);
                }
                found.push(directory);
            } else if name.starts_with("llvm") && base == "/usr/local" {
                let libraries = subdirectories(&directory);
                let libraries = libraries.into_iter().filter(|(name, _)| name.starts_with("lib"));
                found.extend(libraries.map(|(_, directory)| directory));
            }
        }
    }
    found
}

/// Directories in a directory, in order of their names; none where it cannot be read.
fn subdirectories(directory: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<(String, PathBuf)> = entries
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect();
    found.sort();
    found
}

fn in_directory(directory: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(directory).ok()?.flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut libraries: Vec<String> = names.filter(|name| is_libclang(name)).collect();
    libraries.sort();
    libraries.into_iter().next_back().map(|name| directory.join(name))
}

/// Whether the build could load a file of this name at run time.
fn is_libclang(name: &str) -> bool {
    match name.strip_prefix("libclang") {
        Some(".so" | ".dylib") => true,
        Some(rest) if rest.starts_with(".so.") => true,
        Some(rest) => {
            let version = rest.strip_prefix('-').and_then(|rest| rest.split_once(".so"));
            let is_number = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
            version.is_some_and(|(number, _)| is_number(number))
        }
        None => false,
    }
}

/// Whether the headers that clang brings lie near the library, or where distributions put them.
fn has_headers(library: &Path) -> bool {
    let real = fs::canonicalize(library).unwrap_or_else(|_| library.to_owned());
    let near = [real.parent(), library.parent()];
    let mut bases: Vec<PathBuf> =
        near.into_iter().flatten().map(|directory| directory.join("clang")).collect();
    for base in ["/usr/lib", "/usr/lib64", "/usr/local/lib"] {
        bases.push(Path::new(base).join("clang"));
        for (name, directory) in subdirectories(Path::new(base)) {
            if name.starts_with("llvm") {
                bases.push(directory.join("lib/clang"));
            }
        }
    }
    let versions = bases.iter().flat_map(|base| subdirectories(base));
    versions.into_iter().any(|(_, version)| version.join("include/stddef.h").is_file())
}

#[cfg(test)]
mod tests;
