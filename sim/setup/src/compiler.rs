//! The C++ compiler.

use std::env;
use std::io::Write;
use std::process::{Command, Stdio};

/// A compiler that takes C++20.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Compiler {
    /// How it is called.
    pub(crate) command: String,
    /// Family and version, fit for a file name: `gcc-12.2.0`.
    pub(crate) name: String,
}

/// What RocksDB needs: the language level, and a standard library with its headers.
const PROBE: &str = "#include <atomic>\n#include <memory>\n#include <span>\n\
                     template <typename T> requires(sizeof(T) > 1) T twice(T x) { return x + x; }\n\
                     int main() { return twice(0); }\n";

/// The compiler that a build takes, `$CXX` or `c++`; the error says what is wrong with it.
pub(crate) fn find() -> Result<Compiler, String> {
    let command = env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    // `CXX` may be several words, as in `ccache c++`.
    let mut words = command.split_whitespace();
    let Some(program) = words.next() else { return Err("$CXX is empty".to_owned()) };
    let leading: Vec<&str> = words.collect();
    let call = || {
        let mut call = Command::new(program);
        call.args(&leading);
        call
    };

    let mut child = call()
        .args(["-std=c++20", "-fsyntax-only", "-x", "c++", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("`{command}`: {error}"))?;
    // A compiler that ends early closes the pipe; its exit code tells.
    let _ = child.stdin.take().map(|mut input| input.write_all(PROBE.as_bytes()));
    match child.wait() {
        Ok(status) if status.success() => {}
        _ => return Err(format!("`{command}` does not compile C++20")),
    }

    let said = |arguments: &[&str]| {
        let output = call().args(arguments).output();
        output
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .unwrap_or_default()
    };
    let name = name(&said(&["--version"]), &said(&["-dumpfullversion", "-dumpversion"]));
    Ok(Compiler { command, name })
}

/// Family and version from what a compiler says of itself.
fn name(banner: &str, version: &str) -> String {
    let family = if banner.to_lowercase().contains("clang") { "clang" } else { "gcc" };
    let version = version.lines().next().unwrap_or_default().trim();
    let version = if version.is_empty() { "unknown" } else { version };
    format!("{family}-{version}")
}

#[cfg(test)]
mod tests;
